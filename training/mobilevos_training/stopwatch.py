"""Where the time of a training step goes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch


class Stopwatch:
    """Adds up seconds by phase.

    On a GPU work is asynchronous: phases are only told apart when `exact`, which waits for the device at every phase.
    """

    def __init__(self, device: str, exact: bool = False) -> None:
        self.seconds: dict[str, float] = {}
        self._synchronize = exact and device.startswith("cuda")

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Times a block."""
        started = time.perf_counter()
        try:
            yield
        finally:
            if self._synchronize:
                torch.cuda.synchronize()
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started

    def lap(self) -> dict[str, float]:
        """The seconds since the last lap, by phase."""
        seconds, self.seconds = self.seconds, {}
        return seconds
