"""Between a caller's frames and masks and the model's tensors: checks, the fit to its size, and the way back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from mobilevos_sdk.backends.base import FloatArray
from mobilevos_sdk.errors import InvalidInputError

Frame = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.uint8]
Size = tuple[int, int]

# One cell of the model's features is 16 pixels wide; nothing can be followed in less.
SMALLEST_SIDE = 16
# A frame is turned by 90 degrees only where that gives the model this many times more pixels per side: objects look
# different on their side, so a nearly square frame stays upright.
ROTATION_GAIN = 1.25


class Region(NamedTuple):
    """A rectangle of a frame's pixels."""

    top: int
    left: int
    height: int
    width: int

    @property
    def window(self) -> tuple[slice, slice]:
        """Its rows and columns."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)


@dataclass(frozen=True)
class Fit:
    """How a region of frames of one size lies in the model's input: scaled with its aspect kept, centred, in a border.

    Sizes are (height, width) in pixels.

    Attributes:
        frame: the frame's own size.
        model: the model's size.
        rotated: whether the frame is turned by 90 degrees counter-clockwise, as a portrait video on a landscape model.
        content: the size of the scaled (and turned) region within the model's input.
        offset: its top and left.
        region: the part of the frame that the model sees; what is outside counts as background.
    """

    frame: Size
    model: Size
    rotated: bool
    content: Size
    offset: Size
    region: Region

    @classmethod
    def between(cls, frame: Size, model: Size, region: Region | None = None) -> Fit:
        """Fits frames of a size, or a region of them, into a model's size. The frame decides whether it is turned."""
        region = region or Region(0, 0, *frame)
        rotated = largest_scale(frame[::-1], model) >= largest_scale(frame, model) * ROTATION_GAIN
        sides = (region.width, region.height) if rotated else (region.height, region.width)
        scale = largest_scale(sides, model)
        content = (_scaled(sides[0], scale, model[0]), _scaled(sides[1], scale, model[1]))
        offset = ((model[0] - content[0]) // 2, (model[1] - content[1]) // 2)
        return cls(frame, model, rotated, content, offset, region)

    @property
    def is_whole(self) -> bool:
        """Whether the model sees all of the frame."""
        return (self.region.height, self.region.width) == self.frame

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the content in the model's input."""
        top, left = self.offset
        return slice(top, top + self.content[0]), slice(left, left + self.content[1])

    def inward(self, image: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Scales the region of an image (H, W) or (H, W, 3) of the frame's size to the content's, and turns it."""
        upright = self.content[::-1] if self.rotated else self.content
        scaled = _resize(image[self.region.window], upright)
        return cv2.rotate(scaled, cv2.ROTATE_90_COUNTERCLOCKWISE) if self.rotated else scaled

    def outward(self, plane: FloatArray) -> FloatArray:
        """Cuts the content out of a plane (H, W) of the model's size, turns and scales it back to the region's."""
        content = plane[self.window]
        upright = cv2.rotate(content, cv2.ROTATE_90_CLOCKWISE) if self.rotated else content
        return _resize(upright, (self.region.height, self.region.width))

    def placed(self, part: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Puts what belongs to the region, (..., h, w), into zeros (..., H, W) of the frame's size."""
        if self.is_whole:
            return part
        whole = np.zeros((*part.shape[:-2], *self.frame), part.dtype)
        whole[(..., *self.region.window)] = part
        return whole


def largest_scale(size: tuple[float, float], model: Size) -> float:
    """The largest scale at which a size fits into the model's, both (height, width)."""
    return min(model[0] / size[0], model[1] / size[1])


def check_frame(frame: object, size: Size | None = None) -> Frame:
    """Makes sure that an object is a frame.

    Args:
        frame: anything.
        size: the (height, width) that it must have; none takes any.

    Returns:
        The frame, (H, W, 3) uint8, C-contiguous; a copy only where it was not.

    Raises:
        InvalidInputError: it is not an array of that kind; the message says how to make it one.
    """
    if not isinstance(frame, np.ndarray):
        is_path = isinstance(frame, str | Path)
        remedy = "mobilevos_sdk.video.open_frames reads files" if is_path else "pass numpy.asarray(frame)"
        raise InvalidInputError(
            f"a frame must be a numpy array (height, width, 3) of uint8 RGB, not {type(frame).__name__}; {remedy}"
        )
    if frame.ndim == 2 or (frame.ndim == 3 and frame.shape[2] == 1):
        raise InvalidInputError("the frame is grey; make it RGB with cv2.cvtColor(frame, cv2.COLOR_GRAY2RGB)")
    if frame.ndim == 3 and frame.shape[2] == 4:
        raise InvalidInputError("the frame has four channels; drop alpha with cv2.cvtColor(frame, cv2.COLOR_BGRA2RGB)")
    if frame.ndim != 3 or frame.shape[2] != 3:
        raise InvalidInputError(
            f"the frame has shape {frame.shape}; it must be (height, width, 3), one frame at a time"
        )
    if frame.dtype != np.uint8:
        raise InvalidInputError(
            f"the frame is of {frame.dtype}; it must be uint8 with values 0 to 255: "
            "a float image in 0..1 becomes one with (frame * 255).astype('uint8')"
        )
    height, width = frame.shape[:2]
    if min(height, width) < SMALLEST_SIDE:
        raise InvalidInputError(
            f"the frame is {width}x{height}; it must be {SMALLEST_SIDE} pixels or more on each side"
        )
    if size is not None and (height, width) != size:
        raise InvalidInputError(
            f"the frame is {width}x{height} but the video began with {size[1]}x{size[0]}; "
            "resize it, or start a new session for the new size"
        )
    return np.ascontiguousarray(frame)


def new_frame_tensor(fit: Fit, border: tuple[int, int, int]) -> FloatArray:
    """A (1, H, W, 3) float32 tensor filled with the border's colour, for `fit_frame` to write to again and again."""
    tensor = np.empty((1, *fit.model, 3), np.float32)
    tensor[...] = border
    return tensor


def fit_frame(frame: Frame, fit: Fit, out: FloatArray, border: tuple[int, int, int] | None = None) -> None:
    """Writes a checked frame into a tensor (1, H, W, 3) float32 in 0..255.

    Args:
        frame: the frame.
        fit: where it lies.
        out: the tensor.
        border: the colour around it; none leaves what is there, which is right where the fit stays the same.
    """
    rows, columns = fit.window
    if border is not None:
        out[0, : rows.start] = out[0, rows.stop :] = border
        out[0, rows, : columns.start] = out[0, rows, columns.stop :] = border
    out[0, rows, columns] = fit.inward(frame)


def fit_masks(mask: Mask, ids: Sequence[int], fit: Fit) -> FloatArray:
    """Fits the masks of some objects to the model's size.

    Each value is the share of the cell that the object covers, so that a small object does not vanish.

    Args:
        mask: (H, W) object ids at the frame's size.
        ids: the objects.
        fit: where the frame lies.

    Returns:
        (1, H, W, N) float32 in 0..1, 0 in the border.
    """
    return fit_planes(((mask == object_id).astype(np.float32) for object_id in ids), fit)


def probability_planes(probabilities: FloatArray, fit: Fit) -> FloatArray:
    """Maps the model's probabilities (1, H, W, N) to the frame's own size: (N, H, W) float32."""
    planes = [fit.outward(np.ascontiguousarray(probabilities[0, ..., n])) for n in range(probabilities.shape[3])]
    return fit.placed(np.stack(planes)) if planes else np.zeros((0, *fit.frame), np.float32)


def fit_planes(planes: Iterable[FloatArray], fit: Fit) -> FloatArray:
    """Fits planes (H, W) of the frame's size to the model's: (1, H, W, N) float32, 0 in the border."""
    fitted = [fit.inward(plane) for plane in planes]
    tensor = np.zeros((1, *fit.model, len(fitted)), np.float32)
    for position, plane in enumerate(fitted):
        tensor[(0, *fit.window, position)] = plane
    return tensor


def label(probabilities: FloatArray, ids: Sequence[int], fit: Fit) -> Mask:
    """Gives every pixel of the frame to the most probable of background and objects.

    One object needs a comparison only, several a running maximum: an argmax over stacked maps costs several times more.

    Args:
        probabilities: (1, H, W, N or more) float32 at the model's size; the background's is 1 minus the sum of N.
        ids: of the first N channels; 0 for an object that counts as background.
        fit: where the frame lies.

    Returns:
        (H, W) uint8 object ids at the frame's size.
    """
    planes = [fit.outward(np.ascontiguousarray(probabilities[0, ..., n])) for n in range(len(ids))]
    if len(planes) == 1:
        return fit.placed((planes[0] > 0.5).view(np.uint8) * np.uint8(ids[0]))
    best = 1.0 - sum(planes[1:], planes[0])
    labels = np.zeros(best.shape, np.uint8)
    for object_id, plane in zip(ids, planes, strict=True):
        np.copyto(labels, np.uint8(object_id), where=plane > best)
        np.maximum(best, plane, out=best)
    return fit.placed(labels)


def _scaled(side: int, scale: float, limit: int) -> int:
    return min(max(round(side * scale), 1), limit)


def _resize(image: npt.NDArray[Any], size: Size) -> npt.NDArray[Any]:
    """Scales to (height, width): the mean over the area when it shrinks, bilinear otherwise."""
    if image.shape[:2] == size:
        return image
    shrinks = size[0] * size[1] < image.shape[0] * image.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    scaled: npt.NDArray[Any] = cv2.resize(image, size[::-1], interpolation=method)
    return scaled
