"""Tasks on symbols: samples against the definitions, what is no input, examples by hand."""

from __future__ import annotations

import pytest
import torch

from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.stack.tasks.registry import SYMBOL_TASKS, find_symbol_task
from hardmax.trainer.stack.tasks.task import SymbolTask

TASKS = list(SYMBOL_TASKS.values())


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("task", TASKS, ids=SYMBOL_TASKS)
def test_samples_are_what_the_definition_says(task: SymbolTask) -> None:
    lowest, largest = task.smallest_complexity, 2 * task.largest_training_complexity
    complexity = torch.randint(lowest, largest + 1, (40,), generator=generator())
    complexity[:2] = torch.tensor([lowest, lowest + 1])
    batch = task.sample(complexity, generator(1))
    assert batch.inputs.shape == batch.targets.shape == (40, int(batch.steps.max()))
    assert int(batch.inputs.min()) >= 0
    assert int(batch.inputs.max()) < len(task.alphabet)
    assert int(batch.targets.max()) < len(task.output_alphabet)
    for sample, steps in enumerate(batch.steps.tolist()):
        answer = task.solve(batch.inputs[sample, :steps].tolist())
        counted = batch.counted[sample].nonzero().flatten().tolist()
        assert list(answer) == counted
        assert list(answer.values()) == batch.targets[sample][counted].tolist()


@pytest.mark.parametrize("task", TASKS, ids=SYMBOL_TASKS)
def test_the_smallest_complexity_alone_is_a_batch(task: SymbolTask) -> None:
    batch = task.sample(torch.full((3,), task.smallest_complexity), generator())
    assert int(batch.steps.min()) >= 1


@pytest.mark.parametrize("task", TASKS, ids=SYMBOL_TASKS)
def test_the_same_seed_draws_the_same_samples(task: SymbolTask) -> None:
    complexity = torch.full((5,), task.largest_training_complexity)
    first, second, other = (task.sample(complexity, generator(seed)) for seed in (3, 3, 4))
    assert torch.equal(first.inputs, second.inputs)
    assert torch.equal(first.targets, second.targets)
    assert first.inputs.shape != other.inputs.shape or not torch.equal(first.inputs, other.inputs)


@pytest.mark.parametrize("task", TASKS, ids=SYMBOL_TASKS)
def test_short_inputs_are_inputs_each_of_them_once(task: SymbolTask) -> None:
    inputs = [tuple(symbols) for symbols in task.short_inputs()]
    assert len(set(inputs)) == len(inputs) > 100
    batch = task.batch_of(inputs[:100])
    assert batch.inputs[1, : batch.steps[1]].tolist() == list(inputs[1])
    assert int(batch.counted.sum()) == sum(len(task.solve(symbols)) for symbols in inputs[:100])


EXAMPLES = {
    "copy": ("3 1 4 end blank blank blank", "- - - - 3 1 4"),
    "reversal": ("3 1 4 end blank blank blank", "- - - - 4 1 3"),
    "copy-128": ("127 1 4 end blank blank blank", "- - - - 127 1 4"),
    "reversal-128": ("127 1 4 end blank blank blank", "- - - - 4 1 127"),
    "flipping": ("3 1 4 1 end blank blank blank blank", "- - - - - 1 3 1 4"),
    "gender": (
        "the woman sees a man end blank blank blank blank blank",
        "- - - - - - the.f woman sees a.m man",
    ),
    "svo": (
        "man sees likes dog and dog hears man end " + " ".join(["blank"] * 8),
        "- - - - - - - - - man dog sees likes and dog man hears",
    ),
    "anbn": ("a a b b a b", "- - b a - a"),
    "anbncn": ("a a b b c c", "- - b c c a"),
    "anbncndn": ("a b c d", "- c d a"),
    "anb2n": ("a b b a a b b b b", "- b a - - b b b a"),
    "anbmcnm": ("a b b c c c", "- - - c c a"),
    "memorization": ("2 0 1 end 1 0 2", "- - - 1 0 2 -"),
    "addition": ("1 1 + 1 end blank blank blank", "- - - - - 0 0 1"),
    "dyck": ("( [ ] ) [", ") ] ) none ]"),
    "dyck-close": ("( ( ) [ end blank blank blank", "- - - - - ] ) none"),
    "dyck-check": ("( ) [ ) ]", "unfinished balanced unfinished wrong wrong"),
}


@pytest.mark.parametrize("name", SYMBOL_TASKS)
def test_an_example_by_hand(name: str) -> None:
    task = find_symbol_task(name)
    given, asked = (words.split() for words in EXAMPLES[name])
    answer = task.solve([task.alphabet.index(word) for word in given])
    found = [
        task.output_alphabet[answer[step]] if step in answer else "-" for step in range(len(given))
    ]
    assert found == asked


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("copy", "3 1 4"),
        ("copy", "3 1 end blank"),
        ("reversal", "3 blank end blank blank"),
        ("flipping", "3 1 4 end blank blank blank"),
        ("gender", "the man sees end blank blank blank"),
        ("gender", "man the sees end blank blank blank"),
        ("svo", "man sees end blank blank"),
        ("svo", "man sees dog and end blank blank blank blank"),
        ("svo", "man sees dog sees dog end blank blank blank blank blank"),
        ("anbn", "a a b"),
        ("anbncn", "a b b c"),
        ("anbmcnm", "a b c"),
        ("memorization", "2 0 1 end 2 0 1"),
        ("addition", "1 0 end blank blank blank"),
        ("addition", "1 + 1 + 1 end blank blank"),
        ("dyck", "( ]"),
        ("dyck-close", ") end blank"),
    ],
)
def test_what_is_no_input_is_refused(name: str, words: str) -> None:
    task = find_symbol_task(name)
    with pytest.raises(HardmaxError, match=f"not an input of task {name}"):
        task.solve([task.alphabet.index(word) for word in words.split()])


def test_an_unknown_task_is_refused() -> None:
    with pytest.raises(HardmaxError, match="unknown task 'sorting'"):
        find_symbol_task("sorting")
