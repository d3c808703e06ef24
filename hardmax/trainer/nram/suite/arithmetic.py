"""Arithmetic on numbers 0..M-1, with the machine's own, mod M, and on rows of bits."""

from __future__ import annotations

import math
import random

from hardmax.trainer.nram.suite.layout import array_at, draw, padded


class _OneNumber:
    """``a`` in cell 0, 0..n; the answer takes its place."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        if size < max(n + 2, 4):
            raise ValueError("a number must be below M")
        return padded([rng.randrange(n + 1)], size)

    def steps(self, n: int) -> int:
        return n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        return {0: self.value(memory[0]) % len(memory)}

    def value(self, a: int) -> int:
        raise NotImplementedError


class Square(_OneNumber):
    """a * a mod M: a; cell 0."""

    def value(self, a: int) -> int:
        return a * a


class Triangular(_OneNumber):
    """1 + 2 + ... + a mod M: a; cell 0."""

    def value(self, a: int) -> int:
        return a * (a + 1) // 2


class Factorial(_OneNumber):
    """1 * 2 * ... * a mod M: a; cell 0."""

    def steps(self, n: int) -> int:
        return n * n + 4

    def value(self, a: int) -> int:
        return math.factorial(a)


class Fibonacci(_OneNumber):
    """The Fibonacci number F(a) mod M, F(0) = 0 and F(1) = 1: a; cell 0."""

    def value(self, a: int) -> int:
        earlier, number = 1, 0
        for _ in range(a):
            earlier, number = number, earlier + number
        return number


class Pow2(_OneNumber):
    """2 to the a mod M: a; cell 0."""

    def value(self, a: int) -> int:
        return 1 << a


class Parity(_OneNumber):
    """a mod 2: a; cell 0."""

    def value(self, a: int) -> int:
        return a & 1


class Halve(_OneNumber):
    """a // 2: a; cell 0."""

    def value(self, a: int) -> int:
        return a >> 1


class Isqrt(_OneNumber):
    """The whole part of the square root of a: a; cell 0."""

    def value(self, a: int) -> int:
        return math.isqrt(a)


class AbsDiff:
    """|a - b|: a, b; cell 0."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        if size < n + 3:
            raise ValueError("the values are of no more than n + 3 kinds")
        return padded(draw(rng, 2, 0, size), size)

    def steps(self, n: int) -> int:
        return 4

    def solve(self, memory: list[int]) -> dict[int, int]:
        return {0: abs(memory[0] - memory[1])}


class _TwoNumbers:
    """``a, b`` in cells 0 and 1, both 1..n; the answer takes the place of a."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        if size < n + 3:
            raise ValueError("a number must be below M")
        return padded(draw(rng, 2, 1, n + 1), size)

    def steps(self, n: int) -> int:
        return n + 4

    def solve(self, memory: list[int]) -> dict[int, int]:
        return {0: self.value(memory[0], memory[1]) % len(memory)}

    def value(self, a: int, b: int) -> int:
        raise NotImplementedError


class Mul(_TwoNumbers):
    """a * b mod M: a, b; cell 0."""

    def value(self, a: int, b: int) -> int:
        return a * b


class Mod(_TwoNumbers):
    """a mod b: a, b; cell 0."""

    def value(self, a: int, b: int) -> int:
        return a % b


class Div(_TwoNumbers):
    """a // b: a, b; cell 0."""

    def value(self, a: int, b: int) -> int:
        return a // b


class Gcd(_TwoNumbers):
    """The greatest common divisor: a, b; cell 0."""

    def steps(self, n: int) -> int:
        return 2 * n + 4

    def value(self, a: int, b: int) -> int:
        return math.gcd(a, b)


class ParityBits:
    """The parity of the number of 1s among bits: n, bits; cell 0."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        return padded([n, *draw(rng, n, 0, 2)], size)

    def steps(self, n: int) -> int:
        return n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        return {0: memory[1 : memory[0] + 1].count(1) % 2}


class BinaryIncrement:
    """Add 1 to a binary number, lowest bit first, of which a bit is 0: bits."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        if size < max(n, 2):
            raise ValueError("a bit must be below M")
        ones = rng.randrange(n)
        return padded([*[1] * ones, 0, *draw(rng, n - ones - 1, 0, 2)], size)

    def steps(self, n: int) -> int:
        return n + 2

    def solve(self, memory: list[int]) -> dict[int, int]:
        number = 1 + sum(bit << i for i, bit in enumerate(memory))
        return {i: number >> i & 1 for i in range(number.bit_length())}


class BinaryAdd:
    """Add binary numbers into the first: p, pairs of bits; lowest last, at p-1 and p; no carry."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        return padded([2 * n, *draw(rng, 2 * n, 0, 2)], size)

    def steps(self, n: int) -> int:
        return 2 * n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        end = memory[0] + 1
        number = sum(memory[cell] << (end - 1 - cell) // 2 for cell in range(1, end))
        return {cell: number >> (end - 2 - cell) // 2 & 1 for cell in range(1, end, 2)}


class Rpn:
    """The value, mod M, of a postfix expression: out, tokens, 0; 1 is +, 2 is -, v > 2 is v - 3."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        tokens: list[int] = []
        depth = left = 0
        while left < n or depth > 1:
            if left < n and (depth < 2 or rng.random() < 0.5):
                tokens.append(rng.randrange(3, size))
                depth, left = depth + 1, left + 1
            else:
                tokens.append(rng.randrange(1, 3))
                depth -= 1
        return padded([0, *tokens, 0, *[0] * n], size)

    def steps(self, n: int) -> int:
        return 4 * n + 4

    def solve(self, memory: list[int]) -> dict[int, int]:
        stack: list[int] = []
        for token in array_at(memory, 1):
            if token > 2:
                stack.append(token - 3)
            else:
                b, a = stack.pop(), stack.pop()
                stack.append(a + b if token == 1 else a - b)
        return {0: stack[0] % len(memory)}


class Brackets:
    """Whether brackets, 1 open and 2 closed, are balanced (1) or not (0): out, A, 0."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        brackets: list[int] = []
        depth = 0
        for left in range(2 * n, 0, -1):
            opens = depth == 0 or (depth < left and rng.random() < 0.5)
            brackets.append(1 if opens else 2)
            depth += 1 if opens else -1
        if rng.random() < 0.5:
            i, j = rng.randrange(2 * n), rng.randrange(2 * n)
            brackets[i], brackets[j] = brackets[j], brackets[i]
        if rng.random() < 0.2:
            brackets[rng.randrange(2 * n)] = rng.randrange(1, 3)
        return padded([0, *brackets, 0], size)

    def steps(self, n: int) -> int:
        return 2 * n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        depth = 0
        for bracket in array_at(memory, 1):
            depth += 1 if bracket == 1 else -1
            if depth < 0:
                return {0: 0}
        return {0: int(depth == 0)}


class BracketDepth:
    """How deep balanced brackets, 1 open and 2 closed, are nested: out, A, 0."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        brackets: list[int] = []
        depth = 0
        for left in range(2 * n, 0, -1):
            opens = depth == 0 or (depth < left and rng.random() < 0.5)
            brackets.append(1 if opens else 2)
            depth += 1 if opens else -1
        return padded([0, *brackets, 0], size)

    def steps(self, n: int) -> int:
        return 2 * n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        brackets = array_at(memory, 1)
        return {0: max(2 * brackets[: i + 1].count(1) - (i + 1) for i in range(len(brackets)))}
