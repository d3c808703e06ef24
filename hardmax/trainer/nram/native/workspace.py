"""The memory that a thread works in: packed weights, gradients, and the trace of a run."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from hardmax.trainer.nram.native.adam import flat_vectors
from hardmax.trainer.nram.native.layout import Layout

SLACK = 64
"""Vectors behind the last region: a product's last block may read a little too far."""


class Workspace:
    """One thread's; it grows with what is asked of it."""

    def __init__(self, layout: Layout, lanes: int, number_bytes: int) -> None:
        self.layout = layout
        self.lanes = lanes
        self.number_bytes = number_bytes
        self.vector_bytes = lanes * number_bytes
        self._buffer = np.zeros(0, dtype=np.uint8)
        self._places: dict[tuple[int, int], tuple[dict[str, int], dict[str, int], int]] = {}

    def fields(self, steps: int, cells: int) -> dict[str, int]:
        """The fields of a frame for runs of so many timesteps on so many cells."""
        if (steps, cells) not in self._places:
            self._places[steps, cells] = self._plan(steps, cells)
        offsets, strides, size = self._places[steps, cells]
        if size + self.vector_bytes > len(self._buffer):
            # Weights lie first and at the same place in every plan; what pads them stays 0.
            self._buffer = np.zeros(size + self.vector_bytes, dtype=np.uint8)
        start = self._buffer.ctypes.data
        aligned = -(-start // self.vector_bytes) * self.vector_bytes
        return {name: aligned + offset for name, offset in offsets.items()} | strides

    def _plan(self, steps: int, cells: int) -> tuple[dict[str, int], dict[str, int], int]:
        """Offsets in bytes, strides in vectors, and the size in bytes."""
        offsets: dict[str, int] = {}
        strides: dict[str, int] = {}
        size = 0

        def take(name: str, vectors: int) -> None:
            nonlocal size
            offsets[name] = size
            size += vectors * self.vector_bytes

        for layer, shape in self.layout.layers.items():
            for kind in ("packed", "gradient"):
                take(f"{kind}.{layer}", shape.size // self.lanes)
        take("gradient", flat_vectors(self.layout, self.lanes))
        for name, region in self.layout.regions.items():
            stride = region.vectors(cells)
            strides[f"stride.{name}"] = stride
            take(name, stride if region.extra is None else stride * (steps + region.extra))
        return offsets, strides, size + SLACK * self.vector_bytes

    def gradient(self, fields: Mapping[str, int]) -> NDArray[np.float32 | np.float64]:
        """The flat gradient of the member that was run last; the next run changes it."""
        start = fields["gradient"] - self._buffer.ctypes.data
        real = np.float64 if self.number_bytes == 8 else np.float32
        size = flat_vectors(self.layout, self.lanes) * self.vector_bytes
        return self._buffer[start : start + size].view(real)
