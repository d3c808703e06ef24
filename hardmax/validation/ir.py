"""Emitted LLVM IR as data: functions of blocks of instructions, every value with a name.

LLVM's own parser reads the text. What follows from LLVM's types is kept, what is only for its
optimizer (weights of branches, attributes of functions) is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from llvmlite import binding

from hardmax.runtime.errors import HardmaxError

_CONSTANTS = ("true", "false", "null", "undef", "poison")
"""Words that are values."""


@dataclass(frozen=True)
class Local:
    """A value by its name: a parameter or what an instruction gives."""

    name: str


@dataclass(frozen=True)
class Constant:
    """An integer of ``bits`` bits, unsigned; or a pointer, null, where ``bits`` is 0."""

    value: int
    bits: int


@dataclass(frozen=True)
class Global:
    """The address of a function or of a global variable."""

    name: str


@dataclass(frozen=True)
class Undefined:
    """``undef`` or ``poison``."""


@dataclass(frozen=True)
class Other:
    """A constant of another kind, such as a vector."""

    text: str


Operand = Local | Constant | Global | Undefined | Other


@dataclass(frozen=True)
class Instruction:
    """One instruction.

    Attributes:
        name: of the value that it gives; empty where it gives none.
        opcode: LLVM's word.
        type: of the value, LLVM's word.
        operands: values, labels left out; of a phi as many as ``labels``, in the same order; of a
            call the function is the last.
        labels: blocks that it goes to, of a phi comes from. A branch that has a condition goes to
            the first where it is true; a switch goes to the first where no case is right.
        cases: of a switch, the values that lead to the other labels.
        text: as LLVM prints it, with flags and types.
    """

    name: str
    opcode: str
    type: str
    operands: tuple[Operand, ...]
    labels: tuple[str, ...]
    cases: tuple[int, ...]
    text: str

    @property
    def words(self) -> list[str]:
        """Opcode, flags, predicate and types: what stands before the first value."""
        after = self.text.split(" = ", 1)[1] if self.name else self.text
        words = re.split(r"[%@(\[]", after, maxsplit=1)[0].replace(",", " ").split()
        return [word for word in words if word[0].isalpha() and word not in _CONSTANTS]


@dataclass(frozen=True)
class Block:
    """A basic block: phis first, the terminator last."""

    name: str
    phis: tuple[Instruction, ...]
    body: tuple[Instruction, ...]

    @property
    def successors(self) -> tuple[str, ...]:
        """The blocks that may follow."""
        return self.body[-1].labels


@dataclass(frozen=True)
class Range:
    """A promise about integers: low..high-1, which wraps around where high is not above low."""

    bits: int
    low: int
    high: int


@dataclass(frozen=True)
class Function:
    """A function with a body; its first block is where it starts.

    Attributes:
        parameters: names in order.
        head: its first line, as LLVM prints it.
    """

    name: str
    parameters: tuple[str, ...]
    head: str
    blocks: Mapping[str, Block]

    @cached_property
    def promised(self) -> dict[str, Range]:
        """What is promised of parameters, by name, and of the result, by the empty name.

        Raises:
            HardmaxError: as :func:`promises`.
        """
        return promises(self.head)

    @property
    def entry(self) -> str:
        """The name of the first block."""
        return next(iter(self.blocks))


def read_functions(text: str) -> dict[str, Function]:
    """The functions that a module defines, by name.

    Raises:
        HardmaxError: the text is no LLVM IR.
    """
    try:
        module = binding.parse_assembly(text)
        module.verify()
    except RuntimeError as error:
        raise HardmaxError(f"expected LLVM IR: {error}") from None
    target = binding.Target.from_default_triple().create_target_machine()
    builder = binding.create_pass_builder(target, binding.create_pipeline_tuning_options())
    naming = binding.create_new_module_pass_manager()
    naming.add_instruction_namer_pass()
    naming.run(module, builder)
    return {
        function.name: Function(
            function.name,
            tuple(parameter.name for parameter in function.arguments),
            str(function).split(" {\n", 1)[0].rpartition("\n")[2],
            {block.name: _block(block) for block in function.blocks},
        )
        for function in module.functions
        if not function.is_declaration
    }


_RANGE = r"range\(i(\d+) (-?\d+), (-?\d+)\)"


def promises(text: str) -> dict[str, Range]:
    """What the head of a function, or a call, promises of its arguments and of its result.

    Raises:
        HardmaxError: it promises something else of which a violation would be undefined behaviour.
    """
    unknown = re.search(r"\b(nonnull|dereferenceable\w*|noalias|nofpclass)\b", text)
    before, _, after = text.partition("@")
    results = re.findall(_RANGE, before)
    arguments = re.findall(_RANGE + r" %([-\w.$]+)", after)
    if unknown is not None or len(results) + len(arguments) != text.count("range("):
        raise HardmaxError(f"not covered: the attributes of {text:.100}")
    found = [*((*result, "") for result in results), *arguments]
    return {name: Range(int(bits), int(low), int(high)) for bits, low, high, name in found}


def _block(block: Any) -> Block:
    instructions = [_instruction(instruction) for instruction in block.instructions]
    phis = tuple(i for i in instructions if i.opcode == "phi")
    return Block(block.name, phis, tuple(instructions[len(phis) :]))


def _instruction(instruction: Any) -> Instruction:
    text = " ".join(str(instruction).split())
    operands, labels = [], []
    for operand in instruction.operands:
        if str(operand.type) == "label":
            labels.append(operand.name)
        else:
            operands.append(_operand(operand))
    opcode = instruction.opcode
    cases: tuple[int, ...] = ()
    if opcode == "br":
        labels.reverse()  # LLVM keeps the block for false first
    elif opcode == "phi":
        labels = [block.name for block in instruction.incoming_blocks]
    elif opcode == "switch":
        cases = tuple(map(int, re.findall(r" i\d+ (-?\d+), label ", text.split("[", 1)[1])))
    return Instruction(
        instruction.name,
        opcode,
        str(instruction.type),
        tuple(operands),
        tuple(labels),
        cases,
        text,
    )


def _operand(operand: Any) -> Operand:
    kind = operand.value_kind
    if kind is binding.ValueKind.constant_int:
        bits = int(str(operand.type).removeprefix("i"))
        return Constant(int(operand.get_constant_value()) % (1 << bits), bits)
    if kind is binding.ValueKind.constant_pointer_null:
        return Constant(0, 0)
    if kind in (binding.ValueKind.undef_value, binding.ValueKind.poison_value):
        return Undefined()
    if kind in (binding.ValueKind.function, binding.ValueKind.global_variable):
        return Global(operand.name)
    if kind in (binding.ValueKind.argument, binding.ValueKind.instruction):
        return Local(operand.name)
    return Other(" ".join(str(operand).split()))


def back_edges(function: Function) -> Iterator[tuple[str, str]]:
    """The edges of a depth-first search that lead to a block it has not left yet."""
    entered: set[str] = set()
    left: set[str] = set()
    stack: list[tuple[str, Iterator[str]]] = []

    def enter(block: str) -> None:
        entered.add(block)
        stack.append((block, iter(function.blocks[block].successors)))

    enter(function.entry)
    while stack:
        block, successors = stack[-1]
        successor = next(successors, None)
        if successor is None:
            left.add(block)
            stack.pop()
        elif successor not in entered:
            enter(successor)
        elif successor not in left:
            yield block, successor
