"""What verification finds, and how it looks for counterexamples, whatever machine is verified."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity, configuration
from hypothesis import strategies as st

from hardmax.runtime.errors import HardmaxError

Drawn = TypeVar("Drawn")


@dataclass(frozen=True)
class Reproduction:
    """How ``hardmax run`` shows a difference again.

    Attributes:
        arguments: of ``hardmax run``, after the file; none where it refuses such an input.
        standard_input: what it reads there, as lines.
        note: what the input is, where there is no command.
    """

    arguments: tuple[str, ...] = ()
    standard_input: tuple[str, ...] = ()
    note: str = ""


class Counterexample(Protocol):
    """Where two that must agree differ."""

    @property
    def difference(self) -> str:
        """What was expected and found, for people."""

    def reproduction(self) -> Reproduction | None:
        """How to see it again; None where it is too long to be typed."""


Found = TypeVar("Found", bound=Counterexample)


@dataclass(frozen=True)
class Finding(Generic[Found]):
    """What one kind of comparison gave.

    Attributes:
        subject: what was tried.
        examples: how many inputs were tried, those of the shrinking included.
        complexity: the largest complexity among them, None where they have none.
        claim: what holds where there is no counterexample, or how often it did not.
        counterexample: None where all agreed.
    """

    subject: str
    examples: int
    complexity: int | None
    claim: str
    counterexample: Found | None


class Verification(Protocol):
    """What holds native code against its model."""

    def findings(self, examples: int, samples: int, seed: int) -> Iterator[Finding[Any]]:
        """Yield one finding after the other.

        Args:
            examples: inputs of each kind that hypothesis draws; 0 for none.
            samples: random samples of the task on which errors are measured; 0 for none.
            seed: of everything that is drawn: same seed, same findings.
        """

    def right(self) -> str:
        """What the verdict says where no comparison failed."""


class DifferenceError(Exception):
    """Two that must agree do not; carries the counterexample that shows it."""

    def __init__(self, counterexample: Any) -> None:
        super().__init__(counterexample.difference)
        self.counterexample = counterexample


def search(
    check: Callable[[Drawn], None], strategy: st.SearchStrategy[Drawn], examples: int, seed: int
) -> tuple[int, Any]:
    """Try to make ``check`` raise a difference.

    Returns:
        how often it was tried, and the smallest counterexample, or None.
    """
    tried = 0

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    @hypothesis.given(strategy)
    def attempt(drawn: Drawn) -> None:
        nonlocal tried
        tried += 1
        check(drawn)

    try:
        with _nothing_stored():
            attempt()
    except DifferenceError as difference:
        return tried, difference.counterexample
    return tried, None


@contextmanager
def _nothing_stored() -> Iterator[None]:
    """Keep hypothesis from leaving a cache in the current folder, where it can do without."""
    home = configuration.storage_directory(intent_to_write=False).path
    configuration.set_hypothesis_home_dir(os.devnull)
    try:
        yield
    finally:
        configuration.set_hypothesis_home_dir(home)


def expect_compiled_from(model_hash: str, library: Path, metadata: dict[str, Any]) -> None:
    """Refuse native code that was compiled from another model.

    Args:
        model_hash: of the model; metadata: of the library.

    Raises:
        HardmaxError: the library's is another.
    """
    found = metadata["model_hash"]
    if found != model_hash:
        raise HardmaxError(
            f"{library}: expected code compiled from model {model_hash:.12}, "
            f"found model {found or 'unknown':.12}"
        )
