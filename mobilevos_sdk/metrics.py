"""The DAVIS benchmark's measures: region similarity J, boundary accuracy F, and their mean, recall and decay.

J and F are of Perazzi et al., CVPR 2016; objects of a video are scored one by one, as in Pont-Tuset et al., 2017. The
numbers equal those of the official toolkit for semi-supervised segmentation, except where that one is at fault:
the decay is right for videos of more than 255 frames, and an id in a prediction that nobody asked for is an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, hypot

import cv2
import numpy as np
import numpy.typing as npt

from mobilevos_sdk.errors import InvalidInputError
from mobilevos_sdk.masks import Mask, check_mask, object_ids

VOID = 255
"""In ground truth: pixels without an owner. They count as background."""
BOUNDARY_TOLERANCE = 0.008
"""How far off a boundary may be, as a share of the picture's diagonal (8 pixels at 854x480)."""
RECALL_THRESHOLD = 0.5
DECAY_BINS = 4

# The south-east neighbourhood of a pixel: where it is not of one value, there is a boundary.
_NEIGHBOURS = np.ones((2, 2), np.uint8)


@dataclass(frozen=True)
class Statistics:
    """What a measure did over a video.

    Attributes:
        mean: over the scored frames, 0 to 1.
        recall: share of the frames above 0.5, 0 to 1.
        decay: mean of the first quarter minus that of the last, -1 to 1; small is good.
    """

    mean: float
    recall: float
    decay: float


@dataclass(frozen=True)
class Scores:
    """J and F of one object or of the mean over several."""

    region: Statistics
    boundary: Statistics

    @property
    def j_and_f(self) -> float:
        """The benchmark's main number, 0 to 1: the mean of mean J and mean F."""
        return (self.region.mean + self.boundary.mean) / 2


@dataclass(frozen=True)
class ObjectScores(Scores):
    """The scores of one object in one video.

    Attributes:
        object_id: its id in the ground truth.
        region_frames: J of every scored frame.
        boundary_frames: F of every scored frame.
    """

    object_id: int
    region_frames: tuple[float, ...]
    boundary_frames: tuple[float, ...]


def region_similarity(prediction: npt.ArrayLike, truth: npt.ArrayLike) -> float:
    """J: intersection over union of two masks of one object, 0 to 1; 1 where both are empty.

    Args:
        prediction: (H, W) booleans, or integers of which 0 is background.
        truth: the same of the ground truth.

    Raises:
        InvalidInputError: the masks differ in size, or are no masks.
    """
    first, second = _binary_pair(prediction, truth)
    union = cv2.countNonZero(cv2.bitwise_or(first, second))
    return cv2.countNonZero(cv2.bitwise_and(first, second)) / union if union else 1.0


def boundary_measure(prediction: npt.ArrayLike, truth: npt.ArrayLike, tolerance: float = BOUNDARY_TOLERANCE) -> float:
    """F: harmonic mean of a boundary's precision and recall, 0 to 1; 1 where neither mask has a boundary.

    A boundary pixel is matched when the other mask has a boundary pixel within the tolerance. The border of the picture
    is no boundary.

    Args:
        prediction: (H, W) booleans, or integers of which 0 is background.
        truth: the same of the ground truth.
        tolerance: share of the diagonal, below 1; or a number of pixels, from 1 on.

    Raises:
        InvalidInputError: the masks differ in size, or are no masks.
    """
    first, second = _binary_pair(prediction, truth)
    radius = ceil(tolerance * hypot(*first.shape)) if tolerance < 1 else int(tolerance)
    first, second = _crop(first, second, margin=radius + 2)
    boundaries = [
        cv2.dilate(mask, _NEIGHBOURS, anchor=(0, 0)) - cv2.erode(mask, _NEIGHBOURS, anchor=(0, 0))
        for mask in (first, second)
    ]
    precision = _matched(boundaries[0], boundaries[1], radius)
    recall = _matched(boundaries[1], boundaries[0], radius)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def statistics(scores: Sequence[float]) -> Statistics:
    """Mean, recall and decay of a measure over the frames of one object.

    The decay compares the first and the last of four bins, of which neighbours share a frame, as DAVIS defines it.

    Raises:
        InvalidInputError: there is no score.
    """
    if not scores:
        raise InvalidInputError(
            "there is no frame to score; a video needs a mask to begin with and one between its ends"
        )
    values = np.asarray(scores, np.float64)
    edges = (np.round(np.linspace(1, len(values), DECAY_BINS + 1) + 1e-10) - 1).astype(int)
    first, last = values[edges[0] : edges[1] + 1], values[edges[-2] : edges[-1] + 1]
    return Statistics(
        mean=float(values.mean()),
        recall=float((values > RECALL_THRESHOLD).mean()),
        decay=float(first.mean() - last.mean()),
    )


def mean_scores(scores: Iterable[Scores]) -> Scores:
    """The mean over objects, of one video or of a whole set (DAVIS weighs objects equally, not videos).

    Raises:
        InvalidInputError: there is nothing to average.
    """
    every = list(scores)
    if not every:
        raise InvalidInputError("there are no scores to average; score at least one object")
    return Scores(_mean([score.region for score in every]), _mean([score.boundary for score in every]))


class SequenceScorer:
    """Scores a video frame by frame, so that no more than one frame is in memory.

    Example:
        >>> scorer = SequenceScorer(first_mask)
        >>> scorer.add(prediction, truth)
        >>> scorer.scores()[0].j_and_f
    """

    def __init__(self, first_mask: npt.ArrayLike) -> None:
        """Begins with the mask that the tracker was given; objects that it does not have are not scored.

        Raises:
            InvalidInputError: the mask has no object.
        """
        mask = check_mask(first_mask)
        self.object_ids = tuple(index for index in object_ids(mask) if index != VOID)
        if not self.object_ids:
            raise InvalidInputError("the first mask has no object, only void (255); begin with a mask that has one")
        self._region: dict[int, list[float]] = {index: [] for index in self.object_ids}
        self._boundary: dict[int, list[float]] = {index: [] for index in self.object_ids}

    def add(self, prediction: npt.ArrayLike, truth: npt.ArrayLike) -> None:
        """Scores the next frame.

        Args:
            prediction: (H, W) object ids.
            truth: (H, W) object ids; void (255) counts as background.

        Raises:
            InvalidInputError: the sizes differ, or the prediction has an id that the first mask does not have.
        """
        expected = check_mask(truth, allow_empty=True)
        if np.shape(prediction) != expected.shape:
            raise InvalidInputError(_sizes(np.shape(prediction), expected.shape))
        given = check_mask(prediction, allow_empty=True)
        extra = sorted(set(object_ids(given)) - set(self.object_ids))
        if extra:
            raise InvalidInputError(
                f"the prediction has object {_join(extra)}, but the first mask only {_join(self.object_ids)}; "
                "keep the ids of the first mask"
            )
        for index in self.object_ids:
            pair = given == index, expected == index
            self._region[index].append(region_similarity(*pair))
            self._boundary[index].append(boundary_measure(*pair))

    def scores(self) -> tuple[ObjectScores, ...]:
        """The scores of every object so far, in ascending order of ids.

        Raises:
            InvalidInputError: no frame was added.
        """
        return tuple(
            ObjectScores(
                region=statistics(self._region[index]),
                boundary=statistics(self._boundary[index]),
                object_id=index,
                region_frames=tuple(self._region[index]),
                boundary_frames=tuple(self._boundary[index]),
            )
            for index in self.object_ids
        )


def evaluate_sequence(
    predictions: Sequence[npt.ArrayLike] | Mask, truths: Sequence[npt.ArrayLike] | Mask
) -> tuple[ObjectScores, ...]:
    """Scores a video by the protocol of DAVIS: the first and the last frame do not count.

    Args:
        predictions: one mask (H, W) of object ids for every frame.
        truths: the same of the ground truth; the first gives the objects.

    Raises:
        InvalidInputError: the numbers of frames differ, there are fewer than three, or a mask is unfit.
    """
    if len(predictions) != len(truths):
        raise InvalidInputError(f"{len(predictions)} predictions for {len(truths)} frames; give one for every frame")
    if len(truths) < 3:
        raise InvalidInputError(f"a video of {len(truths)} frames has none between its ends to score; give 3 or more")
    scorer = SequenceScorer(truths[0])
    for prediction, truth in zip(predictions[1:-1], truths[1:-1], strict=True):
        scorer.add(prediction, truth)
    return scorer.scores()


def _binary_pair(prediction: npt.ArrayLike, truth: npt.ArrayLike) -> tuple[Mask, Mask]:
    """Two masks of one object as (H, W) uint8 of 0 and 1."""
    if np.shape(prediction) != np.shape(truth):
        raise InvalidInputError(_sizes(np.shape(prediction), np.shape(truth)))
    first, second = (check_mask(mask, allow_empty=True) for mask in (prediction, truth))
    return cv2.min(first, 1), cv2.min(second, 1)


def _crop(first: Mask, second: Mask, margin: int) -> tuple[Mask, Mask]:
    """Both masks where either has something, with a margin: what is further out cannot change F."""
    left, top, width, height = cv2.boundingRect(cv2.bitwise_or(first, second))
    window = (
        slice(max(top - margin, 0), top + height + margin),
        slice(max(left - margin, 0), left + width + margin),
    )
    return first[window], second[window]


def _matched(boundary: Mask, other: Mask, radius: int) -> float:
    """The share of a boundary's pixels with a pixel of the other boundary within the radius; 1 where there is none."""
    total = cv2.countNonZero(boundary)
    if total == 0:
        return 1.0
    near = cv2.dilate(other, _disk(radius))
    return cv2.countNonZero(cv2.bitwise_and(boundary, near)) / total


@lru_cache(maxsize=8)
def _disk(radius: int) -> Mask:
    """(2r+1, 2r+1) uint8: 1 within the radius."""
    offsets = np.arange(-radius, radius + 1) ** 2
    return (offsets[:, None] + offsets[None, :] <= radius**2).astype(np.uint8)


def _mean(every: Sequence[Statistics]) -> Statistics:
    rows = np.array([(one.mean, one.recall, one.decay) for one in every], np.float64)
    return Statistics(*(float(value) for value in rows.mean(axis=0)))


def _sizes(prediction: tuple[int, ...], truth: tuple[int, ...]) -> str:
    given, wanted = ("x".join(str(length) for length in reversed(shape)) for shape in (prediction, truth))
    return f"the prediction is {given} but the ground truth is {wanted}; write masks of the frames' own size"


def _join(ids: Iterable[int]) -> str:
    return ", ".join(str(index) for index in ids)
