"""Candidates for the atoms of an invariant: what templates fit to the traces.

A candidate holds on every trace; whether it always does is for z3 to say.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hardmax.prover.deadline import Deadline
from hardmax.prover.specifications.formulas import Values, value_of
from hardmax.prover.specifications.specification import CELL, OUTPUT, SIZE, Specification
from hardmax.prover.sums import sum_text
from hardmax.prover.traces import Visit

Column = NDArray[np.int64]
"""A value for each sample."""

UNDEFINED = -(10**9)
"""What a sample has where a term looks outside the memory."""

VISIT, TIME = "j", "t"
"""Ghosts of an invariant: visits of the loop head in this phase before this one, timesteps."""

LARGEST_FACTOR = 4
"""Of a parameter or of j in an equation."""

FIRST_CELLS = 3
"""Cells, from the first on, of which something may hold that does of no others."""

FIRST_VISITS = 2
"""Visits of a phase that may be unlike the later ones."""

MOST_SAMPLES = 3000
"""Visits of the loop head that are looked at in a phase."""

MOST_RANGES = 40
"""Candidates for what holds in a range of cells, of each kind."""


def register(number: int) -> str:
    """The name of a register in formulas: r1 is the first, as in listings."""
    return f"r{number + 1}"


@dataclass(frozen=True)
class End:
    """Where a range may begin or end, with its value in each sample."""

    text: str
    values: Column


class Samples:
    """The visits of a phase as columns of numbers."""

    def __init__(
        self, specification: Specification, visits: Sequence[Visit], deadline: Deadline
    ) -> None:
        self.specification = specification
        self.deadline = deadline
        self.visits = visits[:: max(1, len(visits) // MOST_SAMPLES)]
        self.scopes = [
            specification.values(v.run.parameters, v.run.timesteps[0].memory) for v in self.visits
        ]
        self.j = self._column([v.visit for v in self.visits])
        self.t = self._column([v.timestep for v in self.visits])
        steps = [v.run.timesteps[v.timestep] for v in self.visits]
        self.registers = [
            self._column([step.registers[i] for step in steps])
            for i in range(len(steps[0].registers))
        ]
        self.size = self._column([len(step.memory) for step in steps])
        self.memory = self._padded([step.memory for step in steps])
        self.start = self._padded([v.run.timesteps[0].memory for v in self.visits])
        self.parameters = {
            p.name: self._column([v.run.parameters[p.name] for v in self.visits])
            for p in specification.parameters
        }
        self.first, self.end = (
            self.evaluate(text) for text in (specification.first, specification.end)
        )

    @staticmethod
    def _column(values: Sequence[int]) -> Column:
        return np.array(values, dtype=np.int64)

    def _padded(self, memories: Sequence[Sequence[int]]) -> NDArray[np.int64]:
        table = np.full((len(memories), int(self.size.max())), UNDEFINED, dtype=np.int64)
        for row, memory in zip(table, memories, strict=True):
            row[: len(memory)] = memory
        return table

    def cells(self, table: NDArray[np.int64], addresses: Column) -> Column:
        """What the cells hold, UNDEFINED outside the memory."""
        inside = (addresses >= 0) & (addresses < table.shape[1])
        values = table[np.arange(len(addresses)), np.where(inside, addresses, 0)]
        return np.where(inside, values, UNDEFINED)

    def evaluate(self, text: str) -> Column:
        """The value of a term over parameters, j and m0 in each sample."""
        self.deadline.left()
        term = self.specification.term(text)
        return self._column(
            [
                _value(term, Values({**scope.integers, VISIT: v.visit}, scope.functions))
                for scope, v in zip(self.scopes, self.visits, strict=True)
            ]
        )

    def of_outputs(self, text: str) -> NDArray[np.int64]:
        """A term over c for every number c of an output, UNDEFINED for the others."""
        table = np.full_like(self.memory, UNDEFINED)
        term = self.specification.term(text)
        known: dict[int, list[int]] = {}
        for row, v, scope, low, high in zip(
            table, self.visits, self.scopes, self.first, self.end, strict=True
        ):
            if id(v.run) not in known:
                known[id(v.run)] = [
                    _value(term, Values({**scope.integers, CELL: c}, scope.functions))
                    for c in range(low, high)
                ]
            row[low:high] = known[id(v.run)]
        return table


def _value(term: object, values: Values) -> int:
    try:
        return value_of(term, values)  # type: ignore[arg-type]
    except IndexError:
        return UNDEFINED


def candidates(samples: Samples) -> list[str]:
    """Every atom that fits, as text."""
    return list(
        dict.fromkeys(itertools.chain(_bounds(samples), _equations(samples), _ranges(samples)))
    )


def _features(samples: Samples) -> list[tuple[str, Column]]:
    """What equations are linear in."""
    return [(VISIT, samples.j), *samples.parameters.items(), (SIZE, samples.size)]


class Basis:
    """Independent columns of which others may be integer sums of multiples."""

    def __init__(self, features: Sequence[tuple[str, Column]], samples: int) -> None:
        matrix = np.ones((samples, 1))
        self.names: list[str] = []
        for name, column in features:
            wider = np.column_stack([matrix, column])
            if np.linalg.matrix_rank(wider) > matrix.shape[1]:
                matrix = wider
                self.names.append(name)
        self.matrix = matrix.astype(np.int64)
        self.inverse = np.linalg.pinv(matrix)

    def fit(self, target: Column) -> str | None:
        """The text of the sum that the target is in every sample, if it is one."""
        solution = np.rint(self.inverse @ target).astype(np.int64)
        constant, *factors = map(int, solution)
        small = all(abs(factor) <= LARGEST_FACTOR for factor in factors)
        if not small or not (self.matrix @ solution == target).all():
            return None
        return sum_text(list(zip(factors, self.names, strict=True)), constant)


def _equations(samples: Samples) -> Iterator[str]:
    """``x == (ghost) + a * parameter + b * j + c``, if not always, then in a part of the visits."""
    features = _features(samples)
    ghosts = list(_ghosts(samples))
    count = samples.end - samples.first
    count_text = Basis(features[1:], len(count)).fit(count)
    guards = [("", np.ones(len(samples.j), dtype=bool))]
    guards += [(f"{VISIT} < {n} or ", samples.j >= n) for n in range(1, FIRST_VISITS + 1)]
    if count_text is not None and not count_text.isdigit():
        guards += [
            (f"{VISIT} > {count_text} or {guard}", chosen & (samples.j <= count))
            for guard, chosen in guards
        ]
    parts = [
        (guard, chosen, Basis([(n, c[chosen]) for n, c in features], int(chosen.sum())))
        for guard, chosen in guards
        if chosen.any()
    ]
    for name, column in _unknowns(samples):
        samples.deadline.left()
        for guard, chosen, basis in parts:
            found = list(itertools.islice(_equal(column, chosen, basis, ghosts), 2))
            for text in found:
                yield f"{guard}{name} == {text}"
            if found:
                if guard:
                    yield from _at_first(name, column, samples, ghosts)
                break
    # What a phase says of the parameters themselves.
    for i, (name, column) in enumerate(features[1:], start=1):
        sum_of_others = Basis(features[1:i], len(column)).fit(column)
        if sum_of_others is not None:
            yield f"{name} == {sum_of_others}"


def _at_first(
    name: str, column: Column, samples: Samples, ghosts: Sequence[tuple[str, Column]]
) -> Iterator[str]:
    """What is equal to something at the first visits, if not later."""
    features = _features(samples)[1:]
    for visit in range(FIRST_VISITS):
        chosen = samples.j == visit
        if chosen.any():
            basis = Basis([(n, c[chosen]) for n, c in features], int(chosen.sum()))
            for text in itertools.islice(_equal(column, chosen, basis, ghosts), 1):
                yield f"{VISIT} != {visit} or {name} == {text}"


def _equal(
    column: Column,
    chosen: NDArray[np.bool_],
    basis: Basis,
    ghosts: Sequence[tuple[str, Column]],
) -> Iterator[str]:
    target = column[chosen]
    if (target == UNDEFINED).any():
        return
    linear = basis.fit(target)
    if linear is not None:
        yield linear
        return
    for name, values in ghosts:
        ghost = values[chosen]
        if (ghost == UNDEFINED).any():
            continue
        for sign in (1, -1):
            rest = basis.fit(target - sign * ghost)
            if rest is not None:
                yield _joined("" if sign == 1 else "-", name, rest)


def _joined(sign: str, name: str, rest: str) -> str:
    if rest == "0":
        return f"{sign}{name}"
    return f"{sign}{name} - {rest[1:]}" if rest.startswith("-") else f"{sign}{name} + {rest}"


def _unknowns(samples: Samples) -> Iterator[tuple[str, Column]]:
    """What an equation may be about: registers, the first cells, cells at registers, the time."""
    for i, column in enumerate(samples.registers):
        yield register(i), column
    yield TIME, samples.t
    for cell in range(FIRST_CELLS):
        yield f"mem[{cell}]", samples.cells(samples.memory, np.full_like(samples.j, cell))
    for i, column in enumerate(samples.registers):
        if (column >= FIRST_CELLS).any():
            yield f"mem[{register(i)}]", samples.cells(samples.memory, column)


def _ghosts(samples: Samples) -> Iterator[tuple[str, Column]]:
    """Sequences near j, what they point at, and the memory at the start near j."""
    specification = samples.specification
    recurrences = [r.name for r in specification.recurrences]
    near = [VISIT, f"{VISIT} - 1", f"{VISIT} + 1", f"{VISIT} - 2"]
    named = [a.name for a in specification.abbreviations]
    texts = [f"{name}({index})" for name in (*recurrences, *named) for index in near]
    texts += [f"{name}({VISIT}) - {name}({VISIT} - 1)" for name in recurrences]
    texts += [f"m0[{index}]" for index in near]
    texts += [
        f"m0[{name}({index}){offset}]"
        for name in recurrences
        for index in near
        for offset in ("", " + 1", " + 2")
    ]
    texts += [f"m0[{cell}]" for cell in range(FIRST_CELLS)]
    for text in texts:
        yield text, samples.evaluate(text)


def _bounds(samples: Samples) -> Iterator[str]:
    """``j <= a * parameters + b * M + c``, as tight as the traces allow; without it no run ends."""
    features = _features(samples)[1:]
    found = []
    for factors in itertools.product(*[(0, 1, -1, 2)] * (len(features) - 1), (0, 1)):
        multiples = zip(factors, features, strict=True)
        total = sum((f * c for f, (_, c) in multiples), start=np.zeros_like(samples.j))
        constant = int((samples.j - total).max())
        slack = float((total + constant - samples.j).mean())
        if abs(constant) <= 8:
            text = sum_text(
                [(f, name) for f, (name, _) in zip(factors, features, strict=True)], constant
            )
            found.append((slack, f"{VISIT} <= {text}"))
    yield from (text for _, text in sorted(found)[:4])


def _ranges(samples: Samples) -> Iterator[str]:
    """``lo <= c < hi: mem[c] == m0[c]`` and its kin, of cells and of what holds the outputs.

    Also ``lo <= c < hi: mem[c] != 0``: rows of the table are chosen by what is 0.
    """
    ends, deadline = list(_ends(samples)), samples.deadline
    outside = np.full((len(samples.j), 1), UNDEFINED)
    may_hold = {
        f"m0[{CELL}]": samples.start,
        f"m0[{CELL} + 1]": np.hstack([samples.start[:, 1:], outside]),
        f"m0[{CELL} - 1]": np.hstack([outside, samples.start[:, :-1]]),
    }
    outputs = {f"{OUTPUT}({CELL})": samples.of_outputs(f"{OUTPUT}({CELL})")}
    where = samples.specification.cell
    if where == CELL:
        may_hold |= outputs
    now = samples.memory
    holds = {f"mem[{CELL}] == {right}": _same(now, table) for right, table in may_hold.items()}
    holds[f"mem[{CELL}] != 0"] = (now != 0) & (now != UNDEFINED)
    yield from _ranges_of(holds, ends, deadline)
    if where == CELL:
        return
    addresses = samples.of_outputs(where)
    now, start = (
        np.stack([samples.cells(table, column) for column in addresses.T], axis=1)
        for table in (samples.memory, samples.start)
    )
    may_hold = {f"m0[{where}]": start, **outputs}
    holds = {f"mem[{where}] == {right}": _same(now, table) for right, table in may_hold.items()}
    yield from _ranges_of(holds, ends, deadline)


def _same(now: NDArray[np.int64], table: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Where they are equal, of what is defined."""
    same: NDArray[np.bool_] = (now == table) & (table != UNDEFINED)
    return same


def _ranges_of(
    holds: Mapping[str, NDArray[np.bool_]], ends: Sequence[End], deadline: Deadline
) -> Iterator[str]:
    """The widest ranges of c in which something holds; where it does is [samples, cells]."""
    lows = np.stack([end.values for end in ends])
    for what, where in holds.items():
        samples, width = where.shape
        row = np.arange(samples)
        # reach[s, c]: the first cell from c on of which it does not hold.
        reach = np.full((samples, width + 1), width)
        for cell in reversed(range(width)):
            reach[:, cell] = np.where(where[:, cell], reach[:, cell + 1], cell)
        found: list[tuple[int, int, int]] = []
        for low, column in enumerate(lows):
            deadline.left()
            inside = (column >= 0) & (column <= width)
            furthest = np.where(inside, reach[row, np.where(inside, column, 0)], column)
            fitting = (lows <= np.maximum(furthest, column)).all(axis=1)
            cells = np.maximum(lows - column, 0).sum(axis=1)
            found += [(int(cells[h]), low, int(h)) for h in np.flatnonzero(fitting) if cells[h] > 0]
        for low, high in _widest(found, lows):
            numbers = f"range({ends[low].text}, {ends[high].text})"
            yield f"all({what} for {CELL} in {numbers})"


def _widest(found: list[tuple[int, int, int]], values: NDArray[np.int64]) -> list[tuple[int, int]]:
    """The ranges that no other one contains, widest first."""
    chosen: list[tuple[int, int]] = []
    for _, low, high in sorted(found, key=lambda entry: (-entry[0], entry[1], entry[2])):
        empty = values[high] <= values[low]
        contained = any(
            (empty | ((values[begin] <= values[low]) & (values[end] >= values[high]))).all()
            for begin, end in chosen
        )
        if not contained:
            chosen.append((low, high))
        if len(chosen) == MOST_RANGES:
            break
    return chosen


def _ends(samples: Samples) -> Iterator[End]:
    """Where a range of cells may begin and end, each column of values once."""
    first, end = samples.specification.first, samples.specification.end
    fixed = [(str(cell), np.full_like(samples.j, cell)) for cell in range(4)]
    for text, values in (
        *((first, samples.first), (end, samples.end)),
        *samples.parameters.items(),
        (SIZE, samples.size),
    ):
        fixed += [(text, values), (f"{text} - 1", values - 1), (f"{text} + 1", values + 1)]
    basis = Basis(_features(samples), len(samples.j))
    moving = [
        (basis.fit(values + shift) or f"{text} + {shift_text}", values + shift)
        for text, values in fixed
        for shift_text, shift in ((VISIT, samples.j), (f"-{VISIT}", -samples.j))
    ]
    clamped = [
        (f"{function}({text}, {limit_text})", clamp(values, limit))
        for text, values in moving
        for function, clamp, limit_text, limit in (
            ("min", np.minimum, end, samples.end),
            ("max", np.maximum, first, samples.first),
            *(("min", np.minimum, *parameter) for parameter in samples.parameters.items()),
        )
    ]
    seen: set[bytes] = set()
    for text, values in (*fixed, *moving, *clamped):
        if values.tobytes() not in seen:
            seen.add(values.tobytes())
            yield End(text, values)
