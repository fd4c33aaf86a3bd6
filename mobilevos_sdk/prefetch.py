"""Reads frames ahead in a thread, so that the next frame is decoded while the model works on this one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Item = TypeVar("Item")
_END: Any = object()


def prefetch(items: Iterable[Item]) -> Iterator[Item]:
    """Yields what an iterable yields, in its order; a thread takes the next item while the reader has this one.

    What the iterable raises is raised where its next item would have come. The thread ends with the iterable, or when
    the result is closed or dropped; then the iterable is closed too, if it can be. Not for a camera: a frame that waits
    grows old.

    Args:
        items: is used in the thread alone.

    Example:
        >>> list(prefetch(range(3)))
        [0, 1, 2]
    """
    iterator = iter(items)
    with ThreadPoolExecutor(1, "prefetch") as thread:
        try:
            coming = thread.submit(next, iterator, _END)
            while (item := coming.result()) is not _END:
                coming = thread.submit(next, iterator, _END)
                yield item
        finally:
            close = getattr(iterator, "close", None)
            if close is not None:
                thread.submit(close)
