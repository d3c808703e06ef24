"""The benchmarks run, and refuse to measure a program that does something else."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import memory_size, ntm, speed
from benchmarks.pages import write_section
from benchmarks.problems import find_program, problem
from benchmarks.speed import LEARNED, O2, Measurement, geometric_mean
from hardmax.extractor.ntm.extract import ntm_program
from hardmax.pages.speed import FIGURES
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.ntm.interpreter import run as run_ntm
from hardmax.trainer.nram.tasks import TASKS
from hardmax.trainer.ntm.checkpoint import save_ntm
from tests.support.machines import require
from tests.support.ntm_models import random_model
from tests.support.paper_programs import access_program, copy_program
from tests.support.paths import DOCS
from tests.support.samples import increment


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    for program in (increment(), access_program()):
        (folder / f"{program.metadata.task}.json").write_text(program.to_json())
    return folder


def test_speed_prints_a_row_for_each_task(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = tmp_path / "speed.json"
    options = ["--n", "20", "--repetitions", "1", "--models", str(models)]
    options += ["--figures", str(written)]
    assert speed.main(["--tasks", "access", "increment", "merge", *options]) == 0
    figures = json.loads(written.read_text())
    assert figures["complexity"] == 20
    assert {found["cells"] for found in figures["models"].values()} <= {21, 22}
    printed = capsys.readouterr()
    lines = [line.split("|")[1:4] for line in printed.out.splitlines()]
    assert [[cell.strip() for cell in line] for line in lines[2:]] == [
        ["access", "22", "2"],
        ["increment", "21", "42"],
        ["geometric mean", "", ""],
    ]
    assert printed.err == f"merge: no model in {models}\n"


def test_speed_draws_its_ratios(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    native = {O2: (2.0, 4.0, 1.0), speed.O3: (1.0,) * 3, LEARNED: (3.0, 6.0, 9.0)}
    native[speed.NATIVE] = native[LEARNED]
    measurement = Measurement("copy", 20, 10, native, 9.0, None, 1.0, 0.1)
    assert measurement.ratio(LEARNED, O2) == 1.5
    speed.plot([measurement], tmp_path / "speed.svg")
    assert "<svg" in (tmp_path / "speed.svg").read_text()


def test_a_wrong_program_is_not_measured(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (models / "reverse.json").write_text(copy_program().to_json())
    options = ["--n", "20", "--repetitions", "1", "--models", str(models)]
    assert speed.main(["--tasks", "reverse", *options]) == 1
    assert "error: reverse in a memory of 41: learned left" in capsys.readouterr().err


def test_without_models_there_is_nothing_to_measure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert speed.main(["--tasks", "copy", "--models", str(tmp_path)]) == 1
    assert "error: nothing to measure" in capsys.readouterr().err


def test_instructions_are_counted_in_both_memories(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    require("valgrind")
    assert memory_size.main(["--models", str(models)]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[2:]]
    assert [row[1] for row in rows] == ["access", "increment"]
    assert all(float(row[5]) == float(row[7]) > 0 for row in rows)


def test_a_larger_memory_holds_the_same_problem() -> None:
    memory = np.array([3, 6, 2, 1, 7, 0, 7, 5], dtype=np.uint32)
    merge = memory_size.enlarged(TASKS["merge"], memory, 10)
    assert merge.tolist() == [3, 6, 2, 1, 9, 0, 9, 5, 0, 0]
    copied = memory_size.enlarged(TASKS["copy"], memory, 10)
    assert copied.tolist() == [*memory.tolist(), 0, 0]


def test_a_problem_knows_what_its_answers_changed() -> None:
    memory = np.arange(20, dtype=np.uint32)
    one, two = memory.copy(), memory.copy()
    one[3], two[5] = 0, 0
    given = problem(memory, 100, [one, two])
    assert given.undo.tolist() == [3, 5]
    assert given.calls == 1000
    assert problem(memory, 100, [memory[::-1]]).calls == 1


def test_a_model_goes_before_the_text_of_a_program(models: Path) -> None:
    assert find_program(models, TASKS["copy"]) is None
    assert find_program(models, TASKS["access"]) == models / "access.json"
    (models / "access.pt").touch()
    assert find_program(models, TASKS["access"]) == models / "access.pt"


def test_the_geometric_mean_of_two_and_eight_is_four() -> None:
    assert geometric_mean([2, 8]) == pytest.approx(4)


def test_figures_are_written_into_their_section(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- speed -->\nold\n<!-- end of speed -->\nafter\n")
    options = ["--n", "20", "--repetitions", "1", "--models", str(models), "--into", str(page)]
    assert speed.main(["--tasks", "access", *options]) == 0
    text = page.read_text()
    assert capsys.readouterr().out.strip() in text
    assert text.startswith("before\n<!-- speed -->\n\n")
    assert text.endswith("\n<!-- end of speed -->\nafter\n")
    assert "old" not in text


def test_a_page_without_the_section_stays_as_it_is(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- speed -->\n")
    with pytest.raises(HardmaxError, match="expected the lines <!-- speed -->"):
        write_section(page, "speed", "new")
    assert page.read_text() == "<!-- speed -->\n"


def test_steps_of_turing_machines_are_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_ntm(random_model(0), tmp_path / "random.pt")
    page = tmp_path / "page.md"
    page.write_text("<!-- time -->\n<!-- end of time -->\n")
    options = ["--rows", "20", "2000", "--steps", "30", "--rounds", "1", "--into", str(page)]
    assert ntm.main([str(tmp_path / "random.pt"), *options]) == 0
    printed = capsys.readouterr().out
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in printed.splitlines()]
    assert [row[:2] for row in rows[2:]] == [["random", "20"], ["random", "2000"]]
    assert all(rows[2])
    assert all(rows[3][:5])
    assert rows[3][5:] == 6 * [""]
    assert printed in page.read_text()


def test_a_machine_that_answers_something_else_is_not_measured() -> None:
    program = ntm_program(random_model(0))
    inputs = np.zeros((3, program.input_width), dtype=np.float32)
    outputs = run_ntm(program, inputs, 20).outputs.copy()
    ntm.searches(program, outputs, inputs, 20)
    outputs[2, 0] += 1e-6
    with pytest.raises(HardmaxError, match="step 3 with 20 rows: code and interpreter differ"):
        ntm.searches(program, outputs, inputs, 20)


def test_pages_about_models_show_what_the_page_about_speed_says() -> None:
    shown = json.loads(FIGURES.read_text())
    _, _, measured = (DOCS / "speed.md").read_text().partition("<!-- speed -->")
    assert shown["machine"] in measured
    rows = [[cell.strip() for cell in line.split("|")] for line in measured.splitlines()]
    ratios = {row[1]: float(row[7]) for row in rows if len(row) > 7 and row[1] in TASKS}
    assert {found["task"]: found["ratio"] for found in shown["models"].values()} == ratios
