"""Which machine learns which task, and which training belongs to which settings."""

from __future__ import annotations

from pathlib import Path

from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.nram.model import Model
from hardmax.trainer.nram.session import Session, Settings
from hardmax.trainer.nram.tasks import TASKS
from hardmax.trainer.sequence.model import NtmModel
from hardmax.trainer.sequence.session import NtmSession, NtmSettings
from hardmax.trainer.sequence.tasks.registry import NTM_TASKS

AnySettings = Settings | NtmSettings
AnySession = Session | NtmSession
AnyModel = Model | NtmModel


def is_for_ntm(task: str) -> bool:
    """Whether it is an NTM that learns a task, and not an NRAM; capitals are accepted.

    Raises:
        HardmaxError: no machine learns it.
    """
    name = task.lower()
    if name not in TASKS and name not in NTM_TASKS:
        known = ", ".join([*TASKS, *NTM_TASKS])
        raise HardmaxError(f"unknown task {task!r}, expected one of {known}")
    return name in NTM_TASKS


def begin_session(settings: AnySettings, command: str) -> AnySession:
    """The training that belongs to the settings; ``command`` is for the model's provenance."""
    if isinstance(settings, NtmSettings):
        return NtmSession(settings, command)
    return Session(settings, command)


def resume_session(task: str, state: Path) -> AnySession:
    """The saved training of the kind of machine that learns a task.

    Raises:
        HardmaxError: no machine learns it, or the file is no such training.
    """
    return NtmSession.resume(state) if is_for_ntm(task) else Session.resume(state)
