"""What the compiler knows of NRAMs, of both forms: circuits from a table, or chosen by an LSTM."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from llvmlite import ir

from hardmax.codegen.header_parts import HeaderParts
from hardmax.codegen.kinds import CodegenKind
from hardmax.codegen.llvm_types import I32
from hardmax.codegen.module import add_function, emit_entry
from hardmax.codegen.nram.batch import BATCH_ARGUMENTS, INTERRUPTIBLE_BATCH_ARGUMENTS, emit_batch
from hardmax.codegen.nram.explain import explain
from hardmax.codegen.nram.gpu_kernel import add_kernel
from hardmax.codegen.nram.header import header_parts
from hardmax.codegen.nram.lower import emit_run
from hardmax.codegen.nram.lstm import emit_recurrent
from hardmax.codegen.nram.pass_pipeline import print_after
from hardmax.codegen.nram.prologue import INTERRUPTIBLE_RUN_ARGUMENTS, RUN_ARGUMENTS
from hardmax.codegen.targets import WITH_VECTORS, Architecture
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.abi import (
    RUN,
    RUN_BATCH,
    RUN_BATCH_INTERRUPTIBLE,
    RUN_INTERRUPTIBLE,
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
        with_stop = add_function(
            module, RUN_INTERRUPTIBLE, I32, *INTERRUPTIBLE_RUN_ARGUMENTS.values()
        )
        if isinstance(program, Program):
            with_strips = architecture in WITH_VECTORS
            emit_run((run, with_stop), program, level, with_strips=with_strips)
        else:
            emit_recurrent(with_stop, program)
            emit_entry(run, with_stop)
        for name, called, arguments in (
            (RUN_BATCH, run, BATCH_ARGUMENTS),
            (RUN_BATCH_INTERRUPTIBLE, with_stop, INTERRUPTIBLE_BATCH_ARGUMENTS),
        ):
            emit_batch(add_function(module, name, I32, *arguments.values()), called)
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
