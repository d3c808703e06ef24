"""Loading a compiled Neural Turing Machine, and what it says to what it cannot take."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

import hardmax
from hardmax.codegen.driver import write_program
from hardmax.codegen.lower import lower
from hardmax.runtime.abi import Status
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.loader import load, load_ram
from hardmax.runtime.metadata import read_metadata, write_metadata
from hardmax.runtime.ntm.interpreter import run
from hardmax.runtime.sequence.native import NativeNtm, NtmStream
from tests.runtime.test_loader import from_llvm_ir
from tests.support.ntm_programs import random_ntm

PROGRAM = random_ntm(0, writers=2)
INPUTS = np.random.default_rng(0).normal(size=(10, 3)).astype(np.float32)
ROWS = 2 + 10 // 3


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> NativeNtm:
    path = tmp_path_factory.mktemp("ntm") / "ntm.so"
    write_program(PROGRAM, path)
    loaded = hardmax.load(path)
    assert isinstance(loaded, NativeNtm)
    return loaded


def test_it_runs_and_says_what_it_is(native: NativeNtm) -> None:
    result, expected = native.run(INPUTS), run(PROGRAM, INPUTS, ROWS)
    assert result.outputs.dtype == np.float32
    assert result.outputs.tolist() == expected.outputs.tolist()
    assert result.addresses.tolist() == expected.addresses.tolist()
    assert (result.steps, result.status) == (10, Status.HALTED)
    metadata = native.metadata
    assert (metadata["input_width"], metadata["output_width"], metadata["heads"]) == (3, 2, 3)
    assert metadata["task"] == "any"
    assert metadata["memory"] == {"constant": 2, "steps_per_row": 3}
    assert native.program == PROGRAM


def test_the_memory_may_be_larger(native: NativeNtm) -> None:
    for rows in (ROWS, np.int64(17), 1000):
        expected = run(PROGRAM, INPUTS, int(rows))
        assert native.run(INPUTS, rows).outputs.tolist() == expected.outputs.tolist()


def test_lists_and_strange_arrays_are_taken(native: NativeNtm) -> None:
    expected = native.run(INPUTS).outputs
    for inputs in (INPUTS.tolist(), np.asfortranarray(INPUTS), INPUTS[::-1][::-1]):
        assert native.run(inputs).outputs.tolist() == expected.tolist()
    assert native.run(np.zeros((4, 3), dtype=bool)).steps == 4
    assert native.run(torch.from_numpy(INPUTS)).outputs.tolist() == expected.tolist()
    half = INPUTS.astype(np.float16)
    assert native.run(half).outputs.tolist() == native.run(half.tolist()).outputs.tolist()
    assert native.run(np.zeros((0, 3))).outputs.shape == (0, 2)


def test_too_few_rows_are_a_status(native: NativeNtm) -> None:
    result = native.run(INPUTS, ROWS - 1)
    assert (result.status, result.steps) == (Status.TOO_FEW_ROWS, 0)
    assert (result.outputs.shape, result.addresses.shape) == ((0, 2), (0, 3))


@pytest.mark.parametrize(
    ("inputs", "rows", "message"),
    [
        (np.zeros((4, 2)), None, r"shape \(..., 3\), found \(4, 2\)"),
        (np.zeros((4, 4, 3)), None, r"shape \(steps, 3\), found \(4, 4, 3\)"),
        ([[0, 0, float("nan")]], None, r"found nan at \[0, 2\]"),
        ([[0, float("inf"), 0]], None, r"found inf at \[0, 1\]"),
        ([["0", "1", "2"]], None, "inputs that are numbers"),
        (np.full((1, 3), -(2**31), dtype=np.int32), None, r"found -2147483648 at \[0, 0\]"),
        (np.full((1, 3), -(2**63), dtype=np.int64), None, "found -9223372036854775808"),
        (np.full((1, 3), np.inf, dtype=np.float16), None, r"found inf at \[0, 0\]"),
        (np.full((1, 3), "1e400", dtype=np.longdouble), None, r"at \[0, 0\]"),
        (np.ma.zeros((1, 3)), None, "found an array with a mask"),
        ((row for row in [[0, 0, 0]]), None, "found generator"),
        (torch.zeros(1, 3, requires_grad=True), None, "requires grad"),
        (INPUTS, 0, r"the number of rows in 1\.\.4294967295, found 0"),
        (INPUTS, 2**32, "found 4294967296"),
        (INPUTS, 2.5, "to be an integer, found float"),
        (INPUTS, True, "to be an integer, found bool"),
    ],
)
def test_what_cannot_be_run_is_refused(
    native: NativeNtm, inputs: object, rows: int | None, message: str
) -> None:
    with pytest.raises(HardmaxError, match=message) as error:
        native.run(inputs, rows)
    assert "\n" not in str(error.value)


def test_a_stream_is_the_run_a_step_at_a_time(native: NativeNtm) -> None:
    expected = native.run(INPUTS, 9)
    streams = [native.start(9), native.start(9)]
    for t, inputs in enumerate(INPUTS):
        for stream in streams:
            assert stream.step(inputs).tolist() == expected.outputs[t].tolist()
            assert stream.addresses.tolist() == expected.addresses[t].tolist()
            assert stream.steps == t + 1


def test_a_stream_stays_as_it_was_where_it_refuses(native: NativeNtm) -> None:
    stream, untroubled = native.start(ROWS), native.start(ROWS)
    for wrong in ([1, 2], [1, 2, float("nan")], [[1, 2, 3]], 5):
        with pytest.raises(HardmaxError):
            stream.step(wrong)
    for inputs in INPUTS:
        assert stream.step(inputs).tolist() == untroubled.step(inputs).tolist()
    stream.step(INPUTS[0])
    with pytest.raises(HardmaxError, match="step 12 with 5 rows: the memory has fewer rows"):
        stream.step(INPUTS[0])
    assert stream.steps == 11


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda stream: pickle.loads(pickle.dumps(stream))]
)
def test_a_copy_of_a_stream_goes_on_by_itself(
    native: NativeNtm, copied: Callable[[NtmStream], NtmStream]
) -> None:
    stream, expected = native.start(9), native.run(INPUTS, 9).outputs
    for inputs in INPUTS[:5]:
        stream.step(inputs)
    other = copied(stream)
    for inputs in INPUTS[::-1]:
        stream.step(inputs)
    assert [other.step(inputs).tolist() for inputs in INPUTS[5:]] == expected[5:].tolist()
    assert (other.steps, stream.steps) == (10, 15)


def test_a_stream_needs_a_memory(native: NativeNtm) -> None:
    for rows, message in ((0, "found 0"), (1, "step 0 with 1 rows: the memory has fewer rows")):
        with pytest.raises(HardmaxError, match=message):
            native.start(rows)


def test_raw_execution_takes_anything(native: NativeNtm) -> None:
    assert native.execute(INPUTS, 0).status is Status.INVALID_ARGUMENT
    assert native.execute(INPUTS * np.nan, 9).status is Status.INPUT_OUT_OF_RANGE
    with pytest.raises(HardmaxError, match="float32 inputs of shape"):
        native.execute(INPUTS.astype(np.float64), 9)
    with pytest.raises(HardmaxError, match="float32 inputs of shape"):
        native.execute(INPUTS[:, :2], 9)


def test_it_is_no_program_on_integers(native: NativeNtm) -> None:
    with pytest.raises(HardmaxError, match="found a Neural Turing Machine"):
        load_ram(native.path)


def test_metadata_is_checked(tmp_path: Path) -> None:
    document = json.loads(write_metadata(PROGRAM, "x"))
    for change, message in (
        ({"heads": 0}, '"heads" must be 3 as in the program, found 0'),
        ({"output_width": 10**9}, '"output_width" must be 2 as in the program, found 1000000000'),
        ({"memory": {"constant": 2}}, '"memory" must be {"constant": 2, "steps_per_row": 3} as in'),
    ):
        with pytest.raises(HardmaxError) as error:
            read_metadata(json.dumps(document | change))
        assert message in str(error.value)
    from_llvm_ir(tmp_path / "broken.so", lower(PROGRAM, json.dumps(document | {"heads": 0})))
    with pytest.raises(HardmaxError, match=r"broken\.so: broken metadata: \"heads\" must be 3"):
        load(tmp_path / "broken.so")


def test_a_library_with_some_of_the_functions_is_refused(tmp_path: Path) -> None:
    text = str(lower(PROGRAM, write_metadata(PROGRAM, "x"))).replace("ntm_start", "ntm_begin")
    from_llvm_ir(tmp_path / "part.so", text)
    with pytest.raises(HardmaxError, match="it does not define hardmax_ntm_start"):
        load(tmp_path / "part.so")


def test_it_loads_beside_a_program_on_integers(native: NativeNtm, tmp_path: Path) -> None:
    from tests.support.samples import access

    write_program(access(), tmp_path / "access.so")
    ram = load_ram(tmp_path / "access.so")
    assert ram.run([3, 0, 1, 2]).memory.tolist() == [2, 0, 1, 2]
    assert load(native.path).run(INPUTS).steps == 10
