"""Scoring one sequence: of masks from anywhere, or of a Segmenter that tracks it. Benchmarks and training share it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from mobilevos_sdk.davis import DavisSequence
from mobilevos_sdk.errors import InvalidInputError, MobileVOSError
from mobilevos_sdk.masks import Mask
from mobilevos_sdk.metrics import ObjectScores, Scores, SequenceScorer, mean_scores
from mobilevos_sdk.prefetch import prefetch

if TYPE_CHECKING:
    from mobilevos_sdk.results import FrameResult


class Tracker(Protocol):
    """What `evaluate` needs of a Segmenter."""

    def track(self, frames: Iterable[np.ndarray], first_mask: npt.NDArray[np.integer]) -> Iterator[FrameResult]:
        """Yields a result for every frame, beginning with the one whose mask is given."""
        ...


@dataclass(frozen=True)
class SequenceScores:
    """The scores of one sequence.

    Attributes:
        name: the sequence.
        objects: the scores of every object of the first mask.
        frames: how many frames were scored.
    """

    name: str
    objects: tuple[ObjectScores, ...]
    frames: int

    @cached_property
    def mean(self) -> Scores:
        """The mean over the objects."""
        return mean_scores(self.objects)


def score_masks(sequence: DavisSequence, predictions: Iterable[tuple[int, Mask]]) -> SequenceScores:
    """Scores masks against a sequence's ground truth by the protocol of DAVIS.

    Args:
        sequence: the sequence.
        predictions: index of a frame and its mask (H, W) of object ids, in the order of the video; frames that
            do not count are passed over.

    Raises:
        InvalidInputError: no frame counts, or the mask of one is missing, of another size, or has ids of its own.
        VideoError: the ground truth cannot be read.
    """
    if not sequence.scored:
        raise InvalidInputError(
            f"{sequence.name} has no frame to score: it takes a mask to begin with and one before the last frame; "
            "add masks or leave the sequence out"
        )
    scorer = SequenceScorer(sequence.first_mask())
    missing = set(sequence.scored)
    for index, mask in predictions:
        if index not in missing:
            continue
        truth = sequence.truth(index)
        try:
            scorer.add(mask, truth)
        except InvalidInputError as error:
            raise InvalidInputError(f"{sequence.name}, frame {sequence.frame_names[index]}: {error}") from error
        missing.remove(index)
    if missing:
        name = sequence.frame_names[min(missing)]
        raise InvalidInputError(f"{sequence.name} has no prediction for frame {name}; every scored frame needs one")
    return SequenceScores(sequence.name, scorer.scores(), len(sequence.scored))


def track_sequence(
    tracker: Tracker, sequence: DavisSequence, to_end: bool = False
) -> Iterator[tuple[int, FrameResult]]:
    """Tracks a sequence from its first annotated frame on.

    Args:
        tracker: a Segmenter.
        sequence: the sequence.
        to_end: whether to go on behind the last frame that counts.

    Yields:
        The index of a frame and its result, beginning with the frame whose mask is given.

    Raises:
        MobileVOSError: what the Segmenter or reading the frames raises, with the sequence's name in front.
    """
    stop = len(sequence.frame_names) if to_end else max((sequence.first, *sequence.scored)) + 1
    first_mask = sequence.first_mask()
    frames = prefetch(sequence.frames(sequence.first, stop))
    try:
        yield from enumerate(tracker.track(frames, first_mask), start=sequence.first)
    except MobileVOSError as error:
        error.args = (f"{sequence.name}: {error}", *error.args[1:])
        raise


def evaluate(tracker: Tracker, sequence: DavisSequence) -> SequenceScores:
    """Tracks a sequence and scores it.

    Raises:
        MobileVOSError: see `track_sequence` and `score_masks`.
    """
    return score_masks(sequence, ((index, result.mask) for index, result in track_sequence(tracker, sequence)))
