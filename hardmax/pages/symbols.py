"""What a page shows of any machine that answers symbols with symbols."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from markupsafe import Markup

from hardmax.extractor.kinds import find_kind as find_extractor
from hardmax.extractor.stack.transitions import cell_names, transitions
from hardmax.pages.drawings import drawn
from hardmax.pages.generalization import measured
from hardmax.pages.kinds import Section, Subject
from hardmax.pages.page import rendered
from hardmax.pages.thumbnail import Spot, thumbnail
from hardmax.pages.verdict import Trial
from hardmax.runtime.symbols.interface import enough_cells
from hardmax.runtime.symbols.kind import find_symbol_kind
from hardmax.runtime.symbols.native import NativeStack
from hardmax.trainer.decisions import HARD, SOFT
from hardmax.trainer.stack.tasks.task import SymbolBatch
from hardmax.verification.symbol_machines import SymbolMachines

LONGEST_DRAWN = 24
"""Lines of a program that are drawn as a diagram of states, too: more cannot be read there."""

EXAMPLES = 3
"""How many inputs a page offers, by falling interest: the first is short enough to be watched."""


def examples(subject: Subject) -> list[dict[str, Any]]:
    """Random inputs with what the task asks for: ``name``, ``input`` and ``answer``, pairs of
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
                "input": inputs,
                "answer": [[step, symbol] for step, symbol in task.solve(inputs).items()],
            }
        )
    return found


class _Symbols:
    styles = ("player.css", "symbol_player.css", "circuits.css")
    scripts = ("stack.js", "player.js", "symbol_player.js")

    def sections(self, subject: Subject) -> Iterator[Section]:
        program = subject.extraction.program
        found = transitions(program)
        data = {
            "examples": examples(subject),
            "structures": list(program.structure_names),
            "cells": list(cell_names(program)),
            "program": json.loads(program.to_json()),
            "transitions": {
                f"{state} {symbol} {','.join(map(str, reads))}": number
                for number, transition in enumerate(found)
                for state, symbol, reads in transition.keys
            },
        }
        drawing = None
        if program.states > 1 and len(found) <= LONGEST_DRAWN:
            draw = partial(find_extractor(program.kind).draw, program, "svg")
            drawing = drawn(draw, "What it does in each state")
        yield Section(
            "run",
            "Run it",
            rendered(
                "symbol_player.html",
                data=data,
                drawing=drawing,
                transitions=found,
                states=program.states,
                structures=program.structure_names,
            ),
        )

    def trials(self, subject: Subject) -> tuple[Sequence[Trial], Sequence[Section]]:
        model = subject.model

        def error(answers: torch.Tensor, batch: SymbolBatch) -> float:
            return float(batch.wrong(answers).sum() / batch.counted.sum().clamp(min=1))

        def native(library: NativeStack, batch: SymbolBatch) -> torch.Tensor:
            machines = SymbolMachines(model, subject.extraction.program, library)
            return machines.native_answers(batch)

        trials, errors = measured(
            subject,
            error,
            lambda batch: model.answers(batch.inputs, SOFT),
            lambda batch: model.answers(batch.inputs, HARD),
            native,
            "The error is the share of the outputs that count that are not the right symbol.",
        )
        return trials, (errors,)

    def thumbnail(self, subject: Subject) -> Markup:
        """What its structures hold, step by step."""
        program = subject.extraction.program
        inputs = np.array(examples(subject)[0]["input"])
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
