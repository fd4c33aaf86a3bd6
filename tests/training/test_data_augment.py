"""Geometry, colour and sampling: against their definitions, and the figures of the STCN supplement."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from data_sets import frame, write_pack
from pydantic import ValidationError
from scipy.spatial.distance import cdist

from mobilevos_training.data.augment_options import (
    HouseAugment,
    MotionOptions,
    StillAugment,
    SupplementAugment,
    VideoAugment,
)
from mobilevos_training.data.colour import Jitter, saturate
from mobilevos_training.data.frames import IGNORE
from mobilevos_training.data.geometry import elastic_field, motion_track, placement, shift, spline_field, warp
from mobilevos_training.data.merge import merge
from mobilevos_training.data.options import CurriculumSampling, DataOptions, SessionSampling, SourceOptions
from mobilevos_training.data.pool import Pool, open_pool
from mobilevos_training.data.sampling import draw_gaps, gaps_for, largest_distance, pick
from mobilevos_training.data.scene import Scene, Shot, highest_id, number_ids
from mobilevos_training.data.supplement import SupplementStyle, random_crop, still_base, still_frame, video_frame

DRAWS = 400
STILL, VIDEO = StillAugment(), VideoAugment()


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    root = write_pack(tmp_path_factory.mktemp("pack"))
    return open_pool(DataOptions(sources=[SourceOptions(layout="static", path="static/*")]), root, None)


def exact_spline(points: np.ndarray, values: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The thin-plate spline by its linear system: kernel r^2 log r, plus an affine part (Bookstein, 1989)."""

    def kernel(distance: np.ndarray) -> np.ndarray:
        return np.where(distance > 0, distance**2 * np.log(np.maximum(distance, 1e-30)), 0.0)

    affine = np.concatenate([np.ones((len(points), 1)), points], 1)
    system = np.block([[kernel(cdist(points, points)), affine], [affine.T, np.zeros((3, 3))]])
    weights = np.linalg.solve(system, np.concatenate([values, np.zeros((3, 2))]))
    at = np.concatenate([kernel(cdist(places, points)), np.ones((len(places), 1)), places], 1)
    return at @ weights


def test_the_spline_field_is_the_thin_plate_spline() -> None:
    rng = np.random.default_rng(0)
    side = 256
    points, moved = rng.uniform(0, side, (12, 2)), rng.normal(0, 0.02 * side, (12, 2))
    y, x = np.mgrid[0:side, 0:side]
    exact = exact_spline(points, moved, np.stack([x.ravel(), y.ravel()], 1).astype(float)).reshape(side, side, 2)
    error = np.abs(spline_field(points, moved, side) - exact)
    assert np.abs(exact).max() > 5  # there is something to agree on
    assert np.sqrt(np.mean(error**2)) < 0.02  # pixels
    assert error.max() < 0.5  # beside a control point


@pytest.mark.parametrize("bent", [False, True], ids=["affine", "with a field"])
def test_image_and_mask_stay_together(bent: bool) -> None:
    ids = frame(0)[1]
    image = np.repeat(np.where(ids == 1, np.uint8(200), np.uint8(0))[..., None], 3, 2)
    rng = np.random.default_rng(3)
    matrix = shift(48, 48) @ placement((75.0, 58.0), 1.3, 25.0, 1.1, True)
    field = elastic_field(rng, 0.02, 96) if bent else None
    colours, warped = warp(image, ids, matrix, 96, field)
    bright, object_1 = colours[..., 0].astype(float) / 200, (warped == 1).astype(float)
    assert object_1.sum() > 500
    assert np.abs(bright - object_1).max() <= 0.75
    assert abs(bright.sum() / object_1.sum() - 1) < 0.01
    centre = [np.average(np.arange(96), weights=weights.sum(0)) for weights in (bright, object_1)]
    assert abs(centre[0] - centre[1]) < 0.1


def test_a_field_of_zeros_changes_nothing() -> None:
    image, ids = frame(1)
    matrix = shift(32, 32) @ placement((80.0, 60.0), 0.7, -10.0, 1.0, False)
    plain = warp(image, ids, matrix, 64)
    with_field = warp(image, ids, matrix, 64, np.zeros((64, 64, 2), np.float32))
    assert np.abs(plain[0].astype(int) - with_field[0]).mean() < 1.5
    assert (plain[1] != with_field[1]).mean() < 0.005


def test_beyond_the_image_is_its_mirror_or_a_colour_and_no_object() -> None:
    image, ids = frame(0)
    ids = np.full_like(ids, 1)
    matrix = shift(40.0, 0.0)
    assert (warp(image, ids, matrix, 64)[1][:, :40] == 0).all()
    assert (warp(image, ids, matrix, 64)[1][:, 40:] == 1).all()
    assert np.array_equal(warp(image, ids, matrix, 64)[0][:, 0], image[:64, 40])
    assert (warp(image, ids, matrix, 64, border=(1, 2, 3))[0][:, :40] == (1, 2, 3)).all()


def test_a_layer_without_motion_rests() -> None:
    track = motion_track(np.random.default_rng(0), MotionOptions(), np.arange(4.0), 64)
    assert all(np.allclose(matrix, np.eye(3)) for matrix in track)
    moving = motion_track(np.random.default_rng(0), HouseAugment().photo, np.arange(4.0), 64)
    assert np.abs(moving[3] - np.eye(3)).max() > 0.1


def test_the_curriculum_has_the_supplement_s_distances() -> None:
    curriculum = CurriculumSampling()
    shares = [0.0, 0.099, 0.1, 0.2, 0.3, 0.399, 0.4, 0.899, 0.9, 1.0]
    assert [largest_distance(curriculum, share) for share in shares] == [5, 5, 10, 15, 20, 20, 25, 25, 5, 5]
    bl30k = CurriculumSampling(starts=(0, 0.1, 0.2, 0.3, 0.4, 0.8))
    assert [largest_distance(bl30k, share) for share in (0.79, 0.8)] == [25, 5]
    assert largest_distance(curriculum, 30 / 100) == largest_distance(curriculum, 0.1 * 3) == 20
    rng = np.random.default_rng(0)
    gaps = np.stack([draw_gaps(rng, curriculum, 3, 0.5) for _ in range(DRAWS)])
    assert gaps.shape == (DRAWS, 2)
    assert set(gaps.ravel()) == set(range(1, 26))
    with pytest.raises(ValidationError, match="same length"):
        CurriculumSampling(distances=(5, 10))


def test_a_session_s_reference_is_far_and_the_others_are_near() -> None:
    rng = np.random.default_rng(0)
    gaps = np.stack([draw_gaps(rng, SessionSampling(), 4, 0.0) for _ in range(DRAWS)])
    assert set(gaps[:, 0]) == set(range(1, 26))
    assert set(gaps[:, 1:].ravel()) == {1, 2, 3}


@pytest.mark.parametrize("sampling", [SessionSampling(), CurriculumSampling()], ids=lambda sampling: sampling.kind)
@pytest.mark.parametrize("length", [1, 2, 3, 6, 40])
def test_frames_are_ordered_and_of_the_video(sampling: SessionSampling | CurriculumSampling, length: int) -> None:
    rng = np.random.default_rng(0)
    directions = set()
    for _ in range(100):
        gaps = gaps_for(sampling, draw_gaps(rng, sampling, 3, 0.5), length, sparse=False)
        chosen = pick(rng, range(length), gaps, 0.5)
        assert len(chosen) == 3
        steps = np.diff(chosen)
        directions.add(int(np.sign(steps.sum())))
        assert (steps >= 0).all() or (steps <= 0).all()
        assert length < 3 or (steps != 0).all()
    assert directions == ({1, -1} if length > 1 else {0})


def test_a_session_goes_from_one_sparse_annotation_to_the_next() -> None:
    gaps = np.array([20, 2, 3])
    assert list(gaps_for(SessionSampling(), gaps, 100, sparse=True)) == [1, 1, 1]
    assert list(gaps_for(CurriculumSampling(), gaps, 100, sparse=True)) == [20, 2, 3]


def decompose(matrix: np.ndarray) -> tuple[float, float, float]:
    """Rotation in degrees, scale and shear in degrees of a rotation after a shear along x after a scaling."""
    scale = float(np.sqrt(np.linalg.det(matrix[:2, :2])))
    angle = np.arctan2(matrix[1, 0], matrix[0, 0])
    upper = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) @ matrix[:2, :2] / scale
    return float(np.degrees(angle)), scale, float(np.degrees(np.arctan(upper[0, 1])))


def spans(values: np.ndarray, low: float, high: float) -> bool:
    """Whether values fill a range, like a uniform draw, and stay within."""
    width = high - low
    return bool(
        values.min() >= low - 1e-9
        and values.max() <= high + 1e-9
        and values.min() < low + 0.03 * width
        and values.max() > high - 0.03 * width
        and abs(values.mean() - (low + high) / 2) < 0.08 * width
    )


def test_still_frames_have_the_supplement_s_figures() -> None:
    rng = np.random.default_rng(0)
    figures = np.array([decompose(still_frame(rng, STILL, (480, 720), 384)) for _ in range(DRAWS)])
    assert spans(figures[:, 0], -20, 20)
    assert spans(figures[:, 1] / (384 / 480), 0.9, 1.1)
    assert spans(figures[:, 2], -10, 10)
    assert spans(np.array([still_base(rng, STILL, (480, 720))[0, 0] for _ in range(DRAWS)]), 0.8, 1.5)
    # The crop of 384 lies anywhere along the longer side, of 576.
    still = StillAugment(rotation=0, shear=0, frame_scale=(1, 1))
    offsets = np.array([-still_frame(rng, still, (480, 720), 384)[:2, 2] for _ in range(DRAWS)])
    assert spans(offsets[:, 0] - 0.1, 0, 192)
    assert np.allclose(offsets[:, 1], 0.1)  # half a pixel of the larger image less half a pixel of the smaller


def test_video_frames_have_the_supplement_s_figures() -> None:
    rng = np.random.default_rng(0)
    figures = np.array([decompose(video_frame(rng, VIDEO, 384)) for _ in range(DRAWS)])
    assert spans(figures[:, 0], -15, 15)
    assert np.allclose(figures[:, 1], 1)
    assert spans(figures[:, 2], -10, 10)
    crops = np.array([random_crop(rng, VIDEO, (480, 854)) for _ in range(DRAWS)])
    area, ratio = crops[:, 2] * crops[:, 3] / (480 * 854), crops[:, 2] / crops[:, 3]
    assert 0.355 < area.min() < 0.38
    assert area.max() > 0.65  # larger ones are too high at these ratios
    assert 0.745 < ratio.min() < 0.78
    assert 1.22 < ratio.max() < 1.255
    assert (crops[:, :2] >= 0).all()
    assert (crops[:, :2] + crops[:, 2:] <= (854, 480)).all()
    bl30k = VideoAugment(area=(0.25, 1.0))
    areas = [np.prod(random_crop(rng, bl30k, (480, 854))[2:]) / (480 * 854) for _ in range(DRAWS)]
    assert 0.245 < min(areas) < 0.28


def test_the_jitters_have_the_supplement_s_figures() -> None:
    rng = np.random.default_rng(0)
    for options, limits in (
        (STILL.jitter, (0.1, 0.05, 0.05, 0.05)),
        (STILL.frame_jitter, (0.1, 0.05, 0.05, 0.0)),
        (VIDEO.jitter, (0.1, 0.03, 0.03, 0.0)),
        (VIDEO.frame_jitter, (0.01, 0.01, 0.01, 0.0)),
    ):
        draws = [Jitter.draw(rng, options) for _ in range(DRAWS)]
        for values, limit, middle in zip(
            zip(*[(d.brightness, d.contrast, d.saturation, d.hue) for d in draws], strict=True),
            limits,
            (1, 1, 1, 0),
            strict=True,
        ):
            assert spans(np.array(values), middle - limit, middle + limit) if limit else set(values) == {middle}
    assert (STILL.grey, VIDEO.grey) == (0.05, 0.05)
    assert (STILL.spline, STILL.spline_points, STILL.spline_sigma) == (0.33, 12, 0.02)


def test_a_jitter_does_what_its_factors_say() -> None:
    image = frame(0)[0]
    order = (0, 1, 2, 3)
    assert np.array_equal(Jitter(1, 1, 1, 0, order).apply(image), image)
    brighter = Jitter(1.1, 1, 1, 0, order).apply(image)
    assert np.abs(brighter - image * 1.1)[image < 230].max() <= 0.51
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    flatter = Jitter(1, 0.5, 1, 0, order).apply(image)
    assert np.abs(flatter - (image * 0.5 + grey.mean() * 0.5)).max() < 1
    paler = Jitter(1, 1, 0.5, 0, order).apply(image)
    assert np.abs(paler - (image * 0.5 + grey[..., None] * 0.5)).max() < 1.6
    assert (saturate(image, 0.0) == grey[..., None]).all()
    red = np.full((1, 1, 3), (200, 0, 0), np.uint8)
    assert Jitter(1, 1, 1, 1 / 3, order).apply(red)[0, 0, 1] > 190  # a third of the circle from red is green


def test_a_third_of_the_still_frames_is_bent(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    bent = []

    def count(points: np.ndarray, displacements: np.ndarray, crop: int) -> np.ndarray:
        bent.append((points, displacements))
        return np.zeros((crop, crop, 2), np.float32)

    monkeypatch.setattr("mobilevos_training.data.supplement.spline_field", count)
    style = SupplementStyle(pool, SupplementAugment(), 64)
    shot = Shot([pool.sources[0].items[0].frames[0]] * 3, np.arange(3.0), still=True)
    rng = np.random.default_rng(0)
    for _ in range(100):
        style.scene(rng, shot, crowd=False)
    assert 0.26 < len(bent) / 300 < 0.40
    assert all(points.shape == (12, 2) for points, _ in bent)
    assert np.std([moved for _, moved in bent]) == pytest.approx(0.02 * 64, rel=0.1)


def test_ids_are_numbered_without_gaps() -> None:
    ids = np.array([[[0, 7, 255], [200, 7, 0]]], np.uint8)
    assert number_ids(ids).tolist() == [[[0, 1, 255], [2, 1, 0]]]
    assert highest_id(number_ids(ids)) == 2


def square(left: int, colour: int, ignored: bool = False) -> Scene:
    """Two frames of 64x64 with a square of one object that moves a pixel down."""
    frames, ids = np.zeros((2, 64, 64, 3), np.uint8), np.zeros((2, 64, 64), np.uint8)
    for t in range(2):
        frames[t, 24 + t : 40 + t, left : left + 16] = colour
        ids[t, 24 + t : 40 + t, left : left + 16] = 1
    if ignored:
        ids[:, :2] = IGNORE
    return Scene(frames, ids)


def test_a_merge_lays_the_objects_of_one_scene_over_another() -> None:
    hidden = 0
    for seed in range(20):
        merged = merge(np.random.default_rng(seed), square(8, 100), square(24, 200, ignored=True), most=9)
        assert set(np.unique(merged.ids)) == {0, 1, 2}
        assert (merged.ids[0] == 2).sum() == 256  # it is all there
        assert np.median(merged.frames[0][merged.ids[0] == 2]) == 200
        assert np.median(merged.frames[1][merged.ids[1] == 1]) == 100
        y, x = (np.nonzero(merged.ids[t] == 2) for t in range(2))
        assert (y[0].min() + 1, y[1].min()) == (x[0].min(), x[1].min())  # its own motion
        hidden += (merged.ids[0] == 1).sum() < 256
    assert 0 < hidden < 20  # occlusions come about, and not always


def test_a_merge_takes_no_more_than_was_asked_and_shows_no_cut() -> None:
    under, over = square(8, 100), square(48, 200)
    over.ids[:, 2:9, 2:9] = 2
    both = merge(np.random.default_rng(0), under, over, most=9)
    assert highest_id(both.ids) == 3
    assert highest_id(merge(np.random.default_rng(0), under, over, most=1).ids) == 2
    for seed in range(10):  # the square ends where the crop does: it must not come inside
        merged = merge(np.random.default_rng(seed), under, square(48, 200), most=9)
        assert (merged.ids[0, :, -1] == 2).any()
