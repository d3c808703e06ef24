"""Verification of Neural Turing Machines: native code against everything that it must agree with.

Native code and interpreter agree bit for bit on any sequence, memory size and status. Native code
and the discretized model have their heads at the same rows in every step, outputs within TOLERANCE,
and the same outputs after thresholding. The two add in different orders, so that a decision whose
margin is below NOISE may go either way; a run in which they go apart at such a decision is counted.
On inputs of the task that are no longer than in training, the soft model answers the same, and so
does the task's definition; where the definition asks for probabilities instead of bits, the loss is
compared with that of the best possible answer.

Hypothesis draws lengths, contents and memory sizes, and shrinks those that fail.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from hardmax.runtime.float32 import Floats
from hardmax.runtime.sequence.abi import NTM_STATUS_TEXT
from hardmax.trainer.decisions import HARD, SOFT
from hardmax.trainer.sequence.acceptance import SOFT_TOLERANCE
from hardmax.trainer.sequence.tasks.task import SequenceBatch
from hardmax.verification.findings import (
    DifferenceError,
    Finding,
    Reproduction,
    expect_compiled_from,
    search,
)
from hardmax.verification.sequence_machines import SequenceMachines

Addresses = NDArray[np.int64]

TOLERANCE = 1e-4
"""By how much an output of the discretized model may differ."""

NOISE = 1e-4
"""A decision with a smaller margin may go either way in another order of summation."""

SPARE_ROWS = 2
"""Largest memory that is drawn, as a multiple of what a sequence needs."""

MAX_STEPS = 12
"""Longest sequence drawn that is no input of the task."""

FAR, LARGE_COMPLEXITY = 100, 10_000
"""Where a task asks for so many times the trained complexity, one sample has this one."""


LONGEST_SEQUENCE = 40
"""Steps that are still printed as the input of a command."""


@dataclass(frozen=True)
class SequenceCounterexample:
    """Where two that must agree differ.

    Attributes:
        inputs: the sequence, T rows of V numbers.
        rows: N.
        difference: what was expected and found, for people.
    """

    inputs: tuple[tuple[float, ...], ...]
    rows: int
    difference: str

    def reproduction(self) -> Reproduction | None:
        """The run of this sequence, where it is not empty and short enough to be read."""
        if not 0 < len(self.inputs) <= LONGEST_SEQUENCE:
            return None
        lines = tuple(" ".join(map(repr, step)) for step in self.inputs)
        return Reproduction(("-", "--trace", "--rows", str(self.rows)), lines)


SequenceFinding = Finding[SequenceCounterexample]


@dataclass(frozen=True, eq=False)
class SequenceVerification:
    """Native code of a machine that answers sequences, held against its model."""

    machines: SequenceMachines

    def __post_init__(self) -> None:
        native = self.machines.native
        expect_compiled_from(
            self.machines.program.metadata.model_hash, native.path, native.metadata
        )

    def findings(self, examples: int, samples: int, seed: int) -> Iterator[SequenceFinding]:
        """As :meth:`hardmax.verification.findings.Verification.findings`."""
        machines = self.machines
        if examples > 0:
            yield _on_task_inputs(machines, examples, seed)
            yield _on_other_sequences(machines, examples, seed)
            yield _on_anything(machines, examples, seed)
        if samples > 0:
            yield _on_samples(machines, samples, seed)
            task = machines.model.task
            for factor, count in task.accepted:
                complexity = factor * task.largest_training_complexity
                yield _at_complexity(machines, complexity, min(count, samples), seed)
            if any(factor >= FAR for factor, _ in task.accepted):
                yield _at_complexity(machines, LARGE_COMPLEXITY, 1, seed)

    def right(self) -> str:
        """What the verdict says where no comparison failed."""
        return "exact"


def _on_task_inputs(machines: SequenceMachines, examples: int, seed: int) -> SequenceFinding:
    task = machines.model.task
    undecided = 0

    def check(drawn: tuple[int, int, float]) -> None:
        nonlocal undecided
        complexity, sample_seed, spare = drawn
        batch = _sample(machines, complexity, 1, sample_seed)
        inputs = batch.inputs[0].numpy()
        rows = _rows(machines, len(inputs), spare)
        undecided += _expect_same(machines, inputs, rows)
        if not _asks_for_bits(batch):
            return
        answers = {
            "native": machines.native.execute(inputs, rows).outputs,
            "soft model": machines.model.trace(inputs, rows, SOFT).outputs,
        }
        for (step, channel), bit in task.solve(inputs.tolist()).items():
            for name, outputs in answers.items():
                if (outputs[step, channel] > 0.5) != (bit > 0.5):
                    raise _difference(
                        inputs,
                        rows,
                        f"definition: {bit:g} in step {step + 1}, output {channel}; "
                        f"{name}: {outputs[step, channel]:.4f}",
                    )

    largest = task.largest_training_complexity
    complexities = st.integers(task.smallest_complexity, largest)
    drawn = st.tuples(complexities, st.integers(0, 2**32 - 1), st.floats(0, 1))
    tried, counterexample = search(check, drawn, examples, seed)
    claim = f"{_agreement(undecided)}; bits = soft model = definition"
    subject = f"inputs of the task up to complexity {largest}"
    return Finding(subject, tried, largest, claim, counterexample)


def _on_other_sequences(machines: SequenceMachines, examples: int, seed: int) -> SequenceFinding:
    undecided = 0

    def check(drawn: tuple[int, int, float, bool]) -> None:
        nonlocal undecided
        steps, sample_seed, spare, bits = drawn
        random = np.random.default_rng(sample_seed)
        numbers = random.normal(size=(steps, machines.program.input_width))
        inputs = (numbers > 0 if bits else numbers).astype(np.float32)
        undecided += _expect_same(machines, inputs, _rows(machines, steps, spare))

    drawn = st.tuples(
        st.integers(1, MAX_STEPS), st.integers(0, 2**32 - 1), st.floats(0, 1), st.booleans()
    )
    tried, counterexample = search(check, drawn, examples, seed)
    return Finding("other sequences", tried, None, _agreement(undecided), counterexample)


def _on_anything(machines: SequenceMachines, examples: int, seed: int) -> SequenceFinding:
    """Also memories that are too small, and numbers that are none."""
    width = machines.program.input_width

    def check(drawn: tuple[list[list[float]], int, float | None, int]) -> None:
        numbers, rows, odd, place = drawn
        inputs = np.array(numbers, dtype=np.float32).reshape(-1, width)
        if odd is not None and inputs.size > 0:
            inputs.flat[place % inputs.size] = odd
        _expect_bits(machines, inputs, rows)

    step = st.lists(st.floats(-4, 4, width=32), min_size=width, max_size=width)
    drawn = st.tuples(
        st.lists(step, max_size=MAX_STEPS),
        st.integers(0, 2 * _rows(machines, MAX_STEPS, 1)),
        st.none() | st.floats(width=32),
        st.integers(0, MAX_STEPS * width),
    )
    tried, counterexample = search(check, drawn, examples, seed)
    claim = "native = interpreter, bit for bit"
    return Finding("sequences of any contents", tried, None, claim, counterexample)


def _agreement(undecided: int) -> str:
    met = f", but for {undecided} from a margin below {NOISE:g} on" if undecided else ""
    return f"native = interpreter, bit for bit; = discretized model, address for address{met}"


def _expect_bits(machines: SequenceMachines, inputs: Floats, rows: int) -> None:
    """Native code leaves what the interpreter leaves: outputs, addresses, status."""
    native = machines.native.execute(inputs, rows)
    expected = machines.interpreted(inputs, rows)
    if native.status is not expected.status:
        raise _difference(
            inputs,
            rows,
            f"interpreter: {NTM_STATUS_TEXT[expected.status]}; "
            f"native: {NTM_STATUS_TEXT[native.status]}",
        )
    if (expected.addresses != native.addresses).any():
        raise _elsewhere(inputs, rows, "interpreter", expected.addresses, native.addresses)
    if native.outputs.tobytes() != expected.outputs.tobytes():
        differing = (native.outputs != expected.outputs).any(1)
        step = int(differing.argmax())
        raise _difference(
            inputs,
            rows,
            f"interpreter: {expected.outputs[step].tolist()} in step {step + 1}; "
            f"native: {native.outputs[step].tolist()}",
        )


def _expect_same(machines: SequenceMachines, inputs: Floats, rows: int) -> bool:
    """Native code, interpreter and discretized model agree.

    Args:
        inputs: usable.
        rows: enough.

    Returns:
        Whether native code and model went apart, from a decision on that could go either way.
    """
    _expect_bits(machines, inputs, rows)
    native = machines.native.execute(inputs, rows)
    model = machines.model.trace(inputs, rows, HARD)
    elsewhere = (model.addresses != native.addresses).any(1)
    apart = abs(model.outputs - native.outputs)
    crossed = (model.outputs > 0.5) != (native.outputs > 0.5)
    wrong = (apart > TOLERANCE) | (crossed & (abs(native.outputs - 0.5) > TOLERANCE))
    differing = elsewhere | wrong.any(1)
    if not differing.any():
        return False
    step = int(differing.argmax())
    if machines.kind.sure_steps(machines.program, inputs, rows, NOISE) <= step:
        return True
    if elsewhere[step]:
        raise _elsewhere(inputs, rows, "discretized model", model.addresses, native.addresses)
    channel = int(wrong[step].argmax())
    raise _difference(
        inputs,
        rows,
        f"discretized model: {model.outputs[step, channel]:.6f} in step {step + 1}, output "
        f"{channel}; native: {native.outputs[step, channel]:.6f}",
    )


def _elsewhere(
    inputs: Floats, rows: int, name: str, expected: Addresses, found: Addresses
) -> DifferenceError:
    """Heads of native code are elsewhere than those of another machine."""
    step = int((expected != found).any(1).argmax())
    return _difference(
        inputs,
        rows,
        f"{name}: heads at {expected[step].tolist()} in step {step + 1}; "
        f"native: {found[step].tolist()}",
    )


def _difference(inputs: Floats, rows: int, difference: str) -> DifferenceError:
    sequence = tuple(tuple(row) for row in inputs.tolist())
    return DifferenceError(SequenceCounterexample(sequence, rows, difference))


def _on_samples(machines: SequenceMachines, samples: int, seed: int) -> SequenceFinding:
    """Soft, discretized and native error as the task measures it, up to the trained complexity."""
    task = machines.model.task
    complexities = range(task.smallest_complexity, task.largest_training_complexity + 1)
    errors = dict.fromkeys(("soft", "discretized", "native"), 0.0)
    wrong: SequenceCounterexample | None = None
    for number, complexity in enumerate(complexities):
        count = len(range(number, samples, len(complexities)))
        if count == 0:
            break
        batch = _sample(machines, complexity, count, seed)
        rows = task.memory.rows(batch.inputs.shape[1])
        answers = {
            "soft": machines.model_outputs(batch, rows, SOFT),
            "discretized": machines.model_outputs(batch, rows, HARD),
            "native": machines.native_outputs(batch, rows),
        }
        for name, outputs in answers.items():
            errors[name] += float(task.error(outputs, batch).sum())
            wrong = wrong or _wrong(batch, outputs, name, rows)
    rates = ", ".join(f"{name} error {total / samples:.6g}" for name, total in errors.items())
    counterexample = None
    worse = errors["native"] - errors["soft"] > samples * SOFT_TOLERANCE
    if max(errors.values()) > samples * task.tolerance or worse:
        difference = f"{rates}; expected at most {task.tolerance:g}"
        if worse:
            difference += f", native at most {SOFT_TOLERANCE:g} above soft"
        if wrong is not None:
            difference += f"; {wrong.difference}"
        inputs, rows = (wrong.inputs, wrong.rows) if wrong else ((), 1)
        counterexample = SequenceCounterexample(inputs, rows, difference)
    largest = complexities[-1]
    subject = f"random samples up to complexity {largest}"
    return Finding(subject, samples, largest, rates, counterexample)


def _at_complexity(
    machines: SequenceMachines, complexity: int, count: int, seed: int
) -> SequenceFinding:
    task = machines.model.task
    batch = _sample(machines, complexity, count, seed)
    rows = task.memory.rows(batch.inputs.shape[1])
    outputs = machines.native_outputs(batch, rows)
    wrong = _wrong(batch, outputs, "native", rows)
    noun = "sample" if count == 1 else "samples"
    beyond = ", beyond training" if complexity > task.largest_training_complexity else ""
    subject = f"{noun} of complexity {complexity}{beyond}"
    return Finding(subject, count, complexity, "native = definition", wrong)


def _wrong(
    batch: SequenceBatch, outputs: Tensor, name: str, rows: int
) -> SequenceCounterexample | None:
    """The first output that counts and is on the wrong side of 1/2, if there is one."""
    wrong = batch.wrong(outputs)
    if not bool(wrong.any()):
        return None
    sample, step, channel = wrong.nonzero()[0].tolist()
    inputs = batch.inputs[sample, : int(batch.steps[sample])]
    return SequenceCounterexample(
        tuple(tuple(row) for row in inputs.tolist()),
        rows,
        f"definition: {batch.targets[sample, step, channel]:g} in step {step + 1}, output "
        f"{channel}; {name}: {outputs[sample, step, channel]:.4f}",
    )


def _sample(machines: SequenceMachines, complexity: int, count: int, seed: int) -> SequenceBatch:
    generator = torch.Generator().manual_seed(seed)
    return machines.model.task.sample(torch.full((count,), complexity), generator)


def _rows(machines: SequenceMachines, steps: int, spare: float) -> int:
    """From just enough rows to SPARE_ROWS times as many."""
    needed = machines.program.metadata.memory.rows(steps)
    return needed + round(spare * (SPARE_ROWS - 1) * needed)


def _asks_for_bits(batch: SequenceBatch) -> bool:
    wanted = batch.targets[batch.mask]
    return bool(((wanted == 0) | (wanted == 1)).all())
