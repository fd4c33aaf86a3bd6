"""Layers that cling to an object: their place beside one whose motion is known, and clips with them."""

from __future__ import annotations

import numpy as np
import pytest
from data_sets import write_pack
from pydantic import ValidationError

from mobilevos_training.data.augment_options import CutoutOptions, HouseAugment, MotionOptions
from mobilevos_training.data.clinging import APPROACH, FEWEST_PIXELS, LATEST_ARRIVAL, REACH, clinging_track
from mobilevos_training.data.clips import Clip, ClipMaker
from mobilevos_training.data.frames import IGNORE
from mobilevos_training.data.options import DataOptions, SourceOptions, TargetOptions
from mobilevos_training.data.pool import open_pool

SIDE = 96
TIMES = np.array([0.0, 2.0, 3.0, 5.0, 10.0])
HALF_EXTENT = 8.0
SEED_OF_ONE_THERE_AT_ONCE = 0


def disc(x: float, y: float, radius: float) -> np.ndarray:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    return (np.hypot(columns - x, rows - y) <= radius).astype(np.uint8)


def places(seed: int, ids: np.ndarray) -> np.ndarray:
    """(T, 2) x and y of the layer's middle."""
    track = clinging_track(np.random.default_rng(seed), ids, TIMES, HALF_EXTENT)
    assert all(np.array_equal(matrix[:2, :2], np.eye(2)) for matrix in track)
    return np.array([matrix[:2, 2] for matrix in track]).reshape(-1, 2)


@pytest.mark.parametrize("seed", range(8))
def test_it_comes_touches_and_moves_with_the_object(seed: int) -> None:
    centres = np.array([[30, 40], [34, 42], [37, 40], [50, 38], [60, 30]])
    beside = places(seed, np.stack([disc(x, y, 10) for x, y in centres])) - centres
    distance = np.hypot(*beside.T)
    there = TIMES / TIMES[-1] >= LATEST_ARRIVAL  # the others may still be on their way
    assert np.allclose(beside[there], beside[-1], atol=0.2)
    assert 10 + REACH[0] * HALF_EXTENT - 1.5 <= distance[-1] <= 10 + REACH[1] * HALF_EXTENT + 0.5
    assert (np.diff(distance) <= 0.2).all()
    assert (-np.diff(distance) <= APPROACH[1] * SIDE * np.diff(TIMES) + 0.2).all()


def test_half_are_there_from_the_first_frame_on() -> None:
    ids = np.stack([disc(48, 48, 10)] * len(TIMES))
    late = [np.ptp(places(seed, ids), axis=0).max() > 0.5 for seed in range(60)]
    assert 15 <= sum(late) <= 45


def test_it_keeps_its_place_on_an_object_that_grows() -> None:
    ids = np.stack([disc(48, 48, radius) for radius in (8, 10, 12, 16, 24)])
    distance = np.hypot(*(places(SEED_OF_ONE_THERE_AT_ONCE, ids) - 48).T)
    assert distance / distance[0] == pytest.approx([1, 10 / 8, 12 / 8, 2, 3], rel=0.05)


def test_it_stays_where_an_object_was_last_seen() -> None:
    ids = np.stack([disc(30, 40, 10), disc(40, 40, 10), disc(50, 40, 10)] + [np.zeros((SIDE, SIDE), np.uint8)] * 2)
    assert np.array_equal(places(0, ids)[-1], places(0, np.concatenate([ids[:4], ids[2:3]]))[-1])


def test_where_nothing_shows_there_is_nothing_to_cling_to() -> None:
    ids = np.zeros((len(TIMES), SIDE, SIDE), np.uint8)
    ids[0, 0, : FEWEST_PIXELS - 1] = 1
    ids[:, 20:40, 20:40] = IGNORE
    ids[1:, 50:70, 50:70] = 2
    assert not len(places(0, ids))


def test_clips_have_cut_outs_that_cling(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A cut-out over a photo that rests: one that clings rests too, but for its grip, one that is free does not."""
    root = write_pack(tmp_path_factory.mktemp("pack"))
    sources = (SourceOptions(layout="static", path="static/*"),)
    pool = open_pool(DataOptions(sources=sources), root, None)

    def clips(clinging: float) -> list[Clip]:
        cutouts = CutoutOptions(
            counts=(0.0, 1.0), motion=MotionOptions(jitter=0.05), clinging=clinging, grip=MotionOptions()
        )
        options = DataOptions(
            sources=sources,
            frames=3,
            crop=SIDE,
            augment=HouseAugment(photo=MotionOptions(), cutouts=cutouts),
            targets=TargetOptions(most=9, several=1, smallest=1),
        )
        return [ClipMaker(pool, options, seed, 10).clip(0, 0) for seed in range(12)]

    def moved(clip: Clip) -> bool:
        """From the second frame to the last: by then what comes is mostly there."""
        return not np.array_equal(clip.masks[1], clip.masks[2])

    assert sum(moved(clip) for clip in clips(0.0)) >= 10  # some have left the picture
    assert sum(moved(clip) for clip in clips(1.0)) <= 2  # some are on their way
    assert all(np.array_equal(a.frames, b.frames) for a, b in zip(clips(1.0), clips(1.0), strict=True))


def test_a_share_above_one_is_refused() -> None:
    with pytest.raises(ValidationError):
        CutoutOptions(clinging=1.5)
