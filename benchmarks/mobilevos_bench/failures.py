"""Pictures of what goes wrong: predicted masks against the ground truth, where they are furthest apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mobilevos_bench.accuracy import score_predictions
from mobilevos_bench.mask_store import MaskStore
from mobilevos_sdk.davis import DavisSequence
from mobilevos_sdk.evaluation import SequenceScores
from mobilevos_sdk.files import write_atomically
from mobilevos_sdk.masks import Mask, read_mask
from mobilevos_sdk.metrics import VOID

PANELS = 6
COLUMNS = 3
PANEL_WIDTH = 320
GAP = 4
CAPTION_HEIGHT, CAPTION_SCALE = 20, 0.45
# What a pixel is, in the order of the colours: background in both; the same object in both; an object's that the
# prediction has not; one that only the prediction has; another object's. Colours of Okabe and Ito, which colour-blind
# people tell apart, on light grey.
BACKGROUND, RIGHT, MISSED, EXTRA, MIXED_UP = range(5)
COLOURS = np.array([(240, 240, 240), (0, 158, 115), (213, 94, 0), (0, 114, 178), (204, 121, 167)], np.uint8)
# Of the frame behind the colours, where it is shown.
FRAME_OPACITY = 0.35


@dataclass(frozen=True)
class Failure:
    """A sequence's picture.

    Attributes:
        scores: of the sequence.
        path: the PNG.
        frames: names of the frames that it shows.
    """

    scores: SequenceScores
    path: Path
    frames: tuple[str, ...]


def error_map(prediction: Mask, truth: Mask, objects: Sequence[int]) -> np.ndarray:
    """What every pixel is.

    Args:
        prediction: (H, W) uint8 object ids.
        truth: likewise; void is background.
        objects: the ids that are scored; others in the truth are background, as the protocol has it.

    Returns:
        (H, W) uint8: BACKGROUND, RIGHT, MISSED, EXTRA or MIXED_UP.
    """
    wanted = np.where(np.isin(truth, [one for one in objects if one != VOID]), truth, 0)
    kinds = np.full(truth.shape, BACKGROUND, np.uint8)
    kinds[(wanted > 0) & (prediction == wanted)] = RIGHT
    kinds[(wanted > 0) & (prediction == 0)] = MISSED
    kinds[(wanted == 0) & (prediction > 0)] = EXTRA
    kinds[(wanted > 0) & (prediction > 0) & (prediction != wanted)] = MIXED_UP
    return kinds


def lowest_of_each_part(scores: Sequence[float], parts: int) -> tuple[int, ...]:
    """Positions of the lowest score in each of some equal parts of a video, in the order of time."""
    pieces = np.array_split(np.arange(len(scores)), min(parts, len(scores)))
    return tuple(int(piece[np.argmin(np.asarray(scores)[piece])]) for piece in pieces)


def draw_failures(
    predictions: Path, sequences: Sequence[DavisSequence], out: Path, worst: int, with_frames: bool
) -> Iterator[Failure]:
    """Draws the sequences that score lowest, a picture for each: the worst frame of each sixth of the video.

    Args:
        predictions: masks, as `vos-eval --save` writes them.
        sequences: those to choose from.
        out: gets SEQUENCE.png.
        worst: how many.
        with_frames: whether the frames are seen behind the colours.

    Yields:
        The pictures, the sequence with the lowest J&F first, each as soon as it is written.

    Raises:
        MobileVOSError: a mask or a frame is missing or cannot be read, or a picture cannot be written.
    """
    store = MaskStore(predictions)
    results = score_predictions(predictions, sequences)
    scored = [(result.scores, one) for result, one in zip(results, sequences, strict=True)]
    for scores, sequence in sorted(scored, key=lambda pair: pair[0].mean.j_and_f)[:worst]:
        regions = np.mean([one.region_frames for one in scores.objects], axis=0)
        positions = lowest_of_each_part(regions, PANELS)
        panels = []
        for position in positions:
            index = sequence.scored[position]
            mask = read_mask(store.path(sequence, index))
            kinds = error_map(mask, sequence.truth(index), [one.object_id for one in scores.objects])
            frame = next(sequence.frames(index, index + 1)) if with_frames else None
            panels.append(_panel(kinds, frame, f"{sequence.frame_names[index]}  J {100 * regions[position]:.0f}"))
        path = out / f"{sequence.name}.png"
        write_atomically(path, cv2.imencode(".png", _grid(panels)[..., ::-1])[1].tobytes())
        yield Failure(scores, path, tuple(sequence.frame_names[sequence.scored[one]] for one in positions))


def _panel(kinds: np.ndarray, frame: np.ndarray | None, text: str) -> np.ndarray:
    height, width = kinds.shape
    size = (PANEL_WIDTH, max(1, round(PANEL_WIDTH * height / width)))
    colours = COLOURS[kinds]
    if frame is not None:
        grey = cv2.cvtColor(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        blended = cv2.addWeighted(colours, 1 - FRAME_OPACITY, grey, FRAME_OPACITY, 0)
        colours = np.where((kinds == BACKGROUND)[..., None], grey, blended)
    panel = cv2.resize(colours, size, interpolation=cv2.INTER_AREA)
    caption = np.full((CAPTION_HEIGHT, PANEL_WIDTH, 3), 255, np.uint8)
    place, black = (2, CAPTION_HEIGHT - 6), (0, 0, 0)
    cv2.putText(caption, text, place, cv2.FONT_HERSHEY_SIMPLEX, CAPTION_SCALE, black, 1, cv2.LINE_AA)
    return np.vstack([caption, panel])


def _grid(panels: Sequence[np.ndarray]) -> np.ndarray:
    """Panels of one size in rows, with white between them and where a row is not full."""
    height, width = panels[0].shape[:2]
    rows = -(-len(panels) // COLUMNS)
    columns = min(COLUMNS, len(panels))
    grid = np.full((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, 3), 255, np.uint8)
    for index, panel in enumerate(panels):
        row, column = divmod(index, COLUMNS)
        top, left = row * (height + GAP), column * (width + GAP)
        grid[top : top + height, left : left + width] = panel
    return grid
