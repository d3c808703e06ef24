"""Verification of stack machines: native code against everything that it must agree with.

On any symbols and with any capacity, native code and interpreter give the same outputs and the same
status; with enough cells, so does the discretized model. On inputs of the task that are no longer
than in training, the soft model answers what the task's definition says, too, wherever an output
counts. All short inputs are tried, and samples of the lengths that the task names.

This is no proof. Where the task has a specification, ``hardmax prove`` decides for every length.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from hypothesis import strategies as st

from hardmax.runtime.symbols.abi import STACK_STATUS_TEXT
from hardmax.runtime.symbols.interface import enough_cells
from hardmax.trainer.decisions import HARD, SOFT
from hardmax.trainer.stack.tasks.task import SymbolBatch
from hardmax.verification.findings import (
    DifferenceError,
    Finding,
    Reproduction,
    expect_compiled_from,
    search,
)
from hardmax.verification.symbol_machines import SymbolMachines

MAX_STEPS = 40
"""Longest sequence drawn that is no input of the task."""

LONGEST_COMMAND = 200
"""Symbols that are still typed on a command line."""

AT_ONCE = 1000
"""Short inputs that are tried together."""


@dataclass(frozen=True)
class SymbolCounterexample:
    """Where two that must agree differ.

    Attributes:
        symbols: the sequence, by number.
        capacity: cells of each structure.
        difference: what was expected and found, for people.
    """

    symbols: tuple[int, ...]
    capacity: int
    difference: str

    def reproduction(self) -> Reproduction | None:
        """The run of this sequence, where a command line has room for it."""
        if len(self.symbols) > LONGEST_COMMAND:
            return None
        words = map(str, self.symbols or ("",))
        return Reproduction(("--capacity", str(self.capacity), "--trace", *words))


SymbolFinding = Finding[SymbolCounterexample]


@dataclass(frozen=True, eq=False)
class SymbolVerification:
    """Native code of a machine that answers symbols, held against its model."""

    machines: SymbolMachines

    def __post_init__(self) -> None:
        native = self.machines.native
        expect_compiled_from(
            self.machines.program.metadata.model_hash, native.path, native.metadata
        )

    def findings(self, examples: int, samples: int, seed: int) -> Iterator[SymbolFinding]:
        """As :meth:`hardmax.verification.findings.Verification.findings`."""
        machines = self.machines
        if examples > 0:
            yield _on_task_inputs(machines, examples, seed)
            yield _on_other_sequences(machines, examples, seed)
        if samples > 0:
            yield _on_short_inputs(machines, samples)
            task = machines.model.task
            complexities = range(task.smallest_complexity, task.largest_training_complexity + 1)
            yield _on_samples(machines, complexities, samples, seed)
            for factor, count in task.accepted:
                complexity = factor * task.largest_training_complexity
                yield _on_samples(machines, [complexity], min(count, samples), seed)

    def right(self) -> str:
        """What the verdict says where no comparison failed."""
        return "exact"


def _on_task_inputs(machines: SymbolMachines, examples: int, seed: int) -> SymbolFinding:
    task = machines.model.task

    def check(drawn: tuple[int, int]) -> None:
        complexity, sample_seed = drawn
        batch = _sample(machines, [complexity], sample_seed)
        symbols = batch.inputs[0, : int(batch.steps[0])].tolist()
        capacity = enough_cells(machines.program, len(symbols))
        _expect_same(machines, symbols, capacity)
        answers = {
            "native": machines.compiled(symbols, capacity).outputs.tolist(),
            "soft model": machines.model_answers(symbols, SOFT),
        }
        for step, wanted in task.solve(symbols).items():
            for name, outputs in answers.items():
                if outputs[step] != wanted:
                    raise _difference(
                        machines, symbols, capacity, step, "definition", wanted, name, outputs[step]
                    )

    largest = task.largest_training_complexity
    drawn = st.tuples(st.integers(task.smallest_complexity, largest), st.integers(0, 2**32 - 1))
    tried, counterexample = search(check, drawn, examples, seed)
    claim = "native = interpreter = discretized model; = soft model = definition where it counts"
    subject = f"inputs of the task up to complexity {largest}"
    return Finding(subject, tried, largest, claim, counterexample)


def _on_other_sequences(machines: SymbolMachines, examples: int, seed: int) -> SymbolFinding:
    program = machines.program

    def check(drawn: tuple[list[int], int]) -> None:
        symbols, capacity = drawn
        if max(symbols, default=0) < len(program.alphabet):
            _expect_same(machines, symbols, enough_cells(program, len(symbols)))
        _expect_as_interpreted(machines, symbols, capacity)

    # Once in a while a number that is no symbol.
    symbol = st.integers(0, len(program.alphabet) - 1)
    sequence = st.one_of(
        st.lists(symbol, max_size=MAX_STEPS),
        st.lists(symbol | st.just(len(program.alphabet)), max_size=MAX_STEPS),
    )
    drawn = st.tuples(sequence, st.integers(1, MAX_STEPS))
    tried, counterexample = search(check, drawn, examples, seed)
    claim = "native = interpreter with any capacity, = discretized model with enough"
    return Finding("other sequences", tried, None, claim, counterexample)


def _expect_as_interpreted(machines: SymbolMachines, symbols: list[int], capacity: int) -> None:
    native, expected = (run(symbols, capacity) for run in (machines.compiled, machines.interpreted))
    for step, (one, other) in enumerate(
        itertools.zip_longest(expected.outputs.tolist(), native.outputs.tolist())
    ):
        if one != other:
            raise _difference(
                machines, symbols, capacity, step, "interpreter", one, "native", other
            )
    if native.status is not expected.status:
        texts = (STACK_STATUS_TEXT[result.status] for result in (expected, native))
        difference = "interpreter: {}; native: {}".format(*texts)
        raise DifferenceError(SymbolCounterexample(tuple(symbols), capacity, difference))


def _expect_same(machines: SymbolMachines, symbols: list[int], capacity: int) -> None:
    """Native code, interpreter and discretized model agree.

    Args:
        symbols: of the alphabet; capacity: enough.
    """
    _expect_as_interpreted(machines, symbols, capacity)
    native = machines.compiled(symbols, capacity).outputs.tolist()
    model = machines.model_answers(symbols, HARD)
    for step, (one, other) in enumerate(itertools.zip_longest(model, native)):
        if one != other:
            name = "discretized model"
            raise _difference(machines, symbols, capacity, step, name, one, "native", other)


def _difference(
    machines: SymbolMachines,
    symbols: Sequence[int],
    capacity: int,
    step: int,
    expecting: str,
    expected: int | None,
    answering: str,
    found: int | None,
) -> DifferenceError:
    names = machines.program.output_alphabet

    def name(output: int | None) -> str:
        return "nothing" if output is None or output < 0 else names[output]

    difference = f"{expecting}: {name(expected)} in step {step + 1}; {answering}: {name(found)}"
    return DifferenceError(SymbolCounterexample(tuple(symbols), capacity, difference))


def _on_short_inputs(machines: SymbolMachines, most: int) -> SymbolFinding:
    """All inputs of the task that are short, or as many as samples are wanted."""
    task = machines.model.task
    inputs = list(itertools.islice(task.short_inputs(), most))
    wrong: SymbolCounterexample | None = None
    for begin in range(0, len(inputs), AT_ONCE):
        batch = task.batch_of(inputs[begin : begin + AT_ONCE])
        wrong = wrong or _wrong(machines, batch, machines.native_answers(batch), "native")
    return Finding("shortest inputs", len(inputs), None, "native = definition", wrong)


def _on_samples(
    machines: SymbolMachines, complexities: Sequence[int], samples: int, seed: int
) -> SymbolFinding:
    """Random samples, the complexities by turns; the soft model's error up to the trained one."""
    task = machines.model.task
    largest = complexities[-1]
    trained = largest <= task.largest_training_complexity
    answering = ("soft", "native") if trained else ("native",)
    errors = dict.fromkeys(answering, 0)
    wrong: SymbolCounterexample | None = None
    for number, complexity in enumerate(complexities):
        count = len(range(number, samples, len(complexities)))
        if count == 0:
            break
        batch = _sample(machines, count * [complexity], seed)
        for name in answering:
            answers = (
                machines.model.answers(batch.inputs, SOFT)
                if name == "soft"
                else machines.native_answers(batch)
            )
            errors[name] += int(batch.wrong(answers).any(1).sum())
            wrong = wrong or _wrong(machines, batch, answers, name)
    beyond = "" if trained else ", beyond training"
    subject = f"random samples {'up to' if trained else 'of'} complexity {largest}{beyond}"
    claim = ", ".join(f"{count} wrong of {name}" for name, count in errors.items())
    return Finding(subject, samples, largest, claim, wrong)


def _wrong(
    machines: SymbolMachines, batch: SymbolBatch, answers: torch.Tensor, name: str
) -> SymbolCounterexample | None:
    """The first output that counts and is another, if there is one."""
    wrong = batch.wrong(answers)
    if not bool(wrong.any()):
        return None
    sample, step = wrong.nonzero()[0].tolist()
    symbols = batch.inputs[sample, : int(batch.steps[sample])].tolist()
    expected, found = (int(outputs[sample, step]) for outputs in (batch.targets, answers))
    capacity = enough_cells(machines.program, len(symbols))
    error = _difference(machines, symbols, capacity, step, "definition", expected, name, found)
    counterexample: SymbolCounterexample = error.counterexample
    return counterexample


def _sample(machines: SymbolMachines, complexities: Sequence[int], seed: int) -> SymbolBatch:
    generator = torch.Generator().manual_seed(seed)
    return machines.model.task.sample(torch.tensor(complexities), generator)
