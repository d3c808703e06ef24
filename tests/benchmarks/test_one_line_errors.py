"""How a measurement ends that cannot go on."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from benchmarks.one_line_errors import FAILED, INTERRUPTED, one_line_errors
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


def test_what_it_returns_is_left_alone() -> None:
    @one_line_errors
    def main(argv: Sequence[str] | None = None) -> int:
        return len(argv or ())

    assert main(["a", "b"]) == 2
