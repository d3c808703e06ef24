"""Tasks of the suite on an array: what is said of it, and how it is changed in place.

Elements are not 0, and a 0 ends the array, unless a task says otherwise. Sums are mod M.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from hardmax.prover.specifications import drawing
from hardmax.prover.specifications.specification import Parameter, Recurrence, Specification


def _draw_behind(random: Random, first: int) -> list[int]:
    """Cells of which nothing is known but that the array behind them is one."""
    n = drawing.elements(random)
    memory = drawing.memory(random, first + n + 1)
    memory[first : first + n + 1] = [*(random.randrange(1, len(memory)) for _ in range(n)), 0]
    return memory


def _draw_question(random: Random) -> list[int]:
    memory = _draw_behind(random, 1)
    memory[0] = 0
    return memory


def _draw_in_place(random: Random) -> list[int]:
    return _draw_behind(random, 0)


def _draw_by_value(random: Random) -> list[int]:
    """A value in cell 0 that is often an element, too."""
    memory = _draw_behind(random, 1)
    n = memory.index(0, 1) - 1
    memory[0] = random.choice((random.randrange(1, len(memory)), memory[random.randint(1, n)]))
    return memory


def _draw_counted(random: Random) -> list[int]:
    n = drawing.elements(random)
    memory = drawing.memory(random, n + 1)
    memory[0] = n
    return memory


def _draw_counted_elements(random: Random) -> list[int]:
    memory = _draw_counted(random)
    elements = range(1, memory[0] + 1)
    memory[1 : memory[0] + 1] = [random.randrange(1, len(memory)) for _ in elements]
    return memory


_BEHIND = (
    "1 <= n and n + 1 < M",
    "m0[n + 1] == 0",
    "all(m0[c] != 0 for c in range(1, n + 1))",
)
"""Of an array from cell 1 on."""


def _question(task: str, output: str, *recurrences: Recurrence) -> Specification:
    """``0, A, 0``: cell 0 gets an answer about A."""
    return Specification(
        task=task,
        parameters=(Parameter("n"),),
        preconditions=("m0[0] == 0", *_BEHIND),
        first="0",
        end="1",
        output=output,
        recurrences=recurrences,
        draw=_draw_question,
    )


def _in_place(task: str, output: str, *recurrences: Recurrence) -> Specification:
    """``A, 0``: A is changed."""
    return Specification(
        task=task,
        parameters=(Parameter("n"),),
        preconditions=("1 <= n < M", "m0[n] == 0", "all(m0[c] != 0 for c in range(0, n))"),
        first="0",
        end="n",
        output=output,
        recurrences=recurrences,
        draw=_draw_in_place,
    )


def _by_value(task: str, output: str) -> Specification:
    """``v, A, 0``: A is changed as v says."""
    return Specification(
        task=task,
        parameters=(Parameter("v", "m0[0]"), Parameter("n")),
        preconditions=("v != 0", *_BEHIND),
        first="1",
        end="n + 1",
        output=output,
        draw=_draw_by_value,
    )


def _counted(
    task: str,
    output: str,
    *recurrences: Recurrence,
    elements: tuple[str, ...] = (),
    draw: Callable[[Random], list[int]] = _draw_counted,
) -> Specification:
    """``n`` and the n cells behind it, of which ``elements`` hold: the outputs."""
    return Specification(
        task=task,
        parameters=(Parameter("n", "m0[0]"),),
        preconditions=("1 <= n", *elements),
        first="1",
        end="n + 1",
        output=output,
        recurrences=recurrences,
        draw=draw,
    )


def _mod(value: str) -> str:
    """A sum of two numbers 0..M-1, mod M."""
    return f"{value} if {value} < M else {value} - M"


def _difference(a: str, b: str) -> str:
    """A difference of two numbers 0..M-1, mod M."""
    return f"{a} - {b} if {a} >= {b} else {a} - {b} + M"


ARRAYS = (
    _question("max", "top(n)", Recurrence("top", start="0", step="max(top(i), m0[i + 1])")),
    _question("min", "low(n)", Recurrence("low", start="M - 1", step="min(low(i), m0[i + 1])")),
    _question(
        "argmax",
        "top(n - 1)",
        Recurrence("top", start="1", step="i + 2 if m0[i + 2] > m0[top(i)] else top(i)"),
    ),
    _question("last", "m0[n]"),
    _question("strlen", "n"),
    _question("sum-mod", "sum(n)", Recurrence("sum", start="0", step=_mod("sum(i) + m0[i + 1]"))),
    _question(
        "alternating-sum",
        "sum(n)",
        Recurrence("sum", start="0", step=_difference("m0[i + 1]", "sum(i)")),
    ),
    _in_place(
        "prefix-sum", "sum(c)", Recurrence("sum", start="m0[0]", step=_mod("sum(i) + m0[i + 1]"))
    ),
    _in_place(
        "running-max", "top(c)", Recurrence("top", start="m0[0]", step="max(top(i), m0[i + 1])")
    ),
    _in_place("double-each", _mod("m0[c] + m0[c]")),
    _in_place("adjacent-diff", f"m0[c] if c < 1 else {_difference('m0[c]', 'm0[c - 1]')}"),
    _in_place("rotate-left", "m0[c + 1] if c + 1 < n else m0[0]"),
    _by_value("add-k", _mod("m0[c] + v")),
    _by_value("cap", "min(m0[c], v)"),
    _by_value("threshold", "1 if m0[c] >= v else 0"),
    _counted("fill", "m0[1]"),
    _counted("iota", "c"),
    _counted(
        "suffix-min",
        "low(n - c)",
        Recurrence("low", start="m0[n]", step="min(low(i), m0[n - 1 - i])"),
        elements=("all(m0[c] != 0 for c in range(1, n + 1))",),
        draw=_draw_counted_elements,
    ),
)
