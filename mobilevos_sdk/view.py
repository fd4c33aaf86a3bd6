"""Which part of each frame the model sees: the objects and what is around them, so that small ones get more pixels.

The model's input has one size, and its finest features are cells of four pixels, so what is small in the frame is
coarse in the mask. A view follows the objects instead, as trackers of boxes do with their search region (Bertinetto et
al., "Fully-Convolutional Siamese Networks for Object Tracking", 2016): the same graphs at the same cost, on a smaller
part of the world. The memory stays in the coordinates of its own frame's view, in which an object that moves stays
where it was; the locality prior is then right about it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from mobilevos_sdk.processing import Fit, Mask, Region, Size, largest_scale

# At each side of an object the outermost of so many parts of its pixels does not count. Thin things that stick out,
# such as a strip of background that was taken by mistake, would widen the view, which shows the model more to take.
PARTS = 20
# The view is so many times as high and as wide as the box around what counts of all objects, in its longer direction:
# about twice the whole box, where an object is a rectangle.
MARGIN = 2.2
# A view is a fourth as high and as wide as the frame at least, so that what moves fast does not leave it at once, and
# has so many pixels of the model's input for one of the frame at most: with more there is nothing new to see.
ZOOM = 4.0
MAGNIFICATION = 4.0
# By how much the scale may change from one frame to the next, since the memory of the frame before has its own.
WIDENING, NARROWING = 1.1, 1.05
# What gets smaller in one direction alone may be hidden in part, and come back as large as it was. It is taken to be as
# large as before, less so much from one frame to the next, and its view is made for so much of that at least.
FORGETTING, KEPT = 1.003, 0.95
# An object so many pixels of the model's input from the frame's border may be cut by it: it is taken to be no smaller.
EDGE = 2.0
# The extent of objects that no mask has been seen of.
UNKNOWN = (1.0, 1.0)


@dataclass(frozen=True)
class View:
    """The part of one frame that the model sees. Immutable; `next` gives that of the frame after it.

    Attributes:
        fit: how it lies in the model's input.
        scale: pixels of the model's input for a pixel of the frame.
        extent: height and width, in pixels of the frame, that the box around the objects is taken to have with what is
            out of sight of them; a pixel, as long as nothing is known.
    """

    fit: Fit
    scale: float
    extent: tuple[float, float] = UNKNOWN

    @classmethod
    def whole(cls, frame: Size, model: Size) -> View:
        """All of the frame, (height, width), in the model's input of (height, width)."""
        fit = Fit.between(frame, model)
        return cls(fit, largest_scale(frame, _upright(fit)))

    def around(self, mask: Mask, ids: Sequence[int]) -> View:
        """The view of a frame with the objects of a mask (H, W) in it, whatever was seen before.

        All of the frame, if one of the objects is not in the mask: it may come back anywhere.
        """
        box = _box(mask, ids)
        if box is None:
            return self._at(self._least, self.fit.region, self.extent)
        extent = (box.height, box.width)
        return self._at(self._wanted(extent), box, extent)

    def next(self, mask: Mask, ids: Sequence[int]) -> View:
        """The view of the frame after the one with this mask: around the objects, at nearly the same scale."""
        box = _box(mask, ids)
        extent, wanted = self.extent, self._least
        if box is not None:
            extent = self._extent_of(box, self._is_cut(mask))
            wanted = self._wanted((max(box.height, KEPT * extent[0]), max(box.width, KEPT * extent[1])))
        scale = min(max(wanted, self.scale / WIDENING), self.scale * NARROWING)
        return self._at(scale, box or self.fit.region, extent)

    def forget_extent(self) -> View:
        """The same view where some objects have left or were wrong: how large they were says nothing any more."""
        return replace(self, extent=UNKNOWN)

    def holds(self, mask: Mask) -> bool:
        """Whether all objects of a mask (H, W) are within the view."""
        return int(np.count_nonzero(mask[self.fit.region.window])) == int(np.count_nonzero(mask))

    @property
    def _least(self) -> float:
        """The smallest scale: that of the whole frame."""
        return largest_scale(self.fit.frame, _upright(self.fit))

    def _extent_of(self, box: Region, cut: bool) -> tuple[float, float]:
        """How large the objects are with this box: what recedes gets smaller in both directions."""
        height, width = self.extent
        smaller = max(box.height / height, box.width / width)
        share = 1.0 if cut else min(max(smaller, 1.0 / NARROWING), 1.0 / FORGETTING)
        return max(box.height, height * share), max(box.width, width * share)

    def _is_cut(self, mask: Mask) -> bool:
        """Whether an object of a mask (H, W) reaches the frame's border: what is seen of it may not be all of it."""
        reach = math.ceil(EDGE / self.scale)
        return any(side.any() for side in (mask[:reach], mask[-reach:], mask[:, :reach], mask[:, -reach:]))

    def _wanted(self, size: tuple[float, float]) -> float:
        """The scale at which the view is `MARGIN` times a size, within bounds."""
        fitting = largest_scale(size, _upright(self.fit)) / MARGIN
        return max(min(fitting, ZOOM * self._least, MAGNIFICATION), self._least)

    def _at(self, scale: float, centre: Region, extent: tuple[float, float]) -> View:
        """The view of a scale around the middle of a box, moved into the frame."""
        height, width = (
            min(round(side / scale), frame) for side, frame in zip(_upright(self.fit), self.fit.frame, strict=True)
        )
        top = _within(centre.top + (centre.height - height) // 2, self.fit.frame[0] - height)
        left = _within(centre.left + (centre.width - width) // 2, self.fit.frame[1] - width)
        return View(Fit.between(self.fit.frame, self.fit.model, Region(top, left, height, width)), scale, extent)


def _box(mask: Mask, ids: Sequence[int]) -> Region | None:
    """The smallest box around what counts of some objects of a mask; none if one of them has no pixel."""
    boxes = [_core(mask == object_id) for object_id in ids]
    found = [box for box in boxes if box is not None]
    if not found or len(found) < len(boxes):
        return None
    top, left = min(box.top for box in found), min(box.left for box in found)
    bottom, right = max(box.top + box.height for box in found), max(box.left + box.width for box in found)
    return Region(top, left, bottom - top, right - left)


def _core(inside: npt.NDArray[np.bool_]) -> Region | None:
    """The box around what counts of an object (H, W); none if it has no pixel."""
    pixels = inside.view(np.uint8)
    left, top, width, height = cv2.boundingRect(pixels)
    if not width:
        return None
    (rows, end), (columns, stop) = (
        _middle(cv2.reduce(pixels[top : top + height, left : left + width], axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S))
        for axis in (1, 0)
    )
    return Region(top + rows, left + columns, end - rows, stop - columns)


def _middle(counts: npt.NDArray[Any]) -> tuple[int, int]:
    """Where what counts of an object begins and ends, from its pixels in each row or column."""
    reached = np.cumsum(counts)
    outermost = reached[-1] // PARTS
    first = np.searchsorted(reached, outermost, side="right")
    last = np.searchsorted(reached, reached[-1] - outermost)
    return int(first), int(last) + 1


def _upright(fit: Fit) -> Size:
    """The model's size as the frame lies in it."""
    return (fit.model[1], fit.model[0]) if fit.rotated else fit.model


def _within(value: int, most: int) -> int:
    return min(max(value, 0), most)
