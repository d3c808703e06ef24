"""Files of examples: what each format says, and one line with the place for whatever is wrong."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.memory import examples as reader
from hardmax.runtime.memory.examples import (
    Example,
    ExampleFile,
    given_examples,
    is_example_file,
    read_examples,
)

GOOD = '{"before": [2, 0, 1], "after": [2, 1, null]}\n'


@st.composite
def example_sets(draw: st.DrawFn) -> list[Example]:
    """Examples that do not contradict each other and of which the first changes something."""
    drawn = {}
    for _ in range(draw(st.integers(1, 6))):
        size = draw(st.integers(2, 5))
        value = st.integers(0, size - 1)
        before = draw(st.tuples(*[value] * size))
        after = draw(st.tuples(*[value | st.none()] * size))
        drawn[before] = after if any(cell is not None for cell in after) else (0, *after[1:])
    before = next(iter(drawn))
    drawn[before] = ((before[0] + 1) % len(before), *drawn[before][1:])
    steps = draw(st.integers(1, 99) | st.none())
    group = draw(st.sampled_from(["", "first", "2"]))
    return [
        Example(before, after, f"line {number}", steps, group)
        for number, (before, after) in enumerate(drawn.items())
    ]


def as_lines(examples: list[Example]) -> bytes:
    """``.jsonl``."""
    lines = []
    for example in examples:
        fields: dict[str, Any] = {"before": example.before, "after": example.after}
        if example.steps is not None:
            fields["steps"] = example.steps
        if example.group:
            fields["group"] = example.group
        lines.append(json.dumps(fields))
    return "\n\n".join(lines).encode()


def as_table(examples: list[Example]) -> bytes:
    """``.csv``."""
    rows = ["Before, after, steps, group"]
    for example in examples:
        after = " ".join("_" if value is None else str(value) for value in example.after)
        before = " ".join(map(str, example.before))
        steps = "" if example.steps is None else example.steps
        rows.append(f'"{before}", {after}, {steps}, {example.group}')
    return "\r\n".join(rows).encode("utf-8-sig")


def as_arrays(examples: list[Example]) -> bytes:
    """``.npz``, padded."""
    width = max(example.size for example in examples) + 1
    arrays: dict[str, Any] = {
        name: np.full((len(examples), width), 77) for name in ("before", "after")
    }
    for row, example in enumerate(examples):
        arrays["before"][row, : example.size] = example.before
        arrays["after"][row, : example.size] = [-1 if a is None else a for a in example.after]
    arrays["size"] = np.array([example.size for example in examples], dtype=np.uint8)
    if examples[0].steps is not None:
        arrays["steps"] = np.array([example.steps for example in examples])
    arrays["group"] = np.array([example.group for example in examples])
    written = io.BytesIO()
    np.savez_compressed(written, **arrays)
    return written.getvalue()


@given(examples=example_sets())
@pytest.mark.parametrize(
    ("extension", "write"), [(".jsonl", as_lines), (".csv", as_table), (".NPZ", as_arrays)]
)
def test_every_format_says_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    extension: str,
    write: Callable[[list[Example]], bytes],
    examples: list[Example],
) -> None:
    path = tmp_path_factory.mktemp("examples") / f"swap ends{extension}"
    path.write_bytes(write(examples))
    assert is_example_file(path)
    found = read_examples(path)
    assert found.name == "swap-ends"
    assert [(e.before, e.after, e.steps, e.group) for e in found.examples] == [
        (e.before, e.after, e.steps, e.group) for e in examples
    ]


def lines(tmp_path: Path, *texts: str) -> ExampleFile:
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(texts))
    return read_examples(path)


def test_the_first_line_may_say_what_the_task_is(tmp_path: Path) -> None:
    about = {"name": "rotate", "summary": "Rotate\x1b it.", "layout": "A[0..n-1], 0"}
    found = lines(tmp_path, json.dumps(about), "\n", GOOD)
    assert (found.name, found.summary, found.layout) == (
        *("rotate", "Rotate\\x1b it.", "A[0..n-1], 0"),
    )
    assert (found.examples[0].place, found.sizes) == (f"{tmp_path}/mine.jsonl, line 2", (3, 3))


def test_what_is_said_twice_counts_once(tmp_path: Path) -> None:
    other = '{"before": [2, 0, 1], "after": [null, null, 0]}\n'
    assert len(lines(tmp_path, GOOD, other, GOOD, other).examples) == 2


def test_extent_and_changes_say_how_difficult_an_example_is() -> None:
    example = Example((3, 0, 1, 0, 0, 0), (None, 0, 2, 1, 0, None), "here")
    assert (example.extent, example.changed) == (4, 2)
    assert Example((0, 0), (0, None), "here").extent == 1
    assert example.wrong_cell((5, 0, 2, 1, 0, 5)) is None
    assert example.wrong_cell((5, 0, 2, 2, 0, 5)) == 3


def before_after(before: object, after: object, **more: object) -> str:
    return json.dumps({"before": before, "after": after, **more}) + "\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "mine.jsonl: expected at least one example, found none"),
        (GOOD + "{]\n", "mine.jsonl, line 2: expected an example in JSON, found Expecting"),
        (GOOD + "[" * 100_000, "mine.jsonl, line 2: expected an example in JSON, found too many"),
        (GOOD + "[1, 2]", 'mine.jsonl, line 2: expected {"before": [...], "after": [...]}'),
        (GOOD + '{"before": [0, 1]}', "line 2: expected keys 'before' and 'after', and perhaps"),
        (before_after([0, 1], [1, 0], input=3), "'steps' and 'group', found before, after, input"),
        (before_after(3, [1, 0]), "line 1: expected a list of cells as 'before', found int"),
        (before_after([0, 1.0], [1, 0]), "expected an integer in cell 1 of 'before', found 1.0"),
        (before_after([0, None], [1, 0]), "expected an integer in cell 1 of 'before', found null"),
        (before_after([0, 1], ["x", 0]), "expected an integer or null in cell 0 of 'after', found"),
        (before_after([0, True], [1, 0]), "expected an integer in cell 1 of 'before', found True"),
        (GOOD + before_after([0], [0]), "line 2: expected a memory of 2 to 65536 cells, found 1"),
        (before_after([0, 2], [1, 0]), "expected values 0..1 in a memory of 2 cells, found 2 in"),
        (before_after([0, 1], [-1, 0]), "0..1 in a memory of 2 cells, found -1 in cell 0 of 'aft"),
        (before_after([0, 1], [1, 0, 1]), "line 1: expected 2 cells after as before, found 3"),
        (before_after([0, 1], [None, None]), "at least one cell after that matters, found none"),
        (before_after([0, 1], [0, 1]), "expected examples that change something, found none"),
        (before_after([0, 1], [1, 0], steps=0), "line 1: expected steps 1..4294967296, found 0"),
        (before_after([0, 1], [1, 0], steps="x"), "expected an integer as 'steps', found 'x'"),
        (before_after([0, 1], [1, 0], group=[]), "expected a text or number as 'group', found []"),
        (
            GOOD + "\n" + before_after([2, 0, 1], [None, 2, 0]),
            "line 3: expected 1 in cell 1 of 'after' as in line 1, which has the same 'before', "
            "found 2",
        ),
        ('{"name": ""}\n' + GOOD, "line 1: expected a text of 1 to 64 characters as 'name'"),
        ('{"name": "a b"}\n' + GOOD, "line 1: expected a name of letters, digits, - and _, found"),
        ('{"layout": 3}\n' + GOOD, "line 1: expected a text of 1 to 2000 characters as 'layout'"),
        (GOOD + '{"name": "late"}\n', "line 2: expected keys 'before' and 'after'"),
        ('{"before": [' + "9" * 5000 + ', 0], "after": [0, 1]}', "line 1: expected an example in"),
    ],
)
def test_what_is_wrong_is_one_line_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(HardmaxError) as refused:
        lines(tmp_path, text)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"before\n0 1\n", "line 1: expected columns 'before' and 'after', and perhaps"),
        (b"before,after,before\n", "line 1: expected columns 'before' and 'after', and perhaps"),
        (b"before,after\n\n0 1,1 0,3\n", "mine.csv, line 3: expected 2 columns, found 3"),
        (b"before,after\n0 x,1 0\n", "line 2: expected an integer in cell 1 of 'before', found 'x"),
        (b"before,after\n0 _,1 0\n", "line 2: expected an integer in cell 1 of 'before', found '_"),
        (b"before,after,steps\n0 1,1 _,2.5\n", "expected an integer as 'steps', found '2.5'"),
        (b'before,after\n"0 1,1 0\n', "mine.csv, line 2: unexpected end of data"),
        (b"before,after\n0 1,\xff\n", "mine.csv: expected text, found binary"),
        (b"before,after\n", "mine.csv: expected at least one example, found none"),
    ],
)
def test_what_is_wrong_in_a_table_is_told(tmp_path: Path, text: bytes, message: str) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(text)
    with pytest.raises(HardmaxError) as refused:
        read_examples(path)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"before": [[0, 1]]}, "expected arrays 'before' and 'after', and perhaps"),
        ({"before": [[0, 1]], "after": [[1, 0]], "x": [1]}, "'size', found after, before, x"),
        ({"before": [[0.0, 1]], "after": [[1, 0]]}, "'before' to be integers with 2 dimensions"),
        ({"before": [0, 1], "after": [1, 0]}, "integers with 2 dimensions, found int64 of shape"),
        ({"before": [[0, 1]], "after": [[1, 0, 1]]}, "expected 'after' of shape (1, 2)"),
        ({"before": [[0, 1]], "after": [[1, 0]], "steps": [1, 2]}, "expected 1 rows in every"),
        ({"before": [[0, 1]], "after": [[1, 0]], "size": [3]}, "row 0: expected size 0..2, found"),
        ({"before": [[0, 1]], "after": [[1, -2]]}, "row 0: expected values 0..1 in a memory of 2"),
        ({"before": [[0, 1]], "after": [[1, 0]], "group": [{}]}, "expected an archive of NumPy"),
    ],
)
def test_what_is_wrong_in_arrays_is_told(
    tmp_path: Path, arrays: dict[str, Any], message: str
) -> None:
    path = tmp_path / "mine.npz"
    np.savez(path, **arrays)
    with pytest.raises(HardmaxError) as refused:
        read_examples(path)
    assert message in str(refused.value)


def test_what_unpacks_to_too_much_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "MAX_BYTES", 1 << 16)
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("before.npy", bytes(1 << 17))
    with pytest.raises(HardmaxError, match="expected at most 65536 bytes unpacked"):
        read_examples(path)
    path.write_bytes(b"PK\x03\x04 and so on")
    with pytest.raises(HardmaxError, match=r"expected an archive of NumPy"):
        read_examples(path)


def test_what_is_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_EXAMPLES", 2)
    with pytest.raises(HardmaxError, match="expected at most 2 examples, found more"):
        lines(tmp_path, GOOD * 3)
    with pytest.raises(HardmaxError, match=r"expected a file of examples \(\.jsonl, \.csv, \.npz"):
        read_examples(tmp_path / "mine.json")
    with pytest.raises(HardmaxError, match="cannot read"):
        read_examples(tmp_path / "absent.jsonl")


def test_examples_need_no_file() -> None:
    before = np.array([[1, 0, 2], [0, 1, 1]])
    found = given_examples({"before": row, "after": (2, None, 0), "steps": 3} for row in before)
    assert [example.before for example in found.examples] == [(1, 0, 2), (0, 1, 1)]
    assert found.examples[0].steps == 3
    with pytest.raises(HardmaxError, match="example 2: expected a dictionary with 'before'"):
        given_examples([{"before": [0, 1], "after": [1, 0]}, [0, 1]])  # type: ignore[list-item]
    with pytest.raises(HardmaxError, match="example 1: expected a list of cells as 'after'"):
        given_examples([{"before": [0, 1], "after": "10"}])
