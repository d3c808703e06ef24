"""What a page shows of any machine that works on a memory in place: runs on inputs of its task."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from markupsafe import Markup

from hardmax.interfaces import find_tools
from hardmax.pages.kinds import Section, Subject
from hardmax.pages.page import rendered
from hardmax.pages.thumbnail import Spot, thumbnail
from hardmax.pages.verdict import Trial
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.abi import STATUS_TEXT

EXAMPLES = (5, 3, 8, 12)
"""The complexities of the inputs that a page offers."""

LARGEST_MEMORY = 48
"""Cells that are still shown one by one."""


def examples(task: Any) -> list[dict[str, Any]]:
    """Random inputs of a task with their answers, by its definition.

    Returns:
        for each, ``name``, ``input`` and ``answer``: the expected value of each output cell.
    """
    generator = torch.Generator().manual_seed(1)
    found: list[dict[str, Any]] = []
    for complexity in EXAMPLES:
        size = task.minimum_size(complexity) + 1
        if size > LARGEST_MEMORY and found:
            continue
        try:
            batch = task.sample(torch.tensor([complexity]), size, generator)
        except HardmaxError:
            continue
        memory = batch.inputs[0].tolist()
        answer = {str(cell): value for cell, value in sorted(task.solve(memory).items())}
        name = f"complexity {complexity} in {size} cells"
        found.append({"name": name, "input": memory, "answer": answer})
    return found


def recorded(program: Any, memory: Sequence[int]) -> dict[str, Any]:
    """A run as a page plays it where it cannot interpret the program itself."""
    run: Any = find_tools(program.kind).trace(program, memory, None)
    timesteps = [
        {
            "memory": list(timestep.memory),
            "registers": list(timestep.registers),
            "accesses": [[gate.value, *operands] for gate, operands in timestep.accesses],
        }
        for timestep in run.timesteps
    ]
    result = run.result
    return {"timesteps": timesteps, "memory": list(result.memory), "status": int(result.status)}


def player_data(subject: Subject) -> dict[str, Any]:
    """What the player of a page needs, the program itself left out."""
    program = subject.extraction.program
    return {
        "task": subject.model.task.name,
        "registers": program.registers,
        "budget": [program.metadata.budget.per_cell, program.metadata.budget.constant],
        "examples": examples(subject.model.task),
        "statuses": {int(status): text for status, text in STATUS_TEXT.items()},
    }


class _Memory:
    styles = ("player.css",)
    scripts = ("player.js", "memory_player.js")

    def sections(self, subject: Subject) -> Iterator[Section]:
        data = player_data(subject)
        for example in data["examples"]:
            example["run"] = recorded(subject.extraction.program, example["input"])
        yield Section("run", "A run", rendered("memory_player.html", data=data, editable=False))
        listing = subject.extraction.listing()
        if listing:
            yield Section("program", "The program", rendered("listing.html", listing=listing))

    def trials(self, subject: Subject) -> tuple[Sequence[Trial], Sequence[Section]]:
        return (), ()

    def thumbnail(self, subject: Subject) -> Markup:
        """The memory at the start of each timestep, and what is written there."""
        program = subject.extraction.program
        memory = examples(subject.model.task)[0]["input"]
        run = recorded(program, memory)
        size = len(memory)
        spots = []
        for row, timestep in enumerate(run["timesteps"]):
            written = {access[1] for access in timestep["accesses"] if access[0] == "WRITE"}
            for cell, value in enumerate(timestep["memory"]):
                shade = 1.0 if cell in written else min(value, size) / size
                spots.append(Spot(row, cell, shade, cell in written))
        return thumbnail(len(run["timesteps"]), size, spots, "Its memory, timestep by timestep")


PARTS = _Memory()
