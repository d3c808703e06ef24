"""What the compiler knows of NRAMs, of both forms: circuits from a table, or chosen by an LSTM."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from llvmlite import ir

from hardmax.codegen.header_parts import HeaderParts
from hardmax.codegen.kinds import CodegenKind
from hardmax.codegen.llvm_types import I32
from hardmax.codegen.module import add_function
from hardmax.codegen.nram.batch import BATCH_ARGUMENTS, emit_batch
from hardmax.codegen.nram.explain import explain
from hardmax.codegen.nram.gpu_kernel import add_kernel
from hardmax.codegen.nram.header import header_parts
from hardmax.codegen.nram.lower import emit_run
from hardmax.codegen.nram.lstm import emit_recurrent
from hardmax.codegen.nram.pass_pipeline import print_after
from hardmax.codegen.nram.prologue import RUN_ARGUMENTS
from hardmax.codegen.targets import WITH_VECTORS, Architecture
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.abi import (
    RUN,
    RUN_BATCH,
)
from hardmax.runtime.nram.program import Program
from hardmax.runtime.nram.programs import RamProgram


@dataclass(frozen=True)
class _NramKind:
    """See :class:`hardmax.codegen.kinds.CodegenKind`."""

    title: str = "an NRAM"
    architectures: frozenset[Architecture] = frozenset(Architecture)

    def emit(
        self, module: ir.Module, program: RamProgram, level: int, architecture: Architecture
    ) -> None:
        run = add_function(module, RUN, I32, *RUN_ARGUMENTS.values())
        if isinstance(program, Program):
            emit_run(run, program, level, with_strips=architecture in WITH_VECTORS)
        else:
            emit_recurrent(run, program)
        emit_batch(add_function(module, RUN_BATCH, I32, *BATCH_ARGUMENTS.values()), run)
        if architecture is Architecture.NVPTX64:
            add_kernel(run)

    def header_parts(self, program: RamProgram, prefix: str) -> HeaderParts:
        return header_parts(program, prefix)

    def explain(self, program: RamProgram, level: int) -> str:
        return explain(_with_table(program), level)

    def print_after(self, program: RamProgram, level: int, name: str) -> Iterator[tuple[str, str]]:
        return print_after(_with_table(program), level, name)


def _with_table(program: RamProgram) -> Program:
    if not isinstance(program, Program):
        raise HardmaxError(
            "expected a program with a table to explain, found one in which a neural network "
            "decides"
        )
    return program


KIND: CodegenKind[RamProgram] = _NramKind()
