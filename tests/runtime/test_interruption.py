"""Ctrl-C, or whatever a signal's handler raises, ends a run of native code."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from hardmax.codegen.driver import write_program
from hardmax.runtime.interruption import run_interruptibly
from hardmax.runtime.loader import load_ntm, load_ram
from hardmax.runtime.nram.gates import Gate
from hardmax.runtime.nram.program import Circuit, Metadata, Operation, Program, Row, StepBudget
from hardmax.runtime.nram.programs import RamProgram
from tests.support.ntm_programs import random_ntm
from tests.support.recurrent_programs import random_program

CHASE = Circuit((Operation(Gate.READ, (0,)),), (1,), halt=False)
ENDLESS = Program(1, ((Row(CHASE), Row(CHASE)),), Metadata("chase", StepBudget(0, 1)))
"""Follows pointers for ever."""

STEPS = 2**34
"""So many that a run takes at least twenty seconds, and a test that fails does end."""

PATIENCE = 8.0
"""Seconds within which a run has to end; on an idle machine it does so in milliseconds."""


class Interruption(Exception):  # noqa: N818 - as KeyboardInterrupt, it is no error
    """What the handler raises."""


@pytest.fixture
def alarm() -> Iterator[Callable[[float], None]]:
    """Set the clock by which a signal comes."""

    def handle(*_: object) -> None:
        raise Interruption

    before = signal.signal(signal.SIGALRM, handle)
    yield lambda seconds: signal.setitimer(signal.ITIMER_REAL, seconds) and None
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def expect_interruption(alarm: Callable[[float], None], run: Callable[[], object]) -> None:
    started = time.monotonic()
    alarm(0.1)
    with pytest.raises(Interruption):
        run()
    assert time.monotonic() - started < PATIENCE


@pytest.mark.parametrize(
    "program", [ENDLESS, random_program(3, registers=2)], ids=["table", "lstm"]
)
def test_a_run_on_a_memory_ends(
    program: RamProgram, alarm: Callable[[float], None], tmp_path: Path
) -> None:
    path = tmp_path / "endless.so"
    write_program(program, path)
    native = load_ram(path)
    memory = [1, 2, 3, 4, 0]
    expect_interruption(alarm, lambda: native.run(memory, STEPS))
    for threads in (1, 2):
        expect_interruption(alarm, lambda: native.run_batch(9 * [memory], STEPS, threads))  # noqa: B023
    batch = np.array(4_000_000 * [[1, 2, 0]], dtype=np.uint32)
    expect_interruption(alarm, lambda: native.execute_batch(batch, 1000))
    assert native.run(memory, 5).steps == 5


def test_a_run_over_a_sequence_ends(alarm: Callable[[float], None], tmp_path: Path) -> None:
    program = random_ntm(0, writers=2)
    write_program(program, tmp_path / "ntm.so")
    native = load_ntm(tmp_path / "ntm.so")
    inputs = np.zeros((10_000, 3), dtype=np.float32)
    expect_interruption(alarm, lambda: native.run(inputs, 2_000_000))


def test_a_long_run_that_nobody_ends_is_as_any_other(tmp_path: Path) -> None:
    write_program(ENDLESS, tmp_path / "endless.so")
    native = load_ram(tmp_path / "endless.so")
    result = native.run([1, 2, 0], 2**22 + 1)
    assert (result.steps, result.memory.tolist()) == (2**22 + 1, [1, 2, 0])
    batch = native.run_batch([[1, 2, 0], [0, 0, 0]], 2**22 + 1, threads=2)
    assert batch.steps.tolist() == 2 * [2**22 + 1]


def test_an_error_in_a_thread_is_the_callers() -> None:
    def work(_: int) -> None:
        raise MemoryError("none left")

    with pytest.raises(MemoryError, match="none left"):
        run_interruptibly([work, lambda _: None], ())
