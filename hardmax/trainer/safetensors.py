"""Files of tensors in the safetensors format, with a document of primitives in the header.

The format (https://github.com/huggingface/safetensors) is eight bytes that give the length N of a
header, little-endian; N bytes of JSON; and the numbers of all tensors, one tensor after another.
For each tensor the header has ``{"dtype": ..., "shape": [...], "data_offsets": [begin, end]}``, and
under ``__metadata__`` texts of the writer's own, of which ours is ``hardmax``: the document, as
JSON.

Read here and not by the package ``safetensors``, which sets no limit of ours: a header of 87 MB
takes it 41 seconds and 2.3 GB, it takes the last of two tensors of one name, and it gives the
document only by opening the file a second time. The test suite holds both against each other.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.json_form import distinct
from hardmax.trainer.stored_tensor import ITEM_SIZES, StoredTensor, byte_count, is_shape

MAX_HEADER_BYTES = 1 << 22
"""A longer header is refused unread: what JSON builds takes up to about 20 times its length."""

OURS = "hardmax"
"""The key of our document in ``__metadata__``."""

_LENGTH = struct.Struct("<Q")
_ALIGNMENT = 8
_METADATA = "__metadata__"


def is_safetensors(content: bytes) -> bool:
    """Whether a file begins as one of this format does, with a header of a length read here."""
    return (
        content[_LENGTH.size : _LENGTH.size + 1] == b"{"
        and _LENGTH.unpack_from(content)[0] <= MAX_HEADER_BYTES
    )


def write(document: Mapping[str, Any], tensors: Mapping[str, StoredTensor]) -> bytes:
    """The bytes of a file; the same for the same document and tensors.

    The largest numbers come first, so that each tensor is aligned to its numbers' size.

    Args:
        document: what JSON can say.

    Raises:
        ValueError: the document holds a number that is not finite.
    """
    header: dict[str, Any] = {_METADATA: {OURS: json.dumps(document, allow_nan=False)}}
    parts = []
    end = 0
    for name in sorted(tensors, key=lambda name: (-ITEM_SIZES[tensors[name].dtype], name)):
        tensor = tensors[name]
        begin, end = end, end + tensor.size
        header[name] = {
            "dtype": tensor.dtype,
            "shape": list(tensor.shape),
            "data_offsets": [begin, end],
        }
        parts.append(tensor.data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    return b"".join((_LENGTH.pack(len(text)), text, *parts))


def read(content: bytes) -> tuple[dict[str, Any], dict[str, StoredTensor]]:
    """The document and the tensors in what :func:`is_safetensors` accepts.

    Raises:
        HardmaxError: it is damaged, or has no document of ours; what was found instead of a model.
    """
    (length,) = _LENGTH.unpack_from(content)
    begin = _LENGTH.size + length
    if begin > len(content):
        raise HardmaxError("a damaged safetensors file: its header is cut off")
    header = _object(content[_LENGTH.size : begin], "header")
    metadata = header.pop(_METADATA, {})
    document = metadata.get(OURS) if isinstance(metadata, dict) else None
    if not isinstance(document, str):
        raise HardmaxError("a safetensors file that is not hardmax's")
    return _object(document, "document"), _tensors(header, memoryview(content)[begin:])


def _object(text: bytes | str, what: str) -> dict[str, Any]:
    try:
        found = json.loads(text, object_pairs_hook=distinct)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise HardmaxError(f"a damaged safetensors file: its {what} is no JSON object")
    return found


def _tensors(header: dict[str, Any], data: memoryview) -> dict[str, StoredTensor]:
    """The tensors of a header, which lie side by side and take up all of the data."""
    places = sorted((_place(entry), name) for name, entry in header.items())
    tensors = {}
    end = 0
    for (begin, next_end), name in places:
        dtype, shape = header[name]["dtype"], tuple(header[name]["shape"])
        if begin != end or next_end - begin != byte_count(dtype, shape) or next_end > len(data):
            raise HardmaxError("a damaged safetensors file: its tensors do not lie side by side")
        tensors[name] = StoredTensor(dtype, shape, data[begin:next_end])
        end = next_end
    if end != len(data):
        raise HardmaxError(
            f"a damaged safetensors file: expected {end} bytes of tensors, found {len(data)}"
        )
    return {name: tensors[name] for name in header}


def _place(entry: object) -> tuple[int, int]:
    """Where a tensor lies, its entry in the header being as the format says."""
    if (
        isinstance(entry, dict)
        and entry.keys() == {"dtype", "shape", "data_offsets"}
        and isinstance(entry["dtype"], str)
        and entry["dtype"] in ITEM_SIZES
        and is_shape(entry["shape"])
        and isinstance(entry["data_offsets"], list)
        and len(entry["data_offsets"]) == 2
        and all(type(offset) is int for offset in entry["data_offsets"])
    ):
        begin, end = entry["data_offsets"]
        return begin, end
    raise HardmaxError("a damaged safetensors file: a tensor's entry is not as the format says")
