"""A tensor as it lies in a file: a dtype, a shape and bytes, without PyTorch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

ITEM_SIZES = {
    "F64": 8,
    "F32": 4,
    "F16": 2,
    "BF16": 2,
    "I64": 8,
    "I32": 4,
    "I16": 2,
    "I8": 1,
    "U8": 1,
    "BOOL": 1,
}
"""Bytes of a number of each dtype; the names are those of the safetensors format."""

MAX_DIMENSIONS = 8
MAX_EXTENT = 1 << 32
"""No dimension is larger; with it, the size of a tensor is a small integer."""

_TORCH_DTYPES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U8": "uint8",
    "BOOL": "bool",
}


@dataclass(frozen=True)
class StoredTensor:
    """Numbers in row-major order, little-endian.

    Attributes:
        dtype: a key of ITEM_SIZES.
        shape: at most MAX_DIMENSIONS numbers, each 0..MAX_EXTENT.
        data: exactly as many bytes as dtype and shape need.
    """

    dtype: str
    shape: tuple[int, ...]
    data: bytes | memoryview

    @property
    def size(self) -> int:
        """Bytes that dtype and shape need."""
        return byte_count(self.dtype, self.shape)

    @staticmethod
    def from_torch(tensor: torch.Tensor) -> StoredTensor:
        """The numbers of a dense tensor of any device, in the order that its shape says."""
        import torch

        dtype = next(k for k, name in _TORCH_DTYPES.items() if tensor.dtype == getattr(torch, name))
        whole = tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        data = whole.reshape(-1).view(torch.uint8).numpy().tobytes()
        return StoredTensor(dtype, tuple(whole.shape), data)

    def to_torch(self) -> torch.Tensor:
        """A new tensor on the CPU, contiguous."""
        import torch

        dtype = getattr(torch, _TORCH_DTYPES[self.dtype])
        if not self.data:
            return torch.empty(self.shape, dtype=dtype)
        return torch.frombuffer(bytearray(self.data), dtype=dtype).reshape(self.shape)


def byte_count(dtype: str, shape: tuple[int, ...]) -> int:
    """Bytes of a tensor; ``dtype`` is a key of ITEM_SIZES."""
    return math.prod(shape) * ITEM_SIZES[dtype]


def is_shape(numbers: object) -> bool:
    """Whether what a file gives is the shape of a :class:`StoredTensor`."""
    return (
        isinstance(numbers, list | tuple)
        and len(numbers) <= MAX_DIMENSIONS
        and all(type(n) is int and 0 <= n <= MAX_EXTENT for n in numbers)
    )
