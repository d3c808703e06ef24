"""What stack machines are to do, as data: a specification is a stack machine itself.

It reads the same symbols. Where it has no row, what was read is the beginning of no input of the
task; where its output is FREE, none counts. So a machine is right if, on everything that the
specification can read, it has the same output in every step in which that is not FREE.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hardmax.runtime.errors import HardmaxError
from hardmax.runtime.stack.program import (
    NOTHING,
    Action,
    Key,
    Operation,
    StackProgram,
    Structure,
)
from hardmax.runtime.symbols.interface import SymbolMetadata
from hardmax.runtime.text import listed

FREE = "*"
"""The name of the last output symbol of a specification: any output will do."""

Row = tuple[Key, Action]
Rule = Callable[[int, int], Iterator[Row]]
"""From the number of input symbols, and that of the output FREE, to the rows."""

_WAIT = Operation()
_POP = Operation(pop_top=True)


def specification(program: StackProgram) -> StackProgram:
    """The specification of a program's task, over the program's symbols.

    Raises:
        HardmaxError: there is none, or it is about other symbols than the program's.
    """
    task = program.metadata.task
    if task not in SPECIFICATIONS:
        raise HardmaxError(f"there is no specification of task {task!r:.40}")
    structure, depth, states, values, rule = SPECIFICATIONS[task]
    inputs, outputs = len(program.alphabet), len(program.output_alphabet)
    try:
        return StackProgram(
            (structure,),
            (depth,),
            values(inputs),
            program.alphabet,
            (*program.output_alphabet, FREE),
            states,
            tuple(rule(inputs, outputs)),
            SymbolMetadata(task),
        )
    except HardmaxError as error:
        raise HardmaxError(
            f"the specification of task {task} does not go with the symbols "
            f"{listed(program.alphabet)} and {listed(program.output_alphabet)}: {error}"
        ) from None


def _row(
    state: int, symbol: int, reads: tuple[int, ...], operation: Operation, output: int, then: int
) -> Row:
    return (state, symbol, reads), Action((operation,), output, then)


def _rearranged(push: Callable[[int], Operation], inputs: int, free: int) -> Iterator[Row]:
    """Symbols 0..V-1, V, then blanks V+1; in each blank what is read, which goes."""
    values, end, blank = inputs - 2, inputs - 2, inputs - 1
    for read in range(values + 1):
        for symbol in range(values):
            yield _row(0, symbol, (read,), push(symbol), free, 0)
        yield _row(0, end, (read,), _WAIT, free, 1)
        if read != NOTHING:
            yield _row(1, blank, (read,), _POP, read - 1, 1)


def _reversal(inputs: int, free: int) -> Iterator[Row]:
    return _rearranged(lambda value: Operation(push_top=value), inputs, free)


def _copy(inputs: int, free: int) -> Iterator[Row]:
    return _rearranged(lambda value: Operation(push_bottom=value), inputs, free)


def _pairs(values: int) -> Iterator[tuple[int, int]]:
    """Yield what two cells at the top can be read as."""
    yield NOTHING, NOTHING
    for top in range(1, values + 1):
        for second in range(values + 1):
            yield top, second


_SORTS = 2
"""Of brackets; sort s opens with symbol 2 s and closes with symbol 2 s + 1."""

_NONE = 2 * _SORTS
"""The output where no bracket is open."""


def _dyck(inputs: int, free: int) -> Iterator[Row]:
    """A word that can be completed; after each bracket what closes the innermost open one."""
    for top, second in _pairs(_SORTS):
        for sort in range(_SORTS):
            opened = Operation(push_top=sort)
            yield _row(0, 2 * sort, (top, second), opened, 2 * sort + 1, 0)
            if top == sort + 1:
                closer = _NONE if second == NOTHING else 2 * (second - 1) + 1
                yield _row(0, 2 * sort + 1, (top, second), _POP, closer, 0)


def _dyck_close(inputs: int, free: int) -> Iterator[Row]:
    """A word that can be completed, 4, then blanks 5; in them what completes it, then none."""
    end, blank = 2 * _SORTS, 2 * _SORTS + 1
    for top in range(_SORTS + 1):
        for sort in range(_SORTS):
            yield _row(0, 2 * sort, (top,), Operation(push_top=sort), free, 0)
            if top == sort + 1:
                yield _row(0, 2 * sort + 1, (top,), _POP, free, 0)
        yield _row(0, end, (top,), _WAIT, free, 1)
        if top == NOTHING:
            yield _row(1, blank, (top,), _WAIT, _NONE, 2)
        else:
            yield _row(1, blank, (top,), _POP, 2 * (top - 1) + 1, 1)


def _counted(letters: int, free: int) -> Iterator[Row]:
    """Strings of blocks 0, 1, ..., each at least once, the last as long as all others together.

    While the last block goes on, it is the next letter; then the first one is.
    """
    last = letters - 1
    for top, second in _pairs(1):
        for block in range(last):
            begun = top != NOTHING
            if begun or block == 0:
                yield _row(block, block, (top, second), Operation(push_top=0), free, block)
            if begun and block + 1 < last:
                push = Operation(push_top=0)
                yield _row(block, block + 1, (top, second), push, free, block + 1)
        if top != NOTHING:
            following, state = (0, 0) if second == NOTHING else (last, last)
            yield _row(last - 1, last, (top, second), _POP, following, state)
            yield _row(last, last, (top, second), _POP, following, state)


def _memorization(inputs: int, free: int) -> Iterator[Row]:
    """Symbols 0..V-1, V, the same from their end; in the second half the next one."""
    values, sign = inputs - 1, inputs - 1
    for top, second in _pairs(values):
        for symbol in range(values):
            yield _row(0, symbol, (top, second), Operation(push_top=symbol), free, 0)
        yield _row(0, sign, (top, second), _WAIT, free if top == NOTHING else top - 1, 1)
        if top != NOTHING:
            following = free if second == NOTHING else second - 1
            yield _row(1, top - 1, (top, second), _POP, following, 1)


_NOUNS, _VERBS, _ARTICLES, _GENDERS = 6, 2, 2, 3
"""Words, numbered in this order; as many nouns of each gender, one gender after another."""


def _gender(inputs: int, free: int) -> Iterator[Row]:
    """Article, noun, verb, article, noun and so on, the end, then blanks.

    In each blank goes what is read, an article in the gender of the noun behind it.
    """
    end, blank = inputs - 2, inputs - 1
    nouns, verbs, articles = (
        range(first, first + words)
        for first, words in ((0, _NOUNS), (_NOUNS, _VERBS), (_NOUNS + _VERBS, _ARTICLES))
    )
    phrases = [(article, noun) for article in articles for noun in nouns]
    for state, words in enumerate((articles, nouns, verbs)):
        begun = [(article + 1, NOTHING) for article in articles] if state == 1 else []
        said = [(article + 1, noun + 1) for article, noun in phrases]
        empty = [(NOTHING, NOTHING)] if state == 0 else []
        for reads in (*empty, *begun, *said):
            for symbol in words:
                push = Operation(push_bottom=symbol)
                yield _row(state, symbol, reads, push, free, (state + 1) % 3)
        # A sentence ends with a noun; there is one without words.
        for reads in said if state == 2 else empty:
            yield _row(state, end, reads, _WAIT, free, 3)
    for article, noun in phrases:
        gender = noun // (_NOUNS // _GENDERS)
        conjugated = _NOUNS + _VERBS + _GENDERS * (article - articles[0]) + gender
        yield _row(3, blank, (article + 1, noun + 1), _POP, conjugated, 3)
    for noun in nouns:
        for verb in verbs:
            yield _row(3, blank, (noun + 1, verb + 1), _POP, noun, 3)
        yield _row(3, blank, (noun + 1, NOTHING), _POP, noun, 4)
    for verb in verbs:
        for article in articles:
            yield _row(3, blank, (verb + 1, article + 1), _POP, verb, 3)


_Parts = tuple[Structure, int, int, Callable[[int], int], Rule]

SPECIFICATIONS: dict[str, _Parts] = {
    **dict.fromkeys(
        ("reversal", "reversal-128"), (Structure.STACK, 1, 2, lambda inputs: inputs - 2, _reversal)
    ),
    **dict.fromkeys(
        ("copy", "copy-128"), (Structure.QUEUE, 1, 2, lambda inputs: inputs - 2, _copy)
    ),
    "gender": (Structure.QUEUE, 2, 5, lambda inputs: inputs - 2, _gender),
    "dyck": (Structure.STACK, 2, 1, lambda inputs: _SORTS, _dyck),
    "dyck-close": (Structure.STACK, 1, 3, lambda inputs: _SORTS, _dyck_close),
    "anbn": (Structure.STACK, 2, 2, lambda inputs: 1, _counted),
    "anbmcnm": (Structure.STACK, 2, 3, lambda inputs: 1, _counted),
    "memorization": (Structure.STACK, 2, 2, lambda inputs: inputs - 1, _memorization),
}
"""By task: the structure, how deep it is read, the states, the values of a cell, and the rows."""
