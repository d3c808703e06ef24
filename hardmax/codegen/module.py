"""Functions of a generated module, and the two by which it says what it is."""

from __future__ import annotations

from llvmlite import ir

from hardmax.codegen.llvm_types import I32, POINTER
from hardmax.runtime.abi import ABI_VERSION, ABI_VERSION_FUNCTION, METADATA_FUNCTION


def describe(module: ir.Module, metadata: str) -> None:
    """Add what every compiled program has: the version of the interface, and its metadata.

    Args:
        metadata: ASCII without NUL.
    """
    _emit_abi_version(module)
    _emit_metadata(module, metadata)


def add_function(module: ir.Module, name: str, result: ir.Type, *arguments: ir.Type) -> ir.Function:
    """Add a function without a body, which callers outside see unless its linkage is changed.

    Whoever calls it inside of the module gets this one: where two libraries of one process define
    a name, the operating system's loader would let both call the first of them.
    """
    function = ir.Function(module, ir.FunctionType(result, arguments), name)
    function.linkage = "dso_local"  # printed where it belongs, in front of the result's type
    function.attributes.add("nounwind")
    # LLVM may turn a loop of stores into a call of memset; generated code stands without a libc.
    # llvmlite checks names against its list of enum attributes, and this is a string attribute.
    set.add(function.attributes, '"no-builtins"')
    return function


def _emit_abi_version(module: ir.Module) -> None:
    function = add_function(module, ABI_VERSION_FUNCTION, I32)
    ir.IRBuilder(function.append_basic_block("entry")).ret(ir.Constant(I32, ABI_VERSION))


def _emit_metadata(module: ir.Module, metadata: str) -> None:
    text = bytearray(metadata.encode("ascii") + b"\0")
    array = ir.ArrayType(ir.IntType(8), len(text))
    document = ir.GlobalVariable(module, array, "metadata")
    document.linkage = "private"
    document.global_constant = True
    document.initializer = ir.Constant(array, text)
    function = add_function(module, METADATA_FUNCTION, POINTER)
    ir.IRBuilder(function.append_basic_block("entry")).ret(document)
