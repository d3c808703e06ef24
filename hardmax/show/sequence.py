"""Sequences as text: what ``run`` gives to a Neural Turing Machine, and what it prints.

A step is a line of numbers with blanks or commas between them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.text import printable

if TYPE_CHECKING:
    from hardmax.runtime.ntm.program import NtmProgram
    from hardmax.runtime.sequence.native import NativeNtm
    from hardmax.runtime.sequence.result import SequenceResult

STANDARD_INPUT = Path("-")


def read_sequence(path: Path) -> list[list[float]]:
    """The steps in a file, or in standard input where the path is ``-``; empty lines are none.

    Raises:
        HardmaxError: it cannot be read, or a line is no step; names the line.
    """
    try:
        text = sys.stdin.read() if path == STANDARD_INPUT else path.read_text()
    except OSError as error:
        raise HardmaxError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise HardmaxError(f"{path}: expected rows of numbers, found binary") from None
    steps: list[list[float]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.replace(",", " ").split()
        step = []
        for word in words:
            try:
                step.append(float(word))
            except ValueError:
                raise HardmaxError(
                    f"{path}, line {number}: expected numbers, found '{printable(word, 40)}'"
                ) from None
        if steps and step and len(step) != len(steps[0]):
            raise HardmaxError(
                f"{path}, line {number}: expected {len(steps[0])} numbers as in the lines before, "
                f"found {len(step)}"
            )
        if step:
            steps.append(step)
    if not steps:
        raise HardmaxError(f"{path}: expected at least one step, found none")
    return steps


def answer(
    machine: NativeNtm | NtmProgram, steps: Sequence[Sequence[float]], rows: int | None
) -> SequenceResult:
    """Run compiled code, or a program in the interpreter, on a sequence of at least one step.

    Args:
        rows: N; by default what the machine's rule says.

    Raises:
        HardmaxError: the sequence or N does not go with the machine, or N is too small.
    """
    from hardmax.runtime.ntm.interpreter import run
    from hardmax.runtime.sequence.abi import NTM_STATUS_TEXT
    from hardmax.runtime.sequence.interface import (
        checked_inputs,
        checked_rows,
    )
    from hardmax.runtime.sequence.native import NativeNtm

    if isinstance(machine, NativeNtm):
        result = machine.run(steps, rows)
    else:
        if rows is None:
            rows = machine.metadata.memory.rows(len(steps))
        result = run(machine, checked_inputs(steps, machine.input_width), checked_rows(rows))
    if result.status < 0:
        raise HardmaxError(f"{len(steps)} steps: {NTM_STATUS_TEXT[result.status]}")
    return result


def lines(result: SequenceResult, head_names: Sequence[str] | None) -> Iterator[str]:
    """The outputs, a line for each step; after the addresses where heads are named."""
    rows = [[f"{number:.4f}" for number in step] for step in result.outputs.tolist()]
    if head_names is None:
        yield from (" ".join(row) for row in rows)
        return
    headings = ("Step", *head_names)
    places = [
        (str(t), *map(str, step)) for t, step in enumerate(result.addresses.tolist(), start=1)
    ]
    widths = [max(map(len, column)) for column in zip(headings, *places, strict=True)]
    for words, numbers in zip((headings, *places), (["outputs"], *rows), strict=True):
        columns = (f"{word:>{width}}" for word, width in zip(words, widths, strict=True))
        yield "  ".join((*columns, " ".join(numbers)))
