"""From a program of any kind to an LLVM module; what is in it, its kind knows."""

from __future__ import annotations

from llvmlite import ir

from hardmax.codegen.kinds import find_kind
from hardmax.codegen.llvm_passes import DEFAULT_LEVEL
from hardmax.codegen.module import describe
from hardmax.codegen.targets import ELF, Architecture
from hardmax.runtime.kinds import AnyProgram


def lower(
    program: AnyProgram,
    metadata: str,
    level: int = DEFAULT_LEVEL,
    architecture: Architecture = Architecture.X86_64,
) -> ir.Module:
    """Lower a program to a module that defines exactly the functions of its C interface.

    Args:
        metadata: the document that ``hardmax_metadata`` returns, ASCII without NUL.
        level: 0..3, as -O0 to -O3.
        architecture: what the module will be compiled for: it decides whether there are vectors of
            integers, and on a GPU there is a kernel as well.
    """
    module = ir.Module(name="hardmax")
    find_kind(program.kind).emit(module, program, level, architecture)
    describe(module, metadata, with_section=architecture in ELF)
    return module
