"""What a run over symbols leaves, interpreted or compiled."""

from __future__ import annotations

from dataclasses import dataclass

from hardmax.runtime.abi import Status
from hardmax.runtime.symbols.interface import Symbols
from hardmax.runtime.text import counted, listed


@dataclass(frozen=True, eq=False, repr=False)
class SymbolResult:
    """What a run left.

    Attributes:
        outputs: int64 of shape (steps,), the answers of the completed steps by number.
        status: how the run ended. Where that is an error, it is the step after the completed ones
            that could not be made.
    """

    outputs: Symbols
    status: Status

    @property
    def steps(self) -> int:
        """Completed steps."""
        return len(self.outputs)

    def __repr__(self) -> str:
        status = self.status.name.lower().replace("_", " ")
        outputs = listed(self.outputs.tolist())
        return f"<SymbolResult: {counted(self.steps, 'step')}, {status}, outputs {outputs}>"
