"""What each task is trained with when the user does not say.

What was found with these settings, from how many seeds, and what was not: docs/stacks.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from hardmax.trainer.stack.session import StackSettings
from hardmax.trainer.stack.structures import STRUCTURES
from hardmax.trainer.stack.tasks.registry import find_symbol_task

VARIANTS = tuple(STRUCTURES)
"""What ``--machine`` may ask for: a machine whose structures are of that sort."""


@dataclass(frozen=True)
class StackDefaultConfig:
    """Default sizes of a task's machine and population; see ``hardmax train --help``.

    Attributes:
        structures: how many stand side by side.
        depth, state_bits: as of :class:`StackSettings`.
    """

    structures: int = 1
    depth: int = 1
    state_bits: int = 0
    members: int = 16
    batch: int = 16
    hidden: int = 32
    discretization: str = "tenth-hard"


STACK_DEFAULT_CONFIGS: dict[str, StackDefaultConfig] = {
    "flipping": StackDefaultConfig(structures=2, state_bits=1),
    "gender": StackDefaultConfig(depth=2),
    "svo": StackDefaultConfig(structures=2),
    "anbncn": StackDefaultConfig(structures=2),
    "anbncndn": StackDefaultConfig(structures=2, state_bits=2),
    "anb2n": StackDefaultConfig(structures=2),
    "memorization": StackDefaultConfig(state_bits=2),
    "addition": StackDefaultConfig(structures=2, state_bits=2),
    "dyck": StackDefaultConfig(depth=2),
    "dyck-check": StackDefaultConfig(depth=2, state_bits=1),
}
"""By task; one that is not here gets what a ``StackDefaultConfig()`` says."""


def stack_default_settings(task_name: str, variant: str) -> StackSettings:
    """Settings that follow a task's default config: seed 0, on the CPU.

    Args:
        variant: one of VARIANTS.

    Raises:
        HardmaxError: there is no such task.
    """
    task = find_symbol_task(task_name)
    config = STACK_DEFAULT_CONFIGS.get(task.name, StackDefaultConfig())
    return StackSettings(
        task=task.name,
        structures="+".join([variant] * config.structures),
        depth=config.depth,
        symbols=len(task.alphabet),
        state_bits=config.state_bits,
        members=config.members,
        batch=config.batch,
        hidden=config.hidden,
        complexity=task.largest_training_complexity,
        slack=0,
        discretization=config.discretization,
    )
