"""The search: its machine is the interpreter's, and what it finds is exact and reproducible."""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numba
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hardmax.runtime.abi import Status
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.gates import GATES, STANDARD_MODULES, Gate, GateDefinition
from hardmax.runtime.nram.interpreter import run
from hardmax.runtime.nram.program import Metadata, Program, StepBudget
from hardmax.trainer.nram.acceptance import acceptance_examples, is_exact
from hardmax.trainer.nram.native.evaluation import LANES, compile_evaluation
from hardmax.trainer.nram.native.registers import (
    AVX2,
    AVX512,
    NEON,
    SSE2,
    RegisterFile,
    host_registers,
)
from hardmax.trainer.nram.search import compilation, kernel
from hardmax.trainer.nram.search.evaluation import (
    NO_LIMIT,
    RUN,
    WHOLE,
    evaluate,
    evaluate_by_definition,
    packed,
    weights,
)
from hardmax.trainer.nram.search.examples import draw_examples, subset
from hardmax.trainer.nram.search.judge import all_halt, budget_steps, find_unfinished, find_wrong
from hardmax.trainer.nram.search.kernel import (
    HALTED,
    OUT_OF_RANGE,
    RUNNING,
    Examples,
    assemble,
    lanes_for,
    list_operations,
    run_lanes,
    table_machine,
)
from hardmax.trainer.nram.search.moves import insert, mutate, redirect_unvisited
from hardmax.trainer.nram.search.problem import Problem
from hardmax.trainer.nram.search.search import (
    EARLY,
    EARLY_ROUNDS,
    LATE,
    REPORT_EVERY,
    Found,
    _Search,
    order,
    rounds,
    search,
)
from hardmax.trainer.nram.search.simplify import ROUNDS, simplify, tidy
from hardmax.trainer.nram.search.start import HALTING_HEAT, Order, Start
from hardmax.trainer.nram.search.stops import trace
from hardmax.trainer.nram.search.table import Shape, Table
from hardmax.trainer.nram.tasks import TASKS, Task
from hardmax.trainer.progress import SearchProgress
from tests.support.tables import table_from_program

METADATA = Metadata("copy", StepBudget(1, 1))
STATUS = {
    RUNNING: Status.STEP_LIMIT,
    HALTED: Status.HALTED,
    OUT_OF_RANGE: Status.VALUE_OUT_OF_RANGE,
}


def random_table(rng: np.random.Generator, registers: int, repetitions: int) -> Table:
    shape = Shape(registers, STANDARD_MODULES * repetitions)
    code = rng.random((shape.rows, shape.slots)) * shape.limits()
    table = Table(shape, code.astype(np.int16))
    table.code[:, shape.halt_slot] = rng.random(shape.rows) < 0.1
    return table


def random_examples(rng: np.random.Generator, highest: int) -> Examples:
    """Memories of mixed sizes; with highest > 0, some values are no addresses."""
    size = rng.integers(1, 12, LANES)
    memory = np.zeros((LANES, 12), dtype=np.int64)
    expected = np.zeros((LANES, 12), dtype=np.int64)
    for i, m in enumerate(size):
        memory[i, :m] = rng.integers(0, m + highest, m)
        expected[i, :m] = rng.integers(0, m, m)
    output = np.arange(12) < rng.integers(1, size + 1)[:, None]
    wrong = ((memory != expected) & output).sum(axis=1)
    steps = rng.integers(0, 20, LANES)
    return Examples(memory, size, steps, expected, output, wrong)


@given(seed=st.integers(0, 2**32), registers=st.integers(1, 4), repetitions=st.integers(1, 3))
def test_kernel_runs_like_the_interpreter(seed: int, registers: int, repetitions: int) -> None:
    rng = np.random.default_rng(seed)
    table = random_table(rng, registers, repetitions)
    program = table.to_program(METADATA)
    examples = random_examples(rng, highest=0)
    runner = table_machine(table, 1, 12)
    lanes = lanes_for(runner, 12)
    run_lanes(runner, lanes, examples, np.arange(LANES), examples.steps)
    for i, m in enumerate(examples.size):
        result = run(program, examples.memory[i, :m].tolist(), int(examples.steps[i]))
        tape = lanes.tape[i, :m]
        assert tape.tolist() == list(result.memory)
        assert lanes.steps[i] == result.steps
        assert STATUS[int(lanes.status[i])] is result.status
        answer = (tape != examples.expected[i, :m]) & examples.output[i, :m]
        assert lanes.wrong[i] == answer.sum()


@given(seed=st.integers(0, 2**32))
def test_kernel_stops_where_a_value_is_no_address(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = random_table(rng, 3, 2)
    program = table.to_program(METADATA)
    examples = random_examples(rng, highest=2)
    runner = table_machine(table, 1, 12)
    lanes = lanes_for(runner, 12)
    runner.live[:] = True  # the interpreter also runs a READ whose value nobody uses
    for circuit in range(len(runner.code)):
        list_operations(runner, circuit)
    run_lanes(runner, lanes, examples, np.arange(LANES), examples.steps)
    for i, m in enumerate(examples.size):
        result = run(program, examples.memory[i, :m].tolist(), int(examples.steps[i]))
        assert lanes.tape[i, :m].tolist() == list(result.memory)
        assert STATUS[int(lanes.status[i])] is result.status


FILES = {
    AVX512: (AVX512, AVX2, SSE2),
    AVX2: (AVX2, SSE2),
    NEON: (NEON,),
    SSE2: (SSE2,),
}[host_registers()]
"""Vector registers that this processor has."""


@pytest.mark.parametrize("registers", FILES, ids=lambda file: str(file.bits))
@given(data=st.data())
def test_machine_code_loses_what_the_definition_loses(
    registers: RegisterFile, data: st.DataObject
) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    table = random_table(rng, int(rng.integers(1, 5)), int(rng.integers(1, 4)))
    pool = random_examples(rng, highest=0)
    examples = subset(pool, rng.integers(0, LANES, int(rng.integers(1, 3 * LANES))))
    runner = table_machine(table, 1, 12)._replace(evaluate=compile_evaluation(registers))
    lanes, sample = lanes_for(runner, 12), packed(examples, examples.steps)
    chosen = np.arange(len(examples.size))
    counted = weights(*data.draw(st.sampled_from([(0.0,), (1.0,), (0.5, 0.1), (0.0, 0.2, 0.7)])))
    affordable = data.draw(st.sampled_from([NO_LIMIT, len(chosen) * RUN * WHOLE // 2, 0]))
    defined = evaluate_by_definition(
        runner, lanes, examples, chosen, examples.steps, counted, affordable
    )
    visited = runner.visited.copy()
    assert evaluate(runner, sample, counted, affordable) == defined
    assert runner.visited.tolist() == visited.tolist()
    last = len(chosen) - 1
    if defined >= 0:
        place = last // LANES, last % LANES
        assert sample.at_end[place] == lanes.wrong[last % LANES]
        assert sample.at_best[place] == lanes.best[last % LANES]
        assert sample.taken[place] == lanes.steps[last % LANES]


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32))
def test_a_trace_says_what_the_definition_says_of_every_timestep(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = random_table(rng, int(rng.integers(1, 5)), 1)
    table.code[:, table.shape.halt_slot] = 0
    examples = random_examples(rng, highest=0)
    machine = table_machine(table, 1, 12)
    for other in range(len(machine.code)):
        machine.live[other] = True
        list_operations(machine, other)
    circuit, lanes = int(machine.table[-1]), lanes_for(machine, 12)
    seen = trace(machine, packed(examples, examples.steps), circuit)
    registers = machine.registers
    for step in range(len(seen.asked) + 1):
        steps = np.minimum(examples.steps, step)
        run_lanes(machine, lanes, examples, np.arange(LANES), steps)
        assert seen.right[step].tolist() == (lanes.wrong == 0).tolist()
        if step > 0:
            ran = seen.asked[step - 1]
            values = seen.values[step - 1, registers:, ran]
            assert values.tolist() == lanes.values[registers:, ran].T.tolist()
        if step < len(seen.asked):
            zeros = (lanes.values[:registers] == 0) * (1 << np.arange(registers))[:, None]
            asks = (machine.table[zeros.sum(axis=0)] == circuit) & (examples.steps > step)
            assert seen.asked[step].tolist() == asks.tolist()
            kept = seen.values[step, :registers, asks]
            assert kept.tolist() == lanes.values[:registers, asks].T.tolist()


def test_machine_code_is_handed_no_value_that_is_no_address() -> None:
    examples = random_examples(np.random.default_rng(0), highest=0)
    examples.memory[3, 0] = examples.size[3]
    with pytest.raises(HardmaxError, match=r"below the memory's size .* of example 3"):
        packed(examples, examples.steps)


def test_best_moment_is_the_fewest_wrong_cells_after_any_timestep() -> None:
    rng = np.random.default_rng(7)
    table = random_table(rng, 3, 2)
    examples = random_examples(rng, highest=0)
    runner = table_machine(table, 1, 12)
    lanes = lanes_for(runner, 12)
    best = examples.wrong.copy()
    for step in range(1, 20):
        run_lanes(runner, lanes, examples, np.arange(LANES), np.minimum(examples.steps, step))
        best = np.minimum(best, lanes.wrong)
    assert lanes.best.tolist() == best.tolist()


@functools.cache
def callable_from_python(part: Any) -> Callable[..., None]:
    """A part of the search's compiled functions, by itself."""
    return cast("Callable[..., None]", numba.njit(nogil=True)(part.py_func))


@given(seed=st.integers(0, 2**32), registers=st.integers(1, 4), repetitions=st.integers(1, 2))
@settings(max_examples=50, deadline=None)
def test_moves_keep_to_the_slots_and_to_the_registers_that_are_seen(
    seed: int, registers: int, repetitions: int
) -> None:
    redirect = callable_from_python(redirect_unvisited)
    rng = np.random.default_rng(seed)
    start = random_table(rng, registers, repetitions)
    start.code[:] = start.code[0]
    seen = int(rng.integers(0, start.shape.rows))
    machine = table_machine(start, 3, 8, seen)
    random = rng.integers(1, 1 << 63, size=1, dtype=np.uint64)
    for _ in range(200):
        visited = rng.random(start.shape.rows) < 0.5
        visited[rng.integers(start.shape.rows)] = True
        used = np.isin(np.arange(3), machine.table[visited])
        touched = np.zeros(3, dtype=np.bool_)
        before = machine.table[visited].copy()
        redirect(random, machine, visited)
        assert machine.table[visited].tolist() == before.tolist()
        mutate(random, machine, visited, used, touched)
        for circuit in np.flatnonzero(touched):
            assemble(machine, int(circuit))
        Table(start.shape, machine.code[machine.table].astype(np.int16))
        rows = np.arange(start.shape.rows)
        assert machine.table.tolist() == machine.table[rows & seen].tolist()


def test_an_inserted_module_reads_what_was_read_before() -> None:
    rng = np.random.default_rng(0)
    put = callable_from_python(insert)
    shape, inserted = Shape(2), 0
    first = shape.registers + 1
    for _ in range(300):
        machine = table_machine(random_table(rng, 2, 1), 1, 8)
        row, live = machine.code[0], machine.live[0].copy()
        before = row.copy()
        random = rng.integers(1, 1 << 63, size=1, dtype=np.uint64)
        put(random, row, machine.limits, shape.registers, live)
        assert np.all(row < machine.limits)
        for slot in np.flatnonzero(row != before):
            module = (slot - first) // 2
            if slot < shape.registers or live[module]:
                new = row[slot] - shape.registers
                assert not live[new]
                assert before[slot] in row[first + 2 * new : first + 2 * new + 2]
                inserted += 1
    assert inserted > 50


@given(seed=st.integers(0, 2**32), repetitions=st.integers(1, 3))
def test_table_and_program_say_the_same(seed: int, repetitions: int) -> None:
    table = random_table(np.random.default_rng(seed), 3, repetitions)
    program = table.to_program(METADATA)
    back = table_from_program(Program.from_json(program.to_json()), table.shape.modules)
    assert back.code.tolist() == table.code.tolist()


def test_table_rejects_values_that_do_not_exist_yet() -> None:
    shape = Shape(2)
    code = np.zeros((shape.rows, shape.slots), dtype=np.int16)
    code[0, shape.operand_slot(0)] = 2
    with pytest.raises(HardmaxError, match="slot cannot read"):
        Table(shape, code)
    with pytest.raises(HardmaxError, match="expected a table of shape"):
        Table(shape, code[:1])


def test_program_with_a_write_left_out_does_not_fit() -> None:
    program = random_table(np.random.default_rng(0), 2, 1).to_program(METADATA)
    with pytest.raises(HardmaxError, match="row 00: a module that touches memory"):
        table_from_program(program, STANDARD_MODULES * 2)
    with pytest.raises(HardmaxError, match="no place in the list"):
        table_from_program(program, (Gate.READ, Gate.WRITE))


def test_examples_are_the_tasks_own() -> None:
    task = TASKS["listsearch"]
    examples = draw_examples(task, 1, 6, 200, torch.Generator().manual_seed(0))
    assert examples.size.min() == task.minimum_size(1)
    assert examples.size.max() == 3 * task.minimum_size(6)
    for i, m in enumerate(examples.size):
        answer = task.solve(examples.memory[i, :m].tolist())
        assert set(answer) == set(np.flatnonzero(examples.output[i]))
        assert all(examples.expected[i, cell] == value for cell, value in answer.items())


def find(name: str, registers: int, **options: Any) -> Found | None:
    """Search for a program of one repetition of the modules."""
    task = TASKS[name]
    examples = acceptance_examples(task)
    return search(
        [task],
        [Shape(registers)],
        lambda guess, table: is_exact(guess, table, examples),
        **options,
    )


@pytest.fixture(scope="module")
def access() -> Table:
    found = find("access", 2, seed=0, circuits=2, threads=1)
    assert found is not None
    return found.table


def test_found_program_is_exact_by_the_interpreter(access: Table) -> None:
    task = TASKS["access"]
    program = access.to_program(METADATA)
    examples = draw_examples(task, 1, 50, 300, torch.Generator().manual_seed(3))
    for i, m in enumerate(examples.size):
        memory = examples.memory[i, :m].tolist()
        for steps in (int(examples.steps[i]), 10 * task.budget.steps(int(m))):
            result = run(program, memory, steps)
            assert all(result.memory[c] == v for c, v in task.solve(memory).items())


def test_same_seed_same_program_with_any_number_of_threads(access: Table) -> None:
    seen: list[SearchProgress] = []
    again = find("access", 2, seed=0, circuits=2, threads=3, progress=seen.append)
    assert again is not None
    assert again.table.code.tolist() == access.code.tolist()
    assert again.evaluations > 0
    assert seen[-1].found
    assert seen[-1].plan == "simplify"


def test_the_first_start_that_succeeds_is_the_result_not_the_quickest() -> None:
    one, many = (find("increment", 4, seed=1, threads=threads) for threads in (1, 4))
    assert one is not None
    assert many is not None
    assert (many.starts, many.evaluations) == (one.starts, one.evaluations)
    assert many.table.code.tolist() == one.table.code.tolist()


@pytest.mark.parametrize("plan", sorted({*EARLY, *LATE}))
def test_every_plan_finds_a_program(plan: str) -> None:
    number = next(
        n for n in range(1, 99) if order(n, 1, [Shape(3)], tempering=True)[1].plan == plan
    )
    found = find("access", 3, first_start=number - 1, threads=1)
    assert found is not None
    assert found.plan == plan


def test_starts_take_turns_among_guesses_plans_and_shapes() -> None:
    shapes = [Shape(2), Shape(3)]
    early, made = len(EARLY) * EARLY_ROUNDS * 2, range(1, 101)
    orders = [order(number, 2, shapes, tempering=True) for number in made]
    assert [made.plan for _, made in orders[:early]] == [*EARLY] * (EARLY_ROUNDS * 2)
    assert [made.plan for _, made in orders[early:]] == [*LATE] * ((len(made) - early) // len(LATE))
    asked = [(guess, shapes.index(made.shape)) for guess, made in orders[:: len(EARLY)]]
    assert asked[:7] == [(0, 0), (1, 0), (0, 1), (0, 0), (1, 0), (0, 1), (1, 1)]
    plans = {order(number, 1, shapes, tempering=False)[1].plan for number in made}
    assert plans == {*EARLY}


def test_rounds_come_to_every_guess_and_shape_again_and_again() -> None:
    for guesses, shapes in itertools.product(range(1, 5), repeat=2):
        first = list(itertools.islice(rounds(guesses, shapes), 128))
        every = {*itertools.product(range(guesses), range(shapes))}
        assert {*first[:64]} == {*first[64:]} == every


def test_a_spent_budget_finds_nothing() -> None:
    assert find("merge", 2, evaluations=100) is None
    assert find("merge", 2, seconds=0.0) is None


def test_an_interruption_ends_all_starts() -> None:
    def interrupt(progress: SearchProgress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        find("merge", 2, threads=2, progress=interrupt)


def test_a_program_that_is_right_but_goes_on_learns_to_halt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong_later: list[Table] = []
    halting = Start.halting

    def noting(start: Start, table: Table) -> Table | None:
        if not start.exact(table):
            wrong_later.append(table)
        return halting(start, table)

    monkeypatch.setattr(Start, "halting", noting)
    task, found = TASKS["reverse"], None
    problem, judged = Problem(task, 0), acceptance_examples(task)
    for seed in range(12):
        if not wrong_later:
            begun = Order(1, "mixed", 0, Shape(4))
            start = Start(
                problem, begun, lambda t: is_exact(task, t, judged), seed, 4, 1e6, lambda: False
            )
            found = start.run()
    assert found is not None
    machine = table_machine(wrong_later[-1], 1, 64)
    examples = draw_examples(task, 2, 5, 256, torch.Generator().manual_seed(0))
    assert len(find_wrong(machine, packed(examples, examples.steps))[0]) == 0
    assert len(find_wrong(machine, packed(examples, 10 * budget_steps(task, examples)))[0]) > 0
    assert all_halt(table_machine(found, 1, 64), examples, budget_steps(task, examples))


def test_a_program_that_idles_learns_to_halt(access: Table) -> None:
    idling = Table(access.shape, access.code.copy())
    idling.code[:, idling.shape.halt_slot] = 0
    task = TASKS["access"]
    assert is_exact(task, idling, acceptance_examples(task))
    found = find("access", 2, start=idling, threads=1)
    assert found is not None
    assert found.plan == "polish"
    examples = acceptance_examples(task)
    machine = table_machine(found.table, 1, examples.memory.shape[1])
    assert all_halt(machine, examples, budget_steps(task, examples))


def only_the_first(asked: list[Table]) -> Callable[[Task, Table], bool]:
    """An acceptance test that accepts what it is asked first, and notes all that it is asked."""

    def exact(task: Task, table: Table) -> bool:
        asked.append(table)
        return len(asked) == 1

    return exact


def test_looking_for_a_program_that_halts_asks_for_few_to_be_accepted(access: Table) -> None:
    idling = Table(access.shape, access.code.copy())
    idling.code[:, idling.shape.halt_slot] = 0
    asked: list[Table] = []
    found = search(
        [TASKS["access"]], [access.shape], only_the_first(asked), start=idling, threads=1
    )
    assert found is not None
    assert len(asked) <= 1 + len(HALTING_HEAT) + 1 + ROUNDS


def test_what_is_found_is_not_worked_on_when_the_time_is_up(
    access: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    idling = Table(access.shape, access.code.copy())
    idling.code[:, idling.shape.halt_slot] = 0
    task, asked = TASKS["access"], list[Table]()
    first = only_the_first(asked)
    monkeypatch.setattr(_Search, "late", property(lambda search: len(asked) > 1))

    def slow(task: Task, table: Table) -> bool:
        accepted = first(task, table)
        if not accepted:
            time.sleep(3 * REPORT_EVERY)
        return accepted

    found = search([task], [access.shape], slow, start=idling, threads=1)
    assert found is not None
    assert len(asked) == 2
    machine = table_machine(found.table, 1, 64)
    examples = draw_examples(task, 1, 5, 64, torch.Generator().manual_seed(0))
    assert not all_halt(machine, examples, budget_steps(task, examples))


def test_unfinished_are_the_wrong_and_those_that_do_not_halt(access: Table) -> None:
    task = TASKS["access"]
    examples = draw_examples(task, 1, 5, 70, torch.Generator().manual_seed(0))
    machine = table_machine(access, 1, examples.memory.shape[1])
    steps = budget_steps(task, examples)
    assert find_unfinished(machine, packed(examples, steps)).tolist() == []
    examples.expected[64, 0] = (examples.expected[64, 0] + 1) % examples.size[64]
    steps[[3, 33]] = 0
    examples.expected[3, 0] = examples.memory[3, 0]
    assert find_unfinished(machine, packed(examples, steps)).tolist() == [3, 33, 64]


def test_search_repairs_a_damaged_program(access: Table) -> None:
    damaged = Table(access.shape, access.code.copy())
    for module, gate in enumerate(access.shape.modules):
        if gate is Gate.READ:
            damaged.code[:, access.shape.operand_slot(module)] = 0
    damaged.code[:, : access.shape.registers] = 0
    task = TASKS["access"]
    assert not is_exact(task, damaged, acceptance_examples(task))
    found = find("access", 2, start=damaged, threads=1)
    assert found is not None
    assert found.plan == "polish"


def test_examination_notices_a_program_that_is_right_for_a_while(access: Table) -> None:
    task = TASKS["access"]
    examples = draw_examples(task, 1, 5, 64, torch.Generator().manual_seed(0))
    runner = table_machine(access, 1, examples.memory.shape[1])
    at_end, at_best = find_wrong(runner, packed(examples, examples.steps))
    assert len(at_end) == len(at_best) == 0
    spoiled = subset(examples, np.arange(64))
    number = int(np.flatnonzero((examples.wrong > 0) & (examples.size > 4))[0])
    answer = int(examples.expected[number, 0])
    never = 0
    for value in set(range(examples.size[number])) - {answer}:
        spoiled.expected[number, 0] = value
        spoiled.wrong[number] = value != examples.memory[number, 0]
        at_end, at_best = find_wrong(runner, packed(spoiled, examples.steps))
        assert at_end.tolist() == [number]
        assert at_best.tolist() in ([], [number])
        never += len(at_best)
    # The cell also holds what it held at the start.
    assert 0 < never < examples.size[number] - 1


def test_simplification_keeps_behaviour_and_leaves_no_junk(access: Table) -> None:
    task = TASKS["access"]
    rng = np.random.default_rng(1)
    noisy = Table(access.shape, access.code.copy())
    prepared = table_machine(noisy, 1, 1)
    limits = noisy.shape.limits()
    for row in range(noisy.shape.rows):
        dead = ~prepared.live[prepared.table[row]]
        for module in np.flatnonzero(dead):
            for slot in (noisy.shape.operand_slot(module), noisy.shape.operand_slot(module) + 1):
                noisy.code[row, slot] = rng.integers(0, limits[slot])
    acceptance = acceptance_examples(task)
    shares: list[float] = []

    def accept(table: Table) -> bool:
        return is_exact(task, table, acceptance)

    assert accept(noisy)
    generator = torch.Generator().manual_seed(0)
    assert simplify(noisy, task, generator, accept, shares.append, lambda: True) is noisy
    shares.clear()
    small = simplify(noisy, task, generator, accept, shares.append, lambda: False)
    assert accept(small)
    assert shares == sorted(shares)
    assert 0 <= shares[0] < shares[-1] < 1
    assert tidy(small).code.tolist() == small.code.tolist()
    runner = table_machine(small, 1, 8)
    start = runner.table[-1]
    assert runner.counts[start] <= 4  # READ, READ, WRITE and what names the cell


def test_shape_is_checked() -> None:
    with pytest.raises(HardmaxError, match="at least one module"):
        Shape(2, ())
    with pytest.raises(HardmaxError, match="registers"):
        Shape(0)


def test_machine_code_is_kept_apart_for_every_state_of_its_sources(tmp_path: Path) -> None:
    sources = tmp_path / "caller.py", tmp_path / "callee.py"
    folders = []
    for callee in ("1", "2", "1"):
        sources[0].write_text("unchanged")
        sources[1].write_text(callee)
        folders.append(compilation.folder_of(sources))
    assert folders[0] == folders[2] != folders[1]
    functions: list[Any] = [run_lanes, mutate]
    for function in functions:
        assert Path(function.stats.cache_path).is_relative_to(compilation.FOLDER)


def test_without_a_place_for_machine_code_it_is_compiled_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder can be made below this")
    monkeypatch.setattr(compilation, "_HERE", tmp_path / "file")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file" / "cache"))
    monkeypatch.setattr(compilation._config, "CACHE_DIR", "")
    assert compilation.folder_of([]) is None
    monkeypatch.setattr(compilation, "FOLDER", None)
    assert compilation.compiled(lambda x: x + 1)(1) == 2


def test_the_kernel_refuses_a_gate_that_it_cannot_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(GATES, Gate.INC, GateDefinition(("a",), None))
    with pytest.raises(HardmaxError, match="search cannot run a module INC"):
        kernel.opcodes_of((Gate.READ, Gate.INC))
