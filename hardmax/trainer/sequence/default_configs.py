"""What each NTM task is trained with when the user does not say: what was found to work."""

from __future__ import annotations

from dataclasses import dataclass

from hardmax.trainer.sequence.session import NtmSettings
from hardmax.trainer.sequence.tasks.registry import find_ntm_task


@dataclass(frozen=True)
class NtmRecipe:
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
    scheme: str = "partly-hard"


NTM_RECIPES: dict[str, NtmRecipe] = {
    "ntm-copy": NtmRecipe(),
    "ntm-repeat-copy": NtmRecipe(read_heads=2, members=12),
    "ntm-recall": NtmRecipe(controller="lstm", width=12),
    "ntm-ngrams": NtmRecipe(controller="lstm", members=4),
    "ntm-sort": NtmRecipe(controller="lstm", width=12),
}

PAPER_HIDDEN, PAPER_WIDTH = 100, 20
"""Table 1 of the NTM paper: sizes for its presets; 100 units, rows of 20 numbers."""


def ntm_recipe_settings(task_name: str, preset: str = "small") -> NtmSettings:
    """Settings that follow a task's recipe: seed 0, on the CPU.

    Raises:
        HardmaxError: there is no such task or preset.
    """
    task = find_ntm_task(task_name, preset)
    recipe = NTM_RECIPES[task.name]
    paper = preset == "paper"
    return NtmSettings(
        task=task.name,
        preset=preset,
        seed=0,
        controller=recipe.controller,
        hidden=PAPER_HIDDEN if paper else recipe.hidden,
        width=PAPER_WIDTH if paper else recipe.width,
        write_heads=recipe.write_heads,
        read_heads=recipe.read_heads,
        learned_start=recipe.learned_start,
        members=recipe.members,
        batch=recipe.batch,
        complexity=task.largest_training_complexity,
        slack=recipe.slack,
        scheme=recipe.scheme,
        device="cpu",
    )
