"""Tasks: ``sample`` against ``solve``, and ``solve`` against the paper's tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.nram.tasks import TASKS, Batch, Task, find_task

NAMES = (
    "access",
    "increment",
    "copy",
    "reverse",
    "swap",
    "permutation",
    "listk",
    "listsearch",
    "merge",
    "walkbst",
)
every_task = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS.keys())


def draw(name: str, complexity: Sequence[int], size: int | None = None, seed: int = 0) -> Batch:
    """One sample for each complexity, in the smallest memory unless told."""
    task = TASKS[name]
    size = task.minimum_size(max(complexity)) if size is None else size
    return task.sample(torch.tensor(complexity), size, torch.Generator().manual_seed(seed))


def check_against_definition(task: Task, batch: Batch) -> None:
    """The mask is exactly the definition's cells and ``expected`` exactly its values."""
    for inputs, expected, output in zip(
        batch.inputs.tolist(), batch.expected.tolist(), batch.output.tolist(), strict=True
    ):
        sampled = {cell: value for cell, value in enumerate(expected) if output[cell]}
        assert sampled == task.solve(inputs)


def list_nodes(memory: Sequence[int]) -> list[tuple[int, int]]:
    """The (address, value) pairs of the list that cell 0 points to."""
    nodes, address = [], memory[0]
    while address != 0:
        nodes.append((address, memory[address + 1]))
        address = memory[address]
    return nodes


def tree_nodes(memory: Sequence[int], root: int) -> list[int]:
    """The addresses of a tree's nodes in order: left subtree, root, right subtree."""
    order: list[int] = []
    path: list[int] = []
    node = root
    while path or node:
        while node:
            path.append(node)
            node = memory[node + 1]
        node = path.pop()
        order.append(node)
        node = memory[node + 2]
    return order


# The paper's tables: first and last memory; the definition's cells must hold what the last shows.
TABLES = {
    "access": (
        [3, 1, 12, 4, 7, 12, 1, 13, 8, 2, 1, 3, 11, 11, 12, 0],
        [4, 1, 12, 4, 7, 12, 1, 13, 8, 2, 1, 3, 11, 11, 12, 0],
        {0},
    ),
    "increment": (
        [1, 11, 3, 8, 1, 2, 9, 8, 5, 3, 0, 0, 0, 0, 0, 0],
        [2, 12, 4, 9, 2, 3, 10, 9, 6, 4, 0, 0, 0, 0, 0, 0],
        set(range(10)),
    ),
    "copy": (
        [6, 2, 10, 6, 8, 9, 0, 0, 0, 0, 0, 0],
        [6, 2, 10, 6, 8, 9, 2, 10, 6, 8, 9, 0],
        set(range(6, 11)),
    ),
    "reverse": (
        [8, 8, 1, 3, 5, 1, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0],
        [8, 8, 1, 3, 5, 1, 1, 2, 2, 1, 1, 5, 3, 1, 8, 0],
        set(range(8, 15)),
    ),
    "swap": (
        [4, 13, 6, 10, 5, 4, 6, 3, 7, 1, 1, 11, 13, 12, 0, 0],
        [5, 13, 6, 10, 12, 4, 6, 3, 7, 1, 1, 11, 13, 5, 0, 0],
        set(range(2, 14)),
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_definition_gives_the_papers_tables(name: str) -> None:
    start, end, cells = TABLES[name]
    assert TASKS[name].solve(start) == {cell: end[cell] for cell in cells}


# Worked by hand for the tasks that have no table.
EXAMPLES = [
    # P = 2 0 1, A = 7 8 9
    ("permutation", [4, 2, 0, 1, 7, 8, 9, 0, 0, 0], {1: 9, 2: 7, 3: 8}),
    # the list at 6, 3, 8 holds 9, 5, 2
    ("listk", [6, 0, 0, 8, 5, 0, 3, 9, 0, 2], {2: 9}),
    ("listk", [6, 1, 0, 8, 5, 0, 3, 9, 0, 2], {2: 5}),
    ("listk", [6, 2, 0, 8, 5, 0, 3, 9, 0, 2], {2: 2}),
    # the list at 6, 3, 8 holds 9, 5, 5; cells 2 and 5 are trash
    ("listsearch", [6, 9, 7, 8, 5, 4, 3, 9, 0, 5], {2: 6}),
    ("listsearch", [6, 5, 7, 8, 5, 4, 3, 9, 0, 5], {2: 3}),
    # A = 2 4 4, B = 1 4
    (
        "merge",
        [3, 7, 10, 2, 4, 4, 15, 1, 4, 15, 0, 0, 0, 0, 0, 0],
        {10: 1, 11: 2, 12: 4, 13: 4, 14: 4},
    ),
    # A is empty, B = 3
    ("merge", [3, 4, 6, 8, 3, 8, 0, 0, 0], {6: 3}),
    # node 8 = (5, 5, 11) is the root, 5 = (2, 0, 0), 11 = (9, 14, 0), 14 = (7, 0, 0)
    ("walkbst", [8, 0, 0, 0, 0, 2, 0, 0, 5, 5, 11, 9, 14, 0, 7, 0, 0], {1: 2}),
    ("walkbst", [8, 0, 1, 0, 0, 2, 0, 0, 5, 5, 11, 9, 14, 0, 7, 0, 0], {1: 7}),
]


@pytest.mark.parametrize(("name", "memory", "answer"), EXAMPLES)
def test_definition_on_hand_worked_examples(
    name: str, memory: list[int], answer: dict[int, int]
) -> None:
    assert TASKS[name].solve(memory) == answer


@every_task
@settings(deadline=None, max_examples=60)
@given(
    complexity=st.lists(st.integers(1, 12), min_size=1, max_size=8),
    stretch=st.floats(0, 1),
    seed=st.integers(0, 2**32),
)
def test_samples_are_what_the_definition_says(
    task: Task, complexity: list[int], stretch: float, seed: int
) -> None:
    minimum = task.minimum_size(max(complexity))
    size = minimum + round(2 * minimum * stretch)
    batch = draw(task.name, complexity, size, seed)
    assert batch.inputs.shape == (len(complexity), size)
    for memory in (batch.inputs, batch.expected):
        assert int(memory.min()) >= 0
        assert int(memory.max()) < size
        assert memory.is_contiguous()
    assert bool((batch.expected == batch.inputs)[~batch.output].all())
    longest = [task.timesteps(n) for n in complexity]
    assert all(1 <= t <= most for t, most in zip(batch.timesteps.tolist(), longest, strict=True))
    assert max(longest) + 2 <= task.budget.steps(size)
    check_against_definition(task, batch)


@every_task
@pytest.mark.parametrize("complexity", [1, 2, 3, 7, 50])
def test_budget_allows_two_timesteps_an_element(task: Task, complexity: int) -> None:
    elements = complexity if task.steps_per_element else 0
    assert task.budget.steps(task.minimum_size(complexity)) >= 2 * elements + 4


@every_task
def test_many_samples_of_mixed_complexity(task: Task) -> None:
    complexity = [1 + i % 50 for i in range(200)]
    for stretch in (1, 3):
        size = stretch * task.minimum_size(50)
        check_against_definition(task, draw(task.name, complexity, size, seed=stretch))


@pytest.mark.parametrize("name", ["access", "increment", "copy", "reverse", "swap", "permutation"])
def test_a_hundred_thousand_elements(name: str) -> None:
    batch = draw(name, [100_000, 99_999])
    check_against_definition(TASKS[name], batch)


@pytest.mark.parametrize("name", ["listk", "listsearch", "merge", "walkbst"])
def test_a_thousand_elements(name: str) -> None:
    batch = draw(name, [1000] * 20 + [1, 500])
    check_against_definition(TASKS[name], batch)


@every_task
def test_same_generator_state_same_batch(task: Task) -> None:
    size = 2 * task.minimum_size(6)
    first = draw(task.name, [6, 2, 5], size, seed=7)
    again = draw(task.name, [6, 2, 5], size, seed=7)
    other = draw(task.name, [6, 2, 5], size, seed=8)
    for field in ("inputs", "expected", "output", "timesteps"):
        assert torch.equal(getattr(first, field), getattr(again, field))
    assert not torch.equal(first.inputs, other.inputs)


@every_task
def test_arguments_are_left_alone(task: Task) -> None:
    complexity = torch.tensor([1, 4])
    task.sample(complexity, task.minimum_size(4), torch.Generator().manual_seed(0))
    assert complexity.tolist() == [1, 4]


@every_task
def test_tensors_of_a_batch_share_no_storage(task: Task) -> None:
    batch = draw(task.name, [3, 2])
    inputs, output = batch.inputs.clone(), batch.output.clone()
    batch.expected.fill_(0)
    assert torch.equal(batch.inputs, inputs)
    assert torch.equal(batch.output, output)
    batch.output[0].fill_(True)
    assert torch.equal(batch.output[1], output[1])


# Layouts


@pytest.mark.parametrize(
    ("name", "first", "end", "high"),
    [
        ("access", 1, 8, 19),
        ("increment", 0, 7, 18),
        ("copy", 1, 8, 19),
        ("reverse", 1, 8, 19),
        ("swap", 2, 9, 19),
        ("permutation", 8, 15, 19),
    ],
)
def test_arrays_hold_every_allowed_value_and_the_rest_is_null(
    name: str, first: int, end: int, high: int
) -> None:
    inputs = draw(name, [7] * 400, 20).inputs
    array = inputs[:, first:end]
    assert set(array.flatten().tolist()) == set(range(1, high + 1))
    assert bool((inputs[:, end:] == 0).all())


def test_pointers_of_the_array_tasks() -> None:
    n = [1, 2, 5, 9]
    assert draw("copy", n).inputs[:, 0].tolist() == [2, 3, 6, 10]
    assert draw("reverse", n).inputs[:, 0].tolist() == [2, 3, 6, 10]
    assert draw("permutation", n).inputs[:, 0].tolist() == [2, 3, 6, 10]


def test_access_asks_for_every_element_equally_often() -> None:
    k = Counter(draw("access", [4] * 4000).inputs[:, 0].tolist())
    assert set(k) == {1, 2, 3, 4}
    assert all(850 < count < 1150 for count in k.values())


def test_swap_draws_every_ordered_pair_equally_often() -> None:
    pairs = Counter(map(tuple, draw("swap", [3] * 6000).inputs[:, :2].tolist()))
    assert set(pairs) == {(p, q) for p in (2, 3, 4) for q in (2, 3, 4) if p != q}
    assert all(850 < count < 1150 for count in pairs.values())


def test_swap_has_no_array_shorter_than_two() -> None:
    swap = TASKS["swap"]
    assert swap.minimum_size(1) == swap.minimum_size(2) == 5
    assert bool((draw("swap", [1, 2]).output.sum(dim=1) == 2).all())


def test_permutations_are_equally_likely() -> None:
    orders = Counter(map(tuple, draw("permutation", [3] * 6000).inputs[:, 1:4].tolist()))
    assert len(orders) == 6
    assert all(850 < count < 1150 for count in orders.values())


@pytest.mark.parametrize("name", ["listk", "listsearch"])
def test_every_node_of_a_list_takes_every_value(name: str) -> None:
    lists = [list_nodes(memory) for memory in draw(name, [3] * 2000, 9).inputs.tolist()]
    assert {(position, value) for nodes in lists for position, (_, value) in enumerate(nodes)} == {
        (position, value) for position in range(3) for value in range(1, 9)
    }


@pytest.mark.parametrize("name", ["listk", "listsearch"])
def test_lists_have_exactly_n_nodes_on_disjoint_cells(name: str) -> None:
    n = [1 + i % 8 for i in range(200)]
    size = 30
    for length, memory in zip(n, draw(name, n, size).inputs.tolist(), strict=True):
        nodes = list_nodes(memory)
        assert len(nodes) == length
        cells = {cell for address, _ in nodes for cell in (address, address + 1)}
        assert len(cells) == 2 * length
        assert cells <= set(range(3, size))
        assert all(1 <= value < size for _, value in nodes)
        if name == "listk":
            assert all(memory[cell] == 0 for cell in range(2, size) if cell not in cells)


def test_list_placements_are_equally_likely() -> None:
    # Two nodes on six free cells: six placements, in both orders.
    heads = Counter(
        tuple(address for address, _ in list_nodes(memory))
        for memory in draw("listk", [2] * 12000, 9).inputs.tolist()
    )
    assert set(heads) == {(a, b) for a in range(3, 8) for b in range(3, 8) if abs(a - b) >= 2}
    assert all(850 < count < 1150 for count in heads.values())


def test_listk_hops_to_every_node_equally_often() -> None:
    batch = draw("listk", [4] * 4000)
    hops = Counter(batch.inputs[:, 1].tolist())
    assert set(hops) == {0, 1, 2, 3}
    assert all(850 < count < 1150 for count in hops.values())
    assert torch.equal(batch.timesteps, 2 * (batch.inputs[:, 1] + 1) + 4)


def test_listsearch_finds_every_position_equally_often_and_sometimes_a_repeated_value() -> None:
    batch = draw("listsearch", [4] * 4000, 20)
    answers = batch.expected[:, 2].tolist()
    positions: Counter[int] = Counter()
    repeated = 0
    behind_answer: set[int] = set()
    for memory, answer in zip(batch.inputs.tolist(), answers, strict=True):
        nodes = list_nodes(memory)
        positions[[address for address, _ in nodes].index(answer)] += 1
        repeated += [value for _, value in nodes].count(memory[1]) > 1
        if nodes[0][0] == answer:
            behind_answer.add(nodes[1][1])
    assert set(positions) == {0, 1, 2, 3}
    assert all(850 < count < 1150 for count in positions.values())
    assert repeated > 100
    assert behind_answer == set(range(1, 20))


def test_listsearch_fills_every_other_cell_with_trash() -> None:
    inputs = draw("listsearch", [1] * 2000, 12).inputs
    for cell in range(2, 12):
        assert set(inputs[:, cell].tolist()) >= set(range(1, 12))


def test_merge_layout_and_every_split() -> None:
    size = 21
    batch = draw("merge", [6] * 7000, size)
    splits: Counter[int] = Counter()
    equal = 0
    for memory in batch.inputs.tolist():
        a, b, out = memory[:3]
        first, second = memory[a : b - 1], memory[b : out - 1]
        assert (a, out) == (3, 11)
        assert memory[b - 1] == memory[out - 1] == size - 1
        assert len(first) + len(second) == 6
        assert first == sorted(first)
        assert second == sorted(second)
        assert all(1 <= value <= size - 2 for value in first + second)
        assert not any(memory[out:])
        splits[len(first)] += 1
        equal += len(set(first) & set(second)) > 0
    assert set(splits) == set(range(7))
    assert all(850 < count < 1150 for count in splits.values())
    assert equal > 1000


def test_trees_are_search_trees_on_disjoint_cells_behind_the_path() -> None:
    n = [1 + i % 9 for i in range(300)]
    size = 50
    batch = draw("walkbst", n, size)
    roots: set[int] = set()
    for nodes, memory, answer, timesteps in zip(
        n,
        batch.inputs.tolist(),
        batch.expected[:, 1].tolist(),
        batch.timesteps.tolist(),
        strict=True,
    ):
        order = tree_nodes(memory, memory[0])
        values = [memory[node] for node in order]
        steps = (timesteps - 5) // 2
        cells = {cell for node in order for cell in range(node, node + 3)}
        assert len(order) == nodes
        assert len(cells) == 3 * nodes
        assert cells <= set(range(2 + steps + 1, size))
        assert values == sorted(set(values))
        assert all(1 <= value < size for value in values)
        path = memory[2 : 2 + steps]
        assert set(path) <= {0, 1}
        assert all(memory[cell] == 0 for cell in [1, *range(2 + steps, size)] if cell not in cells)
        node = memory[0]
        for step in path:
            node = memory[node + 1 + step]
            assert node != 0
        assert memory[node + 1] == 0
        assert memory[node] == answer
        roots.add(memory[0])
    assert len(roots) > 20


def test_trees_of_three_have_the_shapes_of_random_insertion() -> None:
    shapes: Counter[tuple[int, ...]] = Counter()
    for memory in draw("walkbst", [3] * 6000).inputs.tolist():
        order = tree_nodes(memory, memory[0])
        rank = {0: -1} | {address: i for i, address in enumerate(order)}
        shapes[tuple(rank[memory[node + side]] for node in order for side in (1, 2))] += 1
    assert len(shapes) == 5
    *chains, balanced = sorted(shapes.values())
    assert all(850 < count < 1150 for count in chains)
    assert 1850 < balanced < 2150


def test_paths_have_every_length() -> None:
    batch = draw("walkbst", [5] * 4000)
    assert set(batch.timesteps.tolist()) == {5, 7, 9, 11, 13}


# Contract and errors


def test_registry_has_the_ten_tasks_in_the_papers_order() -> None:
    assert tuple(name for name in TASKS if name in NAMES) == NAMES
    assert [find_task(name) for name in TASKS] == list(TASKS.values())
    assert find_task("ListK") is TASKS["listk"]
    assert TASKS["walkbst"].title == "WalkBST"
    with pytest.raises(HardmaxError, match=r"unknown task 'juggling', expected one of access, "):
        find_task("juggling")


@every_task
def test_minimum_size_is_the_limit(task: Task) -> None:
    for complexity in (1, 2, 5):
        minimum = task.minimum_size(complexity)
        draw(task.name, [complexity], minimum)
        with pytest.raises(HardmaxError, match=rf"at least {minimum} cells, found {minimum - 1}"):
            draw(task.name, [complexity], minimum - 1)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("access", 7),
        ("increment", 6),
        ("copy", 11),
        ("reverse", 11),
        ("swap", 8),
        ("permutation", 11),
        ("listk", 13),
        ("listsearch", 13),
        ("merge", 15),
        ("walkbst", 22),
    ],
)
def test_minimum_sizes_are_those_of_the_layouts(name: str, size: int) -> None:
    assert TASKS[name].minimum_size(5) == size


@every_task
def test_unusable_complexities_are_refused(task: Task) -> None:
    generator = torch.Generator().manual_seed(0)
    with pytest.raises(HardmaxError, match="expected a complexity >= 1, found 0"):
        task.sample(torch.tensor([3, 0]), 100, generator)
    for complexity in (
        torch.tensor([1.0]),
        torch.tensor(1),
        torch.empty(0, dtype=torch.int64),
    ):
        with pytest.raises(HardmaxError, match=r"expected complexities of torch\.int64"):
            task.sample(complexity, 100, generator)


@pytest.mark.parametrize(
    ("name", "memory", "message"),
    [
        ("access", [4, 1, 2, 0, 0], r"k is 4, expected 1\.\.2"),
        ("access", [1, 2, 3], "cell 2 holds 3"),
        ("access", [1, 2, 2], "leaves its 3 cells"),
        ("increment", [0, 0, 0], "nothing is to be done"),
        ("increment", [2, 0, 0], "the answer puts 3 in cell 0"),
        ("copy", [0, 1, 1], "nothing is to be done"),
        ("copy", [3, 1, 1, 0], "the answer puts 1 in cell 4"),
        ("reverse", [3, -1, 1, 0], "cell 1 holds -1"),
        ("swap", [2, 4, 1, 1, 0], "4 is no address of an array element"),
        ("permutation", [3, 1, 1, 1, 1], r"cells 1\.\.2 are no permutation of 0\.\.1"),
        ("listk", [3, 1, 0, 0, 2], "the list ends before 1 hops"),
        ("listk", [4, 0, 0, 0, 2], "leaves its 5 cells"),
        ("listsearch", [3, 1, 0, 0, 2], "no node holds 1"),
        ("listsearch", [3, 1, 0, 3, 2], "the list has a cycle"),
        ("listk", [1, 1, 4, 0, 0, 6, 0, 0], "a node lies in cell 1"),
        ("listk", [3, 1, 0, 4, 0, 0, 0, 0], "the node in cell 4 overlaps another one"),
        ("merge", [3, 4, 6, 7, 3, 2, 0, 0], "leaves its 8 cells"),
        ("merge", [3, 5, 7, 1, 8, 8, 0, 0, 0], r"pointers 3, 5, 7, expected \(3, 5, 6\)"),
        ("merge", [3, 6, 7, 2, 1, 8, 8, 0, 0], r"\[2, 1\] is not sorted"),
        ("walkbst", [0, 0, 0], "the tree is empty"),
        ("walkbst", [3, 0, 2, 1, 0, 0], "a step of the path is 2"),
        ("walkbst", [4, 0, 1, 0, 1, 0], "leaves its 6 cells"),
        ("walkbst", [4, 0, 1, 0, 7, 0, 0, 0, 0, 0], "a right child, which is missing"),
        ("walkbst", [2, 0, 0, 0, 0, 0], "nodes overlap"),
        ("copy", [], "leaves its 0 cells"),
    ],
)
def test_definition_refuses_what_is_no_input(name: str, memory: list[int], message: str) -> None:
    with pytest.raises(HardmaxError, match=message):
        TASKS[name].solve(memory)


def test_batch_checks_itself() -> None:
    good = draw("copy", [2, 3])
    with pytest.raises(HardmaxError, match=r"batch: expected output of torch.bool"):
        Batch(good.inputs, good.expected, good.inputs, good.timesteps)
    with pytest.raises(HardmaxError, match=r"batch: expected timesteps of torch.int64"):
        Batch(good.inputs, good.expected, good.output, good.timesteps[:1])
