"""The soft machine of the kind ``offset``: a softmax over the constants that it might add.

A run leaves v in cell 0 with the probability of the constants that lead there; training is descent
on the cross-entropy of what the task's samples ask for.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from hardmax.runtime.abi import Status
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.interpreter import Result
from hardmax.runtime.nram.program import StepBudget
from hardmax.trainer.archive import expect_field, load_archive, save_archive
from hardmax.trainer.kinds import AnyModel, TrainerKind, with_options
from hardmax.trainer.nram.tasks.task import Batch, Task
from hardmax.trainer.population.session import Judge
from hardmax.trainer.population.settings import TrainingSettings
from hardmax.trainer.progress import Progress
from hardmax.trainer.provenance import AS_TRAINED, Provenance

FORMAT, STATE_FORMAT, VERSION = "offset-model", "offset-training", 1
CHOICES = 8


class Shift(Task):
    """Add 3 to the first cell, modulo M."""

    machine = "offset"
    title = "Shift"
    summary = "add 3 to the first cell, modulo the memory's size"
    budget = StepBudget(per_cell=0, constant=1)
    largest_training_complexity = 12
    steps_per_element = 0
    steps_besides = 1

    def _minimum_size(self, n: int) -> int:
        return n + 1

    def _draw(self, n: Tensor, size: int, generator: torch.Generator) -> Batch:
        inputs = torch.randint(size, (len(n), size), generator=generator)
        return Batch.of_one_cell(inputs, 0, (inputs[:, 0] + 3) % size, self.timesteps(n.squeeze(1)))

    def _definition(self, memory: list[int]) -> dict[int, int]:
        return {0: (memory[0] + 3) % len(memory)}


@dataclass(frozen=True, eq=False)
class OffsetModel:
    """What was learned: float32 [CHOICES], a logit for each constant."""

    kind: ClassVar[str] = "offset"
    task: Task
    logits: Tensor
    provenance: Provenance

    def digest(self) -> str:
        return hashlib.sha256(self.logits.numpy().tobytes()).hexdigest()

    def facts(self) -> Iterator[tuple[str, object]]:
        yield "choices", len(self.logits)

    def soft_cells(self, memories: Tensor, steps: int) -> Tensor:
        first = soft_cell(self.logits, memories).argmax(1, keepdim=True)
        return torch.cat((first, memories[:, 1:]), dim=1)

    def discretized_cells(self, memories: Tensor, steps: int) -> Tensor:
        first = (memories[:, :1] + self.logits.argmax()) % memories.shape[1]
        return torch.cat((first, memories[:, 1:]), dim=1)

    def discretized(self, memory: Sequence[int], max_steps: int) -> Result:
        (cells,) = self.discretized_cells(torch.tensor([memory]), max_steps).tolist()
        return Result(tuple(cells), 1, Status.HALTED)


def soft_cell(logits: Tensor, memories: Tensor) -> Tensor:
    """[N, M]: with what probability each value is in cell 0 after the timestep."""
    samples, size = memories.shape
    reached = (memories[:, :1] + torch.arange(len(logits))) % size
    probabilities = logits.softmax(0).expand(samples, -1)
    return torch.zeros(samples, size).scatter_add(1, reached, probabilities)


@dataclass(frozen=True, kw_only=True)
class OffsetSettings(TrainingSettings):
    """Nothing of its own."""

    machine: ClassVar[str] = "offset"


class OffsetSession:
    """A training: update after update until samples of every size come out right."""

    def __init__(self, settings: TrainingSettings, command: str, logits: Tensor) -> None:
        self.settings = settings
        self.command = command
        self.seconds = 0.0
        self.updates = 0
        self.judge: Judge = lambda model: None
        self.logits = logits.requires_grad_()

    def train(
        self, limit: float, state_path: Path | None, report: Callable[[Progress], None]
    ) -> OffsetModel | None:
        settings, began = self.settings, time.monotonic()
        task: Task = KIND.tasks[settings.task]
        generator = torch.Generator().manual_seed(settings.seed)
        optimizer = torch.optim.Adam([self.logits], lr=0.1)
        error = 1.0
        while error > 0 or self.updates < 50:
            self.seconds = time.monotonic() - began
            if self.seconds > limit:
                if state_path is not None:
                    self.save(state_path)
                return None
            complexity = 7 + self.updates % (settings.complexity - 6)
            batch = task.sample(
                torch.full((settings.batch,), complexity), task.minimum_size(complexity), generator
            )
            probabilities = soft_cell(self.logits, batch.inputs)
            asked = probabilities.gather(1, batch.expected[:, :1])
            error = float(batch.error(self._model(task).discretized_cells(batch.inputs, 1)).mean())
            optimizer.zero_grad()
            torch.autograd.backward(-asked.log().mean())
            optimizer.step()
            self.updates += 1
            samples = self.updates * settings.batch
            report(
                Progress(
                    self.seconds, self.updates, samples, (complexity,), error, error, 0, 0, None
                )
            )
        return self._model(task)

    def _model(self, task: Task) -> OffsetModel:
        provenance = {
            "command": self.command,
            "seed": self.settings.seed,
            "seconds": round(self.seconds, 3),
            "complexity": self.settings.complexity,
            "found_by": "gradient",
            "weights": AS_TRAINED,
        }
        return OffsetModel(task, self.logits.detach().clone(), provenance)

    def shortfall(self) -> Iterator[str]:
        """It always finds something."""
        yield from ()

    def save(self, path: Path) -> None:
        save_archive(
            {
                "format": STATE_FORMAT,
                "format_version": VERSION,
                "task": self.settings.task,
                "seed": self.settings.seed,
                "complexity": self.settings.complexity,
                "command": self.command,
                "state_dict": {"logits": self.logits.detach()},
            },
            path,
        )


@dataclass(frozen=True)
class Offset:
    tasks: dict[str, Task]
    formats: tuple[str, ...] = (FORMAT,)

    def task(self, name: str) -> Task:
        if name not in self.tasks:
            raise HardmaxError(f"expected one of {', '.join(self.tasks)}, found {name!r:.40}")
        return self.tasks[name]

    def default_settings(self, task: str, options: Mapping[str, Any]) -> TrainingSettings:
        complexity = self.task(task).largest_training_complexity
        return with_options(OffsetSettings(task=task, complexity=complexity), options, task)

    def begin(
        self, settings: TrainingSettings, command: str, init_from: AnyModel | None = None
    ) -> OffsetSession:
        if init_from is not None:
            raise HardmaxError(f"--init-from is no option of a training of {settings.task}")
        settings.check(7)  # smaller memories do not tell the constants apart
        return OffsetSession(settings, command, torch.zeros(CHOICES))

    def resume(self, path: Path) -> OffsetSession:
        data = load_archive(path, STATE_FORMAT, VERSION)
        settings = OffsetSettings(
            task=expect_field(data, "task", str),
            seed=expect_field(data, "seed", int),
            complexity=expect_field(data, "complexity", int),
        )
        return OffsetSession(settings, expect_field(data, "command", str), _logits(data))

    def save(self, model: Any, path: Path) -> None:
        save_archive(
            {
                "format": FORMAT,
                "format_version": VERSION,
                "task": model.task.name,
                "provenance": dict(model.provenance),
                "state_dict": {"logits": model.logits},
            },
            path,
        )

    def load(self, path: Path) -> OffsetModel:
        data = load_archive(path, FORMAT, VERSION)
        task = self.task(expect_field(data, "task", str))
        return OffsetModel(task, _logits(data), expect_field(data, "provenance", dict))


def _logits(data: dict[str, Any]) -> Tensor:
    logits = expect_field(expect_field(data, "state_dict", dict), "logits", Tensor)
    if logits.shape != (CHOICES,) or logits.dtype != torch.float32:
        raise HardmaxError(f"expected {CHOICES} logits, found the shape {tuple(logits.shape)}")
    return logits


KIND: TrainerKind = Offset({"shift": Shift()})
