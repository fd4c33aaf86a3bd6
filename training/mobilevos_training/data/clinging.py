"""A layer that clings to an object, as a hand does to what it holds: it comes near, touches it, and moves with it."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mobilevos_training.data.frames import IGNORE, Image
from mobilevos_training.data.geometry import Matrix, Random, shift

# Half of the layers are there from the first frame on; the others come within this share of the clip.
LATEST_ARRIVAL = 0.6
# How fast they come, as a share of the crop's side per frame.
APPROACH = (0.02, 0.12)
# How far beyond the object's edge their middle lies, as a share of half their extent: they lie over its edge.
REACH = (0.3, 0.9)
# An object that shows fewer pixels has no edge to speak of.
FEWEST_PIXELS = 16


class Pose(NamedTuple):
    """Where an object is seen: its middle (x, y), and the root of its area, in pixels."""

    middle: NDArray[np.float64]
    size: float


def clinging_track(rng: Random, ids: Image, times: NDArray[np.float64], half_extent: float) -> list[Matrix]:
    """Where the middle of a layer is that clings to an object of the first frame.

    It keeps its place beside what is seen of the object while that moves, grows and shrinks. Where the object is out of
    sight it stays where it was.

    Args:
        rng: random numbers.
        ids: (T, S, S) uint8 object ids.
        times: (T,) of the frames, ascending from 0, in frames.
        half_extent: half the longer side of the layer, in pixels.

    Returns:
        T matrices that move the origin there; none where the first frame shows no object.
    """
    shown = np.flatnonzero(np.bincount(ids[0].ravel(), minlength=256)[1:IGNORE] >= FEWEST_PIXELS) + 1
    if not len(shown):
        return []
    held = int(rng.choice(shown))
    masks = [np.asarray(cv2.compare(mask, held, cv2.CMP_EQ), np.uint8) for mask in ids]
    first = _pose(masks[0])
    assert first is not None
    edge = np.concatenate(cv2.findContours(masks[0], cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0])[:, 0]
    touched = rng.choice(edge) - first.middle
    outward = touched / max(float(np.hypot(*touched)), 1.0)
    contact = touched + outward * half_extent * rng.uniform(*REACH)
    arrival = max(0.0, float(rng.uniform(-1, 1))) * LATEST_ARRIVAL * times[-1]
    approach = outward * rng.uniform(*APPROACH) * ids.shape[-1]
    track, pose = [], first
    for mask, time in zip(masks, times, strict=True):
        pose = _pose(mask) or pose
        away = approach * max(arrival - float(time), 0.0)
        track.append(shift(*(pose.middle + contact * pose.size / first.size + away)))
    return track


def _pose(inside: Image) -> Pose | None:
    """The pose of an object's mask (S, S), not 0 inside; None where it shows too little."""
    moments = cv2.moments(inside, binaryImage=True)
    area = moments["m00"]
    if area < FEWEST_PIXELS:
        return None
    return Pose(np.array([moments["m10"], moments["m01"]]) / area, float(np.sqrt(area)))
