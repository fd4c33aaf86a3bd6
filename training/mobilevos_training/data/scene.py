"""A scene: frames with all of their objects, before targets are chosen; and how objects are laid over it."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from mobilevos_training.data.frames import IGNORE, AnnotatedFrame, Image
from mobilevos_training.data.geometry import Random


class Scene(NamedTuple):
    """Frames with objects.

    Attributes:
        frames: (T, S, S, 3) uint8 RGB.
        ids: (T, S, S) uint8: 0 background, 1..n the objects, 255 = ignore.
    """

    frames: Image
    ids: Image


class Shot(NamedTuple):
    """What a scene is made from.

    Attributes:
        frames: T frames of a video in the clip's order, or T times the same photo.
        times: (T,) of the frames, ascending from 0, in frames.
        still: whether it is a photo.
    """

    frames: list[AnnotatedFrame]
    times: NDArray[np.float64]
    still: bool


class Style(Protocol):
    """A style of augmentation."""

    def scene(self, rng: Random, shot: Shot, crowd: bool) -> Scene:
        """Makes a scene; `crowd` asks a style that can add objects to do so."""

    def least(self, several: bool) -> int:
        """The fewest targets of a clip, in a step whose clips have several or one."""


def number_ids(ids: Image) -> Image:
    """The ids of (T, S, S), whatever they were, as 1..n; 255 stays."""
    present = np.bincount(ids.ravel(), minlength=256) > 0
    present[[0, IGNORE]] = False
    table = np.where(present, np.cumsum(present), 0).astype(np.uint8)
    table[IGNORE] = IGNORE
    return np.asarray(cv2.LUT(ids.reshape(-1, ids.shape[-1]), table), np.uint8).reshape(ids.shape)


def highest_id(ids: Image) -> int:
    """The number of objects of (T, S, S) ids 1..n."""
    return int(np.flatnonzero(np.bincount(ids.ravel(), minlength=256)[:IGNORE]).max(initial=0))


def lay_over(frame: Image, colours: Image, alpha: Image, softness: float) -> None:
    """Blends an object over a frame, in place, with soft edges.

    Args:
        frame: (S, S, 3) uint8.
        colours: (S, S, 3) uint8 of the object.
        alpha: (S, S) uint8, 255 where the object is.
        softness: standard deviation of its edge, in pixels.
    """
    x, y, width, height = cv2.boundingRect(alpha)
    if not width:
        return
    margin = int(np.ceil(3 * softness)) + 1
    rows, columns = slice(max(y - margin, 0), y + height + margin), slice(max(x - margin, 0), x + width + margin)
    opacity = cv2.GaussianBlur(alpha[rows, columns], (0, 0), softness)[..., None].astype(np.float32) / 255
    under = frame[rows, columns].astype(np.float32)
    frame[rows, columns] = (under + (colours[rows, columns] - under) * opacity + 0.5).astype(np.uint8)
