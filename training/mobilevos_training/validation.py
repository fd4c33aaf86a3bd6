"""Validation of a model in training: J&F on a folder in DAVIS layout, scored by the code that ships, and a preview.

The weights stay in memory and are run by `TorchBackend` under the SDK's own Segmenter, memory and measures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from torch import nn

from mobilevos_models.mobilevos import STRIDE
from mobilevos_models.registry import VOSModel, memory_slots
from mobilevos_models.torch_backend import TorchBackend
from mobilevos_sdk.davis import ANNOTATIONS, DavisSequence, find_sequences
from mobilevos_sdk.draw import overlay
from mobilevos_sdk.errors import InvalidInputError, VideoError
from mobilevos_sdk.evaluation import SequenceScores, Tracker, score_masks, track_sequence
from mobilevos_sdk.files import write_atomically
from mobilevos_sdk.masks import Mask, object_ids
from mobilevos_sdk.metrics import Scores, mean_scores
from mobilevos_sdk.passes import Passes
from mobilevos_sdk.segmenter import Segmenter
from mobilevos_training.families import family_of

Picture = npt.NDArray[np.uint8]

# The preview's frames of a sequence, and their width in pixels.
PREVIEW_FRAMES = 5
TILE_WIDTH = 240
FONT, FONT_SCALE = cv2.FONT_HERSHEY_SIMPLEX, 0.5
# A given frame, one to score, and the video's last, which does not count.
FEWEST_FRAMES = 3


@dataclass(frozen=True)
class ValidationOptions:
    """What a model is scored on; the defaults are the official protocol at 480p.

    Masks are scored at the data's own size, whatever the model's input size. Smaller inputs, fewer sequences and fewer
    frames make a validation cheap enough for every few hundred steps; such scores compare only with each other.

    Attributes:
        data: a folder with `JPEGImages` and the ground truth.
        annotations: the ground truth's folder in `data`.
        size: height and width of the model's input in pixels, multiples of 16.
        sequences: the sequences to score; none takes all that have a frame to score.
        queue: slots of the memory; none takes what a model's artifact has.
        stride: every so many frames one is tracked, from the first annotated one on.
        max_frames: most frames to track of a sequence, the given one included; none for no limit.
    """

    data: Path
    annotations: str = ANNOTATIONS
    size: tuple[int, int] = (480, 864)
    sequences: tuple[str, ...] | None = None
    queue: int | None = None
    stride: int = 1
    max_frames: int | None = None

    def __post_init__(self) -> None:
        """Checks the figures, so that a run fails at its start.

        Raises:
            InvalidInputError: a figure is out of its range, or no sequence is named.
        """
        if len(self.size) != 2 or any(side < STRIDE or side % STRIDE for side in self.size):
            raise InvalidInputError(f"validation: size must be two multiples of {STRIDE}, not {self.size}")
        if self.queue is not None and self.queue < 1:
            raise InvalidInputError(f"validation: needs queue >= 1, not {self.queue}")
        if self.stride < 1:
            raise InvalidInputError(f"validation: needs stride >= 1, not {self.stride}")
        if self.max_frames is not None and self.max_frames < FEWEST_FRAMES:
            raise InvalidInputError(f"validation: max_frames must be {FEWEST_FRAMES} or more, not {self.max_frames}")
        if self.sequences is not None and not self.sequences:
            raise InvalidInputError("validation: name at least one sequence, or leave the names out to take all")

    def slots(self, model: str) -> int:
        """The queue that a registered model is scored with."""
        return memory_slots(model, self.queue)


@dataclass(frozen=True, eq=False)
class ValidationResult:
    """The scores of a validation, 0 to 1.

    Attributes:
        sequences: J and F of every object of every sequence, in the order in which they were tracked.
        preview: (H, W, 3) uint8 RGB, one row a sequence: some frames with the predicted masks, the name and J&F.
    """

    sequences: tuple[SequenceScores, ...]
    preview: Picture

    @cached_property
    def overall(self) -> Scores:
        """The mean over all objects of all sequences: DAVIS weighs objects equally, not sequences."""
        return mean_scores(scores for sequence in self.sequences for scores in sequence.objects)

    @property
    def mean_j(self) -> float:
        """Mean region similarity."""
        return self.overall.region.mean

    @property
    def mean_f(self) -> float:
        """Mean boundary accuracy."""
        return self.overall.boundary.mean

    @property
    def mean_jf(self) -> float:
        """J&F, by which models are compared."""
        return self.overall.j_and_f

    @property
    def per_sequence(self) -> dict[str, float]:
        """J&F of each sequence, the mean over its objects."""
        return {sequence.name: sequence.mean.j_and_f for sequence in self.sequences}


def validate(
    model: VOSModel, options: ValidationOptions, on_frame: Callable[[], None] | None = None
) -> ValidationResult:
    """Scores a model and leaves it, and all random state, exactly as they were.

    Args:
        model: the model, on any device, in training or not; batch norms may be folded.
        options: what it is scored on.
        on_frame: called after every tracked frame; `count_frames` says how often.

    Raises:
        InvalidInputError: a folder, a sequence or a mask is missing or cannot be used.
        VideoError: a frame or a mask is damaged.
    """
    sequences = select_sequences(options)
    objects = max(len(object_ids(sequence.first_mask())) for sequence in sequences)
    at_once = min(objects, family_of(model).most_objects or objects)
    scores, rows = [], []
    with _evaluation_mode(model):
        # A backend of this validation alone: it folds the locality prior of this step into constants.
        tracker = Passes(Segmenter.from_backend(TorchBackend(model, options.queue, at_once, *options.size)))
        for sequence in sequences:
            tiles: list[Picture] = []
            scores.append(score_masks(sequence, _masks(tracker, sequence, tiles, on_frame)))
            rows.append(_row(tiles, f"{sequence.name}  J&F {scores[-1].mean.j_and_f:.3f}"))
    return ValidationResult(tuple(scores), np.concatenate(rows))


def select_sequences(options: ValidationOptions) -> tuple[DavisSequence, ...]:
    """The sequences to score, cut down to the frames to track.

    Raises:
        InvalidInputError: a folder or a sequence is missing, or one that was asked for has no frame to score.
    """
    found = find_sequences(options.data, options.annotations, options.sequences)
    sequences = [_thinned(sequence, options) for sequence in found]
    scorable = tuple(sequence for sequence in sequences if sequence.scored)
    left_out = [sequence.name for sequence in sequences if not sequence.scored]
    if left_out and (options.sequences or not scorable):
        raise InvalidInputError(
            f"no frame to score in {', '.join(left_out)}: after the given frame and before the last one a mask is "
            "needed; choose other sequences, a smaller stride or more frames"
        )
    return scorable


def count_frames(sequences: Sequence[DavisSequence]) -> int:
    """How often `validate` calls `on_frame` for these sequences of `select_sequences`."""
    return sum(max(sequence.scored) + 1 - sequence.first for sequence in sequences)


def write_preview(path: Path, picture: Picture) -> None:
    """Writes a picture (H, W, 3) uint8 RGB as PNG, whole or not at all.

    Raises:
        VideoError: the file cannot be written; an older file of that name is as it was.
    """
    encoded = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1]
    write_atomically(path, encoded.tobytes(), error=VideoError)


@contextmanager
def _evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Every module in evaluation mode, and afterwards as it was: some may be frozen while others train."""
    flags = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in flags:
            module.training = training


def _thinned(sequence: DavisSequence, options: ValidationOptions) -> DavisSequence:
    """The frames of a sequence to track, as a sequence of its own."""
    kept = range(sequence.first, len(sequence.frame_names), options.stride)[: options.max_frames]
    return DavisSequence(
        sequence.name,
        tuple(sequence.frame_names[index] for index in kept),
        tuple(sequence.frame_files[index] for index in kept),
        {new: sequence.annotations[old] for new, old in enumerate(kept) if old in sequence.annotations},
    )


def _masks(
    tracker: Tracker, sequence: DavisSequence, tiles: list[Picture], on_frame: Callable[[], None] | None
) -> Iterator[tuple[int, Mask]]:
    """Yields the masks to score, and fills `tiles` with the preview's frames on the way."""
    shown = set(np.linspace(sequence.first, max(sequence.scored), PREVIEW_FRAMES).round().astype(int).tolist())
    for index, result in track_sequence(tracker, sequence):
        if index in shown:
            tiles.append(_tile(next(sequence.frames(index, index + 1)), result.mask))
        if on_frame is not None:
            on_frame()
        yield index, result.mask


def _tile(frame: Picture, mask: Mask) -> Picture:
    """A frame and its mask at the preview's width; the outline is drawn after scaling, so that it stays visible."""
    size = (TILE_WIDTH, max(round(TILE_WIDTH * frame.shape[0] / frame.shape[1]), 1))
    small = np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)
    return overlay(small, np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST), np.uint8))


def _row(tiles: Sequence[Picture], caption: str) -> Picture:
    """The tiles of a sequence side by side, black where a short sequence has none, under their caption."""
    row = np.zeros((tiles[0].shape[0], PREVIEW_FRAMES * TILE_WIDTH, 3), np.uint8)
    joined = np.concatenate(tiles, 1)
    row[:, : joined.shape[1]] = joined
    # White on a black rim, to be read on any frame; a thicker stroke would also be wider, and not lie under the white.
    for dx, dy, level in (*((x, y, 0) for x in (-1, 0, 1) for y in (-1, 0, 1)), (0, 0, 255)):
        cv2.putText(row, caption, (6 + dx, 18 + dy), FONT, FONT_SCALE, (level,) * 3, 1, cv2.LINE_AA)
    return row
