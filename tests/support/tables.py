"""Search tables of programs written by hand."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.gates import EFFECTS, STANDARD_MODULES, Gate
from hardmax.runtime.nram.program import Circuit, Program
from hardmax.trainer.nram.search.table import Shape, Table


def table_from_program(program: Program, modules: tuple[Gate, ...] = STANDARD_MODULES) -> Table:
    """The table of a one-state program whose circuits fit, in order, into a list of modules.

    A circuit that leaves modules out, as simplified ones do, gets them back reading value 0. Rows
    proved unreachable become rows that halt.

    Raises:
        HardmaxError: the program has several controller states, or a circuit does not fit.
    """
    if len(program.table) != 1:
        raise HardmaxError(
            f"search takes a program of one controller state, found {len(program.table)}"
        )
    shape = Shape(program.registers, modules)
    code = np.zeros((shape.rows, shape.slots), dtype=np.int16)
    for bits, row in enumerate(program.table[0]):
        if row is None:
            code[bits, shape.halt_slot] = 1
        else:
            try:
                _fit(row.circuit, shape, code[bits])
            except HardmaxError as error:
                raise HardmaxError(f"row {bits:0{shape.registers}b}: {error}") from None
    return Table(shape, code)


def _fit(circuit: Circuit, shape: Shape, row: NDArray[np.int16]) -> None:
    """Write a circuit into a row of zeros, each operation at the first module that can hold it."""
    number = list(range(shape.registers))
    left_out: list[Gate] = []
    module = 0
    for operation in circuit.operations:
        while module < len(shape.modules) and shape.modules[module] is not operation.gate:
            left_out.append(shape.modules[module])
            module += 1
        if module == len(shape.modules):
            raise HardmaxError(f"{operation.gate.value} has no place in the list of modules")
        first = shape.operand_slot(module)
        for i, operand in enumerate(operation.operands):
            row[first + i] = number[operand]
        number.append(shape.registers + module)
        module += 1
    left_out += shape.modules[module:]
    if any(gate in EFFECTS for gate in left_out):
        raise HardmaxError("a module that touches memory is left out and cannot be made up for")
    row[: shape.registers] = [number[value] for value in circuit.outputs]
    row[shape.halt_slot] = circuit.halt
