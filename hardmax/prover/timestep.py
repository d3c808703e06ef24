"""A timestep on a memory of any size: the meaning of a circuit as z3 terms."""

from __future__ import annotations

from dataclasses import dataclass

import z3

from hardmax.prover.gates import MEANING, Integer
from hardmax.runtime.nram.gates import Gate
from hardmax.runtime.nram.program import Circuit


@dataclass(frozen=True)
class State:
    """Registers and memory between two timesteps.

    ``written`` are the (address, value) of WRITEs to the memory ``base``, the latest last.
    """

    registers: tuple[Integer, ...]
    base: z3.FuncDeclRef
    written: tuple[tuple[Integer, Integer], ...] = ()

    def cell(self, address: Integer) -> Integer:
        """What a cell holds: the latest value written there, or what it held before."""
        value: Integer = self.base(address)
        for where, what in self.written:
            value = z3.If(where == address, what, value)
        return value

    def after(self, circuit: Circuit, size: Integer) -> State:
        """The state one timestep later."""
        values = list(self.registers)
        state = self
        for operation in circuit.operations:
            operands = [values[operand] for operand in operation.operands]
            if operation.gate is Gate.READ:
                values.append(state.cell(operands[0]))
            elif operation.gate is Gate.WRITE:
                address, value = operands
                state = State(state.registers, state.base, (*state.written, (address, value)))
                values.append(z3.IntVal(0))
            else:
                a, b = (*operands, z3.IntVal(0), z3.IntVal(0))[:2]
                values.append(z3.simplify(MEANING[operation.gate](a, b, size)))
        registers = tuple(values[output] for output in circuit.outputs)
        return State(registers, state.base, state.written)
