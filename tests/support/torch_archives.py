"""Archives as ``torch.save`` writes them, of any pickle, for readers to be attacked with."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping

TENSOR = b"ctorch._utils\n_rebuild_tensor_v2\n"
ORDERED_DICT = b"ccollections\nOrderedDict\n"


def archive(pickled: bytes, numbers: Mapping[str, bytes] | None = None) -> bytes:
    """An archive of a pickle and of the bytes of storages by key."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as written:
        written.writestr("archive/data.pkl", pickled)
        written.writestr("archive/version", "3\n")
        for key, data in (numbers or {}).items():
            written.writestr(f"archive/data/{key}", data)
    return file.getvalue()


def text(value: str) -> bytes:
    """The instruction that pushes a text."""
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def number(value: int) -> bytes:
    """The instruction that pushes an integer."""
    if not -(1 << 31) <= value < 1 << 31:
        return b"\x8a\x09" + value.to_bytes(9, "little", signed=True)
    return b"J" + struct.pack("<i", value)


def storage(key: str, count: int, kind: str = "FloatStorage") -> bytes:
    """The instructions that push a storage."""
    return (
        b"("
        + text("storage")
        + f"ctorch\n{kind}\n".encode()
        + text(key)
        + text("cpu")
        + number(count)
        + b"tQ"
    )


def tensor(key: str, count: int, offset: int, shape: list[int], strides: list[int]) -> bytes:
    """The instructions that push a tensor of binary32."""
    return (
        TENSOR
        + b"("
        + storage(key, count)
        + number(offset)
        + b"(" + b"".join(map(number, shape)) + b"t"
        + b"(" + b"".join(map(number, strides)) + b"t"
        + b"\x89" + ORDERED_DICT + b")R"
        + b"tR"
    )  # fmt: skip
