"""Between a caller's frames and masks and the model's tensors: checks, the fit to its size, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


@dataclass(frozen=True)
class Fit:
    """How frames of one size lie in the model's input: scaled with their aspect kept, centred, the rest is border.

    Sizes are (height, width) in pixels.

    Attributes:
        frame: the frame's own size.
        model: the model's size.
        rotated: whether the frame is turned by 90 degrees counter-clockwise, as a portrait video on a landscape model.
        content: the size of the scaled (and turned) frame within the model's input.
        offset: its top and left.
    """

    frame: Size
    model: Size
    rotated: bool
    content: Size
    offset: Size

    @classmethod
    def between(cls, frame: Size, model: Size) -> Fit:
        """Fits a frame's size into a model's size."""
        height, width = frame
        upright = min(model[0] / height, model[1] / width)
        turned = min(model[0] / width, model[1] / height)
        rotated = turned >= upright * ROTATION_GAIN
        scale = turned if rotated else upright
        sides = (width, height) if rotated else (height, width)
        content = (_scaled(sides[0], scale, model[0]), _scaled(sides[1], scale, model[1]))
        return cls(frame, model, rotated, content, ((model[0] - content[0]) // 2, (model[1] - content[1]) // 2))

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the content in the model's input."""
        top, left = self.offset
        return slice(top, top + self.content[0]), slice(left, left + self.content[1])

    def inward(self, image: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Scales an image (H, W) or (H, W, 3) of the frame's size to the content's size, and turns it."""
        upright = self.content[::-1] if self.rotated else self.content
        scaled = _resize(image, upright)
        return cv2.rotate(scaled, cv2.ROTATE_90_COUNTERCLOCKWISE) if self.rotated else scaled

    def outward(self, plane: FloatArray) -> FloatArray:
        """Cuts the content out of a plane (H, W) of the model's size, turns and scales it back to the frame's."""
        content = plane[self.window]
        return _resize(cv2.rotate(content, cv2.ROTATE_90_CLOCKWISE) if self.rotated else content, self.frame)


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


def fit_frame(frame: Frame, fit: Fit, out: FloatArray) -> None:
    """Writes a checked frame into a tensor (1, H, W, 3) float32 in 0..255; its border stays as it is."""
    out[0][fit.window] = fit.inward(frame)


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
    tensor = np.zeros((1, *fit.model, len(ids)), np.float32)
    rows, columns = fit.window
    for position, object_id in enumerate(ids):
        tensor[0, rows, columns, position] = fit.inward((mask == object_id).astype(np.float32))
    return tensor


def probability_planes(probabilities: FloatArray, fit: Fit) -> FloatArray:
    """Maps the model's probabilities (1, H, W, N) to the frame's own size: (N, H, W) float32."""
    planes = [fit.outward(np.ascontiguousarray(probabilities[0, ..., n])) for n in range(probabilities.shape[3])]
    return np.stack(planes) if planes else np.zeros((0, *fit.frame), np.float32)


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
        return (planes[0] > 0.5).view(np.uint8) * np.uint8(ids[0])
    best = 1.0 - sum(planes[1:], planes[0])
    labels = np.zeros(fit.frame, np.uint8)
    for object_id, plane in zip(ids, planes, strict=True):
        np.copyto(labels, np.uint8(object_id), where=plane > best)
        np.maximum(best, plane, out=best)
    return labels


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
