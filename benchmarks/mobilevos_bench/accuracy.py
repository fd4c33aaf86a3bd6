"""Accuracy of a model, or of a folder of predicted masks, over a whole set of sequences."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from mobilevos_bench.mask_store import MaskStore
from mobilevos_sdk.davis import DavisSequence
from mobilevos_sdk.evaluation import SequenceScores, Tracker, score_masks, track_sequence
from mobilevos_sdk.masks import Mask
from mobilevos_sdk.metrics import Scores, mean_scores


@dataclass(frozen=True)
class SequenceResult:
    """One sequence's scores and cost.

    Attributes:
        scores: per object.
        milliseconds: median time of a tracked frame; none where masks were read from disk.
    """

    scores: SequenceScores
    milliseconds: float | None = None


@dataclass(frozen=True)
class Evaluation:
    """The scores of a set of sequences."""

    sequences: tuple[SequenceResult, ...]

    @cached_property
    def overall(self) -> Scores:
        """The mean over all objects of all sequences: DAVIS weighs objects equally, not sequences."""
        return mean_scores(scores for sequence in self.sequences for scores in sequence.scores.objects)


def frames_to_do(sequences: Iterable[DavisSequence], store: MaskStore | None) -> int:
    """How often `score_model` will call `on_frame`."""
    return sum(_frames_to_do(sequence, store) for sequence in sequences)


def _frames_to_do(sequence: DavisSequence, store: MaskStore | None) -> int:
    if store is None:
        return max(sequence.scored) + 1 - sequence.first
    return len(sequence.scored) if store.is_complete(sequence) else len(sequence.frame_names) - sequence.first


def ignore_frame() -> None:
    """The `on_frame` of callers that show no progress."""


def score_predictions(
    folder: str | Path, sequences: Iterable[DavisSequence], on_frame: Callable[[], None] = ignore_frame
) -> Iterator[SequenceResult]:
    """Scores a folder of predicted masks, `FOLDER/SEQUENCE/FRAME.png`.

    Args:
        folder: the masks, as palette or grey PNGs.
        sequences: the sequences to score.
        on_frame: called after every scored frame.

    Yields:
        The result of every sequence, as soon as it is there.

    Raises:
        MobileVOSError: a mask is missing (found before the first is read), damaged, of another size, or has an id that
            the first mask does not have.
    """
    chosen = tuple(sequences)
    store = MaskStore(Path(folder))
    store.check(chosen)
    for sequence in chosen:
        yield SequenceResult(score_masks(sequence, _counted(store.read(sequence), on_frame)))


def score_model(
    tracker: Tracker,
    sequences: Iterable[DavisSequence],
    store: MaskStore | None = None,
    on_frame: Callable[[], None] = ignore_frame,
) -> Iterator[SequenceResult]:
    """Tracks sequences and scores them.

    Args:
        tracker: a Segmenter, or an Ensemble or Passes made of some.
        sequences: the sequences to track.
        store: where to keep the masks; a sequence that is complete there is scored without tracking it again.
        on_frame: called after every frame.

    Yields:
        The result of every sequence, as soon as it is there.

    Raises:
        MobileVOSError: a frame or mask cannot be read or written, or the model cannot take it.
    """
    for sequence in sequences:
        if store and store.is_complete(sequence):
            yield SequenceResult(score_masks(sequence, _counted(store.read(sequence), on_frame)))
            continue
        run = _Run(tracker, sequence, store)
        scores = score_masks(sequence, _counted(run.masks(), on_frame))
        yield SequenceResult(scores, statistics.median(run.milliseconds))


@dataclass(frozen=True)
class _Run:
    """One pass of a tracker over a sequence; `milliseconds` fills up while `masks` is consumed."""

    tracker: Tracker
    sequence: DavisSequence
    store: MaskStore | None
    milliseconds: list[float] = field(default_factory=list)

    def masks(self) -> Iterator[tuple[int, Mask]]:
        for index, result in track_sequence(self.tracker, self.sequence, to_end=self.store is not None):
            if index > self.sequence.first:  # the given frame is only memorised
                self.milliseconds.append(result.latency.total)
            if self.store:
                self.store.write(self.sequence, index, result.mask)
            yield index, result.mask


def _counted(masks: Iterator[tuple[int, Mask]], on_frame: Callable[[], None]) -> Iterator[tuple[int, Mask]]:
    for item in masks:
        yield item
        on_frame()
