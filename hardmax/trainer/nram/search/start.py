"""One start of a search, by one of several plans.

``grow``
    Simulated annealing. Judge runs by how they end (and half by their best moment), on examples of
    complexity 2; when all are right, on examples one larger, and so on.
``ladder``
    As ``grow``, but by parallel tempering: several chains, each at a temperature of its own,
    exchange their programs (Geyer 1991), and runs are judged by how they end only. What was right
    at a moment may have been so by chance, where the answer is one cell.
``mixed``
    As ``ladder``, but on examples of every size from the beginning. What is right on all examples
    of complexity 2 is often a list of special cases, from which no small step leads on.
``moment``
    Judge runs by their best moment only, on examples of every size; refine what is nearly right;
    then find a signal to stop (:mod:`hardmax.trainer.nram.search.stops`), and refine again, judged
    by how runs end.
``temper``
    As ``moment``, by parallel tempering. A single chain that cools is caught by one of the many
    programs that are right on most examples for the wrong reason. One register stays 0 until it
    gets the signal to stop, as a program that uses all of them has no place for it.
``polish``
    Begin with a given program that is nearly right.

A start depends on the seed and its own number only.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hardmax.trainer.nram.native.evaluation import LANES
from hardmax.trainer.nram.search.chain import SOLVED, Schedule, anneal
from hardmax.trainer.nram.search.evaluation import (
    Sample,
    Weights,
    packed,
    sample_room,
    score,
    weights,
)
from hardmax.trainer.nram.search.examples import subset
from hardmax.trainer.nram.search.judge import (
    AT_END,
    all_halt,
    budget_steps,
    find_unfinished,
    find_wrong,
)
from hardmax.trainer.nram.search.kernel import (
    Examples,
    Flags,
    Integers,
    TableMachine,
    assemble,
    table_machine,
)
from hardmax.trainer.nram.search.problem import POOL, Problem
from hardmax.trainer.nram.search.stops import Stop, build_stop, find_stop, redraw_dead
from hardmax.trainer.nram.search.table import Shape, Table

CHUNK = 20_000
"""Evaluations between two looks at the clock."""

LOOK = 20
"""Evaluations that a look at a whole pool counts as: nothing that takes time may be for free."""

BEST = weights(best=1.0)
"""Weights that count the best moment of a run only."""

NEAR = weights(best=0.0, distant=0.5)
"""Weights that count being near the answer as much as the answer."""

GROW = Schedule(hot=0.03, cold=0.0006, evaluations=400_000, sample=96)
MOMENT = Schedule(hot=0.03, cold=0.0006, evaluations=0, sample=32, weights=BEST)
POLISH = Schedule(hot=0.006, cold=0.0006, evaluations=600_000, sample=96, weights=weights(best=0.3))
REFINE = Schedule(hot=0.0, cold=0.0, evaluations=60_000, sample=128, redraw=1_000)

MOMENT_EVALUATIONS = (60_000, 120_000, 240_000, 480_000)
"""Starts of the plan ``moment`` are short and long in turn: tasks differ in what they need."""

TEMPERATURES = tuple(np.geomspace(0.02, 0.0015, 8).tolist())
"""Of the chains of the plans ``temper``, ``ladder`` and ``mixed``."""

TEMPER = Schedule(evaluations=2_000, sample=64, redraw=2_000, weights=BEST)
"""What each chain does between two exchanges."""

LADDER = Schedule(evaluations=2_000, sample=96, redraw=2_000, weights=AT_END)
"""What each chain of the plans ``ladder`` and ``mixed`` does between two exchanges."""

LADDER_EVALUATIONS = (800_000, 1_600_000)
"""The most that starts of the plan ``ladder`` take, in turn."""

MIXED_EVALUATIONS = 1_200_000
"""The most that a start of the plan ``mixed`` takes."""

SPARE = 0
"""The register that the chains of the plan ``temper`` leave alone."""

TEMPER_CIRCUITS = 3
TEMPER_EVALUATIONS = 12_000_000
"""The most that a start of the plan ``temper`` takes, all chains together."""

EXCHANGE_SAMPLE = 256
"""Examples on which neighbours are compared."""

REMEMBER_EVERY, REMEMBERED = 20, 0.07
"""Exchanges after which the examples that the coldest chain misses gain so much weight."""

REFINE_HEAT = (0.002, 0.0005, 0.004, 0.001)
"""Temperatures that rounds of refining start at, in turn; each falls to a quarter of it."""

REFINE_ROUNDS = 16

STRAY = 64
"""A round of refining ends when three times as many examples are wrong as before it, and so many
more."""

STOP_TRIALS, HOPELESS_TRIALS, HOPEFUL = 600, 100, 0.75
"""Times that the dead modules are redrawn in search of a signal to stop; and times after which that
ends where none has come so near to ending every run right."""

BUILDS = 300
"""Random ways tried to build a promising signal in."""

PROMISING, TEMPERED = 0.9, 0.95
"""Scores above which a plan goes on to its next part."""

HALTING = Schedule(
    evaluations=150_000, sample=96, redraw=1_000, weights=weights(best=0.0, idle=0.3)
)
HALTING_HEAT = (0.003, 0.003, 0.01, 0.01)
"""Temperatures that rounds of looking for a program that halts, too, start at.

In turn, runs get more time than is natural, and all that they may take: a program that stops only
when its pointer has come around takes long in a memory that is large for what it holds.
"""

HALTING_EVALUATIONS = 800_000
"""The most that is spent on making a program that is right halt by itself."""


@dataclass(frozen=True)
class Order:
    """Which start is made of what, and by which plan.

    Attributes:
        number: of the start, from 1.
        turn: how many starts there were before by this plan.
    """

    number: int
    plan: str
    turn: int
    shape: Shape


class StoppedError(Exception):
    """The start may not go on."""


@dataclass
class Standing:
    """How a start stands, for whoever watches it from another thread."""

    plan: str = ""
    level: int = 0
    score: float = 0.0
    evaluations: int = 0
    found: bool = False
    table: Table | None = None


class Start:
    """One start: its random numbers, its chains, how far it is."""

    def __init__(
        self,
        problem: Problem,
        order: Order,
        exact: Callable[[Table], bool],
        seed: int,
        circuits: int,
        most_evaluations: float,
        stopped: Callable[[], bool],
    ) -> None:
        """Prepare a start.

        Args:
            exact: whether a program is accepted.
            circuits: at most this many different rows.
            most_evaluations: programs that may be judged.
            stopped: asked often whether to give up.
        """
        self.problem = problem
        self.order = order
        self.shape = order.shape
        self.exact = exact
        self.circuits = circuits
        self.most_evaluations = most_evaluations
        self.stopped = stopped
        self.pools, self.patient, self.cells = problem.pools, problem.patient, problem.cells
        self.top = problem.top
        self.missed = np.ones(POOL)
        self.rooms: dict[int, Sample] = {}
        self.whole: dict[int, Sample] = {}
        self.rng = np.random.default_rng([seed, order.number])
        self.random: Integers = self.rng.integers(1, 1 << 63, size=1, dtype=np.uint64)
        self.standing = Standing(order.plan, problem.complexities[0])

    @property
    def evaluations(self) -> int:
        """Programs judged so far."""
        return self.standing.evaluations

    def run(self, start: Table | None = None) -> Table | None:
        """A program that is exact; None where the plan ends without one.

        Args:
            start: what the plan ``polish`` begins with.
        """
        try:
            if start is not None:
                table = self.polish(table_machine(start, self.circuits, self.cells))
            else:
                table = {
                    "grow": self.grow,
                    "moment": self.moment,
                    "ladder": self.ladder,
                    "mixed": self.mixed,
                    "temper": self.temper,
                }[self.order.plan]()
            if table is None:
                return None
            if not self.exact(table):
                # Examples that are all there is would not tell a loop from a coincidence.
                return self.halting(table) if self.problem.task.drawn else None
        except StoppedError:
            return None
        self.standing.found = True
        try:
            return self.halting(table) or table
        except StoppedError:
            return table

    def room(self, schedule: Schedule) -> Sample:
        """Room for the examples that a chain of a schedule looks at."""
        if schedule.sample not in self.rooms:
            self.rooms[schedule.sample] = sample_room(schedule.sample, self.cells)
        return self.rooms[schedule.sample]

    def all_of(self, pool: Examples, steps: Integers) -> Sample:
        """All examples of a pool, each with the time that it may take; they are packed once."""
        key = id(pool.memory)
        if key not in self.whole:
            self.whole[key] = packed(pool, steps)
        sample = self.whole[key]
        sample.steps.ravel()[: len(steps)] = steps
        return sample

    def random_machine(self, circuits: int, seen: int | None = None) -> TableMachine:
        """A machine that does the same random thing in every row, and does not halt.

        Args:
            seen: a mask of the registers that may choose the circuit; None for all of them.
        """
        row = (self.rng.random(self.shape.slots) * self.shape.limits()).astype(np.int16)
        row[self.shape.halt_slot] = 0
        table = Table(self.shape, np.tile(row, (self.shape.rows, 1)))
        return table_machine(table, circuits, self.cells, seen)

    def copy(self, chain: TableMachine, circuits: int = 1) -> TableMachine:
        """A machine of the same program with room for ``circuits``, at least its own."""
        return table_machine(self.table(chain), circuits, self.cells)

    def table(self, chain: TableMachine) -> Table:
        return Table(self.shape, chain.code[chain.table].astype(np.int16))

    def spend(self, evaluations: int, plan: str, level: int, current: float) -> None:
        """Account for evaluations.

        Raises:
            StoppedError: there may be no more.
        """
        now = self.standing
        now.evaluations += evaluations
        now.plan, now.level, now.score = plan, self.problem.complexities[level], current
        if now.evaluations >= self.most_evaluations or self.stopped():
            raise StoppedError

    def look(self, chain: TableMachine) -> None:
        """Let whoever watches see the program of a chain."""
        self.standing.table = self.table(chain)

    def near(self, parity: int) -> bool:
        """Whether ``grow`` or ``ladder`` counts how near an answer is: every other time."""
        return self.problem.few_outputs and self.order.turn % 2 == parity

    def grow(self) -> Table | None:
        """The plan ``grow``."""
        schedule = GROW._replace(weights=NEAR) if self.near(0) else GROW
        return self.climb(self.random_machine(self.circuits), schedule, "grow", 0)

    def polish(self, chain: TableMachine) -> Table | None:
        """Put right the last mistakes of a program, with examples of every size."""
        return self.climb(chain, POLISH, "polish", self.top)

    def climb(self, chain: TableMachine, schedule: Schedule, plan: str, level: int) -> Table | None:
        """Anneal until all examples of a level are right, then of the next, to the last."""
        for harder in range(level, len(self.pools)):
            if not self.master(chain, schedule, plan, harder):
                return None
        return self.table(chain)

    def master(self, chain: TableMachine, schedule: Schedule, plan: str, level: int) -> bool:
        """Anneal until all examples of a level are right; False where the schedule ends first."""
        pool = self.pools[level]
        examples = pool
        saved = self.copy(chain, len(chain.code))
        done = 0
        while done < schedule.evaluations:
            before, limit = done, min(done + CHUNK, schedule.evaluations)
            outcome, done, current = anneal(
                chain, saved, self.room(schedule), examples, schedule, self.random, done, limit
            )
            self.look(chain)
            if outcome == SOLVED:
                slack = self.rng.integers(0, schedule.slack + 1, len(pool.size))
                wrong, _ = find_wrong(chain, self.all_of(pool, pool.steps + slack))
                done += LOOK
                if len(wrong) > 0:
                    examples = self.harden(pool, wrong)
            self.spend(done - before, plan, level, current)
            if outcome == SOLVED and len(wrong) == 0:
                return True
        return False

    def harden(self, pool: Examples, wrong: Integers) -> Examples:
        """The pool with two fifths of it replaced by examples that a program gets wrong."""
        number = np.arange(len(pool.size))
        replaced = self.rng.choice(len(number), 2 * len(number) // 5, replace=False)
        number[replaced] = self.rng.choice(wrong, len(replaced))
        return subset(pool, number)

    def moment(self) -> Table | None:
        """The plan ``moment``."""
        length = MOMENT_EVALUATIONS[self.order.turn % len(MOMENT_EVALUATIONS)]
        circuits = int(self.rng.integers(1, self.circuits + 1))
        chain = self.random_machine(circuits)
        if self.reach_moment(chain, MOMENT._replace(evaluations=length)) < PROMISING:
            self.remember_missed(chain, 1.0)
            return None
        return self.finish(chain)

    def temper(self) -> Table | None:
        """The plan ``temper``."""
        pool = self.pools[self.top]
        chains = [self.random_machine(TEMPER_CIRCUITS) for _ in TEMPERATURES]
        saved = self.random_machine(TEMPER_CIRCUITS)
        for chain in chains:
            chain.code[:, SPARE] = SPARE
            chain.limits[SPARE] = SPARE + 1
        for number in range(TEMPER_EVALUATIONS // (TEMPER.evaluations * len(chains))):
            examples = self.draw_missed()
            for chain, heat in zip(chains, TEMPERATURES, strict=True):
                schedule = TEMPER._replace(hot=heat, cold=heat)
                _, done, current = anneal(
                    chain,
                    saved,
                    self.room(schedule),
                    examples,
                    schedule,
                    self.random,
                    0,
                    schedule.evaluations,
                )
                self.spend(done, "temper", self.top, current)
            self.exchange(chains, examples, TEMPER.weights)
            if (number + 1) % REMEMBER_EVERY == 0:
                if self.judge(chains[-1], pool, BEST) > TEMPERED:
                    return self.finish(chains[-1])
                self.remember_missed(chains[-1], REMEMBERED)
        return None

    def ladder(self) -> Table | None:
        """The plan ``ladder``."""
        counted = NEAR if self.near(1) else LADDER.weights
        most = LADDER_EVALUATIONS[self.order.turn % len(LADDER_EVALUATIONS)]
        return self.rise("ladder", 0, counted, most)

    def mixed(self) -> Table | None:
        """The plan ``mixed``."""
        counted = NEAR if self.problem.few_outputs else LADDER.weights
        return self.rise("mixed", self.top, counted, MIXED_EVALUATIONS)

    def rise(self, plan: str, level: int, counted: Weights, most: int) -> Table | None:
        """Temper until all examples of a level are right, then of the next, to the last.

        In most starts only one or two registers choose the circuit: the others can then come to
        hold something without any change of what is done.
        """
        seen = (1 << int(self.rng.choice((1, 2, self.shape.registers)))) - 1
        chains = [self.random_machine(self.circuits, seen) for _ in TEMPERATURES]
        saved = self.random_machine(self.circuits)
        examples = self.pools[level]
        before = self.evaluations
        while self.evaluations - before < most:
            right = False
            for chain, heat in zip(chains, TEMPERATURES, strict=True):
                schedule = LADDER._replace(hot=heat, cold=heat, weights=counted)
                outcome, done, current = anneal(
                    chain,
                    saved,
                    self.room(schedule),
                    examples,
                    schedule,
                    self.random,
                    0,
                    schedule.evaluations,
                )
                self.spend(done, plan, level, current)
                if outcome != SOLVED or right:
                    continue
                self.spend((len(self.pools) - level) * LOOK, plan, level, current)
                above, wrong = self.reach(chain, level)
                if above == len(self.pools):
                    return self.table(chain)
                right = above > level
                level = above
                if right:
                    coldest = chain
                    examples = self.pools[level]
                examples = self.harden(self.pools[level], wrong)
            if right:
                place = next(i for i, chain in enumerate(chains) if chain is coldest)
                chains.append(chains.pop(place))
            self.look(chains[-1])
            self.exchange(chains, examples, counted)
        return None

    def reach(self, chain: TableMachine, level: int) -> tuple[int, Integers]:
        """The first level from one on of which a program gets some examples wrong, and these."""
        wrong: Integers = np.zeros(0, np.int64)
        for reached in range(level, len(self.pools)):
            pool = self.pools[reached]
            slack = self.rng.integers(0, LADDER.slack + 1, len(pool.size))
            wrong, _ = find_wrong(chain, self.all_of(pool, pool.steps + slack))
            if len(wrong) > 0:
                return reached, wrong
        return len(self.pools), wrong

    def exchange(self, chains: list[TableMachine], examples: Examples, counted: Weights) -> None:
        """Let neighbours swap temperatures as often as detailed balance asks for."""
        chosen = self.rng.integers(0, POOL, EXCHANGE_SAMPLE)
        compared = subset(examples, chosen)
        sample = packed(compared, compared.steps)
        scores = [score(chain, sample, counted, 0.0) for chain in chains]
        for i in range(len(chains) - 1):
            colder = 1 / TEMPERATURES[i + 1] - 1 / TEMPERATURES[i]
            if math.log(1 - self.rng.random()) < (scores[i] - scores[i + 1]) * colder:
                chains[i], chains[i + 1] = chains[i + 1], chains[i]
                scores[i], scores[i + 1] = scores[i + 1], scores[i]

    def finish(self, chain: TableMachine) -> Table | None:
        """From a program that is right at some moment of most runs to one that stops then."""
        chain = self.refine(chain, BEST)
        if self.judge(chain, self.patient, AT_END) < PROMISING:
            stopping = self.add_stop(chain)
            if stopping is None:
                return None
            chain = stopping
        return self.table(self.refine(chain, weights(best=0.1)))

    def judge(self, chain: TableMachine, pool: Examples, counted: Weights) -> float:
        """The score on every example of a pool."""
        return score(chain, self.all_of(pool, pool.steps), counted, 0.0)

    def refine(self, chain: TableMachine, counted: Weights) -> TableMachine:
        """Put right the last mistakes of a program at low temperatures, never losing the best met.

        Some memories just hold their example, and runs get more time than is natural. They are
        judged by their best moment where nothing else is ``counted``, and else by their end.
        """
        pool = self.patient

        def mistakes(chain: TableMachine) -> Integers:
            return find_wrong(chain, self.all_of(pool, pool.steps))[int(counted == BEST)]

        limits = chain.limits
        best, least = self.table(chain), mistakes(chain)
        for number in range(REFINE_ROUNDS):
            if len(least) == 0:
                break
            chain = table_machine(best, self.circuits, self.cells)
            chain.limits[:] = limits
            saved = self.copy(chain, len(chain.code))
            hot = REFINE_HEAT[number % len(REFINE_HEAT)]
            schedule = REFINE._replace(hot=hot, cold=hot / 4, weights=counted)
            examples, stray, done = self.harden(pool, least), 3 * len(least) + STRAY, 0
            while done < schedule.evaluations:
                before, limit = done, min(done + CHUNK // 2, schedule.evaluations)
                outcome, done, current = anneal(
                    chain, saved, self.room(schedule), examples, schedule, self.random, done, limit
                )
                done += LOOK
                self.spend(done - before, "refine", self.top, current)
                wrong = mistakes(chain)
                if len(wrong) == 0:
                    return chain
                if len(wrong) > stray:
                    break
                if len(wrong) < len(least) or outcome == SOLVED:
                    examples = self.harden(pool, wrong)
                if len(wrong) <= len(least):
                    best, least = self.table(chain), wrong
        return table_machine(best, self.circuits, self.cells)

    def remember_missed(self, chain: TableMachine, weight: float) -> None:
        """Give weight to the examples that a program never gets right."""
        pool = self.pools[self.top]
        self.missed[find_wrong(chain, self.all_of(pool, pool.steps))[1]] += weight

    def draw_missed(self) -> Examples:
        """Examples drawn as often as earlier programs missed them: a shortcut pays only once."""
        number = self.rng.choice(POOL, POOL, p=self.missed / self.missed.sum())
        return subset(self.pools[self.top], number)

    def reach_moment(self, chain: TableMachine, schedule: Schedule) -> float:
        """Anneal until every run is right at some moment; returns the share that is."""
        saved = self.copy(chain, len(chain.code))
        pool = self.pools[self.top]
        examples = self.draw_missed()
        done = 0
        while done < schedule.evaluations:
            before, limit = done, min(done + CHUNK, schedule.evaluations)
            outcome, done, current = anneal(
                chain, saved, self.room(schedule), examples, schedule, self.random, done, limit
            )
            if outcome == SOLVED:
                _, never = find_wrong(chain, self.all_of(pool, pool.steps))
                done += LOOK
                if len(never) > 0:
                    examples = self.harden(pool, never)
            self.spend(done - before, "moment", self.top, current)
            if outcome == SOLVED and len(never) == 0:
                return 1.0
        return self.judge(chain, pool, BEST)

    def add_stop(self, chain: TableMachine) -> TableMachine | None:
        """A program that ends most runs at their best moment; None where no signal is found."""
        pool = self.patient
        endless = self.copy(chain, len(chain.code) + 1)
        endless.code[:, self.shape.halt_slot] = 0
        for circuit in range(len(endless.code)):
            assemble(endless, circuit)
        self.judge(endless, pool, BEST)
        visited = endless.visited.copy()
        used = np.unique(endless.table[visited])
        nearest = 0.0
        for trial in range(STOP_TRIALS):
            if trial == HOPELESS_TRIALS and nearest < HOPEFUL:
                break
            circuit = int(used[trial % len(used)])
            drawn = self.twin(endless)
            dead = ~endless.live[circuit]
            redraw_dead(self.random, drawn, circuit)
            chosen = self.rng.integers(0, POOL, LANES)
            looked_at = subset(pool, chosen)
            stop = find_stop(drawn, packed(looked_at, looked_at.steps), circuit, dead)
            nearest = max(nearest, stop.score)
            self.spend(int(pool.steps[chosen].max()), "stop", self.top, stop.score)
            if stop.score >= PROMISING:
                built = self.build(drawn, circuit, dead, stop, visited)
                if built is not None:
                    return built
        return None

    def build(
        self, drawn: TableMachine, circuit: int, dead: Flags, stop: Stop, visited: Flags
    ) -> TableMachine | None:
        """The best of several ways to build a signal in; None where none ends runs right."""
        best, found = PROMISING, None
        pool = self.patient
        chosen = subset(pool, self.rng.integers(0, POOL, GROW.sample))
        sample = packed(chosen, chosen.steps)
        for _ in range(BUILDS):
            built = self.twin(drawn)
            build_stop(self.random, built, circuit, dead, stop, visited)
            reached = score(built, sample, AT_END, best)
            if reached > best:
                best, found = reached, built
        self.spend(BUILDS, "stop", self.top, best)
        return found

    def twin(self, chain: TableMachine) -> TableMachine:
        """The same machine, circuit for circuit, with a life of its own."""
        twin = self.copy(chain, len(chain.code))
        twin.table[:] = chain.table
        twin.code[:] = chain.code
        for circuit in range(len(twin.code)):
            assemble(twin, circuit)
        return twin

    def halting(self, table: Table) -> Table | None:
        """A program that is exact and also halts by itself, made of one that is right in its time.

        However long that might take, no more than HALTING_EVALUATIONS are spent on it.

        Returns:
            The program given where it halts and is exact; None where none is found.
        """
        if self.halts(table):
            return table if self.exact(table) else None
        self.most_evaluations = min(self.most_evaluations, self.evaluations + HALTING_EVALUATIONS)
        budget = self.patient._replace(steps=budget_steps(self.problem.task, self.patient))
        for number, hot in enumerate(HALTING_HEAT):
            candidate = self.master_halting(table, hot, (self.patient, budget)[number % 2])
            if candidate is not None and self.exact(candidate):
                return candidate
        stopping = self.add_stop(table_machine(table, self.circuits + 1, self.cells))
        if stopping is not None:
            candidate = self.table(self.refine(stopping, AT_END))
            if self.halts(candidate) and self.exact(candidate):
                return candidate
        return None

    def master_halting(self, table: Table, hot: float, examples: Examples) -> Table | None:
        """Anneal from a program to one that is right and halts, on the largest examples, too.

        Args:
            examples: to begin with; in the time that they have.
        """
        chain = table_machine(table, self.circuits + 1, self.cells)
        saved = self.copy(chain, len(chain.code))
        schedule = HALTING._replace(hot=hot, cold=hot / 4)
        done = 0
        while done < schedule.evaluations:
            before, limit = done, min(done + CHUNK, schedule.evaluations)
            outcome, done, current = anneal(
                chain, saved, self.room(schedule), examples, schedule, self.random, done, limit
            )
            unfinished = None
            if outcome == SOLVED:
                unfinished = self.find_unfinished(chain)
                done += LOOK
            self.spend(done - before, "halt", self.top, current)
            if outcome == SOLVED and unfinished is None:
                return self.table(chain)
            if unfinished is not None:
                examples = self.harden(*unfinished)
        return None

    def find_unfinished(self, chain: TableMachine) -> tuple[Examples, Integers] | None:
        """Examples of which some are wrong or do not halt in the step budget, and which those are.

        None where all of the largest training complexity, and larger ones, are right and halt.
        """
        for pool in (self.patient, self.pools[-1]):
            budget = budget_steps(self.problem.task, pool)
            wrong = find_unfinished(chain, self.all_of(pool, budget))
            if len(wrong) > 0:
                return pool._replace(steps=budget), wrong
        return None

    def halts(self, table: Table) -> bool:
        """Whether a program halts by itself on all examples, in the task's step budget."""
        machine = table_machine(table, 1, self.cells)
        budget = budget_steps(self.problem.task, self.patient)
        return all_halt(machine, self.patient, budget)
