"""The types and constants of LLVM IR that all generated code shares."""

from __future__ import annotations

from typing import Any

from llvmlite import ir

Value = Any
"""An ``ir.Value``: llvmlite carries no types."""

I32 = ir.IntType(32)
I64 = ir.IntType(64)
POINTER = ir.PointerType()
ZERO = ir.Constant(I32, 0)
ONE = ir.Constant(I32, 1)
TWO = ir.Constant(I32, 2)
NULL = ir.Constant(POINTER, None)

LIKELY = (1 << 20, 1)
"""Branch weights of a test that holds all but once."""


def constant(kind: ir.Type, number: int) -> Value:
    """A number as an i32, or in every lane of a vector of them."""
    lanes = [number] * kind.count if isinstance(kind, ir.VectorType) else number
    return ir.Constant(kind, lanes)
