"""The real frames and masks that artifacts are compared with PyTorch on."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mobilevos_sdk.backends.base import FloatArray
from mobilevos_sdk.errors import InvalidInputError
from mobilevos_sdk.masks import object_ids, read_mask
from mobilevos_sdk.processing import Fit, fit_frame, fit_masks, new_frame_tensor
from mobilevos_sdk.spec import ArtifactSpec
from mobilevos_sdk.video import open_frames

# The sample clip of a checkout of the repository.
SAMPLE = Path(__file__).parents[2] / "samples" / "cups.mp4"
MASK_SUFFIX = "-first-mask.png"


@dataclass(frozen=True)
class ParityClip:
    """Some first frames of a video.

    Attributes:
        name: the file's name.
        frames: (H, W, 3) uint8 RGB each.
        mask: (H, W) uint8 object ids on the first frame.
    """

    name: str
    frames: tuple[npt.NDArray[np.uint8], ...]
    mask: npt.NDArray[np.uint8]

    @classmethod
    def load(cls, clip: Path | None, mask: Path | None, count: int) -> ParityClip:
        """Reads the first `count` frames of a clip and the mask of the first.

        Args:
            clip: a video or a folder of frames; none takes the sample clip.
            mask: its first mask; none takes `<clip>-first-mask.png` beside the clip.
            count: frames to read.

        Raises:
            InvalidInputError: the clip or its mask is not there, the mask is of another size, or there are too few
                frames.
            VideoError: the clip cannot be read.
        """
        path = SAMPLE if clip is None else clip
        if not path.exists():
            raise InvalidInputError(
                f"no clip at {path} to compare the artifacts with PyTorch on; name one with --parity-clip, "
                f"with its first mask beside it as NAME{MASK_SUFFIX} or in --parity-mask"
            )
        mask_path = path.with_name(path.stem + MASK_SUFFIX) if mask is None else mask
        if not mask_path.exists():
            raise InvalidInputError(f"no first mask of {path.name} at {mask_path}; name it with --parity-mask")
        ids = read_mask(mask_path)
        frames = tuple(islice(open_frames(path), count))
        if len(frames) < count:
            raise InvalidInputError(f"{path.name} has {len(frames)} frames, the comparison takes {count}; take another")
        if ids.shape != frames[0].shape[:2]:
            raise InvalidInputError(f"{mask_path.name} is not of the size of {path.name}; take the clip's own mask")
        if not object_ids(ids):
            raise InvalidInputError(f"{mask_path.name} has no object; take a mask with at least one")
        return cls(path.name, frames, ids)

    def mask_of(self, objects: int) -> npt.NDArray[np.uint8]:
        """The mask of the first objects, as many as there are, the others as background."""
        kept = object_ids(self.mask)[:objects]
        return np.where(np.isin(self.mask, kept), self.mask, np.uint8(0))

    def frame_tensor(self, index: int, spec: ArtifactSpec) -> FloatArray:
        """A frame as the graphs take it: (1, H, W, 3) float32 in 0..255."""
        fit = self._fit(spec)
        tensor = new_frame_tensor(fit, spec.pad_rgb)
        fit_frame(self.frames[index], fit, tensor)
        return tensor

    def mask_tensor(self, objects: int, spec: ArtifactSpec) -> FloatArray:
        """The first masks of exactly so many objects: (1, H, W, N) float32 in 0..1.

        Objects that the clip does not have are its own, mirrored, so that each graph sees distinct masks of real shape.
        """
        own = fit_masks(self.mask, object_ids(self.mask), self._fit(spec))
        turns = [own, own[:, :, ::-1], own[:, ::-1], own[:, ::-1, ::-1]]
        repeats = -(-objects // own.shape[3])
        masks = np.concatenate([turns[index % len(turns)] for index in range(repeats)], 3)[..., :objects]
        return np.ascontiguousarray(masks / np.maximum(masks.sum(3, keepdims=True), 1.0))

    def _fit(self, spec: ArtifactSpec) -> Fit:
        height, width = self.mask.shape
        return Fit.between((height, width), (spec.height, spec.width))
