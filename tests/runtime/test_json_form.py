"""Texts that parse as JSON elsewhere, and are refused here."""

from __future__ import annotations

import pytest

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.json_form import parsed


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": 1, "b": {"c": 1, "c": 1}}', "the name 'c' twice in an object"),
        ("[" * 100_000, "too many nested lists or objects"),
        ('{"a": 1', "Expecting ',' delimiter"),
    ],
)
def test_what_is_found_is_said(text: str, found: str) -> None:
    with pytest.raises(HardmaxError, match=f"expected numbers in JSON, found {found}"):
        parsed(text, "numbers")
