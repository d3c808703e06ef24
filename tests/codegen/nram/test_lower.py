"""A compiled program does exactly what the interpreter does, whatever the memory holds."""

from __future__ import annotations

import ctypes
import itertools
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardmax.codegen.driver import Kind, emit, kind_of, write_program
from hardmax.codegen.header import header
from hardmax.codegen.lower import lower
from hardmax.codegen.nram.gates import ARITHMETIC as LOWERED
from hardmax.runtime.abi import (
    MAX_SIZE,
    Status,
)
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.abi import (
    C_SIGNATURES,
    OPTIONAL,
    STATUS_TEXT,
)
from hardmax.runtime.nram.gates import GATES, Gate
from hardmax.runtime.nram.interpreter import run
from hardmax.runtime.nram.program import Circuit, Metadata, Operation, Program, Row, StepBudget
from tests.support.cases import ARITHMETIC, LEVELS, PAPER, SIZES, argument_pairs
from tests.support.native import JitGate, JitProgram, largest_memory
from tests.support.samples import access, increment
from tests.support.strategies import arbitrary_memories, programs

MAX_STEPS = 40

COMPILED_GATES = {gate: JitGate(gate, level=2) for gate in ARITHMETIC}


def agree(program: Program, level: int, cases: list[tuple[tuple[int, ...], int]]) -> None:
    """The compiled program leaves what the interpreter leaves: memory, timesteps, status."""
    compiled = JitProgram(program, level)
    for memory, max_steps in cases:
        assert compiled.run(memory, max_steps) == run(program, memory, max_steps)


def test_every_gate_has_an_llvm_meaning_or_touches_memory() -> None:
    assert set(LOWERED) == set(ARITHMETIC)


@pytest.mark.parametrize("level", [0, 3])
@pytest.mark.parametrize("gate", ARITHMETIC)
def test_a_gate_agrees_with_the_paper_on_every_argument_pair(gate: Gate, level: int) -> None:
    compiled = JitGate(gate, level)
    cases = [case for size in SIZES for case in argument_pairs(size)]
    assert [compiled(*case) for case in cases] == [PAPER[gate](*case) for case in cases]


@st.composite
def large_arguments(draw: st.DrawFn) -> tuple[int, int, int]:
    """(a, b, M) up to the largest M, near its ends more often than not."""
    size = draw(st.integers(1, MAX_SIZE) | st.integers(MAX_SIZE - 3, MAX_SIZE))
    argument = st.integers(0, size - 1) | st.integers(max(0, size - 3), size - 1)
    return draw(argument), draw(argument), size


@given(large_arguments())
def test_gates_do_not_overflow_at_any_size(case: tuple[int, int, int]) -> None:
    for gate, compiled in COMPILED_GATES.items():
        meaning = GATES[gate].meaning
        assert meaning is not None
        assert compiled(*case) == meaning(*case), gate


@given(
    programs(),
    st.sampled_from(LEVELS),
    st.lists(st.tuples(arbitrary_memories(), st.integers(0, MAX_STEPS)), min_size=1, max_size=5),
)
def test_native_equals_interpreter(
    program: Program, level: int, cases: list[tuple[tuple[int, ...], int]]
) -> None:
    agree(program, level, cases)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("program", [access(), increment()])
def test_native_equals_interpreter_on_every_small_memory(program: Program, level: int) -> None:
    """Cells run to M, which is no address; memories that point into themselves are among them."""
    agree(
        program,
        level,
        [
            (memory, MAX_STEPS)
            for size in (1, 2, 3, 4)
            for memory in itertools.product(range(size + 1), repeat=size)
        ],
    )


def test_a_row_proved_unreachable_ends_the_run_if_it_is_reached() -> None:
    circuit = Circuit((Operation(Gate.INC, (0,)),), outputs=(1,), halt=False)
    program = Program(1, ((None, Row(circuit)),), Metadata("", StepBudget(0, 9)))
    assert JitProgram(program, 2).run((0, 0), 9).status is Status.UNREACHABLE_ROW
    agree(program, 2, [((0, 0), 9), ((0, 0), 1), ((0,), 9)])


def test_what_a_timestep_wrote_before_a_bad_read_remains() -> None:
    circuit = Circuit(
        (
            Operation(Gate.ONE, ()),
            Operation(Gate.WRITE, (0, 1)),
            Operation(Gate.READ, (1,)),
            Operation(Gate.WRITE, (0, 0)),
        ),
        outputs=(0,),
        halt=True,
    )
    program = Program(1, ((None, Row(circuit)),), Metadata("", StepBudget(0, 1)))
    result = JitProgram(program, 2).run((0, 2), 1)
    assert (result.memory, result.steps) == ((1, 2), 0)
    assert result.status is Status.VALUE_OUT_OF_RANGE
    agree(program, 2, [((0, 2), 1)])


def test_the_largest_memory_is_addressed_to_its_last_cell() -> None:
    """2^32-1 cells, of which the operating system has to find the two pages that are touched."""
    program = Program(
        1,
        (
            (
                None,
                Row(
                    Circuit(
                        (
                            Operation(Gate.DEC, (0,)),  # 1: M-1
                            Operation(Gate.READ, (1,)),  # 2: the last cell
                            Operation(Gate.ADD, (1, 2)),  # 3
                            Operation(Gate.WRITE, (1, 3)),
                            Operation(Gate.WRITE, (0, 1)),
                        ),
                        outputs=(0,),
                        halt=True,
                    )
                ),
            ),
        ),
        Metadata("", StepBudget(0, 1)),
    )
    cells = largest_memory()
    cells[-1] = MAX_SIZE - 2
    status = JitProgram(program, 2).run_raw(cells.ctypes.data, MAX_SIZE, 1, None)
    last, first = int(cells[-1]), int(cells[0])
    assert status is Status.HALTED
    assert last == (MAX_SIZE - 1 + MAX_SIZE - 2) % MAX_SIZE
    assert first == MAX_SIZE - 1


def test_arguments_that_are_no_memory_are_refused() -> None:
    compiled = JitProgram(access(), 2)
    steps = ctypes.c_uint64(7)
    assert compiled.run_raw(None, 5, 9, steps) is Status.INVALID_ARGUMENT
    assert steps.value == 0
    assert compiled.run_raw(None, 5, 9, None) is Status.INVALID_ARGUMENT
    assert compiled.run_raw((ctypes.c_uint32 * 1)(), 0, 9, None) is Status.INVALID_ARGUMENT


def test_no_timestep_runs_where_none_is_allowed() -> None:
    result = JitProgram(access(), 2).run((1, 7), 0)
    assert (result.memory, result.steps, result.status) == ((1, 7), 0, Status.STEP_LIMIT)


def block_names(program: Program) -> list[str]:
    """Names of the blocks of all functions but those that can be interrupted."""
    functions = lower(program, "", level=0).functions
    return [block.name for f in functions if f.name not in OPTIONAL for block in f.blocks]


def test_blocks_are_named_after_rows_and_shared_rows_are_emitted_once() -> None:
    assert block_names(increment()) == [
        *("entry", "start"),
        *("state_0", "dispatch_s0", "row_s0_00", "in_range", "state_1", "value_out_of_range_s0"),
        *("dispatch_s1", "row_s1_00", "row_s1_10"),
        *("leave", "leave.if", "leave.endif"),
        *("entry", "refused", "next", "problem", "done", "problem.if", "problem.endif"),
        *("entry", "entry"),  # of the functions that give the ABI version and the metadata
    ]


def test_states_that_no_row_leads_to_are_left_out() -> None:
    row = Row(Circuit((), outputs=(0,), halt=False), next_state=0)
    program = Program(1, ((row, row), (row, row)), Metadata("", StepBudget(0, 1)))
    assert "state_1" not in block_names(program)


@pytest.mark.parametrize("level", LEVELS)
def test_every_kind_is_emitted_and_is_the_same_each_time(level: int) -> None:
    starts = {
        Kind.SHARED_LIBRARY: b"\x7fELF",
        Kind.OBJECT: b"\x7fELF",
        Kind.STATIC_LIBRARY: b"!<arch>\n",
        Kind.PTX: b"//\n// Generated by LLVM NVPTX Back-End",
        Kind.LLVM_IR: b"; ModuleID",
        Kind.ASSEMBLY: b"\t.file",
        Kind.PROGRAM_TEXT: b"{",
    }
    for kind, start in starts.items():
        emitted = emit(increment(), kind, level)
        assert emitted.startswith(start)
        assert emitted == emit(increment(), kind, level)


def test_program_text_is_the_programs_own() -> None:
    assert Program.from_json(emit(access(), Kind.PROGRAM_TEXT).decode()) == access()


@pytest.mark.parametrize("level", LEVELS)
def test_a_library_defines_the_interface_and_needs_nothing(tmp_path: Path, level: int) -> None:
    library = tmp_path / "increment.so"
    write_program(increment(), library, level=level)
    listed = subprocess.run(
        ["nm", "--dynamic", library], check=True, capture_output=True, text=True
    ).stdout
    symbols = {tuple(line.split()[-2:]) for line in listed.splitlines()}
    assert symbols == {("T", name) for name in C_SIGNATURES}
    needed = subprocess.run(
        ["readelf", "--dynamic", library], check=True, capture_output=True, text=True
    ).stdout
    assert "NEEDED" not in needed


@pytest.mark.parametrize(
    ("task", "compiler", "standard"),
    [
        (task, *language)
        for task in ("increment", '*/ #error "\n??/\\ /* {x}')
        for language in (("gcc", "c99"), ("g++", "c++11"))
    ],
)
def test_the_header_compiles_whatever_the_task_is_called(
    tmp_path: Path, task: str, compiler: str, standard: str
) -> None:
    program = increment()
    metadata = Metadata(task, program.metadata.budget, 5, task)
    (tmp_path / "p.h").write_text(header(Program(2, program.table, metadata)))
    source = tmp_path / ("main.c" if compiler == "gcc" else "main.cpp")
    source.write_text('#include "p.h"\n#include "p.h"\nint main(void) { return HARDMAX_HALTED; }\n')
    strict = ["-Wall", "-Wextra", "-pedantic", "-Werror", f"-std={standard}", "-fsyntax-only"]
    subprocess.run([compiler, *strict, source], check=True)


def test_the_header_names_every_status_and_function() -> None:
    text = header(access())
    for status, meaning in STATUS_TEXT.items():
        assert f"/* {meaning} */\n    HARDMAX_{status.name} = {status.value}" in text
    assert all(f"{signature};" in text for signature in C_SIGNATURES.values())
    assert "task:        access" in text
    assert "model hash:  5ca1ab1e" in text
    assert "step budget: 0 * size + 1 timesteps" in text


@pytest.mark.parametrize(
    ("budget", "largest"),
    [
        (StepBudget(2, 2), 2 * MAX_SIZE + 2),
        (StepBudget(2**32 + 1, 1), 2**64 - 1),
        (StepBudget(2**32 + 2, 1), 2**64 - 1),
        (StepBudget(0, 2**70), 2**64 - 1),
    ],
)
def test_the_step_budget_of_the_header_does_not_wrap(
    tmp_path: Path, budget: StepBudget, largest: int
) -> None:
    (tmp_path / "p.h").write_text(header(Program(1, access().table, Metadata("", budget))))
    (tmp_path / "main.c").write_text(
        '#include "p.h"\n#include <inttypes.h>\n#include <stdio.h>\n'
        "int main(void)\n"
        '{ printf("%" PRIu64 "\\n", hardmax_step_budget(UINT32_MAX)); return 0; }\n'
    )
    strict = ["-Wall", "-Wextra", "-pedantic", "-Werror", "-std=c99"]
    subprocess.run(["gcc", *strict, "main.c", "-o", "main"], cwd=tmp_path, check=True)
    printed = subprocess.run([tmp_path / "main"], check=True, capture_output=True).stdout
    assert int(printed) == largest


C_PROGRAM = """
#include <inttypes.h>
#include <stdio.h>
#include "increment.h"

int main(void)
{
    uint32_t memory[6] = {4, 1, 3, 5, 0, 2};
    uint64_t steps;
    int32_t status = hardmax_run(memory, 6, hardmax_step_budget(6), &steps);
    int i;
    if (hardmax_abi_version() != HARDMAX_ABI_VERSION || hardmax_metadata()[0] != '{')
        return 1;
    if (status != HARDMAX_HALTED || hardmax_run(memory, 0, 1, NULL) != HARDMAX_INVALID_ARGUMENT)
        return 2;
    for (i = 0; i < 6; i++)
        printf("%" PRIu32 " ", memory[i]);
    printf("%" PRIu64 "\\n", steps);
    return 0;
}
"""


@pytest.mark.parametrize("extension", [".so", ".o", ".a"])
@pytest.mark.parametrize(("compiler", "source"), [("gcc", "main.c"), ("g++", "main.cpp")])
def test_a_c_program_gets_the_right_answer(
    tmp_path: Path, compiler: str, source: str, extension: str
) -> None:
    output = tmp_path / f"increment{extension}"
    assert write_program(increment(), output, with_header=True) == (
        output,
        tmp_path / "increment.h",
    )
    (tmp_path / source).write_text(C_PROGRAM)
    command = [compiler, "-Wall", "-Werror", source, output, "-Wl,-rpath,$ORIGIN", "-o", "main"]
    subprocess.run(command, cwd=tmp_path, check=True)
    done = subprocess.run([tmp_path / "main"], check=True, capture_output=True, text=True)
    assert done.stdout == "5 2 4 0 0 2 10\n"


def test_an_unknown_extension_is_refused() -> None:
    extensions = r"\.so \.o \.a \.wasm \.ptx \.ll \.s \.json"
    with pytest.raises(HardmaxError, match=rf"copy.exe: expected one of .* {extensions}$"):
        kind_of(Path("copy.exe"))


def test_a_header_goes_with_code_only(tmp_path: Path) -> None:
    with pytest.raises(HardmaxError, match=r"a C header goes with .* extensions \.so \.o \.a$"):
        write_program(access(), tmp_path / "access.json", with_header=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (
            "no-such-compiler",
            r"no linker: no-such-compiler: No such file or directory; a library .* needs gcc",
        ),
        ("false", r"false ended with exit status 1: it gave no reason$"),
        ("sh -c 'echo first; echo second >&2; echo third >&2; exit 3'", r"status 3: second$"),
        ("true", r"linked: No such file or directory$"),
        ('cc "', r"CC is no command: No closing quotation$"),
    ],
)
def test_linking_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, message: str
) -> None:
    monkeypatch.setenv("CC", command)
    with pytest.raises(HardmaxError, match=rf"^cannot link: .*{message}"):
        write_program(access(), tmp_path / "access.so")
    assert list(tmp_path.iterdir()) == []


def test_the_c_compiler_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "gcc -O1")
    assert emit(access(), Kind.SHARED_LIBRARY).startswith(b"\x7fELF")
