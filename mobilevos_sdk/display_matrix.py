"""The display matrix: how a phone says that it was held upright while its sensor lay on the side."""

from __future__ import annotations

import struct
from typing import Any

import cv2
import numpy as np


def upright(frame: np.ndarray, matrix: Any | None) -> np.ndarray:
    """Turns a decoded frame the way it is meant to be seen.

    Args:
        frame: (H, W, 3) uint8 as decoded.
        matrix: FFmpeg's side data DISPLAYMATRIX, or none. Nine 32-bit integers (a b u / c d v / x y w) that send a
            pixel (p, q) to (a p + c q + x, b p + d q + y), y downwards (ISO/IEC 14496-12, 8.3.2, `tkhd`).

    Returns:
        (H, W, 3) or, after a quarter turn, (W, H, 3) uint8, contiguous. Other angles than quarter turns do not occur in
        recordings; the nearest quarter turn is taken.
    """
    if matrix is None:
        return frame
    a, b, _, c, d = struct.unpack("=9i", bytes(matrix)[:36])[:5]
    if abs(a) + abs(d) >= abs(b) + abs(c):
        flip_x, flip_y = a < 0, d < 0
    else:
        frame = cv2.transpose(frame)
        flip_x, flip_y = c < 0, b < 0
    if flip_x or flip_y:
        frame = cv2.flip(frame, -1 if flip_x and flip_y else int(flip_x))
    return frame
