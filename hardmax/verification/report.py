"""A verification as a whole: its findings, the margins, and the verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from hardmax.evidence import EXAMPLES, SAMPLES
from hardmax.runtime import notebook
from hardmax.runtime.errors import HardmaxError
from hardmax.verification.findings import Finding, Verification

if TYPE_CHECKING:
    from hardmax.extractor.margin import Margin


ORIGIN = ("found_by", "weights")
"""What a verdict says of where a model comes from, as its provenance names it."""


def origin(provenance: Mapping[str, Any]) -> dict[str, str]:
    """Who found a model, and whether its weights are as trained or fitted; where it is known."""
    return {name: str(provenance[name]) for name in ORIGIN if name in provenance}


@dataclass(frozen=True)
class Report:
    """What came of holding native code against its model.

    Attributes:
        findings: one for each kind of comparison, in the order in which they were made.
        margins: the smallest of the model's live decisions.
        origin: what of :data:`ORIGIN` the model's provenance says.
        right: the verdict where no comparison failed.
    """

    findings: tuple[Finding[Any], ...]
    margins: tuple[Margin, ...]
    origin: Mapping[str, str] = field(default_factory=dict)
    right: str = "exact"

    @property
    def exact(self) -> bool:
        """Whether no comparison failed."""
        return all(finding.counterexample is None for finding in self.findings)

    @property
    def verdict(self) -> str:
        """``exact`` or ``NOT exact``; where only examples were there, that it is right on them."""
        return self.right if self.exact else "NOT exact"

    def to_data(self) -> dict[str, Any]:
        """The report as JSON can hold it."""
        return {
            "findings": [_finding_to_data(finding) for finding in self.findings],
            "margins": [asdict(margin) for margin in self.margins],
            **self.origin,
            "verdict": self.verdict,
        }

    def __repr__(self) -> str:
        tried = sum(finding.examples for finding in self.findings)
        return f"<Report: {self.verdict}, {len(self.findings)} comparisons of {tried} inputs>"

    def __str__(self) -> str:
        return "\n".join([*map(finding_line, self.findings), *closing_lines(self)])

    def _repr_html_(self) -> str:
        return notebook.preformatted(str(self))


def _finding_to_data(finding: Finding[Any]) -> dict[str, Any]:
    counterexample = finding.counterexample
    return {
        "subject": finding.subject,
        "inputs": finding.examples,
        "ok": counterexample is None,
        "outcome": _outcome(finding),
        "counterexample": None if counterexample is None else asdict(counterexample),
    }


def _outcome(finding: Finding[Any]) -> str:
    counterexample = finding.counterexample
    return finding.claim if counterexample is None else str(counterexample.difference)


def finding_line(finding: Finding[Any]) -> str:
    """A finding as a line of text."""
    mark = "ok  " if finding.counterexample is None else "FAIL"
    return f"{mark} {finding.examples} {finding.subject}: {_outcome(finding)}"


def closing_lines(report: Report) -> Iterator[str]:
    """The margins, and last the verdict."""
    yield from (f"smallest margin {margin}" for margin in report.margins)
    yield from (f"{name.replace('_', ' ')}: {value}" for name, value in report.origin.items())
    yield f"verdict: {report.verdict}"


def checked_findings(
    verification: Verification, examples: int, samples: int, seed: int
) -> Iterator[Finding[Any]]:
    """The findings of a verification that compares something.

    Raises:
        HardmaxError: both numbers are 0: a verdict needs evidence.
    """
    if examples <= 0 and samples <= 0:
        raise HardmaxError(
            "expected at least one example or sample to compare, found none: a verdict "
            "needs evidence"
        )
    return verification.findings(examples, samples, seed)


def verify(
    verification: Verification,
    margins: Sequence[Margin],
    provenance: Mapping[str, Any],
    *,
    examples: int = EXAMPLES,
    samples: int = SAMPLES,
    seed: int = 0,
) -> Report:
    """All findings of a verification, with the margins of the model.

    Raises:
        HardmaxError: there is nothing to compare.
    """
    found = checked_findings(verification, examples, samples, seed)
    return Report(tuple(found), tuple(margins), origin(provenance), verification.right())
