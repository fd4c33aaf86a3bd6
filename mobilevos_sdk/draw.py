"""Masks drawn over a frame: a translucent fill and an outline in the colour of each object."""

from __future__ import annotations

import cv2
import numpy as np

from mobilevos_sdk.errors import InvalidInputError

FILL_OPACITY = 0.5
# Outline width in pixels for every OUTLINE_ROWS rows of a frame, so that it looks the same at every size.
OUTLINE_WIDTH, OUTLINE_ROWS = 2.0, 480


def overlay(
    frame: np.ndarray, mask: np.ndarray, opacity: float = FILL_OPACITY, palette: np.ndarray | None = None
) -> np.ndarray:
    """Draws objects over a frame; works on the part that holds objects only, to keep up with a live video.

    Args:
        frame: (H, W, 3) uint8 RGB; it is left as it was.
        mask: (H, W) uint8 object ids, 0 is background.
        opacity: of the fill, 0 (outline only) to 1.
        palette: (256, 3) uint8 RGB, the colour of each id; none takes DAVIS's.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        InvalidInputError: frame and mask differ in size, or are not uint8.
    """
    if frame.dtype != np.uint8 or mask.dtype != np.uint8 or frame.shape[:2] != mask.shape or frame.ndim != 3:
        raise InvalidInputError(
            f"cannot draw a mask {mask.shape} {mask.dtype} on a frame {frame.shape} {frame.dtype}; "
            "pass a uint8 mask of the frame's size"
        )
    drawn = frame.copy()
    x, y, width, height = cv2.boundingRect((mask > 0).view(np.uint8))
    if not width:
        return drawn
    thickness = max(1, round(OUTLINE_WIDTH * frame.shape[0] / OUTLINE_ROWS))
    rows = slice(max(y - thickness, 0), y + height + thickness)
    columns = slice(max(x - thickness, 0), x + width + thickness)
    ids = np.ascontiguousarray(mask[rows, columns])
    drawn[rows, columns] = _draw(drawn[rows, columns], ids, opacity, palette, thickness)
    return drawn


def _draw(frame: np.ndarray, ids: np.ndarray, opacity: float, palette: np.ndarray | None, thickness: int) -> np.ndarray:
    if palette is None:
        from mobilevos_sdk.masks import DAVIS_PALETTE

        palette = DAVIS_PALETTE
    table = np.ascontiguousarray(palette, np.uint8).reshape(1, 256, 3)
    kernel = np.ones((thickness + 1, thickness + 1), np.uint8)
    # The outline lies on both sides of every border, between two objects too; the higher id colours it. It is brighter
    # than the fill, to be seen where the object has the fill's colour.
    grown = cv2.dilate(ids, kernel)
    outline = cv2.compare(grown, cv2.erode(ids, kernel), cv2.CMP_NE)
    colours = cv2.LUT(cv2.merge([grown, grown, grown]), table)
    bright = cv2.addWeighted(colours, 0.5, colours, 0.0, 127.5)
    blended = cv2.addWeighted(frame, 1.0 - opacity, colours, opacity, 0.0)
    drawn = frame.copy()
    cv2.copyTo(blended, ids, drawn)
    cv2.copyTo(bright, outline, drawn)
    return drawn
