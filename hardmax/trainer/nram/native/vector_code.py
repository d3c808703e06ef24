"""Writing LLVM IR: vectors with one lane a sample, loops that carry values, tables.

A *row* is a pointer to vectors that lie side by side, one for each value of a distribution or for
each output of a layer. All functions but the exported ones are internal to the module.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir

from hardmax.trainer.nram.native.registers import RegisterFile

Value = Any
"""An LLVM value, or a type: llvmlite has no types of its own for mypy."""

Index = Any
"""An ``int``, or an LLVM value of type i64."""

I32, I64 = ir.IntType(32), ir.IntType(64)
POINTER = ir.PointerType()

STRIPS = (4, 2, 1)
"""Widths of the blocks into which a loop over a row is cut, widest first."""


class Module:
    """One LLVM module in the making.

    Attributes:
        registers: of the processor it is for.
        real: the floating-point type.
        lanes: samples that run side by side.
        vector: of ``lanes`` numbers; ``integers``, of as many i32.
    """

    def __init__(self, registers: RegisterFile, double: bool) -> None:
        self.registers = registers
        self.double = double
        self.real: Value = ir.DoubleType() if double else ir.FloatType()
        self.lanes = registers.lanes(64 if double else 32)
        self.vector: Value = ir.VectorType(self.real, self.lanes)
        self.integers: Value = ir.VectorType(I32, self.lanes)
        self.bytes = registers.bits // 8
        self.ir = ir.Module("soft_nram")
        self._functions: dict[str, Value] = {}
        self._tables: dict[tuple[int, ...], Value] = {}

    def function(
        self,
        name: str,
        parameters: str,
        body: Callable[..., None],
        *,
        exported: bool = False,
    ) -> Value:
        """The function of a name, written when it is asked for the first time.

        Args:
            parameters: a letter each: ``p`` for a pointer, ``i`` for an i64, ``v`` for a vector.
            body: writes it, given a :class:`Code` and the parameters.
        """
        if name not in self._functions:
            types = {"p": POINTER, "i": I64, "v": self.vector}
            signature = ir.FunctionType(ir.VoidType(), [types[letter] for letter in parameters])
            function = ir.Function(self.ir, signature, name)
            function.attributes.add("nounwind")
            if not exported:
                function.linkage = "internal"
                function.attributes.add("noinline")
            self._functions[name] = function
            code = Code(self, function)
            body(code, *function.args)
            code.builder.ret_void()
        return self._functions[name]

    def table(self, values: Sequence[int]) -> Value:
        """A constant array of i64."""
        key = tuple(values)
        if key not in self._tables:
            kind = ir.ArrayType(I64, len(key))
            table = ir.GlobalVariable(self.ir, kind, f"table_{len(self._tables)}")
            table.global_constant = True
            table.linkage = "internal"
            table.initializer = ir.Constant(kind, list(key))
            self._tables[key] = table
        return self._tables[key]


class Code:
    """Writes one function's body, instruction by instruction."""

    def __init__(self, module: Module, function: Value) -> None:
        self.module = module
        self.function = function
        self.builder: Value = ir.IRBuilder(function.append_basic_block("entry"))

    # Numbers and addresses

    def number(self, value: float) -> Value:
        """A vector of one number."""
        return ir.Constant(self.module.vector, [value] * self.module.lanes)

    def integer(self, value: int) -> Value:
        """A vector of one i32."""
        return ir.Constant(self.module.integers, [value] * self.module.lanes)

    def index(self, value: Index) -> Value:
        """An i64."""
        return ir.Constant(I64, value) if isinstance(value, int) else value

    def add(self, a: Index, b: Index) -> Value:
        """a + b, i64."""
        return self.builder.add(self.index(a), self.index(b))

    def subtract(self, a: Index, b: Index) -> Value:
        """a - b, i64."""
        return self.builder.sub(self.index(a), self.index(b))

    def multiply(self, a: Index, b: Index) -> Value:
        """a * b, i64."""
        return self.builder.mul(self.index(a), self.index(b))

    def at(self, row: Value, index: Index) -> Value:
        """The address of a row's vector."""
        return self._address(row, index, self.module.vector)

    def element(self, pointer: Value, index: Index) -> Value:
        """The address of a number."""
        return self._address(pointer, index, self.module.real)

    def _address(self, pointer: Value, index: Index, kind: Value) -> Value:
        return self.builder.gep(pointer, [self.index(index)], source_etype=kind)

    # Memory

    def get(self, row: Value, index: Index = 0) -> Value:
        """A vector of a row."""
        return self.builder.load(
            self.at(row, index), typ=self.module.vector, align=self.module.bytes
        )

    def put(self, row: Value, index: Index, value: Value) -> None:
        """Store a vector of a row."""
        self.builder.store(value, self.at(row, index), align=self.module.bytes)

    def get_integers(self, row: Value, index: Index = 0) -> Value:
        """A vector of i32 of a row of them."""
        address = self._address(row, index, self.module.integers)
        return self.builder.load(address, typ=self.module.integers, align=4)

    def put_integers(self, row: Value, index: Index, value: Value) -> None:
        """Store a vector of i32."""
        self.builder.store(value, self._address(row, index, self.module.integers), align=4)

    def get_unaligned(self, pointer: Value) -> Value:
        """A vector that lies anywhere among numbers."""
        return self.builder.load(pointer, typ=self.module.vector, align=self.number_bytes)

    def put_unaligned(self, pointer: Value, value: Value) -> None:
        """Store a vector anywhere among numbers."""
        self.builder.store(value, pointer, align=self.number_bytes)

    @property
    def number_bytes(self) -> int:
        """Of one number."""
        return self.module.bytes // self.module.lanes

    def get_number(self, pointer: Value, index: Index = 0) -> Value:
        """One number."""
        return self.builder.load(self.element(pointer, index), typ=self.module.real)

    def put_number(self, pointer: Value, index: Index, value: Value) -> None:
        """Store one number."""
        self.builder.store(value, self.element(pointer, index))

    def get_index(self, pointer: Value, index: Index = 0) -> Value:
        """An i64 of an array of them."""
        return self.builder.load(self._address(pointer, index, I64), typ=I64)

    def broadcast(self, pointer: Value, index: Index = 0) -> Value:
        """One number, in every lane."""
        return self.spread(self.get_number(pointer, index))

    def spread(self, number: Value) -> Value:
        """A scalar, in every lane."""
        lanes = self.module.lanes
        kind = ir.VectorType(number.type, lanes)
        first = self.builder.insert_element(
            ir.Constant(kind, ir.Undefined), number, ir.Constant(I32, 0)
        )
        mask = ir.Constant(ir.VectorType(I32, lanes), [0] * lanes)
        return self.builder.shuffle_vector(first, ir.Constant(kind, ir.Undefined), mask)

    def clear(self, row: Value, count: Index) -> None:
        """Set a row to 0."""
        zero = self.number(0.0)
        self.loop(count, lambda i: self.put(row, i, zero))

    def copy(self, source: Value, target: Value, count: Index) -> None:
        """Copy a row."""
        self.loop(count, lambda i: self.put(target, i, self.get(source, i)))

    # Arithmetic on vectors

    def plus(self, a: Value, b: Value) -> Value:
        """a + b."""
        return self.builder.fadd(a, b)

    def minus(self, a: Value, b: Value) -> Value:
        """a - b."""
        return self.builder.fsub(a, b)

    def times(self, a: Value, b: Value) -> Value:
        """a * b."""
        return self.builder.fmul(a, b)

    def over(self, a: Value, b: Value) -> Value:
        """a / b."""
        return self.builder.fdiv(a, b)

    def fma(self, a: Value, b: Value, c: Value) -> Value:
        """a * b + c, in one instruction where the processor has it."""
        return self._intrinsic("llvm.fmuladd", a, b, c)

    def square_root(self, a: Value) -> Value:
        """The square root."""
        return self._intrinsic("llvm.sqrt", a)

    def _intrinsic(self, name: str, *arguments: Value, result: Value | None = None) -> Value:
        """Call an LLVM intrinsic on vectors, which are named after the last argument's type."""
        kind = arguments[-1].type
        element = {I32: "i32", ir.FloatType(): "f32", ir.DoubleType(): "f64"}[kind.element]
        name = f"{name}.v{kind.count}{element}"
        function = self.module.ir.globals.get(name)
        if function is None:
            types = [argument.type for argument in arguments]
            signature = ir.FunctionType(kind if result is None else result, types)
            function = ir.Function(self.module.ir, signature, name)
        return self.builder.call(function, arguments)

    def select(self, condition: Value, a: Value, b: Value) -> Value:
        """Where the condition holds a, else b."""
        return self.builder.select(condition, a, b)

    def compare(self, how: str, a: Value, b: Value) -> Value:
        """Whether ``a how b``, for numbers; false where one is not a number."""
        return self.builder.fcmp_ordered(how, a, b)

    def larger(self, a: Value, b: Value) -> Value:
        """The larger of two."""
        return self.select(self.compare(">", a, b), a, b)

    def smaller(self, a: Value, b: Value) -> Value:
        """The smaller of two."""
        return self.select(self.compare("<", a, b), a, b)

    def reduce(self, operation: str, vector: Value) -> Value:
        """One scalar of all lanes, by the ``llvm.vector.reduce`` intrinsic of an operation."""
        element = vector.type.element
        start = [ir.Constant(element, 0.0)] if operation == "fadd" else []
        name = f"llvm.vector.reduce.{operation}"
        return self._intrinsic(name, *start, vector, result=element)

    # Control

    def loop(
        self,
        stop: Index,
        body: Callable[..., Any],
        carried: Sequence[Value] = (),
        *,
        start: Index = 0,
        step: int = 1,
    ) -> Any:
        """``for i in range(start, stop, step)``, with values carried from pass to pass.

        Args:
            body: given i and the carried values, writes a pass and returns their next values.

        Returns:
            The carried values after the last pass.
        """
        values, _ = self._loop(stop, body, carried, start, step)
        return values

    def _loop(
        self,
        stop: Index,
        body: Callable[..., Any],
        carried: Sequence[Value],
        start: Index,
        step: int,
    ) -> tuple[list[Value], Value]:
        builder = self.builder
        stop = self.index(stop)
        before = builder.block
        head = self.function.append_basic_block("loop")
        inside = self.function.append_basic_block("body")
        after = self.function.append_basic_block("after")
        builder.branch(head)
        builder.position_at_end(head)
        counter = builder.phi(I64)
        counter.add_incoming(self.index(start), before)
        values = []
        for value in carried:
            phi = builder.phi(value.type)
            phi.add_incoming(value, before)
            values.append(phi)
        goes_on = builder.icmp_signed("<" if step > 0 else ">", counter, stop)
        builder.cbranch(goes_on, inside, after)
        builder.position_at_end(inside)
        returned = body(counter, *values)
        following = returned if carried else ()
        next_counter = builder.add(counter, ir.Constant(I64, step))
        for phi, value in zip([counter, *values], [next_counter, *following], strict=True):
            phi.add_incoming(value, builder.block)
        builder.branch(head)
        builder.position_at_end(after)
        return values, counter

    def strips(
        self, count: Index, body: Callable[[Value, int], Any], widths: Sequence[int] = STRIPS
    ) -> None:
        """Cut ``range(count)`` into blocks: ``body`` is given the first of each and its width."""
        start: Index = 0
        for width in widths:
            stop = self.subtract(count, width - 1)

            def strip(i: Value, width: int = width) -> None:
                body(i, width)

            _, start = self._loop(stop, strip, (), start, width)

    def total(self, count: Index, term: Callable[[Value], Value]) -> Value:
        """The sum of ``term(i)`` for i below ``count``, added up in several strands."""
        strands = STRIPS[0]
        zero = self.number(0.0)

        def several(i: Value, *sums: Value) -> list[Value]:
            return [self.plus(sums[k], term(self.add(i, k))) for k in range(strands)]

        sums, rest = self._loop(
            self.subtract(count, strands - 1), several, [zero] * strands, 0, strands
        )
        sums += self.loop(count, lambda i, s: [self.plus(s, term(i))], [zero], start=rest)
        while len(sums) > 1:
            sums = [
                self.plus(*sums[k : k + 2]) if k + 1 < len(sums) else sums[k]
                for k in range(0, len(sums), 2)
            ]
        return sums[0]

    def when(self, condition: Value, body: Callable[[], None]) -> None:
        """Do it if an i1 is set."""
        with self.builder.if_then(condition):
            body()

    def call(self, function: Value, *arguments: Value) -> None:
        """Call a function of the module; an ``int`` is handed over as an i64."""
        self.builder.call(function, [self.index(argument) for argument in arguments])
