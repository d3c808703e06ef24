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
from trainer.gradient import GradientRun
from trainer.hardening import harden, lookup_table, table_shape
from trainer.model import Model, Provenance
from trainer.population import SCHEMES
from trainer.run import GradientConfig
from trainer.search.search import SIMPLIFYING, search
from trainer.search.search import Progress as SearchProgress
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

METHODS = ("hybrid", "gradient", "search")
"""``gradient`` trains a population; ``search`` anneals lookup tables; ``hybrid`` takes turns, and
each turn of search begins with the discretized table of the population's best member. Of LSTMs,
which have none, it begins with nothing; what search finds an LSTM learns from the runs it makes."""

GRADIENT_TURN = 50
"""Updates in a turn of ``hybrid``."""

SEARCH_TURN = 1_500_000
"""Evaluations in a turn of ``hybrid``."""


@dataclass(frozen=True)
class Settings:
    """Everything that decides what a training finds; primitives only.

    Attributes:
        task: a name in ``trainer.tasks.TASKS``.
        method: one of METHODS.
        seed: of every random draw, 0 or more.
        registers, repetitions: R, and how often the 14 modules are repeated.
        controller, hidden: kind (``mlp`` or ``lstm``) and width.
        members, batch: P machines side by side, B samples each.
        complexity: the largest that is trained on.
        slack: largest number of extra timesteps and memory cells.
        scheme: how members are made to discretize well, a name in SCHEMES.
        device: ``cpu`` or ``cuda``.
    """

    task: str
    method: str
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
        if self.method not in METHODS:
            raise HardmaxError(f"expected method {' or '.join(METHODS)}, found {self.method!r}")
        if self.seed < 0:
            raise HardmaxError(f"expected seed >= 0, found {self.seed}")
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
        evaluations: programs that search has judged.
        search: what search is doing now, None while it is the gradient's turn.
    """

    seconds: float
    updates: int
    samples: int
    levels: tuple[int, ...]
    soft_error: float
    hard_error: float
    rejected: int
    evaluations: int
    search: SearchProgress | None


Tick = Callable[[SearchProgress | None], None]
"""Called often during a turn: keeps time, reports, saves."""


class _TimeUpError(Exception):
    """The training has used up its time."""


class Session:
    """A training that can be stopped at any moment and resumed.

    Gradient training resumes without a trace; of search, the start that was interrupted is
    repeated.
    """

    def __init__(self, settings: Settings, command: str) -> None:
        self.settings = settings
        self.command = command
        self.task = find_task(settings.task)
        self.wiring = Wiring(settings.registers, settings.repetitions)
        self.config = ControllerConfig(settings.controller, settings.hidden)
        self.run = GradientRun(
            self.task,
            self.wiring,
            self.config,
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
        self.searching = False
        self.starts = 0
        self.evaluations = 0
        self.examples = acceptance_examples(self.task)

    def train(
        self, limit: float, state_path: Path, report: Callable[[Progress], None]
    ) -> Model | None:
        """Train until a discretized machine is exact, or time is up.

        The state is saved to ``state_path`` now and then, and whenever the training ends without a
        model, by the clock or by an interrupt; :meth:`resume` continues from there.

        Args:
            limit: seconds, counted over all resumptions; a program found in time is still made
                small.
            report: called about twice a second.

        Returns:
            The hardened model, or None when time is up.
        """
        began = time.monotonic() - self.seconds
        saved, reported = self.seconds, -REPORT_EVERY

        def tick(search: SearchProgress | None) -> None:
            nonlocal saved, reported
            self.seconds = time.monotonic() - began
            if self.seconds - reported >= REPORT_EVERY:
                reported = self.seconds
                report(self._progress(search))
            if self.seconds - saved >= SAVE_EVERY:
                saved = self.seconds
                self.save(state_path)
            found = search is not None and search.plan == SIMPLIFYING
            if self.seconds >= limit and not found:
                raise _TimeUpError

        try:
            model = self._take_turns(tick)
        except _TimeUpError:
            self.save(state_path)
            return None
        except KeyboardInterrupt:
            self.save(state_path)
            raise
        state_path.unlink(missing_ok=True)
        return model

    def _take_turns(self, tick: Tick) -> Model:
        """Alternate between the method's turns until one of them finds a model."""
        while True:
            if self.settings.method != "search" and not self.searching:
                model = self._gradient_turn(tick)
                if model is not None:
                    return model
            if self.settings.method != "gradient":
                model = self._search_turn(tick)
                if model is not None:
                    return model

    def _gradient_turn(self, tick: Tick) -> Model | None:
        """Train the population for a turn, up to the next multiple of GRADIENT_TURN updates."""
        while True:
            for member in self.run.update():
                model = self._accept(member)
                if model is not None:
                    return model
            tick(None)
            if self.run.updates % GRADIENT_TURN == 0:
                return None

    def _search_turn(self, tick: Tick) -> Model | None:
        """Search from the best member's table, then from nothing, for a turn."""
        self.searching = True
        hybrid = self.settings.method == "hybrid"
        start = None
        if hybrid and not self.run.population.network.recurrent:
            best = self.run.population.ranking()[0]
            start, _ = lookup_table(self.run.population.network, best)
        spent = self.evaluations

        def progress(search: SearchProgress) -> None:
            self.starts = search.start - 1
            self.evaluations = spent + search.evaluations
            tick(search)

        found = search(
            self.task,
            table_shape(self.wiring),
            seed=self.settings.seed,
            evaluations=SEARCH_TURN if hybrid else None,
            first_start=self.starts,
            start=start,
            progress=progress,
        )
        self.starts += 1
        self.searching = False
        if found is None:
            return None
        self.evaluations = spent + found.evaluations
        if not is_exact(self.task, found.table, self.examples):
            self.rejected += 1
            return None
        controller = Controller(self.wiring, self.config, members=1)
        controller.initialise(0, torch.Generator().manual_seed(self.settings.seed))
        origin = "search from the gradient's table" if found.plan == "polish" else "search"
        if controller.recurrent:
            origin += ", learned by the LSTM from its runs"
            if not recurrent.learn_table(self.task, controller, found.table, self.examples):
                self.rejected += 1
                return None
        else:
            harden(controller, found.table)
        return Model(self.task, controller, self._provenance(origin))

    def _progress(self, search: SearchProgress | None) -> Progress:
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
            evaluations=self.evaluations,
            search=search,
        )

    def _accept(self, member: int) -> Model | None:
        """Put a candidate to the acceptance test; harden it if it passes."""
        if self.run.updates - self.tried.get(member, -RETRY_AFTER) < RETRY_AFTER:
            return None
        self.tried[member] = self.run.updates
        controller = self.run.population.network.select(member)
        accept = self._accept_recurrent if controller.recurrent else self._accept_feedforward
        if not accept(controller):
            self.rejected += 1
            return None
        return Model(self.task, controller, self._provenance("gradient"))

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

    def _provenance(self, found_by: str) -> Provenance:
        settings = asdict(self.settings)
        return {
            "command": self.command,
            "found_by": found_by,
            **{name: settings[name] for name in settings if name != "task"},
            "updates": self.run.updates,
            "evaluations": self.evaluations,
            "starts": self.starts,
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
                "searching": self.searching,
                "starts": self.starts,
                "evaluations": self.evaluations,
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
            session.searching = bool(data["searching"])
            session.starts = int(data["starts"])
            session.evaluations = int(data["evaluations"])
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
