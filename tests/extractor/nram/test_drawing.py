"""Graphs, drawings and listings show the program that runs; their text forms are stable."""

from __future__ import annotations

import itertools
import shutil
from dataclasses import replace
from pathlib import Path

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardmax.drawing import draw, render
from hardmax.extractor.nram.attributes import Attribute, EdgeKind, NodeKind
from hardmax.extractor.nram.conditions import Condition, conditions
from hardmax.extractor.nram.graph import ENTRY, HALT, circuit_graph, state_graph
from hardmax.extractor.nram.listing import listing
from hardmax.extractor.nram.passes import simplify
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.gates import EFFECTS, Gate
from hardmax.runtime.nram.interpreter import run, trace
from hardmax.runtime.nram.program import Circuit, Metadata, Operation, Program, Row, StepBudget
from tests.support.paper_programs import access_program, copy_program
from tests.support.strategies import arbitrary_memories, circuits, programs

GOLDEN = Path(__file__).parent / "golden"
STEPS = 40

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")


def two_state_program() -> Program:
    """State 0 loads cell 0; state 1 counts the value down, then writes once more and halts."""
    load = Circuit((Operation(Gate.READ, (0,)),), (1,), halt=False)
    count = Circuit((Operation(Gate.DEC, (0,)), Operation(Gate.WRITE, (1, 0))), (1,), halt=False)
    store = Circuit((Operation(Gate.ONE, ()), Operation(Gate.WRITE, (0, 1))), (0,), halt=True)
    table = ((Row(count, 1), Row(load, 1)), (Row(count, 1), Row(store, 0)))
    return Program(1, table, Metadata("countdown", StepBudget(1, 2)))


def test_the_programs_are_those_of_the_paper() -> None:
    """Tables 2 and 3: final memories, and for Copy the operands of every READ and WRITE."""
    memory = (6, 2, 10, 6, 8, 9, 0, 0, 0, 0, 0, 0)
    result = run(copy_program(), memory, 11)
    assert result.memory == (6, 2, 10, 6, 8, 9, 2, 10, 6, 8, 9, 0)
    reads = [timestep.accesses[0][1] for timestep in trace(copy_program(), memory, 11)]
    writes = [timestep.accesses[1][1] for timestep in trace(copy_program(), memory, 11)]
    assert [p for (p,) in reads] == [0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert [p for p, _ in writes] == [0, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10]
    assert [a for _, a in writes] == [6, 2, 2, 10, 10, 6, 6, 8, 8, 9, 9]

    result = run(access_program(), (3, 1, 12, 4, 7, 12, 1, 13, 8, 2, 1, 3, 11, 11, 12, 0), 9)
    assert result.memory == (4, 1, 12, 4, 7, 12, 1, 13, 8, 2, 1, 3, 11, 11, 12, 0)
    assert (result.steps, result.halted) == (2, True)


bit_sets = st.sets(st.integers(0, 15))


@given(bit_sets, bit_sets)
def test_conditions_tell_two_sets_apart(wanted: set[int], others: set[int]) -> None:
    wanted = wanted - others
    found = conditions(wanted, others)
    for bits in wanted:
        assert any(condition.holds(bits) for condition in found)
    for bits in others:
        assert not any(condition.holds(bits) for condition in found)
    for condition in found:
        assert any(condition.holds(bits) for bits in wanted)
        for register, _ in condition.tests():
            mask = condition.mask & ~(1 << register)
            shorter = Condition(mask, condition.bits & mask)
            assert any(shorter.holds(bits) for bits in others)


@pytest.mark.parametrize(
    ("wanted", "others", "expected"),
    [
        ({0, 1, 2, 3}, set(), ["always"]),
        (set(), {0, 1}, []),
        ({0b01, 0b11}, {0b00, 0b10}, ["r1=0"]),
        ({0b00, 0b01, 0b10}, {0b11}, ["r1≠0", "r2≠0"]),
        ({0b00, 0b11}, {0b01, 0b10}, ["r1=0 r2=0", "r1≠0 r2≠0"]),
        ({0b1000}, {0b0000, 0b1111}, ["r1≠0 r4=0"]),
    ],
)
def test_conditions_are_short(wanted: set[int], others: set[int], expected: list[str]) -> None:
    assert sorted(map(str, conditions(wanted, others))) == sorted(expected)


def test_circuit_graph_of_figure_4() -> None:
    graph = circuit_graph(simplify(copy_program()).circuits()[0])
    gates = {node: gate for node, gate in graph.nodes(data=Attribute.GATE) if gate is not None}
    assert gates == {
        "o1": Gate.READ,
        "o2": Gate.INC,
        "o3": Gate.ADD,
        "o4": Gate.MIN,
        "o5": Gate.WRITE,
    }
    assert set(graph.edges) == {
        ("r4", "o1"),
        ("r3", "o2"),
        ("r2", "o3"),
        ("r4", "o3"),
        ("r2", "o4"),
        ("o2", "o4"),
        ("o3", "o5"),
        ("o1", "o5"),
        ("r1", "r1'"),
        ("r2", "r2'"),
        ("r4", "r3'"),
        ("o4", "r4'"),
    }
    assert graph.edges["o3", "o5"][Attribute.OPERANDS] == ("p",)
    assert graph.edges["o1", "o5"][Attribute.OPERANDS] == ("a",)


@given(st.data())
def test_circuit_graph_is_the_circuit(data: st.DataObject) -> None:
    registers = data.draw(st.integers(1, 3))
    circuit = data.draw(circuits(registers))
    graph = circuit_graph(circuit)
    assert nx.is_directed_acyclic_graph(graph)

    def name(value: int) -> str:
        return f"r{value + 1}" if value < registers else f"o{value - registers + 1}"

    values = {
        (name(operand), name(registers + i))
        for i, operation in enumerate(circuit.operations)
        for operand in operation.operands
    } | {(name(value), f"r{r + 1}'") for r, value in enumerate(circuit.outputs)}
    kinds = nx.get_edge_attributes(graph, Attribute.KIND)
    assert {edge for edge, kind in kinds.items() if kind is EdgeKind.VALUE} == values

    memory = [
        (name(registers + i), operation.gate)
        for i, operation in enumerate(circuit.operations)
        if operation.gate in EFFECTS
    ]
    for (first, first_gate), (second, second_gate) in itertools.combinations(memory, 2):
        if Gate.WRITE in (first_gate, second_gate):
            assert nx.has_path(graph, first, second)
    for first, second in (edge for edge, kind in kinds.items() if kind is EdgeKind.ORDER):
        assert {first, second} <= dict(memory).keys()
        graph.remove_edge(first, second)
        assert not nx.has_path(graph, first, second)
        graph.add_edge(first, second)


@given(programs(), arbitrary_memories())
def test_state_graph_has_every_step_of_a_run(program: Program, memory: tuple[int, ...]) -> None:
    graph = state_graph(program)
    numbers = {circuit: i for i, circuit in enumerate(program.circuits())}
    node = ENTRY
    for timestep in trace(program, memory, STEPS):
        (following,) = (
            target
            for _, target, bits in graph.out_edges(node, data=Attribute.BITS)
            if target != HALT and timestep.bits in bits
        )
        (by_condition,) = (
            target
            for _, target, some in graph.out_edges(node, data=Attribute.CONDITIONS)
            if target != HALT and any(condition.holds(timestep.bits) for condition in some)
        )
        assert by_condition == following
        attributes = graph.nodes[following]
        assert isinstance(timestep.state, int)
        row = program.table[timestep.state][timestep.bits]
        assert row is not None
        assert attributes[Attribute.KIND] is NodeKind.TIMESTEP
        assert attributes[Attribute.STATE] == timestep.state
        assert attributes[Attribute.CIRCUIT] == numbers[row.circuit]
        assert timestep.bits in attributes[Attribute.BITS]
        node = following
    if run(program, memory, STEPS).halted:
        assert list(graph.successors(node)) == [HALT]


@given(programs())
def test_state_graph_has_every_reachable_row_once(program: Program) -> None:
    simplified = simplify(program)
    graph = state_graph(simplified)
    rows = [
        (attributes[Attribute.STATE], bits)
        for _, attributes in graph.nodes(data=True)
        for bits in attributes.get(Attribute.BITS, ())
    ]
    assert sorted(rows) == [(state, bits) for state, bits, _ in simplified.rows()]
    assert set(nx.descendants(graph, ENTRY)) >= set(graph) - {ENTRY, HALT}


COPY_LISTING = """\
copy: 4 registers, 1 state, 2 circuits, 7 reachable rows

circuit 0:
    o1 = READ(r4)
    o2 = INC(r3)
    o3 = ADD(r2, r4)
    o4 = MIN(r2, o2)
    WRITE(o3, o1)
    r3, r4 := r4, o4

circuit 1:
    o1 = READ(r1)
    o2 = ONE()
    o3 = DEC(o1)
    WRITE(r1, o1)    (without effect)
    r2, r4 := o3, o2

timesteps:
    start
        -> circuit 1
    circuit 0 when r2≠0 or r3≠0 or r4≠0
        -> circuit 0 if r2≠0 or r3≠0
        -> circuit 1 if r2=0 r3=0
    circuit 1 when r2=0 r3=0 r4=0
        -> circuit 0 if r4≠0
        -> circuit 1 if r4=0
"""

COUNTDOWN_LISTING = """\
countdown: 1 register, 2 states, 3 circuits, 3 reachable rows

circuit 0:
    o1 = READ(r1)
    r1 := o1

circuit 1:
    o1 = DEC(r1)
    WRITE(o1, r1)
    r1 := o1

circuit 2:
    o1 = ONE()
    WRITE(r1, o1)
    halt

timesteps:
    start
        -> state 0, circuit 0
    state 0, circuit 0
        -> state 1, circuit 1 if r1≠0
        -> state 1, circuit 2 if r1=0
    state 1, circuit 1 when r1≠0
        -> state 1, circuit 1 if r1≠0
        -> state 1, circuit 2 if r1=0
    state 1, circuit 2 when r1=0
        -> halt
"""


@pytest.mark.parametrize(
    ("program", "expected"),
    [(copy_program(), COPY_LISTING), (two_state_program(), COUNTDOWN_LISTING)],
    ids=["copy", "countdown"],
)
def test_listing(program: Program, expected: str) -> None:
    assert listing(simplify(program)) == expected


@given(programs())
def test_listing_shows_every_circuit_and_reachable_row(program: Program) -> None:
    simplified = simplify(program)
    text = listing(simplified)
    assert text == listing(Program.from_json(simplified.to_json()))
    for number in range(len(simplified.circuits())):
        assert f"\ncircuit {number}:\n" in text
    rows = len(list(simplified.rows()))
    assert f", {rows} reachable row" in text.splitlines()[0]


def test_a_used_write_is_named_in_the_listing() -> None:
    circuit = Circuit((Operation(Gate.WRITE, (0, 0)), Operation(Gate.INC, (1,))), (2,), halt=False)
    program = Program(1, ((Row(circuit),) * 2,), Metadata("test", StepBudget(1, 1)))
    assert "    o1 = WRITE(r1, r1)\n    o2 = INC(o1)\n" in listing(program)


@pytest.mark.parametrize(
    "program", [copy_program(), two_state_program()], ids=lambda program: program.metadata.task
)
def test_dot_text_is_the_golden_one(program: Program) -> None:
    """Change on purpose: write the new text with ``draw(simplify(program), path)``, look at it."""
    golden = GOLDEN / f"{program.metadata.task}.dot"
    assert render(simplify(program), "dot").decode() == golden.read_text()


def test_dot_text_needs_no_graphviz(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    draw(copy_program(), tmp_path / "copy.dot")
    assert (tmp_path / "copy.dot").read_bytes() == render(copy_program(), "dot")


@pytest.mark.parametrize("kind", ["svg", "pdf", "png"])
def test_without_graphviz_there_is_one_clear_line_and_no_file(
    kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    path = tmp_path / f"copy.{kind}"
    with pytest.raises(HardmaxError, match="needs Graphviz") as caught:
        draw(copy_program(), path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["copy.gif", "copy", "copy.", ".svg", "svg"])
def test_an_unknown_extension_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(HardmaxError, match="expected one of the formats svg, pdf, png, dot"):
        draw(copy_program(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@needs_dot
@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("copy.svg", b"<?xml"),
        ("copy.PDF", b"%PDF-"),
        ("copy.png", b"\x89PNG\r\n"),
        ("c.dot", b"di"),
    ],
)
def test_the_extension_chooses_the_format(name: str, start: bytes, tmp_path: Path) -> None:
    draw(copy_program(), tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(start)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@needs_dot
@settings(max_examples=10)
@given(programs())
def test_graphviz_takes_any_program(program: Program) -> None:
    image = render(program, "svg").decode()
    assert image == render(program, "svg").decode()
    for number, circuit in enumerate(program.circuits()):
        assert f">circuit {number}{', then halt' if circuit.halt else ''}<" in image
        for operation in circuit.operations:
            assert f">{operation.gate.value}<" in image.replace("&#45;", "-")


@needs_dot
@pytest.mark.parametrize("task", ["<b>", "a & b", 'quote " here', "back\\nslash", "\\N", "", "ü≠"])
def test_any_task_name_is_drawn_as_it_is(task: str) -> None:
    program = access_program()
    named = replace(program, metadata=replace(program.metadata, task=task))
    image = render(named, "svg").decode()
    shown = task.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert shown.replace('"', "&quot;") in image
