"""The 62 tasks of MIPS (Michaud et al. 2024, arXiv:2402.05110), which map a sequence to a sequence.

Each output depends on the inputs so far. Here they are arrays in which every input x[t] is replaced
by its output y[t], in one of these encodings:

``down``
    n, x[n], ..., x[1]: time runs down to cell 1.
``up``
    p, k zeros, x[1], ..., x[n]: time runs up to cell p; what lies before the sequence counts as 0.
``pairs``
    2n, a[n], b[n], ..., a[1], b[1]: two sequences, interleaved; a[t] is replaced.
``forward``
    n, x[1], ..., x[n]: time runs up from cell 1.
``forward pairs``
    2n, a[1], b[1], ..., a[n], b[n]: two sequences, interleaved; a[t] is replaced.
``forward, c``, ``forward pairs, c``
    The same behind a constant c of the task in cell 0: 3 and more are no constants of the machine.
    A network has them in its weights.
``beside``
    x[1], 2, x[2], 2, ..., x[n], 2: time runs up from cell 0; the 2 behind x[t] is replaced by y[t].
    A 0 there ends the sequence.
``backward, c``
    c, n, x[n], ..., x[1], and 2c zeros or more: time runs down to cell 2; what lies before the
    sequence counts as 0.
``forward window, c``
    c, n, c zeros, x[1], ..., x[n]: time runs up from cell c + 2; y[t] is put where x[t - c] was,
    which is not needed from then on.

Numbers are mod M, so that -1 is M-1. The sequences of the paper have ten elements; here n. Numbers
are drawn from 0..M-1 where theirs are from ranges such as 0..99 that mean nothing but "a number".
"""

from __future__ import annotations

import random
from collections import Counter
from itertools import accumulate, pairwise

from hardmax.trainer.nram.suite.layout import draw, padded

BIT = 2
"""The values of a bit are below it."""


class _Down:
    """``n, x[n], ..., x[1]``."""

    values: int | None = None  # below it; None for all numbers of the memory

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        if size < self.fewest_cells():
            raise ValueError("the values, and what is computed from them, must be below M")
        return padded(self.laid_out(self.inputs(rng, n, size)), size)

    def inputs(self, rng: random.Random, n: int, size: int) -> list[int]:
        """The sequence, as it lies in memory."""
        return draw(rng, n, 0, self.values or size)

    def laid_out(self, x: list[int]) -> list[int]:
        """The memory up to where only zeros follow."""
        return [len(x), *x]

    def fewest_cells(self) -> int:
        return 2 * (self.values or 2)

    def steps(self, n: int) -> int:
        return n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        n = memory[0]
        answers = self.outputs(memory[n:0:-1], len(memory))
        return {n - t: answer % len(memory) for t, answer in enumerate(answers)}

    def outputs(self, x: list[int], m: int) -> list[int]:
        raise NotImplementedError


class _Forward(_Down):
    """``n, x[1], ..., x[n]``."""

    def steps(self, n: int) -> int:
        return n + 1

    def solve(self, memory: list[int]) -> dict[int, int]:
        n = memory[0]
        answers = self.outputs(memory[1 : n + 1], len(memory))
        return {cell: answer % len(memory) for cell, answer in enumerate(answers, start=1)}


MARK = 2
"""Stands where an output belongs, and is none of the bits."""


class _Beside(_Forward):
    """``x[1], 2, x[2], 2, ..., x[n], 2``, and zeros."""

    def laid_out(self, x: list[int]) -> list[int]:
        return [*(cell for number in x for cell in (number, MARK)), 0, 0]

    def solve(self, memory: list[int]) -> dict[int, int]:
        end = next(cell for cell in range(1, len(memory), 2) if memory[cell] == 0)
        answers = self.outputs(memory[: end - 1 : 2], len(memory))
        return {2 * t + 1: answer % len(memory) for t, answer in enumerate(answers)}


class _ForwardWith(_Forward):
    """``c, n, x[1], ..., x[n]``."""

    constant = 3

    def laid_out(self, x: list[int]) -> list[int]:
        return [self.constant, *super().laid_out(x)]

    def solve(self, memory: list[int]) -> dict[int, int]:
        return {cell + 1: answer for cell, answer in super().solve(memory[1:]).items()}


class _Up:
    """``p, k zeros, x[1], ..., x[n]``; an output looks back k inputs."""

    k = 1
    values: int | None = None

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        if size < 2 * (self.values or 2):
            raise ValueError("the values, and what is computed from them, must be below M")
        x = draw(rng, n, 0, self.values or size)
        return padded([n + self.k, *[0] * self.k, *x], size)

    def steps(self, n: int) -> int:
        return n + self.k + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        return {
            cell: self.output(memory[cell - self.k : cell + 1], len(memory)) % len(memory)
            for cell in range(self.k + 1, memory[0] + 1)
        }

    def output(self, window: list[int], m: int) -> int:
        """What replaces the last of k + 1 inputs."""
        raise NotImplementedError


class _Window:
    """``c, n, c zeros, x[1], ..., x[n]``; an output looks back c - 1 inputs."""

    constant = 3
    largest_training_complexity = 8

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        c = self.constant
        return padded([c, n, *[0] * c, *draw(rng, n, 0, size)], size)

    def steps(self, n: int) -> int:
        return n + 1

    def solve(self, memory: list[int]) -> dict[int, int]:
        c, n = memory[:2]
        return {
            cell: self.output(memory[cell + 1 : cell + 1 + c]) % len(memory)
            for cell in range(2, n + 2)
        }

    def output(self, window: list[int]) -> int:
        """What stands where the input was that is the first to lie behind the window."""
        raise NotImplementedError


class _TwoSequences:
    """``2n, a[n], b[n], ..., a[1], b[1]``."""

    values = BIT

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        if size < 3 * self.values:
            raise ValueError("the values, and what is computed from them, must be below M")
        return padded([2 * n, *draw(rng, 2 * n, 0, self.values)], size)

    def steps(self, n: int) -> int:
        return 2 * n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        end = memory[0]
        answers = self.outputs(memory[end - 1 : 0 : -2], memory[end:0:-2])
        return {end - 1 - 2 * t: answer for t, answer in enumerate(answers)}

    def outputs(self, a: list[int], b: list[int]) -> list[int]:
        raise NotImplementedError


class _Addition(_TwoSequences):
    base = 2

    @property
    def values(self) -> int:  # type: ignore[override]
        return self.base

    def outputs(self, a: list[int], b: list[int]) -> list[int]:
        carry, digits = 0, []
        for digit, other in zip(a, b, strict=True):
            carry, answer = divmod(digit + other + carry, self.base)
            digits.append(answer)
        return digits


class MipsBinaryAddition(_Addition):
    """Binary_Addition, lowest bit first: pairs."""


class _AdditionWith(_Addition):
    """``base, 2n, a[1], b[1], ..., a[n], b[n]``."""

    base = 3

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        if size < 3 * self.base:
            raise ValueError("the values, and what is computed from them, must be below M")
        return padded([self.base, 2 * n, *draw(rng, 2 * n, 0, self.base)], size)

    def steps(self, n: int) -> int:
        return n + 2

    def solve(self, memory: list[int]) -> dict[int, int]:
        end = memory[1] + 2
        answers = self.outputs(memory[2:end:2], memory[3:end:2])
        return dict(zip(range(2, end, 2), answers, strict=True))


class MipsBase3Addition(_AdditionWith):
    """Base_3_Addition, lowest digit first: forward pairs, c = 3."""


class MipsBase4Addition(_AdditionWith):
    """Base_4_Addition, lowest digit first: forward pairs, c = 4."""

    base = 4


class MipsBase5Addition(_AdditionWith):
    """Base_5_Addition, lowest digit first: forward pairs, c = 5."""

    base = 5


class MipsBase6Addition(_AdditionWith):
    """Base_6_Addition, lowest digit first: forward pairs, c = 6."""

    base = 6


class MipsBase7Addition(_AdditionWith):
    """Base_7_Addition, lowest digit first: forward pairs, c = 7."""

    base = 7


class MipsBitwiseXor(_TwoSequences):
    """Bitwise_Xor: pairs."""

    def outputs(self, a: list[int], b: list[int]) -> list[int]:
        return [x ^ y for x, y in zip(a, b, strict=True)]


class MipsBitwiseOr(_TwoSequences):
    """Bitwise_Or: pairs."""

    def outputs(self, a: list[int], b: list[int]) -> list[int]:
        return [x | y for x, y in zip(a, b, strict=True)]


class MipsBitwiseAnd(_TwoSequences):
    """Bitwise_And: pairs."""

    def outputs(self, a: list[int], b: list[int]) -> list[int]:
        return [x & y for x, y in zip(a, b, strict=True)]


class MipsBitwiseNot(_Down):
    """Bitwise_Not: down."""

    values = BIT

    def outputs(self, x: list[int], m: int) -> list[int]:
        return [1 - bit for bit in x]


class _ParityLast(_Up):
    values = BIT

    def output(self, window: list[int], m: int) -> int:
        return sum(window) % 2


class MipsParityLast2(_ParityLast):
    """Parity_Last2, of this bit and the one before: up, k = 1."""


class MipsParityLast3(_ParityLast):
    """Parity_Last3, of this bit and the two before: up, k = 2."""

    k = 2


class MipsParityLast4(_ParityLast):
    """Parity_Last4, of this bit and the three before: up, k = 3."""

    k = 3


class MipsParityAll(_Down):
    """Parity_All, of all bits so far: down."""

    values = BIT

    def outputs(self, x: list[int], m: int) -> list[int]:
        return [total % 2 for total in accumulate(x)]


class MipsParityZeros(_Down):
    """Parity_Zeros, of the number of zeros so far: down."""

    values = BIT

    def outputs(self, x: list[int], m: int) -> list[int]:
        return [total % 2 for total in accumulate(1 - bit for bit in x)]


class MipsEvensCounter(_Down):
    """Evens_Counter, how many of the numbers 0..9 so far are even: down."""

    values = 10

    def steps(self, n: int) -> int:
        return 5 * n + 3

    def outputs(self, x: list[int], m: int) -> list[int]:
        return list(accumulate(1 - number % 2 for number in x))


class MipsSumAll(_Down):
    """Sum_All, the sum of all numbers so far: down."""

    def outputs(self, x: list[int], m: int) -> list[int]:
        return list(accumulate(x))


class MipsSumLast2(_Up):
    """Sum_Last2, of this number and the one before: up, k = 1."""

    def output(self, window: list[int], m: int) -> int:
        return sum(window)


class _SumLast(_Window):
    def output(self, window: list[int]) -> int:
        return sum(window)


class MipsSumLast3(_SumLast):
    """Sum_Last3, of this number and the two before: forward window, c = 3."""


class MipsSumLast4(_SumLast):
    """Sum_Last4, of this number and the three before: forward window, c = 4."""

    constant = 4


class MipsSumLast5(_SumLast):
    """Sum_Last5, of this number and the four before: forward window, c = 5."""

    constant = 5


class MipsSumLast6(_SumLast):
    """Sum_Last6, of this number and the five before: forward window, c = 6."""

    constant = 6


class MipsSumLast7(_SumLast):
    """Sum_Last7, of this number and the six before: forward window, c = 7."""

    constant = 7


class MipsCurrentNumber:
    """Current_Number, a copy of it beside it: 2n, pairs of a place for y[t], and x[t]."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        return padded([2 * n, *(cell for x in draw(rng, n, 0, size) for cell in (0, x))], size)

    def steps(self, n: int) -> int:
        return 2 * n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        return {cell - 1: memory[cell] for cell in range(memory[0], 0, -2)}


class _Previous(_Up):
    def output(self, window: list[int], m: int) -> int:
        return window[0]


class MipsPrev1(_Previous):
    """Prev1, the number one place before: up, k = 1."""


class MipsPrev2(_Previous):
    """Prev2, the number two places before: up, k = 2."""

    k = 2


class MipsPrev3(_Previous):
    """Prev3, the number three places before: up, k = 3."""

    k = 3


class _PreviousWith:
    """``c, n, x[n], ..., x[1]``, and 2c zeros or more."""

    constant = 4
    largest_training_complexity = 8

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        return padded([self.constant, n, *draw(rng, n, 0, size), *[0] * 2 * self.constant], size)

    def steps(self, n: int) -> int:
        return n + self.constant + 1

    def solve(self, memory: list[int]) -> dict[int, int]:
        c, n = memory[:2]
        return {cell: memory[cell + c] for cell in range(2, n + 2)}


class MipsPrev4(_PreviousWith):
    """Prev4, the number four places before: backward, c = 4."""


class MipsPrev5(_PreviousWith):
    """Prev5, the number five places before: backward, c = 5."""

    constant = 5


class MipsPreviousEqualsCurrent(_Up):
    """Previous_Equals_Current, of numbers 0..7: up, k = 1."""

    values = 8

    def output(self, window: list[int], m: int) -> int:
        return int(window[0] == window[1])


class MipsDiffLast2(_Up):
    """Diff_Last2, this number minus the one before: up, k = 1."""

    def output(self, window: list[int], m: int) -> int:
        return window[1] - window[0]


class _Signed(_Beside):
    """Numbers from -M/4 to M/4."""

    def inputs(self, rng: random.Random, n: int, size: int) -> list[int]:
        return [x % size for x in draw(rng, n, -(size // 4), size // 4 + 1)]


def _absolute(number: int, m: int) -> int:
    return min(number % m, -number % m)


class MipsAbsDiff(_Signed):
    """Abs_Diff, |this number - the one before|: beside."""

    def outputs(self, x: list[int], m: int) -> list[int]:
        return [_absolute(number - before, m) for before, number in pairwise([0, *x])]


class MipsAbsCurrent(_Signed):
    """Abs_Current, the absolute value of this number: beside."""

    def outputs(self, x: list[int], m: int) -> list[int]:
        return [_absolute(number, m) for number in x]


class MipsDiffAbsValues(_Signed):
    """Diff_Abs_Values, |this number| - |the one before|: beside."""

    def outputs(self, x: list[int], m: int) -> list[int]:
        return [_absolute(number, m) - _absolute(before, m) for before, number in pairwise([0, *x])]


class MipsMinSeen(_Down):
    """Min_Seen, the smallest number so far: down."""

    def outputs(self, x: list[int], m: int) -> list[int]:
        return list(accumulate(x, min))


class MipsMaxSeen(_Down):
    """Max_Seen, the largest number so far: down."""

    def outputs(self, x: list[int], m: int) -> list[int]:
        return list(accumulate(x, max))


class _Majority(_Beside):
    def outputs(self, x: list[int], m: int) -> list[int]:
        counts: Counter[int] = Counter()
        answers = []
        for number in x:
            counts[number] += 1
            answers.append(min(counts, key=lambda known: (-counts[known], known)))
        return answers


class MipsMajority01(_Majority):
    """Majority_0_1, the more frequent of 0 and 1 so far, the lower if equal: beside."""

    values = 2


class MipsMajority02(_Majority):
    """Majority_0_2, the most frequent of 0, 1, 2 so far, the lowest if equal: beside."""

    values = 3


class MipsMajority03(_Majority):
    """Majority_0_3, the most frequent of 0 to 3 so far, the lowest if equal: beside."""

    values = 4


class MipsEvensDetector(_Down):
    """Evens_Detector, whether a number 0..9 is even: down."""

    values = 10

    def steps(self, n: int) -> int:
        return 5 * n + 3

    def outputs(self, x: list[int], m: int) -> list[int]:
        return [1 - number % 2 for number in x]


class MipsPerfectSquareDetector(_Down):
    """Perfect_Square_Detector, whether a number 0..19 is a square: down."""

    values = 20

    def outputs(self, x: list[int], m: int) -> list[int]:
        return [int(number in (0, 1, 4, 9, 16)) for number in x]


class MipsBitPalindrome(_Down):
    """Bit_Palindrome, whether the bits so far read the same backwards: down."""

    values = BIT

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        if size < self.fewest_cells():
            raise ValueError("a bit must be below M")
        length = rng.randrange(1, n + 1)
        half = draw(rng, (length + 1) // 2, 0, BIT)
        bits = half + half[: length // 2][::-1] + draw(rng, n - length, 0, BIT)
        return padded([n, *bits[::-1]], size)

    def steps(self, n: int) -> int:
        return n * n + 3

    def outputs(self, x: list[int], m: int) -> list[int]:
        return [int(x[: t + 1] == x[t::-1]) for t in range(len(x))]


class MipsBalancedParenthesis(_Beside):
    """Balanced_Parenthesis, whether brackets so far, 0 open and 1 closed, are balanced: beside."""

    values = BIT

    def inputs(self, rng: random.Random, n: int, size: int) -> list[int]:
        brackets, depth = [], 0
        for _ in range(n):
            bracket = rng.randrange(2) if depth > 0 else int(rng.random() < 0.1)
            depth += 1 - 2 * bracket
            brackets.append(bracket)
        return brackets

    def outputs(self, x: list[int], m: int) -> list[int]:
        depth, broken, answers = 0, False, []
        for bracket in x:
            depth += 1 if bracket == 0 else -1
            broken = broken or depth < 0
            answers.append(int(depth == 0 and not broken))
        return answers


class MipsParityBitsMod2(_Down):
    """Parity_Bits_Mod2, the parity of the place, 0, 1, 0, 1, ..., whatever the bits are: down."""

    values = BIT

    def outputs(self, x: list[int], m: int) -> list[int]:
        return [t % 2 for t in range(len(x))]


class _Alternating(_Up):
    values = BIT

    def output(self, window: list[int], m: int) -> int:
        return int(all(a != b for a, b in pairwise(window)))


class MipsAlternatingLast3(_Alternating):
    """Alternating_Last3, whether the last three bits are 010 or 101: up, k = 2."""

    k = 2


class MipsAlternatingLast4(_Alternating):
    """Alternating_Last4, whether the last four bits are 0101 or 1010: up, k = 3."""

    k = 3


class MipsBitShiftRight(_Previous):
    """Bit_Shift_Right, the bit before: up, k = 1."""

    values = BIT


class MipsBitDotProdMod2:
    """Bit_Dot_Prod_Mod2, of the bits so far: forward pairs."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        if size < 6:
            raise ValueError("the values, and what is computed from them, must be below M")
        return padded([2 * n, *draw(rng, 2 * n, 0, BIT)], size)

    def steps(self, n: int) -> int:
        return n + 1

    def solve(self, memory: list[int]) -> dict[int, int]:
        end = memory[0] + 1
        products = (a * b for a, b in zip(memory[1:end:2], memory[2:end:2], strict=True))
        return dict(zip(range(1, end, 2), (s % 2 for s in accumulate(products)), strict=True))


class _Div(_ForwardWith):
    values = BIT

    def fewest_cells(self) -> int:
        return 2 * self.constant + 2

    def outputs(self, x: list[int], m: int) -> list[int]:
        rest, quotient = 0, []
        for bit in x:
            digit, rest = divmod(2 * rest + bit, self.constant)
            quotient.append(digit)
        return quotient


class MipsDiv3(_Div):
    """Div_3, a binary number, highest bit first, by 3: forward, c = 3."""


class MipsDiv5(_Div):
    """Div_5, a binary number, highest bit first, by 5: forward, c = 5."""

    constant = 5


class MipsDiv7(_Div):
    """Div_7, a binary number, highest bit first, by 7: forward, c = 7."""

    constant = 7


class _AddMod(_ForwardWith):
    @property
    def values(self) -> int:  # type: ignore[override]
        return self.constant

    def outputs(self, x: list[int], m: int) -> list[int]:
        return [total % self.constant for total in accumulate(x)]


class MipsAddMod3(_AddMod):
    """Add_Mod_3, the sum so far mod 3: forward, c = 3."""


class MipsAddMod4(_AddMod):
    """Add_Mod_4, the sum so far mod 4: forward, c = 4."""

    constant = 4


class MipsAddMod5(_AddMod):
    """Add_Mod_5, the sum so far mod 5: forward, c = 5."""

    constant = 5


class MipsAddMod6(_AddMod):
    """Add_Mod_6, the sum so far mod 6: forward, c = 6."""

    constant = 6


class MipsAddMod7(_AddMod):
    """Add_Mod_7, the sum so far mod 7: forward, c = 7."""

    constant = 7


class MipsAddMod8(_AddMod):
    """Add_Mod_8, the sum so far mod 8: forward, c = 8."""

    constant = 8


class MipsDithering(_ForwardWith):
    """Dithering, steps of the sum so far // 15, of numbers 0..15: forward, c = 15."""

    values = 16
    constant = 15

    def steps(self, n: int) -> int:
        return max(n, 16) + 1  # the smallest memory has 32 cells: the budget is linear

    def outputs(self, x: list[int], m: int) -> list[int]:
        levels = [total // self.constant for total in accumulate(x)]
        return [level - before for before, level in zip([0, *levels], levels, strict=False)]


class MipsNewtonFreebody(_Beside):
    """Newton_Freebody, positions under forces x: beside."""

    def outputs(self, x: list[int], m: int) -> list[int]:
        return list(accumulate(accumulate(x)))


class MipsNewtonGravity(_Beside):
    """Newton_Gravity, positions under forces x - 1: beside."""

    def outputs(self, x: list[int], m: int) -> list[int]:
        return list(accumulate(accumulate(force - 1 for force in x)))


class MipsNewtonSpring(_Forward):
    """Newton_Spring, positions under forces x minus the position: forward."""

    def outputs(self, x: list[int], m: int) -> list[int]:
        position = velocity = 0
        positions = []
        for force in x:
            velocity += force - position
            position += velocity
            positions.append(position)
        return positions


class MipsNewtonMagnetic:
    """Newton_Magnetic, two positions under forces and a magnetic field: pairs, both replaced."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        return padded([2 * n, *draw(rng, 2 * n, 0, size)], size)

    def steps(self, n: int) -> int:
        return 2 * n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        x = y = dx = dy = 0
        answer = {}
        for cell in range(memory[0], 0, -2):
            dx, dy = dx + memory[cell - 1] - dy, dy + memory[cell] + dx
            x, y = x + dx, y + dy
            answer[cell - 1], answer[cell] = x % len(memory), y % len(memory)
        return answer
