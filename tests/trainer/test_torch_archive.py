"""What ``torch.save`` wrote is read without unpickling, and attacks on unpickling fail."""

from __future__ import annotations

import contextlib
import io
import random
import struct
import time
import tracemalloc
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import pytest
import torch

from hardmax.runtime.errors import HardmaxError
from hardmax.trainer import torch_archive
from hardmax.trainer.stored_tensor import StoredTensor
from tests.support.torch_archives import archive, number, storage, tensor, text


def saved(data: object, **options: Any) -> bytes:
    file = io.BytesIO()
    torch.save(data, file, **options)
    return file.getvalue()


def refusal_of(content: bytes) -> str:
    with pytest.raises(HardmaxError) as error:
        torch_archive.read(content)
    message = str(error.value)
    assert message.isprintable()
    assert len(message) < 200
    return message


def unpacked(value: Any) -> Any:
    """Data with every stored tensor as PyTorch's."""
    if isinstance(value, StoredTensor):
        return value.to_torch()
    if isinstance(value, dict):
        return {key: unpacked(item) for key, item in value.items()}
    return [unpacked(item) for item in value] if isinstance(value, list) else value


def test_it_reads_what_torch_reads() -> None:
    numbers = torch.arange(24)
    data = {
        "text": "é",
        "numbers": [0, 255, 256, 65536, -1, 1 << 70, 0.1, float("inf"), True, False, None],
        "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)],
        "by number": {0: 1, -5: 2},
        "many": list(range(3000)),
        "ordered": OrderedDict(a=1),
        "a network's": torch.nn.Linear(2, 3).state_dict(),
        "a parameter": torch.nn.Parameter(torch.ones(2)),
        "scalar": torch.tensor(3.5),
        "empty": torch.empty(3, 0, 2),
        "transposed": numbers.view(2, 3, 4).permute(2, 0, 1),
        "strided": numbers[3::7],
        "one of a kind": numbers.view(1, 24)[:, 5:6],
        **{
            str(dtype): numbers.to(dtype)
            for dtype in (
                *(torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.bool),
                *(torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8),
            )
        },
    }
    content = saved(data)
    expected = torch.load(io.BytesIO(content), weights_only=True)
    found = unpacked(torch_archive.read(content))
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        if isinstance(value, torch.Tensor):
            assert found[name].dtype == value.dtype
            assert torch.equal(found[name], value)
        elif name == "a network's":
            assert all(torch.equal(found[name][key], value[key]) for key in value)
        else:
            assert found[name] == value


ONE = {"0": bytes(4)}


def test_what_the_attacks_are_made_of_is_good() -> None:
    content = archive(b"\x80\x02" + tensor("0", 1, 0, [1, 1], [1, 1]) + b".", ONE)
    assert torch_archive.read(content) == StoredTensor("F32", (1, 1), bytes(4))
    assert torch.load(io.BytesIO(content), weights_only=True).shape == (1, 1)


BYTEARRAY = b"c__builtin__\nbytearray\n" + number(3_000_000_000) + b"\x85R."
"""390 bytes as an archive; ``torch.load`` takes 3 GB."""

ISFINITE = tensor("0", 1, 0, [1], [1]) + b"}" + text("isfinite") + b"\x89sb."
"""A tensor with an attribute of the name of a method, by which NaN once passed for finite."""

TUPLES = b"})q\x00" + b"".join(b"h%c\x86q%c" % (i, i + 1) for i in range(200)) + b"Ns."
"""A tuple of two tuples of two tuples: 2^200 of them for who walks through it."""


@pytest.mark.parametrize(
    ("pickled", "message"),
    [
        (BYTEARRAY, "'__builtin__.bytearray'"),
        (b"cposix\nsystem\n" + text("true") + b"\x85R.", "'posix.system'"),
        (b"cbuiltins\neval\n" + text("1") + b"\x85R.", "'builtins.eval'"),
        (b"ctorch\nload\n.", "'torch.load'"),
        (b"c\x1b[31mred\n\n.", r"'\x1b[31mred.'"),
        (text("os") + text("system") + b"\x93.", "instruction 93"),
        (b"(ios\nsystem\n.", "instruction 69"),
        (b"cos\nsystem\n(o.", "'os.system'"),
        (b"\x81.", "instruction 81"),
        (b"\x82\x01.", "instruction 82"),
        (b"I1\n.", "instruction 49"),
        (b"S'a'\n.", "instruction 53"),
        (b"B\x04\x00\x00\x00aaaa.", "instruction 42"),
        (b"\x96" + struct.pack("<Q", 3_000_000_000) + b".", "instruction 96"),
        (b"\x8b" + struct.pack("<I", 1 << 30) + b".", "instruction 8b"),
        (b"\x8f.", "instruction 8f"),
        (b"2.", "instruction 32"),
        (ISFINITE, "its pickle"),
        (TUPLES, "a container in two places"),
        (b"]q\x00h\x00a.", "a container in two places"),
        (b"}q\x00" + text("a") + b"h\x00s.", "a container in two places"),
        (b"})Ns.", "a key of type tuple"),
        (b"}NNs.", "a key of type NoneType"),
        (b"}\x88Ns.", "a key of type bool"),
        (b"}ctorch\nFloatStorage\nNs.", "a key of type _Global"),
        (b"ctorch\nFloatStorage\n)R.", "a call"),
        (b"ccollections\nOrderedDict\n]\x85R.", "a call"),
        (text("a") + b")R.", "a call"),
        (storage("0", 2) + b".", "numbers are missing"),
        (storage("1", 1) + b".", "numbers are missing"),
        (storage("../data.pkl", 1) + b".", "numbers are missing"),
        (storage("0", -1) + b".", "numbers are missing"),
        (storage("0", 1, "ComplexFloatStorage") + b".", "'torch.ComplexFloatStorage'"),
        (text("0") + b"Q.", "its pickle"),
        (tensor("0", 1, 1, [1], [1]) + b".", "more numbers than are stored"),
        (tensor("0", 1, 0, [2], [1]) + b".", "more numbers than are stored"),
        (tensor("0", 1, 0, [1 << 32] * 8, [0] * 8) + b".", "more numbers than are stored"),
        (tensor("0", 1, 0, [2], [0]) + b".", "more numbers than are stored"),
        (tensor("0", 1, -1, [1], [1]) + b".", "a tensor's shape"),
        (tensor("0", 1, 0, [-1], [1]) + b".", "a tensor's shape"),
        (tensor("0", 1, 0, [1], [-1]) + b".", "a tensor's shape"),
        (tensor("0", 1, 0, [1], [1, 1]) + b".", "a tensor's shape"),
        (tensor("0", 1, 0, [1] * 9, [1] * 9) + b".", "a tensor's shape"),
        (tensor("0", 1, 0, [1 << 40, 0], [1, 1]) + b".", "a tensor's shape"),
        (b"", "its pickle"),
        (b".", "its pickle"),
        (b"NN.", "its pickle"),
        (b"u.", "its pickle"),
        (b"a.", "its pickle"),
        (b"(.", "its pickle"),
        (b"}(" + text("a") + b"N" + text("b") + b"u.", "its pickle"),
        (b"h\x05.", "its pickle"),
        (b"q\x05.", "its pickle"),
        (b"X\xff\xff\xff\xffa.", "its pickle"),
        (b"X\x01\x00\x00\x00\xff.", "its pickle"),
        (b"X\x03\x00\x00\x00\xed\xa0\x80.", "its pickle"),
        (b"cos", "its pickle"),
        (b"c\xff\n\xff\n.", "its pickle"),
        (b"\x8a\xff\x01.", "its pickle"),
    ],
)
def test_a_pickle_of_something_else(pickled: bytes, message: str) -> None:
    assert message in refusal_of(archive(pickled, ONE))


def read_or_refuse(content: bytes) -> None:
    with contextlib.suppress(HardmaxError):
        torch_archive.read(content)


COSTLY: dict[str, Callable[[int], bytes]] = {
    "lists": lambda n: b"]" * n + b".",
    "dictionaries": lambda n: b"}" * n + b".",
    "marks": lambda n: b"(" * n + b".",
    "tuples in tuples": lambda n: b"N" + b"\x85" * (n - 1) + b".",
    "memo": lambda n: b"N" + b"q\x00h\x00" * (n // 4) + b".",
    "memos": lambda n: b"N" + b"".join(b"r" + struct.pack("<I", i) for i in range(n // 5)) + b".",
    "a text": lambda n: text("a" * 1000) + b"q\x00(" + b"h\x00" * (n // 2 - 600) + b"t.",
    "keys": lambda n: b"}(" + b"".join(number(i << 16) + b"N" for i in range(n // 6 - 1)) + b"u.",
}


@pytest.mark.parametrize("costly", COSTLY.values(), ids=COSTLY)
def test_memory_and_time_are_bounded_by_the_length(costly: Callable[[int], bytes]) -> None:
    content = archive(costly(20_000))
    tracemalloc.start()
    read_or_refuse(content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200 * 20_000
    content = archive(costly(torch_archive.MAX_PICKLE_BYTES - 10))
    began = time.process_time()
    read_or_refuse(content)
    assert time.process_time() - began < 10


def test_390_bytes_took_3_gigabytes() -> None:
    content = archive(BYTEARRAY)
    assert len(content) < 390
    tracemalloc.start()
    refusal_of(content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 20


def test_a_longer_pickle_is_not_read() -> None:
    pickled = b"]" * torch_archive.MAX_PICKLE_BYTES + b"."
    assert "a pickle of 262145 bytes, where 262144 are read" in refusal_of(archive(pickled))


def test_many_tensors_of_the_same_numbers_are_no_more_than_the_file() -> None:
    shared = tensor("0", 1 << 18, 0, [1 << 18], [1])
    content = archive(b"](" + shared * 1000 + b"e.", {"0": bytes(1 << 20)})
    assert len(content) < 2 << 20
    assert "more numbers than are stored" in refusal_of(content)


def test_big_and_little_endian() -> None:
    assert torch_archive.read(with_entry("archive/byteorder", b"little")) is None
    assert "big-endian" in refusal_of(with_entry("archive/byteorder", b"big"))


def with_entry(name: str, data: bytes) -> bytes:
    file = io.BytesIO(archive(b"N."))
    with zipfile.ZipFile(file, "a") as written:
        written.writestr(name, data)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("archive/code/__torch__.py", "a TorchScript archive"),
        ("archive/constants.pkl", "a TorchScript archive"),
        ("other/data.pkl", "that torch.save did not write"),
    ],
)
def test_an_archive_of_something_else(name: str, message: str) -> None:
    assert message in refusal_of(with_entry(name, b""))


@pytest.mark.filterwarnings("ignore")
def test_torchscript() -> None:
    file = io.BytesIO()
    traced = torch.jit.trace(torch.nn.Linear(2, 2), torch.zeros(1, 2))  # type: ignore[no-untyped-call]
    torch.jit.save(traced, file)
    assert "a TorchScript archive" in refusal_of(file.getvalue())


def test_a_zip_of_no_torch_at_all() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as written:
        written.writestr("hello.txt", "hello")
    assert "torch.save did not write" in refusal_of(file.getvalue())


def test_a_bomb_is_not_unpacked() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("archive/data.pkl", bytes(1 << 24))
    assert "compressed" in refusal_of(file.getvalue())


END = struct.Struct("<4s4H2IH")


def end_record(content: bytes) -> list[Any]:
    return list(END.unpack_from(content, len(content) - END.size))


@pytest.mark.parametrize("field", range(8))
@pytest.mark.parametrize("value", [0, 1, 0xFFFF])
def test_an_end_record_that_says_something_else(field: int, value: int) -> None:
    content = saved({"a": 1})
    fields = end_record(content)
    if field == 0 or fields[field] == value:
        return
    fields[field] = value
    refusal_of(content[: -END.size] + END.pack(*fields))


def second_directory(content: bytes, other: bytes) -> bytes:
    """``content`` with a zip64 record that leads some readers to the archive ``other``.

    The end record names the directory of ``content``, as before, and is what size limits looked at.
    """
    _, _, _, _, count, size, directory, _ = end_record(other)
    at = len(content) - END.size
    moved = len(content) - END.size
    zip64 = struct.pack(
        "<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, directory + moved
    )
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, moved + len(other) - END.size, 1)
    return content[:at] + other[: -END.size] + zip64 + locator + content[at:]


def test_two_directories() -> None:
    """zipfile takes the one that the zip64 record names, the limit looked at the other."""
    content = second_directory(archive(b"N."), archive(BYTEARRAY))
    assert "a damaged archive: its directory" in refusal_of(content)


CENTRAL = b"PK\x01\x02"


def changed_entry(content: bytes, entry: int, offset: int, value: bytes) -> bytes:
    """An archive with other bytes in the directory's header of an entry."""
    position = -1
    for _ in range(entry + 1):
        position = content.index(CENTRAL, position + 1)
    position += offset
    return content[:position] + value + content[position + len(value) :]


@pytest.mark.parametrize(
    ("offset", "value", "message"),
    [
        (0, b"PK\x01\x03", "its directory"),
        (8, b"\x01", "compressed or encrypted"),
        (10, b"\x08", "compressed or encrypted"),
        (16, b"\xff", "a checksum"),
        (20, b"\xff", "compressed or encrypted"),
        (28, b"\xff", "its directory"),
        (30, b"\xff", "its directory"),
        (42, struct.pack("<I", 0), "an entry's header"),
        (42, struct.pack("<I", 0xFFFFFFFF), "an entry's place"),
        (46, b"x", "an entry's header"),
    ],
)
def test_an_entry_that_says_something_else(offset: int, value: bytes, message: str) -> None:
    content = archive(b"N.", {"0": bytes(4)})
    assert message in refusal_of(changed_entry(content, 1, offset, value))


def test_entries_that_overlap() -> None:
    """Two of one place, as in an archive of which all entries share their data."""
    content = archive(b"N.", {"0": bytes(4), "1": bytes(4)})
    first, second = (content.index(f"archive/data/{key}".encode()) - 30 for key in "01")
    assert content.startswith(b"PK\x03\x04", second)
    last = content.rindex(CENTRAL)
    both = content[: last + 42] + struct.pack("<I", first) + content[last + 46 : -END.size - 1]
    assert "its entries overlap" in refusal_of(both + b"0" + content[-END.size :])


@pytest.mark.parametrize("write", [saved, lambda data: archive(b"N.", {"0": bytes(4)})])
def test_an_archive_cut_short_or_with_more_behind_it(write: Callable[[Any], bytes]) -> None:
    content = write({"a": torch.zeros(3)})
    for length in range(0, len(content)):
        refusal_of(content[:length])
    assert "no complete zip archive" in refusal_of(content + b"\0")


def test_damage_anywhere_is_an_error_or_harmless() -> None:
    """Bytes of the pickle replaced, dropped or inserted, the archive itself sound."""
    with zipfile.ZipFile(io.BytesIO(saved({"a": torch.zeros(3), "b": [{"c": (1, 2.0)}]}))) as whole:
        pickled = whole.read("archive/data.pkl")
    generator = random.Random(0)
    refusals = 0
    for _ in range(3000):
        part = bytearray(pickled)
        start = generator.randrange(len(part))
        new = generator.randbytes(generator.randrange(3))
        part[start : start + generator.randrange(3)] = new
        message = ""
        try:
            torch_archive.read(archive(bytes(part), {"0": bytes(12)}))
        except HardmaxError as error:
            message = str(error)
            refusals += 1
        assert message.isprintable()
    assert refusals > 1000
