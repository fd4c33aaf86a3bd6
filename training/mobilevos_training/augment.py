"""Augmentation: the motion of a layer through a clip as affine matrices, its elastic deformation, and colour."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mobilevos_training.sources import Image

Matrix = NDArray[np.float64]
Random = np.random.Generator
BORDER_RGB = (124, 116, 104)


@dataclass(frozen=True)
class Motion:
    """How far a layer may move within a clip; standard deviations per frame.

    Attributes:
        drift: of the clip's constant velocity, as a share of the crop's side.
        jitter: of each frame's own displacement, likewise.
        turn: of the rotation, degrees.
        zoom: of the logarithm of the scale.
        shear: of the shear.
        elastic: of the control points of a smooth deformation, as a share of the crop's side; 0 for none.
    """

    drift: float = 0.0
    jitter: float = 0.01
    turn: float = 1.0
    zoom: float = 0.01
    shear: float = 0.01
    elastic: float = 0.0


CAMERA = Motion(jitter=0.005, turn=0.7, zoom=0.01, shear=0.0)
PHOTO = Motion(drift=0.03, jitter=0.015, turn=4.0, zoom=0.05, shear=0.04, elastic=0.015)
CUTOUT = Motion(drift=0.06, jitter=0.02, turn=5.0, zoom=0.06, shear=0.04, elastic=0.01)


def placement(centre: tuple[float, float], scale: float, angle: float, aspect: float, flip: bool) -> Matrix:
    """3x3 matrix that brings `centre` (x, y) of an image to the origin, turned, scaled and perhaps mirrored."""
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    turn = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    size = np.diag([scale * aspect * (-1 if flip else 1), scale / aspect, 1.0])
    shift = np.array([[1, 0, -centre[0]], [0, 1, -centre[1]], [0, 0, 1]])
    return np.asarray(turn @ size @ shift)


def motion_track(rng: Random, motion: Motion, times: NDArray[np.float64], crop: int) -> list[Matrix]:
    """3x3 matrices about the origin, one for each time (in frames): a random walk with a velocity."""
    velocity = rng.normal(0, motion.drift * crop, 2)
    spin, growth = rng.normal(0, motion.turn / 2), rng.normal(0, motion.zoom / 2)
    walk = np.zeros(5)
    track, last = [], 0.0
    for time in times:
        # A gap of many frames moves a thing further, but not as far as if its velocity had never changed.
        step = np.sqrt(max(time - last, 0.0))
        noise = rng.normal(0, 1, 5) * step
        drift = step * np.array([velocity[0], velocity[1], spin, growth, 0.0])
        spread = np.array([motion.jitter * crop, motion.jitter * crop, motion.turn, motion.zoom, motion.shear])
        walk = walk + drift + noise * spread
        last = time
        turn = placement((0, 0), float(np.exp(walk[3])), walk[2], 1.0, False)
        shear = np.array([[1, walk[4], walk[0]], [0, 1, walk[1]], [0, 0, 1]])
        track.append(shear @ turn)
    return track


def elastic_field(rng: Random, strength: float, crop: int) -> NDArray[np.float32]:
    """(crop, crop, 2) smooth displacement in pixels from a 5x5 grid of control points."""
    grid = rng.normal(0, strength * crop, (5, 5, 2)).astype(np.float32)
    return np.asarray(cv2.resize(grid, (crop, crop), interpolation=cv2.INTER_CUBIC), np.float32)


def warp(
    image: Image, mask: Image, matrix: Matrix, crop: int, field: NDArray[np.float32] | None
) -> tuple[Image, Image, Image]:
    """Warps an image and its mask into a crop whose centre is the origin of `matrix`.

    Returns:
        (crop, crop, 3) RGB, (crop, crop) ids, and (crop, crop) uint8, 255 where the image covers the crop.
    """
    centred = np.array([[1, 0, crop / 2], [0, 1, crop / 2], [0, 0, 1]]) @ matrix
    inverse = np.linalg.inv(centred)[:2].astype(np.float32)
    y, x = np.mgrid[0:crop, 0:crop].astype(np.float32)
    if field is not None:
        x, y = x + field[..., 0], y + field[..., 1]
    map_x = inverse[0, 0] * x + inverse[0, 1] * y + inverse[0, 2]
    map_y = inverse[1, 0] * x + inverse[1, 1] * y + inverse[1, 2]
    height, width = mask.shape
    colours = cv2.remap(image, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    ids = cv2.remap(mask, map_x, map_y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    inside = (map_x > -0.5) & (map_x < width - 0.5) & (map_y > -0.5) & (map_y < height - 0.5)
    return np.asarray(colours, np.uint8), np.asarray(ids, np.uint8), inside.astype(np.uint8) * 255


@dataclass(frozen=True)
class Colour:
    """One draw of colour changes, applied alike to all frames of a clip."""

    gain: NDArray[np.float64]
    offset: float
    gamma: float
    saturation: float
    blur: float
    quality: int | None

    @classmethod
    def draw(cls, rng: Random) -> Colour:
        """Draws a colour change: brightness, contrast, tint, gamma, saturation or grey, blur and JPEG artefacts."""
        contrast = rng.uniform(0.75, 1.25)
        return cls(
            gain=contrast * rng.uniform(0.92, 1.08, 3),
            offset=float(rng.uniform(-25, 25)),
            gamma=float(np.exp(rng.normal(0, 0.2))),
            saturation=0.0 if rng.random() < 0.07 else float(rng.uniform(0.6, 1.4)),
            blur=float(rng.uniform(0.4, 1.3)) if rng.random() < 0.15 else 0.0,
            quality=int(rng.integers(25, 80)) if rng.random() < 0.2 else None,
        )

    def apply(self, image: Image, brightness: float = 0.0) -> Image:
        """Applies the change to an (H, W, 3) RGB frame, with `brightness` added for this frame only."""
        levels = np.linspace(0, 1, 256) ** self.gamma * 255
        table = np.clip((levels[:, None] - 128) * self.gain + 128 + self.offset + brightness, 0, 255).astype(np.uint8)
        result = cv2.LUT(image, np.ascontiguousarray(table[:, None, :]))
        if self.saturation != 1.0:
            grey = cv2.cvtColor(cv2.cvtColor(result, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
            result = cv2.addWeighted(result, self.saturation, grey, 1 - self.saturation, 0)
        if self.blur:
            result = cv2.GaussianBlur(result, (0, 0), self.blur)
        if self.quality is not None:
            encoded = cv2.imencode(".jpg", result, [cv2.IMWRITE_JPEG_QUALITY, self.quality])[1]
            result = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
        return np.asarray(result, np.uint8)
