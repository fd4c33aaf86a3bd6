"""Draws training clips, so that a person can judge an augmentation."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from mobilevos_sdk.draw import overlay
from mobilevos_sdk.errors import VideoError
from mobilevos_training.clips import ClipMaker
from mobilevos_training.loop import training_pool
from mobilevos_training.recipe import Recipe

BATCHES = 3


def save_preview(path: Path, recipe: Recipe, data: Path) -> None:
    """Writes the first batches of a recipe as a picture: one clip a row, its targets in colour.

    Raises:
        VideoError: the picture cannot be written.
    """
    maker = ClipMaker(training_pool(data), recipe)
    rows = []
    for step in range(BATCHES):
        for clip in maker.batch(step):
            tiles = [overlay(frame, mask) for frame, mask in zip(clip.frames, clip.masks, strict=True)]
            rows.append(np.concatenate(tiles, 1))
    if not cv2.imwrite(str(path), cv2.cvtColor(np.concatenate(rows), cv2.COLOR_RGB2BGR)):
        raise VideoError(f"cannot write {path}: is it a .png in a folder that can be written?")
