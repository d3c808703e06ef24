"""From a stack machine to a proof that it is right on every input, or to why not."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from hardmax.prover.failure import NotProvedError, TimeUpError
from hardmax.prover.stack.certificate import (
    FRONTS,
    PUSHDOWN,
    Numbers,
    StackCertificate,
    stack_program_digest,
)
from hardmax.prover.stack.counting import LENGTHS, count
from hardmax.prover.stack.fronts import Fronts
from hardmax.prover.stack.product import Product
from hardmax.prover.stack.pushdown import Summaries, Wrong
from hardmax.prover.stack.search import first_wrong, violation
from hardmax.prover.stack.specifications import specification
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.stack.program import StackProgram, Structure


def prove(
    program: StackProgram, time_limit: float, report: Callable[[str], None]
) -> StackCertificate | Wrong:
    """Prove a machine right, or find an input on which it is wrong.

    Args:
        time_limit: seconds after which the attempt is given up.
        report: told how it stands.

    Raises:
        NotProvedError: neither was possible; the message says why.
    """
    deadline = time.monotonic() + time_limit
    if program.metadata.task in LENGTHS:
        counted = count(program, deadline)
        if isinstance(counted, Wrong):
            return counted
        raise NotProvedError(f"its task has no proof; {counted}")
    try:
        wanted = specification(program)
    except HardmaxError as error:
        raise NotProvedError(str(error)) from None
    try:
        method, pairs, facts = _facts(program, wanted, deadline, report)
    except TimeUpError:
        raise
    except NotProvedError as error:
        report(f"failed: {error}")
        wrong, length = first_wrong(program, wanted, deadline)
        if wrong is not None:
            return wrong
        raise NotProvedError(f"{error}; every input of up to {length} symbols is right") from None
    if isinstance(facts, Wrong):
        return facts
    return StackCertificate(
        task=program.metadata.task,
        method=method,
        program=stack_program_digest(program),
        specification=json.loads(wanted.to_json()),
        pairs=pairs,
        facts=facts,
    )


def _facts(
    program: StackProgram,
    wanted: StackProgram,
    deadline: float,
    report: Callable[[str], None],
) -> tuple[str, Numbers, Numbers | Wrong]:
    """The method, the pairs that it needs, and the facts, or an input on which it is wrong."""
    product = Product(program, wanted)
    if product.structure is Structure.QUEUE:
        fronts = Fronts(product, deadline)
        report(f"{len(fronts.found)} fronts")
        return FRONTS, tuple(sorted(fronts.pairs)), tuple(sorted(fronts.found))
    summaries = Summaries(product, deadline)
    report(f"{len(summaries.words)} facts")
    wrong = summaries.wrong()
    if wrong is None:
        facts = sorted((*entry, control, window) for entry, control, window in summaries.words)
        return PUSHDOWN, (), tuple(facts)
    if violation(program, wanted, wrong.word) is None:
        raise NotProvedError(f"an input that seemed to be wrong is not: {wrong.word}")
    return PUSHDOWN, (), wrong
