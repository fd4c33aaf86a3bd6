"""Where `vos-track` writes: checks the places before the work starts, then writes frame by frame."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np

from mobilevos_sdk.cli.common import UsageError
from mobilevos_sdk.draw import overlay
from mobilevos_sdk.errors import VideoError
from mobilevos_sdk.files import unwritable
from mobilevos_sdk.masks import write_mask
from mobilevos_sdk.results import FrameResult
from mobilevos_sdk.video import FrameSource, VideoWriter


@dataclass(frozen=True)
class Targets:
    """The overlay video and the folder of masks; one of them may be none."""

    video: Path | None
    masks: Path | None

    @classmethod
    def of(cls, source: str, mask: str | None, out: str | None, masks: str | None) -> Targets:
        """Decides the places, and makes sure that nothing which is read would be overwritten.

        Raises:
            UsageError: an output would replace an input.
        """
        video = Path(out) if out else None if masks else Path(f"{_stem(source)}-overlay.mp4")
        inputs = [Path(path) for path in (source, mask) if path]
        for path in inputs:
            if video and any(_same(target, path) for target in (video, VideoWriter.partial_path(video))):
                raise UsageError(f"--out {video} would overwrite {path}, which is read; choose another name")
            folder = path if path.is_dir() else path.parent if path.suffix.lower() == ".png" else None
            if masks and folder and _same(Path(masks), folder):
                raise UsageError(f"--masks {masks} may overwrite what is read from there; choose another folder")
        return cls(video, Path(masks) if masks else None)


class Outputs:
    """Writes the overlay and the masks of each frame. A context manager: closing finishes what was begun."""

    def __init__(self, targets: Targets, source: FrameSource) -> None:
        """Fails now where a place cannot be written.

        Raises:
            VideoError, InvalidInputError: a folder that cannot be written, a full disk, a name that is no MP4 file's.
        """
        self._source = source
        self._masks = targets.masks
        self._written = 0
        self._made_folder = targets.masks is not None and _make_writable(targets.masks)
        self._video = VideoWriter(targets.video, source.fps) if targets.video else None

    def write(self, frame: np.ndarray, result: FrameResult) -> None:
        """Writes one frame (H, W, 3) uint8 RGB and its result.

        Raises:
            VideoError: the disk is full, or the encoder failed.
        """
        if self._masks is not None:
            write_mask(self._masks / f"{self._source.frame_name(result.index)}.png", result.mask)
            self._written += 1
        if self._video is not None:
            self._video.write(overlay(frame, result.mask))

    def files(self) -> dict[str, str]:
        """What has been written: `overlay` and `masks`."""
        files = {}
        if self._video is not None and self._video.frames and self._video.path.exists():
            files["overlay"] = str(self._video.path)
        if self._masks is not None and self._written:
            files["masks"] = str(self._masks)
        return files

    def __enter__(self) -> Outputs:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._masks is not None and self._made_folder and not self._written:
            self._masks.rmdir()
        if self._video is None:
            return
        try:
            self._video.close()
        except VideoError:
            if error is None:  # else the first error says why the second one came
                raise


def _make_writable(folder: Path) -> bool:
    """Makes the folder and tries to write into it; whether it is new."""
    trial = folder / ".mobilevos-trial"
    try:
        new = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        trial.write_bytes(b"\0")
        trial.unlink()
    except OSError as error:
        raise VideoError(unwritable(folder, error)) from error
    return new


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve() or (one.exists() and other.exists() and one.samefile(other))


def _stem(source: str) -> str:
    """A file name made of a source: `clip` for `videos/clip.mov`, `camera0` for the camera 0."""
    if source.isdecimal() and not Path(source).exists():
        return f"camera{source}"
    path = Path(source).resolve()
    name = path.name if path.is_dir() else path.stem
    return re.sub(r"[^\w.-]+", "-", name) or "video"
