"""The augmentation of the STCN supplement, section F.3, with PyTorch's transforms composed into one warp per frame.

A composed warp interpolates once, and shows the image where a chain of transforms would show the border's colour that
an earlier one of them left.
"""

from __future__ import annotations

import numpy as np

from mobilevos_training.data.augment_options import StillAugment, SupplementAugment, VideoAugment
from mobilevos_training.data.colour import Jitter, saturate
from mobilevos_training.data.geometry import (
    Field,
    Matrix,
    Random,
    about,
    resize,
    rotation,
    shear,
    shift,
    spline_field,
    warp,
)
from mobilevos_training.data.pool import Pool
from mobilevos_training.data.scene import Scene, Shot, number_ids

# The mean of ImageNet, which stands for no content.
BORDER_RGB = (124, 116, 104)
# Draws of a crop's area and ratio before the largest one that fits is taken, as in PyTorch.
CROP_ATTEMPTS = 10


class SupplementStyle:
    """Makes scenes as the supplement does.

    Args:
        pool: gives decoded frames.
        options: the style's figures.
        crop: S, the side of the frames.
    """

    def __init__(self, pool: Pool, options: SupplementAugment, crop: int) -> None:
        self._pool, self._options, self._crop = pool, options, crop

    def least(self, several: bool) -> int:
        return 1  # a clip takes what its first frame shows

    def scene(self, rng: Random, shot: Shot, crowd: bool) -> Scene:
        """Static pre-training (F.3.1) from a photo, main training (F.3.2) from a video."""
        height, width = self._pool.mask(shot.frames[0]).shape
        flip = np.diag([-1.0, 1.0, 1.0]) if rng.random() < self._options.flip else np.eye(3)
        mirrored = about(((width - 1) / 2, (height - 1) / 2), flip)
        matrices = self._matrices(rng, shot, (height, width))
        options = self._options.still if shot.still else self._options.video
        shared, grey = Jitter.draw(rng, options.jitter), rng.random() < options.grey
        frames, ids = [], []
        for frame, matrix in zip(shot.frames, matrices, strict=True):
            field = self._spline(rng) if shot.still else None
            image, mask = self._pool.image(frame), self._pool.mask(frame)
            colours, own = warp(image, mask, matrix @ mirrored, self._crop, field, BORDER_RGB)
            colours = shared.apply(colours)
            frames.append(Jitter.draw(rng, options.frame_jitter).apply(saturate(colours, 0.0) if grey else colours))
            ids.append(own)
        return Scene(np.stack(frames), number_ids(np.stack(ids)))

    def _matrices(self, rng: Random, shot: Shot, size: tuple[int, int]) -> list[Matrix]:
        """From the mirrored image to the crop, for each frame."""
        if shot.still:
            base = still_base(rng, self._options.still, size)
            return [still_frame(rng, self._options.still, size, self._crop) @ base for _ in shot.frames]
        base = video_base(rng, self._options.video, size, self._crop)
        return [video_frame(rng, self._options.video, self._crop) @ base for _ in shot.frames]

    def _spline(self, rng: Random) -> Field | None:
        """A thin-plate spline at random control points, or none."""
        options, crop = self._options.still, self._crop
        if rng.random() >= options.spline:
            return None
        points = rng.uniform(0, crop, (options.spline_points, 2))
        return spline_field(points, rng.normal(0, options.spline_sigma * crop, points.shape), crop)


def still_base(rng: Random, options: StillAugment, size: tuple[int, int]) -> Matrix:
    """The scaling of the base image (height, width) about its centre."""
    scale = float(rng.uniform(*options.scale))
    return about(((size[1] - 1) / 2, (size[0] - 1) / 2), np.diag([scale, scale, 1.0]))


def still_frame(rng: Random, options: StillAugment, size: tuple[int, int], crop: int) -> Matrix:
    """A frame's own affine transform about the image's centre, its resize to a shorter side of S, and a random crop."""
    height, width = size
    scale = float(rng.uniform(*options.frame_scale))
    own = _affine(rng, options.rotation, options.shear) @ np.diag([scale, scale, 1.0])
    fit = crop / min(height, width)
    x, y = rng.uniform(0, 1, 2) * np.maximum([width * fit - crop, height * fit - crop], 0)
    return shift(-x, -y) @ resize(fit, fit) @ about(((width - 1) / 2, (height - 1) / 2), own)


def video_base(rng: Random, options: VideoAugment, size: tuple[int, int], crop: int) -> Matrix:
    """The random resized crop that all frames of a clip share."""
    x, y, width, height = random_crop(rng, options, size)
    return resize(crop / width, crop / height) @ shift(-x, -y)


def video_frame(rng: Random, options: VideoAugment, crop: int) -> Matrix:
    """A frame's own affine transform about the crop's centre."""
    return about(((crop - 1) / 2, (crop - 1) / 2), _affine(rng, options.rotation, options.shear))


def random_crop(rng: Random, options: VideoAugment, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """A crop (x, y, width, height) of uniform area and log-uniform ratio, as PyTorch's `RandomResizedCrop` draws it."""
    rows, columns = size
    for _ in range(CROP_ATTEMPTS):
        area = rows * columns * float(rng.uniform(*options.area))
        ratio = float(np.exp(rng.uniform(*np.log(options.ratio))))
        width, height = round((area * ratio) ** 0.5), round((area / ratio) ** 0.5)
        if 0 < width <= columns and 0 < height <= rows:
            return int(rng.integers(columns - width + 1)), int(rng.integers(rows - height + 1)), width, height
    ratio = float(np.clip(columns / rows, *options.ratio))
    width, height = min(columns, round(rows * ratio)), min(rows, round(columns / ratio))
    return (columns - width) // 2, (rows - height) // 2, width, height


def _affine(rng: Random, degrees: float, slant: float) -> Matrix:
    """A random rotation after a random shear along x, both up to so many degrees."""
    return rotation(float(rng.uniform(-degrees, degrees))) @ shear(np.tan(np.radians(rng.uniform(-slant, slant))))
