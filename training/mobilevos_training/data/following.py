"""Crops that follow the objects of a video at nearly one size: what a model sees under the SDK's view.

`mobilevos_sdk.view` shows a model the surroundings of its objects. In crops that stay in place, as in most of our
clips, an object moves across the picture, grows, and may leave it; under a view it stays near the middle at nearly one
size, what is behind it moves, and small things are magnified.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from mobilevos_training.data.augment_options import FollowOptions
from mobilevos_training.data.frames import IGNORE, Image
from mobilevos_training.data.geometry import Random, within


class Look(NamedTuple):
    """What a crop is centred on, (x, y) of the frame, and the size of its pixel against the frame's."""

    centre: tuple[float, float]
    scale: float


def followed(rng: Random, masks: Sequence[Image], options: FollowOptions, crop: int) -> list[Look] | None:
    """A look for each frame of a clip, near the middle of its objects.

    Args:
        rng: random numbers.
        masks: (H, W) uint8 object ids of each frame; in one without an object the look stays.
        options: the figures.
        crop: side of the crops.

    Returns:
        A look a frame; none if the first frame has no object.
    """
    extent = crop * float(np.exp(rng.uniform(*np.log(options.extent))))
    looks: list[Look] = []
    for mask in masks:
        x, y, width, height = cv2.boundingRect(np.where(mask == IGNORE, np.uint8(0), mask))
        if width:
            wanted = extent / max(width, height) * float(np.exp(rng.normal(0, options.unsteady)))
            scale = float(np.clip(wanted, *options.scale))
            middle = np.array([x + (width - 1) / 2, y + (height - 1) / 2])
            point = middle + rng.normal(0, options.unsteady * crop / scale, 2)
            looks.append(Look(within(point, crop / scale, (mask.shape[0], mask.shape[1])), scale))
        elif looks:
            looks.append(looks[-1])
        else:
            return None
    return looks
