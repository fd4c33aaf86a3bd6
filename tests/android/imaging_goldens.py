"""Writes what the SDK makes of frames, masks and probabilities, for the tests of the Android core's imaging.

`python tests/android/imaging_goldens.py FOLDER` writes raw little-endian numbers and an index to FOLDER/imaging.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from mobilevos_sdk.draw import overlay
from mobilevos_sdk.masks import DAVIS_PALETTE
from mobilevos_sdk.processing import (
    Fit,
    Region,
    fit_frame,
    fit_masks,
    fit_planes,
    label,
    new_frame_tensor,
    probability_planes,
)

BORDER = (124, 116, 104)
MODEL = (480, 864)
SMALL_MODEL = (96, 176)
# Name, and sizes (height, width) of frame and model.
CASES = [
    ("shrink", (720, 1280), MODEL),
    ("grow", (180, 320), MODEL),
    ("portrait", (640, 360), MODEL),
    ("odd", (359, 641), MODEL),
    ("equal", MODEL, MODEL),
    ("odd-shrink", (717, 1279), SMALL_MODEL),
    ("portrait-shrink", (853, 481), SMALL_MODEL),
    ("portrait-equal", SMALL_MODEL[::-1], SMALL_MODEL),
    ("half", (192, 352), SMALL_MODEL),  # OpenCV has code of its own for whole ratios
    ("third", (288, 528), SMALL_MODEL),
    ("quarter", (384, 704), SMALL_MODEL),
    ("portrait-sixth", (1056, 576), SMALL_MODEL),
    ("six-fifths", (115, 211), SMALL_MODEL),
    ("tiny", (23, 17), SMALL_MODEL),
    ("wide", (100, 500), SMALL_MODEL),
]
# The same, and the region of the frame that the model sees.
VIEWS = [
    ("view-shrink", (720, 1280), MODEL, Region(33, 101, 601, 1082)),
    ("view-grow", (720, 1280), MODEL, Region(311, 0, 271, 488)),
    ("view-narrow", (720, 1280), MODEL, Region(120, 880, 600, 400)),
    ("view-equal", (720, 1280), MODEL, Region(240, 416, *MODEL)),
    ("view-nearly-equal", (720, 1280), MODEL, Region(7, 9, 481, 865)),
    ("view-half", (720, 1280), SMALL_MODEL, Region(511, 901, 192, 352)),
    ("view-double", (301, 299), SMALL_MODEL, Region(0, 199, 48, 88)),
    ("view-portrait-shrink", (853, 481), SMALL_MODEL, Region(200, 11, 411, 224)),
    ("view-portrait-grow", (640, 360), MODEL, Region(301, 170, 339, 190)),
]
# Of the mask's objects; the largest id tells whether ids are taken as unsigned.
IDS = (1, 2, 5, 255)
# The second object counts as background.
LABELLED = (4, 0, 200)


def write(folder: Path) -> None:
    """Writes all goldens to `folder / "imaging"`; the index there says what is in which file."""
    target = folder / "imaging"
    target.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(6)
    DAVIS_PALETTE.tofile(target / "palette.bin")
    cases = [_case(target, generator, *case) for case in (*CASES, *VIEWS)]
    (target / "index.json").write_text(json.dumps({"border": BORDER, "cases": cases}, indent=1) + "\n")


def _case(
    target: Path,
    generator: np.random.Generator,
    name: str,
    size: tuple[int, int],
    model: tuple[int, int],
    region: Region | None = None,
) -> dict[str, Any]:
    fit = Fit.between(size, model, region)
    frame = generator.integers(0, 256, (*size, 3), np.uint8)
    mask = _mask(generator, size)
    tensor = new_frame_tensor(fit, BORDER)
    fit_frame(frame, fit, tensor)
    assert (tensor == np.rint(tensor)).all()
    one, several = _probabilities(generator, model, 1), _probabilities(generator, model, len(LABELLED))
    plane = probability_planes(several, fit)[1]
    arrays = {
        "frame": frame,
        "mask": mask,
        "tensor": tensor.astype(np.uint8),
        "masks": fit_masks(mask, IDS, fit),
        "one": one,
        "several": several,
        "plane": plane,
        "plane-fitted": fit_planes([plane], fit),
        "label-one": label(one, LABELLED[:1], fit),
        "label-several": label(several, LABELLED, fit),
        "overlay": overlay(frame, mask),
        "overlay-empty": overlay(frame, np.zeros_like(mask)),
    }
    for array_name, array in arrays.items():
        array.astype(array.dtype.newbyteorder("<")).tofile(target / f"{name}.{array_name}.bin")
    return {
        "name": name,
        "frame": size[::-1],
        "model": model[::-1],
        "region": (fit.region.left, fit.region.top, fit.region.width, fit.region.height),
        "rotated": fit.rotated,
        "content": fit.content[::-1],
        "offset": fit.offset[::-1],
        "ids": IDS,
        "labelled": LABELLED,
    }


def _mask(generator: np.random.Generator, size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """Objects that touch, that leave the frame, and specks of them."""
    height, width = size
    mask = np.zeros(size, np.uint8)
    for object_id, (x, y) in zip(IDS, [(0.3, 0.4), (0.5, 0.45), (0.55, 0.98), (0.85, 0.3)], strict=True):
        centre, axes = (int(width * x), int(height * y)), (max(width // 8, 1), max(height // 5, 1))
        cv2.ellipse(mask, centre, axes, 20.0, 0.0, 360.0, object_id, -1)
    specks = generator.random(size) < 0.0005
    mask[specks] = generator.choice(np.array(IDS, np.uint8), int(specks.sum()))
    return mask


def _probabilities(generator: np.random.Generator, size: tuple[int, int], objects: int) -> npt.NDArray[np.float32]:
    """Smooth (1, H, W, objects + 1) float32 in 0..1; the last channel belongs to no object."""
    coarse = generator.normal(0.0, 3.0, (objects + 1, 6, 11)).astype(np.float32)
    scores = np.exp(np.stack([cv2.resize(plane, size[::-1], interpolation=cv2.INTER_CUBIC) for plane in coarse], -1))
    shares: npt.NDArray[np.float32] = (scores / scores.sum(-1, keepdims=True))[None].astype(np.float32)
    return shares


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit("usage: python tests/android/imaging_goldens.py FOLDER")
    write(Path(sys.argv[1]))
