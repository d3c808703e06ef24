"""Long runs of native code that Ctrl-C can end.

Python looks for signals between two instructions of its own, never in the middle of native code. So
a run that may be long goes on in another thread, and this one waits for it: here a handler runs at
once, and where it raises, native code is told to stop.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Sequence
from typing import Any

Work = Callable[[int], object]
"""A call of native code, given the address of an int32_t that is not 0 once it is to stop."""


def run_interruptibly(works: Sequence[Work], buffers: Sequence[object]) -> list[Any]:
    """Do works at once, each in a thread of its own, and return what they return.

    Args:
        works: the works.
        buffers: the owners of the memory that they work on, kept for as long as they do.

    Raises:
        BaseException: what a signal's handler raised meanwhile, such as KeyboardInterrupt, or else
            what a work raised. No work goes on by then.
    """
    stop = ctypes.c_int32()
    results: list[Any] = [None] * len(works)
    errors: list[BaseException] = []

    def finish(number: int, buffers: Sequence[object]) -> None:
        try:
            if not stop.value:
                results[number] = works[number](ctypes.addressof(stop))
        except BaseException as error:
            errors.append(error)

    threads = [
        threading.Thread(target=finish, args=(number, buffers), daemon=True)
        for number in range(len(works))
    ]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    except BaseException:
        stop.value = 1
        _wait_for(threads)
        raise
    if errors:
        raise errors[0]
    return results


def _wait_for(threads: Sequence[threading.Thread]) -> None:
    """Wait whatever comes: what the threads work on will be another's afterwards."""
    while any(thread.is_alive() for thread in threads):
        try:
            for thread in threads:
                if thread.is_alive():
                    thread.join()
        except BaseException:  # another Ctrl-C; the first one is on its way
            continue


def is_interruptible() -> bool:
    """Whether signals' handlers run in this thread, so that waiting in it makes sense."""
    return threading.current_thread() is threading.main_thread()
