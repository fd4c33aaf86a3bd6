"""Tracking with STCN in PyTorch, with a memory that may grow: what the SDK's `evaluate` and `vos-eval`'s scores need.

The SDK's Session holds a queue of a fixed length, as graphs of a fixed size have to. This tracker has STCN's own memory
instead, and runs frames at their own size, padded to a multiple of 16 as the reference implementation does.
"""

from __future__ import annotations

import time
from functools import partial

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mobilevos_models.mobilevos import STRIDE
from mobilevos_models.normalisation import IMAGE_MEAN
from mobilevos_models.stcn import STCN
from mobilevos_models.stcn_memory import FrameSchedule, ScheduledMemory
from mobilevos_sdk.backends.base import FloatArray
from mobilevos_sdk.masks import check_mask, object_ids
from mobilevos_sdk.processing import (
    Fit,
    Region,
    Size,
    check_frame,
    fit_frame,
    fit_masks,
    label,
    new_frame_tensor,
    probability_planes,
)
from mobilevos_sdk.results import FrameResult, Latency
from mobilevos_sdk.tracking import VideoTracker


class STCNTracker(VideoTracker):
    """A tracker of `mobilevos_sdk.evaluation`: follows the objects of a first mask through frames.

    Args:
        model: STCN in evaluation mode, on any device.
        schedule: which frames are remembered.

    Example:
        >>> evaluate(STCNTracker(model, FrameSchedule(every=3)), sequence)  # doctest: +SKIP
    """

    def __init__(self, model: STCN, schedule: FrameSchedule | None = None) -> None:
        self._model = model
        self._schedule = schedule or FrameSchedule()

    def start(self, frame: npt.NDArray[np.uint8], mask: npt.NDArray[np.integer]) -> _Video:
        """Starts a video with its first frame, (H, W, 3) uint8 RGB, and that frame's mask, (H, W) object ids.

        Raises:
            InvalidInputError: the frame or the mask cannot be used.
        """
        return _Video(self._model, self._schedule, frame, mask)


class _Video:
    """One video: the model's own memory of it, and where its frames lie in their padding."""

    def __init__(
        self,
        model: STCN,
        schedule: FrameSchedule,
        frame: npt.NDArray[np.uint8],
        first_mask: npt.NDArray[np.integer],
    ) -> None:
        self._model, self._schedule = model, schedule
        self._device = next(model.parameters()).device
        checked = check_frame(frame)
        self._fit = padded_fit((checked.shape[0], checked.shape[1]))
        mask = check_mask(first_mask, self._fit.frame)
        self._ids, self._index = object_ids(mask), 0
        given = fit_masks(mask, self._ids, self._fit)
        began = time.perf_counter()
        with torch.inference_mode():
            reference = model.start(self._frame(checked), self._tensor(given))
        self._memory = ScheduledMemory(schedule, reference)
        latency = Latency(memorize=_milliseconds(began))
        source = partial(probability_planes, given, self._fit)
        self._first = FrameResult(0, mask.copy(), self._ids, latency, source)

    @property
    def first_result(self) -> FrameResult:
        """The first frame with the mask that was given."""
        return self._first

    def step(self, frame: npt.NDArray[np.uint8]) -> FrameResult:
        """Follows the objects into the next frame, and remembers it where the schedule says so."""
        pixels = self._frame(check_frame(frame, self._fit.frame))
        index = self._index + 1
        began = time.perf_counter()
        with torch.inference_mode():
            probabilities, state = self._model.segment(pixels, self._memory.entries)
            planes: FloatArray = probabilities[:, 1:].permute(0, 2, 3, 1).cpu().contiguous().numpy()
            segmented = time.perf_counter()
            if self._schedule.takes(index):
                self._memory.add(index, self._model.memorize(state, probabilities[:, 1:], pixels))
        self._index = index
        latency = Latency(segment=(segmented - began) * 1e3, memorize=_milliseconds(segmented))
        source = partial(probability_planes, planes, self._fit)
        return FrameResult(index, label(planes, self._ids, self._fit), self._ids, latency, source)

    def _frame(self, frame: npt.NDArray[np.uint8]) -> Tensor:
        """(H, W, 3) to (1, 3, H', W') of the padded size, the border in the mean colour."""
        red, green, blue = (round(channel) for channel in IMAGE_MEAN)
        tensor = new_frame_tensor(self._fit, (red, green, blue))
        fit_frame(frame, self._fit, tensor)
        return self._tensor(tensor)

    def _tensor(self, array: FloatArray) -> Tensor:
        """(1, H, W, C) to (1, C, H, W) on the model's device."""
        return torch.from_numpy(array).permute(0, 3, 1, 2).to(self._device)


def padded_fit(size: Size) -> Fit:
    """A frame of (height, width) as it is, centred in the next size whose sides are multiples of 16."""
    height, width = (-(-side // STRIDE) * STRIDE for side in size)
    offset = ((height - size[0]) // 2, (width - size[1]) // 2)
    return Fit(size, (height, width), False, size, offset, Region(0, 0, *size))


def _milliseconds(since: float) -> float:
    return (time.perf_counter() - since) * 1e3
