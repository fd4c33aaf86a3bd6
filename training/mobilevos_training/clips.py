"""Training clips: frames of a video, or a photo in motion, with cut-out objects that move over them.

A cut-out is a distractor, an occluder or a target of its own. Every clip is a function of (recipe, seed, step, index),
so that a resumed run sees the data that it would have seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mobilevos_training.augment import (
    CAMERA,
    CUTOUT,
    PHOTO,
    Colour,
    Matrix,
    Motion,
    Random,
    elastic_field,
    motion_track,
    placement,
    warp,
)
from mobilevos_training.recipe import Recipe
from mobilevos_training.sources import IGNORE, Image, Still, Video

# A target must cover this share of the first frame, and a cut-out is chosen among objects of this share of their image.
SMALLEST_TARGET = 0.003
CUTOUT_SHARES = (0.01, 0.4)
ATTEMPTS = 12


@dataclass(frozen=True)
class Clip:
    """A training clip.

    Attributes:
        frames: (T, S, S, 3) uint8 RGB.
        masks: (T, S, S) uint8: 0 background, 1..n the targets, 255 = ignore.
    """

    frames: Image
    masks: Image


@dataclass(frozen=True)
class Pool:
    """All that clips are made of."""

    videos: list[Video]
    object_videos: list[Video]
    photos: list[Still]


class ClipMaker:
    """Makes clips from a pool after a recipe."""

    def __init__(self, pool: Pool, recipe: Recipe) -> None:
        self.pool = pool
        self.recipe = recipe

    def batch(self, step: int) -> list[Clip]:
        """The clips of a step, all with the same number of targets."""
        rng = np.random.default_rng([self.recipe.seed, step])
        targets = 2 if rng.random() < self.recipe.pair_share else 1
        return [
            self.clip(np.random.default_rng([self.recipe.seed, step, i]), targets) for i in range(self.recipe.batch)
        ]

    def clip(self, rng: Random, targets: int) -> Clip:
        """Draws clips until one shows enough targets in its first frame."""
        for _ in range(ATTEMPTS):
            frames, ids = self._scene(rng, cutouts=int(rng.choice([0, 1, 2], p=[0.4, 0.4, 0.2])))
            chosen = self._choose(rng, ids, targets)
            if len(chosen) == targets:
                break
        else:
            while len(chosen) < targets:
                frames, ids = self._scene(rng, cutouts=3)
                chosen = self._choose(rng, ids, targets)
        masks = np.where(ids == IGNORE, np.uint8(IGNORE), np.uint8(0))
        for number, identity in enumerate(chosen, start=1):
            masks[ids == identity] = number
        return Clip(frames, masks)

    def _choose(self, rng: Random, ids: Image, targets: int) -> list[int]:
        counts = np.bincount(ids[0].ravel(), minlength=256)
        visible = [int(i) for i in range(1, IGNORE) if counts[i] >= SMALLEST_TARGET * ids[0].size]
        return [int(i) for i in rng.permutation(visible)[:targets]]

    def _scene(self, rng: Random, cutouts: int) -> tuple[Image, Image]:
        times = self._times(rng)
        quarter = 90.0 * int(rng.choice([-1, 1])) if rng.random() < self.recipe.quarter_turns else 0.0
        if rng.random() < self.recipe.photo_share:
            still = self.pool.photos[int(rng.integers(len(self.pool.photos)))]
            frames, ids = self._layer(rng, [still] * len(times), times, PHOTO, quarter)
        else:
            frames, ids = self._layer(rng, self._video_frames(rng, times), times, CAMERA, quarter)
        for number in range(cutouts):
            self._paste(rng, frames, ids, times, identity=100 + number)
        if rng.random() < 0.5:
            frames, ids = (np.ascontiguousarray(x[:, :, ::-1]) for x in (frames, ids))
        colour, flicker = Colour.draw(rng), rng.normal(0, 4, len(times))
        return np.stack([colour.apply(f, b) for f, b in zip(frames, flicker, strict=True)]), ids

    def _times(self, rng: Random) -> NDArray[np.float64]:
        """Frame times: a long gap after the reference frame, then short ones, as in the memory of a running session."""
        recipe = self.recipe
        first = rng.integers(1, recipe.reference_gap + 1)
        gaps = [first, *rng.integers(1, recipe.step_gap + 1, recipe.frames - 2)]
        return np.concatenate([[0.0], np.cumsum(gaps)]).astype(np.float64)

    def _video_frames(self, rng: Random, times: NDArray[np.float64]) -> list[Still]:
        """Frames of a random video at those times, in either direction; a short video shortens the long gap."""
        sparse = bool(self.pool.object_videos) and rng.random() < 0.2
        videos = self.pool.object_videos if sparse else self.pool.videos
        stills = videos[int(rng.integers(len(videos)))].stills
        # Annotated objects exist for every tenth frame or so: there, one step is one annotated frame.
        steps = np.arange(len(times)) if sparse else times.astype(int)
        excess = max(int(steps[-1]) - (len(stills) - 1), 0)
        steps = np.maximum(np.concatenate([steps[:1], steps[1:] - excess]), 0)
        start = int(rng.integers(len(stills) - steps[-1]))
        if rng.random() < 0.5:
            return [stills[start + int(steps[-1] - step)] for step in steps]
        return [stills[start + int(step)] for step in steps]

    def _layer(
        self, rng: Random, stills: list[Still], times: NDArray[np.float64], motion: Motion, quarter: float
    ) -> tuple[Image, Image]:
        """Warps one still per frame into crops around a point of the first frame's objects."""
        crop = self.recipe.crop
        scale = float(np.exp(rng.uniform(*np.log(self.recipe.scale))))
        centre = _focus(rng, stills[0].mask, crop / scale)
        base = placement(centre, scale, float(rng.normal(0, 7)) + quarter, float(np.exp(rng.normal(0, 0.06))), False)
        track = motion_track(rng, motion, times, crop)
        frames, masks = [], []
        for still, moved in zip(stills, track, strict=True):
            field = elastic_field(rng, motion.elastic, crop) if motion.elastic and rng.random() < 0.5 else None
            image, ids, _ = warp(still.image, still.mask, moved @ base, crop, field)
            frames.append(image)
            masks.append(ids)
        return np.stack(frames), np.stack(masks)

    def _paste(self, rng: Random, frames: Image, ids: Image, times: NDArray[np.float64], identity: int) -> None:
        """Moves a cut-out object over the frames, in place, with soft edges, at times partly or fully occluding."""
        still, chosen = self._cutout(rng)
        crop = self.recipe.crop
        y, x = np.nonzero(still.mask == chosen)
        extent = max(float(np.ptp(x)), float(np.ptp(y)), 8.0)
        scale = crop * float(rng.uniform(0.15, 0.55)) / extent
        centre = ((x.min() + x.max()) / 2, (y.min() + y.max()) / 2)
        base = placement(centre, scale, float(rng.normal(0, 15)), float(np.exp(rng.normal(0, 0.1))), rng.random() < 0.5)
        shift: Matrix = np.eye(3)
        shift[:2, 2] = rng.uniform(-0.45, 0.45, 2) * crop
        gain = float(rng.uniform(0.7, 1.3))
        softness = float(rng.uniform(0.5, 1.2))
        alone = np.where(still.mask == chosen, np.uint8(255), np.uint8(0))
        for index, moved in enumerate(motion_track(rng, CUTOUT, times, crop)):
            field = elastic_field(rng, CUTOUT.elastic, crop) if rng.random() < 0.5 else None
            image, alpha, _ = warp(still.image, alone, shift @ moved @ base, crop, field)
            opacity = cv2.GaussianBlur(alpha, (0, 0), softness).astype(np.float32)[..., None] / 255
            colours = np.clip(image.astype(np.float32) * gain, 0, 255)
            frames[index] = (frames[index] * (1 - opacity) + colours * opacity).astype(np.uint8)
            ids[index][alpha > 127] = identity

    def _cutout(self, rng: Random) -> tuple[Still, int]:
        """A random object of a photo, or of a video's frame, that is neither tiny nor the whole picture."""
        while True:
            if rng.random() < 0.7:
                still = self.pool.photos[int(rng.integers(len(self.pool.photos)))]
            else:
                video = self.pool.videos[int(rng.integers(len(self.pool.videos)))]
                still = video.stills[int(rng.integers(len(video.stills)))]
            share = np.bincount(still.mask.ravel(), minlength=256)[1:IGNORE] / still.mask.size
            fitting = np.nonzero((share >= CUTOUT_SHARES[0]) & (share <= CUTOUT_SHARES[1]))[0]
            if len(fitting):
                return still, int(rng.choice(fitting)) + 1


def _focus(rng: Random, mask: Image, window: float) -> tuple[float, float]:
    """A point (x, y) near a random pixel of an object, mostly, such that a window around it stays in the image."""
    height, width = mask.shape
    inside = np.flatnonzero((mask > 0) & (mask != IGNORE))
    if len(inside) and rng.random() < 0.9:
        y, x = divmod(int(rng.choice(inside)), width)
        point = np.array([x, y]) + rng.normal(0, window / 5, 2)
    else:
        point = rng.uniform(0, 1, 2) * (width, height)
    half = window / 2
    low = np.minimum([half, half], [width / 2, height / 2])
    high = np.maximum([width - half, height - half], [width / 2, height / 2])
    x, y = np.clip(point, low, high)
    return float(x), float(y)
