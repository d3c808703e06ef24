"""Arrays: reductions, and arrays changed in place or copied.

An array is a row of elements 1..M-1 that a NULL ends, unless a task says otherwise. Sums are mod M.
"""

from __future__ import annotations

import random
from collections import Counter
from itertools import accumulate, groupby, pairwise

from hardmax.trainer.nram.suite.layout import array_at, draw, padded, pairs_at


class _Answer:
    """``out, A[0..n-1], 0``: cell 0, which holds 0, gets an answer about A."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        return padded([0, *draw(rng, n, 1, size), 0], size)

    def steps(self, n: int) -> int:
        return n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        if memory[0] != 0 or memory[1] == 0:
            raise ValueError("expected a 0, then elements")
        return {0: self.answer(array_at(memory, 1), len(memory))}

    def answer(self, array: list[int], size: int) -> int:
        raise NotImplementedError


class _InPlace:
    """``A[0..n-1], 0``: A is changed in place."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        return padded([*draw(rng, n, 1, size), 0], size)

    def steps(self, n: int) -> int:
        return n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        return dict(enumerate(self.changed(array_at(memory, 0), len(memory))))

    def changed(self, array: list[int], size: int) -> list[int]:
        raise NotImplementedError


class Max(_Answer):
    """The largest element: out, A, 0."""

    def answer(self, array: list[int], size: int) -> int:
        return max(array)


class Min(_Answer):
    """The smallest element: out, A, 0."""

    def answer(self, array: list[int], size: int) -> int:
        return min(array)


class Argmax(_Answer):
    """The address of the first of the largest elements: out, A, 0."""

    def answer(self, array: list[int], size: int) -> int:
        return 1 + array.index(max(array))


class Argmin(_Answer):
    """The address of the first of the smallest elements: out, A, 0."""

    def answer(self, array: list[int], size: int) -> int:
        return 1 + array.index(min(array))


class Strlen(_Answer):
    """The number of elements: out, A, 0."""

    def answer(self, array: list[int], size: int) -> int:
        return len(array)


class Last(_Answer):
    """The last element: out, A, 0."""

    def answer(self, array: list[int], size: int) -> int:
        return array[-1]


class SumMod(_Answer):
    """The sum of the elements mod M: out, A, 0."""

    def answer(self, array: list[int], size: int) -> int:
        return sum(array) % size


class AlternatingSum(_Answer):
    """Last element - the one before + the one before that ..., mod M: out, A, 0."""

    def answer(self, array: list[int], size: int) -> int:
        return (sum(array[::-2]) - sum(array[-2::-2])) % size


class SecondMax(_Answer):
    """The second largest element, the largest again where it comes twice: out, A, 0."""

    smallest_complexity = 2

    def answer(self, array: list[int], size: int) -> int:
        return sorted(array)[-2]


class IsSorted(_Answer):
    """Whether the elements ascend (1) or not (0): out, A, 0."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        array = sorted(draw(rng, n, 1, size))
        if rng.random() < 0.5:
            i, j = rng.randrange(n), rng.randrange(n)
            array[i], array[j] = array[j], array[i]
        return padded([0, *array, 0], size)

    def answer(self, array: list[int], size: int) -> int:
        return int(all(a <= b for a, b in pairwise(array)))


class Majority(_Answer):
    """The element that more than half of the cells hold; there is one: out, A, 0."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        winner = rng.randrange(1, size)
        votes = rng.randrange(n // 2 + 1, n + 1)
        array = [winner] * votes + draw(rng, n - votes, 1, size)
        rng.shuffle(array)
        return padded([0, *array, 0], size)

    def answer(self, array: list[int], size: int) -> int:
        return max(set(array), key=array.count)


class Kadane:
    """The largest sum of A[i] - k over a run of elements, 0 of the empty one: k, A, 0."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        if size < 2 * n + 6:
            raise ValueError("a sum must be below M")
        return padded([rng.randrange(1, 4), *draw(rng, n, 1, 5), 0], size)

    def steps(self, n: int) -> int:
        return n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        best = run = 0
        for element in array_at(memory, 1):
            run = max(0, run + element - memory[0])
            best = max(best, run)
        return {0: best}


class PrefixSum(_InPlace):
    """Each element becomes the sum of those up to it, mod M: A, 0."""

    def changed(self, array: list[int], size: int) -> list[int]:
        return [total % size for total in accumulate(array)]


class AdjacentDiff(_InPlace):
    """Each element becomes its difference from the one before, mod M; the first stays: A, 0."""

    def changed(self, array: list[int], size: int) -> list[int]:
        return array[:1] + [(b - a) % size for a, b in pairwise(array)]


class RunningMax(_InPlace):
    """Each element becomes the largest of those up to it: A, 0."""

    def changed(self, array: list[int], size: int) -> list[int]:
        return list(accumulate(array, max))


class RotateRight(_InPlace):
    """Each element moves on by one cell, the last one to cell 0: A, 0."""

    def changed(self, array: list[int], size: int) -> list[int]:
        return array[-1:] + array[:-1]


class RotateLeft(_InPlace):
    """Each element moves back by one cell, the first one to the last cell: A, 0."""

    def changed(self, array: list[int], size: int) -> list[int]:
        return array[1:] + array[:1]


class DoubleEach(_InPlace):
    """Each element is doubled, mod M: A, 0."""

    def changed(self, array: list[int], size: int) -> list[int]:
        return [2 * element % size for element in array]


class SwapPairs(_InPlace):
    """The elements of each pair change places; there is an even number of them: A, 0."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        return padded([*draw(rng, 2 * n, 1, size), 0], size)

    def steps(self, n: int) -> int:
        return 2 * n + 3

    def changed(self, array: list[int], size: int) -> list[int]:
        return [element for i in range(0, len(array), 2) for element in array[i : i + 2][::-1]]


class RunLengths(_InPlace):
    """Each element becomes its place, 1, 2, ..., in a run of equal elements: A, 0."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        array: list[int] = []
        while len(array) < n:
            array += [rng.randrange(1, size)] * rng.randrange(1, 4)
        return padded([*array[:n], 0], size)

    def changed(self, array: list[int], size: int) -> list[int]:
        return [place + 1 for _, run in groupby(array) for place, _ in enumerate(run)]


class DedupeSorted:
    """Of elements that ascend, each once, then NULL: A, 0."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        array: list[int] = []
        while len(array) < n:
            array += [rng.randrange(1, size)] * rng.randrange(1, 4)
        return padded([*sorted(array[:n]), 0], size)

    def steps(self, n: int) -> int:
        return n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        return dict(enumerate([*dict.fromkeys(array_at(memory, 0)), 0]))


class SuffixMin:
    """Each element becomes the smallest from it on: p, A with p the last element's address."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        return padded([n, *draw(rng, n, 1, size)], size)

    def steps(self, n: int) -> int:
        return n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        end = memory[0] + 1
        if 0 in memory[1:end]:
            raise ValueError("expected elements that are not 0")
        return {cell: min(memory[cell:end]) for cell in range(1, end)}


class CountZeros:
    """How many of the elements, 0..M-1, are 0: p, A with p the last one's address; cell 0."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        array = [0 if rng.random() < 0.5 else rng.randrange(1, size) for _ in range(n)]
        return padded([n, *array], size)

    def steps(self, n: int) -> int:
        return n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        return {0: memory[1 : memory[0] + 1].count(0)}


class _Question:
    """``v, A[0..n-1], 0``: cell 0 gets an answer about v and A, which holds v often."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        v = rng.randrange(1, size)
        array = [v if rng.random() < 0.3 else rng.randrange(1, size) for _ in range(n)]
        return padded([v, *array, 0], size)

    def steps(self, n: int) -> int:
        return n + 4

    def solve(self, memory: list[int]) -> dict[int, int]:
        return {0: self.answer(memory[0], array_at(memory, 1))}

    def answer(self, v: int, array: list[int]) -> int:
        raise NotImplementedError


class CountValue(_Question):
    """How many of the elements are v: v, A, 0; cell 0."""

    def answer(self, v: int, array: list[int]) -> int:
        return array.count(v)


class CountLess(_Question):
    """How many of the elements are below v: v, A, 0; cell 0."""

    def answer(self, v: int, array: list[int]) -> int:
        return sum(element < v for element in array)


class _ByValue:
    """``v, A[0..n-1], 0``: A is changed in place as v, which is not 0, says."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        v = rng.randrange(1, size)
        array = [v if rng.random() < 0.3 else rng.randrange(1, size) for _ in range(n)]
        return padded([v, *array, 0], size)

    def steps(self, n: int) -> int:
        return n + 4

    def solve(self, memory: list[int]) -> dict[int, int]:
        if memory[0] == 0:
            raise ValueError("expected a value that is not 0 in cell 0")
        changed = self.changed(memory[0], array_at(memory, 1), len(memory))
        return dict(enumerate(changed, start=1))

    def changed(self, v: int, array: list[int], size: int) -> list[int]:
        raise NotImplementedError


class AddK(_ByValue):
    """Add v to each element, mod M: v, A, 0."""

    def changed(self, v: int, array: list[int], size: int) -> list[int]:
        return [(element + v) % size for element in array]


class Threshold(_ByValue):
    """Each element becomes 1 where it is v or more, else 0: v, A, 0."""

    def changed(self, v: int, array: list[int], size: int) -> list[int]:
        return [int(element >= v) for element in array]


class Cap(_ByValue):
    """Each element above v becomes v: v, A, 0."""

    def changed(self, v: int, array: list[int], size: int) -> list[int]:
        return [min(element, v) for element in array]


class RemoveValue(_ByValue):
    """The elements that are not v close up, then NULL: v, A, 0."""

    def changed(self, v: int, array: list[int], size: int) -> list[int]:
        return [*(element for element in array if element != v), 0]


class FilterLess(_ByValue):
    """The elements below v close up, then NULL: v, A, 0."""

    def changed(self, v: int, array: list[int], size: int) -> list[int]:
        return [*(element for element in array if element < v), 0]


class Partition(_ByValue):
    """The elements below v, then the others, both in their order: v, A, 0."""

    def changed(self, v: int, array: list[int], size: int) -> list[int]:
        return sorted(array, key=lambda element: element >= v)


class Clamp:
    """Elements below v become v, those above w become w: v, w, A, 0 with v <= w."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        return padded([*sorted(draw(rng, 2, 1, size)), *draw(rng, n, 1, size), 0], size)

    def steps(self, n: int) -> int:
        return n + 4

    def solve(self, memory: list[int]) -> dict[int, int]:
        low, high = memory[:2]
        clamped = (min(max(element, low), high) for element in array_at(memory, 2))
        return dict(enumerate(clamped, start=2))


class Replace:
    """Elements that are v become w: v, w, A, 0."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        v, w = draw(rng, 2, 1, size)
        array = [v if rng.random() < 0.4 else rng.randrange(1, size) for _ in range(n)]
        return padded([v, w, *array, 0], size)

    def steps(self, n: int) -> int:
        return n + 4

    def solve(self, memory: list[int]) -> dict[int, int]:
        v, w = memory[:2]
        replaced = (w if element == v else element for element in array_at(memory, 2))
        return dict(enumerate(replaced, start=2))


class Fill:
    """Cells 1..n take the value of cell 1: n, v."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        return padded([n, rng.randrange(1, size), *[0] * n], size)

    def steps(self, n: int) -> int:
        return n + 2

    def solve(self, memory: list[int]) -> dict[int, int]:
        return dict.fromkeys(range(1, memory[0] + 1), memory[1])


class Iota:
    """Cells 1..n become 1..n: n."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        return padded([n, *[0] * n], size)

    def steps(self, n: int) -> int:
        return n + 2

    def solve(self, memory: list[int]) -> dict[int, int]:
        return {cell: cell for cell in range(1, memory[0] + 1)}


class Concat:
    """Two arrays become one, then NULL: A, 0, B, 0."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        first = rng.randrange(n + 1)
        array = draw(rng, n, 1, size)
        return padded([*array[:first], 0, *array[first:], 0], size)

    def steps(self, n: int) -> int:
        return n + 4

    def solve(self, memory: list[int]) -> dict[int, int]:
        first = array_at(memory, 0)
        return dict(enumerate([*first, *array_at(memory, len(first) + 1), 0]))


class Gather:
    """Each address becomes what its cell holds; these cells lie behind: I, 0, A."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        values = draw(rng, size - n - 1, 1, size)
        return padded([*draw(rng, n, n + 1, size), 0, *values], size)

    def steps(self, n: int) -> int:
        return 2 * n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        return {cell: memory[address] for cell, address in enumerate(array_at(memory, 0))}


class Histogram:
    """Each address's cell counts how often it is named; they lie behind: I, 0, counters."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        addresses = draw(rng, n, n + 1, min(2 * n + 1, size))
        return padded([*addresses, 0], size)

    def steps(self, n: int) -> int:
        return 2 * n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        return dict(Counter(array_at(memory, 0)))


class InversePermutation:
    """Cell n + P[i] becomes i, for i = 1..n: n, P with P a permutation of 1..n."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        return padded([n, *rng.sample(range(1, n + 1), n), *[0] * n], size)

    def steps(self, n: int) -> int:
        return n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        n = memory[0]
        return {n + memory[i]: i for i in range(1, n + 1)}


class _Pairs:
    """``a1, b1, a2, b2, ..., 0``: two vectors, interleaved; each a is changed in place."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        return padded([*draw(rng, 2 * n, 1, size), 0], size)

    def steps(self, n: int) -> int:
        return 2 * n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        pairs = enumerate(pairs_at(memory, 0))
        return {2 * i: self.combined(a, b) % len(memory) for i, (a, b) in pairs}

    def combined(self, a: int, b: int) -> int:
        raise NotImplementedError


class VectorAdd(_Pairs):
    """Each a becomes a + b, mod M: pairs (a, b), 0."""

    def combined(self, a: int, b: int) -> int:
        return a + b


class VectorMax(_Pairs):
    """Each a becomes the larger of a and b: pairs (a, b), 0."""

    def combined(self, a: int, b: int) -> int:
        return max(a, b)


class Zip:
    """Two arrays, interleaved behind them: n, A[1..n], B[1..n]; from cell 2n+1 on."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        return padded([n, *draw(rng, 2 * n, 1, size), *[0] * (2 * n)], size)

    def steps(self, n: int) -> int:
        return 2 * n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        n = memory[0]
        zipped = (memory[1 + i + half * n] for i in range(n) for half in (0, 1))
        return dict(enumerate(zipped, start=2 * n + 1))


class Unzip:
    """Of pairs (a, b), every a from cell p and every b from cell q on: p, q, pairs, 0."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        header = [2 * n + 3, 3 * n + 3]
        return padded([*header, *draw(rng, 2 * n, 1, size), *[0] * (2 * n + 1)], size)

    def steps(self, n: int) -> int:
        return 2 * n + 4

    def solve(self, memory: list[int]) -> dict[int, int]:
        answer = {}
        for i, pair in enumerate(pairs_at(memory, 2)):
            answer[memory[0] + i], answer[memory[1] + i] = pair
        return answer


class ReverseInPlace:
    """The elements in reversed order, in their own cells: n, A."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        return padded([n, *draw(rng, n, 1, size)], size)

    def steps(self, n: int) -> int:
        return n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        end = memory[0] + 1
        return {end - cell: memory[cell] for cell in range(1, end)}


class Palindrome:
    """Whether the elements read the same backwards (1) or not (0): n, A; cell 0."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        array = draw(rng, n, 1, size)
        array[n // 2 :] = array[: n - n // 2][::-1]
        if rng.random() < 0.5:
            array[rng.randrange(n)] = rng.randrange(1, size)
        return padded([n, *array], size)

    def steps(self, n: int) -> int:
        return n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        array = memory[1 : memory[0] + 1]
        return {0: int(array == array[::-1])}


class EqualArrays:
    """Whether a = b in all pairs (1) or not (0): out, pairs (a, b), 0."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        cells = [element for element in draw(rng, n, 1, size) for _ in range(2)]
        if rng.random() < 0.5:
            cells[rng.randrange(2 * n)] = rng.randrange(1, size)
        return padded([0, *cells, 0], size)

    def steps(self, n: int) -> int:
        return 2 * n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        return {0: int(all(a == b for a, b in pairs_at(memory, 1)))}


class Hamming:
    """In how many pairs a and b differ: out, pairs (a, b), 0."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        cells = []
        for a in draw(rng, n, 1, size):
            cells += [a, a if rng.random() < 0.5 else rng.randrange(1, size)]
        return padded([0, *cells, 0], size)

    def steps(self, n: int) -> int:
        return 2 * n + 3

    def solve(self, memory: list[int]) -> dict[int, int]:
        return {0: sum(a != b for a, b in pairs_at(memory, 1))}


class Transpose:
    """A square matrix, by rows, transposed behind it: d, d rows of d; from cell d*d+1 on."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        d = 1
        while (d + 1) ** 2 <= n:
            d += 1
        return padded([d, *draw(rng, d * d, 1, size), *[0] * (d * d)], size)

    def steps(self, n: int) -> int:
        return 2 * n + 6

    def solve(self, memory: list[int]) -> dict[int, int]:
        d = memory[0]
        return {
            d * d + 1 + column * d + row: memory[1 + row * d + column]
            for row in range(d)
            for column in range(d)
        }


class Intersect:
    """What two ascending arrays share, then G: p, q, o, A, G, B, G with G = M-1; from cell o on."""

    def generate(self, rng: random.Random, n: int, size: int) -> list[int]:
        if size < 3 * n + 6:
            raise ValueError("two arrays and what they share need more room")
        g = size - 1
        first, second = rng.randrange(1, n + 1), rng.randrange(1, n + 1)
        a = sorted(rng.sample(range(1, g), first))
        shared = [element for element in a if rng.random() < 0.5][:second]
        others = [element for element in range(1, g) if element not in a]
        b = sorted(shared + rng.sample(others, min(second - len(shared), len(others))))
        p, q = 3, 4 + len(a)
        o = q + len(b) + 1
        return padded([p, q, o, *a, g, *b, g], size)

    def steps(self, n: int) -> int:
        return 2 * n + 4

    def solve(self, memory: list[int]) -> dict[int, int]:
        p, q, o = memory[:3]
        g = len(memory) - 1
        a, b = memory[p : memory.index(g, p)], memory[q : memory.index(g, q)]
        return dict(enumerate([*sorted(set(a) & set(b)), g], start=o))
