"""The training of an NTM: its settings, what it begins with, and what is accepted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch

from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.decisions import HARD, SOFT
from hardmax.trainer.nram.controller import ControllerConfig
from hardmax.trainer.ntm.tape import TapeConfig
from hardmax.trainer.population.population import DISCRETIZATIONS
from hardmax.trainer.population.session import Tick, Training
from hardmax.trainer.population.updates import GradientConfig
from hardmax.trainer.sequence.acceptance import SAMPLES, is_exact, mean_error
from hardmax.trainer.sequence.gradient import NtmTrainer
from hardmax.trainer.sequence.machine import NtmConfig
from hardmax.trainer.sequence.model import NtmModel
from hardmax.trainer.sequence.tasks.registry import find_ntm_task


@dataclass(frozen=True)
class NtmSettings:
    """Everything that decides what a training finds; primitives only.

    Attributes:
        task, preset: a name in ``hardmax.trainer.sequence.tasks.registry.NTM_TASKS``, and at which
            sizes.
        seed: of every random draw, 0 or more.
        controller, hidden: kind (``mlp`` or ``lstm``) and width.
        width, write_heads, read_heads: of the memory.
        learned_start: whether its first contents are learned.
        members, batch: P machines side by side, B samples each.
        complexity: the largest that is trained on.
        slack: largest number of extra rows.
        discretization: how members are made to discretize well, a name in DISCRETIZATIONS.
        device: ``cpu`` or ``cuda``.
        init_from: the SHA-256 of the model that all members begin as; empty for random weights.
    """

    task: str
    preset: str
    seed: int
    controller: str
    hidden: int
    width: int
    write_heads: int
    read_heads: int
    learned_start: bool
    members: int
    batch: int
    complexity: int
    slack: int
    discretization: str
    device: str
    init_from: str = ""

    def __post_init__(self) -> None:
        task = find_ntm_task(self.task, self.preset)
        for name, least in (
            *(("seed", 0), ("members", 1), ("batch", 1), ("slack", 0)),
            ("complexity", task.smallest_complexity),
        ):
            if getattr(self, name) < least:
                raise HardmaxError(f"expected {name} >= {least}, found {getattr(self, name)}")
        if self.discretization not in DISCRETIZATIONS:
            raise HardmaxError(
                f"unknown discretization method {self.discretization!r}, "
                f"expected one of {', '.join(DISCRETIZATIONS)}"
            )

    @property
    def title(self) -> str:
        """The task and its sizes."""
        return f"{self.task} ({self.preset})"


class NtmSession(Training[NtmSettings, NtmTrainer, NtmModel]):
    """The training of an NTM, by gradient."""

    format = "hardmax-ntm-training"
    format_version = 4
    retry_after = 400

    def __init__(self, settings: NtmSettings, command: str) -> None:
        self.task = find_ntm_task(settings.task, settings.preset)
        ntm = NtmConfig(
            self.task.inputs,
            self.task.outputs,
            ControllerConfig(settings.controller, settings.hidden),
            TapeConfig(
                settings.width, settings.write_heads, settings.read_heads, settings.learned_start
            ),
        )
        config = GradientConfig(
            members=settings.members,
            batch=settings.batch,
            highest=settings.complexity,
            slack=settings.slack,
            discretization=settings.discretization,
            restarts=not settings.init_from,
        )
        device = torch.device(settings.device)
        super().__init__(
            settings, command, NtmTrainer(self.task, ntm, config, settings.seed, device)
        )

    @classmethod
    def begin(cls, settings: dict[str, Any], command: str) -> NtmSession:
        """A training of settings from a file."""
        return cls(NtmSettings(**settings), command)

    @classmethod
    def continuing(cls, model: NtmModel, settings: NtmSettings, command: str) -> NtmSession:
        """Train a model further: all members begin as it, at the largest complexity.

        Raises:
            HardmaxError: the settings are of another task or of a machine of other sizes.
        """
        session = cls(replace(settings, init_from=model.digest()), command)
        for what, expected, found in (
            ("task", (settings.task, settings.preset), (model.task.name, model.preset)),
            ("sizes", session.trainer.population.network.config, model.ntm.config),
        ):
            if expected != found:
                raise HardmaxError(
                    f"expected a model of the same {what} to begin from: {expected}, found {found}"
                )
        session.trainer.population.init_from(model.ntm, settings.complexity)
        return session

    def take_turns(self, tick: Tick) -> NtmModel:
        """Train until a discretized machine is exact; there is but one method."""
        while True:
            model = self.gradient_turn(tick)
            if model is not None:
                return model

    def examine(self, member: int) -> NtmModel | None:
        """Put a candidate to the acceptance test: the moving averages of its weights."""
        population = self.trainer.population
        ntm = population.network.select(member)
        ntm.load_state_dict(population.optimizer.averages(member), strict=False)
        if not is_exact(ntm, self.task, seed=self.trainer.updates):
            return None
        errors = {
            f"{name}_error": mean_error(
                ntm, self.task, self.settings.complexity, SAMPLES, decisions
            )
            for name, decisions in (("soft", SOFT), ("discretized", HARD))
        }
        provenance = self.provenance("gradient", **errors)
        return NtmModel(self.task, self.settings.preset, ntm, provenance)
