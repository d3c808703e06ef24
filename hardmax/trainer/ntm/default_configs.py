"""What each NTM task is trained with when the user does not say: what was found to work."""

from __future__ import annotations

from dataclasses import dataclass

from hardmax.trainer.ntm.session import NtmSettings
from hardmax.trainer.sequence.tasks.registry import find_sequence_task


@dataclass(frozen=True)
class NtmDefaultConfig:
    """Default sizes of a task's machine and population; see ``hardmax train --help``."""

    controller: str = "mlp"
    hidden: int = 64
    width: int = 8
    write_heads: int = 1
    read_heads: int = 1
    learned_start: bool = False
    members: int = 8
    batch: int = 16
    slack: int = 8
    discretization: str = "partly-hard"


NTM_DEFAULT_CONFIGS: dict[str, NtmDefaultConfig] = {
    "ntm-copy": NtmDefaultConfig(),
    "ntm-repeat-copy": NtmDefaultConfig(read_heads=2, members=12),
    "ntm-recall": NtmDefaultConfig(controller="lstm", width=12),
    "ntm-ngrams": NtmDefaultConfig(controller="lstm", members=4),
    "ntm-sort": NtmDefaultConfig(controller="lstm", width=12),
}
"""By task; one that is not here gets what an ``NtmDefaultConfig()`` says."""

PAPER_HIDDEN, PAPER_WIDTH = 100, 20
"""Table 1 of the NTM paper: sizes for its presets; 100 units, rows of 20 numbers."""


def ntm_default_settings(task_name: str, preset: str = "small") -> NtmSettings:
    """Settings that follow a task's default config: seed 0, on the CPU.

    Raises:
        HardmaxError: there is no such task or preset.
    """
    task = find_sequence_task(task_name, preset)
    config = NTM_DEFAULT_CONFIGS.get(task.name, NtmDefaultConfig())
    paper = preset == "paper"
    return NtmSettings(
        task=task.name,
        preset=preset,
        seed=0,
        controller=config.controller,
        hidden=PAPER_HIDDEN if paper else config.hidden,
        width=PAPER_WIDTH if paper else config.width,
        write_heads=config.write_heads,
        read_heads=config.read_heads,
        learned_start=config.learned_start,
        members=config.members,
        batch=config.batch,
        complexity=task.largest_training_complexity,
        slack=config.slack,
        discretization=config.discretization,
        device="cpu",
    )
