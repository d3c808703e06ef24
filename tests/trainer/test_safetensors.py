"""The format of model files, held against the package of that name and against damage."""

from __future__ import annotations

import json
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load, save

from hardmax.runtime.errors import HardmaxError
from hardmax.trainer import safetensors
from hardmax.trainer.stored_tensor import StoredTensor

DTYPES = [
    torch.float64,
    torch.float32,
    torch.float16,
    torch.bfloat16,
    torch.int64,
    torch.int32,
    torch.int16,
    torch.int8,
    torch.uint8,
    torch.bool,
]


def tensors() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    numbers = torch.randint(0, 100, (3, 5), generator=generator)
    return {
        "scalar": torch.tensor(2.5),
        "empty": torch.empty(2, 0, 3),
        "transposed": numbers.float().T,
        **{str(dtype): numbers.to(dtype) for dtype in DTYPES},
    }


def stored(tensors: dict[str, torch.Tensor]) -> dict[str, StoredTensor]:
    return {name: StoredTensor.from_torch(tensor) for name, tensor in tensors.items()}


def file_of(header: object, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(**changes: object) -> dict[str, Any]:
    good = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    return {"__metadata__": {"hardmax": "{}"}, "a": good | changes}


def test_the_package_reads_what_is_written(tmp_path: Path) -> None:
    content = safetensors.write({"task": "copy", "deep": [{"é\ud800": None}]}, stored(tensors()))
    found = load(content)
    assert found.keys() == tensors().keys()
    for name, tensor in tensors().items():
        assert found[name].dtype == tensor.dtype
        assert torch.equal(found[name], tensor)
    path = tmp_path / "model.pt"
    path.write_bytes(content)
    with safe_open(path, "pt") as file:
        assert json.loads(file.metadata()["hardmax"])["task"] == "copy"


def test_what_is_written_is_read_back() -> None:
    document = {"task": "copy", "numbers": [1, -2, 0.1, True, None], "text": "é\n\ud800"}
    content = safetensors.write(document, stored(tensors()))
    assert safetensors.is_safetensors(content)
    found, back = safetensors.read(content)
    assert found == document
    for name, tensor in tensors().items():
        assert torch.equal(back[name].to_torch(), tensor)
        assert back[name].to_torch().dtype == tensor.dtype


def test_numbers_are_aligned_to_their_size() -> None:
    content = safetensors.write({}, stored(tensors()))
    header = json.loads(content[8 : 8 + struct.unpack_from("<Q", content)[0]])
    begin = 8 + struct.unpack_from("<Q", content)[0]
    for name, tensor in tensors().items():
        assert (begin + header[name]["data_offsets"][0]) % tensor.element_size() == 0


def test_what_the_package_wrote_is_told_apart() -> None:
    content = save({"a": torch.zeros(2)}, {"format": "pt"})
    assert safetensors.is_safetensors(content)
    with pytest.raises(HardmaxError, match="that is not hardmax's"):
        safetensors.read(content)


def test_what_the_broken_files_are_made_of_is_good() -> None:
    _, found = safetensors.read(file_of(entry(), bytes(8)))
    assert found == {"a": StoredTensor("F32", (2,), bytes(8))}


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (b"{" * 100_000, "header is no JSON object"),
        (b'{"a":' * 100_000, "header is no JSON object"),
        (b"{}", "not hardmax's"),
        (b'{"__metadata__": {"hardmax": 3}}', "not hardmax's"),
        (b'{"__metadata__": []}', "not hardmax's"),
        ({"__metadata__": {"hardmax": "[" * 100_000}}, "document is no JSON object"),
        ({"__metadata__": {"hardmax": "[]"}}, "document is no JSON object"),
        ({"__metadata__": {"hardmax": '{"a": 1, "a": 2}'}}, "document is no JSON object"),
        (b'{"__metadata__": {"hardmax": "{}"}, "a": 1, "a": 2}', "header is no JSON object"),
        (b'{"\xff": 1}', "header is no JSON object"),
        ({**entry(), "b": 3}, "entry is not as the format says"),
        (entry(dtype="F8_E4M3"), "entry is not as the format says"),
        (entry(dtype=[]), "entry is not as the format says"),
        (entry(shape=[2.0]), "entry is not as the format says"),
        (entry(shape=[True, 2]), "entry is not as the format says"),
        (entry(shape=[-2]), "entry is not as the format says"),
        (entry(shape=[1] * 9), "entry is not as the format says"),
        (entry(shape=[1 << 33, 0]), "entry is not as the format says"),
        (entry(shape=None), "entry is not as the format says"),
        (entry(data_offsets=[0]), "entry is not as the format says"),
        (entry(data_offsets=[0, 8.0]), "entry is not as the format says"),
        (entry(more=1), "entry is not as the format says"),
        (entry(data_offsets=[0, 4]), "do not lie side by side"),
        (entry(data_offsets=[8, 0]), "do not lie side by side"),
        (entry(data_offsets=[-8, 0]), "do not lie side by side"),
        (entry(shape=[4], data_offsets=[0, 16]), "do not lie side by side"),
        ({**entry(), "b": entry()["a"]}, "do not lie side by side"),
        (entry(shape=[1], data_offsets=[0, 4]), "expected 4 bytes of tensors, found 8"),
    ],
)
def test_a_broken_file(header: object, message: str) -> None:
    content = file_of(header, bytes(8))
    assert safetensors.is_safetensors(content)
    with pytest.raises(HardmaxError, match=message) as error:
        safetensors.read(content)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("count", [0, 1, 7, 8])
def test_fewer_bytes_than_the_length_of_a_header(count: int) -> None:
    assert not safetensors.is_safetensors(file_of(entry())[:count])


def test_a_file_cut_short_anywhere() -> None:
    content = safetensors.write({"task": "copy"}, stored({"a": torch.zeros(3)}))
    for length in range(9, len(content)):
        with pytest.raises(HardmaxError, match="a damaged safetensors file"):
            safetensors.read(content[:length])


def test_a_header_longer_than_the_limit_is_not_read() -> None:
    header = b"{" + b" " * safetensors.MAX_HEADER_BYTES
    assert not safetensors.is_safetensors(file_of(header))


def test_memory_is_bounded_by_the_length_of_the_header() -> None:
    """The package takes 2.3 GB for one of 87 MB; lists in lists are what costs most here."""
    length = 100_000
    content = file_of(b'{"a":[' + b"[]," * (length // 3) + b"[]]}")
    tracemalloc.start()
    with pytest.raises(HardmaxError):
        safetensors.read(content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40 * length
