"""How sure a feedforward controller is of every decision that its program is made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hardmax.runtime.nram.gates import GATES, OBSERVABLE
from hardmax.runtime.nram.passes.liveness import live_values
from hardmax.runtime.nram.program import Circuit, Program
from hardmax.trainer.nram.hardening import lookup_table
from hardmax.trainer.nram.model import Model
from hardmax.trainer.nram.wiring import Wiring


@dataclass(frozen=True)
class CircuitMargins:
    """The margins of one circuit, each the smallest over the rows that have it.

    Attributes:
        operands: of each operation, a margin for each operand, in the order of the gate's.
        registers: of each new register; none where the circuit halts, for there nobody sees them.
        halt: of the decision whether to halt.
    """

    operands: tuple[tuple[float, ...], ...]
    registers: tuple[float, ...]
    halt: float


def decision_margins(model: Model, program: Program) -> tuple[CircuitMargins, ...]:
    """The margins of ``program.circuits()``, in their order.

    Args:
        model: with a feedforward controller.
        program: what ``hardmax.extractor.nram.extract.extract`` makes of it.
    """
    table, margins = lookup_table(model.controller, 0)
    (rows,) = table.to_program(program.metadata).table
    wiring = model.controller.wiring
    found: dict[Circuit, list[CircuitMargins]] = {}
    for bits, (full, kept) in enumerate(zip(rows, program.table[0], strict=True)):
        if full is None or kept is None:
            continue
        decided = margins[bits].tolist()
        modules = _kept_modules(wiring, full.circuit)
        of_row = CircuitMargins(
            tuple(
                tuple(decided[decision] for decision in wiring.operands[module])
                for module in modules
            ),
            () if full.circuit.halt else tuple(decided[wiring.updates]),
            decided[wiring.decisions],
        )
        assert [wiring.modules[m] for m in modules] == [o.gate for o in kept.circuit.operations]
        found.setdefault(kept.circuit, []).append(of_row)
    return tuple(_smallest(found[circuit]) for circuit in program.circuits())


def named_margins(circuit: Circuit, margins: CircuitMargins) -> Iterable[tuple[str, float]]:
    """Yield the margins of a circuit with the decisions' names, as in the listing."""
    registers = len(circuit.outputs)
    for number, (operation, of_operands) in enumerate(
        zip(circuit.operations, margins.operands, strict=True), start=1
    ):
        for operand, margin in zip(GATES[operation.gate].operands, of_operands, strict=True):
            yield f"{operand} of o{number}, {operation.gate.value}", margin
    for register in range(registers) if margins.registers else ():
        yield f"new value of r{register + 1}", margins.registers[register]
    yield "whether to halt", margins.halt


def _kept_modules(wiring: Wiring, circuit: Circuit) -> list[int]:
    """The modules of a whole circuit that the extraction keeps, in order."""
    if circuit.halt:
        circuit = Circuit(circuit.operations, tuple(range(wiring.registers)), halt=True)
    live = live_values(circuit, OBSERVABLE)
    return [i for i in range(len(wiring.modules)) if wiring.registers + i in live]


def _smallest(rows: list[CircuitMargins]) -> CircuitMargins:
    return CircuitMargins(
        tuple(
            tuple(min(same) for same in zip(*operation, strict=True))
            for operation in zip(*(row.operands for row in rows), strict=True)
        ),
        tuple(min(same) for same in zip(*(row.registers for row in rows), strict=True)),
        min(row.halt for row in rows),
    )
