"""What the Android core's selection is held against: frames, boxes, strokes, and the masks that this package finds.

Raw files beside an `index.json`: frames are RGB bytes, masks are ids, both row by row. They are written anew for each
run of the Java tests, so that they cannot become older than the Python code.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from mobilevos_sdk.errors import InvalidInputError
from mobilevos_sdk.first_mask import Box, mask_from_boxes
from mobilevos_sdk.masks import object_ids, read_mask
from mobilevos_sdk.video import open_frames

SAMPLES = Path(__file__).parents[2] / "samples"
FOLDER = "selection"
ERROR_WIDTH, ERROR_HEIGHT = 100, 80
PERCENTILE_CAPACITY = 32
# A user's box is a little larger than the object.
BOX_MARGIN = 8
# A user's stroke runs along the middle of the object, through so many points, and keeps away from its border.
STROKE_POINTS = 9
STROKE_SHARE = 0.4


def write(folder: Path) -> None:
    """Writes all cases into the folder `selection` of a folder."""
    target = folder / FOLDER
    target.mkdir(parents=True, exist_ok=True)
    juggle = open_frames(SAMPLES / "juggle.mp4").first
    man_and_ball = read_mask(SAMPLES / "juggle-first-mask.png")
    cases = [write_case(target, "juggle", juggle, man_and_ball)]
    for number, name in ((1, "man"), (2, "ball")):
        cases.append(write_case(target, f"juggle-{name}", juggle, (man_and_ball == number).astype(np.uint8)))
    cases += [write_case(target, f"disks-{step}", *_disks(step)) for step in range(3)]
    even = np.full((100, 100, 3), 90, np.uint8)
    cases.append(write_case(target, "even", even, np.zeros((100, 100), np.uint8), [Box(20, 20, 40, 60)]))
    index = {"cases": cases, "errors": _errors(), "percentiles": _percentiles()}
    (target / "index.json").write_text(json.dumps(index, indent=1))


def write_case(
    folder: Path, name: str, frame: np.ndarray, truth: np.ndarray, boxes: Sequence[Box] | None = None
) -> dict[str, object]:
    """Writes one frame with what is found in its boxes.

    Args:
        folder: where the files go.
        name: theirs.
        frame: (H, W, 3) uint8 RGB.
        truth: (H, W) uint8 ids: 1 to the number of objects.
        boxes: those of the objects; none are drawn around the true ones.

    Returns:
        The case's part of the index.
    """
    boxes = boxes or [_box(truth == number) for number in object_ids(truth)]
    found = mask_from_boxes(frame, boxes)
    for suffix, array in (("rgb", frame), ("mask", found.mask), ("truth", truth)):
        (folder / f"{name}.{suffix}").write_bytes(np.ascontiguousarray(array, np.uint8).tobytes())
    return {
        "name": name,
        "width": frame.shape[1],
        "height": frame.shape[0],
        "boxes": [[box.x, box.y, box.width, box.height] for box in boxes],
        "guessed": list(found.guessed),
        "strokes": [_stroke(truth == number) for number in object_ids(truth)],
    }


def _errors() -> list[dict[str, object]]:
    """Boxes on an even frame that cannot be used, and what is said of them."""
    frame = np.full((ERROR_HEIGHT, ERROR_WIDTH, 3), 90, np.uint8)
    whole = (0, 0, ERROR_WIDTH, ERROR_HEIGHT)
    cases: list[dict[str, object]] = []
    for boxes in ([], [(10, 10, 3, 20)], [(10, 10, 20, -5)], [(-1, 0, 20, 20)], [(90, 0, 20, 20)], [whole, whole]):
        try:
            mask_from_boxes(frame, [Box(*box) for box in boxes])
        except InvalidInputError as error:
            cases.append({"width": ERROR_WIDTH, "height": ERROR_HEIGHT, "boxes": boxes, "message": str(error)})
    return cases


def _percentiles() -> dict[str, object]:
    """What NumPy says of the last values of a series."""
    values = np.random.default_rng(0).normal(30, 10, 50).round(1)  # some are equal
    shares = [0, 0.05, 0.25, 0.5, 0.95, 1]
    last = values[-PERCENTILE_CAPACITY:]
    return {
        "values": values.tolist(),
        "capacity": PERCENTILE_CAPACITY,
        "shares": shares,
        "percentiles": [float(np.percentile(last, 100 * share)) for share in shares],
        "mean": float(last.mean()),
    }


def _box(inside: np.ndarray) -> Box:
    x, y, width, height = cv2.boundingRect(inside.astype(np.uint8))
    left, top = max(x - BOX_MARGIN, 0), max(y - BOX_MARGIN, 0)
    right = min(x + width + BOX_MARGIN, inside.shape[1])
    bottom = min(y + height + BOX_MARGIN, inside.shape[0])
    return Box(left, top, right - left, bottom - top)


def _stroke(inside: np.ndarray) -> dict[str, object]:
    """A stroke through an object from top to bottom, or from left to right where that is the longer way."""
    depth = cv2.distanceTransform(np.pad(inside.astype(np.uint8), 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    _, _, width, height = cv2.boundingRect(inside.astype(np.uint8))
    along = depth if height >= width else depth.T
    lines = np.flatnonzero(along.max(axis=1) > STROKE_SHARE * depth.max())
    chosen = lines[np.linspace(0, len(lines) - 1, STROKE_POINTS).astype(int)]
    across = along[chosen].argmax(axis=1)
    xs, ys = (across, chosen) if height >= width else (chosen, across)
    return {"x": xs.tolist(), "y": ys.tolist(), "radius": max(int(STROKE_SHARE * depth.max() / 2), 1)}


def _disks(step: int) -> tuple[np.ndarray, np.ndarray]:
    """Two red disks that move over a noisy green ground."""
    generator = np.random.default_rng(step)
    frame = generator.normal((60, 140, 70), 8, (160, 240, 3)).clip(0, 255).astype(np.uint8)
    truth = np.zeros((160, 240), np.uint8)
    cv2.circle(truth, (70 + 6 * step, 80), 30, 1, -1)
    cv2.circle(truth, (160, 90 - 5 * step), 20, 2, -1)
    frame[truth > 0] = generator.normal((200, 40, 40), 8, (np.count_nonzero(truth), 3)).clip(0, 255)
    return frame, truth
