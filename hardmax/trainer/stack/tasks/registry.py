"""The tasks on symbols, by name."""

from __future__ import annotations

from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.stack.tasks.addition import Addition
from hardmax.trainer.stack.tasks.brackets import Dyck, DyckCheck, DyckClose
from hardmax.trainer.stack.tasks.next_symbols import COUNTING, Memorization
from hardmax.trainer.stack.tasks.sentences import Gender, Reordering
from hardmax.trainer.stack.tasks.task import SymbolTask
from hardmax.trainer.stack.tasks.transductions import (
    Copy,
    CopyOf128,
    Flipping,
    Reversal,
    ReversalOf128,
)

SYMBOL_TASKS: dict[str, SymbolTask] = {
    task.name: task
    for task in (
        *(Copy(), CopyOf128(), Reversal(), ReversalOf128(), Flipping()),
        *(Gender(), Reordering(), *COUNTING),
        *(Memorization(), Addition(), Dyck(), DyckClose(), DyckCheck()),
    )
}
"""Every task by name."""


def find_symbol_task(name: str) -> SymbolTask:
    """The task of that name; capitals are accepted.

    Raises:
        HardmaxError: there is none.
    """
    task = SYMBOL_TASKS.get(name.lower())
    if task is None:
        raise HardmaxError(f"unknown task {name!r:.40}, expected one of {', '.join(SYMBOL_TASKS)}")
    return task
