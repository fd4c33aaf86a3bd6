"""Several models, or one model on the mirrored video, whose probabilities are averaged: better masks for more time.

As in STCN's supplement, section E: each member follows the video on its own, with a memory of its own masks, and the
probabilities are averaged at the frame's size. Models of several input sizes make it multi-scale testing. For
evaluation and for labelling; on a phone one model is all there is time for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from mobilevos_sdk.backends.base import FloatArray
from mobilevos_sdk.errors import InvalidInputError
from mobilevos_sdk.joint import JointSession
from mobilevos_sdk.masks import check_mask
from mobilevos_sdk.processing import check_frame
from mobilevos_sdk.results import FrameResult
from mobilevos_sdk.tracking import VideoTracker

Image: TypeAlias = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Member:
    """One vote.

    Attributes:
        segmenter: the model: a Segmenter, or one that follows any number of objects (`Passes`).
        flipped: whether it sees the video mirrored, left to right.
    """

    segmenter: VideoTracker
    flipped: bool = False


class Ensemble(VideoTracker):
    """Members that follow the same video; used as a Segmenter is. Immutable, unlike its sessions.

    Args:
        members: one or more.

    Raises:
        InvalidInputError: there is no member.

    Example:
        >>> models = [Segmenter.open("mobilenetv2"), Segmenter.open("mobilenetv2-noaspp")]
        >>> ensemble = Ensemble.of(models, flip=True)
        >>> masks = [result.mask for result in ensemble.track(frames, first_mask)]  # doctest: +SKIP
    """

    def __init__(self, members: Sequence[Member]) -> None:
        if not members:
            raise InvalidInputError("an ensemble has no member; give it one Segmenter or more")
        self._members = tuple(members)

    @classmethod
    def of(cls, segmenters: Iterable[VideoTracker], flip: bool = False) -> Ensemble:
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


class EnsembleSession(JointSession):
    """Follows the objects of one video with several members. Made by `Ensemble.start`; for one thread at a time.

    Args:
        members: whose probabilities are averaged.
        frame: the first frame, (H, W, 3) uint8 RGB; all others must have its size.
        mask: (H, W) integer or boolean object ids on that frame.

    Raises:
        InvalidInputError: the frame or the mask cannot be used, or there are more objects than a member follows.
    """

    def __init__(self, members: Sequence[Member], frame: npt.NDArray[np.uint8], mask: npt.NDArray[np.integer]) -> None:
        checked = check_frame(frame)
        ids_mask = check_mask(mask, (checked.shape[0], checked.shape[1]))
        self._flips = [member.flipped for member in members]
        sessions = [
            member.segmenter.start(_turned(checked, member.flipped), _turned(ids_mask, member.flipped))
            for member in members
        ]
        super().__init__(sessions, ids_mask, partial(_average, flips=self._flips))

    def _shown(self, frame: Image) -> list[Image]:
        return [_turned(frame, flipped) for flipped in self._flips]


def _turned(image: Image, flipped: bool) -> Image:
    """The image (H, W) or (H, W, 3), mirrored left to right if it is for a member that sees it so."""
    return np.ascontiguousarray(image[:, ::-1]) if flipped else image


def _average(results: Sequence[FrameResult], flips: Sequence[bool]) -> FloatArray:
    """(N, H, W) float32: the mean of the members' probabilities, turned back where they were mirrored."""
    total = np.zeros_like(results[0].probabilities)
    for result, flipped in zip(results, flips, strict=True):
        total += result.probabilities[:, :, ::-1] if flipped else result.probabilities
    return total / np.float32(len(results))
