"""First masks from boxes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from mobilevos_sdk.errors import InvalidInputError
from mobilevos_sdk.first_mask import Box, mask_from_boxes
from mobilevos_sdk.masks import object_ids, read_mask
from mobilevos_sdk.metrics import region_similarity
from mobilevos_sdk.video import open_frames


@pytest.fixture
def scene() -> tuple[np.ndarray, np.ndarray]:
    """Two red disks on a noisy green ground, and where they are."""
    generator = np.random.default_rng(0)
    frame = generator.normal((60, 140, 70), 8, (160, 240, 3)).clip(0, 255).astype(np.uint8)
    truth = np.zeros((160, 240), np.uint8)
    cv2.circle(truth, (70, 80), 30, 1, -1)
    cv2.circle(truth, (150, 90), 20, 2, -1)
    frame[truth > 0] = generator.normal((200, 40, 40), 8, (np.count_nonzero(truth), 3)).clip(0, 255)
    return frame, truth


def test_an_object_is_cut_out_of_its_box(scene: tuple[np.ndarray, np.ndarray]) -> None:
    frame, truth = scene
    found = mask_from_boxes(frame, [Box(35, 45, 70, 70)])
    assert region_similarity(truth == 1, found.mask == 1) > 0.95
    assert object_ids(found.mask) == (1,) and not found.guessed


def test_boxes_of_objects_that_look_alike_do_not_spoil_each_other(scene: tuple[np.ndarray, np.ndarray]) -> None:
    frame, truth = scene
    found = mask_from_boxes(frame, [Box(35, 45, 70, 70), Box(126, 66, 48, 48)])
    for number in (1, 2):
        assert region_similarity(truth == number, found.mask == number) > 0.95
    again = mask_from_boxes(frame, [Box(35, 45, 70, 70), Box(126, 66, 48, 48)])
    np.testing.assert_array_equal(again.mask, found.mask)


def test_without_any_contrast_an_ellipse_stands_in_and_says_so() -> None:
    found = mask_from_boxes(np.full((100, 100, 3), 90, np.uint8), [Box(20, 20, 40, 60)])
    assert found.guessed == (1,)
    area = np.count_nonzero(found.mask)
    assert 0.5 * 40 * 60 < area < 40 * 60
    assert not found.mask[:20].any() and not found.mask[:, 60:].any()


def test_a_box_of_the_whole_frame_works(scene: tuple[np.ndarray, np.ndarray]) -> None:
    frame, truth = scene
    part = np.ascontiguousarray(frame[45:120, 35:110])
    found = mask_from_boxes(part, [Box(0, 0, 75, 75)])
    assert region_similarity(truth[45:120, 35:110] == 1, found.mask == 1) > 0.9


@pytest.mark.parametrize(
    ("box", "message"),
    [
        (Box(-1, 0, 20, 20), "leaves the frame of 240x160"),
        (Box(230, 0, 20, 20), "leaves the frame"),
        (Box(10, 10, 3, 20), "under 4x4 pixels"),
        (Box(10, 10, 20, -5), "under 4x4 pixels"),
    ],
)
def test_boxes_that_cannot_be_used(scene: tuple[np.ndarray, np.ndarray], box: Box, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        mask_from_boxes(scene[0], [box])


def test_no_box_and_hidden_objects_are_errors(scene: tuple[np.ndarray, np.ndarray]) -> None:
    with pytest.raises(InvalidInputError, match="0 boxes"):
        mask_from_boxes(scene[0], [])
    with pytest.raises(InvalidInputError, match="nothing is left"):
        mask_from_boxes(scene[0], [Box(35, 45, 70, 70), Box(35, 45, 70, 70)])


def test_real_objects(shared_path: Callable[[str], Path]) -> None:
    """The boxes of the sample clip's three objects, drawn five pixels larger, give masks close to those by hand."""
    source = open_frames(shared_path("data/clips/cups.mp4"))
    truth = read_mask(shared_path("data/clips/cups-first-mask.png"))
    boxes = []
    for number in object_ids(truth):
        x, y, width, height = cv2.boundingRect((truth == number).astype(np.uint8))
        boxes.append(Box(x - 5, y - 5, width + 10, height + 10))
    found = mask_from_boxes(source.first, boxes)
    for index, number in enumerate(object_ids(truth)):
        assert region_similarity(truth == number, found.mask == index + 1) > 0.9
