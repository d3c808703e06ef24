"""The public names: each is documented by an example that runs, and takes every kind of machine."""

from __future__ import annotations

import doctest
import inspect
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hardmax
from hardmax import api
from tests.support.paths import MODELS

KINDS = {"nram": "access.pt", "ntm": "ntm-copy.pt"}
"""A shipped model of each kind."""

INPUTS = {"nram": [2, 3, 1, 0], "ntm": np.eye(6, dtype=np.float32)}

FUNCTIONS = [name for name in hardmax.__all__ if inspect.isfunction(getattr(hardmax, name))]

kinds = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module")
def models() -> dict[str, Any]:
    return {kind: hardmax.load_model(MODELS / file) for kind, file in KINDS.items()}


@pytest.fixture(scope="module")
def libraries(models: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("libraries")
    return {
        kind: hardmax.compile(model, folder / f"lib{kind}.so")[0] for kind, model in models.items()
    }


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_example_in_a_docstring_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models").symlink_to(MODELS)
    monkeypatch.chdir(tmp_path)
    hardmax.compile(hardmax.load_program("models/copy.pt"), "libcopy.so")
    (test,) = doctest.DocTestFinder(recurse=False).find(getattr(hardmax, name), name)
    assert test.examples
    printed: list[str] = []
    doctest.DocTestRunner().run(test, out=printed.append)
    assert printed == []


def test_every_function_of_the_api_is_public_and_every_public_class_documented() -> None:
    assert {*api.__all__, "listing", "train"} == set(FUNCTIONS)
    for name in hardmax.__all__:
        value = getattr(hardmax, name)
        doc = value.__doc__ or ""
        # What a dataclass makes by itself is its signature, and says nothing.
        assert doc
        assert not doc.startswith(f"{name}("), name
    assert set(dir(hardmax)) >= {*hardmax.__all__, "__version__"}
    assert hardmax.__version__


def test_a_name_that_is_not_there_is_refused() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        getattr(hardmax, "nothing")  # noqa: B009


@kinds
def test_load_model_and_save_model(kind: str, models: dict[str, Any], tmp_path: Path) -> None:
    hardmax.save_model(models[kind], tmp_path / "again.pt")
    again = hardmax.load_model(tmp_path / "again.pt")
    assert again.kind == kind
    assert again.digest() == models[kind].digest()
    assert "\n" not in repr(again)
    assert "0x" not in repr(again)


@kinds
def test_extract(kind: str, models: dict[str, Any]) -> None:
    extraction = hardmax.extract(models[kind])
    assert extraction.program.kind == kind
    assert extraction.form
    assert extraction.margins
    assert extraction.listing()
    assert "\n" not in repr(extraction.program)


@kinds
def test_load_program(kind: str, models: dict[str, Any], libraries: dict[str, Path]) -> None:
    program = hardmax.extract(models[kind]).program
    assert hardmax.load_program(MODELS / KINDS[kind]) == program
    assert hardmax.load_program(libraries[kind]) == program


@kinds
def test_compile_load_and_interpret(
    kind: str, models: dict[str, Any], libraries: dict[str, Path], tmp_path: Path
) -> None:
    native = hardmax.load(libraries[kind])
    assert native.metadata["kind"] == kind
    assert "\n" not in repr(native)
    program = hardmax.extract(models[kind]).program
    hardmax.compile(program, tmp_path / "program.so")
    expected = hardmax.interpret(program, INPUTS[kind])
    for result in (
        native.run(INPUTS[kind]),
        hardmax.load(tmp_path / "program.so").run(INPUTS[kind]),
        hardmax.interpret(models[kind], INPUTS[kind]),
    ):
        assert result.steps == expected.steps
        assert result.status is expected.status
        if kind == "nram":
            assert tuple(result.memory) == expected.memory
        else:
            assert result.outputs.tobytes() == expected.outputs.tobytes()


@kinds
def test_trace(kind: str, models: dict[str, Any], libraries: dict[str, Path]) -> None:
    machines = models[kind], hardmax.extract(models[kind]).program, hardmax.load(libraries[kind])
    texts = {str(hardmax.trace(machine, INPUTS[kind])) for machine in machines}
    assert len(texts) == 1
    assert "Step" in texts.pop()


@kinds
def test_draw(kind: str, models: dict[str, Any], tmp_path: Path) -> None:
    hardmax.draw(models[kind], tmp_path / "drawing.dot")
    assert (tmp_path / "drawing.dot").read_text().startswith("digraph")
    with pytest.raises(hardmax.HardmaxError, match="cannot draw"):
        hardmax.draw(models[kind], tmp_path / "drawing.bmp")


@kinds
def test_verify(kind: str, models: dict[str, Any], libraries: dict[str, Path]) -> None:
    native = hardmax.load(libraries[kind])
    report = hardmax.verify(models[kind], native, examples=3, samples=5)
    assert report.exact
    assert str(report).endswith("verdict: exact")
    assert hardmax.verify(models[kind], examples=3, samples=0).verdict == "exact"
    with pytest.raises(hardmax.HardmaxError, match="a verdict needs evidence"):
        hardmax.verify(models[kind], examples=0, samples=0)


def test_code_of_another_kind_is_no_code_of_a_model(
    models: dict[str, Any], libraries: dict[str, Path]
) -> None:
    with pytest.raises(hardmax.HardmaxError, match="expected a Neural Turing Machine"):
        hardmax.verify(models["ntm"], hardmax.load(libraries["nram"]))


def test_options_of_another_kind_are_refused(models: dict[str, Any]) -> None:
    with pytest.raises(hardmax.HardmaxError, match="max_steps is no option"):
        hardmax.interpret(models["ntm"], INPUTS["ntm"], max_steps=3)
    with pytest.raises(hardmax.HardmaxError, match="memory_size is no option"):
        hardmax.trace(models["nram"], INPUTS["nram"], memory_size=3)


def test_errors_are_value_errors() -> None:
    assert issubclass(hardmax.HardmaxError, ValueError)
    error = pickle.loads(pickle.dumps(hardmax.HardmaxError("one line")))
    assert str(error) == "one line"


@kinds
def test_a_notebook_shows_programs_models_and_reports(
    kind: str, models: dict[str, Any], libraries: dict[str, Path]
) -> None:
    program = hardmax.load_program(libraries[kind])
    report = hardmax.verify(models[kind], examples=1, samples=0)
    trace = hardmax.trace(program, INPUTS[kind])
    assert "verdict: exact" in report._repr_html_()
    assert "Step" in trace._repr_html_()
    assert "form:" in hardmax.extract(models[kind])._repr_html_()
    assert "<table>" in models[kind]._repr_html_()
    assert str(program._repr_svg_()).count("<svg") == 1
    assert hardmax.load(libraries[kind])._repr_svg_() == program._repr_svg_()


def test_a_notebook_without_graphviz_shows_a_line(
    models: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    assert hardmax.extract(models["nram"]).program._repr_svg_() is None
