"""The kernel on a GPU, through CUDA's driver alone."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hardmax.runtime.nram.abi import KERNEL

THREADS_A_BLOCK = 64


@dataclass(frozen=True, eq=False)
class Answers:
    """What a batch left: memories uint32 (count, M), steps uint64 (count,), statuses int32."""

    memories: NDArray[np.uint32]
    steps: NDArray[np.uint64]
    statuses: NDArray[np.int32]


class Gpu:
    """The first GPU of this machine."""

    def __init__(self) -> None:
        """Skip the test where there is none."""
        try:
            self._driver = ctypes.CDLL("libcuda.so.1")
        except OSError:
            pytest.skip("not installed: CUDA's driver")
        if self._driver.cuInit(0) != 0:
            pytest.skip("no GPU")
        device, context = ctypes.c_int(), ctypes.c_void_p()
        self._call("cuDeviceGet", ctypes.byref(device), 0)
        self._call("cuDevicePrimaryCtxRetain", ctypes.byref(context), device)
        self._call("cuCtxSetCurrent", context)

    def run(
        self, ptx: bytes, memories: NDArray[np.uint32], max_steps: int, *, with_answers: bool = True
    ) -> Answers:
        """Run the kernel on a copy of ``memories``, uint32 of shape (count, M).

        Args:
            with_answers: whether the kernel is asked for steps and statuses; they are 7 if not.
        """
        module, kernel = ctypes.c_void_p(), ctypes.c_void_p()
        self._call("cuModuleLoadData", ctypes.byref(module), ctypes.c_char_p(ptx + b"\0"))
        self._call("cuModuleGetFunction", ctypes.byref(kernel), module, KERNEL.encode())
        count, size = memories.shape
        answers = Answers(
            memories.copy(), np.full(count, 7, dtype=np.uint64), np.full(count, 7, dtype=np.int32)
        )
        arrays: tuple[NDArray[Any], ...] = (answers.memories, answers.steps, answers.statuses)
        copies = [self._upload(array) for array in arrays]
        asked = [copies[0], *(c if with_answers else ctypes.c_uint64(0) for c in copies[1:])]
        self._launch(
            kernel,
            -(-count // THREADS_A_BLOCK),
            (
                asked[0],
                ctypes.c_uint32(size),
                ctypes.c_uint64(count),
                ctypes.c_uint64(max_steps),
                *asked[1:],
            ),
        )
        for array, copy in zip(arrays, copies, strict=True):
            size_t = ctypes.c_size_t(array.nbytes)
            self._call("cuMemcpyDtoH_v2", ctypes.c_void_p(array.ctypes.data), copy, size_t)
            self._call("cuMemFree_v2", copy)
        self._call("cuModuleUnload", module)
        return answers

    def _upload(self, array: NDArray[Any]) -> ctypes.c_uint64:
        copy = ctypes.c_uint64()
        size = ctypes.c_size_t(array.nbytes)
        self._call("cuMemAlloc_v2", ctypes.byref(copy), size)
        self._call("cuMemcpyHtoD_v2", copy, ctypes.c_void_p(array.ctypes.data), size)
        return copy

    def _launch(
        self, kernel: ctypes.c_void_p, blocks: int, arguments: Sequence[ctypes._SimpleCData[int]]
    ) -> None:
        pointers = (ctypes.c_void_p * len(arguments))(*map(ctypes.addressof, arguments))
        shape = (blocks, 1, 1, THREADS_A_BLOCK, 1, 1)
        self._call("cuLaunchKernel", kernel, *shape, 0, None, pointers, None)
        self._call("cuCtxSynchronize")

    def _call(self, name: str, *arguments: object) -> None:
        code = self._driver[name](*arguments)
        assert code == 0, f"{name} returned CUDA error {code}"
