"""Which part of frames the SDK shows a model for many masks, for the tests of the Android core's View.

`python tests/android/view_goldens.py FOLDER` writes masks and an index to FOLDER/views.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from mobilevos_sdk.view import View

MODEL = (480, 864)
# Sizes (height, width) of frame and model: larger and smaller than the model, upright and turned, and of odd sides.
SIZES = [
    ((540, 960), MODEL),
    ((240, 320), MODEL),
    ((90, 120), MODEL),
    ((640, 360), MODEL),
    ((359, 641), MODEL),
    ((301, 299), (96, 176)),
    ((853, 481), (96, 176)),
    ((100, 500), (96, 176)),
]
STEPS = 40
# The largest id tells whether ids are taken as unsigned.
IDS = (1, 7, 255)


def write(folder: Path) -> None:
    """Writes masks and their views to `folder / "views"`."""
    target = folder / "views"
    target.mkdir(parents=True)
    generator = np.random.default_rng(11)
    cases = [_case(target, generator, number, *sizes) for number, sizes in enumerate(SIZES)]
    (target / "index.json").write_text(json.dumps(cases, indent=1) + "\n")


def _case(
    target: Path, generator: np.random.Generator, number: int, frame: tuple[int, int], model: tuple[int, int]
) -> dict[str, Any]:
    view = View.whole(frame, model)
    masks, steps = [], []
    middle, reach = generator.random((len(IDS), 2)), 0.1
    for index in range(STEPS):
        middle = np.clip(middle + generator.normal(0.0, 0.03, middle.shape), -0.05, 1.05)
        reach *= float(generator.choice([0.8, 1.0, 1.2]))
        mask, ids = _mask(generator, frame, middle, min(reach, 0.4)), IDS[: 1 + index // 10 % len(IDS)]
        held, jump = view.holds(mask), index % 8 == 0
        view = view.around(mask, ids) if jump else view.next(mask, ids)
        top, left, height, width = view.fit.region
        masks.append(mask)
        steps.append(
            {
                "ids": ids,
                "held": held,
                "jump": jump,
                "region": (left, top, width, height),
                "content": view.fit.content[::-1],
                "scale": view.scale,
            }
        )
    name = f"{number}.ids"
    np.stack(masks).tofile(target / name)
    return {"frame": frame[::-1], "model": model[::-1], "masks": name, "steps": steps}


def _mask(
    generator: np.random.Generator, size: tuple[int, int], middle: npt.NDArray[np.float64], reach: float
) -> npt.NDArray[np.uint8]:
    """Objects that overlap, leave the frame or are gone, with specks and strips that belong to none of it."""
    height, width = size
    mask = np.zeros(size, np.uint8)
    for object_id, (x, y) in zip(IDS, middle, strict=True):
        kind = generator.random()
        if kind < 0.05:
            continue
        axes = (max(round(width * reach * generator.random()), 0), max(round(height * reach * generator.random()), 0))
        cv2.ellipse(mask, (round(width * x), round(height * y)), axes, 30.0, 0.0, 360.0, object_id, -1)
        if kind < 0.2:
            mask[generator.random(size) < 0.0005] = object_id
        elif kind < 0.3:
            mask[round(height * 0.7) :][:2] = object_id
    return mask


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit("usage: python tests/android/view_goldens.py FOLDER")
    write(Path(sys.argv[1]))
