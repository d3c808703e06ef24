"""Programs with one decision changed: which are refuted, which proved, and is one proved wrongly?

    python -m benchmarks.mutants [NAME ...]

A decision is what the discretized controller chose in one row of the table: what an operand reads,
what a register becomes, or whether to halt. A mutant that is proved is equivalent to the original
on all inputs; to look whether the prover is right, it is run on memories that the prover never saw.
One that does not halt leaves the right answer on all inputs tried, and goes on: it is neither wrong
nor can it be proved.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from random import Random

from hardmax.files import load_program
from hardmax.prover.checker.check import check
from hardmax.prover.failure import NoHaltError, NotProvedError
from hardmax.prover.prove import prove
from hardmax.prover.specifications.registry import SPECIFICATIONS
from hardmax.prover.traces import Wrong, mistake
from hardmax.runtime.nram.certificate import Certificate
from hardmax.runtime.nram.program import Circuit, Program, Row
from hardmax.shipped import models_folder

MUTANTS = 50
"""Of each program."""

UNSEEN = 500
"""Drawn memories on which a mutant that was proved is run."""

SECONDS = 600.0
"""For each mutant."""

OUTCOMES = ("refuted", "proved", "does not halt", "unknown", "proved wrongly")


def mutants(program: Program, random: Random) -> Iterator[Program]:
    """Different programs, each with one decision changed."""
    seen = {program.table}
    rows = [(state, bits, row) for state, bits, row in program.rows()]
    while True:
        state, bits, row = random.choice(rows)
        circuit = _mutated(row.circuit, program.registers, random)
        table = [list(entries) for entries in program.table]
        table[state][bits] = Row(circuit, row.next_state)
        changed = tuple(map(tuple, table))
        if changed not in seen:
            seen.add(changed)
            yield replace(program, table=changed)


def _mutated(circuit: Circuit, registers: int, random: Random) -> Circuit:
    """A circuit with one decision changed, or perhaps none: the same value may be drawn again."""
    operands = [(i, k) for i, op in enumerate(circuit.operations) for k in range(len(op.operands))]
    choice = random.randrange(len(operands) + registers + 1)
    if choice < len(operands):
        i, k = operands[choice]
        operations = list(circuit.operations)
        values = list(operations[i].operands)
        values[k] = random.randrange(registers + i)
        operations[i] = replace(operations[i], operands=tuple(values))
        return replace(circuit, operations=tuple(operations))
    if choice < len(operands) + registers:
        outputs = list(circuit.outputs)
        last = registers + len(circuit.operations)
        outputs[choice - len(operands)] = random.randrange(last)
        return replace(circuit, outputs=tuple(outputs))
    return replace(circuit, halt=not circuit.halt)


def outcome(mutant: Program, random: Random) -> str:
    """One of :data:`OUTCOMES`."""
    specification = SPECIFICATIONS[mutant.metadata.task]
    try:
        found = prove(mutant, specification, SECONDS, lambda message: None)
    except NoHaltError:
        return "does not halt"
    except NotProvedError:
        return "unknown"
    if isinstance(found, Wrong):
        return "refuted"
    assert isinstance(found, Certificate)
    check(found, mutant, SECONDS)
    memories = (specification.draw(random) for _ in range(UNSEEN))
    wrong = any(mistake(mutant, specification, memory) for memory in memories)
    return "proved wrongly" if wrong else "proved"


def main() -> None:
    """Print a row of a table for each program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", metavar="NAME", nargs="*", default=sorted(SPECIFICATIONS))
    print("| program |", " | ".join(OUTCOMES), "| CPU seconds |")
    print("|---" * (len(OUTCOMES) + 2) + "|")
    for name in parser.parse_args().names:
        program = load_program(models_folder() / f"{name}.pt")
        assert isinstance(program, Program)
        random = Random(0)
        began = time.process_time()
        source = mutants(program, random)
        counts = Counter(outcome(next(source), random) for _ in range(MUTANTS))
        seconds = time.process_time() - began
        print(f"| {name} |", *(f"{counts[o]} |" for o in OUTCOMES), f"{seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
