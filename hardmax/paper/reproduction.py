"""The paper's experiments on our models: error against complexity, soft and compiled.

As in the paper's figure 3, the error at x is that of samples whose complexity is uniform in 1..x;
here all of them in a memory that the largest just fits into. The error of a sample is the share of
the cells which should be modified that are wrong in the read-out (section 4.2).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from hardmax.extractor.markdown import markdown
from hardmax.extractor.nram.extract import extract
from hardmax.paper.table1 import NOT_IN_THE_PAPER, TABLE_1
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.native import NativeProgram
from hardmax.trainer.nram.model import Model
from hardmax.trainer.nram.session import Session, Settings
from hardmax.trainer.nram.tasks import Batch, Task
from hardmax.trainer.population.population import present_names
from hardmax.trainer.train import usable_device
from hardmax.verification.native import compiled

SOFT_COMPLEXITIES = (10, 20, 30, 40, 50)
COMPILED_COMPLEXITIES = (100, 200, 500, 1000)
"""Where errors are measured besides the largest complexity of the training, which comes first.
Compiled code is also measured where the soft model is."""

GENERALIZED, FAR = 50, 500
"""The paper's largest complexity, and ten times that."""

UNKNOWN = "not recorded"
"""The origin of a model whose provenance says nothing of it."""

BATCHES, FEW = 4, 16
"""The samples of a point are drawn in batches of a quarter, to keep memory small; a few at once."""


@dataclass(frozen=True)
class Point:
    """Mean error of ``samples`` samples of complexities 1..``complexity``."""

    complexity: int
    samples: int
    error: float


@dataclass(frozen=True)
class Result:
    """One model.

    Attributes:
        task: what it computes.
        found_by, weights: as its provenance says.
        trained: largest complexity of its training.
        soft, compiled: errors by rising complexity.
        differing: samples of the soft points on which compiled code left other output cells.
        as_found: error of the soft model when training found it, before its margins were enlarged,
            on 256 samples of the largest complexity of the training; None where its provenance does
            not say.
    """

    task: Task
    found_by: str
    weights: str
    trained: int
    soft: tuple[Point, ...]
    compiled: tuple[Point, ...]
    differing: int
    as_found: float | None = None

    @property
    def title(self) -> str:
        """Of its curve in a figure."""
        return f"{self.task.title}, {self.found_by}"

    @property
    def compared(self) -> int:
        """Samples on which soft model and compiled code both ran."""
        return sum(point.samples for point in self.soft)


def evaluate(model: Model, soft_samples: int, compiled_samples: int, seed: int) -> Result:
    """Measure a model's errors; same seed, same samples.

    Args:
        soft_samples, compiled_samples: a point, >= 1.
    """
    task = model.task
    native = compiled(extract(model).program)
    generator = torch.Generator().manual_seed(seed)
    trained = int(model.provenance.get("complexity", task.largest_training_complexity))
    soft_points, compiled_points, differing = [], [], 0
    for largest in sorted({trained, *SOFT_COMPLEXITIES}):
        error = 0.0
        for batch in _batches(task, largest, soft_samples, generator):
            budget = task.budget.steps(batch.inputs.shape[1])
            left = model.soft_cells(batch.inputs, budget)
            error += float(batch.error(left).sum())
            differs = (left != _run(native, batch)) & batch.output
            differing += int(differs.any(1).sum())
        soft_points.append(Point(largest, soft_samples, error / soft_samples))
    for largest in sorted({trained, *SOFT_COMPLEXITIES, *COMPILED_COMPLEXITIES}):
        error = 0.0
        for batch in _batches(task, largest, compiled_samples, generator):
            error += float(batch.error(_run(native, batch)).sum())
        compiled_points.append(Point(largest, compiled_samples, error / compiled_samples))
    as_found = model.provenance.get("soft_error_as_found")
    return Result(
        task=task,
        found_by=str(model.provenance.get("found_by", UNKNOWN)),
        weights=str(model.provenance.get("weights", UNKNOWN)),
        trained=trained,
        soft=tuple(soft_points),
        compiled=tuple(compiled_points),
        differing=differing,
        as_found=None if as_found is None else float(as_found),
    )


def _batches(task: Task, largest: int, samples: int, generator: torch.Generator) -> Sequence[Batch]:
    complexity = torch.randint(1, largest + 1, (samples,), generator=generator)
    size = task.minimum_size(largest)
    parts = complexity.chunk(BATCHES if samples > FEW else 1)
    return [task.sample(part, size, generator) for part in parts]


def _run(native: NativeProgram, batch: Batch) -> Tensor:
    """int64 [N, M], what compiled code leaves."""
    return torch.from_numpy(native.run_batch(batch.inputs.numpy()).memories.astype("int64"))


def retrain(model: Model, limit: float) -> Model | None:
    """Train with the settings that a model was trained with; None when time is up.

    Raises:
        HardmaxError: the model does not say what they were, or the device is not here.
    """
    recorded = present_names(model.provenance)
    fields = [field for field in dataclasses.fields(Settings) if field.name != "task"]
    names = [field.name for field in fields]
    # What could not be chosen yet was what is the default today.
    optional = {f.name: f.default for f in fields if f.default is not dataclasses.MISSING}
    recorded = {**optional, **recorded}
    missing = [name for name in names if name not in recorded]
    if missing:
        raise HardmaxError(
            f"model of {model.task.name}: its provenance does not say {', '.join(missing)}"
        )
    chosen = {name: recorded[name] for name in names}
    usable_device(str(chosen["device"]))
    settings = Settings(task=model.task.name, **chosen)
    session = Session(settings, str(recorded.get("command", "hardmax reproduce --retrain")))
    return session.train(limit, None, lambda progress: None)


HEADINGS = (
    *("task", "found by", "weights", "train complexity: paper", "ours"),
    *("train error: paper", "ours", "as found"),
    *("generalization: paper", f"ours, soft to {GENERALIZED}", f"compiled to {GENERALIZED}"),
    *(f"compiled to {FAR}", "discretization: paper", "ours"),
)


def report(results: Sequence[Result], remarks: Sequence[str]) -> str:
    """Table 1, the paper's beside ours, and how ours was measured."""
    rows = []
    for result in results:
        paper = TABLE_1.get(result.task.name, NOT_IN_THE_PAPER)
        ours = "perfect"
        if result.differing:
            ours = f"differs on {result.differing} of {result.compared}"
        rows.append(
            (
                result.task.title,
                result.found_by,
                result.weights,
                paper.train_complexity,
                f"<= {result.trained}",
                paper.train_error,
                percent(_at(result.soft, result.trained)),
                "" if result.as_found is None else percent(result.as_found),
                paper.generalization,
                percent(_at(result.soft, GENERALIZED)),
                percent(_at(result.compiled, GENERALIZED)),
                percent(_at(result.compiled, FAR)),
                paper.discretization,
                ours,
            )
        )
    soft_samples, compiled_samples = results[0].soft[0].samples, results[0].compiled[0].samples
    notes = (
        "Errors are mean shares of the cells to be modified that are wrong, over samples of "
        f"complexity uniform in 1..x: {soft_samples} for each x with the soft model, "
        f"{compiled_samples} with compiled code, which is the discretized model. Train error: the "
        "soft model at the largest complexity of the training; as found: before training on "
        "enlarged the margins. Discretization is perfect where "
        f"compiled code left the soft model's output on all {results[0].compared} samples that "
        "both ran on. Weights that were fitted to the found program are right by construction in "
        "the soft model, too; only those as trained are to be held against the paper's."
    )
    return "\n\n".join([markdown(HEADINGS, rows), notes, *remarks])


def percent(error: float) -> str:
    """An error as the paper prints it: exactly 0, or in percent."""
    return "0" if error == 0 else f"{error:.2%}"


def _at(points: Sequence[Point], complexity: int) -> float:
    return next(point.error for point in points if point.complexity == complexity)
