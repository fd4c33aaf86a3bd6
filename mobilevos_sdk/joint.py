"""What follows one video with several Sessions at once: an ensemble's members, or passes over groups of objects."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from mobilevos_sdk.backends.base import FloatArray
from mobilevos_sdk.masks import Mask, object_ids
from mobilevos_sdk.processing import Fit, check_frame, label
from mobilevos_sdk.results import FrameResult, Latency
from mobilevos_sdk.tracking import Stepper

# Makes the probabilities (N, H, W) of all objects, at the frame's size, of what the sessions say of a frame.
Join: TypeAlias = Callable[[Sequence[FrameResult]], FloatArray]


class JointSession:
    """Sessions that follow the same video, and whose probabilities become one.

    A frame that is refused leaves the session as it was. After any other error the sessions may be at different frames:
    start anew.

    Args:
        sessions: as they have begun with the first frame; Sessions, or joint ones themselves.
        mask: (H, W) uint8 object ids on that frame.
        join: how their probabilities become one.
    """

    def __init__(self, sessions: Sequence[Stepper], mask: Mask, join: Join) -> None:
        self._sessions, self._join = tuple(sessions), join
        size = (mask.shape[0], mask.shape[1])
        self._fit = Fit.between(size, size)  # the sessions' probabilities are of the frame's size already
        results = [session.first_result for session in sessions]
        self._first = FrameResult(0, mask.copy(), object_ids(mask), Latency.sum_of(results), partial(join, results))

    @property
    def object_ids(self) -> tuple[int, ...]:
        """The objects that are followed."""
        return self._first.object_ids

    @property
    def first_result(self) -> FrameResult:
        """The first frame with the mask that was given."""
        return self._first

    def step(self, frame: npt.NDArray[np.uint8]) -> FrameResult:
        """Follows the objects into the next frame.

        Args:
            frame: (H, W, 3) uint8 RGB of the first frame's size.

        Returns:
            The mask and the probabilities of all sessions together; the latency is the sum over them.

        Raises:
            InvalidInputError: the frame cannot be used, or is of another size.
        """
        shown = self._shown(check_frame(frame, self._fit.frame))
        return self._joined([session.step(own) for session, own in zip(self._sessions, shown, strict=True)])

    def _shown(self, frame: npt.NDArray[np.uint8]) -> Sequence[npt.NDArray[np.uint8]]:
        """What each session sees of a frame: the frame."""
        return [frame] * len(self._sessions)

    def _joined(self, results: Sequence[FrameResult]) -> FrameResult:
        """The mask and the probabilities of all sessions for a frame; the latency is the sum over them."""
        began = time.perf_counter()
        planes = self._join(results)
        mask = label(np.moveaxis(planes, 0, -1)[None], self.object_ids, self._fit)
        latency = Latency.sum_of(results, postprocess=(time.perf_counter() - began) * 1e3)
        return FrameResult(results[0].index, mask, self.object_ids, latency, lambda: planes)
