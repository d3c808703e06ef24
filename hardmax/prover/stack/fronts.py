"""Queues: a sound over-approximation of what can be at the front.

Of a queue of pairs is kept, beside the control, the window at its front, and, once for all, the set
of the pairs that are ever pushed. What comes into the window from behind it is any of these, or
nothing. Every configuration of the two machines is one of these **fronts**; not every front needs
to be one of theirs, so that a violation is no counterexample yet.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from hardmax.prover.failure import NotProvedError, TimeUpError
from hardmax.prover.stack.product import START, Control, Move, Pair, Product, Violation, Window

Front = tuple[Control, Window]


class Fronts:
    """All fronts of a product.

    Attributes:
        pairs: what is ever pushed.
        found: the fronts.
    """

    def __init__(self, product: Product, deadline: float) -> None:
        """
        Raises:
            NotProvedError: the two do not move in step, or the machine may be wrong.
            TimeUpError: there was no time left.
        """
        self._product = product
        self.pairs: set[Pair] = set()
        self.found: set[Front] = {(START, ())}
        size = (0, 0)
        # A pair that is new may come to any front that was followed before.
        while size != (len(self.found), len(self.pairs)):
            size = len(self.found), len(self.pairs)
            for front in sorted(self.found):
                if time.monotonic() > deadline:
                    raise TimeUpError(f"out of time after {len(self.found)} fronts")
                self.found.update(self._followers(front))

    def _followers(self, front: Front) -> Iterator[Front]:
        control, window = front
        for symbol in range(len(self._product.machine.alphabet)):
            move = self._product.move(control, window, symbol)
            if isinstance(move, Violation):
                raise NotProvedError(
                    f"what can be at the front of the queue was approximated, and so it may be "
                    f"wrong: {move.reason}"
                )
            if move is not None:
                for after in self._windows(window, move):
                    yield move.control, after

    def _windows(self, window: Window, move: Move) -> Iterator[Window]:
        depth = self._product.depth
        more = len(window) == depth
        behind: list[Window] = [()]
        if move.push is not None:
            self.pairs.add(move.push)
        if move.pop:
            window = window[1:]
            if more:
                behind += [(pair,) for pair in sorted(self.pairs)]
        for pairs in behind:
            after = (*window, *pairs)
            if move.push is not None and not (pairs or (more and not move.pop)):
                after = (*after, move.push)
            yield after[:depth]
