"""Which objects are hidden: from how much is seen of them, now and shortly before."""

from __future__ import annotations

import numpy as np

from mobilevos_sdk.visibility import AREA_FADING, HIDDEN_SHARE, areas_of, hidden_objects, recent_areas


def follow(areas: list[float]) -> list[bool]:
    """Whether an object of these areas, one a frame, is hidden in each frame after the first."""
    recent = {5: areas[0]}
    found = []
    for area in areas[1:]:
        found.append(5 in hidden_objects({5: area}, recent))
        recent = dict(recent_areas({5: area}, recent))
    return found


def test_areas_are_pixels_of_each_object():
    mask = np.array([[0, 1, 1], [255, 1, 0]], np.uint8)
    assert areas_of(mask, (255, 1, 7)) == {255: 1.0, 1: 3.0, 7: 0.0}


def test_what_is_covered_for_a_moment_is_hidden_until_enough_of_it_is_seen():
    assert follow([100, 90, 20, 0, 10, 60, 90]) == [False, True, True, True, False, False]


def test_what_recedes_or_slowly_gets_smaller_is_not_hidden():
    shrinking = [1000.0 * AREA_FADING**frame for frame in range(200)]
    assert not any(follow(shrinking))
    assert not any(follow([1000.0 * 0.93**frame for frame in range(25)]))


def test_what_stays_small_is_the_object_after_a_while():
    frames = int(np.log(HIDDEN_SHARE) / np.log(AREA_FADING)) + 2
    found = follow([100.0] + [25.0] * frames)
    assert found[0] and not found[-1]


def test_what_is_gone_stays_hidden():
    assert all(follow([100.0] + [0.0] * 50_000))


def test_each_object_has_an_area_of_its_own():
    assert hidden_objects({1: 10.0, 2: 10.0}, {1: 100.0, 2: 20.0}) == {1}
