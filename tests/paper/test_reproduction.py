"""The paper's experiments on small models: errors that are there are found, and trained again."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

from hardmax.cli import reproduce as reproducing
from hardmax.cli.main import main
from hardmax.paper.reproduction import evaluate, report
from hardmax.paper.table1 import TABLE_1
from hardmax.trainer.nram.checkpoint import load_model, save_model
from hardmax.trainer.nram.session import Session
from hardmax.trainer.nram.tasks import TASKS
from hardmax.trainer.provenance import AS_TRAINED, FITTED
from tests.support.trained import access_model, model_of, wrong_access_program
from tests.trainer.nram.test_training import SMALL

FEW = ["--soft-samples", "2", "--compiled-samples", "8"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("models").mkdir()
    Path("out").mkdir()
    return tmp_path


def test_every_task_has_its_row_of_the_papers_table() -> None:
    assert set(TABLE_1) <= set(TASKS)


def test_the_error_is_the_share_of_output_cells_that_are_wrong() -> None:
    batch = TASKS["copy"].sample(torch.tensor([3, 1]), 9, torch.Generator().manual_seed(0))
    assert batch.error(batch.expected).tolist() == [0, 0]
    left = batch.expected.clone()
    left[:, 4] = 0  # the first cell of the sample with three output cells ...
    left[:, 2] = 0  # ... and the only one of the other
    assert batch.error(left) == pytest.approx(torch.tensor([1 / 3, 1]))


def test_an_exact_model_has_error_0_everywhere() -> None:
    result = evaluate(access_model(), soft_samples=4, compiled_samples=20, seed=0)
    assert [point.complexity for point in result.soft] == [5, 10, 20, 30, 40, 50]
    assert [point.complexity for point in result.compiled][-4:] == [100, 200, 500, 1000]
    assert all(point.error == 0 for point in (*result.soft, *result.compiled))
    assert (result.differing, result.compared) == (0, 24)


def test_a_wrong_model_is_found_wrong_soft_and_compiled_alike() -> None:
    result = evaluate(model_of(wrong_access_program()), 8, 200, seed=0)
    assert all(point.error > 0 for point in result.soft)
    assert all(0.5 < point.error < 1 for point in result.compiled)
    assert result.differing == 0
    differing = dataclasses.replace(result, differing=3)
    assert "differs on 3 of 48" in report([differing], [])


def test_it_prints_what_is_there_and_says_what_is_missing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_model(access_model(), Path("models/access.pt"))
    assert main(["reproduce", "--tasks", "access", "merge", *FEW]) == 1
    printed = capsys.readouterr().out
    cells = [cell.strip() for cell in printed.splitlines()[2].split("|")[1:-1]]
    assert cells == [
        *("Access", "not recorded", "not recorded", "len(A) <= 20", "<= 5", "0", "0", ""),
        *("perfect", "0", "0", "0", "perfect", "perfect"),
    ]
    assert "2 for each x with the soft model, 8 with compiled code" in printed
    assert "Not found by gradient alone, so without a row: Access, Merge." in printed
    assert printed.endswith("Merge: models/merge.pt is missing\n")
    assert list(Path("out").iterdir()) == []


def test_a_model_that_gradient_found_has_a_row_beside_that_of_search(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    origins = {
        "access": {"found_by": "search", "weights": FITTED},
        "access-gradient": {
            **{"found_by": "gradient", "weights": AS_TRAINED},
            "soft_error_as_found": 0.25,
        },
    }
    for name, provenance in origins.items():
        model = dataclasses.replace(access_model(), provenance=provenance)
        save_model(model, Path(f"models/{name}.pt"))
    assert main(["reproduce", "--tasks", "access", *FEW]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[2:4]]
    assert [row[1:3] for row in rows] == [["search", FITTED], ["gradient", AS_TRAINED]]
    assert [row[7] for row in rows] == ["", "25.00%"]
    assert not any(line.startswith("Not found") for line in lines)


def test_it_writes_the_table_and_the_same_figure_each_time(folder: Path) -> None:
    pytest.importorskip("matplotlib")
    save_model(access_model(), Path("models/access.pt"))
    drawn = []
    for _ in range(2):
        assert main(["reproduce", "--tasks", "access", *FEW, "-o", "out"]) == 0
        drawn.append(Path("out", reproducing.FIGURE).read_text())
    assert drawn[0] == drawn[1]
    assert "<svg" in drawn[0]
    assert Path("out", reproducing.TABLE).read_text().startswith("|   task |")


def test_training_again_gives_the_same_weights(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    settings = dataclasses.replace(SMALL, method="search", seed=0, registers=4, hidden=32)
    model = Session(settings, "test").train(600, Path("state"), lambda progress: None)
    assert model is not None
    save_model(model, Path("models/access.pt"))
    assert main(["reproduce", "--tasks", "access", "--retrain", "-o", "out", *FEW]) == 0
    assert "Access: the same weights after" in capsys.readouterr().err
    assert load_model(Path("out/access.pt")).digest() == model.digest()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--retrain"], "--retrain needs an output folder"),
        (["-o", "nowhere"], "nowhere: expected an existing directory"),
        (["--tasks", "juggling"], "unknown task"),
        (["--tasks", "merge"], "Merge: models/merge.pt is missing"),
        (["--tasks", "copy"], "expected a model of copy, found one of access"),
        (["--soft-samples", "0"], "at least 1 for --soft-samples"),
        (["--tasks", "access", "--retrain", "-o", "out"], "provenance does not say"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    save_model(access_model(), Path("models/copy.pt"))
    save_model(access_model(), Path("models/access.pt"))
    assert main(["reproduce", *arguments]) == 1
    error = capsys.readouterr().err
    assert error.startswith("hardmax: error: ")
    assert error.count("\n") == 1
    assert message in error
