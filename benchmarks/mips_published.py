"""What is published of the 62 tasks of MIPS (arXiv:2402.05110), task by task."""

from __future__ import annotations

SOLVED_BY_GPT4 = frozenset(
    {
        *("base6-addition", "bitwise-xor", "bitwise-or", "bitwise-and", "bitwise-not"),
        *("parity-last2", "sum-all", "sum-last4", "sum-last5", "sum-last6", "sum-last7"),
        *("current-number", "prev1", "prev2", "prev3", "prev4", "prev5", "abs-current"),
        *("diff-abs-values", "min-seen", "max-seen", "majority01", "evens-detector"),
        *("bit-palindrome", "parity-bits-mod2", "alternating-last4", "bit-shift-right"),
        *("div3", "add-mod3", "dithering"),
    }
)
"""Of ``gpt4/task_results.csv`` in github.com/ejmichaud/neural-verification; 30, as in the paper."""
