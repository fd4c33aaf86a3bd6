"""Following objects through a video, frame by frame: what everything that does so has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Protocol

import numpy as np
import numpy.typing as npt

from mobilevos_sdk.errors import InvalidInputError
from mobilevos_sdk.results import FrameResult


class Stepper(Protocol):
    """A video that has begun, such as a Session."""

    @property
    def first_result(self) -> FrameResult:
        """The first frame with the mask that was given."""

    def step(self, frame: npt.NDArray[np.uint8]) -> FrameResult:
        """Follows the objects into the next frame."""


class VideoTracker(ABC):
    """What follows objects through videos. A subclass says how a video is started."""

    @abstractmethod
    def start(self, frame: npt.NDArray[np.uint8], mask: npt.NDArray[np.integer]) -> Stepper:
        """Starts a video with its first frame and that frame's mask.

        Raises:
            InvalidInputError: the frame or the mask cannot be used.
        """

    def track(
        self, frames: Iterable[npt.NDArray[np.uint8]], first_mask: npt.NDArray[np.integer]
    ) -> Iterator[FrameResult]:
        """Follows the objects of the first frame's mask through all frames.

        Lazy: a frame is taken from `frames` when its result is asked for, and none is kept.

        Args:
            frames: (H, W, 3) uint8 RGB arrays of one size.
            first_mask: (H, W) integer object ids on the first frame: 0 is background, 1 to 255 are objects.

        Yields:
            One result a frame; the first one has the mask that was given.

        Raises:
            InvalidInputError: there is no frame, or a frame or the mask cannot be used.
        """
        rest = iter(frames)
        first = next(rest, None)
        if first is None:
            raise InvalidInputError("there is no frame; give at least the one that the mask belongs to")
        session = self.start(first, first_mask)
        yield session.first_result
        for frame in rest:
            yield session.step(frame)
