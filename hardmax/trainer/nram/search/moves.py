"""The moves of the search: small changes to a lookup table, aimed at what matters.

Only what a run can notice is changed: the circuit of a row that the current examples visit, and in
such a circuit register updates, the halt flag and operands of live modules. When a slot is pointed
at a dead module, the cone of dead modules below it may be drawn anew, so no time is spent on drift
among dead ones.
"""

from __future__ import annotations

import numpy as np

from hardmax.trainer.nram.search.compilation import compiled, copy, fill, part
from hardmax.trainer.nram.search.kernel import Flags, Integers, TableMachine


@part
def draw(random: Integers, bound: int) -> int:
    """A number in 0..bound-1 from a xorshift64 generator, state of shape (1,), uint64."""
    x = random[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    random[0] = x
    return np.int64(((x >> np.uint64(32)) * np.uint64(bound)) >> np.uint64(32))  # type: ignore


@part
def draw_unit(random: Integers) -> float:
    """A number in (0, 1]."""
    return (draw(random, 1 << 30) + 1) / (1 << 30)


@part
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


@part
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


@part
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


@part
def rewire(random: Integers, row: Integers, limits: Integers, registers: int, live: Flags) -> int:
    """Point one live slot somewhere else; returns the slot."""
    slot = draw_live_slot(random, limits, registers, live)
    row[slot] = draw(random, limits[slot])
    module = row[slot] - registers
    if module >= 0 and not live[module] and draw(random, 2) == 0:
        redraw_dead_cone(random, row, limits, registers, live, module)
    return slot


@part
def insert(random: Integers, row: Integers, limits: Integers, registers: int, live: Flags) -> None:
    """Put dead modules between a live slot and what it reads.

    What was X becomes G(X, Y) or G(X, H(X, Y)), in this slot or in every one that it can in.
    """
    first = registers + 1
    slot = draw_live_slot(random, limits, registers, live)
    kept = row[slot]
    lowest = max(kept - registers + 1, 0)
    outer = lowest + draw(random, max(limits[slot] - registers - lowest, 1))
    if outer + registers >= limits[slot] or live[outer] or limits[first + 2 * outer] == 1:
        return
    other = draw(random, limits[first + 2 * outer])
    inner = other - registers
    if inner >= 0 and not live[inner]:
        redraw_dead_cone(random, row, limits, registers, live, inner)
        if inner >= lowest and limits[first + 2 * inner] > 1 and draw(random, 2) == 0:
            operand = first + 2 * inner + draw(random, 2)
            if limits[operand] > 1:
                row[operand] = kept
    if limits[first + 2 * outer + 1] == 1 or draw(random, 2) == 0:
        row[first + 2 * outer] = kept
        if limits[first + 2 * outer + 1] > 1:
            row[first + 2 * outer + 1] = other
    else:
        row[first + 2 * outer] = other
        row[first + 2 * outer + 1] = kept
    if draw(random, 2) == 0:
        for reader in range(registers):
            if row[reader] == kept:
                row[reader] = registers + outer
        for module in range(outer + 1, len(live)):
            if live[module]:
                for reader in range(first + 2 * module, first + 2 * module + 2):
                    if row[reader] == kept and limits[reader] > 1:
                        row[reader] = registers + outer
    row[slot] = registers + outer


@part
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


@part
def mark_used(machine: TableMachine, visited: Flags, used: Flags) -> None:
    """Set ``used`` for the circuits of visited rows, shape (K,)."""
    fill(used, False)
    for row in range(len(visited)):
        if visited[row]:
            used[machine.table[row]] = True


@part
def split(random: Integers, machine: TableMachine, used: Flags, source: int, touched: Flags) -> int:
    """A circuit to lead some rows to: one in use, or an idle one made into a copy of theirs."""
    target = draw(random, len(used))
    if not used[target] and draw(random, 3) > 0:
        copy(machine.code[source], machine.code[target])
        touched[target] = True
        if draw(random, 2) == 0:
            machine.code[target, machine.registers] = 1
    return target


@compiled
def mutate(
    random: Integers, machine: TableMachine, visited: Flags, used: Flags, touched: Flags
) -> None:
    """Make one move in place.

    Args:
        machine: its table and code change; what is assembled from them is not kept up to date.
        visited: the rows that examples use, shape (2^R,).
        used: the circuits of those rows, shape (K,).
        touched: set for the circuits that changed.
    """
    registers, limits = machine.registers, machine.limits
    code, live, table = machine.code, machine.live, machine.table
    kind = draw(random, 100)
    if kind < 14:
        row = draw_flagged(random, visited)
        source = table[row]
        target = split(random, machine, used, source, touched)
        shared = machine.seen if kind < 8 else machine.seen & (1 << draw(random, registers))
        for other in range(len(table)):
            if table[other] == source and (other & shared) == (row & shared):
                table[other] = target
        return
    circuit = draw_flagged(random, used)
    touched[circuit] = True
    if kind < 66:
        rewire(random, code[circuit], limits, registers, live[circuit])
    elif kind < 78:
        insert(random, code[circuit], limits, registers, live[circuit])
    elif kind < 82:
        code[circuit, registers] = 1 - code[circuit, registers]
    elif kind < 90:
        source = draw_flagged(random, used)
        slot = draw_live_slot(random, limits, registers, live[source])
        graft(code[source], code[circuit], slot, registers)
    elif kind < 92:
        source = draw_flagged(random, used)
        halt = code[circuit, registers]
        copy(code[source], code[circuit])
        code[circuit, registers] = halt
    else:
        slot = rewire(random, code[circuit], limits, registers, live[circuit])
        for other in range(len(code)):
            if other != circuit:
                graft(code[circuit], code[other], slot, registers)
                touched[other] = True


@part
def redirect_unvisited(random: Integers, machine: TableMachine, visited: Flags) -> None:
    """Let a row that no example uses do what a row does that differs from it in one register.

    Nobody can notice. Where a move then makes another register zero, or not, most runs go on as
    they did.
    """
    row = draw(random, len(visited)) & machine.seen
    for other in range(len(visited)):
        if visited[other] and (other & machine.seen) == row:
            return
    chosen = machine.table[row ^ (1 << draw(random, machine.registers))]
    for other in range(len(visited)):
        if (other & machine.seen) == row:
            machine.table[other] = chosen
