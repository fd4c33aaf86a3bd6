"""Fitting frames and masks to the model and back: geometry, labels, and frames that are refused."""

from __future__ import annotations

import numpy as np
import pytest

from mobilevos_sdk.errors import InvalidInputError
from mobilevos_sdk.processing import Fit, check_frame, fit_frame, fit_masks, label, new_frame_tensor, probability_planes

MODEL = (480, 864)


def test_davis_frames_are_only_padded():
    fit = Fit.between((480, 854), MODEL)
    assert (fit.content, fit.offset, fit.rotated) == ((480, 854), (0, 5), False)


@pytest.mark.parametrize(
    ("frame", "content", "rotated"),
    [
        ((1080, 1920), (480, 853), False),
        ((1920, 1080), (480, 853), True),
        ((480, 470), (480, 470), False),
        ((240, 432), (480, 864), False),
        ((4000, 16), (3, 864), True),
    ],
)
def test_the_aspect_is_kept_and_portrait_is_turned(frame, content, rotated):
    fit = Fit.between(frame, MODEL)
    assert (fit.content, fit.rotated) == (content, rotated)


@pytest.mark.parametrize("size", [(480, 864), (480, 854), (854, 480), (1280, 720), (720, 1280), (200, 300), (301, 199)])
def test_a_mask_comes_back_where_it_was(size):
    fit = Fit.between(size, MODEL)
    mask = np.zeros(size, np.uint8)
    height, width = size
    mask[height // 8 : height // 2, width // 4 : width // 2] = 9
    mask[height // 2 :, width // 3 :] = 200
    back = label(fit_masks(mask, (9, 200), fit), (9, 200), fit)
    assert np.mean(back != mask) < 0.012  # a pixel here and there along the edges
    if size == MODEL or size == (480, 854):
        np.testing.assert_array_equal(back, mask)


def test_a_frame_lies_in_the_border_colour():
    fit = Fit.between((480, 854), MODEL)
    tensor = new_frame_tensor(fit, (124, 116, 104))
    frame = np.random.default_rng(0).integers(0, 256, (480, 854, 3), dtype=np.uint8)
    fit_frame(frame, fit, tensor)
    assert tensor.dtype == np.float32 and tensor.shape == (1, 480, 864, 3)
    np.testing.assert_array_equal(tensor[0, :, 5:859], frame)
    np.testing.assert_array_equal(tensor[0, 100, 2], [124, 116, 104])
    np.testing.assert_array_equal(tensor[0, 100, -1], [124, 116, 104])


def test_a_turned_frame_stays_rgb_and_in_place():
    frame = np.zeros((864, 480, 3), np.uint8)
    frame[:100, :50] = (255, 10, 0)  # top left goes to bottom left
    fit = Fit.between((864, 480), MODEL)
    tensor = new_frame_tensor(fit, (0, 0, 0))
    fit_frame(frame, fit, tensor)
    np.testing.assert_array_equal(tensor[0, 440, 90], [255, 10, 0])
    assert tensor[0, :430].max() == 0 and tensor[0, :, 100:].max() == 0


def test_a_small_object_does_not_vanish_when_the_frame_shrinks():
    mask = np.zeros((1920, 3456), np.uint8)
    mask[1001, 2001] = 1
    masks = fit_masks(mask, (1,), Fit.between(mask.shape, MODEL))
    assert masks.sum() == pytest.approx(1 / 16)


def test_one_object_needs_more_than_half():
    fit = Fit.between((32, 32), (32, 32))
    probabilities = np.full((1, 32, 32, 1), 0.5, np.float32)
    probabilities[0, 3, 4, 0] = 0.51
    labels = label(probabilities, (255,), fit)
    assert labels.sum() == 255 and labels[3, 4] == 255


def test_the_background_competes_with_several_objects():
    fit = Fit.between((32, 32), (32, 32))
    probabilities = np.zeros((1, 32, 32, 2), np.float32)
    probabilities[0, 0, 0] = (0.30, 0.31)  # background 0.39
    probabilities[0, 0, 1] = (0.35, 0.40)  # background 0.25
    labels = label(probabilities, (5, 2), fit)
    assert (labels[0, 0], labels[0, 1], labels.sum()) == (0, 2, 2)


def test_planes_are_at_the_frames_size():
    fit = Fit.between((100, 150), MODEL)
    planes = probability_planes(np.full((1, *MODEL, 3), 0.25, np.float32), fit)
    assert planes.shape == (3, 100, 150)
    np.testing.assert_allclose(planes, 0.25, atol=1e-6)


@pytest.mark.parametrize(
    ("frame", "remedy"),
    [
        (np.zeros((32, 32, 3), np.float32), r"astype\('uint8'\)"),
        (np.zeros((32, 32, 3), np.int64), "uint8"),
        (np.zeros((32, 32, 4), np.uint8), "COLOR_BGRA2RGB"),
        (np.zeros((32, 32), np.uint8), "COLOR_GRAY2RGB"),
        (np.zeros((32, 32, 1), np.uint8), "COLOR_GRAY2RGB"),
        (np.zeros((2, 32, 32, 3), np.uint8), "one frame at a time"),
        (np.zeros((3, 32, 32), np.uint8), r"must be \(height, width, 3\)"),
        (np.zeros((15, 32, 3), np.uint8), "16 pixels or more"),
        (np.zeros((0, 32, 3), np.uint8), "16 pixels or more"),
        ([[0, 0, 0]], "not list"),
        (None, "not NoneType"),
    ],
)
def test_a_frame_that_is_none_is_refused_with_a_remedy(frame, remedy):
    with pytest.raises(InvalidInputError, match=remedy):
        check_frame(frame)


def test_a_frame_with_reversed_channels_is_taken():
    bgr = np.random.default_rng(0).integers(0, 256, (32, 40, 3), dtype=np.uint8)
    np.testing.assert_array_equal(check_frame(bgr[..., ::-1]), bgr[..., ::-1])
