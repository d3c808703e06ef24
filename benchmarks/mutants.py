"""Programs with one decision changed: which are refuted, which proved, and is one proved wrongly?

    python -m benchmarks.mutants [NAME ...]

It goes on where it was interrupted (benchmarks/mutants.json), tries again what stayed unknown,
since the prover may know more now, and writes the table into docs/proofs.md. A decision is what the
discretized controller chose in one row of the table: what an operand reads, what a register
becomes, or whether to halt.

A mutant that is proved is equivalent to the original on all inputs; to look whether the prover is
right, it is run on memories that the prover never saw. One that does not halt leaves the right
answer on all inputs tried, and goes on: it is neither wrong nor can it be proved.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from random import Random

from benchmarks.one_line_errors import resumable
from benchmarks.pages import write_section
from hardmax.extractor.markdown import markdown
from hardmax.files import load_program
from hardmax.prover.checker.check import check
from hardmax.prover.failure import NoHaltError, NotProvedError
from hardmax.prover.prove import prove
from hardmax.prover.specifications.registry import SPECIFICATIONS
from hardmax.prover.traces import Wrong, mistake
from hardmax.runtime.atomic_write import write_output
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.certificate import program_digest
from hardmax.runtime.nram.program import Circuit, Program, Row
from hardmax.shipped import models_folder
from hardmax.trainer.nram.tasks import TASKS

TRIED, PAGE = Path(__file__).with_name("mutants.json"), Path("docs/proofs.md")

MUTANTS = 50
"""Of each program."""

UNSEEN = 500
"""Drawn memories on which a mutant that was proved is run."""

SECONDS = 600.0
"""For each mutant."""

UNKNOWN = "unknown"

OUTCOMES = ("refuted", "proved", "does not halt", UNKNOWN, "proved wrongly")


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
    """One of :data:`OUTCOMES`; why one is unknown is printed."""
    specification = SPECIFICATIONS[mutant.metadata.task]
    try:
        found = prove(mutant, specification, SECONDS, lambda message: None)
    except NoHaltError:
        return "does not halt"
    except NotProvedError as error:
        print(f"not proved: {error}", flush=True)
        return UNKNOWN
    if isinstance(found, Wrong):
        return "refuted"
    try:
        check(found, mutant, SECONDS)
    except HardmaxError as error:  # as `hardmax prove`, which then says `not proved`
        print(f"rejected: {error}", flush=True)
        return UNKNOWN
    memories = (specification.draw(random) for _ in range(UNSEEN))
    wrong = any(mistake(mutant, specification, memory) for memory in memories)
    return "proved wrongly" if wrong else "proved"


@resumable
def main() -> int:
    """Try what was not tried before or stayed unknown, and write the table of what was tried."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", metavar="NAME", nargs="*", default=list(TASKS))
    names = parser.parse_args().names
    tried = read_tried()
    for name in names:
        program = load_program(models_folder() / f"{name}.pt")
        assert isinstance(program, Program)
        of = program_digest(program)
        if tried.get(name, Tried("")).program != of:
            tried[name] = Tried(of)
        found = list(tried[name].outcomes)
        for number, mutant in enumerate(islice(mutants(program, Random(0)), MUTANTS)):
            if number >= len(found) or found[number] == UNKNOWN:
                found[number : number + 1] = [outcome(mutant, Random(number))]
                print(f"{name}, mutant {number + 1} of {MUTANTS}: {found[number]}", flush=True)
                tried[name] = Tried(of, tuple(found))
                write_output(TRIED, tried_text(tried).encode())
        write_section(PAGE, "mutants", table(tried))
    return 0


@dataclass(frozen=True)
class Tried:
    """What came of a program's mutants so far, in their order; ``program`` is its digest."""

    program: str
    outcomes: tuple[str, ...] = ()


def read_tried(path: Path = TRIED) -> dict[str, Tried]:
    """The outcomes so far, by the program's name."""
    return {
        name: Tried(data["program"], tuple(data["outcomes"]))
        for name, data in json.loads(path.read_text()).items()
    }


def tried_text(tried: dict[str, Tried]) -> str:
    """As :func:`read_tried` reads them."""
    return json.dumps({name: asdict(of) for name, of in tried.items()}, indent=1) + "\n"


def table(tried: dict[str, Tried]) -> str:
    """The table of the programs of which all mutants were tried."""
    rows = [
        [name, *(str(of.outcomes.count(each)) for each in OUTCOMES)]
        for name, of in sorted(tried.items())
        if len(of.outcomes) == MUTANTS
    ]
    sums = [str(sum(int(row[column]) for row in rows)) for column in range(1, len(OUTCOMES) + 1)]
    return markdown(("program", *OUTCOMES), [*rows, ["together", *sums]])


if __name__ == "__main__":
    sys.exit(main())
