"""Solids: what is drawn of a body against its definition, and clips with them."""

from __future__ import annotations

import numpy as np
import pytest
from data_sets import write_pack
from pydantic import ValidationError
from scipy.optimize import linprog

from mobilevos_training.data.augment_options import CutoutOptions, HouseAugment, MotionOptions, SolidOptions
from mobilevos_training.data.clips import ClipMaker
from mobilevos_training.data.options import DataOptions, SourceOptions, TargetOptions
from mobilevos_training.data.pool import Pool, open_pool
from mobilevos_training.data.solids import TEXTURE, Part, Solid, draw_solid, turn_about

CROP = 96
_, DOWN, AWAY = np.eye(3)
# What is on the sides of a box: those that face the right, down, away, the left, up, and who looks.
COLOURS = np.array([[250, 0, 0], [0, 250, 0], [0, 0, 250], [250, 250, 0], [0, 250, 250], [250, 0, 250]], np.uint8)
SOURCES = (SourceOptions(layout="static", path="static/*"),)
# From the plane of a body to the crop: the origin is at (48, 48), and a unit is 40 pixels.
PLACE = np.array([[40.0, 0.0, 48.0], [0.0, 40.0, 48.0], [0.0, 0.0, 1.0]])


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    return open_pool(DataOptions(sources=SOURCES), write_pack(tmp_path_factory.mktemp("pack")), None)


def box(halves: tuple[float, float, float], centre: tuple[float, float, float] = (0, 0, 0), shift: int = 0) -> Part:
    """A box whose sides have one colour each; `shift` deals the colours to other sides."""
    normals = np.concatenate([np.eye(3), -np.eye(3)])
    across = np.stack([np.roll(np.eye(3), 1 + side, axis=0)[:2] for side in range(6)])
    pictures = np.repeat(np.roll(COLOURS, shift, 0), TEXTURE, 0)[:, None].repeat(TEXTURE, 1)
    return Part(normals, np.array(halves * 2) + normals @ np.array(centre), across, np.array(centre), pictures)


def solid(*parts: Part, rate: float = 0.0, shade: float = 1.0) -> Solid:
    """Turns about the upright axis; the light comes from who looks."""
    return Solid(parts, axis=DOWN, start=np.eye(3), rate=rate, light=-AWAY, shade=shade)


def widths(alpha: np.ndarray) -> tuple[int, int]:
    """Width and height in pixels of what is seen."""
    return int(alpha.any(0).sum()), int(alpha.any(1).sum())


def test_a_box_shows_the_side_that_faces_the_viewer() -> None:
    colours, alpha = solid(box((0.51, 0.31, 0.2))).view(0, PLACE, CROP)
    assert set(np.unique(alpha)) == {0, 255}
    assert widths(alpha) == (41, 25)  # pixel centres within 20.4 and 12.4 pixels
    assert (colours[alpha > 0] == COLOURS[5]).all()
    assert (colours[alpha == 0] == 0).all()


def test_a_turn_brings_a_side_into_view_that_was_not_seen() -> None:
    turning = solid(box((0.5, 0.3, 0.2)), rate=3.0)
    colours, alpha = turning.view(10, PLACE, CROP)  # by 30 degrees
    angle = np.radians(30)
    assert widths(alpha)[0] == pytest.approx(80 * (0.5 * np.cos(angle) + 0.2 * np.sin(angle)), abs=1.1)
    seen = {tuple(colour) for colour in colours[alpha > 0]}
    assert len(seen) == 2
    assert tuple(COLOURS[5]) in seen
    # After a quarter turn only the new side is left, as narrow as the box is deep.
    colours, alpha = turning.view(30, PLACE, CROP)
    assert widths(alpha)[0] == pytest.approx(80 * 0.2, abs=1.1)
    inner = alpha > 0
    inner[:, [inner.any(0).argmax(), CROP - 1 - inner.any(0)[::-1].argmax()]] = False  # edges may show another side
    (new,) = {tuple(colour) for colour in colours[inner]}
    assert new in seen - {tuple(COLOURS[5])}


def test_the_nearer_part_hides_the_other() -> None:
    near, far = box((0.2, 0.2, 0.1), (0, 0, -0.5)), box((0.5, 0.5, 0.1), (0, 0, 0.5), shift=1)
    for parts in ((near, far), (far, near)):
        colours, _ = solid(*parts).view(0, PLACE, CROP)
        assert (colours[48, 48] == COLOURS[5]).all()
        assert (colours[48, 60] == COLOURS[4]).all()
    colours, _ = solid(near, far, rate=1.0).view(180, PLACE, CROP)  # seen from behind, the large one hides the small
    assert len({tuple(colour) for colour in colours[34:62, 34:62].reshape(-1, 3)}) == 1


def test_sides_are_darker_the_more_they_turn_away_from_the_light() -> None:
    turning = solid(box((0.5, 0.3, 0.5)), rate=1.0, shade=0.4)
    facing = turning.view(0, PLACE, CROP)[0][48, 48]
    assert (facing == COLOURS[5]).all()
    tilted = turning.view(40, PLACE, CROP)[0]
    magenta = (tilted[..., 0] > 0) & (tilted[..., 1] == 0) & (tilted[..., 2] > 0)
    expected = 250 * (0.4 + 0.6 * np.cos(np.radians(40)))
    assert np.abs(tilted[magenta][:, 0].astype(float) - expected).max() < 1


def test_a_picture_lies_on_its_side_and_turns_with_it() -> None:
    part = box((0.51, 0.51, 0.51))
    ramp = np.linspace(0, 250, TEXTURE).astype(np.uint8)
    pictures = part.pictures.copy()
    pictures[5 * TEXTURE :] = ramp[None, :, None]  # it grows along the first direction across side 5
    direction = part.across[5, 0]
    plain = Solid((part._replace(pictures=pictures),), AWAY, np.eye(3), 1.0, -AWAY, 1.0)
    for time, axis in ((0, 0), (90, 1)):  # a turn in the picture's plane
        colours, alpha = plain.view(time, PLACE, CROP)
        line = colours[..., 0].astype(float)
        line = line[48, 30:66] if (axis == 0) == (abs(direction[0]) > 0.5) else line[30:66, 48]
        slope = np.polyfit(np.arange(36), line, 1)[0]
        assert abs(slope) == pytest.approx(250 / 80, rel=0.05)  # 250 levels in the picture's width, two units
        assert widths(alpha) == (41, 41)


@pytest.mark.parametrize("seed", range(12))
def test_what_is_drawn_is_the_body(pool: Pool, seed: int) -> None:
    """At random pixels: the line of sight meets a part where a linear programme finds a depth within all its planes."""
    rng = np.random.default_rng(seed)
    body = draw_solid(rng, pool, SolidOptions(spin=4.0), duration=20)
    alpha = body.view(10, PLACE, CROP)[1]
    assert alpha.any()
    turn = turn_about(body.axis, body.rate * 10) @ body.start
    for y, x in rng.integers(8, CROP - 8, (60, 2)):
        inside = False
        for part in body.parts:
            seen = part.normals @ turn.T
            room = part.offsets - seen[:, :2] @ [(x - 48) / 40, (y - 48) / 40]
            if np.abs(room).min() < 0.02:  # too near to an edge to tell
                break
            inside |= linprog([0], A_ub=seen[:, 2:], b_ub=room, bounds=[(None, None)]).status == 0
        else:
            assert (alpha[y, x] == 255) == inside
    # It stays within the unit ball, whatever way it turns.
    for time in (0, 20):
        y, x = np.nonzero(body.view(time, PLACE, CROP)[1])
        assert np.hypot(y - 48, x - 48).max() <= 41


def test_what_lies_outside_the_crop_is_not_drawn() -> None:
    away = PLACE + np.array([[0, 0, 200], [0, 0, 0], [0, 0, 0]])
    colours, alpha = solid(box((0.5, 0.5, 0.5))).view(0, away, CROP)
    assert not alpha.any()
    assert not colours.any()


def test_bodies_turn_no_further_than_they_may(pool: Pool) -> None:
    rng = np.random.default_rng(0)
    options = SolidOptions(spin=5.0, largest_turn=90.0, parts=(1, 1))
    turns = np.array([draw_solid(rng, pool, options, duration=30).rate * 30 for _ in range(60)])
    assert np.abs(turns).max() == pytest.approx(90)
    assert (np.abs(turns) < 80).any()
    assert (turns < 0).any()
    assert (turns > 0).any()


def test_clips_have_solids_as_targets(pool: Pool) -> None:
    augment = HouseAugment(
        photo=MotionOptions(),
        cutouts=CutoutOptions(counts=(1.0,)),
        solids=SolidOptions(counts=(0.0, 1.0), spin=10.0, extent=(0.5, 0.5)),
    )
    options = DataOptions(
        sources=SOURCES, frames=3, crop=96, augment=augment, targets=TargetOptions(most=9, several=1, smallest=1)
    )
    plain = options.model_copy(update={"augment": augment.model_copy(update={"solids": None})})
    clips = [ClipMaker(pool, options, seed, 10).clip(0, 0) for seed in range(6)]
    assert all(clip.targets >= 2 for clip in clips)  # a photo's own, and the solid
    changed = [  # a photo without motion rests; only the solid changes its outline
        any((clip.masks[0] == target).sum() != (clip.masks[2] == target).sum() for target in range(1, clip.targets + 1))
        for clip in clips
    ]
    assert sum(changed) >= 4
    again = ClipMaker(pool, options, 0, 10).clip(0, 0)
    assert np.array_equal(again.frames, clips[0].frames)
    assert not np.array_equal(ClipMaker(pool, plain, 0, 10).clip(0, 0).frames, clips[0].frames)


@pytest.mark.parametrize(
    "wrong", [{"counts": (0.5, 0.2)}, {"parts": (3, 2)}, {"parts": (0, 2)}, {"likeness": (0.9, 0.1)}]
)
def test_options_that_make_no_sense_are_refused(wrong: dict[str, tuple[float, ...]]) -> None:
    with pytest.raises(ValidationError):
        SolidOptions(**wrong)
