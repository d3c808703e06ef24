"""From a program of the kind ``offset`` to LLVM IR: one addition, one remainder, one store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from llvmlite import ir

from hardmax.codegen.header_parts import HeaderParts
from hardmax.codegen.kinds import CodegenKind
from hardmax.codegen.llvm_types import I32, I64, NULL, POINTER, ZERO, Value
from hardmax.codegen.module import add_function
from hardmax.codegen.nram.batch import BATCH_ARGUMENTS, emit_batch
from hardmax.codegen.nram.header import header_parts
from hardmax.codegen.targets import Architecture
from hardmax.runtime.abi import Status
from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.nram.abi import RUN, RUN_BATCH
from tests.support.offset_kind.runtime import SIGNATURES, OffsetProgram


class _Offset:
    title = "a machine that adds a constant"
    architectures = frozenset({Architecture.X86_64, Architecture.AARCH64})

    def emit(
        self, module: ir.Module, program: OffsetProgram, level: int, architecture: Architecture
    ) -> None:
        run = add_function(module, RUN, I32, POINTER, I32, I64, POINTER)
        _emit_run(run, program.constant)
        emit_batch(add_function(module, RUN_BATCH, I32, *BATCH_ARGUMENTS.values()), run)

    def header_parts(self, program: OffsetProgram, prefix: str) -> HeaderParts:
        return replace(header_parts(program, prefix), signatures=SIGNATURES)

    def explain(self, program: OffsetProgram, level: int) -> str:
        return f"p[0] = (p[0] + {program.constant}) % M\nhalt\n"

    def print_after(
        self, program: OffsetProgram, level: int, name: str
    ) -> Iterator[tuple[str, str]]:
        raise HardmaxError("there are no passes over a constant")


def _emit_run(run: ir.Function, constant: int) -> None:
    memory, size, max_steps, steps = run.args
    builder = ir.IRBuilder(run.append_basic_block("entry"))

    def leave_where(condition: Value, status: Status, completed: int) -> None:
        with builder.if_then(condition):
            with builder.if_then(builder.icmp_unsigned("!=", steps, NULL)):
                builder.store(ir.Constant(I64, completed), steps)
            builder.ret(ir.Constant(I32, status))

    no_memory = builder.icmp_unsigned("==", memory, NULL)
    no_cells = builder.icmp_unsigned("==", size, ZERO)
    leave_where(builder.or_(no_memory, no_cells), Status.INVALID_ARGUMENT, 0)
    no_steps = builder.icmp_unsigned("==", max_steps, ir.Constant(I64, 0))
    leave_where(no_steps, Status.STEP_LIMIT, 0)
    cell = builder.load(memory, typ=I32)
    leave_where(builder.icmp_unsigned(">=", cell, size), Status.VALUE_OUT_OF_RANGE, 0)
    moved = builder.add(builder.zext(cell, I64), ir.Constant(I64, constant))
    answer = builder.urem(moved, builder.zext(size, I64))  # in 64 bits nothing wraps around
    builder.store(builder.trunc(answer, I32), memory)
    leave_where(ir.Constant(ir.IntType(1), 1), Status.HALTED, 1)
    builder.unreachable()


KIND: CodegenKind[OffsetProgram] = _Offset()
