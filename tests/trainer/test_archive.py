"""Files of primitives and tensors: whatever else is given gets one line that says what it is."""

from __future__ import annotations

import io
import json
import os
import pickle
import pickletools
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from hardmax.runtime.errors import HardmaxError
from hardmax.trainer import archive
from hardmax.trainer.archive import archive_format, load_archive, save_archive
from hardmax.trainer.nram.checkpoint import load_model
from tests.support.paths import ROOT
from tests.support.refusals import refusal

DATA = {
    "format": "other",
    "format_version": 3,
    "levels": torch.arange(3),
    "nested": [{"a": 1, "b": [0.5, None, True, "é"]}],
    "tried": {"3": 4},
    "run": {"generator": torch.arange(5, dtype=torch.uint8), "deep": {"deeper": torch.ones(2, 2)}},
    "state_dict": {"inputs.weight": torch.zeros(2, 3)},
}


def same(found: Any, expected: Any) -> bool:
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(
            same(found[key], expected[key]) for key in expected
        )
    if isinstance(expected, torch.Tensor):
        return found.dtype == expected.dtype and torch.equal(found, expected)
    return bool(found == expected)


@pytest.mark.parametrize("save", [save_archive, torch.save])
def test_archives_of_other_formats_use_the_same_door(
    save: Callable[[Any, Path], None], tmp_path: Path
) -> None:
    path = tmp_path / "session.pt"
    save(DATA, path)
    assert same(load_archive(path, "other", 3), DATA)
    assert archive_format(path) == "other"
    with pytest.raises(HardmaxError, match="version 4, found version 3"):
        load_archive(path, "other", 4)
    with pytest.raises(HardmaxError, match="found one of format 'other'"):
        load_model(path)


def test_numbers_for_keys_come_back_as_text(tmp_path: Path) -> None:
    save_archive({"format": "other", "format_version": 3, "tried": {3: 4}}, tmp_path / "a")
    assert load_archive(tmp_path / "a", "other", 3)["tried"] == {"3": 4}


def test_other_tools_read_the_weights_by_their_names(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    save_archive(DATA, tmp_path / "model.pt")
    found = load_file(tmp_path / "model.pt")
    assert found.keys() == {"inputs.weight", "/levels", "/run/generator", "/run/deep/deeper"}


def legacy() -> bytes:
    file = io.BytesIO()
    torch.save({"a": torch.zeros(2)}, file, _use_new_zipfile_serialization=False)
    return file.getvalue()


LFS = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\n"
    b"size 63373\n"
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "found an empty file"),
        (bytes(100), "found nothing but zeros"),
        (b"just some text\n", "found another kind of file"),
        (b"PK\x03\x04 but no archive", "found no complete zip archive"),
        (b"PK\x05\x06" + bytes(18), "found another kind of file"),
        (b"\x80\x04N.", "found a bare pickle"),
        (legacy(), "found a file of PyTorch's format before 1.6"),
        (LFS, "found a Git LFS pointer; git lfs pull gets the file"),
        (b"<!DOCTYPE html>\n<html>404</html>", "found an HTML page in place of the file"),
        (b"\n  <HTML><body>", "found an HTML page in place of the file"),
        (b'{"format": "hardmax-program"}', "found JSON text"),
        (b"\x7fELF" + bytes(60), "found a compiled library"),
        (b"\x93NUMPY", "found another kind of file"),
    ],
)
def test_no_archive_at_all(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.pt"
    path.write_bytes(content)
    assert f"expected a hardmax-model file, {message}" in refusal(load_model, path)


def test_torchscript(tmp_path: Path) -> None:
    path = tmp_path / "bad.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as written:
        written.writestr("model/data.pkl", b"N.")
        written.writestr("model/code/__torch__.py", b"")
        written.writestr("model/constants.pkl", b")." * 10)
    assert "found a TorchScript archive" in refusal(load_model, path)


@pytest.mark.parametrize("data", [torch.zeros(2), [1], 3, None, {3: 4}])
def test_what_torch_saved_for_others(data: object, tmp_path: Path) -> None:
    torch.save(data, tmp_path / "other.pt")
    assert "another kind of PyTorch file" in refusal(load_model, tmp_path / "other.pt")


class Attack:
    """Unpickled by ordinary means, it makes a directory."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.target),)


def would_run(pickled: bytes) -> bool:
    """Whether unpickling calls ``os.mkdir``; told from the opcodes, none of which is executed."""
    opcodes, arguments = zip(
        *((opcode.name, argument) for opcode, argument, _ in pickletools.genops(pickled)),
        strict=True,
    )
    return "REDUCE" in opcodes and any("mkdir" in str(argument) for argument in arguments)


def test_a_pickle_that_would_run_code_does_not(tmp_path: Path) -> None:
    """Bare, in an archive of PyTorch's, and hidden in an otherwise good one."""
    target = tmp_path / "attacked"
    bare = tmp_path / "bare.pt"
    bare.write_bytes(pickle.dumps(Attack(target)))
    archived = tmp_path / "archived.pt"
    torch.save(Attack(target), archived)
    hidden = tmp_path / "hidden.pt"
    torch.save({**DATA, "nested": [Attack(target)]}, hidden)

    assert would_run(bare.read_bytes())
    assert "found a bare pickle" in refusal(load_model, bare)
    for path in (archived, hidden):
        with zipfile.ZipFile(path) as whole:
            (name,) = (name for name in whole.namelist() if name.endswith("/data.pkl"))
            assert would_run(whole.read(name))
        assert "('posix.mkdir'); not loaded" in refusal(load_model, path)
    assert not target.exists()


def test_nothing_is_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save(DATA, tmp_path / "old.pt")
    save_archive(DATA, tmp_path / "new.pt")
    for module, name in ((torch, "load"), (pickle, "loads"), (pickle, "load")):
        monkeypatch.setattr(module, name, lambda *_, **__: pytest.fail("it was unpickled"))
    for name in ("old.pt", "new.pt"):
        assert same(load_archive(tmp_path / name, "other", 3), DATA)


def test_what_a_file_says_of_itself_is_read_without_torch(tmp_path: Path) -> None:
    torch.save(DATA, tmp_path / "old.pt")
    save_archive(DATA, tmp_path / "new.pt")
    for name in ("old.pt", "new.pt"):
        code = (
            "import sys; from pathlib import Path; from hardmax.trainer.archive import *; "
            f"print(archive_format(Path({str(tmp_path / name)!r})), 'torch' in sys.modules)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert done.stdout == "other False\n"


def test_pipes_and_devices_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), Path("/dev/null")):
        assert "expected a regular file, found a" in refusal(load_model, path)


def test_a_name_that_no_file_can_have() -> None:
    with pytest.raises(HardmaxError, match="embedded null byte") as error:
        load_model("a\0b")
    assert str(error.value).isprintable()


def test_a_file_over_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "large.pt"
    save_archive(DATA, path)
    monkeypatch.setattr(archive, "MAX_FILE_BYTES", path.stat().st_size)
    assert load_archive(path, "other", 3)
    monkeypatch.setattr(archive, "MAX_FILE_BYTES", path.stat().st_size - 1)
    assert "bytes, found more" in refusal(load_model, path)
    before = path.read_bytes()
    with pytest.raises(HardmaxError, match=r"cannot write .*: expected at most"):
        save_archive(DATA, path)
    assert path.read_bytes() == before


def nested(levels: int) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for _ in range(levels):
        data = {"a": [data]}
    return data


@pytest.mark.parametrize("save", [save_archive, torch.save])
def test_deeply_nested_data(save: Callable[[Any, Path], None], tmp_path: Path) -> None:
    save(nested(archive.MAX_DEPTH), tmp_path / "deep.pt")
    assert "nested deeper than 16 levels" in refusal(load_model, tmp_path / "deep.pt")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("/format", "a tensor's place is taken"),
        ("/format/a", "a tensor has no place"),
        ("/nested/a", "a tensor has no place"),
        ("/" + "a/" * 100, "nested deeper than 16 levels"),
    ],
)
def test_a_tensor_with_a_place_that_cannot_be(name: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.pt"
    document = json.dumps({"format": "other", "nested": []})
    header = {
        "__metadata__": {"hardmax": document},
        name: {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]},
    }
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text)
    assert message in refusal(load_model, path)
