"""Compiled code without a file: LLVM's own just-in-time linker, cheap enough for properties."""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Sequence
from typing import Any

import numpy as np
from llvmlite import binding, ir
from numpy.typing import NDArray

from hardmax.codegen.llvm_passes import affordable, optimized
from hardmax.codegen.llvm_types import I32
from hardmax.codegen.lower import lower
from hardmax.codegen.nram.gates import Machine, Modulus, emit_gate
from hardmax.codegen.targets import Target
from hardmax.runtime.abi import (
    MAX_SIZE,
    Status,
)
from hardmax.runtime.nram.abi import (
    C_TYPES,
    OPTIONAL,
    RUN,
    RUN_BATCH,
)
from hardmax.runtime.nram.gates import GATES, Gate
from hardmax.runtime.nram.interpreter import Result
from hardmax.runtime.nram.programs import RamProgram
from tests.support.guarded import placements


class Jit:
    """A module in memory; its functions live as long as it does."""

    def __init__(self, module: ir.Module, level: int) -> None:
        level = affordable(module, level)
        target = Target.host().machine(level)
        self._engine = binding.create_mcjit_compiler(optimized(module, target, level), target)
        self._engine.finalize_object()

    def function(self, name: str, result: Any, *arguments: Any) -> Any:
        return ctypes.CFUNCTYPE(result, *arguments)(self._engine.get_function_address(name))


class JitGate:
    """A gate that does not touch memory, as a native function of (a, b, M)."""

    def __init__(self, gate: Gate, level: int) -> None:
        module = ir.Module()
        function = ir.Function(module, ir.FunctionType(I32, (I32, I32, I32)), "gate")
        builder = ir.IRBuilder(function.append_basic_block())
        *operands, size = function.args
        machine = Machine(None, Modulus.of(builder, size), None)
        builder.ret(emit_gate(builder, machine, gate, operands[: GATES[gate].arity]))
        self._jit = Jit(module, level)
        self._gate = self._jit.function("gate", ctypes.c_uint32, *3 * (ctypes.c_uint32,))

    def __call__(self, a: int, b: int, m: int) -> int:
        return int(self._gate(a, b, m))


class JitProgram:
    """A program as native code, run like ``hardmax.runtime.nram.interpreter.run``."""

    def __init__(
        self, program: RamProgram, level: int, names: Sequence[str] = (RUN, RUN_BATCH)
    ) -> None:
        """
        Args:
            names: the functions that are wanted; LLVM drops the others before it works on them.
        """
        module = lower(program, "", level)
        for name in {RUN, RUN_BATCH, *OPTIONAL} - set(names):
            module.get_global(name).linkage = "internal"
        self._jit = Jit(module, level)
        if RUN in names:
            self._run, self._run_batch = map(self.function, (RUN, RUN_BATCH))

    def function(self, name: str) -> Any:
        """One of its C functions."""
        return self._jit.function(name, *C_TYPES[name])

    def run(self, memory: Sequence[int], max_steps: int) -> Result:
        """Run on copies of ``memory`` that end at pages which nobody may touch."""
        results = []
        for cells in placements(len(memory)):
            cells[:] = memory
            steps = ctypes.c_uint64()
            status = self._run(cells.ctypes.data, len(cells), max_steps, ctypes.byref(steps))
            results.append(Result(tuple(cells.tolist()), steps.value, Status(status)))
        assert results[0] == results[1]
        return results[0]

    def run_raw(self, memory: Any, size: int, max_steps: int, steps: Any) -> Status:
        """The C function itself; pointers may be None."""
        return Status(self._run(memory, size, max_steps, steps))

    def run_batch_raw(
        self, memories: Any, size: int, count: int, max_steps: int, steps: Any, statuses: Any
    ) -> Status:
        """The C function itself; pointers may be None."""
        return Status(self._run_batch(memories, size, count, max_steps, steps, statuses))


def largest_memory() -> NDArray[np.uint32]:
    """2^32-1 cells of zeros, of which few may be touched: a page is there when first needed."""
    map_noreserve = 0x4000
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | map_noreserve
    return np.frombuffer(mmap.mmap(-1, 4 * MAX_SIZE, flags=flags), dtype=np.uint32)
