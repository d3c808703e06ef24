"""The training of an NRAM: its settings, its methods, and what is accepted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from operator import sub
from typing import Any

import torch

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.gates import STANDARD_MODULES
from hardmax.trainer.layers import ControllerConfig
from hardmax.trainer.nram import lstm
from hardmax.trainer.nram.acceptance import (
    acceptance_examples,
    halting_of,
    is_exact,
    timed,
)
from hardmax.trainer.nram.controller import Controller
from hardmax.trainer.nram.gradient import THRESHOLDS, NramTrainer
from hardmax.trainer.nram.hardening import harden, lookup_table, table_shape
from hardmax.trainer.nram.model import Model
from hardmax.trainer.nram.own_tasks.shortfall import Nearest
from hardmax.trainer.nram.search.search import compile_search, search
from hardmax.trainer.nram.search.table import Shape, Table
from hardmax.trainer.nram.sharpening import is_exact_machine, sharpen
from hardmax.trainer.nram.tasks import Task, find_task
from hardmax.trainer.nram.wiring import Wiring
from hardmax.trainer.population.session import Tick, Training
from hardmax.trainer.population.settings import TrainingSettings
from hardmax.trainer.progress import SearchProgress
from hardmax.trainer.provenance import AS_TRAINED, FITTED

METHODS = ("hybrid", "gradient", "search")
"""``gradient`` trains a population; ``search`` anneals lookup tables; ``hybrid`` takes turns, and
each turn of search begins with the discretized table of the population's best member. Of LSTMs,
which have none, it begins with nothing; what search finds an LSTM learns from the runs it makes."""

GRADIENT_TURN = 50
"""Updates in a turn of ``hybrid``."""

SEARCH_TURN = 1_500_000
"""Evaluations in a turn of ``hybrid``."""

WIDER = ((4, 1), (4, 2), (5, 2), (6, 3))
"""Registers and repetitions of the shapes that search goes on to, narrow ones first."""


@dataclass(frozen=True, kw_only=True)
class Settings(TrainingSettings):
    """Everything that decides what the training of an NRAM finds; primitives only.

    Attributes:
        task: a key of ``hardmax.trainer.nram.tasks.LOADED``.
        method: one of METHODS.
        registers, repetitions: R, and how often the 14 modules are repeated; search goes on to
            wider shapes.
    """

    machine = "nram"
    method: str
    registers: int
    repetitions: int
    patience: int = THRESHOLDS.stale_after

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise HardmaxError(f"expected method {' or '.join(METHODS)}, found {self.method!r}")
        self.check(find_task(self.task).smallest_complexity)

    @property
    def title(self) -> str:
        """The task and the method."""
        return f"{find_task(self.task).name} by {self.method}"


class Session(Training[Settings, NramTrainer, Model]):
    """The training of an NRAM.

    Gradient training resumes without a trace; of search, the start that was interrupted is
    repeated.
    """

    format = "hardmax-training"
    format_version = 4

    def __init__(self, settings: Settings, command: str) -> None:
        self.task = find_task(settings.task)
        self.wiring = Wiring(settings.registers, settings.repetitions)
        self.config = ControllerConfig(settings.controller, settings.hidden)
        config = settings.gradient_config()
        device = torch.device(settings.device)
        trainer = NramTrainer(self.task, self.wiring, self.config, config, settings.seed, device)
        super().__init__(settings, command, trainer)
        self.guesses = self.task.guesses()
        self.searching = False
        self.starts = 0
        self.found = False
        self.examples = acceptance_examples(self.task)
        self.nearest = Nearest(self.examples)

    @classmethod
    def begin(cls, settings: dict[str, Any], command: str) -> Session:
        """A training of settings from a file."""
        return cls(Settings(**settings), command)

    def prepare(self) -> None:
        """Compile what search runs."""
        if self.settings.method != "gradient":
            compile_search()

    def take_turns(self, tick: Tick) -> Model:
        """Alternate between the method's turns until one of them finds a model."""
        while True:
            if self.settings.method != "search" and not self.searching:
                model = self.gradient_turn(tick, GRADIENT_TURN)
                if model is not None:
                    return model
            if self.settings.method != "gradient":
                model = self._search_turn(tick)
                if model is not None:
                    return model

    def _search_turn(self, tick: Tick) -> Model | None:
        """Search from the best member's table, then from nothing, for a turn.

        A start that found a model is not counted: a training saved after it finds it again.
        """
        self.searching = True
        hybrid = self.settings.method == "hybrid"
        start = None
        if hybrid and not self.trainer.population.network.recurrent:
            best = self.trainer.population.ranking()[0]
            start, _ = lookup_table(self.trainer.population.network, best)
        spent = self.evaluations

        def progress(search: SearchProgress) -> None:
            self.starts = search.start - 1
            self.found = search.found
            self.evaluations = spent + search.evaluations
            tick(search)

        found = search(
            self.guesses,
            self.shapes(),
            self._accept_table,
            seed=self.settings.seed,
            evaluations=SEARCH_TURN if hybrid else None,
            seconds=self.deadline - time.monotonic(),
            first_start=self.starts,
            start=start,
            threads=torch.get_num_threads(),
            progress=progress,
            watch=self.nearest.look,
        )
        if found is None:
            tick(None)
            self.starts += 1
            self.searching = False
            return None
        self.evaluations = spent + found.evaluations
        task, shape = timed(found.task, found.table, self.examples), found.table.shape
        wiring = Wiring(shape.registers, len(shape.modules) // len(STANDARD_MODULES))
        controller = Controller(wiring, self.config, members=1)
        controller.initialise(0, torch.Generator().manual_seed(self.settings.seed))
        if controller.recurrent:
            if not lstm.learn_table(task, controller, found.table, self.examples):
                self.starts = found.starts
                self.searching = False
                self.rejected += 1
                return None
        else:
            harden(controller, found.table)
        found_by = "hybrid" if found.plan == "polish" else "search"
        return self._model(task, controller, found_by, FITTED, found.starts)

    def shapes(self) -> list[Shape]:
        """What search looks for: the settings' shape first, then wider ones."""
        first = (self.settings.registers, self.settings.repetitions)
        wider = [pair for pair in WIDER if pair != first and min(map(sub, pair, first)) >= 0]
        return [table_shape(Wiring(*pair)) for pair in (first, *wider)]

    def _accept_table(self, task: Task, table: Table) -> bool:
        exact = is_exact(task, table, self.examples)
        if not exact and not self.found:
            self.rejected += 1
        return exact

    def shortfall(self) -> Iterator[str]:
        """Of a training that found nothing: how far it got, and what may help."""
        return self.nearest.shortfall(self.task, self.rejected)

    def examine(self, member: int) -> Model | None:
        """Put a candidate to the acceptance test; train it on until it is certain if it passes."""
        controller = self.trainer.population.network.select(member)
        if not is_exact_machine(self.task, controller, self.examples):
            return None
        as_found = sharpen(self.task, controller, self.examples, self.settings.complexity)
        if as_found is None:
            return None
        return self._model(
            *(self.task, controller, "gradient", AS_TRAINED, self.starts),
            margin_as_found=as_found.margin,
            soft_error_as_found=as_found.soft_error,
        )

    def _model(
        self,
        task: Task,
        controller: Controller,
        found_by: str,
        weights: str,
        starts: int,
        **more: str | int | float,
    ) -> Model:
        found = {"evaluations": self.evaluations, "starts": starts, **more}
        if not controller.recurrent:
            table, _ = lookup_table(controller, 0)
            found["halting"] = halting_of(task, table, self.examples)
        return Model(task, controller, self.provenance(found_by, weights, **found))

    def state(self) -> dict[str, Any]:
        """As of every training, and how far search is."""
        return {
            **super().state(),
            "searching": self.searching,
            "starts": self.starts,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what :meth:`state` returned."""
        super().restore(state)
        self.searching = bool(state["searching"])
        self.starts = int(state["starts"])
