"""Which objects are hidden: those of which much less is seen than shortly before.

A frame in which something passes in front of an object says, of what still shows of the object, that it is background.
A memory of few frames that takes it in has little else to find the object by when it comes back, so such a frame is not
memorised for the objects that it hides: they keep what they remembered before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from mobilevos_sdk.masks import Mask

# An object is hidden where this share of its recent area, or less, is seen.
HIDDEN_SHARE = 0.3
# The recent area is the largest of the last frames, less so much for each frame since: what recedes is not hidden.
AREA_FADING = 0.97

# The pixels of each object in a frame, by its id.
Areas = Mapping[int, float]


def areas_of(mask: Mask, ids: Iterable[int]) -> Areas:
    """How much is seen of each object in a mask (H, W)."""
    return {object_id: float(np.count_nonzero(mask == object_id)) for object_id in ids}


def hidden_objects(seen: Areas, recent: Areas) -> frozenset[int]:
    """The ids of the objects that are hidden where so much is seen of them, and so much was shortly before."""
    return frozenset(object_id for object_id, area in seen.items() if area <= HIDDEN_SHARE * recent[object_id])


def recent_areas(seen: Areas, recent: Areas) -> Areas:
    """The recent areas after a frame in which so much is seen of the objects."""
    return {object_id: max(area, AREA_FADING * recent[object_id]) for object_id, area in seen.items()}
