"""Masks of object ids: reading and writing palette PNGs, and the check that every mask of a caller goes through.

A mask is a (H, W) uint8 array of object ids: 0 is background, 1 to 255 are the caller's own ids, with gaps allowed.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mobilevos_sdk.errors import InvalidInputError, VideoError
from mobilevos_sdk.files import write_atomically

if TYPE_CHECKING:
    import PIL.Image

Mask = npt.NDArray[np.uint8]

MAX_OBJECT_ID = 255
WANTED = "a mask is an 8-bit PNG with a palette or in grey, in which 0 is background and 1 to 255 are object ids"
# Offset of the bit depth in a PNG file: 8 bytes signature, 8 bytes of the chunk's head, width and height (ISO 15948).
_BIT_DEPTH_OFFSET = 24


def _davis_palette() -> Mask:
    """The colours of DAVIS (and PASCAL VOC): the bits of an id, from the lowest, go to red, green, blue in turn."""
    ids = np.arange(256)
    channels = [sum((ids >> (3 * bit + channel) & 1) << (7 - bit) for bit in range(3)) for channel in range(3)]
    return np.stack(channels, axis=1).astype(np.uint8)


DAVIS_PALETTE: Mask = _davis_palette()
"""(256, 3) uint8 RGB: the colour of every object id."""


def check_mask(mask: npt.ArrayLike, size: tuple[int, int] | None = None, allow_empty: bool = False) -> Mask:
    """Makes sure that an array is a mask of object ids.

    Args:
        mask: (H, W) array of integers or booleans (True is object 1).
        size: (height, width) of the frame that the mask belongs to.
        allow_empty: whether a mask without any object will do.

    Returns:
        The mask as (H, W) uint8, without a copy where it is that already.

    Raises:
        InvalidInputError: not two-dimensional, not of integers, of another size, with ids outside 0 to 255, or empty.
    """
    array = np.asarray(mask)
    if array.ndim != 2 or array.size == 0:
        raise InvalidInputError(f"the mask has shape {array.shape}; give one of shape (height, width) with object ids")
    if array.dtype.kind not in "bui":
        raise InvalidInputError(f"the mask is of {array.dtype}; give object ids as integers, such as uint8")
    if size is not None and array.shape != size:
        raise InvalidInputError(
            f"the mask is {array.shape[1]}x{array.shape[0]} but the frame is {size[1]}x{size[0]}; "
            "give a mask of the frame's own size"
        )
    low, high = int(array.min()), int(array.max())
    if low < 0 or high > MAX_OBJECT_ID:
        raise InvalidInputError(
            f"the mask has {len(np.unique(array))} values from {low} to {high}; ids must be 0 to {MAX_OBJECT_ID}"
        )
    if high == 0 and not allow_empty:
        raise InvalidInputError("the mask is empty; mark at least one object with an id from 1 to 255")
    return array.astype(np.uint8, copy=False)


def object_ids(mask: Mask) -> tuple[int, ...]:
    """The ids of the objects in a mask (H, W) uint8, in ascending order, without the background."""
    counts = np.bincount(mask.ravel(), minlength=256)
    return tuple(int(index) for index in np.flatnonzero(counts) if index > 0)


def read_mask(path: str | Path, binary: bool | None = None) -> Mask:
    """Reads a mask from a PNG with a palette (the indices are the ids) or in grey (the values are the ids).

    Args:
        path: the file.
        binary: what 255 means in a grey PNG. DAVIS 2016 writes its one object as 255 and nothing else; other sets use
            255 for pixels that do not count. None: it is object 1 where the file holds only 0 and 255; True: the file
            must be of that kind; False: values stay as they are.

    Returns:
        (H, W) uint8 object ids; it may be empty.

    Raises:
        VideoError: the file is missing, or damaged.
        InvalidInputError: the file is no such PNG: a JPEG, a colour image, 16 bits deep.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise VideoError(f"cannot read the mask {path}: {error.strerror or error}; check the path") from error
    values, is_grey = _decode(path, data)
    looks_binary = is_grey and bool(np.isin(np.flatnonzero(np.bincount(values.ravel())), (0, 255)).all())
    if binary and not looks_binary:
        raise InvalidInputError(f"{path} has other values than 0 and 255, unlike the masks before it; mend the file")
    if looks_binary and binary is not False:
        return (values > 0).astype(np.uint8)
    if is_grey and data[_BIT_DEPTH_OFFSET] in (2, 4):  # decoders spread these over 0..255; ids must come back
        return values // np.uint8(255 // (2 ** data[_BIT_DEPTH_OFFSET] - 1))
    return values


def is_binary(path: str | Path) -> bool:
    """Whether a mask is a grey PNG in which 255 stands for the one object, as in DAVIS 2016.

    Raises:
        VideoError, InvalidInputError: as in `read_mask`.
    """
    return 255 not in read_mask(path) and 255 in read_mask(path, binary=False)


def write_mask(path: str | Path, mask: npt.ArrayLike) -> None:
    """Writes a mask as an 8-bit PNG with the DAVIS palette, whole or not at all.

    Args:
        path: the file; folders that are missing are made.
        mask: (H, W) object ids; it may be empty.

    Raises:
        InvalidInputError: this is no mask.
        VideoError: the file cannot be written; an older file of that name is as it was.
    """
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(check_mask(mask, allow_empty=True)))
    image.putpalette(DAVIS_PALETTE.tobytes())  # turns a grey image into one with a palette
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", compress_level=4)
    write_atomically(path, buffer.getvalue(), error=VideoError)


def _decode(path: Path, data: bytes) -> tuple[Mask, bool]:
    """The values (H, W) uint8 of a PNG, and whether they are shades of grey (or else indices of a palette)."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.format != "PNG":
                raise InvalidInputError(f"{path} is a {image.format} image; {WANTED}")
            image.verify()  # checksums; an image is of no use after it
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            return _values(path, image)
    except InvalidInputError:
        raise
    except UnidentifiedImageError as error:
        raise VideoError(f"{path} is not an image; {WANTED}") from error
    except Exception as error:  # Pillow raises OSError, SyntaxError, ValueError, zlib.error and others on damage
        raise VideoError(f"{path} is damaged ({error}); write the mask again") from error


def _values(path: Path, image: PIL.Image.Image) -> tuple[Mask, bool]:
    values: npt.NDArray[Any] = np.asarray(image)
    if image.mode == "P":
        return values, False
    if image.mode == "1":
        return values.astype(np.uint8) * np.uint8(255), True
    if image.mode == "L":
        return values, True
    if image.mode.startswith("I"):
        raise InvalidInputError(f"{path} is 16 bits deep and has {len(np.unique(values))} values; {WANTED}")
    colours, alpha = values[..., : len(image.getbands()) - ("A" in image.mode)], values[..., -1]
    if "A" in image.mode and int(alpha.min()) < 255:
        raise InvalidInputError(f"{path} has transparent pixels; {WANTED}")
    if image.mode == "PA" or (colours != colours[..., :1]).any():
        raise InvalidInputError(f"{path} is a colour image; {WANTED}")
    return np.ascontiguousarray(colours[..., 0]), True  # grey that was saved as RGB, as in some files of DAVIS 2016
