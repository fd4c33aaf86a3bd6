"""Tiny data sets on disk, in the layouts of their publishers."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from mobilevos_sdk.masks import DAVIS_PALETTE

HEIGHT, WIDTH = 120, 160


def frame(number: int, objects: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """A picture (H, W, 3) RGB of disks that move to the right, each of one colour, and its ids (H, W)."""
    rng = np.random.default_rng(number)
    image = rng.integers(0, 90, (HEIGHT, WIDTH, 3), np.uint8)
    ids = np.zeros((HEIGHT, WIDTH), np.uint8)
    for identity in range(1, objects + 1):
        cv2.circle(ids, (30 + 40 * identity + number % 8, 25 + 30 * identity), 16, identity, -1)
        image[ids == identity] = (220, 60 * identity, 30)
    return image, ids


def write_image(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))


def write_ids(path: Path, ids: np.ndarray) -> None:
    """A PNG with the DAVIS palette."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(ids, "P")
    picture.putpalette(DAVIS_PALETTE.tobytes())
    picture.save(path)


def write_binary(path: Path, ids: np.ndarray) -> None:
    """A grey PNG whose object has a soft edge, as saliency sets have them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), cv2.GaussianBlur(np.where(ids > 0, 255, 0).astype(np.uint8), (0, 0), 1.5))


def write_video(images: Path, masks: Path, frames: int, objects: int = 2, step: int = 1) -> None:
    """Frames 00000.jpg on, and palette masks of every `step`-th of them."""
    for number in range(frames):
        image, ids = frame(number, objects)
        write_image(images / f"{number:05d}.jpg", image)
        if number % step == 0:
            write_ids(masks / f"{number:05d}.png", ids)


def write_pack(root: Path) -> Path:
    """Two videos in DAVIS layout and six photos with ids, some pixels of which do not count."""
    for name in ("disks", "more"):
        write_video(root / "davis/JPEGImages" / name, root / "davis/Annotations" / name, 8)
    for number in range(6):
        image, ids = frame(number, objects=1 + number % 3)
        ids[:4] = 255
        write_image(root / f"static/round/images/{number}.png", image)
        write_ids(root / f"static/round/masks/{number}.png", ids)
    return root
