"""The benchmark of errors counts what is wrong, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from benchmarks import ntm_errors
from benchmarks.ntm_errors import MACHINES, MULTIPLES, Measurement, Point
from hardmax.extractor.ntm.extract import ntm_program
from hardmax.trainer.ntm.checkpoint import save_ntm
from hardmax.trainer.sequence.model import SequenceModel
from hardmax.trainer.sequence.tasks.registry import find_sequence_task
from hardmax.trainer.sequence.tasks.sort import Sort
from hardmax.trainer.sequence.tasks.task import SequenceBatch, SequenceTask
from hardmax.verification.native import compiled
from hardmax.verification.sequence_machines import SequenceMachines
from tests.support.ntm_models import random_model


def machines(model: SequenceModel) -> SequenceMachines:
    program = ntm_program(model)
    return SequenceMachines(model, program, compiled(program))


def silent(task: str) -> SequenceModel:
    """A machine that answers 0 to everything."""
    model = random_model(0, task)
    with torch.no_grad():
        model.machine.output.weight.zero_()
        model.machine.output.bias.fill_(-5)
    return model


def small(name: str) -> SequenceTask:
    return find_sequence_task(name, "small")


def cells(table: str) -> list[list[str]]:
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]


def test_wrong_bits_are_those_that_count_and_lie_on_the_wrong_side() -> None:
    batch = small("ntm-copy").sample(torch.tensor([3, 5]), torch.Generator().manual_seed(0))
    answer = 0.25 + batch.targets / 2
    assert ntm_errors.wrong_bits(answer, batch).tolist() == [0, 0]
    assert ntm_errors.wrong_bits(1 - answer, batch).tolist() == [12, 20]
    answer[0, 5, 1] = 1 - answer[0, 5, 1]  # the first answer of the shorter sequence
    answer[:, 0] = 1  # nobody asks for anything in the first step
    assert ntm_errors.wrong_bits(answer, batch).tolist() == [1, 0]


def test_a_machine_that_says_nothing_is_wrong_about_every_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ntm_errors, "AT_ONCE", 3)
    found = ntm_errors.measure("silent", machines(silent("ntm-copy")), samples=7)
    generator = torch.Generator().manual_seed(0)
    for multiple, point in zip(MULTIPLES, found.points, strict=True):
        ones = 0.0
        count = ntm_errors.count(multiple, 7)
        assert count == (1 if multiple == 100 else 7)
        for some in (3, 3, 1) if count == 7 else (1,):
            sizes = torch.full((some,), 8 * multiple)
            ones += float(small("ntm-copy").sample(sizes, generator).targets.sum())
        assert point is not None
        assert point.errors == pytest.approx((ones / count, ones / count))
        assert point.bits == 8 * 4 * multiple


def test_soft_and_compiled_have_a_row_each() -> None:
    points = (Point((0, 0), 32), Point((0.25, 0), 64), Point((100.6, 1 / 3), 320), None)
    model = replace(random_model(0), provenance={"complexity": 6, "seconds": 12.5})
    rows = Measurement("ntm-copy", model, points).rows()
    assert [row[3] for row in rows] == list(MACHINES)
    assert [row[:3] for row in rows] == 2 * [("ntm-copy", "length 6", "12.5")]
    assert rows[0][4:] == ("0 of 32", "0.25 of 64", "101 of 320", "")
    assert rows[1][4:] == ("0 of 32", "0 of 64", "0.333 of 320", "")


def test_sizes_are_in_words_of_the_task() -> None:
    assert ntm_errors.size(small("ntm-sort"), 5) == "length 5"
    assert ntm_errors.size(small("ntm-repeat-copy"), 3) == "length 3, up to 3 times"
    assert ntm_errors.size(small("ntm-repeat-copy"), 9) == "length 9, up to 4 times"
    assert ntm_errors.size(small("ntm-recall"), 4) == "4 items"
    assert ntm_errors.size(small("ntm-ngrams"), 5) == "50 bits"


def test_more_items_than_there_are_leave_an_empty_cell() -> None:
    found = ntm_errors.measure("recall", machines(random_model(0, "ntm-recall")), samples=2)
    assert [point is None for point in found.points] == [False, False, False, True]
    assert [row[-1] for row in found.rows()] == ["", ""]


def test_predictions_have_the_loss_above_the_optimal_one() -> None:
    """An even chance for everything loses ln 2, whatever the optimum is."""
    model = silent("ntm-ngrams")
    with torch.no_grad():
        model.machine.output.bias.zero_()
    task = small("ntm-ngrams")
    assert ntm_errors.count(1, 4) == 4
    found = ntm_errors.measure("ngrams", machines(model), samples=4)
    batch = task.sample(torch.full((4,), 5), torch.Generator().manual_seed(0))
    uninformed = task.error(torch.full_like(batch.targets, 0.5), batch).mean().item()
    assert uninformed > 0.1
    point = found.points[0]
    assert point is not None
    assert point.errors == pytest.approx((uninformed, uninformed), rel=1e-5)
    assert found.rows()[0][4] == f"{uninformed:.2%}"


@pytest.mark.parametrize("gap", [0.0, 0.01, 0.3, 0.49])
def test_priorities_move_apart_in_the_same_order(gap: float) -> None:
    task = small("ntm-sort")
    assert isinstance(task, Sort)
    batch = task.sample_with_gap(torch.full((50,), 5), 0.0, torch.Generator().manual_seed(0))
    apart = ntm_errors.spread(task, batch, 5, gap)
    for before, after, targets in zip(batch.inputs, apart.inputs, batch.targets, strict=True):
        assert (before != after).nonzero()[:, 1].unique().tolist() in ([], [task.priority_channel])
        priorities = after[1:6, task.priority_channel].sort().values
        assert priorities.diff().min() >= gap - 1e-6
        assert abs(priorities).max() <= 1
        for (step, channel), bit in task.solve(after.tolist()).items():
            assert targets[step, channel] == bit


def test_only_sequences_without_a_wrong_bit_are_sorted(monkeypatch: pytest.MonkeyPatch) -> None:
    task = small("ntm-sort")
    assert isinstance(task, Sort)

    def wrong_once_in_four(_: SequenceMachines, batch: SequenceBatch, rows: int) -> Tensor:
        assert rows == task.memory.rows(12)
        answers = batch.targets.clone()
        answers[::4, 7, 0] = 1 - answers[::4, 7, 0]
        return answers

    sorting = machines(random_model(0, "ntm-sort"))
    monkeypatch.setattr(SequenceMachines, "native_outputs", wrong_once_in_four)
    monkeypatch.setattr(ntm_errors, "GAPS", (0.01, 0.4, 0.5))
    assert ntm_errors.not_sorted(sorting, task, 20) == [5, 5, None]
    table = ntm_errors.gap_table({"ntm-sort": [5, 0, None]}, 20)
    assert cells(table)[2] == ["ntm-sort", "5", "0", ""]


def test_the_page_has_a_section_for_each_kind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["ntm-copy", "ntm-ngrams", "ntm-sort"]
    for name in names:
        save_ntm(random_model(0, name), tmp_path / f"{name}.pt")
    page = tmp_path / "page.md"
    titles = ("errors", "excess loss", "gaps")
    page.write_text("".join(f"<!-- {name} -->\n<!-- end of {name} -->\n" for name in titles))
    files = [str(tmp_path / f"{name}.pt") for name in names]
    assert ntm_errors.main([*files, "--samples", "1", "--into", str(page)]) == 0
    printed = capsys.readouterr().out
    text = page.read_text()
    errors, excess, gaps = (
        text.partition(f"<!-- {name} -->")[2].partition(f"<!-- end of {name} -->")[0]
        for name in titles
    )
    assert all(section.strip() in printed for section in (errors, excess, gaps))
    assert [row[0] for row in cells(errors)[2:]] == [
        *2 * ["ntm-copy"],
        *2 * ["ntm-sort"],
        "diffmem, copy",
    ]
    assert all(cell.split(" of ")[1] == "32" for cell in (row[4] for row in cells(errors)[2:4]))
    assert [row[0] for row in cells(excess)[2:]] == 2 * ["ntm-ngrams"]
    assert all(cell.endswith("%") for row in cells(excess)[2:] for cell in row[4:])
    assert [len(row) for row in cells(gaps)] == 3 * [1 + len(ntm_errors.GAPS)]


def test_a_section_with_nothing_to_say_is_left_alone(tmp_path: Path) -> None:
    save_ntm(random_model(0, "ntm-recall"), tmp_path / "ntm-recall.pt")
    assert set(ntm_errors.sections([tmp_path / "ntm-recall.pt"], 1)) == {"errors"}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--samples", "0"], "error: expected --samples of at least 1, found 0\n"),
        (["nowhere.pt"], "error: cannot read nowhere.pt"),
    ],
)
def test_what_cannot_be_measured_is_refused(
    arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ntm_errors.main(arguments) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(expected)
    assert printed.err.count("\n") == 1
