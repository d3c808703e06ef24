"""The five tasks of the NTM paper (Graves, Wayne, Danihelka 2014, section 4), by name and size."""

from __future__ import annotations

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.sequence.interface import MemoryRule
from hardmax.trainer.sequence.tasks.copies import Copy, RepeatCopy
from hardmax.trainer.sequence.tasks.ngrams import Ngrams
from hardmax.trainer.sequence.tasks.recall import Recall
from hardmax.trainer.sequence.tasks.sort import Sort
from hardmax.trainer.sequence.tasks.task import PRESETS, SequenceTask

_SIZES: tuple[tuple[SequenceTask, SequenceTask], ...] = (
    (Copy(4, 8), Copy(8, 20)),
    (RepeatCopy(3, 8, 4), RepeatCopy(8, 10, 10)),
    (Recall(4, 2, 6), Recall(6, 3, 6)),
    (Ngrams(3, 5, MemoryRule(8)), Ngrams(6, 20, MemoryRule(64))),
    (Sort(3, 5), Sort(8, 20, kept=0.8)),
)

SEQUENCE_TASKS: dict[str, dict[str, SequenceTask]] = {
    sizes[0].name: dict(zip(PRESETS, sizes, strict=True)) for sizes in _SIZES
}
"""Every task by name and preset."""


def find_sequence_task(name: str, preset: str) -> SequenceTask:
    """The task of that name at the sizes of a preset.

    Raises:
        HardmaxError: there is no such task, or no such preset.
    """
    presets = SEQUENCE_TASKS.get(name.lower())
    if presets is None:
        raise HardmaxError(f"unknown task {name!r}, expected one of {', '.join(SEQUENCE_TASKS)}")
    if preset not in presets:
        raise HardmaxError(f"unknown preset {preset!r}, expected {' or '.join(PRESETS)}")
    return presets[preset]


def task_of(name: str, inputs: int, outputs: int) -> SequenceTask:
    """The task of that name, at the sizes that go with so many channels in and out.

    Raises:
        HardmaxError: there is no such task.
    """
    for task in SEQUENCE_TASKS.get(name, {}).values():
        if (task.inputs, task.outputs) == (inputs, outputs):
            return task
    raise HardmaxError(f"no task {name!r} with {inputs} inputs and {outputs} outputs")
