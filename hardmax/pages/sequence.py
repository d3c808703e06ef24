"""What a page shows of any machine that answers a sequence of numbers with another."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from markupsafe import Markup

from hardmax.extractor.kinds import find_kind as find_extractor
from hardmax.pages.drawings import drawn
from hardmax.pages.generalization import measured
from hardmax.pages.heatmap import packed
from hardmax.pages.kinds import Section, Subject
from hardmax.pages.page import rendered
from hardmax.pages.thumbnail import Spot, thumbnail
from hardmax.pages.verdict import Trial
from hardmax.runtime.sequence.kind import find_sequence_kind
from hardmax.runtime.sequence.native import NativeNtm
from hardmax.trainer.decisions import HARD, SOFT, Decisions
from hardmax.trainer.sequence.tasks.task import SequenceBatch
from hardmax.verification.sequence_machines import SequenceMachines

EXAMPLES = 3
"""How many inputs a page offers, by falling complexity."""


def examples(subject: Subject) -> list[dict[str, Any]]:
    """Random inputs with what the task asks for: ``name``, ``input`` and ``answer``, triples of
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
                "input": [[round(x, 6) for x in row] for row in inputs.tolist()],
                "answer": [[t, channel, value] for (t, channel), value in answer.items()],
            }
        )
    return found


class _Sequence:
    styles = ("player.css", "heatmap.css", "circuits.css")
    scripts = ("ntm.js", "heatmap.js", "player.js", "sequence_player.js")

    def sections(self, subject: Subject) -> Iterator[Section]:
        model, program = subject.model, subject.extraction.program
        kind = find_sequence_kind(program.kind)
        data: dict[str, Any] = {
            "task": model.task.name,
            "examples": examples(subject),
            "heads": list(program.head_names),
            "program": json.loads(program.to_json()),
        }
        inputs = np.array(data["examples"][0]["input"], dtype=np.float32)
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
                    lambda: find_extractor(program.kind).draw(program, "svg"),
                    "What its heads do",
                ),
                listing=subject.extraction.listing(),
            ),
        )
        yield Section(
            "soft",
            "Soft beside discretized",
            rendered(
                "weightings.html", heads=program.head_names, largest=largest, steps=len(inputs)
            ),
        )

    def trials(self, subject: Subject) -> tuple[Sequence[Trial], Sequence[Section]]:
        model, task = subject.model, subject.model.task

        def outputs(decisions: Decisions) -> Callable[[SequenceBatch], torch.Tensor]:
            return lambda batch: model.outputs(batch.inputs, _rows(batch), decisions)

        def native(library: NativeNtm, batch: SequenceBatch) -> torch.Tensor:
            machines = SequenceMachines(model, subject.extraction.program, library)
            return machines.native_outputs(batch, _rows(batch))

        def _rows(batch: SequenceBatch) -> int:
            rows: int = task.memory.rows(batch.inputs.shape[1])
            return rows

        trials, errors = measured(
            subject,
            lambda answers, batch: float(task.error(answers, batch).mean()),
            outputs(SOFT),
            outputs(HARD),
            native,
            _measure(task.tolerance),
        )
        return trials, (errors,)

    def thumbnail(self, subject: Subject) -> Markup:
        """Where the heads stand, step by step."""
        program = subject.extraction.program
        inputs = np.array(examples(subject)[0]["input"], dtype=np.float32)
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
            "The error is how far the loss is above that of the best possible answers, as a share "
            f"of theirs; a machine is accepted up to {100 * tolerance:g} %."
        )
    return "The error is the share of the outputs asked for that are on the wrong side of 1/2."


PARTS = _Sequence()
