"""What instructions of LLVM IR do, as z3 terms: runs of a function on any memory, path by path.

A value that LLVM calls poison has a condition under which it is. To go on by it, to use it as an
address, to store or to return it is undefined behaviour, as is to touch what is no cell of the
memory: it has to be shown that none of this happens.

An address is a base and the number of a cell, of 64 bits: pointers are never integers here. The
bases ``memory`` and ``steps_out`` are taken to be apart from each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import z3

from hardmax.validation.gates import Word
from hardmax.validation.ir import (
    Block,
    Constant,
    Function,
    Global,
    Instruction,
    Local,
    Operand,
    Range,
    Undefined,
    promises,
)

CELL_BYTES = 4
"""A cell is an i32."""

MEMORY, STEPS_OUT, NULL = "memory", "steps_out", "null"
"""Bases of addresses; others are allocated by the function, or global."""

TRUE, FALSE = z3.BoolVal(True), z3.BoolVal(False)


class NotCoveredError(Exception):
    """The code uses what is given no meaning here."""


class UndefinedBehaviourError(Exception):
    """It was not shown that the code stays within what LLVM defines."""


@dataclass(frozen=True)
class Address:
    """A cell behind a pointer."""

    base: str
    index: Word


Number: TypeAlias = z3.BitVecRef | z3.BoolRef
"""An integer, i1 as Bool."""

Term: TypeAlias = Number | Address
"""An integer or a pointer."""


@dataclass(frozen=True)
class Value:
    """A term, and when it is poison."""

    term: Term
    poison: z3.BoolRef = FALSE


Environment = Mapping[Local, Value]


@dataclass(frozen=True)
class Store:
    """What code has written.

    Attributes:
        memory: the cells.
        slots: by base, what else the function has allocated, a value each.
        steps: what was stored as the number of timesteps; None before.
    """

    memory: z3.ArrayRef
    slots: Mapping[str, Value]
    steps: Word | None = None


@dataclass(frozen=True)
class Arrival:
    """A path has come to a block at which paths are cut; ``came_from`` is the block before."""

    function: Function
    block: str
    environment: Environment
    store: Store


@dataclass(frozen=True)
class Return:
    """A path has come to the end of the run."""

    value: Word
    store: Store


def symbol(name: str, type_: str) -> Number:
    """A value of a type of integers of which nothing is known."""
    bits = bits_of(type_)
    return z3.Bool(name) if bits == 1 else z3.BitVec(name, bits)


def bits_of(type_: str) -> int:
    """The bits of a type of integers.

    Raises:
        NotCoveredError: it is another.
    """
    match = re.fullmatch(r"i(\d+)", type_)
    if match is None:
        raise NotCoveredError(f"values of type {type_}")
    return int(match[1])


def number_of(term: Term) -> Number:
    """A term that is no pointer.

    Raises:
        NotCoveredError: it is one.
    """
    if isinstance(term, Address):
        raise NotCoveredError("arithmetic with pointers")
    return term


def either(*conditions: z3.BoolRef) -> z3.BoolRef:
    """Or, without those that are plainly false."""
    left = [condition for condition in conditions if not z3.is_false(condition)]
    if not left:
        return FALSE
    return left[0] if len(left) == 1 else z3.Or(*left)


_COMPARE: dict[str, Callable[[Word, Word], z3.BoolRef]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "ult": z3.ULT,
    "ule": z3.ULE,
    "ugt": z3.UGT,
    "uge": z3.UGE,
    "slt": lambda a, b: a < b,
    "sle": lambda a, b: a <= b,
    "sgt": lambda a, b: a > b,
    "sge": lambda a, b: a >= b,
}

_ON_BITS: dict[str, Callable[[z3.BoolRef, z3.BoolRef], z3.BoolRef]] = {
    "and": z3.And,
    "or": z3.Or,
    "xor": z3.Xor,
}

_ON_WORDS: dict[str, Callable[[Word, Word], Word]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
    "shl": lambda a, b: a << b,
    "lshr": z3.LShR,
    "ashr": lambda a, b: a >> b,
}

_KEEPS: dict[tuple[str, str], Callable[[Word, Word], z3.BoolRef]] = {
    ("add", "nuw"): lambda a, b: z3.UGE(a + b, a),
    ("add", "nsw"): lambda a, b: z3.And(z3.BVAddNoOverflow(a, b, True), z3.BVAddNoUnderflow(a, b)),
    ("sub", "nuw"): z3.UGE,
    ("sub", "nsw"): lambda a, b: z3.And(z3.BVSubNoOverflow(a, b), z3.BVSubNoUnderflow(a, b, True)),
    ("mul", "nuw"): lambda a, b: z3.BVMulNoOverflow(a, b, False),
    ("mul", "nsw"): lambda a, b: z3.And(z3.BVMulNoOverflow(a, b, True), z3.BVMulNoUnderflow(a, b)),
    ("shl", "nuw"): lambda a, b: z3.LShR(a << b, b) == a,
    ("shl", "nsw"): lambda a, b: (a << b) >> b == a,
    ("lshr", "exact"): lambda a, b: z3.LShR(a, b) << b == a,
    ("ashr", "exact"): lambda a, b: (a >> b) << b == a,
    ("or", "disjoint"): lambda a, b: a & b == 0,
}
"""What a flag promises: where it does not hold, the value is poison."""

_FUNCTIONS: dict[str, Callable[[Word, Word], Word]] = {
    "llvm.umin": lambda a, b: z3.If(z3.ULT(a, b), a, b),
    "llvm.umax": lambda a, b: z3.If(z3.ULT(a, b), b, a),
    "llvm.smin": lambda a, b: z3.If(a < b, a, b),
    "llvm.smax": lambda a, b: z3.If(a < b, b, a),
    "llvm.usub.sat": lambda a, b: z3.If(z3.ULT(a, b), z3.BitVecVal(0, a.size()), a - b),
}

PURE = frozenset({*_ON_WORDS, "icmp", "select", "zext", "sext", "trunc", "getelementptr"})
"""Opcodes of instructions whose value follows from their operands alone."""


class Meaning:
    """What pure instructions do.

    Attributes:
        size: the number of cells of ``memory``, of 32 bits.
        is_null: by base, whether that pointer is null.
    """

    def __init__(self, size: Word, is_null: Mapping[str, z3.BoolRef]) -> None:
        self.size = size
        self.is_null = is_null

    def operand(self, operand: Operand, environment: Environment) -> Value:
        """The value of an operand."""
        match operand:
            case Local():
                return environment[operand]
            case Constant(_, 0):
                return Value(Address(NULL, z3.BitVecVal(0, 64)))
            case Constant(value, 1):
                return Value(z3.BoolVal(bool(value)))
            case Constant(value, bits):
                return Value(z3.BitVecVal(value, bits))
            case Global(name):
                return Value(Address(f"@{name}", z3.BitVecVal(0, 64)))
            case Undefined():
                raise NotCoveredError("an undefined value")
            case _:
                raise NotCoveredError(f"the constant {operand.text:.60}")

    def value(self, instruction: Instruction, operands: list[Value]) -> Value:
        """The value that a pure instruction gives."""
        poison = either(*(operand.poison for operand in operands))
        terms = [operand.term for operand in operands]
        words = instruction.words
        match instruction.opcode:
            case "icmp":
                return self._comparison(words, terms, poison)
            case "select":
                return self._selection(operands)
            case "getelementptr":
                return self._element(instruction, terms, poison)
            case "zext" | "sext" | "trunc":
                return self._resized(instruction, terms[0], poison)
        a, b = map(number_of, terms)
        opcode = instruction.opcode
        if z3.is_bool(a):
            if opcode not in _ON_BITS:
                raise NotCoveredError(instruction.text)
            if "disjoint" in words:
                poison = either(poison, z3.And(a, b))
            return Value(_ON_BITS[opcode](a, b), poison)
        for flag in words[1:-1]:
            if (opcode, flag) not in _KEEPS:
                raise NotCoveredError(instruction.text)
            poison = either(poison, z3.Not(_KEEPS[opcode, flag](a, b)))
        if opcode in ("shl", "lshr", "ashr"):
            poison = either(poison, z3.simplify(z3.UGE(b, b.size())))
        return Value(z3.simplify(_ON_WORDS[opcode](a, b)), poison)

    def _comparison(self, words: list[str], terms: list[Term], poison: z3.BoolRef) -> Value:
        a, b = terms
        predicate = words[-2]
        if isinstance(a, Address) and isinstance(b, Address):
            if NULL not in (a.base, b.base) or predicate not in ("eq", "ne"):
                raise NotCoveredError("a comparison of two pointers")
            pointer = b if a.base == NULL else a
            if pointer.base != NULL and not _is_number(pointer.index, 0):
                raise NotCoveredError("a comparison of an address in an array with null")
            null = TRUE if pointer.base == NULL else self.is_null.get(pointer.base, FALSE)
            return Value(null if predicate == "eq" else z3.simplify(z3.Not(null)), poison)
        a, b = number_of(a), number_of(b)
        if z3.is_bool(a):
            if predicate not in ("eq", "ne"):
                raise NotCoveredError("an order of bits")
            return Value(z3.simplify(_COMPARE[predicate](a, b)), poison)
        if "samesign" in words:
            poison = either(poison, (a < 0) != (b < 0))
        return Value(z3.simplify(_COMPARE[predicate](a, b)), poison)

    def _selection(self, operands: list[Value]) -> Value:
        condition, yes, no = operands
        if z3.is_true(condition.term):
            return yes
        if z3.is_false(condition.term):
            return no
        poison = either(condition.poison)
        if not (z3.is_false(yes.poison) and z3.is_false(no.poison)):
            poison = either(poison, z3.If(condition.term, yes.poison, no.poison))
        a, b = yes.term, no.term
        if isinstance(a, Address) and isinstance(b, Address):
            if a.base != b.base:
                raise NotCoveredError("a choice between two pointers")
            return Value(Address(a.base, z3.If(condition.term, a.index, b.index)), poison)
        return Value(z3.simplify(z3.If(condition.term, a, b)), poison)

    def _element(self, instruction: Instruction, terms: list[Term], poison: z3.BoolRef) -> Value:
        match = re.search(r"getelementptr ([a-z ]*)(i8|i32), ptr ", instruction.text)
        address, *indices = terms
        if match is None or len(indices) != 1 or not isinstance(address, Address):
            raise NotCoveredError(instruction.text)
        flags, element = match[1].split(), match[2]
        index = number_of(indices[0])
        if index.size() != 64:
            raise NotCoveredError(instruction.text)
        if element == "i8":
            index = z3.simplify(index)
            if not z3.is_bv_value(index) or index.as_signed_long() % CELL_BYTES != 0:
                raise NotCoveredError(instruction.text)
            index = z3.BitVecVal(index.as_signed_long() // CELL_BYTES, 64)
        there = z3.simplify(address.index + index)
        if flags:
            # Inside the memory, or just behind it, nothing has wrapped around either.
            if address.base != MEMORY:
                raise NotCoveredError(instruction.text)
            inside = z3.ULE(there, z3.ZeroExt(32, self.size))
            if "nuw" in flags:
                inside = z3.And(inside, z3.UGE(there, address.index))
            poison = either(poison, z3.Not(inside))
        return Value(Address(address.base, there), poison)

    def _resized(self, instruction: Instruction, term: Term, poison: z3.BoolRef) -> Value:
        bits, opcode = bits_of(instruction.type), instruction.opcode
        words = instruction.words
        term = number_of(term)
        if z3.is_bool(term):
            one = 1 if opcode == "zext" else -1
            return Value(z3.If(term, z3.BitVecVal(one, bits), z3.BitVecVal(0, bits)), poison)
        if opcode == "trunc":
            small = z3.Extract(bits - 1, 0, term)
            gone = term.size() - bits
            if "nuw" in words:
                poison = either(poison, z3.ZeroExt(gone, small) != term)
            if "nsw" in words:
                poison = either(poison, z3.SignExt(gone, small) != term)
            return Value(z3.simplify(small if bits > 1 else small == 1), poison)
        if "nneg" in words:
            poison = either(poison, term < 0)
        extend = z3.ZeroExt if opcode == "zext" else z3.SignExt
        return Value(z3.simplify(extend(bits - term.size(), term)), poison)


def _is_number(term: Word, value: int) -> bool:
    return bool(z3.is_bv_value(term)) and bool(term.as_long() == value)


class Execution:
    """Runs code from one cut to the next, on every path that can be taken."""

    def __init__(
        self,
        functions: Mapping[str, Function],
        cuts: Mapping[str, frozenset[str]],
        meaning: Meaning,
        solver: z3.Solver,
        possible: Callable[[z3.BoolRef], bool],
    ) -> None:
        """
        Args:
            functions: those that may be called, and that all return what the one called first does.
            cuts: of each, the blocks at which paths end.
            solver: knows what holds where a path begins; while a path is handed out, also what
                holds on it.
            possible: whether something may hold together with what the solver knows.
        """
        self.functions = functions
        self.cuts = cuts
        self.meaning = meaning
        self.solver = solver
        self._possible = possible
        self._made = 0

    def paths(
        self, function: Function, block: str, environment: Environment, store: Store
    ) -> Iterator[Arrival | Return]:
        """The ends of all paths that begin in a block, its phis being in the environment."""
        yield from self._body(function, function.blocks[block], dict(environment), store)

    def _enter(
        self,
        function: Function,
        came_from: str,
        label: str,
        environment: dict[Local, Value],
        store: Store,
    ) -> Iterator[Arrival | Return]:
        block = function.blocks[label]
        values = {
            Local(phi.name): self.meaning.operand(
                phi.operands[phi.labels.index(came_from)], environment
            )
            for phi in block.phis
        }
        entered = {**environment, **values}
        if label in self.cuts[function.name]:
            yield Arrival(function, label, entered, store)
        else:
            yield from self._body(function, block, entered, store)

    def _body(
        self, function: Function, block: Block, environment: dict[Local, Value], store: Store
    ) -> Iterator[Arrival | Return]:
        for instruction in block.body[:-1]:
            operands = (
                []
                if instruction.opcode == "alloca"
                else [self.meaning.operand(o, environment) for o in instruction.operands]
            )
            if instruction.opcode in PURE:
                environment[Local(instruction.name)] = self.meaning.value(instruction, operands)
            elif instruction.opcode == "alloca":
                base = f"{function.name}.{instruction.name}"
                environment[Local(instruction.name)] = Value(Address(base, z3.BitVecVal(0, 64)))
            elif instruction.opcode == "load":
                environment[Local(instruction.name)] = self._load(instruction, operands[0], store)
            elif instruction.opcode == "store":
                store = self._stored(instruction, operands, store)
            elif instruction.opcode == "freeze":
                environment[Local(instruction.name)] = self._frozen(instruction, operands[0])
            elif instruction.opcode == "call":
                callee = instruction.operands[-1]
                assert isinstance(callee, Global)
                if callee.name in self.functions:
                    yield from self._tail_call(function, block, instruction, operands, store)
                    return
                environment[Local(instruction.name)] = self._called(
                    instruction, callee.name, operands
                )
            else:
                raise NotCoveredError(instruction.text)
        last = block.body[-1]
        operands = [self.meaning.operand(o, environment) for o in last.operands]
        match last.opcode:
            case "ret":
                (result,) = operands
                self.require(z3.Not(result.poison), last)
                for each in self.functions.values():
                    if "" in each.promised:
                        self.require(_in_range(result.term, each.promised[""]), last)
                yield Return(result.term, store)
            case "unreachable":
                self.require(FALSE, last)
            case "br" | "switch":
                for condition, label in self._ways(last, operands):
                    self.solver.push()
                    self.solver.add(condition)
                    if z3.is_true(condition) or self._possible(TRUE):
                        yield from self._enter(function, block.name, label, environment, store)
                    self.solver.pop()
            case _:
                raise NotCoveredError(last.text)

    def _ways(self, last: Instruction, operands: list[Value]) -> list[tuple[z3.BoolRef, str]]:
        """Where a terminator may lead, and when."""
        if not operands:
            return [(TRUE, last.labels[0])]
        (chosen,) = operands
        self.require(z3.Not(chosen.poison), last)
        term = chosen.term
        if last.opcode == "br":
            yes, no = last.labels
            ways = [(term, yes), (z3.Not(term), no)]
        else:
            labels: dict[str, list[z3.BoolRef]] = {}
            for case, label in zip(last.cases, last.labels[1:], strict=True):
                labels.setdefault(label, []).append(term == case)
            ways = [(z3.Or(*conditions), label) for label, conditions in labels.items()]
            none = z3.And(*(term != case for case in last.cases))
            ways.append((none, last.labels[0]))
        simple = [(z3.simplify(condition), label) for condition, label in ways]
        return [(condition, label) for condition, label in simple if not z3.is_false(condition)]

    def require(self, condition: z3.BoolRef, instruction: Instruction) -> None:
        """Show that something holds here, and know it from now on.

        Raises:
            UndefinedBehaviourError: it was not shown.
        """
        condition = z3.simplify(condition)
        if z3.is_true(condition):
            return
        if self._possible(z3.Not(condition)):
            raise UndefinedBehaviourError(f"may be undefined: {instruction.text:.100}")
        self.solver.add(condition)

    def _cell(self, instruction: Instruction, address: Value) -> Word:
        """The address of a cell of the memory, shown to be one, of 32 bits."""
        pointer = address.term
        assert isinstance(pointer, Address)
        self.require(z3.Not(address.poison), instruction)
        self.require(z3.Not(self.meaning.is_null[MEMORY]), instruction)
        self.require(z3.ULT(pointer.index, z3.ZeroExt(32, self.meaning.size)), instruction)
        return z3.simplify(z3.Extract(31, 0, pointer.index))

    def _load(self, instruction: Instruction, address: Value, store: Store) -> Value:
        pointer = address.term
        assert isinstance(pointer, Address)
        if "!" in instruction.text.replace("!tbaa", "").replace("!prof", ""):
            raise NotCoveredError(instruction.text)
        if pointer.base in store.slots:
            return store.slots[pointer.base]
        if pointer.base == NULL:
            self.require(FALSE, instruction)
        if pointer.base != MEMORY or instruction.type != "i32" or "atomic" in instruction.words:
            raise NotCoveredError(instruction.text)
        return Value(z3.simplify(store.memory[self._cell(instruction, address)]))

    def _stored(self, instruction: Instruction, operands: list[Value], store: Store) -> Store:
        value, address = operands
        pointer = address.term
        assert isinstance(pointer, Address)
        number = number_of(value.term)
        if z3.is_bool(number):
            raise NotCoveredError(instruction.text)
        if pointer.base == MEMORY and number.size() == 32:
            self.require(z3.Not(value.poison), instruction)
            cell = self._cell(instruction, address)
            return replace(store, memory=z3.Store(store.memory, cell, number))
        if not _is_number(pointer.index, 0):
            raise NotCoveredError(instruction.text)
        if pointer.base == STEPS_OUT and number.size() == 64:
            self.require(z3.Not(either(value.poison, address.poison)), instruction)
            self.require(z3.Not(self.meaning.is_null[STEPS_OUT]), instruction)
            return replace(store, steps=number)
        if "." not in pointer.base:
            raise NotCoveredError(instruction.text)
        return replace(store, slots={**store.slots, pointer.base: value})

    def _frozen(self, instruction: Instruction, operand: Value) -> Value:
        if z3.is_false(operand.poison) or isinstance(operand.term, Address):
            return Value(operand.term)
        self._made += 1
        other = symbol(f"frozen {self._made}", instruction.type)
        return Value(z3.If(operand.poison, other, operand.term))

    def _called(self, instruction: Instruction, name: str, operands: list[Value]) -> Value:
        meaning = _FUNCTIONS.get(name.rpartition(".")[0])
        if meaning is None:
            raise NotCoveredError(instruction.text)
        a, b, _ = operands
        return Value(z3.simplify(meaning(a.term, b.term)), either(a.poison, b.poison))

    def _tail_call(
        self,
        function: Function,
        block: Block,
        instruction: Instruction,
        operands: list[Value],
        store: Store,
    ) -> Iterator[Arrival | Return]:
        """Go on in another function, whose result is this one's."""
        if not _only_returns(function, block, instruction):
            raise NotCoveredError(f"a call after which more is done: {instruction.text:.60}")
        callee = instruction.operands[-1]
        assert isinstance(callee, Global)
        called = self.functions[callee.name]
        environment = {
            Local(name): value for name, value in zip(called.parameters, operands, strict=False)
        }
        for name, value in zip(called.parameters, operands, strict=False):
            self.require(z3.Not(value.poison), instruction)
            if name in called.promised:
                self.require(_in_range(value.term, called.promised[name]), instruction)
        if promises(instruction.text):
            raise NotCoveredError(instruction.text)
        yield from self._body(called, called.blocks[called.entry], environment, store)


def _in_range(term: Term, promised: Range) -> z3.BoolRef:
    """Whether a value is what a promise says."""
    low, high = (z3.BitVecVal(end, promised.bits) for end in (promised.low, promised.high))
    inside: z3.BoolRef = z3.ULT(term - low, high - low)
    return inside


def _only_returns(function: Function, block: Block, instruction: Instruction) -> bool:
    """Whether after a call nothing is done but to return its value."""
    value: Operand = Local(instruction.name)
    rest = list(block.body[block.body.index(instruction) + 1 :])
    came_from = block.name
    while len(rest) == 1 and rest[0].opcode == "br" and len(rest[0].labels) == 1:
        following = function.blocks[rest[0].labels[0]]
        for phi in following.phis:
            if phi.operands[phi.labels.index(came_from)] == value:
                value = Local(phi.name)
        came_from, rest = following.name, list(following.body)
    return len(rest) == 1 and rest[0].opcode == "ret" and rest[0].operands == (value,)
