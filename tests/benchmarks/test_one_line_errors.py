"""How a measurement ends that cannot go on."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from benchmarks.one_line_errors import FAILED, INTERRUPTED, one_line_errors, resumable
from hardmax.runtime.errors import HardmaxError


@pytest.mark.parametrize(
    ("raised", "status", "line"),
    [
        (HardmaxError("nothing to measure"), FAILED, "error: nothing to measure\n"),
        (KeyboardInterrupt(), INTERRUPTED, "interrupted\n"),
    ],
)
def test_it_ends_in_one_line(
    raised: BaseException, status: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    @one_line_errors
    def main(argv: Sequence[str] | None = None) -> int:
        raise raised

    assert main() == status
    assert capsys.readouterr() == ("", line)


def test_one_that_keeps_what_it_has_says_that_it_goes_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    @resumable
    def main() -> int:
        raise KeyboardInterrupt

    assert main() == INTERRUPTED
    assert capsys.readouterr() == ("", "interrupted; the same command goes on\n")


def test_what_it_returns_is_left_alone() -> None:
    @one_line_errors
    def main(argv: Sequence[str] | None = None) -> int:
        return len(argv or ())

    assert main(["a", "b"]) == 2
