"""The first mask from boxes, where the user has none: GrabCut (Rother, Kolmogorov and Blake, SIGGRAPH 2004)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from mobilevos_sdk.errors import InvalidInputError

MAX_BOXES = 255
# A box of fewer pixels on a side holds too few for a colour model.
LEAST_SIDE = 4
# Surroundings of a box that teach GrabCut the background, as a share of the box on each side, and in pixels at least.
# Chosen on the first frames of DAVIS with a box around each object: 1.0 was better than 0.2 and 0.5.
SURROUNDINGS = 1.0
LEAST_SURROUNDINGS = 16
# GrabCut works on a part of the frame that is scaled down to this, to answer within a second.
WORKING_SIDE = 480
ITERATIONS = 5
# A result that fills less of its box is taken as a failure: an object's box is drawn around it.
LEAST_FILL = 0.2
# Pieces of less than this share of the largest one are crumbs.
LEAST_PIECE = 0.05
# The ellipse that stands in for a failed result, as a share of the box.
ELLIPSE_SHARE = 0.9


@dataclass(frozen=True)
class Box:
    """A rectangle on the frame in pixels: left, top, width and height."""

    x: int
    y: int
    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.x},{self.y},{self.width},{self.height}"

    @property
    def area(self) -> int:
        """Width times height."""
        return self.width * self.height

    @property
    def rows(self) -> slice:
        """The rows of an array that it covers."""
        return slice(self.y, self.y + self.height)

    @property
    def columns(self) -> slice:
        """The columns of an array that it covers."""
        return slice(self.x, self.x + self.width)


@dataclass(frozen=True)
class FirstMask:
    """A mask made from boxes.

    Attributes:
        mask: (H, W) uint8 ids: 1 for the first box, 2 for the second, and so on.
        guessed: ids whose outline GrabCut did not find, and that have an ellipse instead.
    """

    mask: np.ndarray
    guessed: tuple[int, ...]


def mask_from_boxes(frame: np.ndarray, boxes: Sequence[Box]) -> FirstMask:
    """Finds one object in each box; where boxes overlap, the smaller box's object lies on top.

    Args:
        frame: (H, W, 3) uint8 RGB.
        boxes: rectangles drawn a little larger than their objects.

    Raises:
        InvalidInputError: no box, a box outside the frame or too small, or one object hides another completely.
    """
    if not 1 <= len(boxes) <= MAX_BOXES:
        raise InvalidInputError(f"{len(boxes)} boxes were given; give 1 to {MAX_BOXES}")
    for box in boxes:
        _check(box, frame)
    mask = np.zeros(frame.shape[:2], np.uint8)
    guessed = []
    for index in sorted(range(len(boxes)), key=lambda i: -boxes[i].area):
        box = boxes[index]
        found = _grab_cut(frame, box, [other for other in boxes if other != box])
        if np.count_nonzero(found) < LEAST_FILL * box.area:
            found = _ellipse(box)
            guessed.append(index + 1)
        mask[box.rows, box.columns][found > 0] = index + 1
    for index, box in enumerate(boxes):
        if not (mask == index + 1).any():
            raise InvalidInputError(f"nothing is left of the object in box {box}, others hide it; move them apart")
    return FirstMask(mask, tuple(sorted(guessed)))


def _check(box: Box, frame: np.ndarray) -> None:
    height, width = frame.shape[:2]
    if min(box.width, box.height) < LEAST_SIDE:
        raise InvalidInputError(f"box {box} is under {LEAST_SIDE}x{LEAST_SIDE} pixels; draw it around the object")
    if box.x < 0 or box.y < 0 or box.x + box.width > width or box.y + box.height > height:
        raise InvalidInputError(
            f"box {box} leaves the frame of {width}x{height}; a box is x,y,width,height in pixels from the top left"
        )


def _grab_cut(frame: np.ndarray, box: Box, others: Sequence[Box]) -> np.ndarray:
    """The object in a box, (box.height, box.width) uint8 of 0 and 1."""
    area = _surroundings(box, frame)
    part = np.ascontiguousarray(frame[area.rows, area.columns])
    labels = np.full(part.shape[:2], cv2.GC_BGD, np.uint8)
    # Other objects may look like this one (three cups): their boxes say nothing about the background.
    for known in (*others, box):
        left, top = known.x - area.x, known.y - area.y
        labels[max(top, 0) : max(top + known.height, 0), max(left, 0) : max(left + known.width, 0)] = cv2.GC_PR_FGD
    if not (labels == cv2.GC_BGD).any():  # the box is the whole frame: take the frame's border
        labels[[0, -1], :] = labels[:, [0, -1]] = cv2.GC_BGD
    scale = min(1.0, WORKING_SIDE / max(part.shape[:2]))
    small = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    labels = cv2.resize(labels, small.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    cv2.setRNGSeed(0)  # its k-means starts at random; the same box shall give the same mask
    cv2.grabCut(small, labels, None, np.zeros((1, 65)), np.zeros((1, 65)), ITERATIONS, cv2.GC_INIT_WITH_MASK)
    found = _without_crumbs(((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)).astype(np.uint8))
    full = cv2.resize(found.astype(np.float32), part.shape[1::-1], interpolation=cv2.INTER_LINEAR) > 0.5
    top, left = box.y - area.y, box.x - area.x
    return np.asarray(full[top : top + box.height, left : left + box.width], np.uint8)


def _surroundings(box: Box, frame: np.ndarray) -> Box:
    """The box with its surroundings, as far as the frame goes."""
    height, width = frame.shape[:2]
    across = max(round(SURROUNDINGS * box.width), LEAST_SURROUNDINGS)
    down = max(round(SURROUNDINGS * box.height), LEAST_SURROUNDINGS)
    left, top = max(box.x - across, 0), max(box.y - down, 0)
    right, bottom = min(box.x + box.width + across, width), min(box.y + box.height + down, height)
    return Box(left, top, right - left, bottom - top)


def _without_crumbs(found: np.ndarray) -> np.ndarray:
    """Keeps the largest piece and those not much smaller: a leg behind a fence belongs to the object."""
    pieces, labels, stats, _ = cv2.connectedComponentsWithStats(found)
    if pieces < 2:
        return found
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    return np.asarray((areas >= LEAST_PIECE * areas.max())[labels] & (found > 0), np.uint8)


def _ellipse(box: Box) -> np.ndarray:
    ellipse = np.zeros((box.height, box.width), np.uint8)
    axes = (max(round(box.width * ELLIPSE_SHARE / 2), 1), max(round(box.height * ELLIPSE_SHARE / 2), 1))
    cv2.ellipse(ellipse, (box.width // 2, box.height // 2), axes, 0, 0, 360, 1, cv2.FILLED)
    return ellipse
