"""The obligations of a certificate, made again from program, specification and invariant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from hardmax.prover.checker.script import GATES, Meaning, Script, Text, inside
from hardmax.prover.checker.walk import Option, Walk
from hardmax.prover.specifications.formulas import (
    Comparison,
    Every,
    Formula,
    Name,
    functions_of,
    names_of,
)
from hardmax.prover.specifications.specification import SIZE, Specification
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.certificate import HALT, NEVER, START, Certificate, Path, phase_name
from hardmax.runtime.nram.gates import Gate
from hardmax.runtime.nram.program import Program


@dataclass(frozen=True)
class Obligation:
    """Something to be decided.

    ``script`` makes the SMT-LIB text that must be unsatisfiable; None where looking was enough.
    """

    name: str
    script: Callable[[], Text] | None


@dataclass(frozen=True)
class Moment:
    """Registers and memory at one moment of a path."""

    registers: tuple[Text, ...]
    written: tuple[tuple[Text, Text], ...]


def obligations(
    program: Program, specification: Specification, certificate: Certificate
) -> Iterator[Obligation]:
    """Everything that has to be decided, in the order of docs/proofs.md.

    Raises:
        HardmaxError: the certificate lacks a path, or an atom is no formula, or nothing bounds a
            phase.
    """
    return _Obligations(program, specification, certificate).all()


class _Obligations:
    def __init__(
        self, program: Program, specification: Specification, certificate: Certificate
    ) -> None:
        self.program = program
        self.specification = specification
        self.right_from = certificate.right_from
        phases = certificate.phases
        self.walk = Walk(program, certificate.head, len(phases), certificate.paths)
        if certificate.head is not None and certificate.head not in self.walk.by_name:
            raise HardmaxError(f"loop head: expected a place, found {certificate.head!r:.40}")
        if (certificate.head is None) != (len(phases) == 0):
            raise HardmaxError("expected phases if and only if there is a loop head")
        self.atoms = {
            phase_name(number): {atom: specification.formula(atom) for atom in atoms}
            for number, atoms in enumerate(phases)
        }
        budget = program.metadata.budget
        square = f"(* {budget.per_square} {SIZE} {SIZE}) " if budget.per_square else ""
        self.budget = f"(+ {square}(* {budget.per_cell} {SIZE}) {budget.constant})"

    def all(self) -> Iterator[Obligation]:
        yield from self._gates()
        yield from self._lemmas()
        if self.right_from is not None:
            yield Obligation("outputs right from: within the budget", self._in_time)
        for phase, atoms in self.atoms.items():
            yield self._bound(phase, atoms)
        for path in self.walk.paths():
            yield from self._of_path(path)

    def _gates(self) -> Iterator[Obligation]:
        used = {op.gate for circuit in self.program.circuits() for op in circuit.operations}
        for gate in Gate:
            if gate in used and gate in GATES:
                yield Obligation(f"gate {gate.value}: stays below M", partial(_closed, gate))

    def _lemmas(self) -> Iterator[Obligation]:
        for number, text in enumerate(self.specification.lemmas):
            lemma = self.specification.formula(text)
            if not isinstance(lemma, Every):
                raise HardmaxError(f"lemma {number + 1}: expected all(...), found {text}")
            for part, script in (("start", self._lemma_start), ("step", self._lemma_step)):
                yield Obligation(f"lemma {number + 1}: {part}", partial(script, number, lemma))

    def _lemma_start(self, number: int, lemma: Every) -> Text:
        script = Script(self.specification)
        script.know_specification(number)
        return script.refuting(script.meaning.of_one(lemma, script.meaning.term(lemma.low)))

    def _lemma_step(self, number: int, lemma: Every) -> Text:
        script = Script(self.specification)
        script.know_specification(number)
        index = script.any()
        low, high = script.meaning.term(lemma.low), script.meaning.term(lemma.high)
        script.know(f"(and (<= {low} {index}) (< (+ {index} 1) {high}))")
        script.know(script.meaning.of_one(lemma, index))
        return script.refuting(script.meaning.of_one(lemma, f"(+ {index} 1)"))

    def _in_time(self) -> Text:
        script = Script(self.specification)
        script.know_specification(0)
        return script.refuting(f"(<= {self._threshold(script)} {self.budget})")

    def _threshold(self, script: Script) -> Text:
        return script.meaning.term(self.specification.term(self.right_from or ""))

    def _bound(self, phase: str, atoms: dict[str, Formula]) -> Obligation:
        """The first atom ``j <= E`` in which E stays the same during a run."""
        constant = {SIZE, *(parameter.name for parameter in self.specification.parameters)}
        for atom, formula in atoms.items():
            match formula:
                case Comparison("<=", Name("j"), right):
                    if names_of(right) <= constant and "mem" not in functions_of(right):
                        return Obligation(f"{phase}: bounded by {atom}", None)
        raise HardmaxError(f"{phase}: expected an atom that bounds its visits, found none")

    def _of_path(self, path: Path) -> Iterator[Obligation]:
        def obligation(goal: str, prove: Callable[[_PathScript], Text]) -> Obligation:
            return Obligation(f"{path}: {goal}", lambda: self._path_script(path).refuting(prove))

        if path.end == NEVER:
            yield obligation("impossible", lambda made: "false")
            return
        if path.end == HALT:
            yield obligation("outputs right", lambda made: made.outputs_right(made.moments[-1]))
            if self.right_from is None:
                yield obligation("within the budget", lambda made: f"(<= {made.now} {self.budget})")
        else:
            for atom, formula in self.atoms[path.end].items():
                yield obligation(atom, partial(_PathScript.holds_on_arrival, atom=formula))
        if self.right_from is not None:
            for steps in range(len(path.through)):
                goal = f"outputs right after {steps} timesteps"
                yield obligation(goal, partial(self._right_late, steps=steps))

    def _right_late(self, made: _PathScript, steps: int) -> Text:
        """If enough timesteps have passed some timesteps into a path, the outputs are right."""
        late = f"(>= (+ {made.began} {steps}) {self._threshold(made.script)})"
        return f"(=> {late} {made.outputs_right(made.moments[steps])})"

    def _path_script(self, path: Path) -> _PathScript:
        atoms = () if path.origin == START else tuple(self.atoms[path.origin].values())
        last = path.through[-1] if path.end == NEVER else None
        executed = path.through[:-1] if path.end == NEVER else path.through
        if path.end not in (NEVER, HALT):
            last = self.walk.head
        return _PathScript(
            self.specification,
            self.program.registers,
            path,
            atoms,
            [self.walk.by_name[name] for name in executed],
            None if last is None else self.walk.by_name[last],
        )


class _PathScript:
    """What is known on a path, as a script."""

    def __init__(
        self,
        specification: Specification,
        registers: int,
        path: Path,
        atoms: tuple[Formula, ...],
        executed: list[Option],
        last: Option | None,
    ) -> None:
        """``last`` is where the path is at its end, if it is not over then."""
        self.specification = specification
        self.path = path
        self.script = script = Script(specification)
        script.know_specification(len(specification.lemmas))
        from_start = path.origin == START
        self.memory = script.cell_of("m0" if from_start else "mem")
        if from_start:
            self.visit, self.began = "0", "0"
            first = Moment(("0",) * registers, ())
        else:
            names = [f"r{number + 1}" for number in range(registers)]
            script.lines += [f"(declare-const {name} Int)" for name in (*names, "j", "t")]
            self.visit, self.began = "j", "t"
            first = Moment(tuple(names), ())
            script.know("(>= j 0)")
            for name in names:
                script.know(inside(name))
            meaning = self._meaning(first, "j", "t")
            for atom in atoms:
                script.know_formula(atom, meaning)
        self.moments = [first]
        for option in executed:
            self._know_at(option)
            self.moments.append(self._after(option))
        if last is not None:
            self._know_at(last)
        self.now = f"(+ {self.began} {len(executed)})"

    def refuting(self, prove: Callable[[_PathScript], Text]) -> Text:
        """The script that is unsatisfiable if and only if a goal follows."""
        return self.script.refuting(prove(self))

    def outputs_right(self, moment: Moment) -> Text:
        """Whether the output cells hold what they should."""
        formula = self.specification.formula(self.specification.postcondition)
        return self.script.shown(formula, self._meaning(moment, "0", "0"))

    def holds_on_arrival(self, atom: Formula) -> Text:
        """Whether an atom of the phase at the path's end holds there."""
        visit = f"(+ {self.visit} 1)" if self.path.end == self.path.origin else "0"
        return self.script.shown(atom, self._meaning(self.moments[-1], visit, self.now))

    def _meaning(self, moment: Moment, visit: Text, time: Text) -> Meaning:
        registers = {f"r{i + 1}": value for i, value in enumerate(moment.registers)}
        return Meaning(
            {**self.script.meaning.names, **registers, "j": visit, "t": time},
            {**self.script.meaning.functions, "mem": lambda c: self._cell(moment, c)},
        )

    def _cell(self, moment: Moment, address: Text) -> Text:
        value = self.memory(address)
        for where, what in moment.written:
            value = f"(ite (= {where} {address}) {what} {value})"
        return value

    def _know_at(self, option: Option) -> None:
        """Assume that the registers' zero-bits are among those of an option."""
        registers = self.moments[-1].registers
        self.script.know(_one_of(set(option.patterns), registers))

    def _after(self, option: Option) -> Moment:
        """The next moment, one timestep later."""
        assert option.circuit is not None
        values = list(self.moments[-1].registers)
        written = self.moments[-1].written
        for operation in option.circuit.operations:
            operands = [values[operand] for operand in operation.operands]
            if operation.gate is Gate.WRITE:
                written = (*written, (operands[0], operands[1]))
                values.append("0")
            elif operation.gate is Gate.READ:
                values.append(self.script.named(self._cell(Moment((), written), operands[0])))
            else:
                a, b = (*operands, "0", "0")[:2]
                text = f"(let ((a {a}) (b {b})) {GATES[operation.gate]})"
                values.append(self.script.named(text))
        return Moment(tuple(values[output] for output in option.circuit.outputs), written)


def _one_of(patterns: set[int], registers: tuple[Text, ...]) -> Text:
    """Whether the pattern of zero registers, bit i for register i, is one of these."""
    if not patterns:
        return "false"
    if len(patterns) == 1 << len(registers):
        return "true"
    *rest, last = registers
    bit = 1 << len(rest)
    zero = _one_of({pattern & ~bit for pattern in patterns if pattern & bit}, tuple(rest))
    other = _one_of({pattern for pattern in patterns if not pattern & bit}, tuple(rest))
    return zero if zero == other else f"(ite (= {last} 0) {zero} {other})"


def _closed(gate: Gate) -> Text:
    """Whether a gate's value is below M, as a script."""
    lines = ["(set-logic QF_LIA)", f"(declare-const {SIZE} Int)"]
    lines += ["(declare-const a Int)", "(declare-const b Int)"]
    lines += [f"(assert (and (>= {SIZE} 1) {inside('a')} {inside('b')}))"]
    lines += [f"(define-fun value () Int {GATES[gate]})", f"(assert (not {inside('value')}))"]
    return "\n".join([*lines, "(check-sat)"]) + "\n"
