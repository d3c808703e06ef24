"""An example of every task of the suite, worked by hand: a memory, and what the answer is."""

Example = tuple[list[int], dict[int, int]]


def _down(size: int, x: list[int], y: list[int]) -> Example:
    """Of MIPS: ``n, x[n], ..., x[1]``."""
    n = len(x)
    return [n, *reversed(x), *[0] * (size - n - 1)], dict(zip(range(n, 0, -1), y, strict=True))


def _up(size: int, k: int, x: list[int], y: list[int]) -> Example:
    """Of MIPS: ``p, k zeros, x[1], ..., x[n]``."""
    memory = [k + len(x), *[0] * k, *x, *[0] * (size - k - len(x) - 1)]
    return memory, dict(enumerate(y, start=k + 1))


def _pairs(size: int, a: list[int], b: list[int], y: list[int]) -> Example:
    """Of MIPS: ``2n, a[n], b[n], ..., a[1], b[1]``."""
    cells = [cell for pair in reversed(list(zip(a, b, strict=True))) for cell in pair]
    memory = [len(cells), *cells, *[0] * (size - len(cells) - 1)]
    return memory, dict(zip(range(len(cells) - 1, 0, -2), y, strict=True))


def _forward(size: int, x: list[int], y: list[int]) -> Example:
    """Of MIPS: ``n, x[1], ..., x[n]``."""
    n = len(x)
    return [n, *x, *[0] * (size - n - 1)], dict(enumerate(y, start=1))


def _beside(size: int, x: list[int], y: list[int]) -> Example:
    """Of MIPS: ``x[1], 2, ..., x[n], 2``."""
    cells = [cell for number in x for cell in (number, 2)]
    return [*cells, *[0] * (size - len(cells))], dict(zip(range(1, len(cells), 2), y, strict=True))


def _from(c: int, example: Example) -> Example:
    """Of MIPS: the same behind a constant."""
    memory, answer = example
    assert memory[-1] == 0
    return [c, *memory[:-1]], {cell + 1: value for cell, value in answer.items()}


def _forward_pairs(size: int, a: list[int], b: list[int], y: list[int]) -> Example:
    """Of MIPS: ``2n, a[1], b[1], ..., a[n], b[n]``."""
    cells = [cell for pair in zip(a, b, strict=True) for cell in pair]
    memory = [len(cells), *cells, *[0] * (size - len(cells) - 1)]
    return memory, dict(zip(range(1, len(cells), 2), y, strict=True))


def _backward(size: int, c: int, x: list[int], y: list[int]) -> Example:
    """Of MIPS: ``c, n, x[n], ..., x[1]``."""
    n = len(x)
    memory = [c, n, *reversed(x), *[0] * (size - n - 2)]
    return memory, dict(zip(range(n + 1, 1, -1), y, strict=True))


def _window(size: int, c: int, x: list[int], y: list[int]) -> Example:
    """Of MIPS: ``c, n, c zeros, x[1], ..., x[n]``."""
    n = len(x)
    return [c, n, *[0] * c, *x, *[0] * (size - n - c - 2)], dict(enumerate(y, start=2))


BY_HAND: dict[str, Example] = {
    "max": ([0, 3, 5, 2, 0, 0], {0: 5}),
    "min": ([0, 3, 5, 2, 0, 0], {0: 2}),
    "argmax": ([0, 3, 5, 2, 5, 0], {0: 2}),
    "argmin": ([0, 3, 2, 5, 2, 0], {0: 2}),
    "strlen": ([0, 3, 5, 2, 0, 0], {0: 3}),
    "last": ([0, 3, 5, 2, 0, 0], {0: 2}),
    "sum-mod": ([0, 3, 5, 2, 0, 0], {0: 4}),
    "alternating-sum": ([0, 3, 5, 2, 0, 0], {0: 0}),
    "second-max": ([0, 3, 5, 2, 0, 0], {0: 3}),
    "is-sorted": ([0, 3, 5, 2, 0, 0], {0: 0}),
    "majority": ([0, 3, 5, 3, 0, 0], {0: 3}),
    "kadane": ([2, 4, 1, 3, 1, 1, 0, 0, 0, 0], {0: 2}),
    "prefix-sum": ([3, 5, 2, 0, 0, 0], {0: 3, 1: 2, 2: 4}),
    "adjacent-diff": ([3, 5, 2, 0, 0, 0], {0: 3, 1: 2, 2: 3}),
    "running-max": ([3, 5, 2, 0, 0, 0], {0: 3, 1: 5, 2: 5}),
    "rotate-right": ([3, 5, 2, 0, 0, 0], {0: 2, 1: 3, 2: 5}),
    "rotate-left": ([3, 5, 2, 0, 0, 0], {0: 5, 1: 2, 2: 3}),
    "double-each": ([3, 5, 2, 0, 0, 0], {0: 0, 1: 4, 2: 4}),
    "swap-pairs": ([3, 5, 2, 1, 0, 0], {0: 5, 1: 3, 2: 1, 3: 2}),
    "run-lengths": ([3, 3, 5, 3, 0, 0], {0: 1, 1: 2, 2: 1, 3: 1}),
    "dedupe-sorted": ([2, 3, 3, 5, 0, 0], {0: 2, 1: 3, 2: 5, 3: 0}),
    "suffix-min": ([4, 5, 2, 3, 3, 0], {1: 2, 2: 2, 3: 3, 4: 3}),
    "count-zeros": ([4, 0, 2, 0, 3, 0], {0: 2}),
    "count-value": ([3, 3, 5, 3, 0, 0], {0: 2}),
    "count-less": ([3, 3, 5, 2, 0, 0], {0: 1}),
    "add-k": ([3, 3, 5, 2, 0, 0], {1: 0, 2: 2, 3: 5}),
    "threshold": ([3, 3, 5, 2, 0, 0], {1: 1, 2: 1, 3: 0}),
    "cap": ([3, 3, 5, 2, 0, 0], {1: 3, 2: 3, 3: 2}),
    "remove-value": ([3, 3, 5, 2, 0, 0], {1: 5, 2: 2, 3: 0}),
    "filter-less": ([3, 3, 1, 5, 2, 0], {1: 1, 2: 2, 3: 0}),
    "partition": ([3, 5, 1, 4, 2, 0], {1: 1, 2: 2, 3: 5, 4: 4}),
    "clamp": ([2, 4, 5, 1, 3, 0], {2: 4, 3: 2, 4: 3}),
    "replace": ([2, 4, 5, 2, 3, 0], {2: 5, 3: 4, 4: 3}),
    "fill": ([3, 2, 0, 0, 0], {1: 2, 2: 2, 3: 2}),
    "iota": ([3, 0, 0, 0, 0], {1: 1, 2: 2, 3: 3}),
    "concat": ([3, 1, 0, 2, 5, 0, 0], {0: 3, 1: 1, 2: 2, 3: 5, 4: 0}),
    "gather": ([5, 3, 0, 4, 1, 2], {0: 2, 1: 4}),
    "histogram": ([5, 4, 5, 0, 0, 0], {4: 1, 5: 2}),
    "inverse-permutation": ([3, 2, 3, 1, 0, 0, 0], {5: 1, 6: 2, 4: 3}),
    "vector-add": ([3, 1, 2, 5, 0, 0], {0: 4, 2: 1}),
    "vector-max": ([3, 1, 2, 5, 0, 0], {0: 3, 2: 5}),
    "zip": ([2, 7, 8, 5, 6, 0, 0, 0, 0], {5: 7, 6: 5, 7: 8, 8: 6}),
    "unzip": ([7, 9, 1, 2, 3, 4, 0, 0, 0, 0, 0], {7: 1, 8: 3, 9: 2, 10: 4}),
    "reverse-in-place": ([3, 1, 2, 4, 0], {1: 4, 2: 2, 3: 1}),
    "palindrome": ([3, 2, 4, 2, 0], {0: 1}),
    "equal-arrays": ([0, 3, 3, 1, 2, 0], {0: 0}),
    "hamming": ([0, 3, 3, 1, 2, 0], {0: 1}),
    "transpose": ([2, 5, 6, 7, 8, 0, 0, 0, 0], {5: 5, 6: 7, 7: 6, 8: 8}),
    "intersect": ([3, 6, 10, 1, 4, 14, 2, 4, 5, 14, 0, 0, 0, 0, 0], {10: 4, 11: 14}),
    "sort2": ([3, 2, 0, 0], {0: 2, 1: 3}),
    "sort3": ([3, 1, 2, 0], {0: 1, 1: 2, 2: 3}),
    "median3": ([3, 1, 2, 0], {0: 2}),
    "sort": ([3, 1, 4, 1, 0], {0: 1, 1: 1, 2: 3, 3: 4}),
    "counting-sort": ([3, 1, 2, 1, 0], {0: 1, 1: 1, 2: 2, 3: 3}),
    "bubble-pass": ([4, 3, 1, 2, 0], {0: 3, 1: 1, 2: 2, 3: 4}),
    "insert-sorted": ([3, 1, 2, 4, 0], {0: 1, 1: 2, 2: 3, 3: 4}),
    "linear-search": ([3, 1, 3, 3, 0], {0: 2}),
    "find-last": ([3, 1, 3, 3, 0], {0: 3}),
    "contains": ([3, 1, 2, 4, 0], {0: 0}),
    "lower-bound": ([3, 1, 2, 4, 0], {0: 3}),
    "hash-lookup": ([4, 5, 2, 3, 1, 4, 5, 6], {0: 6}),
    "two-sum": ([6, 3, 1, 2, 4, 0, 0], {0: 1}),
    "string-match": ([0, 1, 2, 0, 1, 1, 2, 0], {0: 5}),
    "square": ([3, 0, 0, 0, 0], {0: 4}),
    "triangular": ([4, 0, 0, 0, 0, 0], {0: 4}),
    "factorial": ([3, 0, 0, 0, 0], {0: 1}),
    "fibonacci": ([6, 0, 0, 0, 0, 0, 0, 0, 0], {0: 8}),
    "pow2": ([3, 0, 0, 0, 0], {0: 3}),
    "parity": ([3, 0, 0, 0, 0], {0: 1}),
    "halve": ([3, 0, 0, 0, 0], {0: 1}),
    "isqrt": ([8, 0, 0, 0, 0, 0, 0, 0, 0], {0: 2}),
    "abs-diff": ([1, 3, 0, 0], {0: 2}),
    "mul": ([2, 3, 0, 0, 0], {0: 1}),
    "mod": ([4, 3, 0, 0, 0], {0: 1}),
    "div": ([4, 2, 0, 0, 0], {0: 2}),
    "gcd": ([4, 6, 0, 0, 0, 0, 0], {0: 2}),
    "parity-bits": ([4, 1, 0, 1, 1, 0], {0: 1}),
    "binary-increment": ([1, 1, 0, 1, 0], {0: 0, 1: 0, 2: 1, 3: 1}),
    "binary-add": ([6, 0, 0, 1, 1, 0, 1, 0], {1: 1, 3: 0, 5: 1}),
    "rpn": ([0, 7, 5, 2, 6, 1, 0, 0, 0, 0], {0: 5}),
    "brackets": ([0, 1, 2, 2, 1, 0, 0], {0: 0}),
    "bracket-depth": ([0, 1, 1, 2, 2, 0, 0], {0: 2}),
    "list-length": ([4, 0, 0, 5, 2, 7, 0, 0], {1: 2}),
    "list-last": ([4, 0, 0, 5, 2, 7, 0, 0], {1: 5}),
    "list-sum": ([4, 0, 0, 5, 2, 7, 0, 0], {1: 4}),
    "list-max": ([4, 0, 0, 5, 2, 7, 0, 0], {1: 7}),
    "list-reverse": ([4, 0, 0, 5, 2, 7, 0, 0], {0: 2, 2: 4, 4: 0}),
    "list-append": ([4, 6, 0, 5, 2, 7, 0, 3], {2: 6}),
    "list-map-inc": ([4, 0, 0, 5, 2, 6, 0, 0], {5: 7, 3: 6}),
    "list-fill": ([4, 3, 0, 5, 2, 7, 0, 0], {5: 3, 3: 3}),
    "list-number": ([4, 0, 0, 5, 2, 7, 0, 0], {5: 1, 3: 2}),
    "list-to-array": ([4, 6, 0, 5, 2, 7, 0, 0], {6: 7, 7: 5}),
    "list-delete": ([4, 5, 0, 5, 2, 7, 0, 0], {4: 0}),
    "list-insert-sorted": ([4, 6, 0, 5, 2, 1, 0, 3], {4: 6, 6: 2}),
    "bst-min": ([5, 0, 2, 0, 0, 4, 2, 8, 6, 0, 0], {1: 2}),
    "bst-max": ([5, 0, 2, 0, 0, 4, 2, 8, 6, 0, 0], {1: 6}),
    "left-spine": ([5, 0, 2, 0, 0, 4, 2, 8, 6, 0, 0], {1: 2}),
    "bst-search": ([5, 6, 2, 0, 0, 4, 2, 8, 6, 0, 0], {1: 8}),
    "bst-insert": ([5, 8, 2, 0, 0, 4, 2, 0, 6, 0, 0], {7: 8}),
    "nth-next": ([2, 2, 4, 0, 3], {0: 3}),
    "find-root": ([2, 0, 4, 0, 4], {0: 4}),
    "depth": ([2, 0, 4, 0, 4], {0: 1}),
    "compress": ([2, 5, 4, 0, 5, 5], {2: 5, 4: 5, 5: 5}),
    "has-cycle": ([2, 0, 4, 0, 2], {1: 1}),
    "mark-path": ([4, 0, 0, 1, 2, 0, 0, 0], {5: 1, 3: 1}),
    "out-degree": ([2, 2, 1, 1, 2, 2, 3, 0], {0: 2}),
    "edge-exists": ([2, 3, 1, 2, 2, 3, 0], {0: 1}),
    "self-loops": ([0, 1, 1, 2, 1, 3, 3, 0], {0: 2}),
    "mips-binary-addition": _pairs(9, [1, 1, 0, 1], [1, 1, 0, 1], [0, 1, 1, 0]),
    "mips-base3-addition": _from(3, _forward_pairs(10, [2, 1, 0, 2], [2, 1, 2, 2], [1, 0, 0, 2])),
    "mips-base4-addition": _from(4, _forward_pairs(12, [3, 1, 0, 2], [3, 2, 2, 2], [2, 0, 3, 0])),
    "mips-base5-addition": _from(5, _forward_pairs(15, [3, 1, 0, 2], [3, 3, 2, 2], [1, 0, 3, 4])),
    "mips-base6-addition": _from(6, _forward_pairs(18, [3, 1, 0, 2], [3, 4, 2, 2], [0, 0, 3, 4])),
    "mips-base7-addition": _from(7, _forward_pairs(21, [6, 1, 0, 2], [6, 4, 2, 5], [5, 6, 2, 0])),
    "mips-bitwise-xor": _pairs(9, [0, 0, 1, 1], [0, 1, 0, 1], [0, 1, 1, 0]),
    "mips-bitwise-or": _pairs(9, [0, 0, 1, 1], [0, 1, 0, 1], [0, 1, 1, 1]),
    "mips-bitwise-and": _pairs(9, [0, 0, 1, 1], [0, 1, 0, 1], [0, 0, 0, 1]),
    "mips-bitwise-not": _down(5, [0, 1, 1], [1, 0, 0]),
    "mips-parity-last2": _up(6, 1, [1, 1, 0, 1], [1, 0, 1, 1]),
    "mips-parity-last3": _up(7, 2, [1, 1, 0, 1], [1, 0, 0, 0]),
    "mips-parity-last4": _up(8, 3, [1, 1, 0, 1], [1, 0, 0, 1]),
    "mips-parity-all": _down(5, [1, 1, 0, 1], [1, 0, 0, 1]),
    "mips-parity-zeros": _down(5, [1, 0, 0, 0], [0, 1, 0, 1]),
    "mips-evens-counter": _down(20, [2, 3, 0, 9, 4], [1, 1, 2, 2, 3]),
    "mips-sum-all": _down(7, [2, 3, 4], [2, 5, 2]),
    "mips-sum-last2": _up(7, 1, [2, 3, 5], [2, 5, 1]),
    "mips-sum-last3": _window(9, 3, [2, 3, 5, 7], [2, 5, 1, 6]),
    "mips-sum-last4": _window(10, 4, [2, 3, 5, 7], [2, 5, 0, 7]),
    "mips-sum-last5": _window(12, 5, [2, 3, 5, 7, 1], [2, 5, 10, 5, 6]),
    "mips-sum-last6": _window(14, 6, [1, 1, 2, 1, 1, 1], [1, 2, 4, 5, 6, 7]),
    "mips-sum-last7": _window(16, 7, [1, 1, 2, 1, 1, 1, 1], [1, 2, 4, 5, 6, 7, 8]),
    "mips-current-number": ([4, 0, 3, 0, 2, 0], {1: 3, 3: 2}),
    "mips-prev1": _up(7, 1, [2, 3, 5], [0, 2, 3]),
    "mips-prev2": _up(7, 2, [2, 3, 5], [0, 0, 2]),
    "mips-prev3": _up(9, 3, [2, 3, 5, 7], [0, 0, 0, 2]),
    "mips-prev4": _backward(15, 4, [2, 3, 5, 7, 1], [0, 0, 0, 0, 2]),
    "mips-prev5": _backward(18, 5, [2, 3, 5, 7, 1, 4], [0, 0, 0, 0, 0, 2]),
    "mips-previous-equals-current": _up(16, 1, [0, 3, 3, 5], [1, 0, 1, 0]),
    "mips-diff-last2": _up(7, 1, [2, 5, 3], [2, 3, 5]),
    "mips-abs-diff": _beside(16, [15, 1, 2], [1, 2, 1]),
    "mips-abs-current": _beside(16, [15, 1, 14], [1, 1, 2]),
    "mips-diff-abs-values": _beside(16, [15, 2, 15], [1, 1, 15]),
    "mips-min-seen": _down(7, [4, 5, 2, 3], [4, 4, 2, 2]),
    "mips-max-seen": _down(7, [4, 5, 2, 6], [4, 5, 5, 6]),
    "mips-majority01": _beside(14, [1, 0, 1, 1], [1, 0, 1, 1]),
    "mips-majority02": _beside(14, [2, 1, 2, 1, 1], [2, 1, 2, 1, 1]),
    "mips-majority03": _beside(16, [3, 1, 3, 0, 0], [3, 1, 3, 3, 0]),
    "mips-evens-detector": _down(20, [4, 5, 0, 9], [1, 0, 1, 0]),
    "mips-perfect-square-detector": _down(40, [4, 5, 0, 16], [1, 0, 1, 1]),
    "mips-bit-palindrome": _down(7, [1, 0, 1, 1], [1, 0, 1, 0]),
    "mips-balanced-parenthesis": _beside(14, [0, 1, 0, 1, 1, 0], [0, 1, 0, 1, 0, 0]),
    "mips-parity-bits-mod2": _down(7, [0, 1, 1, 1], [0, 1, 0, 1]),
    "mips-alternating-last3": _up(8, 2, [1, 0, 1, 1], [0, 1, 1, 0]),
    "mips-alternating-last4": _up(9, 3, [1, 0, 1, 1], [0, 0, 1, 0]),
    "mips-bit-shift-right": _up(7, 1, [1, 0, 1], [0, 1, 0]),
    "mips-bit-dot-prod-mod2": _forward_pairs(9, [1, 1, 0, 1], [1, 0, 1, 1], [1, 1, 1, 0]),
    "mips-div3": _from(3, _forward(9, [1, 0, 0, 0, 0, 1, 0], [0, 0, 1, 0, 1, 1, 0])),
    "mips-div5": _from(5, _forward(12, [1, 0, 1, 1], [0, 0, 1, 0])),
    "mips-div7": _from(7, _forward(16, [1, 1, 1, 1], [0, 0, 1, 0])),
    "mips-add-mod3": _from(3, _forward(7, [2, 2, 1, 0], [2, 1, 2, 2])),
    "mips-add-mod4": _from(4, _forward(8, [2, 3, 3, 0], [2, 1, 0, 0])),
    "mips-add-mod5": _from(5, _forward(10, [2, 4, 4, 0], [2, 1, 0, 0])),
    "mips-add-mod6": _from(6, _forward(12, [2, 5, 5, 0], [2, 1, 0, 0])),
    "mips-add-mod7": _from(7, _forward(14, [2, 6, 6, 0], [2, 1, 0, 0])),
    "mips-add-mod8": _from(8, _forward(16, [2, 7, 7, 0], [2, 1, 0, 0])),
    "mips-dithering": _from(15, _forward(32, [7, 7, 1, 15, 14], [0, 0, 1, 1, 0])),
    "mips-newton-freebody": _beside(14, [1, 2, 1], [1, 4, 8]),
    "mips-newton-gravity": _beside(14, [1, 2, 1], [0, 1, 2]),
    "mips-newton-spring": _forward(7, [1, 2, 1], [1, 3, 3]),
    "mips-newton-magnetic": ([4, 1, 2, 1, 1, 0, 0], {3: 1, 4: 1, 1: 2, 2: 5}),
}
"""Values are below the number of cells, M; sums and products are mod M."""
