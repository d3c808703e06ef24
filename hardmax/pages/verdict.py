"""What is known of a model, and how: found by whom, tried on what, proved or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from hardmax.prover.kinds import certificate_beside
from hardmax.runtime.errors import HardmaxError

FOUND_BY = {
    "gradient": "gradient training",
    "search": "search among discrete programs",
    "hybrid": "turns of gradient training and of search among discrete programs",
}

CHECK_LIMIT = 300
"""Seconds that the check of a certificate may take."""


@dataclass(frozen=True)
class Trial:
    """What one machine did on random inputs.

    Attributes:
        machine: what was run.
        inputs: how many.
        complexity: the largest among them.
        error: their mean error, 0..1.
        tolerance: the largest mean error with which the machine counts as right.
        decides: whether the verdict is about this: the program, on what it was trained for.
        beyond: whether the inputs are larger than any that it was trained on, and more than it is
            said to be right on.
    """

    machine: str
    inputs: int
    complexity: int
    error: float
    tolerance: float = 0.0
    decides: bool = False
    beyond: bool = False

    def __str__(self) -> str:
        outcome = "no error" if self.error == 0 else f"error {100 * self.error:.3g} %"
        reach = "beyond training, up to complexity" if self.beyond else "up to complexity"
        tried = f"{self.inputs:,} random inputs {reach} {self.complexity:,}"
        return f"{self.machine}: {outcome} on {tried}"


@dataclass(frozen=True)
class Proof:
    """A certificate that lies beside a model.

    Attributes:
        claim: what it says is proved.
        size: how many facts or obligations it has, for people.
        checker: what confirms them, for people.
        checked: whether that has confirmed all of them for this page.
        command: what checks it.
    """

    claim: str
    size: str
    checker: str
    checked: bool
    command: str


@dataclass(frozen=True)
class Verdict:
    """One sentence, and what it rests on.

    Attributes:
        kind: ``proved``, ``tried`` or ``wrong``.
        sentence: for people.
        grounds: names, and what is to be said under each, text or HTML.
    """

    kind: str
    sentence: str
    grounds: tuple[tuple[str, tuple[str, ...]], ...]


def find_proof(path: Path, program: Any, check: bool) -> Proof | None:
    """The certificate beside a model, if there is one and it is of the model's program.

    Args:
        check: whether what knows nothing of the search is to confirm it.

    Raises:
        HardmaxError: the file is no certificate, or of another program; or it is to be checked and
            is not confirmed, or what checks it is not installed.
    """
    certificate = certificate_beside(path, program)
    if certificate is None:
        return None
    file = certificate.path
    if not certificate.is_of:
        raise HardmaxError(f"{file}: expected a proof about {path}, found one of another program")
    if check:
        try:
            certificate.confirm(CHECK_LIMIT)
        except HardmaxError as error:
            raise HardmaxError(f"{file}: {error}") from None
    command = f"hardmax prove --check {file.name} {path.name}"
    return Proof(certificate.claim, certificate.size, certificate.checker, check, command)


def judge(
    provenance: Mapping[str, Any],
    extraction: Any,
    trials: Sequence[Trial],
    proof: Proof | None,
) -> Verdict:
    """The verdict on a model.

    Args:
        extraction: what was extracted from it.
        trials: those of the program last, of which one decides; none where nothing was tried.
    """
    grounds = tuple(_grounds(provenance, extraction, trials, proof))
    program = next((trial for trial in trials if trial.decides), None)
    beyond = trials and trials[-1].beyond and trials[-1].error > trials[-1].tolerance
    if program is not None and program.error > program.tolerance:
        return Verdict("wrong", "Not exact: wrong on some of the inputs tried.", grounds)
    if proof is not None and proof.checked:
        return Verdict("proved", "Proved right on every input, of every length.", grounds)
    if program is None:
        tried = "Nothing was tried"
    elif program.error > 0:
        tried = f"As good as is asked for on the {program.inputs:,} inputs tried"
    else:
        tried = f"Right on all {program.inputs:,} inputs tried"
    if beyond:
        return Verdict("tried", f"{tried} at its size, not on all beyond; not proved.", grounds)
    if proof is not None:
        said = "; the certificate beside it claims a proof for every length."
        return Verdict("proved", tried + said, grounds)
    return Verdict("tried", f"{tried}; not proved.", grounds)


def _grounds(
    provenance: Mapping[str, Any], extraction: Any, trials: Sequence[Trial], proof: Proof | None
) -> Iterator[tuple[str, tuple[str, ...]]]:
    found_by = str(provenance.get("found_by", "unknown"))
    yield "found by", (FOUND_BY.get(found_by, found_by),)
    if "weights" in provenance:
        yield "weights", (str(provenance["weights"]),)
    if trials:
        yield "tried", tuple(map(str, trials))
    yield "discretized as", (extraction.form,)
    if extraction.margins:
        names = "smallest margins" if len(extraction.margins) > 1 else "smallest margin"
        yield names, tuple(map(str, extraction.margins))
    yield "proof", ("none",) if proof is None else tuple(_about(proof))


def _about(proof: Proof) -> Iterator[str]:
    yield f"{proof.claim[0].upper()}{proof.claim[1:]}."
    if proof.checked:
        yield f"{proof.size} confirmed by {proof.checker} for this page."
    else:
        yield Markup(
            "The certificate, {} about this very program, was not checked for this page: "
            "<code>{}</code> checks it."
        ).format(proof.size, proof.command)
