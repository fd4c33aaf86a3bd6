"""Several models, or one model on the mirrored video, whose probabilities are averaged: better masks for more time.

As in STCN's supplement, section E: each member follows the video on its own, with a memory of its own masks, and the
probabilities are averaged at the frame's size. Models of several input sizes make it multi-scale testing. For
evaluation and for labelling; on a phone one model is all there is time for.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from mobilevos_sdk.backends.base import FloatArray
from mobilevos_sdk.errors import InvalidInputError
from mobilevos_sdk.masks import check_mask
from mobilevos_sdk.processing import Fit, check_frame, label
from mobilevos_sdk.results import FrameResult, Latency
from mobilevos_sdk.segmenter import Segmenter
from mobilevos_sdk.tracking import track

Image: TypeAlias = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Member:
    """One vote.

    Attributes:
        segmenter: the model.
        flipped: whether it sees the video mirrored, left to right.
    """

    segmenter: Segmenter
    flipped: bool = False


class Ensemble:
    """Members that follow the same video; used as a Segmenter is. Immutable, unlike its sessions.

    Args:
        members: one or more.

    Raises:
        InvalidInputError: there is no member.

    Example:
        >>> ensemble = Ensemble.of([Segmenter.open("mobilenetv2"), Segmenter.open("resnet18")], flip=True)
        >>> masks = [result.mask for result in ensemble.track(frames, first_mask)]  # doctest: +SKIP
    """

    def __init__(self, members: Sequence[Member]) -> None:
        if not members:
            raise InvalidInputError("an ensemble has no member; give it one Segmenter or more")
        self._members = tuple(members)

    @classmethod
    def of(cls, segmenters: Iterable[Segmenter], flip: bool = False) -> Ensemble:
        """An ensemble of models; with `flip` each of them sees the mirrored video too, as a member of its own."""
        ways = (False, True) if flip else (False,)
        return cls([Member(segmenter, flipped) for segmenter in segmenters for flipped in ways])

    @property
    def members(self) -> tuple[Member, ...]:
        """Whose probabilities are averaged."""
        return self._members

    def start(self, frame: npt.NDArray[np.uint8], mask: npt.NDArray[np.integer]) -> EnsembleSession:
        """Starts a video; see `EnsembleSession`.

        Raises:
            InvalidInputError: the frame or the mask cannot be used, or there are more objects than a member follows.
        """
        return EnsembleSession(self._members, frame, mask)

    def track(
        self, frames: Iterable[npt.NDArray[np.uint8]], first_mask: npt.NDArray[np.integer]
    ) -> Iterator[FrameResult]:
        """Follows the objects of the first frame's mask through all frames; see `Segmenter.track`.

        Raises:
            InvalidInputError: there is no frame, or a frame or the mask cannot be used.
        """
        return track(self.start, frames, first_mask)


class EnsembleSession:
    """Follows the objects of one video with several members. Made by `Ensemble.start`; for one thread at a time.

    A frame that is refused leaves the session as it was. After any other error the members may be at different frames:
    start anew.

    Args:
        members: whose probabilities are averaged.
        frame: the first frame, (H, W, 3) uint8 RGB; all others must have its size.
        mask: (H, W) integer or boolean object ids on that frame.

    Raises:
        InvalidInputError: the frame or the mask cannot be used, or there are more objects than a member follows.
    """

    def __init__(self, members: Sequence[Member], frame: npt.NDArray[np.uint8], mask: npt.NDArray[np.integer]) -> None:
        checked = check_frame(frame)
        size = (checked.shape[0], checked.shape[1])
        ids_mask = check_mask(mask, size)
        self._fit = Fit.between(size, size)  # the members' probabilities are of the frame's size already
        self._flips = [member.flipped for member in members]
        self._sessions = [
            member.segmenter.start(_turned(checked, member.flipped), _turned(ids_mask, member.flipped))
            for member in members
        ]
        results = [session.first_result for session in self._sessions]
        source = partial(_average, results, self._flips)
        self._first = FrameResult(0, ids_mask.copy(), results[0].object_ids, Latency.sum_of(results), source)

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
            The mask and the probabilities of the average; its latency is the sum over the members.

        Raises:
            InvalidInputError: the frame cannot be used, or is of another size.
        """
        checked = check_frame(frame, self._fit.frame)
        pairs = zip(self._sessions, self._flips, strict=True)
        results = [session.step(_turned(checked, flipped)) for session, flipped in pairs]
        began = time.perf_counter()
        planes = _average(results, self._flips)
        mask = label(np.moveaxis(planes, 0, -1)[None], self.object_ids, self._fit)
        latency = Latency.sum_of(results, postprocess=(time.perf_counter() - began) * 1e3)
        return FrameResult(results[0].index, mask, self.object_ids, latency, lambda: planes)


def _turned(image: Image, flipped: bool) -> Image:
    """The image (H, W) or (H, W, 3), mirrored left to right if it is for a member that sees it so."""
    return np.ascontiguousarray(image[:, ::-1]) if flipped else image


def _average(results: Sequence[FrameResult], flips: Sequence[bool]) -> FloatArray:
    """(N, H, W) float32: the mean of the members' probabilities, turned back where they were mirrored."""
    total = np.zeros_like(results[0].probabilities)
    for result, flipped in zip(results, flips, strict=True):
        total += result.probabilities[:, :, ::-1] if flipped else result.probabilities
    return total / np.float32(len(results))
