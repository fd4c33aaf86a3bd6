"""Gives memory that was freed back to the system.

Glibc keeps freed blocks of the heap for later use. A graph that ran once leaves some 100 MB of them; what is set up
next does not fit into all of the holes, so a process would be charged for both. Other systems' allocators give large
blocks back by themselves.
"""

from __future__ import annotations

import ctypes
import functools
import platform
from collections.abc import Callable


def release_free_memory() -> None:
    """Returns the free pages of the heap to the system, where its allocator holds on to them; costs milliseconds."""
    trim = _trim()
    if trim is not None:
        trim(0)


@functools.cache
def _trim() -> Callable[[int], int] | None:
    """Glibc's `malloc_trim`; none with another C library."""
    if platform.libc_ver()[0] != "glibc":
        return None
    trim: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return trim
