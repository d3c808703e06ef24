"""Pass: rows that differ only in what a zero-bit saved one of them become one row again.

Where a register is 0, ``hardmax.runtime.nram.passes.fold_constants`` leaves ADD(x, register) out.
The price is a test of the register, and where that is a number out of the memory, nobody can
foresee how it comes
out: the processor loses more time with guessing than an addition takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hardmax.runtime.nram.gates import EFFECTS, Gate
from hardmax.runtime.nram.passes.drop_dead_operations import drop_dead_operations
from hardmax.runtime.nram.passes.fold_constants import fold_constants
from hardmax.runtime.nram.passes.reachability import Situation
from hardmax.runtime.nram.passes.rewriting import map_rows
from hardmax.runtime.nram.passes.simplify_arithmetic import simplify_arithmetic
from hardmax.runtime.nram.passes.value_classes import MEMORY_SIZES, MemorySizes
from hardmax.runtime.nram.program import Circuit, Program


def join_rows(program: Program, memory_sizes: Sequence[MemorySizes] = MEMORY_SIZES) -> Program:
    """Give rows the circuit of the row for the same zero-bits but one, where that does the same.

    It does where the passes that made a row what it is make the same of the other's circuit.
    """
    joins = dict(_candidates(program))
    while joins:
        joined = _with_circuits(program, joins)
        folded = fold_constants(joined, memory_sizes)
        folded = drop_dead_operations(simplify_arithmetic(folded, memory_sizes))
        proved = {
            (state, bits): circuit
            for (state, bits), circuit in joins.items()
            if folded.table[state][bits] == program.table[state][bits]
        }
        if proved == joins:
            return joined
        joins = proved
    return program


def _candidates(program: Program) -> Iterator[tuple[Situation, Circuit]]:
    """Yield rows with another circuit, of which a 0 in one register only saves them an ADD."""
    for state, bits, row in program.rows():
        for register in range(program.registers):
            other = program.table[state][bits & ~(1 << register)]
            if not bits >> register & 1 or other is None or other.next_state != row.next_state:
                continue
            if _saves_an_add(row.circuit, other.circuit, register):
                yield (state, bits), other.circuit


def _saves_an_add(less: Circuit, more: Circuit, register: int) -> bool:
    uses = [operation.gate for operation in more.operations if register in operation.operands]
    effects = [
        [operation.gate for operation in circuit.operations if operation.gate in EFFECTS]
        for circuit in (less, more)
    ]
    return uses == [Gate.ADD] and effects[0] == effects[1] and less.halt == more.halt


def _with_circuits(program: Program, circuits: Mapping[Situation, Circuit]) -> Program:
    return map_rows(program, lambda situation, row: circuits.get(situation, row.circuit))
