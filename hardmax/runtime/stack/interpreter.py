"""The reference interpreter of StackPrograms: the exact meaning of a step, written for reading."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np

from hardmax.runtime.abi import Status
from hardmax.runtime.stack.program import NOTHING, Action, Operation, StackProgram, Structure
from hardmax.runtime.symbols.interface import Symbols
from hardmax.runtime.symbols.result import SymbolResult
from hardmax.runtime.symbols.trace import SymbolStep


class StackInterpreter:
    """A machine between two steps, at the start at first.

    Attributes:
        capacity: how many cells each structure may have.
        state: the controller's state.
        structures: the values that each structure holds, the bottom first.
        completed: how many steps were made.
    """

    def __init__(self, program: StackProgram, capacity: int) -> None:
        """
        Args:
            capacity: at least 1.
        """
        self.program = program
        self.capacity = capacity
        self.state = 0
        self.structures: tuple[deque[int], ...] = tuple(deque() for _ in program.structures)
        self.completed = 0

    def reads(self) -> tuple[int, ...]:
        """What the next step reads."""
        program, cells = self.program, []
        for structure, depth, held in zip(
            program.structures, program.depths, self.structures, strict=True
        ):
            cells += _at_end(reversed(held), depth)
            if structure is Structure.DEQUE:
                cells += _at_end(held, depth)
        return tuple(cells)

    def row(self, symbol: int) -> Action | Status:
        """What the next step does with an input, or why it cannot be made.

        Args:
            symbol: any number.
        """
        if not 0 <= symbol < len(self.program.alphabet):
            return Status.INPUT_OUT_OF_RANGE
        action = self.program.table.get((self.state, symbol, self.reads()))
        if action is None:
            return Status.UNREACHABLE_ROW
        for held, operation in zip(self.structures, action.operations, strict=True):
            if _length_after(len(held), operation) > self.capacity:
                return Status.OVERFLOW
        return action

    def step(self, symbol: int) -> int | Status:
        """Make a step and return its output; where it cannot be made, do nothing and return why.

        Args:
            symbol: any number.
        """
        action = self.row(symbol)
        if isinstance(action, Status):
            return action
        for held, operation in zip(self.structures, action.operations, strict=True):
            if operation.pop_top and held:
                held.pop()
            if operation.pop_bottom and held:
                held.popleft()
            if operation.push_top is not None:
                held.append(operation.push_top)
            if operation.push_bottom is not None:
                held.appendleft(operation.push_bottom)
        self.state = action.next_state
        self.completed += 1
        return action.output


def run(program: StackProgram, symbols: Symbols, capacity: int) -> SymbolResult:
    """Run a sequence from the start on.

    Args:
        symbols: (T,), any integers.
        capacity: cells that each structure may have; with none, the status is INVALID_ARGUMENT.
    """
    outputs: list[int] = []
    status = Status.HALTED if capacity > 0 else Status.INVALID_ARGUMENT
    machine = StackInterpreter(program, capacity)
    for symbol in symbols.tolist() if capacity > 0 else ():
        output = machine.step(symbol)
        if isinstance(output, Status):
            status = output
            break
        outputs.append(output)
    return SymbolResult(np.array(outputs, dtype=np.int64), status)


def trace(program: StackProgram, symbols: Symbols, capacity: int) -> Iterator[SymbolStep]:
    """Yield every completed step of a run.

    Args:
        symbols: (T,), any integers.
        capacity: at least 1.
    """
    machine = StackInterpreter(program, capacity)
    for symbol in symbols.tolist():
        action = machine.row(symbol)
        if isinstance(action, Status):
            return
        yield SymbolStep(
            symbol=symbol,
            state=machine.state,
            structures=tuple(map(tuple, machine.structures)),
            operations=tuple(map(str, action.operations)),
            output=action.output,
        )
        machine.step(symbol)


def _at_end(cells: Iterable[int], depth: int) -> list[int]:
    """What is read of the first cells."""
    there = [value + 1 for value in islice(cells, depth)]
    return there + [NOTHING] * (depth - len(there))


def _length_after(length: int, operation: Operation) -> int:
    popped = min(length, operation.pop_top + operation.pop_bottom)
    pushed = (operation.push_top is not None) + (operation.push_bottom is not None)
    return length - popped + pushed
