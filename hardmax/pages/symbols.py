"""What a page shows of any machine that answers symbols with symbols."""

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
from hardmax.pages.kinds import Section, Subject
from hardmax.pages.page import rendered
from hardmax.pages.thumbnail import Spot, thumbnail
from hardmax.pages.verdict import Trial
from hardmax.runtime.symbols.interface import enough_cells
from hardmax.runtime.symbols.kind import find_symbol_kind
from hardmax.trainer.decisions import HARD, SOFT

EXAMPLES = 3
"""How many inputs a page offers, by falling interest: the first is short enough to be watched."""

FACTORS, SAMPLES = (1, 2, 5, 10), 100
"""Errors are measured at these multiples of the largest training complexity."""

MOST_STEPS = 400
"""A sample longer than this is no point of the curves: a page is to be made in seconds."""

MEASURE = "Share of the outputs that count that are another symbol than the right one."


def examples(subject: Subject) -> list[dict[str, Any]]:
    """Random inputs with what the task asks for: ``name``, ``inputs`` and ``answer``, pairs of
    step and the symbol that is to be put out."""
    task = subject.model.task
    generator = torch.Generator().manual_seed(1)
    smallest, largest = task.smallest_complexity, task.largest_training_complexity
    complexities = dict.fromkeys((min(5, largest), largest, max(smallest, 1), 2 * largest))
    found = []
    for complexity in [*complexities][:EXAMPLES]:
        batch = task.sample(torch.tensor([max(complexity, smallest)]), generator)
        inputs = batch.inputs[0, : int(batch.steps[0])].tolist()
        found.append(
            {
                "name": f"complexity {complexity}, {len(inputs)} steps",
                "inputs": inputs,
                "answer": [[step, symbol] for step, symbol in task.solve(inputs).items()],
            }
        )
    return found


class _Symbols:
    styles = ("player.css", "symbol_player.css", "circuits.css")
    scripts = ("stack.js", "symbol_player.js")

    def sections(self, subject: Subject) -> Iterator[Section]:
        program = subject.extraction.program
        data = {
            "examples": examples(subject),
            "structures": list(program.structure_names),
            "program": json.loads(program.to_json()),
        }
        yield Section("run", "Run it", rendered("symbol_player.html", data=data))
        yield Section(
            "states",
            "What it does in each state",
            rendered(
                "states.html",
                drawing=drawn(
                    lambda: find_extractor(program.kind).draw(program, "svg"), "What it does"
                ),
                listing=subject.extraction.listing(),
            ),
        )

    def trials(self, subject: Subject) -> tuple[Sequence[Trial], Sequence[Section]]:
        model, task = subject.model, subject.model.task
        generator = torch.Generator().manual_seed(0)
        names = {"soft machine": SOFT, "discretized machine": HARD}
        points: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
        for factor in FACTORS:
            complexity = factor * task.largest_training_complexity
            batch = task.sample(torch.full((SAMPLES,), complexity), generator)
            if points["soft machine"] and batch.inputs.shape[1] > MOST_STEPS:
                break
            for name, decisions in names.items():
                wrong = batch.wrong(model.answers(batch.inputs, decisions))
                error = float(wrong.sum() / batch.counted.sum().clamp(min=1))
                points[name].append((complexity, error))
        trials = []
        for name, measured in points.items():
            (trained, error), *larger = measured
            decides = name != "soft machine"
            trials.append(Trial(name, SAMPLES, int(trained), error, decides=decides))
            if larger:
                mean = sum(error for _, error in larger) / len(larger)
                inputs, most = SAMPLES * len(larger), int(larger[-1][0])
                trials.append(Trial(name, inputs, most, mean, beyond=True))
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
            measure=MEASURE,
        )
        return trials, (Section("errors", "How far it generalizes", body),)

    def thumbnail(self, subject: Subject) -> Markup:
        """What its structures hold, step by step."""
        program = subject.extraction.program
        inputs = np.array(examples(subject)[0]["inputs"])
        capacity = enough_cells(program, len(inputs))
        steps = [*find_symbol_kind(program.kind).trace(program, inputs, capacity)]
        spots, base = [], 0
        for number in range(len(program.structure_names)):
            held = [step.structures[number] for step in steps]
            height = max(1, *map(len, held))
            base += height
            spots += [
                Spot(base - 1 - cell, step, (value + 1) / program.symbols, cell == len(values) - 1)
                for step, values in enumerate(held)
                for cell, value in enumerate(values)
            ]
        return thumbnail(base, len(steps), spots, "What its structures hold, step by step")


PARTS = _Symbols()
