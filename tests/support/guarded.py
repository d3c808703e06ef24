"""Memories between pages that nobody may touch: a stray access ends the process."""

from __future__ import annotations

import ctypes
import functools
import mmap

import numpy as np
from numpy.typing import NDArray

_PAGE = mmap.PAGESIZE
_PROT_NONE = 0


class GuardedPages:
    """Pages that may be read and written, with one before and one after them that may not."""

    def __init__(self, pages: int) -> None:
        size = pages * _PAGE
        self._map = mmap.mmap(-1, _PAGE + size + _PAGE)
        everything = np.frombuffer(self._map, dtype=np.uint8)
        mprotect = ctypes.CDLL(None, use_errno=True).mprotect
        for guard in (0, _PAGE + size):
            address = ctypes.c_void_p(everything.ctypes.data + guard)
            if mprotect(address, ctypes.c_size_t(_PAGE), _PROT_NONE) != 0:
                raise OSError(ctypes.get_errno(), "mprotect")
        self._cells = everything[_PAGE : _PAGE + size].view(np.uint32)

    def at_start(self, size: int) -> NDArray[np.uint32]:
        """``size`` cells with a guard right before them."""
        return self._cells[:size]

    def at_end(self, size: int) -> NDArray[np.uint32]:
        """``size`` cells with a guard right after them."""
        return self._cells[len(self._cells) - size :]


@functools.cache
def _pages(pages: int) -> GuardedPages:
    return GuardedPages(pages)


def placements(size: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Two places for a memory of ``size`` cells, each at a guard; their contents may overlap."""
    pages = _pages(-(-4 * size // _PAGE))
    return pages.at_start(size), pages.at_end(size)
