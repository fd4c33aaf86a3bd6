"""Dynamic merge: the objects of one scene move over another, so that there are more of them, and occlusions.

Yang et al., AOT, section 5 ("Dynamic Merge Augmentation").
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mobilevos_training.data.frames import IGNORE, Image
from mobilevos_training.data.geometry import Matrix, Random, shift, warp
from mobilevos_training.data.scene import Scene, highest_id, lay_over

# The second scene is moved by up to this share of the crop, since both scenes are about their middle.
LARGEST_SHIFT = 0.3
# A place will do where every object, of either scene, keeps this share of its pixels in the first frame.
KEPT = 0.4
# Places that are tried before the second scene stays where it is.
PLACES = 5
EDGE_SOFTNESS = 0.7


def merge(rng: Random, under: Scene, over: Scene, most: int) -> Scene:
    """Lays the objects of a scene over another.

    Args:
        rng: random numbers.
        under: stays where it is.
        over: gives up to `most` of the objects of its first frame, with their motion; its background is lost.
        most: the most objects to take.
    """
    number = highest_id(under.ids)
    shown = np.flatnonzero(np.bincount(over.ids[0].ravel(), minlength=256)[:IGNORE])
    chosen = rng.permutation(shown[shown > 0])[: min(most, IGNORE - 1 - number)]
    table = np.zeros(256, np.uint8)
    table[chosen] = number + 1 + np.arange(len(chosen))
    added = table[over.ids]
    place = _place(rng, under.ids[0], added)
    frames, ids = under.frames.copy(), under.ids.copy()
    for index, (image, mask) in enumerate(zip(over.frames, added, strict=True)):
        colours, moved = warp(image, mask, place, mask.shape[0])
        lay_over(frames[index], colours, np.where(moved > 0, np.uint8(255), np.uint8(0)), EDGE_SOFTNESS)
        ids[index][moved > 0] = moved[moved > 0]
    return Scene(frames, ids)


def _place(rng: Random, under: Image, added: Image) -> Matrix:
    """A random shift of objects (T, S, S) that leaves enough of all objects of the first frames to be seen."""
    limits = _room(added)
    for _ in range(PLACES):
        place = shift(*np.round(rng.uniform(*limits)))
        moved = cv2.warpAffine(added[0], place[:2], added[0].shape[::-1], flags=cv2.INTER_NEAREST)
        if min(_kept(under, np.where(moved > 0, 0, under)), _kept(added[0], moved)) >= KEPT:
            return place
    return np.eye(3)


def _room(ids: Image) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far objects (T, S, S) may move, least and most, in x and y: a side that the crop cut off stays outside."""
    largest = LARGEST_SHIFT * ids.shape[1]
    columns, rows = ids.max((0, 1)), ids.max((0, 2))
    least = [0.0 if side[-1] > 0 else -largest for side in (columns, rows)]
    most = [0.0 if side[0] > 0 else largest for side in (columns, rows)]
    return np.array(least), np.array(most)


def _kept(before: Image, after: Image) -> float:
    """The smallest share of its pixels that an object of (S, S) ids keeps."""
    old, new = (np.bincount(ids.ravel(), minlength=256)[1:IGNORE] for ids in (before, after))
    return float((new[old > 0] / old[old > 0]).min(initial=1.0))
