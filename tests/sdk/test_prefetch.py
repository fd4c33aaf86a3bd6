"""Reading frames ahead: order, errors, and a thread that ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from mobilevos_sdk.prefetch import prefetch


def _threads() -> int:
    return sum(thread.name.startswith("prefetch") for thread in threading.enumerate())


def test_items_come_in_their_order() -> None:
    assert list(prefetch(iter(range(20)))) == list(range(20))
    assert list(prefetch([])) == []
    assert _threads() == 0


def test_an_item_is_read_while_the_last_one_is_in_use() -> None:
    second_is_read = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        second_is_read.set()
        yield 2

    reader = prefetch(items())
    assert next(reader) == 1
    assert second_is_read.wait(5)
    assert list(reader) == [2]


def test_one_item_is_read_ahead_and_no_more() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    reader = prefetch(items())
    assert next(reader) == 0
    reader.close()
    assert taken == [0, 1]


def test_an_error_comes_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("cut off")

    reader = prefetch(items())
    assert next(reader) == 1
    with pytest.raises(OSError, match="cut off"):
        next(reader)
    assert _threads() == 0


def test_a_reader_that_leaves_ends_the_thread_and_closes_the_source() -> None:
    closed = threading.Event()

    def items() -> Iterator[int]:
        try:
            while True:
                yield 0
        finally:
            closed.set()

    reader = prefetch(items())
    next(reader)
    reader.close()
    assert closed.is_set()
    assert _threads() == 0
