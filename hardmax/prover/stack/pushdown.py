"""Stacks: reachability of a pushdown system by summaries.

The pair at the top of the stack belongs to the frame that began when it was pushed, and that ends
when it is popped. A **fact** (entry, control, window) says that a frame which began with ``entry``,
the control and the window at that time, can come to ``control`` and ``window`` while its pair is at
the top. What happens in a frame does not depend on what is beneath its window, so that facts of
equal frames are found once, however deep they lie; there are finitely many facts:

    the bottom frame begins with no pair
    a step that pushes begins a frame, and notes who called it
    a step that pops ends the frame: its callers go on with the control that it leaves
    any other step is a step in the frame

To each fact belongs the shortest sequence of symbols that leads to it from the frame's entry, and
so to each violation the shortest input that shows it.
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from dataclasses import dataclass

from hardmax.prover.failure import TimeUpError
from hardmax.prover.stack.product import START, Control, Product, Violation, Window

Entry = tuple[Control, Window]
Fact = tuple[Entry, Control, Window]
Word = tuple[int, ...]

BOTTOM: Entry = (START, ())


@dataclass(frozen=True)
class Wrong:
    """An input on which the machine is wrong.

    Attributes:
        word: the symbols.
        reason: what is wrong in the last step.
    """

    word: Word
    reason: str


class Summaries:
    """All facts of a product.

    Attributes:
        words: every fact, with a shortest sequence that leads to it from its frame's entry.
    """

    def __init__(self, product: Product, deadline: float) -> None:
        """
        Raises:
            NotProvedError: the two do not move in step.
            TimeUpError: there was no time left.
        """
        self._product = product
        self.words: dict[Fact, Word] = {}
        self._violations: dict[tuple[Fact, int], str] = {}
        self._callers: dict[Entry, dict[tuple[Fact, int], None]] = defaultdict(dict)
        self._exits: dict[Entry, dict[Control, Word]] = defaultdict(dict)
        self._waiting: deque[Fact] = deque()
        self._reach((BOTTOM, *BOTTOM), ())
        while self._waiting:
            if time.monotonic() > deadline:
                raise TimeUpError(f"out of time after {len(self.words)} facts")
            self._follow(self._waiting.popleft())

    def _reach(self, fact: Fact, word: Word) -> None:
        known = self.words.get(fact)
        if known is None or len(word) < len(known):
            self.words[fact] = word
            self._waiting.append(fact)

    def _follow(self, fact: Fact) -> None:
        """Make every step from a fact."""
        entry, control, window = fact
        word = self.words[fact]
        for symbol in range(len(self._product.machine.alphabet)):
            move = self._product.move(control, window, symbol)
            if move is None:
                continue
            if isinstance(move, Violation):
                self._violations[fact, symbol] = move.reason
                continue
            beneath = window[1:] if move.pop else window
            if move.push is None and not move.pop:
                self._reach((entry, move.control, window), (*word, symbol))
            elif move.pop and move.push is not None:
                self._reach((entry, move.control, (move.push, *beneath)), (*word, symbol))
            elif move.push is not None:
                called = move.control, (move.push, *window)[: self._product.depth]
                self._callers[called][fact, symbol] = None
                self._reach((called, *called), ())
                for left, inside in self._exits[called].items():
                    self._reach((entry, left, window), (*word, symbol, *inside))
            else:
                self._exit(entry, move.control, (*word, symbol))

    def _exit(self, entry: Entry, control: Control, word: Word) -> None:
        """A frame can end so."""
        known = self._exits[entry].get(control)
        if known is not None and len(known) <= len(word):
            return
        self._exits[entry][control] = word
        for (entry_below, control_below, window), symbol in self._callers[entry]:
            before = self.words[entry_below, control_below, window]
            self._reach((entry_below, control, window), (*before, symbol, *word))

    def wrong(self) -> Wrong | None:
        """The shortest input on which the machine is wrong, None where there is none."""
        begins = self._begins()
        found = [
            Wrong((*begins[fact[0]], *self.words[fact], symbol), reason)
            for (fact, symbol), reason in self._violations.items()
        ]
        return min(found, key=lambda wrong: (len(wrong.word), wrong.word), default=None)

    def _begins(self) -> dict[Entry, Word]:
        """To each frame the shortest sequence that leads to its entry from the start."""
        begins: dict[Entry, Word] = {BOTTOM: ()}
        called_by: dict[Entry, list[tuple[Fact, int, Entry]]] = defaultdict(list)
        for called, callers in self._callers.items():
            for fact, symbol in callers:
                called_by[fact[0]].append((fact, symbol, called))
        waiting = deque([BOTTOM])
        while waiting:
            entry = waiting.popleft()
            for fact, symbol, called in called_by[entry]:
                word = (*begins[entry], *self.words[fact], symbol)
                if called not in begins or len(word) < len(begins[called]):
                    begins[called] = word
                    waiting.append(called)
        return begins
