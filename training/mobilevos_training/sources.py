"""Where training images come from: videos with masks and photos with masks, decoded once and kept in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mobilevos_sdk.errors import InvalidInputError
from mobilevos_sdk.masks import read_mask

Image = NDArray[np.uint8]
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
# All images are brought to this shorter side, the resolution of DAVIS 480p.
SHORTER_SIDE = 480
# The id of pixels that no loss may look at (boundaries of GrabCut's trimaps).
IGNORE = 255


@dataclass
class Still:
    """An image and its mask of object ids; read and resized at first use.

    Attributes:
        image_path: the picture.
        mask_path: its mask of object ids.
    """

    image_path: Path
    mask_path: Path

    @cached_property
    def image(self) -> Image:
        """(H, W, 3) RGB with a shorter side of 480."""
        return _resize(_read_rgb(self.image_path))

    @cached_property
    def mask(self) -> Image:
        """(H, W) object ids at the image's size."""
        mask = read_mask(self.mask_path)
        height, width = self.image.shape[:2]
        return np.ascontiguousarray(cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST))


@dataclass
class Video:
    """The annotated frames of a sequence, in time."""

    name: str
    stills: list[Still] = field(default_factory=list)


def _read_rgb(path: Path) -> Image:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise InvalidInputError(f"missing or unreadable training image: {path}")
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)


def _resize(image: Image) -> Image:
    height, width = image.shape[:2]
    scale = SHORTER_SIDE / min(height, width)
    if scale == 1.0:
        return image
    return np.asarray(cv2.resize(image, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA))


def find_image(folder: Path, stem: str) -> Path:
    """The image of a given stem, whatever its suffix.

    Raises:
        InvalidInputError: there is none.
    """
    for suffix in IMAGE_SUFFIXES:
        if (folder / f"{stem}{suffix}").is_file():
            return folder / f"{stem}{suffix}"
    raise InvalidInputError(f"no image {folder / stem} with a suffix of {', '.join(IMAGE_SUFFIXES)}")


def davis_videos(root: Path, annotations: str = "Annotations") -> list[Video]:
    """Reads a split in DAVIS layout: `JPEGImages/SEQUENCE/*` and `ANNOTATIONS/SEQUENCE/*.png`.

    Args:
        root: the split's folder.
        annotations: `Annotations` (binary) or `AnnotationsMultiObject` (ids, for some frames).

    Raises:
        InvalidInputError: a folder or an image is missing.
    """
    folder = root / annotations
    if not folder.is_dir():
        raise InvalidInputError(f"no DAVIS annotations at {folder}")
    videos = []
    for sequence in sorted(path for path in folder.iterdir() if path.is_dir()):
        video = Video(sequence.name)
        for mask in sorted(sequence.glob("*.png")):
            image = find_image(root / "JPEGImages" / sequence.name, mask.stem)
            video.stills.append(Still(image, mask))
        videos.append(video)
    return videos


def photo_stills(root: Path) -> list[Still]:
    """Reads every set below `root` that has `images/` and `masks/` (ids 1..n, 255 = ignore).

    Raises:
        InvalidInputError: there is none, or an image is missing.
    """
    stills = [
        Still(find_image(masks.parent / "images", mask.stem), mask)
        for masks in sorted(root.glob("*/masks"))
        for mask in sorted(masks.glob("*.png"))
    ]
    if not stills:
        raise InvalidInputError(f"no photos at {root}: expected SET/images and SET/masks")
    return stills
