"""What a page shows of any machine that answers a sequence of numbers with another."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from markupsafe import Markup

from hardmax.extractor.kinds import find_kind as find_extractor
from hardmax.pages.chart import Line, line_chart
from hardmax.pages.drawings import drawn
from hardmax.pages.heatmap import packed
from hardmax.pages.kinds import Section, Subject
from hardmax.pages.page import rendered
from hardmax.pages.thumbnail import Spot, thumbnail
from hardmax.pages.verdict import Trial
from hardmax.runtime.sequence.kind import find_sequence_kind
from hardmax.trainer.decisions import HARD, SOFT

EXAMPLES = 3
"""How many inputs a page offers, by falling complexity."""

FACTORS, SAMPLES = (1, 2, 5, 10), 100
"""Errors are measured at these multiples of the largest training complexity."""

MOST_STEPS = 400
"""A sample longer than this is no point of the curves: a page is to be made in seconds."""


def examples(subject: Subject) -> list[dict[str, Any]]:
    """Random inputs with what the task asks for: ``name``, ``inputs`` and ``answer``, triples of
    step, output channel and what it is to be."""
    task = subject.model.task
    generator = torch.Generator().manual_seed(1)
    smallest, largest = task.smallest_complexity, task.largest_training_complexity
    complexities = dict.fromkeys((min(5, largest), largest, smallest, 2 * largest))
    found = []
    for complexity in [*complexities][:EXAMPLES]:
        inputs = task.sample(torch.tensor([max(complexity, smallest)]), generator).inputs[0]
        answer = task.solve(inputs.tolist())
        found.append(
            {
                "name": f"complexity {complexity}, {len(inputs)} steps",
                "inputs": [[round(x, 6) for x in row] for row in inputs.tolist()],
                "answer": [[t, channel, value] for (t, channel), value in answer.items()],
            }
        )
    return found


class _Sequence:
    styles = ("player.css", "heatmap.css", "circuits.css")
    scripts = ("ntm.js", "heatmap.js", "sequence_player.js")

    def sections(self, subject: Subject) -> Iterator[Section]:
        model, program = subject.model, subject.extraction.program
        kind = find_sequence_kind(program.kind)
        data: dict[str, Any] = {
            "task": model.task.name,
            "examples": examples(subject),
            "heads": list(program.head_names),
            "program": json.loads(program.to_json()),
        }
        inputs = np.array(data["examples"][0]["inputs"], dtype=np.float32)
        rows = program.metadata.memory.rows(len(inputs))
        soft = model.trace(inputs, rows, SOFT)
        hard = kind.trace(program, inputs, rows)
        data["soft"] = {
            "weightings": packed(soft.weightings),
            "outputs": packed(soft.outputs),
            "rows": rows,
            "steps": len(inputs),
        }
        largest = float(abs(soft.weightings - hard.weightings).max())
        yield Section("run", "Run it", rendered("sequence_player.html", data=data))
        yield Section(
            "states",
            "What its heads do",
            rendered(
                "states.html",
                drawing=drawn(
                    lambda: find_extractor(program.kind).draw(program, "svg"), "What its heads do"
                ),
                listing=subject.extraction.listing(),
            ),
        )
        yield Section(
            "soft",
            "Soft beside discretized",
            rendered("weightings.html", heads=program.head_names, largest=largest),
        )

    def trials(self, subject: Subject) -> tuple[Sequence[Trial], Sequence[Section]]:
        model, task = subject.model, subject.model.task
        generator = torch.Generator().manual_seed(0)
        names = {"soft machine": SOFT, "discretized machine": HARD}
        points: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
        for factor in FACTORS:
            complexity = factor * task.largest_training_complexity
            batch = task.sample(torch.full((SAMPLES,), complexity), generator)
            length = batch.inputs.shape[1]
            if points["soft machine"] and length > MOST_STEPS:
                break
            rows = task.memory.rows(length)
            for name, decisions in names.items():
                outputs = model.outputs(batch.inputs, rows, decisions)
                error = float(task.error(outputs, batch).mean())
                points[name].append((complexity, max(error, 0.0)))
        trials = []
        for name, measured in points.items():
            (trained, error), *larger = measured
            decides = name != "soft machine"
            trials.append(
                Trial(name, SAMPLES, int(trained), error, task.tolerance, decides=decides)
            )
            if larger:
                mean = sum(error for _, error in larger) / len(larger)
                inputs, most = SAMPLES * len(larger), int(larger[-1][0])
                trials.append(Trial(name, inputs, most, mean, task.tolerance, beyond=True))
        lines = [
            Line("soft", points["soft machine"], "accent"),
            Line("discretized", points["discretized machine"]),
        ]
        chart = line_chart(
            lines, "complexity", "error", highest=0.05, logarithmic=True, percent=True
        )
        body = rendered(
            "errors.html",
            chart=chart,
            lines=lines,
            samples=SAMPLES,
            trained=task.largest_training_complexity,
            measure=_measure(task.tolerance),
        )
        return trials, (Section("errors", "How far it generalizes", body),)

    def thumbnail(self, subject: Subject) -> Markup:
        """Where the heads stand, step by step."""
        program = subject.extraction.program
        inputs = np.array(examples(subject)[0]["inputs"], dtype=np.float32)
        rows = program.metadata.memory.rows(len(inputs))
        trace = find_sequence_kind(program.kind).trace(program, inputs, rows)
        writers = trace.added.shape[1]
        spots = [
            Spot(int(row), step, 1.0, head < writers)
            for step, stands in enumerate(trace.addresses)
            for head, row in reversed([*enumerate(stands)])
        ]
        return thumbnail(rows, len(inputs), spots, "Where its heads stand, step by step")


def _measure(tolerance: float) -> str:
    """What the errors are."""
    if tolerance:
        return (
            "Mean loss above the optimal estimator's, in shares of that; a machine is accepted up "
            f"to {100 * tolerance:g} %."
        )
    return "Mean share of the outputs that count that are on the wrong side of 1/2."


PARTS = _Sequence()
