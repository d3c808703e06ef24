"""What a user gives a program to work on: read as meant, or refused in one line."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from hardmax.inputs import memory_from_words, sequence_from_words
from hardmax.runtime.errors import HardmaxError


def written(folder: Path, content: str | bytes, name: str = "in.txt") -> str:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def test_a_memory_is_typed() -> None:
    assert memory_from_words(["2", "3", "1", "0"]) == [2, 3, 1, 0]
    assert memory_from_words(["0"]) == [0]
    assert memory_from_words(["-1", "5"]) == [-1, 5]


@pytest.mark.parametrize(
    "text",
    ["2 3 1 0", "2,3;1\t0\n", "\ufeff2 3 1 0", "# a memory\n2 3 # two\n\n1 0", "2,\n3,\n1,\n0,\n"],
)
def test_a_memory_is_read_from_a_file(tmp_path: Path, text: str) -> None:
    assert memory_from_words([written(tmp_path, text)]) == [2, 3, 1, 0]


def test_a_memory_is_read_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"2 3\n1 0\n")))
    assert memory_from_words(["-"]) == [2, 3, 1, 0]


def test_a_large_memory_fits_into_a_file(tmp_path: Path) -> None:
    cells = [i % 7 for i in range(300_000)]
    assert memory_from_words([written(tmp_path, " ".join(map(str, cells)))]) == cells


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.float32])
def test_arrays_are_read(tmp_path: Path, dtype: type) -> None:
    np.save(tmp_path / "m.npy", np.array([2, 3, 1, 0], dtype=dtype))
    np.save(tmp_path / "s.npy", np.ones((3, 2), dtype=dtype))
    assert np.array_equal(memory_from_words([str(tmp_path / "m.npy")]), [2, 3, 1, 0])
    assert np.array_equal(sequence_from_words([str(tmp_path / "s.npy")]), np.ones((3, 2)))


def test_a_sequence_has_a_line_for_each_step(tmp_path: Path) -> None:
    text = "\ufeff# two channels\n1 0\n\n.5;-2  # a comment\n"
    assert sequence_from_words([written(tmp_path, text)]) == [[1.0, 0.0], [0.5, -2.0]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected at least one cell, found none"),
        ("# nothing", "expected at least one cell, found none"),
        ("a b\n1 2", "line 1: expected an integer (a line of headings must begin with #), found"),
        ("1\n1.5", "line 2: expected an integer, found '1.5'"),
        ("1 1_0", "expected an integer"),
        (b"\xff\xfe", "expected rows of numbers, found binary"),
    ],
)
def test_bad_memories_get_one_line(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(HardmaxError) as caught:
        memory_from_words([written(tmp_path, text)])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected at least one step, found none"),
        ("1 2\n3", "line 2: expected 2 numbers as in the lines before, found 1"),
        ("1 x", "line 1: expected a number (a line of headings must begin with #), found 'x'"),
    ],
)
def test_bad_sequences_get_one_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(HardmaxError) as caught:
        sequence_from_words([written(tmp_path, text)])
    assert message in str(caught.value)


def test_an_input_is_one_file(tmp_path: Path) -> None:
    with pytest.raises(HardmaxError, match="expected a file with a line for each step"):
        sequence_from_words(["1", "2"])
    with pytest.raises(HardmaxError, match="cannot read"):
        memory_from_words([str(tmp_path / "none")])
    with pytest.raises(HardmaxError, match="expected an integer in every cell, found 'x'"):
        memory_from_words(["1", "x"])


def test_arrays_of_something_else_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "objects.npy", np.array([{}]), allow_pickle=True)
    np.save(tmp_path / "flat.npy", np.zeros(3))
    np.savez(tmp_path / "archive", np.zeros(3))
    os.rename(tmp_path / "archive.npz", tmp_path / "archive.npy")
    written(tmp_path, b"\x93NUMPY\x01\x00v\x00{", "torn.npy")
    for name in ("objects", "flat", "archive", "torn"):
        with pytest.raises(HardmaxError, match="expected an array"):
            sequence_from_words([str(tmp_path / f"{name}.npy")])
    with pytest.raises(HardmaxError, match="expected an array"):
        memory_from_words([written(tmp_path, b"", "empty.npy")])


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/urandom"])
def test_devices_are_no_inputs(device: str) -> None:
    with pytest.raises(HardmaxError, match="regular file"):
        memory_from_words([device])


def test_a_pipe_is_no_input(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(HardmaxError, match="regular file"):
        memory_from_words([str(tmp_path / "pipe")])
