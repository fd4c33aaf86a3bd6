"""Crops that follow a video's objects: where they lie, how large they are, and clips with them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from data_sets import write_pack
from pydantic import ValidationError

from mobilevos_training.data.augment_options import FollowOptions, HouseAugment, MotionOptions
from mobilevos_training.data.clips import ClipMaker
from mobilevos_training.data.following import followed
from mobilevos_training.data.frames import IGNORE
from mobilevos_training.data.options import DataOptions, SourceOptions, TargetOptions
from mobilevos_training.data.pool import open_pool

SIZE = (240, 400)
CROP = 96


def box(left: int, top: int, width: int, height: int, value: int = 1) -> np.ndarray:
    mask = np.zeros(SIZE, np.uint8)
    mask[top : top + height, left : left + width] = value
    return mask


def looks(masks: list[np.ndarray], **options: object) -> list[tuple[float, float, float]]:
    """x, y and scale of each frame."""
    figures = FollowOptions(**{"unsteady": 0.0, "extent": (0.5, 0.5), **options})
    found = followed(np.random.default_rng(0), masks, figures, CROP)
    return [(*look.centre, look.scale) for look in found or ()]


def test_the_objects_are_in_the_middle_at_one_size() -> None:
    masks = [box(150, 100, 40, 20), box(180, 90, 80, 40), np.maximum(box(180, 90, 30, 10), box(210, 120, 10, 30, 2))]
    expected = [(169.5, 109.5, 48 / 40), (219.5, 109.5, 48 / 80), (199.5, 119.5, 48 / 60)]
    np.testing.assert_allclose(looks(masks), expected)


def test_the_crop_stays_in_the_frame_and_within_its_scales() -> None:
    ((x, y, scale),) = looks([box(0, 0, 6, 6)], scale=(0.5, 2.0))
    assert (x, y, scale) == (24.0, 24.0, 2.0)
    ((x, y, scale),) = looks([box(0, 0, 400, 240)], scale=(0.3, 2.0))
    assert (x, y, scale) == (199.5, 120.0, 0.3)  # 320 pixels: higher than the frame, which it shows the middle of


def test_where_nothing_shows_the_look_stays() -> None:
    nothing, ignored = np.zeros(SIZE, np.uint8), box(0, 0, 50, 50, IGNORE)
    found = looks([box(150, 100, 40, 20), nothing, ignored])
    assert found[0] == found[1] == found[2]
    assert not looks([ignored, box(150, 100, 40, 20)])


def test_clips_follow_as_often_as_they_are_told_to(tmp_path_factory: pytest.TempPathFactory) -> None:
    root = write_pack(tmp_path_factory.mktemp("pack"))
    sources = (SourceOptions(layout="davis", path="davis"),)
    pool = open_pool(DataOptions(sources=sources), root, None)

    def extents(share: float) -> np.ndarray:
        """The longer side of the box around the objects of the last frame, in crops, in each of some clips."""
        follow = FollowOptions(share=share, unsteady=0.0, extent=(0.5, 0.5), scale=(0.01, 100.0))
        augment = HouseAugment(camera=MotionOptions(), follow=follow, quarter_turns=0.0, cutouts={"counts": (1.0,)})
        options = DataOptions(
            sources=sources, frames=3, crop=CROP, augment=augment, targets=TargetOptions(most=9, several=1, smallest=1)
        )
        masks = [ClipMaker(pool, options, seed, 10).clip(0, 0).masks[-1] for seed in range(12)]
        boxes = [cv2.boundingRect(np.where(mask == IGNORE, np.uint8(0), mask)) for mask in masks]
        return np.array([max(box[2:]) for box in boxes]) / CROP

    always, at_times, never = (extents(share) for share in (1.0, 0.5, 0.0))
    near = [int(np.sum(np.abs(found - 0.5) < 0.1)) for found in (always, at_times, never)]
    assert near[0] == 12 and near[2] <= 4
    assert near[2] < near[1] < near[0]
    np.testing.assert_array_equal(always, extents(1.0))


def test_figures_out_of_range_are_refused() -> None:
    for options in ({"share": 1.5}, {"extent": (0.5, 0.2)}, {"scale": (0.0, 1.0)}, {"unsteady": -1.0}):
        with pytest.raises(ValidationError):
            FollowOptions(**options)
