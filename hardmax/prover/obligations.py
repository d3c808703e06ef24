"""What has to be shown of each path, as queries to z3; docs/proofs.md lists the obligations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import z3

from hardmax.prover.deadline import Deadline
from hardmax.prover.failure import TimeUpError
from hardmax.prover.gates import MEANING, Integer
from hardmax.prover.instances import Instances
from hardmax.prover.paths import phase_number
from hardmax.prover.places import Place, Places
from hardmax.prover.specifications.formulas import Every, Formula
from hardmax.prover.symbols import Everywhere, Scope, Symbols, within
from hardmax.prover.templates import TIME, VISIT, register
from hardmax.prover.timestep import State
from hardmax.prover.z3_answer import z3_answer
from hardmax.runtime.nram.certificate import HALT, NEVER, START, Path
from hardmax.runtime.nram.gates import Gate
from hardmax.runtime.nram.program import Program

EFFORT, LITTLE_EFFORT = 20_000_000, 2_000_000
"""z3's units of work for one goal: some seconds, and a fraction of one."""

OUTPUTS, BUDGET, IMPOSSIBLE = "outputs right", "within the budget", "impossible"
"""Names of goals; the others are atoms and :func:`late_name`."""

IN_TIME = "outputs right from: within the budget"
"""The name of the obligation that the outputs are right before a run may be stopped."""

_LATE = "outputs right after"


def late_name(steps: int) -> str:
    """The name of the goal that outputs are right so many timesteps into a path."""
    return f"{_LATE} {steps} timesteps"


def is_late(goal: str) -> bool:
    """Whether a goal is one of :func:`late_name`."""
    return goal.startswith(_LATE)


def bound_name(phase: str, atom: str) -> str:
    """The name of the obligation that a phase ends."""
    return f"{phase}: bounded by {atom}"


class Query:
    """Goals by name and what is known when they are to hold; atoms are known when switched on."""

    def __init__(self, subject: str, deadline: Deadline) -> None:
        self.subject = subject
        self.deadline = deadline
        self.solver = z3.Solver()
        self.solver.set("ctrl_c", False)  # z3 would take Ctrl-C for an answer
        self.switches: dict[str, z3.BoolRef] = {}
        self.goals: dict[str, z3.BoolRef] = {}
        self._negated: dict[str, z3.BoolRef] = {}
        self._answer = z3.unknown

    def name(self, goal: str) -> str:
        """The obligation's name."""
        return f"{self.subject}: {goal}"

    def add_goal(self, name: str, formula: z3.BoolRef) -> None:
        """Add a goal."""
        self.goals[name] = formula
        self._negated[name] = z3.Bool(f"not {len(self.goals)}")
        self.solver.add(z3.Implies(self._negated[name], z3.Not(formula)))

    def shown(self, atoms: Sequence[str], goal: str, effort: int = EFFORT) -> bool:
        """Whether a goal follows from the atoms; False also where z3 does not know.

        Raises:
            TimeUpError: there is no time to ask it.
        """
        left = self.deadline.left()
        self.solver.set("rlimit", effort)
        assumed = [self.switches[atom] for atom in atoms]
        try:
            self._answer = z3_answer(self.solver, [*assumed, self._negated[goal]], left)
        except TimeoutError:
            raise TimeUpError("the time limit") from None
        return bool(self._answer == z3.unsat)

    def fails(self, goals: Sequence[str]) -> list[str]:
        """Of several goals, those that fail where the last one that was not shown does."""
        if self._answer == z3.unknown:
            return []
        model = self.solver.model()
        return [goal for goal in goals if z3.is_false(model.eval(self.goals[goal]))]

    def needed(self) -> frozenset[str]:
        """The atoms by which the last goal that was shown holds."""
        core = {str(switch) for switch in self.solver.unsat_core()}
        return frozenset(atom for atom, switch in self.switches.items() if str(switch) in core)


@dataclass
class PathQuery:
    """The query of one path."""

    path: Path
    query: Query


class Obligations:
    """Makes the queries of one program and specification."""

    def __init__(
        self,
        program: Program,
        places: Places,
        symbols: Symbols,
        head: Place | None,
        deadline: Deadline,
    ) -> None:
        self.program = program
        self.places = places
        self.symbols = symbols
        self.instances = Instances(symbols)
        self.specification = symbols.specification
        self.head = head
        self.deadline = deadline

    def gates(self) -> list[Query]:
        """Every gate that the program uses yields a value of 0..M-1."""
        used = {op.gate for circuit in self.program.circuits() for op in circuit.operations}
        size, a, b = self.symbols.size, z3.Int("first operand"), z3.Int("second operand")
        queries = []
        for gate in Gate:
            if gate in used and gate in MEANING:
                query = Query(f"gate {gate.value}", self.deadline)
                query.solver.add(size >= 1, within(a, size), within(b, size))
                query.add_goal("stays below M", within(MEANING[gate](a, b, size), size))
                queries.append(query)
        return queries

    def lemmas(self) -> list[Query]:
        """Every lemma holds, by induction, from the specification and the lemmas before it."""
        queries = []
        scope = self.symbols.scope
        for number, lemma in enumerate(self.symbols.lemmas):
            low, high = scope.term(lemma.low), scope.term(lemma.high)
            index = z3.Int("any index")
            here = z3.And(low <= index, index + 1 < high)
            step = z3.Implies(
                z3.And(here, scope.instance(lemma, index)),
                scope.instance(lemma, z3.simplify(index + 1)),
            )
            for goal, formula in (("start", scope.instance(lemma, low)), ("step", step)):
                query = Query(f"lemma {number + 1}", self.deadline)
                query.add_goal(goal, formula)
                known = list(self.symbols.assumed)
                earlier = self.symbols.known_lemmas(number)
                query.solver.add(*known, *self.instances.facts([*known, formula], earlier))
                queries.append(query)
        return queries

    def in_time(self, right_from: str) -> Query:
        """The timestep from which on outputs are right is within the budget."""
        subject, goal = IN_TIME.split(": ")
        query = Query(subject, self.deadline)
        threshold = self.symbols.scope.term(self.specification.term(right_from))
        formula = threshold <= self._budget()
        query.add_goal(goal, formula)
        known = list(self.symbols.assumed)
        query.solver.add(*known, *self.instances.facts([*known, formula], ()))
        return query

    def of_path(
        self,
        path: Path,
        atoms: Sequence[Sequence[str]],
        right_from: str | None,
        alone: str | None = None,
    ) -> PathQuery:
        """What has to be shown of a path, given the atoms of every phase.

        What is known of all is used at the values that all goals and atoms mention together; with
        ``alone``, a goal, at those that this one and the atoms mention: that is the obligation.
        """
        self.deadline.left()
        query = Query(str(path), self.deadline)
        names = [register(i) for i in range(self.program.registers)]
        size, visit, elapsed = self.symbols.size, z3.Int(VISIT), z3.Int(TIME)
        everywhere = self.symbols.known_lemmas(len(self.symbols.lemmas))
        known: list[z3.BoolRef] = list(self.symbols.assumed)
        if path.origin == START:
            elapsed = z3.IntVal(0)
            state = State((z3.IntVal(0),) * len(names), self.symbols.at_start)
        else:
            state = State(tuple(z3.Int(name) for name in names), self.symbols.now)
            known += [visit >= 0, *(within(register_, size) for register_ in state.registers)]
            scope = self._scope(state, visit, elapsed)
            for atom in atoms[phase_number(path.origin)]:
                switch = z3.Bool(f"atom {atom}")
                query.switches[atom] = switch
                formula = self.specification.formula(atom)
                if isinstance(formula, Every):
                    everywhere.append(Everywhere(formula, scope, switch))
                else:
                    known.append(z3.Implies(switch, scope.formula(formula)))

        states = [state]
        for i, name in enumerate(path.through):
            place = self.places.by_name[name]
            known.append(self.places.condition(place, states[-1].registers))
            reached = path.end != NEVER or i < len(path.through) - 1
            if reached and place.row is not None:
                states.append(states[-1].after(place.row.circuit, size))
        executed = len(states) - 1
        elapsed_after = elapsed + executed
        if path.end == NEVER:
            query.add_goal(IMPOSSIBLE, z3.BoolVal(False))
        elif path.end == HALT:
            query.add_goal(OUTPUTS, self._outputs_right(states[-1]))
            if right_from is None:
                query.add_goal(BUDGET, elapsed_after <= self._budget())
        elif self.head is not None:
            known.append(self.places.condition(self.head, states[-1].registers))
            arrived = visit + 1 if path.end == path.origin else z3.IntVal(0)
            scope = self._scope(states[-1], arrived, elapsed_after)
            for atom in atoms[phase_number(path.end)]:
                query.add_goal(atom, _shown(scope, self.specification.formula(atom)))
        if right_from is not None and path.end != NEVER:
            threshold = self.symbols.scope.term(self.specification.term(right_from))
            for steps, between in enumerate(states[:executed]):
                late = elapsed + steps >= threshold
                right = self._outputs_right(between)
                query.add_goal(late_name(steps), z3.Implies(late, right))
        goals = query.goals.values() if alone is None else [query.goals[alone]]
        query.solver.add(*known, *self.instances.facts([*known, *goals], everywhere))
        return PathQuery(path, query)

    def _budget(self) -> Integer:
        return self.program.metadata.budget.steps(self.symbols.size)

    def _scope(self, state: State, visit: Integer, elapsed: Integer) -> Scope:
        """What formulas may speak of at a state."""
        registers = {register(i): value for i, value in enumerate(state.registers)}
        return Scope(
            {**self.symbols.scope.names, **registers, VISIT: visit, TIME: elapsed},
            {**self.symbols.scope.functions, "mem": state.cell},
        )

    def _outputs_right(self, state: State) -> z3.BoolRef:
        nothing = z3.IntVal(0)
        formula = self.specification.formula(self.specification.postcondition)
        return _shown(self._scope(state, nothing, nothing), formula)


def _shown(scope: Scope, formula: Formula) -> z3.BoolRef:
    """A goal: of a range, what is said of one fresh value."""
    if isinstance(formula, Every):
        return scope.instance(formula, z3.Int("any cell"))
    return scope.formula(formula)
