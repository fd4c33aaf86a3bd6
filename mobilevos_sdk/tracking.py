"""The loop over a video that everything which follows objects shares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
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


def track(
    start: Callable[[npt.NDArray[np.uint8], npt.NDArray[np.integer]], Stepper],
    frames: Iterable[npt.NDArray[np.uint8]],
    first_mask: npt.NDArray[np.integer],
) -> Iterator[FrameResult]:
    """Starts a video with its first frame and follows the objects through the others, one result a frame.

    Lazy: a frame is taken from `frames` when its result is asked for, and none is kept.

    Raises:
        InvalidInputError: there is no frame, or a frame or the mask cannot be used.
    """
    rest = iter(frames)
    first = next(rest, None)
    if first is None:
        raise InvalidInputError("there is no frame; give at least the one that the mask belongs to")
    session = start(first, first_mask)
    yield session.first_result
    for frame in rest:
        yield session.step(frame)
