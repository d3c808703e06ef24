"""Whether a proof refutes a machine that training is about to accept.

Sampling has passed machines that are wrong (docs/proofs.md). A stack machine's proof takes a moment
and needs no solver, so training asks for it, where the task has a specification.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hardmax.extractor.kinds import find_kind
from hardmax.prover.failure import NotProvedError
from hardmax.prover.stack.prove import prove
from hardmax.prover.stack.pushdown import Wrong

if TYPE_CHECKING:
    from hardmax.trainer.kinds import AnyModel

STACK = "stack"
"""The kind of machine whose proofs need no solver."""

SECONDS = 20.0
"""For each candidate; what is not decided by then counts as not refuted."""


def judge(model: AnyModel) -> str | None:
    """An input on which the discretized machine is wrong, and why; None where a proof finds none.

    That is where it is proved right, where nothing decides, and of kinds that are not stacks.
    """
    if model.kind != STACK:
        return None
    program: Any = find_kind(model.kind).program(model)
    try:
        outcome = prove(program, SECONDS, lambda message: None)
    except NotProvedError:
        return None
    if not isinstance(outcome, Wrong):
        return None
    symbols = " ".join(program.alphabet[symbol] for symbol in outcome.word)
    return f"wrong on {symbols}: {outcome.reason}"
