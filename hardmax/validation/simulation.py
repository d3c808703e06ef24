"""That code does what a Program does: a simulation relation between the two, found and shown.

Both start on the same memory. Paths through the code are cut at the heads of its loops. At a cut, a
relation says how the code's values follow from the Program's registers; it is found by starting
from all candidates and dropping what a path does not preserve (Houdini), until nothing falls. Of
every path from cut to cut it is shown that the Program, from where it is, takes some timesteps to a
state that the relation holds of, with the same memory; of every path that returns, that the
Program's run ends with the same memory, the same number of timesteps and the same status.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import z3

from hardmax.prover.z3_answer import z3_answer
from hardmax.runtime.abi import Status
from hardmax.runtime.nram.program import Program
from hardmax.validation.execution import (
    FALSE,
    MEMORY,
    PURE,
    STEPS_OUT,
    Address,
    Arrival,
    Environment,
    Execution,
    Meaning,
    NotCoveredError,
    Number,
    Return,
    Store,
    Term,
    UndefinedBehaviourError,
    Value,
    symbol,
)
from hardmax.validation.gates import Word
from hardmax.validation.ir import Function, Global, Instruction, Local, back_edges
from hardmax.validation.steps import Ended, State, has_bits, timestep

MOST_STEPS = 200
"""Timesteps of a Program on one path."""


class NotShownError(Exception):
    """It was not shown that the code does what the Program does; the message is the reason."""


@dataclass(frozen=True)
class Shown:
    """What was shown, in numbers: cuts, paths followed (some again and again), queries to z3.

    The latter two depend on what counterexamples z3 finds.
    """

    cuts: int
    paths: int
    queries: int


@dataclass
class Cut:
    """A block at which paths are cut, the Program being in one of its controller's states.

    Attributes:
        values: of each of the code's values that matters, the terms that it is equal to.
        facts: what holds of the Program there.
        patterns: the zero-bits that its registers may have.
        counter: the value that is the number of timesteps left.
        fixed: values that are the same whenever a run comes by: pointers, what is allocated.
        slots: what was allocated.
    """

    function: Function
    block: str
    state: int
    values: dict[Local, list[Number]]
    facts: list[z3.BoolRef]
    counter: Local
    fixed: dict[Local, Value]
    slots: dict[str, Value]
    sound: set[Local]
    patterns: set[int] = field(default_factory=set)

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.function.name}, block {self.block}"


class Simulation:
    """Of one function and one Program."""

    def __init__(
        self,
        program: Program,
        functions: dict[str, Function],
        name: str,
        deadline: float,
        report: Callable[[str], None],
    ) -> None:
        self.program = program
        self.entry = functions[name]
        self.functions = {each.name: each for each in _called(self.entry, functions)}
        self.deadline = deadline
        self.report = report
        self.size: Word = z3.BitVec("size", 32)
        self.steps: Word = z3.BitVec("max_steps", 64)
        self.is_null = {MEMORY: z3.Bool("memory is null"), STEPS_OUT: z3.Bool("steps_out is null")}
        self.meaning = Meaning(self.size, self.is_null)
        words = z3.BitVecSort(32)
        self.state = State(
            0,
            tuple(z3.BitVec(f"r{i + 1}", 32) for i in range(program.registers)),
            z3.Array("memory", words, words),
            z3.BitVec("left", 64),
        )
        self.blocks = {
            function.name: frozenset(head for _, head in back_edges(function))
            for function in self.functions.values()
        }
        self.definitions = {
            function.name: {
                Local(instruction.name): instruction
                for block in function.blocks.values()
                for instruction in (*block.phis, *block.body)
                if instruction.name
            }
            for function in self.functions.values()
        }
        self.live = {function.name: _live(function) for function in self.functions.values()}
        self.cuts: dict[tuple[str, str, int], Cut] = {}
        self.changed: list[tuple[str, str, int]] = []
        self.still: dict[tuple[str, str, int], set[tuple[str, str, int]]] = {}
        self.queries = self.paths = 0

    def show(self) -> Shown:
        """Show that the function does what the Program does.

        Raises:
            NotShownError: it was not shown.
        """
        try:
            self._from_start()
            while self.changed:
                key = self.changed.pop(0)
                self._from_cut(key)
        except NotCoveredError as error:
            raise NotShownError(f"not covered: {error}") from None
        except UndefinedBehaviourError as error:
            raise NotShownError(str(error)) from None
        self._expect_progress()
        return Shown(len(self.cuts), self.paths, self.queries)

    def _from_start(self) -> None:
        """Every path from the function's first block."""
        zero = z3.BitVecVal(0, 32)
        registers = (zero,) * self.program.registers
        start = State(self.program.start_state, registers, self.state.memory, self.steps)
        names = [Local(name) for name in self.entry.parameters]
        nowhere = z3.BitVecVal(0, 64)
        environment = dict(
            zip(
                names,
                (
                    Value(Address(MEMORY, nowhere)),
                    Value(self.size),
                    Value(self.steps),
                    Value(Address(STEPS_OUT, nowhere)),
                ),
                strict=True,
            )
        )
        solver = self._solver()
        execution = self._execution(solver)
        store = Store(self.state.memory, {})
        invalid = z3.Or(self.is_null[MEMORY], self.size == 0)
        ended = Ended(Status.INVALID_ARGUMENT, start.memory, start.left)
        for end in execution.paths(self.entry, self.entry.entry, environment, store):
            self.paths += 1
            for condition, outcome in ((invalid, ended), (z3.Not(invalid), start)):
                solver.push()
                solver.add(condition)
                if self._possible(solver, z3.BoolVal(True)):
                    self._follow(solver, end, outcome, None)
                solver.pop()

    def _from_cut(self, key: tuple[str, str, int]) -> None:
        """Every path from a cut."""
        cut = self.cuts[key]
        self.report(f"{cut.name}: {len(cut.patterns)} situations")
        self.still[key] = set()
        solver = self._solver()
        execution = self._execution(solver)
        environment, equal = self._environment(cut)
        state = State(cut.state, self.state.registers, self.state.memory, self.state.left)
        solver.add(*equal, *cut.facts, has_bits(state.registers, sorted(cut.patterns)))
        solver.add(self.size != 0, *(z3.ULT(value, self.size) for value in state.registers))
        store = Store(self.state.memory, cut.slots)
        for end in execution.paths(cut.function, cut.block, environment, store):
            self.paths += 1
            self._follow(solver, end, state, key)

    def _follow(
        self,
        solver: z3.Solver,
        end: Arrival | Return,
        state: State | Ended,
        origin: tuple[str, str, int] | None,
        steps: int = 0,
    ) -> None:
        """Let the Program do what a path of the code has done."""
        if steps > MOST_STEPS:
            raise NotShownError("the Program takes too many timesteps on one path")
        if isinstance(state, Ended):
            self._expect_same_end(solver, end, state)
            return
        if isinstance(end, Arrival) and self._is_there(end, state):
            key = self._arrive(solver, end, state)
            if steps == 0 and origin is not None:
                self.still[origin].add(key)
            return
        for condition, outcome in timestep(self.program, state, self.size):
            solver.push()
            solver.add(z3.simplify(condition))
            if self._possible(solver, z3.BoolVal(True)):
                self._follow(solver, end, outcome, origin, steps + 1)
            solver.pop()

    def _is_there(self, end: Arrival, state: State) -> bool:
        """Whether code and Program have as many timesteps left."""
        cut = self.cuts.get((end.function.name, end.block, state.number))
        counters = [cut.counter] if cut is not None else self._counters(end)
        return any(
            _same(end.environment[counter].term, state.left)
            for counter in counters
            if counter in end.environment
        )

    def _counters(self, end: Arrival) -> list[Local]:
        """The values that may be the number of timesteps left."""
        phis = [phi for phi in end.function.blocks[end.block].phis if phi.type == "i64"]
        return [Local(phi.name) for phi in phis]

    def _expect_same_end(self, solver: z3.Solver, end: Arrival | Return, ended: Ended) -> None:
        if isinstance(end, Arrival):
            raise NotShownError(
                f"the Program ends ({ended.status.name.lower()}) where the code goes on to "
                f"{end.function.name}, block {end.block}"
            )
        steps = self.steps - ended.left
        stored = end.store.steps
        null = self.is_null[STEPS_OUT]
        same = [
            ("status", end.value == z3.BitVecVal(ended.status, 32)),
            ("timesteps", null if stored is None else stored == steps),
            ("memory", _same_cell(end.store.memory, ended.memory)),
        ]
        for name, goal in same:
            if self._possible(solver, z3.Not(goal)):
                raise NotShownError(f"not the same {name} at the end ({ended.status.name.lower()})")

    def _arrive(self, solver: z3.Solver, end: Arrival, state: State) -> tuple[str, str, int]:
        """Let the relation hold of an arrival, weakened if need be."""
        key = (end.function.name, end.block, state.number)
        if self._possible(solver, z3.Not(_same_cell(end.store.memory, state.memory))):
            raise NotShownError(f"not the same memory at {end.function.name}, block {end.block}")
        if key not in self.cuts:
            self.cuts[key] = self._new_cut(end, state)
            self._mark(key)
        cut = self.cuts[key]
        environment = self._on_arrival(cut, end)
        if {base: str(value) for base, value in end.store.slots.items()} != {
            base: str(value) for base, value in cut.slots.items()
        }:
            raise NotShownError(f"what was allocated changes at {cut.name}")
        now = [*self.state.registers, self.state.memory, self.state.left]
        then = [*state.registers, state.memory, state.left]
        substitution = list(zip(now, then, strict=True))

        def at_arrival(term: z3.ExprRef) -> z3.ExprRef:
            return z3.substitute(term, *substitution)

        while True:
            goals: list[tuple[Local | None, Number, z3.BoolRef]] = [
                (None, fact, at_arrival(fact)) for fact in cut.facts
            ]
            for local, terms in cut.values.items():
                value = environment[local].term
                goals += [(local, term, value == at_arrival(term)) for term in terms]
            for local in cut.sound:
                goals.append((local, FALSE, z3.Not(environment[local].poison)))
            model = self._counterexample(solver, [goal for _, _, goal in goals])
            if model is None:
                break
            for owner, term, goal in goals:
                if not z3.is_false(model.eval(goal, model_completion=True)):
                    continue
                if owner is None:
                    cut.facts = [fact for fact in cut.facts if not fact.eq(term)]
                elif term is FALSE:
                    cut.sound.discard(owner)
                else:
                    cut.values[owner] = [t for t in cut.values[owner] if not t.eq(term)]
            self._mark(key)
        while True:
            known = has_bits(state.registers, sorted(cut.patterns))
            model = self._counterexample(solver, [known])
            if model is None:
                return key
            zeros = [z3.is_true(model.eval(r == 0, model_completion=True)) for r in state.registers]
            cut.patterns.add(sum(1 << i for i, zero in enumerate(zeros) if zero))
            self._mark(key)

    def _mark(self, key: tuple[str, str, int]) -> None:
        if key not in self.changed:
            self.changed.append(key)

    def _new_cut(self, end: Arrival, state: State) -> Cut:
        """A cut with all candidates."""
        function, block = end.function, end.block
        live = self._closure(function, block)
        counter = next(
            local for local in self._counters(end) if _same(end.environment[local].term, state.left)
        )
        values: dict[Local, list[Number]] = {}
        fixed: dict[Local, Value] = {}
        for local in live:
            value = end.environment[local]
            term = value.term
            if isinstance(term, Address):
                if self._is_closed(term.index) and z3.is_false(value.poison):
                    fixed[local] = value
                elif self.definitions[function.name][local].opcode in PURE:
                    values[local] = []
                else:
                    raise NotCoveredError(f"a pointer that moves at {block}: %{local.name}")
            elif local in map(Local, function.parameters):
                if not self._is_closed(term):
                    raise NotCoveredError(f"an argument that is no argument of {self.entry.name}")
                fixed[local] = value
            else:
                closed = [term] if self._is_closed(term) else []
                values[local] = [*closed, *self._candidates(term)]
        values[counter] = [self.state.left]
        for base, slot in end.store.slots.items():
            if isinstance(slot.term, Address) or not self._is_closed(slot.term):
                raise NotCoveredError(f"{base} changes at {block}")
        return Cut(
            function,
            block,
            state.number,
            values,
            list(self._facts()),
            counter,
            fixed,
            dict(end.store.slots),
            set(values),
        )

    def _candidates(self, term: Number) -> Iterator[Number]:
        """What a value of the code may be equal to."""
        registers, memory = self.state.registers, self.state.memory
        if z3.is_bool(term):
            yield from (register == 0 for register in registers)
            yield from (register != 0 for register in registers)
        elif z3.is_bv(term) and term.size() == 32:
            yield from registers
            yield from (memory[register] for register in registers)
            yield from (memory[z3.BitVecVal(cell, 32)] for cell in range(3))
        elif z3.is_bv(term) and term.size() == 64:
            yield self.state.left

    def _facts(self) -> Iterator[z3.BoolRef]:
        """What may hold of the Program at a cut."""
        registers, memory = self.state.registers, self.state.memory
        constants = [*(z3.BitVecVal(value, 32) for value in range(3)), self.size - 1]
        yield from (z3.UGT(self.size, number) for number in range(1, 5))
        yield from (z3.ULT(self.size, number) for number in range(2, 6))
        yield from (z3.UGT(self.state.left, number) for number in range(3))
        yield z3.Not(self.is_null[MEMORY])
        for cell in range(3):
            is_address = z3.ULT(memory[z3.BitVecVal(cell, 32)], self.size)
            yield is_address
            yield z3.Or(self.state.left == self.steps, is_address)  # from the second timestep on
        for register in registers:
            yield from (register == constant for constant in constants)
            yield from (memory[constant] == register for constant in constants[:3])
        yield from (a == b for a, b in itertools.combinations(registers, 2))
        yield from (memory[a] == b for a, b in itertools.permutations(registers, 2))

    def _closure(self, function: Function, block: str) -> list[Local]:
        """The values that code from a block on may use, and those that these follow from."""
        definitions = self.definitions[function.name]
        phis = [Local(phi.name) for phi in function.blocks[block].phis]
        pending = [*phis, *sorted(self.live[function.name][block], key=lambda local: local.name)]
        found: dict[Local, None] = {}
        while pending:
            local = pending.pop(0)
            if local in found:
                continue
            found[local] = None
            instruction = definitions.get(local)
            if instruction is not None and instruction.opcode in PURE:
                pending += [o for o in instruction.operands if isinstance(o, Local)]
        return list(found)

    def _environment(self, cut: Cut) -> tuple[Environment, list[z3.BoolRef]]:
        """The code's values at a cut, and the equations that hold there."""
        environment: dict[Local, Value] = dict(cut.fixed)
        equal: list[z3.BoolRef] = []
        definitions = self.definitions[cut.function.name]

        def resolve(local: Local) -> Value:
            if local not in environment:
                environment[local] = self._at_cut(cut, local, definitions[local], resolve, equal)
            return environment[local]

        for local in cut.values:
            resolve(local)
        return environment, equal

    def _at_cut(
        self,
        cut: Cut,
        local: Local,
        definition: Instruction,
        resolve: Callable[[Local], Value],
        equal: list[z3.BoolRef],
    ) -> Value:
        name = f"{cut.function.name} %{local.name}"
        poison = FALSE if local in cut.sound else z3.Bool(f"{name} is poison")
        terms = cut.values[local]
        equal += [terms[0] == term for term in terms[1:]]
        is_here = definition in cut.function.blocks[cut.block].phis
        if definition.opcode in PURE and not is_here:
            for operand in definition.operands:
                if isinstance(operand, Local):
                    resolve(operand)
            known = {o: resolve(o) for o in definition.operands if isinstance(o, Local)}
            operands = [self.meaning.operand(o, known) for o in definition.operands]
            value = self.meaning.value(definition, operands)
            if local in cut.sound:
                equal.append(z3.Not(value.poison))
            if not terms:
                return Value(value.term, FALSE if local in cut.sound else value.poison)
            equal.append(z3.Or(poison, terms[0] == value.term))
        return Value(terms[0] if terms else symbol(name, definition.type), poison)

    def _on_arrival(self, cut: Cut, end: Arrival) -> Environment:
        for local, value in cut.fixed.items():
            if str(end.environment[local]) != str(value):
                raise NotShownError(f"the pointer %{local.name} changes at {cut.name}")
        return end.environment

    def _is_closed(self, term: z3.ExprRef) -> bool:
        """Whether a term is over the arguments alone."""
        allowed = {str(self.size), str(self.steps), *map(str, self.is_null.values())}
        return _symbols(term) <= allowed

    def _expect_progress(self) -> None:
        """Code may not go round without a timestep of the Program."""
        left = {key: set(following) for key, following in self.still.items()}
        while left:
            done = [key for key, following in left.items() if not following & left.keys()]
            if not done:
                raise NotShownError("the code may go round where the Program does nothing")
            for key in done:
                del left[key]

    def _solver(self) -> z3.Solver:
        solver = z3.SolverFor("QF_ABV")
        solver.set("ctrl_c", False)  # z3 would take Ctrl-C for an answer
        return solver

    def _execution(self, solver: z3.Solver) -> Execution:
        return Execution(
            self.functions,
            self.blocks,
            self.meaning,
            solver,
            lambda formula: self._possible(solver, formula),
        )

    def _possible(self, solver: z3.Solver, formula: z3.BoolRef) -> bool:
        """Whether something may hold together with what a solver knows."""
        return bool(self._check(solver, formula) == z3.sat)

    def _counterexample(self, solver: z3.Solver, goals: Sequence[z3.BoolRef]) -> z3.ModelRef | None:
        """Where not all goals hold; None where they do."""
        negated = z3.Not(z3.And(*goals))
        return solver.model() if self._check(solver, negated) == z3.sat else None

    def _check(self, solver: z3.Solver, formula: z3.BoolRef) -> z3.CheckSatResult:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise NotShownError("the time limit")
        simple = z3.simplify(formula)
        if z3.is_false(simple):
            return z3.unsat
        self.queries += 1
        try:
            answer = z3_answer(solver, [simple], left)
        except TimeoutError:
            raise NotShownError("the time limit") from None
        if answer == z3.unknown:
            raise NotShownError(f"z3 does not know: {solver.reason_unknown()}")
        return answer


def _same(a: Term, b: Term) -> bool:
    return (
        isinstance(a, z3.ExprRef)
        and isinstance(b, z3.ExprRef)
        and z3.simplify(a).eq(z3.simplify(b))
    )


def _same_cell(a: z3.ArrayRef, b: z3.ArrayRef) -> z3.BoolRef:
    """Whether two memories are the same, in any cell."""
    if z3.simplify(a).eq(z3.simplify(b)):
        return z3.BoolVal(True)
    cell = z3.BitVec("any cell", 32)
    same: z3.BoolRef = a[cell] == b[cell]
    return same


def _symbols(term: z3.ExprRef) -> set[str]:
    """The names of what a term is over."""
    found: set[str] = set()
    pending = [term]
    while pending:
        one = pending.pop()
        if z3.is_const(one) and one.decl().kind() == z3.Z3_OP_UNINTERPRETED:
            found.add(str(one))
        pending += one.children()
    return found


def _called(entry: Function, functions: dict[str, Function]) -> list[Function]:
    """A function and those that it may call."""
    found = [entry]
    for function in found:
        for block in function.blocks.values():
            for operand in (o for i in block.body if i.opcode == "call" for o in i.operands):
                if isinstance(operand, Global) and operand.name in functions:
                    callee = functions[operand.name]
                    if callee not in found:
                        found.append(callee)
    return found


def _live(function: Function) -> dict[str, set[Local]]:
    """Of each block, the values from before it that it, or what follows, uses."""
    live: dict[str, set[Local]] = {name: set() for name in function.blocks}
    changed = True
    while changed:
        changed = False
        for name, block in reversed(list(function.blocks.items())):
            after: set[Local] = set()
            for successor in block.successors:
                following = function.blocks[successor]
                after |= live[successor] - {Local(phi.name) for phi in following.phis}
                for phi in following.phis:
                    operand = phi.operands[phi.labels.index(name)]
                    if isinstance(operand, Local):
                        after.add(operand)
            for instruction in reversed(block.body):
                after.discard(Local(instruction.name))
                after |= {o for o in instruction.operands if isinstance(o, Local)}
            after -= {Local(phi.name) for phi in block.phis}
            if after != live[name]:
                live[name] = after
                changed = True
    return live
