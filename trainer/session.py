"""One training from start to a saved model: settings, progress, interruption, resumption."""

from __future__ import annotations

import platform
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from runtime.errors import HardmaxError
from runtime.version import VERSION
from trainer import recurrent
from trainer.acceptance import acceptance_examples, is_exact
from trainer.checkpoint import load_archive, save_archive
from trainer.controller import Controller, ControllerConfig
from trainer.gradient import GradientConfig, GradientRun
from trainer.hardening import harden, lookup_table
from trainer.model import Model, Provenance
from trainer.population import SCHEMES
from trainer.tasks import find_task
from trainer.wiring import Wiring

FORMAT = "hardmax-training"
FORMAT_VERSION = 1

SAVE_EVERY = 60.0
"""Seconds between two saves of a running training."""

REPORT_EVERY = 0.5
"""Seconds between two progress reports."""

RETRY_AFTER = 40
"""Updates after which a member that failed the acceptance test may take it again."""


@dataclass(frozen=True)
class Settings:
    """Everything that decides what a training finds; primitives only.

    Attributes:
        task: a name in ``trainer.tasks.TASKS``.
        seed: of every random draw.
        registers, repetitions: R, and how often the 14 modules are repeated.
        controller, hidden: kind (``mlp`` or ``lstm``) and width.
        members, batch: P machines side by side, B samples each.
        complexity: the largest that is trained on.
        slack: largest number of extra timesteps and memory cells.
        scheme: how members are made to discretize well, a name in SCHEMES.
        device: ``cpu`` or ``cuda``.
    """

    task: str
    seed: int
    registers: int
    repetitions: int
    controller: str
    hidden: int
    members: int
    batch: int
    complexity: int
    slack: int
    scheme: str
    device: str

    def __post_init__(self) -> None:
        task = find_task(self.task)
        for name in ("members", "batch"):
            if getattr(self, name) < 1:
                raise HardmaxError(f"expected {name} >= 1, found {getattr(self, name)}")
        if self.complexity < task.smallest_complexity:
            raise HardmaxError(
                f"task {self.task}: expected complexity >= {task.smallest_complexity}, "
                f"found {self.complexity}"
            )
        if self.scheme not in SCHEMES:
            raise HardmaxError(
                f"unknown scheme {self.scheme!r}, expected one of {', '.join(SCHEMES)}"
            )
        if self.slack < 0:
            raise HardmaxError(f"expected slack >= 0, found {self.slack}")


@dataclass(frozen=True)
class Progress:
    """How a training stands.

    Attributes:
        seconds: spent so far, interruptions not counted.
        updates: of every member.
        samples: seen by all members together.
        levels: each member's curriculum level.
        soft_error, hard_error: of the best member, at its level.
        rejected: candidates that made a mistake in the acceptance test.
    """

    seconds: float
    updates: int
    samples: int
    levels: tuple[int, ...]
    soft_error: float
    hard_error: float
    rejected: int


class Session:
    """A training that can be stopped at any moment and resumed without a trace in the result."""

    def __init__(self, settings: Settings, command: str) -> None:
        self.settings = settings
        self.command = command
        self.task = find_task(settings.task)
        self.run = GradientRun(
            self.task,
            Wiring(settings.registers, settings.repetitions),
            ControllerConfig(settings.controller, settings.hidden),
            GradientConfig(
                members=settings.members,
                batch=settings.batch,
                highest=settings.complexity,
                slack=settings.slack,
                scheme=settings.scheme,
            ),
            settings.seed,
            torch.device(settings.device),
        )
        self.seconds = 0.0
        self.rejected = 0
        self.tried: dict[int, int] = {}
        self.examples = acceptance_examples(self.task)

    def train(
        self, limit: float, state_path: Path, report: Callable[[Progress], None]
    ) -> Model | None:
        """Train until a member's discretized machine is exact, or time is up.

        The state is saved to ``state_path`` now and then, and whenever the training ends without a
        model, by the clock or by an interrupt; :meth:`resume` continues from there.

        Args:
            limit: seconds, counted over all resumptions.
            report: called about twice a second.

        Returns:
            The hardened model, or None when time is up.
        """
        started = saved = reported = time.monotonic()
        before = self.seconds
        try:
            while self.seconds < limit:
                candidates = self.run.update()
                now = time.monotonic()
                self.seconds = before + now - started
                for member in candidates:
                    model = self._accept(member)
                    if model is not None:
                        state_path.unlink(missing_ok=True)
                        return model
                if now - reported >= REPORT_EVERY:
                    report(self.progress())
                    reported = now
                if now - saved >= SAVE_EVERY:
                    self.save(state_path)
                    saved = now
        except KeyboardInterrupt:
            self.save(state_path)
            raise
        self.save(state_path)
        return None

    def progress(self) -> Progress:
        """How the training stands."""
        population = self.run.population
        best = population.ranking()[0]
        return Progress(
            seconds=self.seconds,
            updates=self.run.updates,
            samples=self.run.updates * self.settings.members * self.settings.batch,
            levels=tuple(population.level.tolist()),
            soft_error=float(population.soft_error[best]),
            hard_error=float(population.hard_error[best]),
            rejected=self.rejected,
        )

    def _accept(self, member: int) -> Model | None:
        """Put a candidate to the acceptance test; harden it if it passes."""
        if self.run.updates - self.tried.get(member, -RETRY_AFTER) < RETRY_AFTER:
            return None
        self.tried[member] = self.run.updates
        controller = self.run.population.controller.select(member)
        accept = self._accept_recurrent if controller.recurrent else self._accept_feedforward
        if not accept(controller):
            self.rejected += 1
            return None
        return Model(self.task, controller, self._provenance())

    def _accept_feedforward(self, controller: Controller) -> bool:
        table, _ = lookup_table(controller, 0)
        if not is_exact(self.task, table, self.examples):
            return False
        harden(controller, table)
        return True

    def _accept_recurrent(self, controller: Controller) -> bool:
        """As for a table, but hardening may change what is decided on sequences never seen."""
        if not recurrent.is_exact_run(self.task, controller, self.examples):
            return False
        traces = recurrent.record(self.task, controller, self.examples)
        return recurrent.harden(controller, traces) and recurrent.is_exact_run(
            self.task, controller, self.examples
        )

    def _provenance(self) -> Provenance:
        settings = asdict(self.settings)
        return {
            "command": self.command,
            "method": "gradient",
            **{name: settings[name] for name in settings if name != "task"},
            "updates": self.run.updates,
            "seconds": round(self.seconds, 1),
            "rejected": self.rejected,
            "commit": _commit(),
            "torch": str(torch.__version__),
            "numpy": np.__version__,
            "python": platform.python_version(),
            "hardmax": VERSION,
        }

    def save(self, path: Path) -> None:
        """Write everything that :meth:`resume` needs."""
        save_archive(
            {
                "format": FORMAT,
                "format_version": FORMAT_VERSION,
                "settings": asdict(self.settings),
                "command": self.command,
                "seconds": self.seconds,
                "rejected": self.rejected,
                "tried": self.tried,
                "run": self.run.state(),
            },
            path,
        )

    @staticmethod
    def resume(path: Path) -> Session:
        """Take up a saved training.

        Raises:
            HardmaxError: the file is no saved training.
        """
        data = load_archive(path, FORMAT, FORMAT_VERSION)
        try:
            session = Session(Settings(**data["settings"]), data["command"])
            session.run.restore(data["run"])
            session.seconds = float(data["seconds"])
            session.rejected = int(data["rejected"])
            session.tried = {int(k): int(v) for k, v in data["tried"].items()}
        except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
            reason = str(error).split("\n")[0][:200]
            raise HardmaxError(f"{path}: damaged training state: {reason}") from None
        return session


def _commit() -> str:
    """The commit of the source tree this runs from, with ``-dirty`` where it was changed."""
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return found.stdout.strip()
