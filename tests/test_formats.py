"""docs/formats.md says what is true of the files that are written and read."""

from __future__ import annotations

import contextlib
import io
import json
import re
from pathlib import Path

import pytest
import torch

import hardmax
from hardmax.codegen.driver import write_program
from hardmax.runtime import metadata
from hardmax.runtime.shared_library import inspect_library
from hardmax.trainer import archive, safetensors, torch_archive
from hardmax.trainer.stored_tensor import ITEM_SIZES
from tests.support.ntm_programs import random_ntm
from tests.support.paper_programs import access_program
from tests.support.paths import ROOT
from tests.support.stack_programs import anbn
from tests.support.trained import access_model

PAGE = (ROOT / "docs" / "formats.md").read_text()


def fields(heading: str) -> set[str]:
    """What stands in backquotes in the first column of the table under a heading."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`.+?) \|", section, re.MULTILINE)
    return {name for row in rows for name in re.findall("`([^`]+)`", row)}


def test_a_model_is_read_in_a_few_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("models").mkdir()
    hardmax.save_model(access_model(), "models/model.pt")
    (code,) = re.findall("```python\n(.*?)```", PAGE, re.DOTALL)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {})
    assert printed.getvalue().startswith("access {'dtype': 'F32', 'shape': [1, 2, 32]")


def test_the_limits_are_those_of_the_readers() -> None:
    for limit, text in (
        (safetensors.MAX_HEADER_BYTES, "a header over 4 MiB"),
        (archive.MAX_FILE_BYTES, "a file over 1 GiB"),
        (torch_archive.MAX_PICKLE_BYTES, "at most 256 KiB"),
    ):
        number, unit = re.findall(r"(\d+) ([KMG])iB", text)[0]
        assert limit == int(number) << 10 * (1 + "KMG".index(unit))
        assert text in PAGE
    assert f"deeper than\n{archive.MAX_DEPTH} levels" in PAGE
    assert len(ITEM_SIZES) == 10


def test_the_instructions_are_counted() -> None:
    code = Path(torch_archive.__file__).read_text()
    cases = re.findall(r"^            case (b.+):  #", code, re.MULTILINE)
    count = sum(len(case.split(" | ")) for case in cases) + 1  # and STOP
    assert f"the {count} instructions" in PAGE


def test_the_document_of_a_model(tmp_path: Path) -> None:
    hardmax.save_model(access_model(), tmp_path / "model.pt")
    document, _ = safetensors.read((tmp_path / "model.pt").read_bytes())
    named = set(re.findall("`([a-z_]+)`", PAGE.split("## Programs")[0]))
    assert document.keys() <= named


@pytest.mark.parametrize("program", [access_program(), random_ntm(0), anbn()])
def test_the_document_of_a_library(program: hardmax.Program, tmp_path: Path) -> None:
    write_program(program, tmp_path / "liba.so")
    document = inspect_library(tmp_path / "liba.so").metadata
    assert document.keys() <= fields("Libraries: `.so`")
    assert metadata.METADATA_SECTION in PAGE
    assert json.dumps(document).isascii()


def test_an_old_model_is_written_anew(tmp_path: Path) -> None:
    """The line of the page; the shipped models are of version 0.1."""
    old = ROOT / "models" / "copy.pt"
    assert torch_archive.is_zip(old.read_bytes())
    hardmax.save_model(hardmax.load_model(old), tmp_path / "new.pt")
    assert safetensors.is_safetensors((tmp_path / "new.pt").read_bytes())
    back, model = hardmax.load_model(tmp_path / "new.pt"), hardmax.load_model(old)
    assert back.digest() == model.digest()
    assert back.provenance == model.provenance
    controller = getattr(back, "controller")  # noqa: B009
    weights = torch.load(old, weights_only=True)["state_dict"]
    assert all(torch.equal(value, weights[name]) for name, value in controller.state_dict().items())
