"""Errors of Neural Turing Machines, soft and compiled, up to 100 times the complexity of training.

    python -m benchmarks.ntm_errors [MODEL ...] [--samples N] [--into docs/ntm.md]

Soft machine and compiled code answer the same random sequences of the task, in a memory with as
many rows as the task names. What counts is how many bits are on the wrong side of 1/2; where
probabilities are asked for, the loss above that of the optimal estimator.

Machines that sort are also measured against the least gap between two priorities: the same
sequences in every column, with priorities moved apart.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.one_line_errors import one_line_errors
from benchmarks.pages import write_section
from hardmax.extractor.markdown import markdown
from hardmax.extractor.ntm.extract import ntm_program
from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.decisions import SOFT
from hardmax.trainer.ntm.checkpoint import load_ntm
from hardmax.trainer.sequence.model import SequenceModel
from hardmax.trainer.sequence.tasks.copies import RepeatCopy
from hardmax.trainer.sequence.tasks.ngrams import Ngrams
from hardmax.trainer.sequence.tasks.recall import Recall
from hardmax.trainer.sequence.tasks.sort import Sort
from hardmax.trainer.sequence.tasks.task import SequenceBatch, SequenceTask
from hardmax.verification.native import compiled
from hardmax.verification.sequence_machines import SequenceMachines

MULTIPLES = (1, 2, 10, 100)
"""Of the largest complexity trained on: where errors are measured."""

SAMPLES = 1000
"""Sequences for each multiple."""

FAR, FEWER = 100, 10
"""From this multiple on there are so many times fewer: the soft machine takes all N rows a step."""

AT_ONCE = 100
"""Sequences that the soft machine takes at once."""

SORTED_SAMPLES = 10
"""So many times more sequences are sorted for each gap: short ones, and seldom wrong."""

GAPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4)
"""Least differences between two priorities."""

MACHINES = ("soft", "compiled")

COLUMNS = ("model", "trained on", "seconds", "machine", *(f"{n}x" for n in MULTIPLES))

DIFFMEM = (
    *("diffmem, copy", "length 5", "", "soft"),
    *('"negligible error"', "BPC < 2e-8", '"trouble" after 13', ""),
)
"""What the NumPy reference says of itself, in the columns of the table."""


@dataclass(frozen=True)
class Point:
    """Means over sequences of one complexity.

    Attributes:
        errors: of each of MACHINES, wrong bits in a sequence, or the loss above the optimal one as
            a share of that.
        bits: outputs that count in a sequence.
    """

    errors: tuple[float, float]
    bits: float


@dataclass(frozen=True)
class Measurement:
    """One model.

    Attributes:
        name: for people.
        model: its task and provenance.
        points: for each of MULTIPLES; None where the task has no such inputs.
    """

    name: str
    model: SequenceModel
    points: tuple[Point | None, ...]

    @property
    def predicts(self) -> bool:
        """Whether it is asked for probabilities, not for bits."""
        return isinstance(self.model.task, Ngrams)

    def rows(self) -> list[tuple[str, ...]]:
        """Two rows of a table: soft and compiled."""
        seconds = str(self.model.provenance.get("seconds", ""))
        trained_on = size(self.model.task, trained_complexity(self.model))
        return [
            (self.name, trained_on, seconds, machine, *(self._cell(p, number) for p in self.points))
            for number, machine in enumerate(MACHINES)
        ]

    def _cell(self, point: Point | None, machine: int) -> str:
        if point is None:
            return ""
        error = point.errors[machine]
        if self.predicts:
            return f"{error:.2%}"
        wrong = f"{error:.0f}" if error >= 100 else f"{error:.3g}"
        return f"{wrong} of {point.bits:.0f}"


def trained_complexity(model: SequenceModel) -> int:
    """The largest complexity in its training."""
    return int(model.provenance.get("complexity", model.task.largest_training_complexity))


def size(task: SequenceTask, complexity: int) -> str:
    """A complexity in words of the task."""
    match task:
        case Recall():
            return f"{complexity} items"
        case Ngrams():
            return f"{10 * complexity} bits"
        case RepeatCopy():
            return f"length {complexity}, up to {min(complexity, task.most_repeats)} times"
        case _:
            return f"length {complexity}"


def machines_of(path: Path) -> SequenceMachines:
    """The machine of a model file, soft and compiled.

    Raises:
        HardmaxError: the file holds no NTM, or its code could not be linked.
    """
    model = load_ntm(path)
    program = ntm_program(model)
    return SequenceMachines(model, program, compiled(program))


def wrong_bits(probabilities: Tensor, batch: SequenceBatch) -> Tensor:
    """[K]: how many of the outputs that count are on the wrong side of 1/2."""
    return batch.wrong(probabilities).sum((-1, -2))


def measure(name: str, machines: SequenceMachines, samples: int) -> Measurement:
    """Let both machines answer so many sequences of every multiple, from FAR on fewer."""
    generator = torch.Generator().manual_seed(0)
    trained = trained_complexity(machines.model)
    points = [
        _point(machines, multiple * trained, count(multiple, samples), generator)
        for multiple in MULTIPLES
    ]
    return Measurement(name, machines.model, tuple(points))


def count(multiple: int, samples: int) -> int:
    """How many sequences of a multiple of the trained complexity are measured."""
    return samples if multiple < FAR else max(1, samples // FEWER)


def _point(
    machines: SequenceMachines, complexity: int, samples: int, generator: torch.Generator
) -> Point | None:
    """None where the task refuses to make such sequences."""
    task = machines.model.task
    sizes = [min(AT_ONCE, samples - done) for done in range(0, samples, AT_ONCE)]
    try:
        batches = [task.sample(torch.full((some,), complexity), generator) for some in sizes]
    except HardmaxError:
        return None
    totals = torch.zeros(3, dtype=torch.float64)
    for batch in batches:
        rows = task.memory.rows(batch.inputs.shape[1])
        soft = machines.model_outputs(batch, rows, SOFT)
        native = machines.native_outputs(batch, rows)
        errors = [
            task.error(found, batch) if isinstance(task, Ngrams) else wrong_bits(found, batch)
            for found in (soft, native)
        ]
        totals += torch.stack([part.sum() for part in (*errors, batch.mask)])
    soft_error, native_error, bits = (totals / samples).tolist()
    return Point((soft_error, native_error), bits)


def not_sorted(machines: SequenceMachines, task: Sort, samples: int) -> list[int | None]:
    """For each of GAPS, the sequences of the trained size in which compiled code has a wrong bit.

    None where so many priorities cannot lie that far apart.
    """
    length = trained_complexity(machines.model)
    generator = torch.Generator().manual_seed(0)
    batch = task.sample_with_gap(torch.full((samples,), length), 0.0, generator)
    rows = task.memory.rows(batch.inputs.shape[1])
    wrong: list[int | None] = []
    for gap in GAPS:
        if gap * (length - 1) >= 2:
            wrong.append(None)
            continue
        apart = spread(task, batch, length, gap)
        bits = wrong_bits(machines.native_outputs(apart, rows), apart)
        wrong.append(int((bits > 0).sum()))
    return wrong


def spread(task: Sort, batch: SequenceBatch, length: int, gap: float) -> SequenceBatch:
    """The same sequences with priorities in the same order, no two of them closer than the gap.

    Uniform priorities become uniform among those that are so far apart.

    Args:
        batch: sequences of one length.
        gap: 0..2 / (length - 1).
    """
    inputs = batch.inputs.clone()
    priorities = inputs[:, 1 : length + 1, task.priority_channel]
    rank = priorities.argsort(1).argsort(1)
    free = 1 - gap * (length - 1) / 2
    inputs[:, 1 : length + 1, task.priority_channel] = (priorities + 1) * free - 1 + gap * rank
    return replace(batch, inputs=inputs)


def error_table(
    what: str,
    measurements: Sequence[Measurement],
    samples: int,
    others: Sequence[tuple[str, ...]] = (),
) -> str:
    """What was measured, and rows that were not, in Markdown."""
    rows = [row for measurement in measurements for row in measurement.rows()]
    counts = f"{what}: means of {samples} sequences, of {count(FAR, samples)} at {FAR}x."
    return f"{counts}\n\n{markdown(COLUMNS, [*rows, *others])}"


def gap_table(not_sorted: dict[str, list[int | None]], samples: int) -> str:
    """Sequences with a wrong output in Markdown, by model."""
    rows = [
        (name, *("" if wrong is None else str(wrong) for wrong in counts))
        for name, counts in not_sorted.items()
    ]
    counts = f"Sequences with any wrong bit, of {samples}, by least gap between priorities."
    return f"{counts}\n\n{markdown(('model', *map(str, GAPS)), rows)}"


def sections(models: Sequence[Path], samples: int) -> dict[str, str]:
    """Measure every model; the text of each section of the page that there is something for.

    Raises:
        HardmaxError: a file holds no NTM.
    """
    measurements, mistakes = [], {}
    for path in models:
        machines = machines_of(path)
        measurements.append(measure(path.stem, machines, samples))
        if isinstance(machines.model.task, Sort):
            several = SORTED_SAMPLES * samples
            mistakes[path.stem] = not_sorted(machines, machines.model.task, several)
    bits = [measurement for measurement in measurements if not measurement.predicts]
    predictions = [measurement for measurement in measurements if measurement.predicts]
    found = {}
    if bits:
        found["errors"] = error_table("Wrong bits", bits, samples, [DIFFMEM])
    if predictions:
        found["excess loss"] = error_table("Loss above the optimal one", predictions, samples)
    if mistakes:
        found["gaps"] = gap_table(mistakes, SORTED_SAMPLES * samples)
    return found


@one_line_errors
def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ntm_errors", description=__doc__)
    models = sorted(Path(__file__).parents[1].glob("models/ntm-*.pt"))
    parser.add_argument("models", metavar="MODEL", nargs="*", type=Path, default=models)
    parser.add_argument("--samples", metavar="N", type=int, default=SAMPLES, help="%(default)s")
    parser.add_argument("--into", type=Path, metavar="PAGE", help="such as docs/ntm.md")
    arguments = parser.parse_args(argv)
    torch.set_num_threads(1)
    if not arguments.models:
        raise HardmaxError("nothing to measure: expected models/ntm-*.pt")
    if arguments.samples < 1:
        raise HardmaxError(f"expected --samples of at least 1, found {arguments.samples}")
    found = sections(arguments.models, arguments.samples)
    print("\n\n".join(found.values()))
    if arguments.into is not None:
        for name, text in found.items():
            write_section(arguments.into, name, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
