"""Following objects through a video, frame by frame: what everything that does so has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from pathlib import Path
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
        rest = _frames_of(frames)
        first = next(rest, None)
        if first is None:
            raise InvalidInputError("there is no frame; give at least the one that the mask belongs to")
        session = self.start(first, first_mask)
        yield session.first_result
        for frame in rest:
            yield session.step(frame)


def _frames_of(frames: object) -> Iterator[npt.NDArray[np.uint8]]:
    """Iterates over frames, after what is often given in their place has been refused: a file, or one frame alone."""
    if isinstance(frames, str | Path):
        raise InvalidInputError(
            f"frames are arrays, not a path; open the video with mobilevos_sdk.video.open_frames({str(frames)!r})"
        )
    if isinstance(frames, np.ndarray) and frames.ndim in (2, 3):
        raise InvalidInputError(
            f"frames of shape {frames.shape} are one picture, not a video; give several, or put it into a list"
        )
    try:
        return iter(frames)  # type: ignore[call-overload]  # what has only __getitem__ iterates too
    except TypeError:
        raise InvalidInputError(
            f"frames must be a list, a generator or another iterable of arrays, not {type(frames).__name__}"
        ) from None
