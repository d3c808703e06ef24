"""What ``torch.save`` wrote, read without PyTorch and without unpickling.

Model files were of this kind up to version 0.1: a zip archive of one pickle, and of a file of
numbers for each tensor. A pickle is a program, and its reader runs it. The reader here knows only
the instructions that primitives, lists, dictionaries and tensors need; it looks up nothing, calls
nothing, and builds nothing but our own types. Its work is bounded by the length of the file:

- the archive is stored, not compressed, and its entries do not overlap;
- the pickle is short, each instruction does a small amount of work, and what it builds is a tree,
  so that nothing is larger than the instructions that built it;
- all tensors together are no larger than the file.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from hardmax.runtime.errors import HardmaxError
from hardmax.trainer.stored_tensor import ITEM_SIZES, StoredTensor, byte_count, is_shape

MAX_PICKLE_BYTES = 1 << 18
"""A longer pickle is refused: what an instruction of a byte builds takes up to 100 bytes."""

_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")
_CENTRAL_HEADER = struct.Struct("<4s6H3I5H2I")
_END_RECORD = struct.Struct("<4s4H2IH")
_ZIP64_RECORDS = struct.calcsize("<4sQ2H2I4Q") + struct.calcsize("<4sIQI")
"""Bytes that PyTorch writes between the directory and the end record. They say the same again in
wider numbers, which a file of the sizes read here does not need, and are not looked at."""


def is_zip(content: bytes) -> bool:
    """Whether a file begins as a zip archive does."""
    return content.startswith(_LOCAL)


def read(content: bytes) -> Any:
    """What was saved: primitives, lists, tuples, dictionaries and tensors.

    Raises:
        HardmaxError: the archive is damaged, or holds something else; what was found instead.
    """
    directory, listed = _zip_directory(content)
    names = [entry.name for entry in listed]
    if any("/code/" in name or name.endswith("/constants.pkl") for name in names):
        raise HardmaxError("a TorchScript archive (torch.jit.save), which is a program of its own")
    pickles = [name for name in names if name.count("/") == 1 and name.endswith("/data.pkl")]
    if len(pickles) != 1:
        raise HardmaxError("a zip archive that torch.save did not write")
    entries = _zip_contents(content, directory, listed)
    root = pickles[0].removesuffix("data.pkl")
    if bytes(entries.get(root + "byteorder", b"little")) != b"little":
        raise HardmaxError("an archive of big-endian numbers")
    folder = root + "data/"
    storages = {
        name.removeprefix(folder): entries[name] for name in names if name.startswith(folder)
    }
    return read_pickle(bytes(entries[pickles[0]]), storages, len(content))


class _Entry(NamedTuple):
    """What the directory of a zip archive says of an entry."""

    name: str
    raw_name: bytes
    stored: bool
    crc: int
    size: int
    local: int


def _zip_directory(content: bytes) -> tuple[int, list[_Entry]]:
    """Where the directory begins, before which all data lie, and what it lists."""
    end = len(content) - _END_RECORD.size
    if end < 0 or not content.startswith(_END, end):
        raise HardmaxError("no complete zip archive")
    _, disk, first_disk, here, count, size, directory, comment = _END_RECORD.unpack_from(
        content, end
    )
    if disk or first_disk or comment or here != count:
        raise _damaged("its end record")
    if directory + size not in (end, end - _ZIP64_RECORDS):
        raise _damaged("its directory")
    entries = []
    position = directory
    for _ in range(count):
        if position + _CENTRAL_HEADER.size > directory + size:
            raise _damaged("its directory")
        fields = _CENTRAL_HEADER.unpack_from(content, position)
        signature, _, _, flags, method, _, _, crc, packed, unpacked, *rest = fields
        name_size, extra_size, comment_size, *_, local = rest
        name_at = position + _CENTRAL_HEADER.size
        position = name_at + name_size + extra_size + comment_size
        if signature != _CENTRAL or position > directory + size:
            raise _damaged("its directory")
        raw_name = content[name_at : name_at + name_size]
        stored = method == 0 and packed == unpacked and flags & 1 == 0
        name = raw_name.decode("ascii", "replace")
        entries.append(_Entry(name, raw_name, stored, crc, packed, local))
    if position != directory + size:
        raise _damaged("its directory")
    return directory, entries


def _zip_contents(content: bytes, directory: int, listed: list[_Entry]) -> dict[str, memoryview]:
    """The contents of a zip archive by name, all of them checked, none of them copied."""
    entries: dict[str, memoryview] = {}
    end = 0
    for entry in listed:
        if not entry.stored:
            raise HardmaxError("an archive whose entries are compressed or encrypted")
        data_at = _data_at(content, entry.local, entry.raw_name, directory)
        if entry.local < end or data_at + entry.size > directory or entry.name in entries:
            raise _damaged("its entries overlap")
        end = data_at + entry.size
        data = memoryview(content)[data_at:end]
        if zlib.crc32(data) != entry.crc:
            raise _damaged("a checksum")
        entries[entry.name] = data
    return entries


def _data_at(content: bytes, local: int, name: bytes, directory: int) -> int:
    """Where an entry's data begin, its own header agreeing with the directory."""
    if local + _LOCAL_HEADER.size > directory:
        raise _damaged("an entry's place")
    signature, *_, name_size, extra_size = _LOCAL_HEADER.unpack_from(content, local)
    name_at = local + _LOCAL_HEADER.size
    data_at: int = name_at + name_size + extra_size
    if signature != _LOCAL or content[name_at : name_at + name_size] != name:
        raise _damaged("an entry's header")
    return data_at


def _damaged(what: str) -> HardmaxError:
    return HardmaxError(f"a damaged archive: {what}")


@dataclass(frozen=True)
class _Global:
    """A name that a pickle refers to; nothing is looked up by it."""

    name: str


@dataclass(frozen=True)
class _Storage:
    """The numbers that tensors are views of."""

    dtype: str
    data: memoryview


_ORDERED_DICT = _Global("collections.OrderedDict")
_REBUILD_TENSOR = _Global("torch._utils._rebuild_tensor_v2")
_REBUILD_PARAMETER = _Global("torch._utils._rebuild_parameter")
_STORAGES = {
    _Global("torch.DoubleStorage"): "F64",
    _Global("torch.FloatStorage"): "F32",
    _Global("torch.HalfStorage"): "F16",
    _Global("torch.BFloat16Storage"): "BF16",
    _Global("torch.LongStorage"): "I64",
    _Global("torch.IntStorage"): "I32",
    _Global("torch.ShortStorage"): "I16",
    _Global("torch.CharStorage"): "I8",
    _Global("torch.ByteStorage"): "U8",
    _Global("torch.BoolStorage"): "BOOL",
}
_GLOBALS = {_ORDERED_DICT, _REBUILD_TENSOR, _REBUILD_PARAMETER, *_STORAGES}

_LEAVES = (str, int, float, type(None), _Global, StoredTensor)
"""What a pickle may use in two places. Containers would make more of it than a tree."""


def read_pickle(code: bytes, storages: Mapping[str, memoryview], budget: int) -> Any:
    """What the pickle of an archive builds.

    Args:
        storages: the numbers of tensors by key.
        budget: bytes that all tensors together may have.

    Raises:
        HardmaxError: it is damaged, or holds more than primitives and tensors.
    """
    if len(code) > MAX_PICKLE_BYTES:
        raise HardmaxError(f"a pickle of {len(code)} bytes, where {MAX_PICKLE_BYTES} are read")
    reader = _PickleReader(code, storages, budget)
    try:
        return reader.run()
    except HardmaxError:
        raise
    except (IndexError, ValueError):
        raise _damaged("its pickle") from None


class _PickleReader:
    """Interprets a pickle. IndexError and ValueError say that it is damaged."""

    def __init__(self, code: bytes, storages: Mapping[str, memoryview], budget: int) -> None:
        self.code = code
        self.storages = storages
        self.budget = budget
        self.position = 0
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        while (opcode := self._take(1)) != b".":
            self._step(opcode)
        (value,) = self.stack
        return value

    def _take(self, count: int) -> bytes:
        begin, self.position = self.position, self.position + count
        if self.position > len(self.code):
            raise IndexError
        return self.code[begin : self.position]

    def _integer(self, count: int, *, signed: bool = False) -> int:
        return int.from_bytes(self._take(count), "little", signed=signed)

    def _step(self, opcode: bytes) -> None:
        """Carry out one instruction; the names are those of :mod:`pickletools`."""
        push = self.stack.append
        match opcode:
            case b"\x80":  # PROTO
                self._take(1)
            case b"(":  # MARK
                self.marks.append(len(self.stack))
            case b"}":  # EMPTY_DICT
                push({})
            case b"]":  # EMPTY_LIST
                push([])
            case b")":  # EMPTY_TUPLE
                push(())
            case b"X":  # BINUNICODE
                push(self._take(self._integer(4)).decode())
            case b"K":  # BININT1
                push(self._integer(1))
            case b"M":  # BININT2
                push(self._integer(2))
            case b"J":  # BININT
                push(self._integer(4, signed=True))
            case b"\x8a":  # LONG1
                push(self._integer(self._integer(1), signed=True))
            case b"G":  # BINFLOAT
                push(*struct.unpack(">d", self._take(8)))
            case b"N":  # NONE
                push(None)
            case b"\x88" | b"\x89":  # NEWTRUE, NEWFALSE
                push(opcode == b"\x88")
            case b"q" | b"r":  # BINPUT, LONG_BINPUT
                self.memo[self._integer(1 if opcode == b"q" else 4)] = self.stack[-1]
            case b"h" | b"j":  # BINGET, LONG_BINGET
                push(self._recall(self._integer(1 if opcode == b"h" else 4)))
            case b"t":  # TUPLE
                push(tuple(self._since_mark()))
            case b"\x85" | b"\x86" | b"\x87":  # TUPLE1, TUPLE2, TUPLE3
                count = opcode[0] - 0x84
                push(tuple(self.stack.pop() for _ in range(count))[::-1])
            case b"a":  # APPEND
                value = self.stack.pop()
                self._top(list).append(value)
            case b"e":  # APPENDS
                values = self._since_mark()
                self._top(list).extend(values)
            case b"s":  # SETITEM
                value, key = self.stack.pop(), self.stack.pop()
                self._set([key, value])
            case b"u":  # SETITEMS
                self._set(self._since_mark())
            case b"c":  # GLOBAL
                push(self._global())
            case b"Q":  # BINPERSID
                push(self._storage(self.stack.pop()))
            case b"R":  # REDUCE
                arguments, function = self.stack.pop(), self.stack.pop()
                push(self._rebuild(function, arguments))
            case b"b":  # BUILD: of an OrderedDict, attributes that say nothing about its items
                self.stack.pop()
                self._top(dict)
            case _:
                raise _refused(f"instruction {opcode.hex()}")

    def _top(self, kind: type) -> Any:
        if type(self.stack[-1]) is not kind:
            raise _damaged("its pickle")
        return self.stack[-1]

    def _since_mark(self) -> list[Any]:
        mark = self.marks.pop()
        values = self.stack[mark:]
        del self.stack[mark:]
        return values

    def _recall(self, number: int) -> Any:
        if number not in self.memo:
            raise _damaged("its pickle")
        value = self.memo[number]
        if not isinstance(value, _LEAVES):
            raise _refused("a container in two places")
        return value

    def _set(self, pairs: list[Any]) -> None:
        target = self._top(dict)
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            if type(key) not in (str, int):
                raise _refused(f"a key of type {type(key).__name__}")
            target[key] = value

    def _global(self) -> _Global:
        lines = self.code[self.position : self.position + 256].split(b"\n", 2)
        if len(lines) < 3:
            raise _damaged("its pickle")
        self.position += len(lines[0]) + len(lines[1]) + 2
        found = _Global(f"{lines[0].decode()}.{lines[1].decode()}")
        if found not in _GLOBALS:
            raise _refused(f"{found.name!a:.80}")
        return found

    def _storage(self, place: object) -> _Storage:
        match place:
            case ("storage", _Global() as kind, str(key), str(), int(count)) if kind in _STORAGES:
                dtype = _STORAGES[kind]
                data = self.storages.get(key)
                if data is None or len(data) != count * ITEM_SIZES[dtype]:
                    raise _damaged("a tensor's numbers are missing, or not as many as it says")
                return _Storage(dtype, data)
        raise _damaged("its pickle")

    def _rebuild(self, function: object, arguments: object) -> Any:
        if function == _ORDERED_DICT and arguments == ():
            return {}
        if not isinstance(arguments, tuple):
            raise _damaged("its pickle")
        if function == _REBUILD_PARAMETER and arguments and isinstance(arguments[0], StoredTensor):
            return arguments[0]
        if function == _REBUILD_TENSOR and len(arguments) in (6, 7):
            return self._tensor(*arguments[:4])
        raise _refused("a call")

    def _tensor(self, storage: object, begin: object, shape: Any, strides: Any) -> StoredTensor:
        """The numbers that a view shows, in the order of its shape."""
        if not (
            isinstance(storage, _Storage)
            and isinstance(begin, int)
            and begin >= 0
            and is_shape(shape)
            and is_shape(strides)
            and len(shape) == len(strides)
        ):
            raise _damaged("a tensor's shape")
        item = ITEM_SIZES[storage.dtype]
        last = begin + sum((n - 1) * stride for n, stride in zip(shape, strides, strict=True))
        if 0 in shape:
            return StoredTensor(storage.dtype, tuple(shape), b"")
        size = byte_count(storage.dtype, tuple(shape))
        self.budget -= size
        if (last + 1) * item > len(storage.data) or size > len(storage.data) or self.budget < 0:
            raise _damaged("a tensor shows more numbers than are stored")
        dense = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
        if all(n == 1 or s == d for n, s, d in zip(shape, strides, dense, strict=True)):
            return StoredTensor(
                storage.dtype, tuple(shape), storage.data[begin * item : begin * item + size]
            )
        numbers = np.frombuffer(storage.data, dtype=f"<u{item}")[begin:]
        view = as_strided(numbers, shape, [stride * item for stride in strides])
        return StoredTensor(storage.dtype, tuple(shape), view.tobytes())


def _refused(what: str) -> HardmaxError:
    return HardmaxError(f"a pickle with more than primitives and tensors ({what}); not loaded")
