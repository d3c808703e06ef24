"""Models that come with hardmax are found by their names, and paths are left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardmax import shipped
from hardmax.runtime.errors import HardmaxError
from hardmax.shipped import locate, shipped_models
from tests.support.paths import MODELS

NAMES = sorted(path.stem for path in MODELS.glob("*.pt"))


def test_every_model_of_the_repository_is_shipped() -> None:
    assert list(shipped_models()) == NAMES
    assert {"copy", "ntm-copy"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_stands_for_its_model(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text("a file of that name changes nothing")
    assert locate(name).samefile(MODELS / f"{name}.pt")
    assert locate(Path(name)) == locate(name)


@pytest.mark.parametrize(
    "path", ["copy.pt", "models/copy", "../copy", "/copy", "nothing.so", ".", "..", ""]
)
def test_a_path_stays_as_it_is(path: str) -> None:
    assert locate(path) == Path(path)


def test_a_name_that_no_model_has_is_refused_with_those_that_are_there() -> None:
    with pytest.raises(HardmaxError, match=r"^cpy: expected a file .* \(access, .*walkbst\)$"):
        locate("cpy")


def test_an_installed_package_brings_its_own_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own.pt").touch()
    monkeypatch.setattr(shipped, "_INSTALLED", tmp_path)
    assert shipped_models() == ("own",)
    assert locate("own") == tmp_path / "own.pt"
