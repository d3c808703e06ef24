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
from torch import Tensor

from hardmax.runtime.float32 import Floats
from hardmax.runtime.ntm import interpreter
from hardmax.runtime.ntm.interpreter import NtmInterpreter
from hardmax.runtime.sequence.abi import NTM_STATUS_TEXT
from hardmax.trainer.decisions import HARD, SOFT
from hardmax.trainer.sequence.acceptance import SOFT_TOLERANCE
from hardmax.trainer.sequence.tasks.task import SequenceBatch
from hardmax.verification.findings import DifferenceError, Finding, expect_compiled_from, search
from hardmax.verification.sequence_machines import (
    Addresses,
    NtmMachines,
    model_outputs,
    native_outputs,
    run_model,
)

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


@dataclass(frozen=True)
class NtmCounterexample:
    """Where two that must agree differ.

    Attributes:
        inputs: the sequence, T rows of V numbers.
        rows: N.
        difference: what was expected and found, for people.
    """

    inputs: tuple[tuple[float, ...], ...]
    rows: int
    difference: str


NtmFinding = Finding[NtmCounterexample]


def findings(machines: NtmMachines, examples: int, samples: int, seed: int) -> Iterator[NtmFinding]:
    """Yield one finding after the other.

    Args:
        examples: sequences of each kind that hypothesis draws; 0 for none.
        samples: random samples of the task on which errors are measured; 0 for none.
        seed: of everything that is drawn.

    Raises:
        HardmaxError: the native code was compiled from another model.
    """
    native = machines.native
    expect_compiled_from(machines.program.metadata.model_hash, native.path, native.metadata)
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


def _on_task_inputs(machines: NtmMachines, examples: int, seed: int) -> NtmFinding:
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
            "soft model": run_model(machines.model.machine, inputs, rows, SOFT).outputs,
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


def _on_other_sequences(machines: NtmMachines, examples: int, seed: int) -> NtmFinding:
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


def _on_anything(machines: NtmMachines, examples: int, seed: int) -> NtmFinding:
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


def _expect_bits(machines: NtmMachines, inputs: Floats, rows: int) -> None:
    """Native code leaves what the interpreter leaves: outputs, addresses, status."""
    native = machines.native.execute(inputs, rows)
    expected = interpreter.run(machines.program, inputs, rows)
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


def _expect_same(machines: NtmMachines, inputs: Floats, rows: int) -> bool:
    """Native code, interpreter and discretized model agree.

    Args:
        inputs: usable.
        rows: enough.

    Returns:
        Whether native code and model went apart, from a decision on that could go either way.
    """
    _expect_bits(machines, inputs, rows)
    native = machines.native.execute(inputs, rows)
    model = run_model(machines.model.machine, inputs, rows, HARD)
    elsewhere = (model.addresses != native.addresses).any(1)
    apart = abs(model.outputs - native.outputs)
    crossed = (model.outputs > 0.5) != (native.outputs > 0.5)
    wrong = (apart > TOLERANCE) | (crossed & (abs(native.outputs - 0.5) > TOLERANCE))
    differing = elsewhere | wrong.any(1)
    if not differing.any():
        return False
    step = int(differing.argmax())
    if _sure_steps(machines, inputs, rows) <= step:
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


def _sure_steps(machines: NtmMachines, inputs: Floats, rows: int) -> int:
    """The steps before the first in which a decision's margin is below NOISE."""
    run = NtmInterpreter(machines.program, rows)
    for step, x in enumerate(inputs):
        if run.step(x[None]).margins.min() < NOISE:
            return step
    return len(inputs)


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
    return DifferenceError(NtmCounterexample(sequence, rows, difference))


def _on_samples(machines: NtmMachines, samples: int, seed: int) -> NtmFinding:
    """Soft, discretized and native error as the task measures it, up to the trained complexity."""
    task = machines.model.task
    complexities = range(task.smallest_complexity, task.largest_training_complexity + 1)
    errors = dict.fromkeys(("soft", "discretized", "native"), 0.0)
    wrong: NtmCounterexample | None = None
    for number, complexity in enumerate(complexities):
        count = len(range(number, samples, len(complexities)))
        if count == 0:
            break
        batch = _sample(machines, complexity, count, seed)
        rows = task.memory.rows(batch.inputs.shape[1])
        answers = {
            "soft": model_outputs(machines, batch, rows, SOFT),
            "discretized": model_outputs(machines, batch, rows, HARD),
            "native": native_outputs(machines, batch, rows),
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
        counterexample = NtmCounterexample(inputs, rows, difference)
    largest = complexities[-1]
    subject = f"random samples up to complexity {largest}"
    return Finding(subject, samples, largest, rates, counterexample)


def _at_complexity(machines: NtmMachines, complexity: int, count: int, seed: int) -> NtmFinding:
    task = machines.model.task
    batch = _sample(machines, complexity, count, seed)
    rows = task.memory.rows(batch.inputs.shape[1])
    outputs = native_outputs(machines, batch, rows)
    wrong = _wrong(batch, outputs, "native", rows)
    noun = "sample" if count == 1 else "samples"
    beyond = ", beyond training" if complexity > task.largest_training_complexity else ""
    subject = f"{noun} of complexity {complexity}{beyond}"
    return Finding(subject, count, complexity, "native = definition", wrong)


def _wrong(batch: SequenceBatch, outputs: Tensor, name: str, rows: int) -> NtmCounterexample | None:
    """The first output that counts and is on the wrong side of 1/2, if there is one."""
    wrong = batch.wrong(outputs)
    if not bool(wrong.any()):
        return None
    sample, step, channel = wrong.nonzero()[0].tolist()
    inputs = batch.inputs[sample, : int(batch.steps[sample])]
    return NtmCounterexample(
        tuple(tuple(row) for row in inputs.tolist()),
        rows,
        f"definition: {batch.targets[sample, step, channel]:g} in step {step + 1}, output "
        f"{channel}; {name}: {outputs[sample, step, channel]:.4f}",
    )


def _sample(machines: NtmMachines, complexity: int, count: int, seed: int) -> SequenceBatch:
    generator = torch.Generator().manual_seed(seed)
    return machines.model.task.sample(torch.full((count,), complexity), generator)


def _rows(machines: NtmMachines, steps: int, spare: float) -> int:
    """From just enough rows to SPARE_ROWS times as many."""
    needed = machines.program.metadata.memory.rows(steps)
    return needed + round(spare * (SPARE_ROWS - 1) * needed)


def _asks_for_bits(batch: SequenceBatch) -> bool:
    wanted = batch.targets[batch.mask]
    return bool(((wanted == 0) | (wanted == 1)).all())
