"""Draws training clips, so that a person can judge an augmentation."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from mobilevos_sdk.draw import overlay
from mobilevos_sdk.errors import VideoError
from mobilevos_sdk.files import write_atomically
from mobilevos_training.data.clips import Clip, ClipMaker
from mobilevos_training.data.frames import IGNORE, Image

ROWS = 12
# Gaps of the grid, and what pixels that no loss looks at are painted with.
GAP = 2
IGNORE_RGB = (255, 0, 255)


def save_preview(path: Path, maker: ClipMaker, rows: int = ROWS) -> None:
    """Writes clips as a picture: one clip a row, its frames from left to right, its targets in colour.

    Args:
        path: a .png or .jpg.
        maker: makes the clips; the rows are the first clips of as many steps, spread over the training.
        rows: how many clips.

    Raises:
        VideoError: the picture cannot be written.
        MobileVOSError: as `ClipMaker.clip`.
    """
    steps = np.linspace(0, maker.steps - 1, rows).round().astype(int)
    grid = np.concatenate([draw_clip(maker.clip(int(step), row)) for row, step in enumerate(steps)])
    try:
        encoded = cv2.imencode(path.suffix, cv2.cvtColor(grid, cv2.COLOR_RGB2BGR))[1]
    except cv2.error as error:
        raise VideoError(f"cannot write {path}: name it .png or .jpg") from error
    write_atomically(path, encoded.tobytes(), VideoError)


def draw_clip(clip: Clip) -> Image:
    """(S, T x S, 3) uint8 RGB: the frames of a clip side by side with their masks over them."""
    tiles = []
    for frame, mask in zip(clip.frames, clip.masks, strict=True):
        tile = overlay(frame, np.where(mask == IGNORE, np.uint8(0), mask), opacity=0.35)
        tile[mask == IGNORE] = IGNORE_RGB
        tiles.append(np.pad(tile, ((0, GAP), (0, GAP), (0, 0)), constant_values=255))
    return np.concatenate(tiles, 1)
