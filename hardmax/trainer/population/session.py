"""A training that can be stopped at any moment and resumed, whatever it trains."""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar

from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.archive import load_archive, save_archive
from hardmax.trainer.population.population import present_names
from hardmax.trainer.population.settings import TrainingSettings
from hardmax.trainer.population.updates import PopulationTrainer
from hardmax.trainer.progress import Progress, SearchProgress
from hardmax.trainer.provenance import Provenance, versions

SAVE_EVERY = 60.0
"""Seconds between two saves of a running training."""

REPORT_EVERY = 0.5
"""Seconds between two progress reports."""


Tick = Callable[[SearchProgress | None], None]
"""Called often during a turn: keeps time, reports, saves."""


Judge = Callable[[Any], str | None]
"""From a model that has passed its acceptance test to why it is wrong, if that is known."""


class _TimeUpError(Exception):
    """The training has used up its time."""


SettingsType = TypeVar("SettingsType", bound=TrainingSettings)
TrainerType = TypeVar("TrainerType", bound=PopulationTrainer[Any, Any])
ModelType = TypeVar("ModelType")


class Training(ABC, Generic[SettingsType, TrainerType, ModelType]):
    """A training that can be stopped at any moment and resumed without a trace.

    Attributes:
        format, format_version: of its saved state.
        retry_after: updates after which a member that failed the acceptance test may take it again.
        settings: what decides what it finds.
        command: the command line that began it, for the model's provenance.
        trainer: the population in training.
        seconds: spent so far, interruptions not counted.
        rejected: candidates that made a mistake in the acceptance test.
        judge: has the last word on a candidate. It is asked for by who may import what trainers
            may not: a proof tells more than any test.
        tried: for each member, the update in which it last took that test.
        evaluations: programs that search has judged.
        resumptions: how often it was interrupted and taken up again, perhaps by later code.
    """

    format: ClassVar[str]
    format_version: ClassVar[int]
    retry_after: ClassVar[int] = 40

    def __init__(self, settings: SettingsType, command: str, trainer: TrainerType) -> None:
        self.settings = settings
        self.command = command
        self.trainer = trainer
        self.seconds = 0.0
        self.rejected = 0
        self.tried: dict[int, int] = {}
        self.evaluations = 0
        self.resumptions = 0
        self.deadline = math.inf
        self.judge: Judge = lambda model: None

    @abstractmethod
    def take_turns(self, tick: Tick) -> ModelType:
        """Train until a model is found."""

    @abstractmethod
    def examine(self, member: int) -> ModelType | None:
        """Put a candidate to the acceptance test; the model made of it if it passes."""

    def prepare(self) -> None:
        """Do what takes time once on a machine, and is nobody's training time."""

    def train(
        self, limit: float, state_path: Path | None, report: Callable[[Progress], None]
    ) -> ModelType | None:
        """Train until a discretized machine is exact, or time is up.

        The state is saved to ``state_path`` now and then, and whenever the training ends without a
        model, by the clock or by an interrupt; :meth:`resume` continues from there. It stays there
        when a model is found: who writes that where it is safe removes the state afterwards.

        Args:
            state_path: None where nothing is to be kept.
            limit: seconds, counted over all resumptions.
            report: called about twice a second.

        Returns:
            The hardened model, or None when time is up.
        """
        self.prepare()
        began = time.monotonic() - self.seconds
        self.deadline = began + limit
        saved, reported = self.seconds, -REPORT_EVERY

        def tick(search: SearchProgress | None) -> None:
            nonlocal saved, reported
            self.seconds = time.monotonic() - began
            if self.seconds - reported >= REPORT_EVERY:
                reported = self.seconds
                report(self._progress(search))
            if self.seconds - saved >= SAVE_EVERY:
                saved = self.seconds
                self._keep(state_path)
            found = search is not None and search.found
            if self.seconds >= limit and not found:
                raise _TimeUpError

        try:
            model = self.take_turns(tick)
        except _TimeUpError:
            self._keep(state_path)
            return None
        except KeyboardInterrupt:
            self._keep(state_path)
            raise
        return model

    def shortfall(self) -> Iterator[str]:
        """Yield what is to be said where nothing was found: how far it got, and what may help."""
        yield from ()

    def _keep(self, state_path: Path | None) -> None:
        if state_path is not None:
            self.save(state_path)

    def gradient_turn(self, tick: Tick, updates: int | None = None) -> ModelType | None:
        """Train the population, up to the next multiple of so many updates if that is given."""
        while True:
            for member in self.trainer.update():
                model = self._accept(member)
                if model is not None:
                    return model
            tick(None)
            if updates is not None and self.trainer.updates % updates == 0:
                return None

    def _accept(self, member: int) -> ModelType | None:
        if self.trainer.updates - self.tried.get(member, -self.retry_after) < self.retry_after:
            return None
        model = self.examine(member)
        if model is not None and self.judge(model) is None:
            return model
        self.tried[member] = self.trainer.updates
        self.rejected += 1
        return None

    def _progress(self, search: SearchProgress | None) -> Progress:
        population = self.trainer.population
        best = population.ranking()[0]
        loss = self.trainer.loss
        return Progress(
            seconds=self.seconds,
            updates=self.trainer.updates,
            samples=self.trainer.updates * self.settings.members * self.settings.batch,
            levels=tuple(population.level.tolist()),
            soft_error=float(population.soft_error[best]),
            discretized_error=float(population.discretized_error[best]),
            rejected=self.rejected,
            evaluations=self.evaluations,
            search=search,
            loss=None if loss is None else float(loss[best]),
            penalty=float(population.penalty[best]),
            first_level=population.first_level,
        )

    def provenance(self, found_by: str, weights: str, **found: str | int | float) -> Provenance:
        """How a model that is found now came to be.

        Args:
            found_by: the method that found it.
            weights: what is to be said of them, AS_TRAINED or FITTED.
            found: what else is to be said of how it was found.
        """
        settings = asdict(self.settings)
        return {
            "command": self.command,
            "found_by": found_by,
            "weights": weights,
            **{
                name: settings[name] for name in settings if name != "task" and settings[name] != ""
            },
            "updates": self.trainer.updates,
            **found,
            "seconds": round(self.seconds, 1),
            "rejected": self.rejected,
            "resumptions": self.resumptions,
            **versions(),
        }

    def state(self) -> dict[str, Any]:
        """Everything that :meth:`resume` needs."""
        return {
            "settings": asdict(self.settings),
            "command": self.command,
            "seconds": self.seconds,
            "rejected": self.rejected,
            "tried": self.tried,
            "evaluations": self.evaluations,
            "resumptions": self.resumptions,
            "run": self.trainer.state(),
        }

    @classmethod
    @abstractmethod
    def begin(cls, settings: dict[str, Any], command: str) -> Self:
        """A training of settings from a file; raises TypeError where they are others."""

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what :meth:`state` returned."""
        self.trainer.restore(state["run"])
        self.seconds = float(state["seconds"])
        self.rejected = int(state["rejected"])
        self.evaluations = int(state["evaluations"])
        self.resumptions = int(state["resumptions"]) + 1
        self.tried = {int(k): int(v) for k, v in state["tried"].items()}

    def save(self, path: Path) -> None:
        """Write everything that :meth:`resume` needs."""
        state = {"format": self.format, "format_version": self.format_version, **self.state()}
        save_archive(state, path)

    @classmethod
    def resume(cls, path: Path) -> Self:
        """Take up a saved training.

        Raises:
            HardmaxError: the file is no saved training.
        """
        state = load_archive(path, cls.format, cls.format_version)
        try:
            session = cls.begin(present_names(state["settings"]), state["command"])
            session.restore(state)
        except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
            reason = str(error).split("\n")[0][:200]
            raise HardmaxError(f"{path}: damaged training state: {reason}") from None
        return session
