"""Verification: native code against everything that it must agree with.

On inputs of the task, native code, interpreter and discretized model leave the same memory after
the same number of timesteps, bit for bit; the output cells hold what the soft model's read-out and
the task's definition say; and they still do with ten times as many timesteps allowed. On other
memories the first three agree; on memories with cells that are no addresses, where a soft model
has no meaning, native code and interpreter do.

Hypothesis draws the memories, and shrinks one that fails.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from hypothesis import strategies as st

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.memory.examples import Example
from hardmax.runtime.memory.held_against import LONGEST_COMMAND, OVERTIME, hold_against
from hardmax.runtime.nram.abi import STATUS_TEXT
from hardmax.runtime.nram.interpreter import Result
from hardmax.trainer.nram.tasks import Batch, Task
from hardmax.verification.findings import (
    DifferenceError,
    Finding,
    Reproduction,
    expect_compiled_from,
    search,
)
from hardmax.verification.memory_machines import Machines
from hardmax.verification.memory_strategies import (
    SIZE_FACTOR,
    TaskInput,
    arbitrary_memories,
    memories,
    task_inputs,
)

DRAWN_COMPLEXITY = 20
"""Largest complexity of the task inputs that hypothesis draws."""

SAMPLED_COMPLEXITY = 50
"""Largest complexity of the random samples, as in the paper."""

LARGE = ((1_000, 100), (100_000, 1))
"""Complexities that only native code can take, and how many samples of each."""

MAX_SIZE, MAX_STEPS = 12, 40
"""Largest memory and most timesteps of runs on memories that are no inputs of the task."""

MOST_CELLS, MOST_STEPS = 1 << 22, 1 << 32
"""Inputs are not larger, and not so large that a run of them may take longer."""

SMALL_EXAMPLE, SMALL_EXAMPLES = 64, 200
"""Examples up to this size are given to the model, too, and at most so many."""

CELLS_AT_ONCE = 1 << 23
"""Batches of soft runs are kept below so many tape entries, so that all fits into a gigabyte."""

NamedExamples = tuple[str, Sequence[Example]]

Reference = tuple[str, Callable[[Machines, tuple[int, ...], int], Result]]
INTERPRETER: Reference = ("interpreter", Machines.interpreted)
DISCRETIZED: Reference = ("discretized model", Machines.discretized)
"""What native code is held against: name, and how it runs a memory for some timesteps."""


@dataclass(frozen=True)
class Counterexample:
    """Where two that must agree differ.

    Attributes:
        memory: the memory at the start.
        max_steps: the timesteps that were allowed.
        difference: what was expected and found, for people.
    """

    memory: tuple[int, ...]
    max_steps: int
    difference: str

    def reproduction(self) -> Reproduction | None:
        """The run of this memory, where a command line has room for it."""
        if len(self.memory) > LONGEST_COMMAND:
            return None
        cells = tuple(map(str, self.memory))
        if max(self.memory) >= len(self.memory):
            return Reproduction(
                note=f"memory {' '.join(cells)} (not all addresses), at most {self.max_steps} "
                "timesteps"
            )
        return Reproduction(("--max-steps", str(self.max_steps), *cells))


MemoryFinding = Finding[Counterexample]


@dataclass(frozen=True, eq=False)
class MemoryVerification:
    """Native code of a machine that works on a memory, held against its model.

    Attributes:
        machines: the model, the program and the code.
        examples: what the model's task should do besides: a name for people, and the examples.
    """

    machines: Machines
    examples: tuple[NamedExamples, ...] = ()

    def __post_init__(self) -> None:
        native = self.machines.native_program
        expect_compiled_from(
            self.machines.program.metadata.model_hash, native.path, native.metadata
        )

    def findings(self, examples: int, samples: int, seed: int) -> Iterator[MemoryFinding]:
        """As :meth:`hardmax.verification.findings.Verification.findings`."""
        machines = self.machines
        drawn = machines.model.task.drawn
        for subject, given in self.examples:
            yield _on_examples(machines, subject, given)
        if examples > 0:
            if drawn:
                yield _on_task_inputs(machines, examples, seed)
            yield _on_addresses(machines, examples, seed)
            yield _on_anything(machines, examples, seed)
        if samples > 0 and drawn:
            yield _on_samples(machines, samples, seed)
            for complexity, count in LARGE:
                if _is_possible(machines.model.task, complexity):
                    yield _on_large_samples(machines, complexity, count, seed)

    def right(self) -> str:
        """What the verdict says where no comparison failed."""
        if self.machines.model.task.drawn:
            return "exact"
        if self.examples:
            named = " and ".join(f"all {len(given)} {subject}" for subject, given in self.examples)
            return f"right on {named}"
        return "native code is its model; its task was not here to be held against (--examples)"


def _on_examples(machines: Machines, subject: str, examples: Sequence[Example]) -> MemoryFinding:
    """On each example native code is right; on the small ones, everything else is, too."""
    budget = machines.model.task.budget
    report = hold_against(machines.native, budget, examples, subject)
    counterexample = None
    if report.wrong:
        first = report.wrong[0]
        steps = first.max_steps or budget.steps(first.example.size)
        counterexample = Counterexample(first.example.before, steps, str(report))
    try:
        small = [e for e in examples if e.size <= SMALL_EXAMPLE][:SMALL_EXAMPLES]
        for example in small if counterexample is None else ():
            steps = budget.steps(example.size)
            _expect_same(machines, example.before, steps, (INTERPRETER, DISCRETIZED))
            readout = machines.model.soft_cells(torch.tensor([example.before]), steps)[0].tolist()
            answer = {c: value for c, value in enumerate(example.after) if value is not None}
            _expect_cells(answer, "soft model", readout, example.before, steps)
    except DifferenceError as difference:
        counterexample = difference.counterexample
    smallest, largest = report.sizes
    claim = (
        f"right, and the same in {OVERTIME} times the budget; {report.halting}; native = "
        f"interpreter = discretized model = soft model on {len(small)} of them"
    )
    subject = f"{subject}, memories of {smallest} to {largest} cells"
    return Finding(subject, len(examples), None, claim, counterexample)


def _on_task_inputs(machines: Machines, examples: int, seed: int) -> MemoryFinding:
    task = machines.model.task
    largest = task.smallest_complexity

    def check(drawn: TaskInput) -> None:
        nonlocal largest
        largest = max(largest, drawn.complexity)
        memory, budget = drawn.memory, task.budget.steps(len(drawn.memory))
        _expect_same(machines, memory, budget, (INTERPRETER, DISCRETIZED))
        answer = task.solve(memory)
        for steps in (budget, OVERTIME * budget):
            _expect_cells(answer, "native", machines.native(memory, steps).memory, memory, steps)
        readout = machines.model.soft_cells(torch.tensor([memory]), budget)[0].tolist()
        _expect_cells(answer, "soft model", readout, memory, budget)

    most = min(DRAWN_COMPLEXITY, task.accepted_complexity)
    tried, counterexample = search(check, task_inputs(task, most), examples, seed)
    claim = (
        "native = interpreter = discretized model, bit for bit; = soft model = definition; "
        f"the same in {OVERTIME} times the budget"
    )
    subject = f"inputs of the task up to complexity {largest}"
    return Finding(subject, tried, largest, claim, counterexample)


def _on_addresses(machines: Machines, examples: int, seed: int) -> MemoryFinding:
    def check(drawn: tuple[tuple[int, ...], int]) -> None:
        _expect_same(machines, *drawn, (INTERPRETER, DISCRETIZED))

    drawn = st.tuples(memories(MAX_SIZE), st.integers(1, MAX_STEPS))
    tried, counterexample = search(check, drawn, examples, seed)
    claim = "native = interpreter = discretized model, bit for bit"
    return Finding("other memories", tried, None, claim, counterexample)


def _on_anything(machines: Machines, examples: int, seed: int) -> MemoryFinding:
    def check(drawn: tuple[tuple[int, ...], int]) -> None:
        _expect_same(machines, *drawn, (INTERPRETER,))

    drawn = st.tuples(arbitrary_memories(MAX_SIZE), st.integers(0, MAX_STEPS))
    tried, counterexample = search(check, drawn, examples, seed)
    claim = "native = interpreter, bit for bit"
    return Finding("memories of any contents", tried, None, claim, counterexample)


def _expect_same(
    machines: Machines,
    memory: tuple[int, ...],
    max_steps: int,
    references: tuple[Reference, ...],
) -> None:
    """Native code leaves what each reference leaves: memory, timesteps, status."""
    native = machines.native(memory, max_steps)
    for name, reference in references:
        expected = reference(machines, memory, max_steps)
        if native != expected:
            difference = f"{name}: {_outcome(expected)}; native: {_outcome(native)}"
            raise DifferenceError(Counterexample(memory, max_steps, difference))


def _outcome(result: Result) -> str:
    cells = " ".join(map(str, result.memory))
    return f"{cells} after {result.steps} timesteps, {STATUS_TEXT[result.status]}"


def _expect_cells(
    answer: Mapping[int, int], name: str, left: Sequence[int], memory: tuple[int, ...], steps: int
) -> None:
    """The memory ``left`` by a run holds the answer."""
    for cell, value in answer.items():
        if left[cell] != value:
            difference = f"definition: {value} in cell {cell}; {name}: {left[cell]}"
            raise DifferenceError(Counterexample(memory, steps, difference))


def _on_samples(machines: Machines, samples: int, seed: int) -> MemoryFinding:
    """Soft, discretized and native error, each the mean share of output cells that are wrong."""
    model = machines.model
    names = ("soft", "discretized", "native")
    errors = dict.fromkeys(names, 0.0)
    counterexample: Counterexample | None = None
    for batch in _batches(model.task, samples, seed):
        budget = model.task.budget.steps(batch.inputs.shape[1])
        left = {
            "soft": model.soft_cells(batch.inputs, budget),
            "discretized": model.discretized_cells(batch.inputs, budget),
            "native": torch.tensor(
                [machines.native(memory, budget).memory for memory in batch.inputs.tolist()]
            ),
        }
        for name, cells in left.items():
            errors[name] += float(batch.error(cells).sum())
            wrong = batch.wrong(cells)
            if counterexample is None and bool(wrong.any()):
                sample, cell = wrong.nonzero()[0].tolist()
                counterexample = Counterexample(
                    tuple(batch.inputs[sample].tolist()),
                    budget,
                    f"definition: {batch.expected[sample, cell]} in cell {cell}; "
                    f"{name}: {cells[sample, cell]}",
                )
    rates = ", ".join(f"{name} error {total / samples:.6g}" for name, total in errors.items())
    if counterexample is not None:
        counterexample = replace(counterexample, difference=f"{rates}; {counterexample.difference}")
    subject = (
        f"random samples up to complexity {_largest(model.task)} "
        f"in memories of 1 to {SIZE_FACTOR} times what they need"
    )
    return Finding(subject, samples, _largest(model.task), rates, counterexample)


def _batches(task: Task, samples: int, seed: int) -> Iterator[Batch]:
    """Samples of every complexity up to the largest, in memories of three sizes each."""
    generator = torch.Generator().manual_seed(seed)
    sizes = _sizes(task, generator)
    groups: dict[int, list[int]] = {}
    for i, complexity in zip(range(samples), itertools.cycle(sizes), strict=False):
        size = sizes[complexity][i // len(sizes) % 3]
        groups.setdefault(size, []).append(complexity)
    for size, complexities in sorted(groups.items()):
        at_once = max(1, CELLS_AT_ONCE // size**2)
        for start in range(0, len(complexities), at_once):
            yield task.sample(torch.tensor(complexities[start : start + at_once]), size, generator)


def _largest(task: Task) -> int:
    """The largest complexity of the random samples."""
    return min(SAMPLED_COMPLEXITY, task.accepted_complexity)


def _is_possible(task: Task, complexity: int) -> bool:
    """Whether inputs of this complexity can be run."""
    try:
        size = task.minimum_size(complexity)
    except HardmaxError:  # of a task that somebody wrote, where so much was not thought of
        return False
    return size <= MOST_CELLS and task.budget.steps(size) <= MOST_STEPS


def _sizes(task: Task, generator: torch.Generator) -> dict[int, tuple[int, int, int]]:
    """For each complexity three memory sizes, from just enough to SIZE_FACTOR times as much.

    Only the first is a complexity's own. The others are shared by neighbours of which none needs
    more than twice the memory of another, so that there are few and large batches.
    """
    neighbours: list[list[int]] = []
    for complexity in range(task.smallest_complexity, _largest(task) + 1):
        needed = task.minimum_size(complexity)
        if not neighbours or needed > 2 * task.minimum_size(neighbours[-1][0]):
            neighbours.append([])
        neighbours[-1].append(complexity)
    sizes = {}
    for group in neighbours:
        least, most = task.minimum_size(group[-1]), SIZE_FACTOR * task.minimum_size(group[0])
        drawn = int(torch.randint(least, most + 1, (), generator=generator))
        sizes.update({n: (task.minimum_size(n), most, drawn) for n in group})
    return sizes


def _on_large_samples(machines: Machines, complexity: int, count: int, seed: int) -> MemoryFinding:
    task = machines.model.task
    size = task.minimum_size(complexity)
    budget = task.budget.steps(size)
    generator = torch.Generator().manual_seed(seed)
    batch = task.sample(torch.full((count,), complexity), size, generator)
    counterexample = None
    try:
        for memory in map(tuple, batch.inputs.tolist()):
            answer = task.solve(memory)
            for steps in (budget, OVERTIME * budget):
                left = machines.native(memory, steps).memory
                _expect_cells(answer, "native", left, memory, steps)
    except DifferenceError as difference:
        counterexample = difference.counterexample
    subject = f"{'input' if count == 1 else 'inputs'} of complexity {complexity}"
    claim = f"native = definition; the same in {OVERTIME} times the budget"
    return Finding(subject, count, complexity, claim, counterexample)
