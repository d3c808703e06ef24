"""The rows of a StackProgram in few words: those that differ in names only are one transition.

What is pushed or put out may be the input symbol, or a value that is read, whatever it is; then all
rows in which it is are described at once. Of the ways to describe a row, the one is taken that
describes most of the rows that are left, again and again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import product

from hardmax.runtime.stack.program import NOTHING, Action, Key, Operation, StackProgram, Structure
from hardmax.runtime.text import printable

LONGEST = 8
"""Names that are listed before dots stand for the rest."""

INPUT = "input"
NO_CELL = "nothing"
ANY = "any"

_Row = tuple[Key, Action]


@dataclass(frozen=True)
class Transition:
    """Some rows of a program, for people.

    Attributes:
        state, next_state: from where to where.
        inputs: the input symbols.
        reads: what is read, ``any`` where it does not matter.
        operations: what is done to each structure.
        output: the answer.
        keys: of the rows.
    """

    state: int
    next_state: int
    inputs: str
    reads: str
    operations: tuple[str, ...]
    output: str
    keys: tuple[Key, ...]


_Description = tuple[tuple[str, ...], str]
"""Of an action: what is done to each structure, and the output."""


def transitions(program: StackProgram) -> list[Transition]:
    """All rows of a program, from state to state."""
    edges: dict[tuple[int, int], list[_Row]] = defaultdict(list)
    everything: dict[tuple[int, int], set[tuple[int, ...]]] = defaultdict(set)
    for key, action in program.rows:
        edges[key[0], action.next_state].append((key, action))
        everything[key[:2]].add(key[2])
    found = []
    for (state, following), rows in sorted(edges.items()):
        for (operations, output), described in _described(program, rows):
            reads_of: dict[int, set[tuple[int, ...]]] = defaultdict(set)
            for (_, symbol, reads), _ in described:
                reads_of[symbol].add(reads)
            inputs_with: dict[str, list[int]] = defaultdict(list)
            for symbol, reads_there in reads_of.items():
                every = reads_there == everything[state, symbol]
                text = ANY if every else _reads(program, reads_there)
                inputs_with[text].append(symbol)
            for text, symbols in inputs_with.items():
                names = _names([printable(program.alphabet[symbol]) for symbol in symbols])
                keys = tuple(
                    (state, symbol, reads) for symbol in symbols for reads in reads_of[symbol]
                )
                found.append(Transition(state, following, names, text, operations, output, keys))
    return found


def _described(
    program: StackProgram, rows: list[_Row]
) -> Iterator[tuple[_Description, list[_Row]]]:
    """Yield descriptions with the rows that they are of, those of most rows first."""
    descriptions = {key: dict.fromkeys(_descriptions(program, key, a)) for key, a in rows}
    of: dict[_Description, list[_Row]] = defaultdict(list)
    for row in rows:
        for one in descriptions[row[0]]:
            of[one].append(row)
    # Counts only fall, so that one in the heap is at least as large as it is now.
    heap = [(-len(described), order, one) for order, (one, described) in enumerate(of.items())]
    heapify(heap)
    left = set(descriptions)
    while left:
        count, order, best = heappop(heap)
        described = [row for row in of[best] if row[0] in left]
        if len(described) < -count:
            heappush(heap, (-len(described), order, best))
            continue
        yield best, described
        left.difference_update(key for key, _ in described)


def _descriptions(program: StackProgram, key: Key, action: Action) -> Iterator[_Description]:
    """Yield all ways to describe what a row does, the plain one first: of equals it is taken."""
    _, symbol, reads = key
    cells = [
        (name, read - 1)
        for name, read in zip(cell_names(program), reads, strict=True)
        if read != NOTHING
    ]
    values = [(INPUT, symbol), *cells]
    outputs = [printable(program.output_alphabet[action.output])]
    if program.output_alphabet[action.output] == program.alphabet[symbol]:
        outputs.append(INPUT)
    outputs += [name for name, value in cells if value == action.output]
    ways = [_ways(operation, values) for operation in action.operations]
    for *operations, output in product(*ways, outputs):
        yield tuple(operations), output


def _ways(operation: Operation, values: Sequence[tuple[str, int]]) -> list[str]:
    """All ways to say what is done to a structure."""
    choices = [
        [""] if pushed is None else [str(pushed), *(n for n, v in values if v == pushed)]
        for pushed in (operation.push_top, operation.push_bottom)
    ]
    pops = ["pop"] * operation.pop_top + ["pop bottom"] * operation.pop_bottom
    return [
        ", ".join(
            [
                *pops,
                *([f"push {top}"] if top else []),
                *([f"push bottom {bottom}"] if bottom else []),
            ]
        )
        or "-"
        for top, bottom in product(*choices)
    ]


def cell_names(program: StackProgram) -> tuple[str, ...]:
    """What each cell that is read is called: ``top``, ``queue 2 top``, ``deque bottom 2``."""
    names = []
    for structure, name, depth in zip(
        program.structures, program.structure_names, program.depths, strict=True
    ):
        for end in ("top", "bottom")[: structure.ends]:
            where = "front" if structure is Structure.QUEUE else end
            prefix = f"{name} " if len(program.structures) > 1 else ""
            names += [f"{prefix}{where}{f' {k}' if k > 1 else ''}" for k in range(1, depth + 1)]
    return tuple(names)


def _reads(program: StackProgram, reads: set[tuple[int, ...]]) -> str:
    """What is read, cell by cell where every combination is there."""
    columns = [sorted(set(column)) for column in zip(*reads, strict=True)]
    names = cell_names(program)
    if set(product(*columns)) == reads:
        every = list(range(program.symbols + 1))
        return ", ".join(
            f"{name} {_names([_cell(value) for value in column])}"
            for name, column in zip(names, columns, strict=True)
            if column != every
        )
    listed = [" ".join(map(_cell, one)) for one in sorted(reads)]
    shown = " or ".join(listed[:LONGEST]) + (" ..." if len(listed) > LONGEST else "")
    return f"{', '.join(names)}: {shown}"


def _cell(read: int) -> str:
    return NO_CELL if read == NOTHING else str(read - 1)


def _names(names: Sequence[str]) -> str:
    """Names with blanks between them; numbers that follow each other as ``0..7``."""
    parts: list[str] = []
    run: list[str] = []
    for name in (*names, ""):
        if run and name.isdecimal() and int(name) == int(run[-1]) + 1:
            run.append(name)
            continue
        if len(run) > 2:
            parts.append(f"{run[0]}..{run[-1]}")
        else:
            parts += run
        run = [name] if name.isdecimal() else []
        if name and not run:
            parts.append(name)
    dots = [] if len(parts) <= LONGEST else ["..."]
    return " ".join([*parts[:LONGEST], *dots])
