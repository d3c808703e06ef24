"""The GPU kernel: a batch with one thread for each problem.

The generated ``hardmax_kernel``, as pseudocode::

    kernel hardmax_kernel(memories, size, count, max_steps, steps, statuses):
        i = ctaid.x * ntid.x + tid.x
        if i < count:
            status = hardmax_run(&memories[i * size], size, max_steps, ...)
            ... as a problem of ``hardmax.codegen.nram.batch``
"""

from __future__ import annotations

from llvmlite import ir

from hardmax.codegen.llvm_types import I32, I64, Value
from hardmax.codegen.nram.batch import BATCH_ARGUMENTS, emit_problem
from hardmax.runtime.nram.abi import KERNEL


def add_kernel(run: ir.Function) -> None:
    """Add the kernel to the module of ``hardmax_run``; for NVPTX only."""
    module = run.module
    signature = ir.FunctionType(ir.VoidType(), BATCH_ARGUMENTS.values())
    function = ir.Function(module, signature, KERNEL)
    function.calling_convention = "ptx_kernel"
    memories, size, count, max_steps, steps, statuses = function.args
    for argument, name in zip(function.args, BATCH_ARGUMENTS, strict=True):
        argument.name = name
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    block, block_size, thread = (
        builder.zext(_special_register(builder, name), I64)
        for name in ("ctaid.x", "ntid.x", "tid.x")
    )
    i = builder.add(builder.mul(block, block_size), thread, name="i")
    with builder.if_then(builder.icmp_unsigned("<", i, count)):
        first = builder.mul(i, builder.zext(size, I64))
        memory = builder.gep(memories, [first], source_etype=I32)
        emit_problem(builder, run, memory, size, max_steps, steps, statuses, (), i)
    builder.ret_void()


def _special_register(builder: ir.IRBuilder, name: str) -> Value:
    intrinsic = f"llvm.nvvm.read.ptx.sreg.{name}"
    return builder.call(ir.Function(builder.module, ir.FunctionType(I32, ()), intrinsic), [])
