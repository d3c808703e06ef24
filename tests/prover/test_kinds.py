"""Certificates beside a file, of every kind of machine that is proved."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hardmax.cli.main import main
from hardmax.files import load_program
from hardmax.prover.kinds import certificate_beside
from hardmax.runtime.errors import HardmaxError

MODELS = Path(__file__).parents[2] / "models"
PROVED = ("copy", "access-lstm", "queue-copy", "stack-anbn")


@pytest.mark.parametrize("name", PROVED)
def test_a_certificate_is_of_the_program_beside_it(name: str) -> None:
    path = MODELS / f"{name}.pt"
    certificate = certificate_beside(path, load_program(path))
    assert certificate is not None
    assert certificate.is_of
    certificate.confirm(60)


@pytest.mark.parametrize(("name", "other"), [("copy", "swap"), ("stack-anbn", "stack-dyck")])
def test_a_certificate_of_another_program_is_told(name: str, other: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.pt"
    shutil.copy(MODELS / f"{name}.pt", path)
    shutil.copy(MODELS / f"{other}.proof", path.with_suffix(".proof"))
    certificate = certificate_beside(path, load_program(path))
    assert certificate is not None
    assert not certificate.is_of


def test_where_no_certificate_lies_there_is_none(tmp_path: Path) -> None:
    path = Path(shutil.copy(MODELS / "copy.pt", tmp_path))
    assert certificate_beside(path, load_program(path)) is None


def test_a_kind_that_is_not_proved_has_no_certificate(tmp_path: Path) -> None:
    path = tmp_path / "ntm-copy.pt"
    shutil.copy(MODELS / "ntm-copy.pt", path)
    shutil.copy(MODELS / "copy.proof", path.with_suffix(".proof"))
    with pytest.raises(HardmaxError, match=r"machines of .*'s kind are not proved"):
        certificate_beside(path, load_program(path))


@pytest.mark.parametrize("name", PROVED)
def test_info_and_drawings_say_that_a_program_is_proved(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = MODELS / f"{name}.pt"
    assert main(["info", str(path)]) == 0
    facts = capsys.readouterr().out
    assert "for every length, by" in facts
    assert main(["draw", str(path), "-o", str(tmp_path / "drawing.dot")]) == 0
    digest = facts.split("proof hash:")[1].split()[0]
    assert f"proved for every length ({digest[:19]})" in (tmp_path / "drawing.dot").read_text()
