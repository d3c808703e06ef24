"""The moves of the search: small changes to a lookup table, aimed at what matters.

Only slots that a run can notice are changed: register updates, halt flags and operands of live
modules, in rows that the current examples visit. When a slot is pointed at a dead module, the
cone of dead modules below it may be drawn anew, so no time is spent on drift among dead ones.
"""

from __future__ import annotations

import numpy as np

from trainer.search.kernel import Flags, Integers, compiled


@compiled
def draw(random: Integers, bound: int) -> int:
    """A number in 0..bound-1 from a xorshift64 generator, state of shape (1,), uint64."""
    x = random[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    random[0] = x
    return np.int64(((x >> np.uint64(32)) * np.uint64(bound)) >> np.uint64(32))  # type: ignore


@compiled
def draw_unit(random: Integers) -> float:
    """A number in (0, 1]."""
    return (draw(random, 1 << 30) + 1) / (1 << 30)


@compiled
def draw_flagged(random: Integers, flags: Flags) -> int:
    """The index of one of the set flags; at least one must be set."""
    count = 0
    for i in range(len(flags)):
        if flags[i]:
            count += 1
    skip = draw(random, count)
    for i in range(len(flags)):
        if flags[i]:
            if skip == 0:
                return i
            skip -= 1
    return -1


@compiled
def draw_live_slot(random: Integers, limits: Integers, registers: int, live: Flags) -> int:
    """A register update or an operand of a live module, each as likely as any other."""
    first = registers + 1
    count = registers
    for module in range(len(live)):
        if live[module]:
            for slot in range(first + 2 * module, first + 2 * module + 2):
                if limits[slot] > 1:
                    count += 1
    skip = draw(random, count)
    if skip < registers:
        return skip
    skip -= registers
    for module in range(len(live)):
        if live[module]:
            for slot in range(first + 2 * module, first + 2 * module + 2):
                if limits[slot] > 1:
                    if skip == 0:
                        return slot
                    skip -= 1
    return -1


@compiled
def redraw_dead_cone(
    random: Integers, row: Integers, limits: Integers, registers: int, live: Flags, module: int
) -> None:
    """Give new operands to a dead module and to every dead module it then reads."""
    first = registers + 1
    pending = np.zeros(len(live), dtype=np.bool_)
    pending[module] = True
    for i in range(module, -1, -1):
        if pending[i] and not live[i]:
            for slot in range(first + 2 * i, first + 2 * i + 2):
                if limits[slot] > 1:
                    row[slot] = draw(random, limits[slot])
                    if row[slot] >= registers:
                        pending[row[slot] - registers] = True


@compiled
def rewire(random: Integers, row: Integers, limits: Integers, registers: int, live: Flags) -> int:
    """Point one live slot somewhere else; returns the slot."""
    slot = draw_live_slot(random, limits, registers, live)
    row[slot] = draw(random, limits[slot])
    module = row[slot] - registers
    if module >= 0 and not live[module] and draw(random, 2) == 0:
        redraw_dead_cone(random, row, limits, registers, live, module)
    return slot


@compiled
def graft(source: Integers, target: Integers, slot: int, registers: int) -> None:
    """Copy a slot and the cone of modules below it from one row to another."""
    first = registers + 1
    target[slot] = source[slot]
    modules = (len(source) - first) // 2
    pending = np.zeros(modules, dtype=np.bool_)
    if source[slot] >= registers:
        pending[source[slot] - registers] = True
    for i in range(modules - 1, -1, -1):
        if pending[i]:
            for j in range(first + 2 * i, first + 2 * i + 2):
                target[j] = source[j]
                if source[j] >= registers:
                    pending[source[j] - registers] = True


@compiled
def mutate(
    random: Integers,
    code: Integers,
    limits: Integers,
    registers: int,
    live: Flags,
    visited: Flags,
    touched: Flags,
) -> None:
    """Make one move in place.

    Args:
        code: the lookup table, shape (rows, slots).
        live: the live modules of every row, shape (rows, Q); not kept up to date here.
        visited: the rows that examples use.
        touched: set for the rows that changed.
    """
    row = draw_flagged(random, visited)
    touched[row] = True
    kind = draw(random, 100)
    if kind < 65:
        rewire(random, code[row], limits, registers, live[row])
    elif kind < 70:
        code[row, registers] = 1 - code[row, registers]
    elif kind < 80:
        source = draw_flagged(random, visited)
        slot = draw_live_slot(random, limits, registers, live[source])
        graft(code[source], code[row], slot, registers)
    elif kind < 84:
        source = draw_flagged(random, visited)
        halt = code[row, registers]
        code[row] = code[source]
        code[row, registers] = halt
    else:
        slot = rewire(random, code[row], limits, registers, live[row])
        for other in range(len(code)):
            if other != row:
                graft(code[row], code[other], slot, registers)
                touched[other] = True


@compiled
def redraw_unvisited(
    random: Integers,
    code: Integers,
    limits: Integers,
    registers: int,
    visited: Flags,
    touched: Flags,
) -> None:
    """Replace a row that no example uses by a copy of one that is used; nobody can notice.

    What a run that is led there for the first time meets is then sensible behaviour. One copy
    in three halts.
    """
    row = draw(random, len(code))
    if not visited[row]:
        touched[row] = True
        code[row] = code[draw_flagged(random, visited)]
        if draw(random, 3) == 0:
            code[row, registers] = 1
