"""The training of an NTM: a sequence machine that is handed a tape."""

from __future__ import annotations

from dataclasses import dataclass

from hardmax.trainer.ntm.tape import TapeConfig
from hardmax.trainer.sequence.session import SequenceSession, SequenceSettings


@dataclass(frozen=True, kw_only=True)
class NtmSettings(SequenceSettings):
    """Everything that decides what the training of an NTM finds; primitives only.

    Attributes:
        width, write_heads, read_heads: of the memory.
        learned_start: whether its first contents are learned.
    """

    machine = "ntm"
    width: int
    write_heads: int = 1
    read_heads: int = 1
    learned_start: bool = False

    @property
    def memory(self) -> TapeConfig:
        """The tape."""
        return TapeConfig(self.width, self.write_heads, self.read_heads, self.learned_start)


class NtmSession(SequenceSession[NtmSettings]):
    """The training of an NTM, by gradient."""

    format = "hardmax-ntm-training"
    format_version = 4
    settings_type = NtmSettings
