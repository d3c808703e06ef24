"""From an LSTM to a Mealy machine over (state, zero-bits): a Program with several states.

The LSTM is a black box that answers every sequence of zero-bits with a circuit. Only sequences that
some run can produce count: the first bits are all ones, nothing follows a circuit that halts, and
``hardmax.runtime.nram.passes.reachability`` says what can follow any other circuit. AALpy merges
the states of a tree of such sequences (RPNI); the outcome is compared with the LSTM on all
sequences up to some length and on random longer ones, and what differs is added to the tree, until
nothing does.

Circuits count as equal when they are after what nobody uses is dropped, so that the answers to
decisions that do not matter need not be learned.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from aalpy.learning_algs import run_RPNI

from hardmax.extractor.margin import Margin
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.gates import OBSERVABLE
from hardmax.runtime.nram.lstm import LstmState, RecurrentProgram
from hardmax.runtime.nram.passes.liveness import keep_live_operations
from hardmax.runtime.nram.passes.reachability import Known, following, known_at_start
from hardmax.runtime.nram.program import Circuit, Program, Row
from hardmax.trainer.nram.wiring import Wiring, live_decisions

MAX_STATES = 64
"""A machine with more states than this is no simpler than its LSTM."""

MAX_VISITS, MAX_LENGTH = 20_000, 1_000
"""Timesteps looked at when all sequences are compared, and the length at which that ends."""

WALKS, WALK_LENGTH = 64, 512
"""Random sequences that are compared as well."""

COUNTEREXAMPLES = 128
"""Differences that are learned from at a time."""

Bits = tuple[int, ...]
"""Zero-bits, timestep after timestep."""

Path = tuple["Path", int] | None
"""A sequence of zero-bits as a link to its beginning and its last element; None is empty."""

MealyMachine = Mapping[tuple[int, int], tuple[Circuit, int]]
"""(state, bits) -> circuit and next state; state 0 is the first."""


class NoMealyError(HardmaxError):
    """No machine of few states does what the LSTM does.

    Attributes:
        margin: the smallest margin of a live decision in all that was looked at.
    """

    def __init__(self, message: str, margin: Margin) -> None:
        super().__init__(message)
        self.margin = margin


@dataclass(frozen=True)
class Mealy:
    """What was found.

    Attributes:
        program: a state for each of the machine's; rows that were never needed are None.
        length: the machine equals the LSTM on all sequences of at most so many timesteps.
        complete: there are no others: each longer one takes the LSTM to a state, to the last bit,
            in which it was before, so that the machine equals it for ever.
        margin: the smallest margin of a live decision in all that was compared.
    """

    program: Program
    length: int
    complete: bool
    margin: Margin

    @property
    def claim(self) -> str:
        """What the machine is and how far it was compared, for people."""
        states = len(self.program.table)
        size = f"Mealy machine of {states} state{'s' if states > 1 else ''}"
        if self.complete:
            return f"{size}, equal to the LSTM on every possible sequence of zero-bits"
        return (
            f"{size}, equal to the LSTM on every possible sequence of zero-bits up to "
            f"{self.length} timesteps and on {WALKS} random ones up to {WALK_LENGTH}"
        )


def find_mealy(
    program: RecurrentProgram,
    wiring: Wiring,
    *,
    max_states: int = MAX_STATES,
    max_visits: int = MAX_VISITS,
    seed: int = 0,
) -> Mealy:
    """Find a Mealy machine that does what an LSTM does.

    Args:
        wiring: names the decisions of ``program``.
        max_visits: decides, with MAX_LENGTH, up to which length all sequences are compared.
        seed: of the random sequences.

    Raises:
        NoMealyError: there is none of at most ``max_states`` states.
    """
    box = _BlackBox(program, wiring)
    answers: dict[Bits, Circuit] = {}
    machine: MealyMachine = {}
    while True:
        checked = _compare(box, machine, max_visits)
        differences = checked.differences or tuple(_walk(box, machine, seed))
        if not differences:
            break
        for sequence in differences:
            box.add_answers(sequence, answers)
        machine = _learn(answers)
        states = 1 + max(state for state, _ in machine)
        if states > max_states:
            raise NoMealyError(
                f"no Mealy machine of at most {max_states} states does what the LSTM does",
                box.margin,
            )
    table = tuple(
        tuple(
            Row(*machine[state, bits]) if (state, bits) in machine else None
            for bits in range(1 << program.registers)
        )
        for state in range(1 + max(state for state, _ in machine))
    )
    mealy = Program(program.registers, table, program.metadata)
    return Mealy(mealy, checked.length, checked.complete, box.margin)


@dataclass(frozen=True)
class _Visit:
    """A timestep that some run can take.

    Attributes:
        state: number of the LSTM's state before it.
        bits: the zero-bits.
        known: of the registers.
    """

    state: int
    bits: int
    known: Known


_Pair = tuple[_Visit, int, Path]
"""LSTM and machine side by side: the LSTM's timestep, the machine's state, the sequence so far."""


class _BlackBox:
    """The LSTM on possible sequences; nothing is asked twice.

    Attributes:
        margin: the smallest margin of a live decision so far.
    """

    def __init__(self, program: RecurrentProgram, wiring: Wiring) -> None:
        self.program = program
        self.wiring = wiring
        self.margin = Margin(float("inf"), "")
        self.states = [program.start_state]
        self.numbers = {program.start_state: 0}
        self.answers: dict[tuple[int, int], tuple[Circuit, int]] = {}
        self.circuits: dict[tuple[Bits, bool], tuple[Circuit, dict[int, str]]] = {}
        self.followers: dict[tuple[Circuit, Known], dict[int, Known]] = {}

    def start(self) -> _Visit:
        """The first timestep of every run."""
        return _Visit(0, self.program.start_bits, known_at_start(self.program.registers))

    def ask(self, visits: Iterable[_Visit]) -> None:
        """Have the answers to these timesteps ready."""
        pairs = dict.fromkeys((visit.state, visit.bits) for visit in visits)
        new = [pair for pair in pairs if pair not in self.answers]
        if not new:
            return
        state = self.program.next_state(
            LstmState.stack(self.states[number] for number, _ in new), [bits for _, bits in new]
        )
        decisions = self.program.decide(state)
        for pair, decision, after in zip(new, decisions, state.each(), strict=True):
            circuit, live = self._canonical(decision.choices, decision.halt)
            number = self.numbers.setdefault(after, len(self.states))
            if number == len(self.states):
                self.states.append(after)
            self.answers[pair] = circuit, number
            self._note_margin(decision.margins, live, pair[1])

    def _canonical(self, choices: Bits, halt: bool) -> tuple[Circuit, dict[int, str]]:
        """The circuit without what nobody uses, and the decisions that are left."""
        if (choices, halt) not in self.circuits:
            circuit = self.wiring.circuit(choices, halt)
            live = dict(live_decisions(self.wiring, circuit))
            if halt:
                circuit = Circuit(circuit.operations, tuple(range(self.wiring.registers)), halt)
            self.circuits[choices, halt] = keep_live_operations(circuit, OBSERVABLE), live
        return self.circuits[choices, halt]

    def _note_margin(self, margins: Sequence[float], live: dict[int, str], bits: int) -> None:
        decision = min(live, key=lambda decision: margins[decision])
        if margins[decision] < self.margin.value:
            where = f"zero-bits {bits:0{self.program.registers}b}, {live[decision]}"
            self.margin = Margin(margins[decision], where)

    def answer(self, visit: _Visit) -> tuple[Circuit, list[_Visit]]:
        """The circuit that the LSTM answers with, and the timesteps that can follow."""
        if (visit.state, visit.bits) not in self.answers:
            self.ask([visit])
        circuit, state = self.answers[visit.state, visit.bits]
        if circuit.halt:
            return circuit, []
        key = circuit, visit.known
        if key not in self.followers:
            self.followers[key] = following(*key)
        return circuit, [_Visit(state, bits, known) for bits, known in self.followers[key].items()]

    def add_answers(self, sequence: Bits, answers: dict[Bits, Circuit]) -> None:
        """Add the answers to a possible sequence and to all its beginnings."""
        visits = [self.start()]
        for end, bits in enumerate(sequence, start=1):
            visit = next(visit for visit in visits if visit.bits == bits)
            answers[sequence[:end]], visits = self.answer(visit)


def _learn(answers: Mapping[Bits, Circuit]) -> MealyMachine:
    """The machine that RPNI makes of the answers to a prefix-closed set of sequences."""
    circuits = list(dict.fromkeys(answers.values()))
    number = {circuit: i for i, circuit in enumerate(circuits)}
    data = [(sequence, number[circuit]) for sequence, circuit in answers.items()]
    automaton = run_RPNI(data, automaton_type="mealy", print_info=False)
    states = [automaton.initial_state]
    for state in states:  # grows while it is read
        states += [s for s in dict.fromkeys(state.transitions.values()) if s not in states]
    return {
        (number, bits): (circuits[state.output_fun[bits]], states.index(following_state))
        for number, state in enumerate(states)
        for bits, following_state in state.transitions.items()
    }


@dataclass(frozen=True)
class _Comparison:
    """All sequences up to a length: some of the shortest that differ, or none."""

    length: int
    complete: bool
    differences: tuple[Bits, ...]


def _follow(
    box: _BlackBox, machine: MealyMachine, level: Sequence[_Pair]
) -> Iterator[tuple[bool, Path, list[_Visit], int]]:
    """Run LSTM and machine for one timestep, from each pair of their states.

    Yields:
        whether they agree; the sequence so far; the LSTM's timesteps that can follow; the machine's
        next state.
    """
    box.ask(visit for visit, _, _ in level)
    for visit, state, before in level:
        circuit, visits = box.answer(visit)
        expected, next_state = machine.get((state, visit.bits), (None, 0))
        yield circuit == expected, (before, visit.bits), visits, next_state


def _compare(box: _BlackBox, machine: MealyMachine, max_visits: int) -> _Comparison:
    """Run LSTM and machine side by side over all sequences, one timestep longer at a time.

    Where both are in states in which they were together before, they are not followed again.
    """
    level: list[_Pair] = [(box.start(), 0, None)]
    seen = {level[0][:2]}
    length = 0
    while level and len(seen) <= max_visits and length < MAX_LENGTH:
        differences: list[Bits] = []
        deeper: list[_Pair] = []
        for agree, path, visits, next_state in _follow(box, machine, level):
            if not agree:
                differences.append(_sequence(path))
                continue
            for successor in visits:
                if (successor, next_state) not in seen:
                    seen.add((successor, next_state))
                    deeper.append((successor, next_state, path))
        if differences:
            return _Comparison(length, False, tuple(differences[:COUNTEREXAMPLES]))
        level = deeper
        length += 1
    return _Comparison(length, not level, ())


def _sequence(path: Path) -> Bits:
    """A path from its first element on."""
    bits: list[int] = []
    while path is not None:
        path, last = path
        bits.append(last)
    return tuple(reversed(bits))


def _walk(box: _BlackBox, machine: MealyMachine, seed: int) -> Iterator[Bits]:
    """Yield the beginnings of random sequences at whose end LSTM and machine differ."""
    generator = random.Random(seed)
    walkers: list[_Pair] = [(box.start(), 0, None)] * WALKS
    for _ in range(WALK_LENGTH):
        moved: list[_Pair] = []
        for agree, path, visits, next_state in _follow(box, machine, walkers):
            if not agree:
                yield _sequence(path)
            elif visits:
                moved.append((generator.choice(visits), next_state, path))
        walkers = moved
