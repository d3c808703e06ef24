"""The kinds of machines that programs are extracted from: one line each, imported when needed."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any, Protocol

from hardmax.extractor.margin import Margin
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.kinds import AnyProgram

KINDS: dict[str, str] = {
    "nram": "hardmax.extractor.nram.kind",
    "ntm": "hardmax.extractor.ntm.kind",
    "stack": "hardmax.extractor.stack.kind",
}


class AnyExtraction(Protocol):
    """What came out of a model, whatever its kind."""

    @property
    def program(self) -> Any:
        """The discretized machine."""

    @property
    def form(self) -> str:
        """What kind of program it is and how far that was checked, for people."""

    @property
    def margins(self) -> Sequence[Margin]:
        """The smallest margins, of each kind of decision that is looked at apart."""

    def listing(self) -> str:
        """The program as lines of text for people; empty where there is none."""

    def _repr_html_(self) -> str:
        """For a notebook."""


class ExtractorKind(Protocol):
    """What one kind of machine gives this layer. Models and programs are of its own kind."""

    def extract(self, model: Any) -> AnyExtraction:
        """Discretize a model and measure its margins.

        Raises:
            HardmaxError: no program goes with its weights.
        """

    def program(self, model: Any) -> AnyProgram:
        """The program of :meth:`extract` alone, without looking for margins where that takes runs.

        Raises:
            HardmaxError: as there.
        """

    def reference(self, model: Any, extraction: Any, carried: Any) -> AnyProgram:
        """The program, made from the model itself, that must do what compiled code does.

        Args:
            extraction: what :meth:`extract` gave of the model.
            carried: the program that the code says it was compiled from.
        """

    def draw(self, program: Any, image_format: str, *, title: str = "") -> bytes:
        """A drawing in one of ``hardmax.extractor.rendering.FORMATS``.

        Args:
            title: what stands above it.

        Raises:
            HardmaxError: another format, Graphviz is absent, or the program cannot be drawn.
        """


def find_kind(name: str) -> ExtractorKind:
    """The kind of that name.

    Raises:
        HardmaxError: there is none.
    """
    if name not in KINDS:
        raise HardmaxError(f"expected a kind of machine among {', '.join(KINDS)}, found {name!r}")
    kind: ExtractorKind = importlib.import_module(KINDS[name]).KIND
    return kind
