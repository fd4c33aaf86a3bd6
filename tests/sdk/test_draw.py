"""Masks over frames."""

from __future__ import annotations

import numpy as np
import pytest

from mobilevos_sdk.draw import overlay
from mobilevos_sdk.errors import InvalidInputError
from mobilevos_sdk.masks import DAVIS_PALETTE

FRAME = np.full((120, 160, 3), 100, np.uint8)


def test_fill_outline_and_background() -> None:
    mask = np.zeros((120, 160), np.uint8)
    mask[30:70, 40:90] = 2
    drawn = overlay(FRAME, mask)
    np.testing.assert_allclose(drawn[50, 60], (100 + DAVIS_PALETTE[2].astype(int)) / 2, atol=1)
    np.testing.assert_array_equal(drawn[:25], FRAME[:25])
    np.testing.assert_array_equal(drawn[:, 100:], FRAME[:, 100:])
    assert (drawn[30, 60].astype(int) - drawn[50, 60]).max() > 40  # the outline is brighter
    assert (FRAME == 100).all()


def test_touching_objects_have_a_line_between_them_and_their_own_colours() -> None:
    mask = np.zeros((120, 160), np.uint8)
    mask[:, :80], mask[:, 80:] = 1, 255
    drawn = overlay(FRAME, mask, opacity=1.0)
    np.testing.assert_array_equal(drawn[60, 20], DAVIS_PALETTE[1])
    np.testing.assert_array_equal(drawn[60, 140], DAVIS_PALETTE[255])
    colours = {tuple(colour) for colour in drawn[60, 70:90].tolist()}
    assert colours - {tuple(DAVIS_PALETTE[1].tolist()), tuple(DAVIS_PALETTE[255].tolist())}


def test_an_empty_mask_changes_nothing_and_gives_a_copy() -> None:
    drawn = overlay(FRAME, np.zeros((120, 160), np.uint8))
    np.testing.assert_array_equal(drawn, FRAME)
    assert not np.shares_memory(drawn, FRAME)


@pytest.mark.parametrize("mask", [np.zeros((10, 10), np.uint8), np.zeros((120, 160), np.int64)])
def test_a_mask_that_does_not_fit_is_refused(mask: np.ndarray) -> None:
    with pytest.raises(InvalidInputError, match="frame's size"):
        overlay(FRAME, mask)
