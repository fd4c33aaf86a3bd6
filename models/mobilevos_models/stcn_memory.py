"""Which frames STCN remembers: every n-th one, with or without the last one, all of them or the newest few.

The supplement's Table 1 compares the schedules; with the L2 similarity "every 5th only" is the best one. A memory that
grows with the video is for evaluation: an exported model has the bounded queue of `mobilevos_sdk.memory`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mobilevos_models.memory_read import MemoryEntry
from mobilevos_sdk.errors import InvalidInputError


@dataclass(frozen=True)
class FrameSchedule:
    """When a frame is memorised, and for how long.

    Attributes:
        every: frames whose index is a multiple of it are kept; the first frame, index 0, always is.
        include_last: whether any other frame is there for the frame that follows it, and then forgotten.
        capacity: most frames that are kept, the first one among them; the oldest but the first falls out. None keeps
            all of them, as the paper does.

    Raises:
        InvalidInputError: `every` or `capacity` below 1.
    """

    every: int = 5
    include_last: bool = False
    capacity: int | None = None

    def __post_init__(self) -> None:
        if self.every < 1:
            raise InvalidInputError(f"a memory of every {self.every}th frame is not possible; give 1 or more")
        if self.capacity is not None and self.capacity < 1:
            raise InvalidInputError(f"a memory of {self.capacity} frames has no room for the first; give 1 or more")

    def keeps(self, index: int) -> bool:
        """Whether the frame stays in memory."""
        return index % self.every == 0

    def takes(self, index: int) -> bool:
        """Whether the frame has to be memorised at all; `memorize` need not be run where it has not."""
        return self.include_last or self.keeps(index)


class ScheduledMemory:
    """The memory of one video under a schedule; its entries go into `STCN.segment` as they are.

    Args:
        schedule: what is kept.
        reference: the entry of the first frame.
    """

    def __init__(self, schedule: FrameSchedule, reference: MemoryEntry) -> None:
        self._schedule = schedule
        self._kept = [reference]
        self._last: MemoryEntry | None = None

    @property
    def entries(self) -> Sequence[MemoryEntry]:
        """The first frame, then the others from the newest to the oldest."""
        newest = [] if self._last is None else [self._last]
        return [self._kept[0], *newest, *reversed(self._kept[1:])]

    def add(self, index: int, entry: MemoryEntry) -> None:
        """Adds a frame that the schedule takes; the one that was only there as the last frame is forgotten."""
        self._last = None
        if not self._schedule.keeps(index):
            self._last = entry
            return
        self._kept.append(entry)
        if self._schedule.capacity is not None:
            self._kept = [self._kept[0], *self._kept[1:][-self._schedule.capacity + 1 :]][: self._schedule.capacity]
