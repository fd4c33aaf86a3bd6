"""Tracking with STCN in PyTorch, with a memory that may grow: what the SDK's `evaluate` and `vos-eval`'s scores need.

The SDK's Session holds a queue of a fixed length, as graphs of a fixed size have to. This tracker has STCN's own memory
instead, and runs frames at their own size, padded to a multiple of 16 as the reference implementation does.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from functools import partial

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mobilevos_models.mobilevos import IMAGE_MEAN, STRIDE
from mobilevos_models.stcn import STCN
from mobilevos_models.stcn_memory import FrameSchedule, ScheduledMemory
from mobilevos_sdk.backends.base import FloatArray
from mobilevos_sdk.errors import InvalidInputError
from mobilevos_sdk.masks import check_mask, object_ids
from mobilevos_sdk.processing import (
    Fit,
    Size,
    check_frame,
    fit_frame,
    fit_masks,
    label,
    new_frame_tensor,
    probability_planes,
)
from mobilevos_sdk.results import FrameResult, Latency


class STCNTracker:
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
        self._device = next(model.parameters()).device

    def track(
        self, frames: Iterable[npt.NDArray[np.uint8]], first_mask: npt.NDArray[np.integer]
    ) -> Iterator[FrameResult]:
        """Yields a result for every frame, beginning with the one whose mask is given; see `Segmenter.track`.

        Raises:
            InvalidInputError: there is no frame, or a frame or the mask cannot be used.
        """
        rest = iter(frames)
        first = next(rest, None)
        if first is None:
            raise InvalidInputError("there is no frame; give at least the one that the mask belongs to")
        checked = check_frame(first)
        fit = padded_fit((checked.shape[0], checked.shape[1]))
        mask = check_mask(first_mask, fit.frame)
        ids = object_ids(mask)
        given = fit_masks(mask, ids, fit)
        began = time.perf_counter()
        with torch.inference_mode():
            reference = self._model.start(self._frame(checked, fit), self._tensor(given))
        memory = ScheduledMemory(self._schedule, reference)
        latency = Latency(memorize=_milliseconds(began))
        yield FrameResult(0, mask.copy(), ids, latency, partial(probability_planes, given, fit))
        for index, frame in enumerate(rest, start=1):
            yield self._step(index, frame, fit, ids, memory)

    def _step(
        self, index: int, frame: npt.NDArray[np.uint8], fit: Fit, ids: tuple[int, ...], memory: ScheduledMemory
    ) -> FrameResult:
        pixels = self._frame(check_frame(frame, fit.frame), fit)
        began = time.perf_counter()
        with torch.inference_mode():
            probabilities, state = self._model.segment(pixels, memory.entries)
            planes: FloatArray = probabilities[:, 1:].permute(0, 2, 3, 1).cpu().contiguous().numpy()
            segmented = time.perf_counter()
            if self._schedule.takes(index):
                memory.add(index, self._model.memorize(state, probabilities[:, 1:], pixels))
        latency = Latency(segment=(segmented - began) * 1e3, memorize=_milliseconds(segmented))
        return FrameResult(index, label(planes, ids, fit), ids, latency, partial(probability_planes, planes, fit))

    def _frame(self, frame: npt.NDArray[np.uint8], fit: Fit) -> Tensor:
        red, green, blue = (round(channel) for channel in IMAGE_MEAN)
        tensor = new_frame_tensor(fit, (red, green, blue))
        fit_frame(frame, fit, tensor)
        return self._tensor(tensor)

    def _tensor(self, array: FloatArray) -> Tensor:
        """(1, H, W, C) to (1, C, H, W) on the model's device."""
        return torch.from_numpy(array).permute(0, 3, 1, 2).to(self._device)


def padded_fit(size: Size) -> Fit:
    """A frame of (height, width) as it is, centred in the next size whose sides are multiples of 16."""
    height, width = (-(-side // STRIDE) * STRIDE for side in size)
    return Fit(size, (height, width), False, size, ((height - size[0]) // 2, (width - size[1]) // 2))


def _milliseconds(since: float) -> float:
    return (time.perf_counter() - since) * 1e3
