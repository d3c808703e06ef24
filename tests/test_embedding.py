"""The examples do what examples/README.md says, by its own commands."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

import hardmax
from hardmax.cli.main import main
from tests.support import stack_programs
from tests.support.machines import require
from tests.support.paths import EXAMPLES, ROOT

MODELS = {"stack": "stack-reversal"}
"""By folder the model that is compiled there, where it is not this one:"""

MODEL = "copy"
TOOLS = {
    "c": ("cc",),
    "cpp": ("c++",),
    "rust": ("rustc", "cc"),
    "javascript": ("wasm-ld", "node"),
    "go": ("go", "gcc"),
    "stack": ("cc",),
}
README = (EXAMPLES / "README.md").read_text()
COMMANDS = dict(
    re.findall(r"^\*\*(\w+)\*\*.*?^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
)


def test_every_example_is_in_the_readme() -> None:
    folders = {path.name for path in EXAMPLES.iterdir() if path.is_dir()}
    assert set(COMMANDS) == set(TOOLS) == folders


@pytest.mark.parametrize("language", TOOLS)
def test_an_example_prints_what_the_readme_says(
    language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model is read once, not by every command."""
    require(*TOOLS[language])
    folder = tmp_path / language
    shutil.copytree(EXAMPLES / language, folder)
    monkeypatch.chdir(folder)
    model = MODELS.get(language, MODEL)
    program = (
        hardmax.load_program(model)
        if (ROOT / "models" / f"{model}.pt").exists()
        else stack_programs.reversal()
    )
    Path("program.json").write_text(program.to_json())
    compiling, *commands = COMMANDS[language].splitlines()
    file = f"../../models/{model}.pt"
    assert file in compiling
    assert main(shlex.split(compiling.replace(file, "program.json"))[1:]) == 0
    printed = ""
    for command in commands:
        environment = {"GOCACHE": str(tmp_path / "cache"), "GOFLAGS": "", **os.environ}
        printed = subprocess.run(
            shlex.split(command), check=True, capture_output=True, text=True, env=environment
        ).stdout
    assert f"`{printed.strip()}`" in README


def test_examples_raise_no_warnings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("copy.json").write_text(hardmax.load_program("copy").to_json())
    assert main(["compile", "copy.json", "-o", "copy.o", "--header", "--prefix", "copy"]) == 0
    hardmax.compile(stack_programs.reversal(), "reversal.o", header=True, prefix="reversal")
    strict = ["-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only", "-I."]
    for compiler, source in (
        ("gcc", "c/main.c"),
        ("g++", "cpp/main.cpp"),
        ("gcc", "stack/main.c"),
    ):
        subprocess.run([compiler, *strict, EXAMPLES / source], check=True)
