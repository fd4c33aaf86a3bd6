"""Reads frames ahead in a thread, so that the next frame is decoded while the model works on this one."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")
# How often a thread that is ahead of its reader looks whether the reader has gone.
_PATIENCE_SECONDS = 0.1


def prefetch(items: Iterable[Item], ahead: int = 1) -> Iterator[Item]:
    """Yields what an iterable yields, in its order; a thread takes the items, so many in front of the reader.

    What the iterable raises is raised where its next item would have come. The thread ends with the iterable, or when
    the result is closed or dropped; then the iterable is closed too, if it can be. Not for a camera: frames that wait
    grow old.

    Args:
        items: is used in the thread alone.
        ahead: how many items may wait, 1 or more; a frame of 1280x720 takes 2.8 MB.

    Example:
        >>> list(prefetch(range(3)))
        [0, 1, 2]
    """
    waiting: queue.Queue[tuple[Item | None, BaseException | None, bool]] = queue.Queue(ahead)
    gone = threading.Event()

    def put(item: Item | None, error: BaseException | None, last: bool) -> None:
        while not gone.is_set():
            try:
                return waiting.put((item, error, last), timeout=_PATIENCE_SECONDS)
            except queue.Full:
                continue

    def read() -> None:
        iterator = iter(items)
        error: BaseException | None = None
        try:
            for item in iterator:
                put(item, None, False)
                if gone.is_set():
                    break
        except BaseException as raised:  # it belongs to the reader, whatever it is
            error = raised
        finally:
            close = getattr(iterator, "close", None)
            if close is not None:
                close()
        put(None, error, True)

    thread = threading.Thread(target=read, name="prefetch", daemon=True)
    thread.start()
    try:
        while True:
            item, error, last = waiting.get()
            if error is not None:
                raise error
            if last:
                return
            yield item  # type: ignore[misc]  # an item that is not the last is one of the iterable's
    finally:
        gone.set()
        thread.join()
