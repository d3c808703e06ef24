"""How a machine fares on inputs larger than those it was trained on, as trials and as a section."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from hardmax.pages.chart import Line, line_chart
from hardmax.pages.kinds import Section
from hardmax.pages.page import rendered
from hardmax.pages.verdict import Trial
from hardmax.runtime.errors import HardmaxError
from hardmax.verification.native import compiled

FACTORS, SAMPLES = (1, 2, 5, 10), 100
"""Errors are measured at these multiples of the largest training complexity."""

MOST_STEPS = 400
"""A sample longer than this is no point of the curves: a page is to be made in seconds."""

SOFT_MACHINE, COMPILED_PROGRAM = "soft machine", "compiled program"

Points = Sequence[tuple[float, float]]
"""Complexities and the mean errors there."""


@dataclass(frozen=True)
class Curve:
    """What was measured of a machine.

    Attributes:
        machine: its name.
        points: at least one, by rising complexity.
    """

    machine: str
    points: Points


def section(
    curves: Sequence[Curve], x_name: str, measure: str, paper: Any = None, note: str = ""
) -> Section:
    """The section of a page: a chart, or where there is no error to be seen in it, a table.

    Args:
        curves: that of the soft machine first.
        x_name: what the complexities are.
        measure: what the errors are, in a sentence.
        paper: the row of the paper's table about the task, if there is one.
        note: a last sentence.
    """
    chart, lines = None, []
    complexities = sorted({x for curve in curves for x, _ in curve.points})
    if any(error > 0 for curve in curves for _, error in curve.points):
        styles = ("accent", "plain")
        lines = [Line(c.machine, c.points, s) for c, s in zip(curves, styles, strict=True)]
        chart = line_chart(lines, x_name, "error", highest=0.05, logarithmic=True, percent=True)
    body = rendered(
        "generalization.html",
        chart=chart,
        lines=lines,
        complexities=complexities,
        partial=any(len(curve.points) < len(complexities) for curve in curves),
        curves=[(curve.machine, dict(curve.points)) for curve in curves],
        x_name=x_name,
        measure=measure,
        paper=paper,
        note=note,
    )
    return Section("errors", "How far it generalizes", body)


def measured(
    subject: Any,
    error: Callable[[Any, Any], float],
    soft: Callable[[Any], Any],
    discretized: Callable[[Any], Any],
    native: Callable[[Any, Any], Any],
    measure: str,
) -> tuple[Sequence[Trial], Section]:
    """Run a machine that answers sequences, soft and compiled, on random inputs of its task.

    Args:
        subject: what the page is about.
        error: of answers to a batch, and that batch: the mean.
        soft, discretized: answer a batch as the model does.
        native: answers a batch by native code, which is handed to it first.
        measure: what the errors are, in a sentence.
    """
    task = subject.model.task
    tolerance = getattr(task, "tolerance", 0.0)
    note = ""
    try:
        library = compiled(subject.extraction.program)
    except HardmaxError as failure:
        note = f"The compiled program was not tried: {failure}."
        program, answers = "discretized machine", discretized
    else:
        program, answers = COMPILED_PROGRAM, lambda batch: native(library, batch)
    points: Mapping[str, list[tuple[float, float]]] = {SOFT_MACHINE: [], program: []}
    generator = torch.Generator().manual_seed(0)
    for factor in FACTORS:
        complexity = factor * task.largest_training_complexity
        batch = task.sample(torch.full((SAMPLES,), complexity), generator)
        if points[program] and batch.inputs.shape[1] > MOST_STEPS:
            break
        points[SOFT_MACHINE].append((complexity, max(error(soft(batch), batch), 0.0)))
        points[program].append((complexity, max(error(answers(batch), batch), 0.0)))
    trials = []
    for name, ((trained, at_size), *larger) in points.items():
        decides = name == program
        trials.append(Trial(name, SAMPLES, int(trained), at_size, tolerance, decides=decides))
        if larger:
            mean = sum(found for _, found in larger) / len(larger)
            inputs, most = SAMPLES * len(larger), int(larger[-1][0])
            trials.append(Trial(name, inputs, most, mean, tolerance, beyond=True))
    curves = [Curve(name, found) for name, found in points.items()]
    samples = f"{SAMPLES} inputs a point; trained up to {task.largest_training_complexity}."
    return trials, section(curves, "complexity", f"{measure} {samples}", note=note)
