"""Compiled stack machines as Python sees them."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hardmax
from hardmax.runtime.abi import MAX_SIZE, Status
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.stack.interpreter import run
from hardmax.runtime.symbols.native import NativeStack
from tests.support import stack_programs
from tests.support.stack_programs import BLANK, END

WORD = [0, 1, 2, 2, END, BLANK, BLANK, BLANK, BLANK]
ANSWER = [2, 2, 1, 0]


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> NativeStack:
    path = tmp_path_factory.mktemp("stack") / "reversal.so"
    hardmax.compile(stack_programs.reversal(), path)
    loaded = hardmax.load(path)
    assert isinstance(loaded, NativeStack)
    return loaded


def test_it_runs_and_says_what_it_takes(native: NativeStack) -> None:
    result = native.run(WORD)
    assert result.outputs.dtype == np.int64
    assert result.outputs[5:].tolist() == ANSWER
    assert native.run(["0", 1, 2, 2, "end", *4 * ["blank"]]).outputs[5:].tolist() == ANSWER
    assert native.run([]).outputs.shape == (0,)
    assert native.metadata["alphabet"] == ["0", "1", "2", "end", "blank"]
    assert native.metadata["output_alphabet"] == ["0", "1", "2", "end", "blank"]
    assert native.program == stack_programs.reversal()


def test_a_capacity_that_is_too_small_is_a_status(native: NativeStack) -> None:
    assert native.run(WORD, 4).status is Status.HALTED
    result = native.run(WORD, 3)
    assert (result.status, result.outputs.tolist()) == (Status.OVERFLOW, [END] * 3)


def test_wrong_input_is_refused(native: NativeStack) -> None:
    for given, capacity in (([5], None), (["x"], None), ([0], 0), ([0], MAX_SIZE + 1)):
        with pytest.raises(HardmaxError, match="expected"):
            native.run(given, capacity)


def test_execute_takes_any_numbers(native: NativeStack) -> None:
    given = np.array([0, 7, 1])
    assert native.execute(given, 5).status is Status.INPUT_OUT_OF_RANGE
    assert (
        native.execute(given, 5).outputs.tolist() == run(native.program, given, 5).outputs.tolist()
    )
    assert native.execute(given, 0).status is Status.INVALID_ARGUMENT


def test_a_batch_has_runs_of_any_length(native: NativeStack) -> None:
    results = native.run_batch([WORD, [], ["0", "end", "blank"]])
    assert [result.steps for result in results] == [9, 0, 3]
    assert results[0].outputs[5:].tolist() == ANSWER
    assert results[2].outputs.tolist() == [END, END, 0]
    assert native.run_batch([]) == []
    first, second = native.run_batch([WORD, [0]], 2)
    assert (first.status, first.steps, second.status) == (Status.OVERFLOW, 2, Status.HALTED)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (5, "expected sequences of symbols, found int"),
        ("012", "expected sequences of symbols, found str"),
        ([1, 2], "sequence 0: expected a sequence of symbols, found int"),
        ([[0], ["9"]], "sequence 1: expected symbols .* found '9' in step 1"),
    ],
)
def test_a_batch_says_which_sequence_is_none(native: NativeStack, given: Any, reason: str) -> None:
    with pytest.raises(HardmaxError, match=f"^{reason}"):
        native.run_batch(given)


def test_a_stream_grows_copies_and_is_pickled(native: NativeStack) -> None:
    stream = native.start(2)
    assert [stream.step(0), stream.step("1")] == [END, END]
    with pytest.raises(HardmaxError, match="step 3: a structure would have more cells"):
        stream.step(2)
    stream.grow(3)
    assert stream.step(2) == END
    again, pickled = copy.copy(stream), pickle.loads(pickle.dumps(stream))
    result = stream.run([2, 2])
    assert (result.status, result.steps) == (Status.OVERFLOW, 0)
    for one in (stream, again, pickled):
        assert one.run([END, BLANK, BLANK, BLANK]).outputs.tolist()[1:] == [2, 1, 0]
        assert one.steps == 7
    with pytest.raises(HardmaxError, match="expected a capacity of at least 3, found 2"):
        stream.grow(2)
    assert repr(stream) == "<StackStream reversal: 7 steps, 3 cells>"


def test_a_long_run_gives_the_same_where_it_is_interruptible(native: NativeStack) -> None:
    length = 50_000
    word = np.random.default_rng(0).integers(3, size=length)
    given = np.concatenate([word, [END], np.full(length, BLANK)])
    assert (native.run(given).outputs[length + 1 :] == word[::-1]).all()
    (result,) = native.run_batch([given])
    assert (result.outputs[length + 1 :] == word[::-1]).all()


def test_another_kind_is_named(native: NativeStack, tmp_path: Path) -> None:
    from hardmax.runtime.loader import load_ntm, load_ram

    for wrong in (load_ntm, load_ram):
        with pytest.raises(HardmaxError, match="found a stack machine"):
            wrong(native.path)
