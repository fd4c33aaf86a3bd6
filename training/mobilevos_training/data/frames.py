"""Annotated frames: an image file, its mask file, and how both become arrays at the training's working size."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from mobilevos_sdk.errors import InvalidInputError, VideoError
from mobilevos_sdk.masks import DAVIS_PALETTE, read_mask
from mobilevos_training.data.options import MaskKind

Image: TypeAlias = NDArray[np.uint8]
# All images are brought to this shorter side, the resolution of DAVIS 480p.
SHORTER_SIDE = 480
# The id of pixels that no loss may look at.
IGNORE = 255
# From this value on, a pixel of a grey mask with soft edges (ECSSD, DUTS) is object.
BINARY_THRESHOLD = 128
# Width by height of an image and of its mask agree to this factor, or one of them is another image's.
ASPECT_TOLERANCE = 1.05


@dataclass(frozen=True)
class AnnotatedFrame:
    """The files of a frame.

    Attributes:
        image: the picture.
        mask: its mask.
        kind: what the mask's values mean.
    """

    image: Path
    mask: Path
    kind: MaskKind = "auto"


def load_image(path: Path) -> Image:
    """Reads a picture: (H, W, 3) uint8 RGB with a shorter side of 480.

    Raises:
        VideoError: the file is missing or damaged.
    """
    data = _bytes(path)
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if image is None:
        raise VideoError(f"unreadable training image: {path}; fetch it again or remove it")
    height, width = image.shape[:2]
    scale = SHORTER_SIDE / min(height, width)
    if scale != 1.0:
        image = cv2.resize(image, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)


def load_mask(frame: AnnotatedFrame, size: tuple[int, int]) -> Image:
    """Reads a frame's mask: (H, W) uint8 object ids, 255 = ignore.

    Args:
        frame: the files.
        size: (height, width) of the image as `load_image` gave it.

    Raises:
        VideoError: the file is missing or damaged.
        InvalidInputError: it is no mask, or not the image's.
    """
    ids = _binary(frame.mask) if frame.kind == "binary" else _ids(frame.mask, frame.kind)
    stretch = (ids.shape[1] / ids.shape[0]) / (size[1] / size[0])
    if not 1 / ASPECT_TOLERANCE <= stretch <= ASPECT_TOLERANCE:
        raise InvalidInputError(
            f"{frame.mask} is {ids.shape[1]}x{ids.shape[0]}, another shape than {frame.image}; mend or remove the pair"
        )
    if ids.shape != size:
        ids = np.asarray(cv2.resize(ids, (size[1], size[0]), interpolation=cv2.INTER_NEAREST), np.uint8)
    return np.ascontiguousarray(ids)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise VideoError(f"cannot read {path}: {error.strerror or error}; is the data folder complete?") from error


def _binary(path: Path) -> Image:
    """Object 1 where a mask, whatever its mode, is bright; a palette's colours say nothing, its indices do."""
    values, is_index = _pixels(path)
    if is_index:
        return (values > 0).astype(np.uint8)
    grey = values if values.ndim == 2 else cv2.cvtColor(np.ascontiguousarray(values[..., :3]), cv2.COLOR_RGB2GRAY)
    return (grey >= BINARY_THRESHOLD).astype(np.uint8)


def _ids(path: Path, kind: MaskKind) -> Image:
    values, _ = _pixels(path)
    if values.ndim == 3 and (values[..., :3] != values[..., :1]).any():
        return _ids_of_colours(path, values[..., :3])
    return read_mask(path, binary=None if kind == "auto" else False)


def _ids_of_colours(path: Path, colours: Image) -> Image:
    """Ids of a mask that was saved in the colours of the DAVIS palette instead of with it."""
    weights = np.array([65536, 256, 1])
    known = DAVIS_PALETTE.astype(np.int64) @ weights
    order = np.argsort(known)
    codes = colours.astype(np.int64) @ weights
    places = order[np.searchsorted(known, codes, sorter=order).clip(max=255)]
    if (known[places] != codes).any():
        raise InvalidInputError(f"{path} has colours that are not of the DAVIS palette; save masks with object ids")
    return places.astype(np.uint8)


def _pixels(path: Path) -> tuple[Image, bool]:
    """The values (H, W) or (H, W, C) uint8 of a file, and whether they are indices of a palette of colours."""
    import io

    from PIL import Image as Pillow

    data = _bytes(path)
    try:
        with Pillow.open(io.BytesIO(data)) as image:
            if image.mode == "P":
                palette = np.asarray(image.getpalette(), np.uint8).reshape(-1, 3)
                if (palette != palette[:, :1]).any():
                    return np.asarray(image), True
            return np.asarray(image if image.mode in ("L", "RGB", "RGBA") else image.convert("L")), False
    except Exception as error:  # Pillow raises OSError, SyntaxError, ValueError, zlib.error and others on damage
        raise VideoError(f"unreadable training mask: {path}; fetch it again or remove it") from error
