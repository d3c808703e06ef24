"""Functions of a generated module, and the two by which it says what it is."""

from __future__ import annotations

from llvmlite import ir

from hardmax.codegen.llvm_types import I32, NULL, POINTER, ZERO, Value
from hardmax.runtime.abi import ABI_VERSION, ABI_VERSION_FUNCTION, METADATA_FUNCTION
from hardmax.runtime.metadata import METADATA_SECTION


def describe(module: ir.Module, metadata: str, *, with_section: bool) -> None:
    """Add what every compiled program has: the version of the interface, and its metadata.

    Args:
        metadata: ASCII without NUL.
        with_section: whether the metadata get a section of their own, where those who look at a
            library without loading it find them.
    """
    _emit_abi_version(module)
    _emit_metadata(module, metadata, METADATA_SECTION if with_section else "")


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


def internal_function(
    module: ir.Module, name: str, result: ir.Type, *arguments: ir.Type
) -> ir.Function:
    """As :func:`add_function`, one that nobody outside of the module sees."""
    function = add_function(module, name, result, *arguments)
    function.linkage = "internal"
    return function


def emit_entry(function: ir.Function, body: ir.Function) -> None:
    """Emit a function that calls another with its own arguments, and NULL for those it lacks."""
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    missing = len(body.args) - len(function.args)
    builder.ret(builder.call(body, [*function.args, *missing * [NULL]], tail=True))


class StopFlag:
    """Where code looks, again and again, whether it is to stop."""

    def __init__(self, builder: ir.IRBuilder, stop: Value) -> None:
        """
        Args:
            stop: points to an int32_t that another thread may change, or is NULL.
        """
        never = ir.GlobalVariable(builder.module, I32, builder.module.get_unique_name("never"))
        never.linkage = "private"
        never.global_constant = True
        never.initializer = ZERO
        self._word = builder.select(builder.icmp_unsigned("==", stop, NULL), never, stop)

    def is_set(self, builder: ir.IRBuilder) -> Value:
        """Whether it is to stop."""
        word = builder.load_atomic(self._word, "monotonic", 4, typ=I32)
        return builder.icmp_unsigned("!=", word, ZERO)


def _emit_abi_version(module: ir.Module) -> None:
    function = add_function(module, ABI_VERSION_FUNCTION, I32)
    ir.IRBuilder(function.append_basic_block("entry")).ret(ir.Constant(I32, ABI_VERSION))


def _emit_metadata(module: ir.Module, metadata: str, section: str) -> None:
    text = bytearray(metadata.encode("ascii") + b"\0")
    array = ir.ArrayType(ir.IntType(8), len(text))
    document = ir.GlobalVariable(module, array, "metadata")
    document.linkage = "private"
    document.section = section
    document.global_constant = True
    document.initializer = ir.Constant(array, text)
    function = add_function(module, METADATA_FUNCTION, POINTER)
    ir.IRBuilder(function.append_basic_block("entry")).ret(document)
