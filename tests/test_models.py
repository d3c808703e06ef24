"""The shipped models do what the README says of them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks.stack_samples import stack_models, tried_only, wrong_samples
from hardmax import Report, verify
from hardmax import extract as extract_any
from hardmax.cli.main import main
from hardmax.extractor.nram.extract import extract
from hardmax.prover.stack.counting import LENGTHS, Counted, count
from hardmax.trainer.decisions import HARD, SOFT
from hardmax.trainer.kinds import load_model as load_any_model
from hardmax.trainer.nram.checkpoint import load_model
from hardmax.trainer.ntm.checkpoint import load_ntm
from hardmax.trainer.provenance import AS_TRAINED
from hardmax.trainer.sequence.acceptance import errors, mean_error
from hardmax.trainer.sequence.acceptance import is_exact as is_exact_ntm
from hardmax.trainer.sequence.tasks.task import PREFIX
from hardmax.trainer.stack.acceptance import trained_samples
from hardmax.trainer.stack.checkpoint import load_stack
from hardmax.verification.native import compiled
from tests.support.paths import MODELS

NTMS = sorted(MODELS.glob(f"{PREFIX}*.pt"))
RARELY_WRONG = {"ntm-recall": 0.0004, "ntm-sort": 0.0002}
"""Models that are not exact, and the share of sequences in which they may be wrong."""

STACKS = stack_models(MODELS)
"""Named MACHINE-TASK."""

COUNTING = [path for path in STACKS if load_stack(path).task.name in LENGTHS]
SAMPLED = tried_only(MODELS)

NRAMS = sorted(set(MODELS.glob("*.pt")).difference(NTMS, STACKS))

EASY = ("access", "increment", "copy", "reverse", "swap")

TABLES = {
    "copy": (  # Table 2
        "6 2 10 6 8 9 0 0 0 0 0 0",
        {6: 2, 7: 10, 8: 6, 9: 8, 10: 9},
    ),
    "access": (  # Table 3
        "3 1 12 4 7 12 1 13 8 2 1 3 11 11 12 0",
        {0: 4},
    ),
    "increment": (  # Table 4
        "1 11 3 8 1 2 9 8 5 3 0 0 0 0 0 0",
        {0: 2, 1: 12, 2: 4, 3: 9, 4: 2, 5: 3, 6: 10, 7: 9, 8: 6, 9: 4},
    ),
    "reverse": (  # Table 5
        "8 8 1 3 5 1 1 2 0 0 0 0 0 0 0 0",
        {8: 2, 9: 1, 10: 1, 11: 5, 12: 3, 13: 1, 14: 8},
    ),
    "swap": (  # Table 6
        "4 13 6 10 5 4 6 3 7 1 1 11 13 12 0 0",
        {
            **{2: 6, 3: 10, 4: 12, 5: 4, 6: 6, 7: 3, 8: 7, 9: 1, 10: 1, 11: 11},
            **{12: 13, 13: 5},
        },
    ),
}
"""The paper's inputs, and what its last rows show in the output cells."""


def verified(name: str, examples: int, samples: int) -> Report:
    model = load_model(MODELS / f"{name}.pt")
    return verify(
        model, compiled(extract(model).program), examples=examples, samples=samples, seed=1
    )


def test_the_easy_tasks_have_models() -> None:
    assert {path.stem for path in MODELS.glob("*.pt")} >= set(EASY)


def test_models_are_named_after_their_tasks() -> None:
    for path in NRAMS:
        assert path.stem in {load_model(path).task.name + end for end in ("", "-gradient", "-lstm")}
    for path in NTMS:
        assert load_ntm(path).task.name == path.stem
    for path in STACKS:
        model = load_stack(path)
        assert f"{model.machine.config.structures[0]}-{model.task.name}" == path.stem


@pytest.mark.parametrize("path", STACKS, ids=lambda path: path.stem)
def test_a_stack_machine_is_exact_with_the_weights_that_were_trained(path: Path) -> None:
    model = load_stack(path)
    assert "dirty" not in str(model.provenance["commit"])
    assert model.provenance["weights"] == AS_TRAINED
    task, generator = model.task, torch.Generator().manual_seed(1)
    short = trained_samples(task, 20, generator)
    long = task.sample(torch.full((3,), 20 * task.largest_training_complexity), generator)
    for batch, decisions in ((short, SOFT), (short, HARD), (long, HARD)):
        assert not batch.wrong(model.answers(batch.inputs, decisions)).any()


@pytest.mark.slow
@pytest.mark.parametrize("path", COUNTING, ids=lambda path: path.stem)
def test_a_stack_machine_counts_to_a_thousand(path: Path) -> None:
    program: Any = extract_any(load_stack(path)).program
    counted = count(program, deadline=math.inf)
    assert isinstance(counted, Counted)
    assert counted.in_any_order


@pytest.mark.slow
@pytest.mark.parametrize("path", SAMPLED, ids=lambda path: path.stem)
def test_a_stack_machine_without_a_proof_errs_in_no_sample(path: Path) -> None:
    assert not any(wrong_samples(load_stack(path)).values())


@pytest.mark.parametrize(
    ("name", "digest"), [("copy", "3068961615a615cb"), ("ntm-copy", "e5fc1a0d1ec2b18e")]
)
def test_a_models_hash_stays(name: str, digest: str) -> None:
    """Programs carry the hashes of the models that they were extracted from."""
    assert load_any_model(MODELS / f"{name}.pt").digest().startswith(digest)


@pytest.mark.parametrize("task", EASY)
def test_the_papers_table_comes_out_of_the_command(
    task: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    memory, answer = TABLES[task]
    library = str(tmp_path / f"lib{task}.so")
    assert main(["compile", str(MODELS / f"{task}.pt"), "-o", library]) == 0
    assert main(["run", library, *memory.split()]) == 0
    printed = capsys.readouterr()
    cells = [int(cell) for cell in printed.out.split()]
    assert {cell: cells[cell] for cell in answer} == answer
    assert len(cells) == len(memory.split())
    assert printed.err == ""


@pytest.mark.parametrize("task", EASY)
def test_a_model_is_exact(task: str) -> None:
    assert verified(task, examples=20, samples=100).exact


@pytest.mark.parametrize("path", NTMS, ids=lambda path: path.stem)
def test_a_discretized_ntm_is_as_good_as_its_task_asks(path: Path) -> None:
    model = load_ntm(path)
    assert model.provenance["commit"] != "unknown"
    assert "dirty" not in str(model.provenance["commit"])
    largest = model.task.largest_training_complexity
    error = mean_error(model.machine, model.task, largest, 60, HARD, seed=3)
    assert error <= 2 * model.task.tolerance


@pytest.mark.slow
@pytest.mark.parametrize("path", NTMS, ids=lambda path: path.stem)
def test_an_ntm_passes_the_acceptance_test_again(path: Path) -> None:
    model = load_ntm(path)
    if path.stem not in RARELY_WRONG:
        assert is_exact_ntm(model.machine, model.task, seed=0)
        return
    factor, _ = model.task.accepted[-1]
    complexity = factor * model.task.largest_training_complexity
    found = torch.cat([*errors(model.machine, model.task, complexity, 10_000, HARD)])
    assert (found > 0).double().mean() < RARELY_WRONG[path.stem]


@pytest.mark.slow
@pytest.mark.parametrize("path", NRAMS, ids=lambda path: path.stem)
def test_a_model_is_exact_on_ten_thousand_samples(path: Path) -> None:
    assert verified(path.stem, examples=300, samples=10_000).exact
