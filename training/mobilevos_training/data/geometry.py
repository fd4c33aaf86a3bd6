"""Geometry of augmentation: affine matrices, smooth deformations, thin-plate splines, and the warp of image and mask.

Matrices are 3x3 and map points (x, y, 1) of an image to points of a crop. Pixel centres have whole coordinates.
"""

from __future__ import annotations

from functools import cache
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from mobilevos_training.data.augment_options import MotionOptions
from mobilevos_training.data.frames import Image

Matrix: TypeAlias = NDArray[np.float64]
Field: TypeAlias = NDArray[np.float32]
Random: TypeAlias = np.random.Generator
# A thin-plate spline is computed at every so many pixels, and interpolated between.
SPLINE_CELL = 4


def shift(x: float, y: float) -> Matrix:
    """Moves points by (x, y)."""
    return np.array([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])


def rotation(degrees: float) -> Matrix:
    """Turns points about the origin, clockwise on the screen."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])


def shear(factor: float) -> Matrix:
    """Moves points to the right by `factor` times their y."""
    return np.array([[1.0, factor, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])


def resize(x: float, y: float) -> Matrix:
    """Scales an image whose first pixel's corner, and not its centre, stays in place."""
    return shift(-0.5, -0.5) @ np.diag([x, y, 1.0]) @ shift(0.5, 0.5)


def about(centre: tuple[float, float], matrix: Matrix) -> Matrix:
    """A matrix that leaves `centre` (x, y) where the given one leaves the origin."""
    return shift(*centre) @ matrix @ shift(-centre[0], -centre[1])


def placement(centre: tuple[float, float], scale: float, angle: float, aspect: float, flip: bool) -> Matrix:
    """Brings `centre` (x, y) of an image to the origin, turned by `angle` degrees, scaled and perhaps mirrored."""
    size = np.diag([scale * aspect * (-1 if flip else 1), scale / aspect, 1.0])
    return rotation(angle) @ size @ shift(-centre[0], -centre[1])


def within(point: NDArray[np.float64], window: float, size: tuple[int, int]) -> tuple[float, float]:
    """The middle (x, y) nearest to a point of a window that stays in an image of (height, width), if it is smaller."""
    half, middle = window / 2, np.array([size[1], size[0]]) / 2
    x, y = np.clip(point, np.minimum(half, middle), np.maximum(2 * middle - half, middle))
    return float(x), float(y)


def motion_track(rng: Random, motion: MotionOptions, times: NDArray[np.float64], crop: int) -> list[Matrix]:
    """Matrices about the origin, one for each time (in frames): a random walk with a velocity."""
    velocity = rng.normal(0, motion.drift * crop, 2)
    spin, growth = rng.normal(0, motion.turn / 2), rng.normal(0, motion.zoom / 2)
    spread = np.array([motion.jitter * crop, motion.jitter * crop, motion.turn, motion.zoom, motion.shear])
    walk = np.zeros(5)
    track, last = [], 0.0
    for time in times:
        # A gap of many frames moves a thing further, but not as far as if its velocity had never changed.
        step = np.sqrt(max(time - last, 0.0))
        walk = walk + step * (np.array([velocity[0], velocity[1], spin, growth, 0.0]) + rng.normal(0, 1, 5) * spread)
        last = time
        x, y, angle, zoom, slant = walk
        scale = float(np.exp(zoom))
        track.append(shift(x, y) @ shear(slant) @ rotation(angle) @ np.diag([scale, scale, 1.0]))
    return track


def elastic_field(rng: Random, strength: float, crop: int) -> Field:
    """(S, S, 2) smooth displacement in pixels from a 5x5 grid of control points, `strength` of the crop's side."""
    grid = rng.normal(0, strength * crop, (5, 5, 2)).astype(np.float32)
    return np.asarray(cv2.resize(grid, (crop, crop), interpolation=cv2.INTER_CUBIC), np.float32)


def spline_field(points: NDArray[np.float64], displacements: NDArray[np.float64], crop: int) -> Field:
    """(S, S, 2) displacement in pixels of the thin-plate spline through control points (Bookstein, 1989).

    Args:
        points: (P, 2) x and y in pixels, not all on one line.
        displacements: (P, 2) of these points, in pixels.
        crop: side of the field.
    """
    from scipy.interpolate import RBFInterpolator  # type: ignore[import-untyped]

    cells = -(-crop // SPLINE_CELL) + 2  # one beyond each border, for the interpolation between
    places = (np.arange(cells) - 0.5) * SPLINE_CELL - 0.5
    x, y = np.meshgrid(places, places)
    spline = RBFInterpolator(points, displacements, kernel="thin_plate_spline", degree=1)
    coarse = spline(np.stack([x.ravel(), y.ravel()], 1)).reshape(cells, cells, 2).astype(np.float32)
    side = cells * SPLINE_CELL
    fine = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_LINEAR)  # OpenCV's cubic bends straight lines
    return np.asarray(fine[SPLINE_CELL : SPLINE_CELL + crop, SPLINE_CELL : SPLINE_CELL + crop], np.float32)


def warp(
    image: Image,
    mask: Image,
    matrix: Matrix,
    crop: int,
    field: Field | None = None,
    border: tuple[int, int, int] | None = None,
) -> tuple[Image, Image]:
    """Warps an image and its mask into a crop.

    Args:
        image: (H, W, 3) uint8.
        mask: (H, W) uint8.
        matrix: from the image's points to the crop's.
        crop: S, the side of the result.
        field: (S, S, 2) displacement in pixels of the point that each of the crop's pixels shows.
        border: RGB beyond the image; None reflects it.

    Returns:
        (S, S, 3) colours, interpolated, and (S, S) ids, the nearest; 0 beyond the image.
    """
    mode = cv2.BORDER_REFLECT_101 if border is None else cv2.BORDER_CONSTANT
    fill = border or (0, 0, 0)
    inverse = np.linalg.inv(matrix)[:2]
    if field is None:
        flags = cv2.WARP_INVERSE_MAP
        colours = cv2.warpAffine(
            image, inverse, (crop, crop), flags=flags | cv2.INTER_LINEAR, borderMode=mode, borderValue=fill
        )
        ids = cv2.warpAffine(
            mask, inverse, (crop, crop), flags=flags | cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT
        )
        return np.asarray(colours, np.uint8), np.asarray(ids, np.uint8)
    points = cv2.transform(_grid(crop) + field, inverse.astype(np.float32))
    colours = cv2.remap(image, points, None, cv2.INTER_LINEAR, borderMode=mode, borderValue=fill)
    ids = cv2.remap(mask, points, None, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT)
    return np.asarray(colours, np.uint8), np.asarray(ids, np.uint8)


@cache
def _grid(crop: int) -> Field:
    """(S, S, 2) x and y of each pixel of a crop."""
    y, x = np.mgrid[0:crop, 0:crop].astype(np.float32)
    return np.stack([x, y], 2)
