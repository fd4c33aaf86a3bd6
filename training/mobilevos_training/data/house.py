"""The project's own style: crops around objects, a moving camera, photos in motion, cut-outs and solids over them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import cv2
import numpy as np

from mobilevos_training.data.augment_options import HouseAugment, MotionOptions, SolidOptions
from mobilevos_training.data.clinging import clinging_track
from mobilevos_training.data.colour import Colour
from mobilevos_training.data.following import Look, followed
from mobilevos_training.data.frames import IGNORE, AnnotatedFrame, Image
from mobilevos_training.data.geometry import Matrix, Random, elastic_field, motion_track, placement, shift, warp, within
from mobilevos_training.data.pool import Pool
from mobilevos_training.data.scene import Scene, Shot, highest_id, lay_over, number_ids
from mobilevos_training.data.solids import draw_solid

# Cut-outs in a scene that is asked for many objects.
CROWD = 3
# How often a layer with an elastic deformation is deformed in a frame.
ELASTIC_SHARE = 0.5
# Standard deviation of the edge of what is laid over a scene, in pixels.
SOFTNESS = (0.5, 1.2)
# Draws of a cut-out before a clip goes without.
CUTOUT_ATTEMPTS = 50


class HouseStyle:
    """Makes scenes in the house style.

    Args:
        pool: what cut-outs are taken from.
        options: the style's figures.
        crop: S, the side of the frames.
    """

    def __init__(self, pool: Pool, options: HouseAugment, crop: int) -> None:
        self._pool, self._options, self._crop = pool, options, crop

    def least(self, several: bool) -> int:
        return 2 if several else 1

    def scene(self, rng: Random, shot: Shot, crowd: bool) -> Scene:
        """A layer of the shot's frames, solids and cut-outs over it, then a mirror and a change of colour for all."""
        options = self._options
        cutouts = CROWD if crowd else _number(rng, options.cutouts.counts)
        frames, ids = self._layer(rng, shot)
        if options.solids is not None:
            for _ in range(_number(rng, options.solids.counts)):
                self._lay_solid(rng, options.solids, frames, ids, shot)
        for _ in range(cutouts):
            self._paste(rng, frames, ids, shot)
        if rng.random() < 0.5:
            frames, ids = (np.ascontiguousarray(array[:, :, ::-1]) for array in (frames, ids))
        colour, flicker = Colour.draw(rng, options.colour), rng.normal(0, options.colour.flicker, len(frames))
        return Scene(np.stack([colour.apply(f, b) for f, b in zip(frames, flicker, strict=True)]), ids)

    def _layer(self, rng: Random, shot: Shot) -> tuple[Image, Image]:
        """Warps the shot's frames into crops around a point of the first frame's objects."""
        options, crop = self._options, self._crop
        motion = options.photo if shot.still else options.camera
        quarter = 90.0 * int(rng.choice([-1, 1])) if rng.random() < options.quarter_turns else 0.0
        looks = self._looks(rng, shot)
        angle, aspect = float(rng.normal(0, 7)) + quarter, float(np.exp(rng.normal(0, 0.06)))
        frames = np.empty((len(shot.frames), crop, crop, 3), np.uint8)
        ids = np.empty((len(shot.frames), crop, crop), np.uint8)
        for index, moved in enumerate(motion_track(rng, motion, shot.times, crop)):
            image, mask = self._pool.image(shot.frames[index]), self._pool.mask(shot.frames[index])
            base = placement(looks[index].centre, looks[index].scale, angle, aspect, False)
            matrix = shift(crop / 2, crop / 2) @ moved @ base
            frames[index], ids[index] = warp(image, mask, matrix, crop, self._elastic(rng, motion))
        return frames, number_ids(ids)

    def _looks(self, rng: Random, shot: Shot) -> list[Look]:
        """Where the crop of each frame lies: it stays in place around an object, or follows all of them."""
        options, crop = self._options, self._crop
        if options.follow is not None and not shot.still and rng.random() < options.follow.share:
            looks = followed(rng, [self._pool.mask(frame) for frame in shot.frames], options.follow, crop)
            if looks:
                return looks
        scale = float(np.exp(rng.uniform(*np.log(options.scale))))
        centre = focus(rng, self._pool.mask(shot.frames[0]), crop / scale)
        return [Look(centre, scale)] * len(shot.frames)

    def _elastic(self, rng: Random, motion: MotionOptions) -> np.ndarray | None:
        if not motion.elastic or rng.random() >= ELASTIC_SHARE:
            return None
        return elastic_field(rng, motion.elastic, self._crop)

    def _paste(self, rng: Random, frames: Image, ids: Image, shot: Shot) -> None:
        """Moves a cut-out object over the frames, in place; at times it hides what is there."""
        cutout = self._cutout(rng)
        if cutout is None:
            return
        frame, alone = cutout
        options, crop = self._options.cutouts, self._crop
        x, y, width, height = cv2.boundingRect(alone)
        scale = crop * float(rng.uniform(*options.extent)) / max(width, height, 8)
        centre = (x + (width - 1) / 2, y + (height - 1) / 2)
        base = placement(centre, scale, float(rng.normal(0, 15)), float(np.exp(rng.normal(0, 0.1))), rng.random() < 0.5)
        place = _somewhere(rng, crop)
        gain, softness = float(rng.uniform(0.7, 1.3)), float(rng.uniform(*SOFTNESS))
        image = self._pool.image(frame)
        track = self._cutout_track(rng, place, ids, shot, scale * max(width, height) / 2)

        def views() -> Iterator[tuple[Image, Image]]:
            for moved in track:
                field = self._elastic(rng, options.motion)
                colours, alpha = warp(image, alone, moved @ base, crop, field)
                yield cv2.convertScaleAbs(colours, alpha=gain), alpha

        _lay(frames, ids, views(), softness)

    def _cutout_track(self, rng: Random, place: Matrix, ids: Image, shot: Shot, half_extent: float) -> list[Matrix]:
        """Brings a cut-out from the origin to where it is in each frame, at a place of its own or beside an object."""
        options = self._options.cutouts
        if options.clinging and rng.random() < options.clinging:
            held = clinging_track(rng, ids, shot.times, half_extent)
            if held:
                grip = motion_track(rng, options.grip, shot.times, self._crop)
                return [beside @ moved for beside, moved in zip(held, grip, strict=True)]
        return [place @ moved for moved in motion_track(rng, options.motion, shot.times, self._crop)]

    def _lay_solid(self, rng: Random, options: SolidOptions, frames: Image, ids: Image, shot: Shot) -> None:
        """Moves a solid over the frames, in place, while it turns."""
        crop = self._crop
        solid = draw_solid(rng, self._pool, options, float(shot.times[-1]))
        scale = crop * float(rng.uniform(*options.extent)) / 2
        place, base = _somewhere(rng, crop), np.diag([scale, scale, 1.0])
        track = motion_track(rng, options.motion, shot.times, crop)
        views = (
            solid.view(float(time), place @ moved @ base, crop) for time, moved in zip(shot.times, track, strict=True)
        )
        _lay(frames, ids, views, float(rng.uniform(*SOFTNESS)))

    def _cutout(self, rng: Random) -> tuple[AnnotatedFrame, Image] | None:
        """A frame and the mask (H, W) uint8 of one of its objects, 255 inside, neither tiny nor the whole picture."""
        options = self._options.cutouts
        for _ in range(CUTOUT_ATTEMPTS):
            frame = self._pool.draw_frame(rng, still=rng.random() < options.photos)
            mask = self._pool.mask(frame)
            counts = np.bincount(mask.ravel(), minlength=256)[1:IGNORE] / mask.size
            fitting = np.flatnonzero((counts >= options.shares[0]) & (counts <= options.shares[1]))
            if len(fitting):
                return frame, cv2.compare(mask, int(rng.choice(fitting)) + 1, cv2.CMP_EQ)
        return None


def _number(rng: Random, probabilities: tuple[float, ...]) -> int:
    """A draw of 0, 1, 2, ... by their probabilities."""
    return int(rng.choice(len(probabilities), p=np.array(probabilities) / sum(probabilities)))


def _somewhere(rng: Random, crop: int) -> Matrix:
    """Moves the origin to a random place of the crop."""
    return shift(*(crop / 2 + rng.uniform(-0.45, 0.45, 2) * crop))


def _lay(frames: Image, ids: Image, views: Iterable[tuple[Image, Image]], softness: float) -> None:
    """Lays an object over the frames under an id of its own, in place, by its colours and alpha in each of them."""
    identity = highest_id(ids) + 1
    if identity >= IGNORE:
        return
    for index, (colours, alpha) in enumerate(views):
        lay_over(frames[index], colours, alpha, softness)
        ids[index][alpha > 0] = identity


def focus(rng: Random, mask: Image, window: float) -> tuple[float, float]:
    """A point (x, y) near a random pixel of an object, mostly, such that a window around it stays in the image.

    Args:
        rng: random numbers.
        mask: (H, W) uint8 object ids.
        window: side of the window, in pixels of the mask.
    """
    height, width = mask.shape
    inside = np.flatnonzero((mask > 0) & (mask != IGNORE))
    if len(inside) and rng.random() < 0.9:
        y, x = divmod(int(inside[rng.integers(len(inside))]), width)
        point = np.array([x, y]) + rng.normal(0, window / 5, 2)
    else:
        point = rng.uniform(0, 1, 2) * (width, height)
    return within(point, window, (height, width))
