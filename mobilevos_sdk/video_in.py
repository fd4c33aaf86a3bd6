"""Frames from a video file, a folder of images or a camera, one at a time: memory use does not grow with the length."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mobilevos_sdk.display_matrix import upright
from mobilevos_sdk.errors import VideoError

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
# Frames a second of a folder, which cannot say: DAVIS's own rate.
FOLDER_FPS = Fraction(24)
# Frames a second of a camera or a file that does not say.
UNKNOWN_FPS = Fraction(30)
# Two decoder threads keep far ahead of any model, and more would hold more frames in memory.
DECODER_THREADS = 2


class FrameSource(ABC):
    """Frames of one video, all of one size. Iterating decodes them one by one.

    Attributes:
        name: what the user called it, for messages.
        fps: frames a second.
        count: how many frames there are, as far as the container says; none where it does not. Good for progress only.
        first: the first frame, (H, W, 3) uint8 RGB.
    """

    name: str
    fps: Fraction
    count: int | None
    first: np.ndarray

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the frames in pixels, after a phone's rotation is undone."""
        return self.first.shape[0], self.first.shape[1]

    def frame_name(self, index: int) -> str:
        """The name of a frame, as the stem of files that are written for it: `00000`."""
        return f"{index:05d}"

    def __iter__(self) -> Iterator[np.ndarray]:
        """Yields (H, W, 3) uint8 RGB frames from the first on.

        Raises:
            VideoError: a frame cannot be read or has another size than the first; those before it have been yielded.
        """
        for index, frame in enumerate(self._frames()):
            if frame.shape != self.first.shape:
                raise VideoError(
                    f"frame {index} of {self.name} is {_size_text(frame)}, the first was {_size_text(self.first)}; "
                    "split the video where its size changes, or scale it to one size"
                )
            yield frame

    @abstractmethod
    def _frames(self) -> Iterator[np.ndarray]:
        """Decodes from the first frame on."""


def open_frames(source: str | Path, fps: Fraction | None = None) -> FrameSource:
    """Opens a video file, a folder of frames, or a camera by its index, and reads the first frame.

    Args:
        source: a file that FFmpeg reads, a folder with .jpg, .png, .webp or .bmp frames (in natural order of their
            names), or the index of a camera, such as "0".
        fps: frames a second, where the source should not decide.

    Raises:
        VideoError: nothing there, not a video, no frames, or not readable.
    """
    path = Path(source)
    if path.is_dir():
        opened: FrameSource = FrameFolder(path)
    elif str(source).isdecimal() and not path.exists():
        opened = Camera(int(str(source)))
    else:
        opened = VideoFile(path)
    opened.fps = fps or opened.fps
    return opened


class VideoFile(FrameSource):
    """A video file, decoded in order by FFmpeg; a phone's rotation is undone. Every iteration starts again."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise VideoError(f"no video at {path}; pass a video file, a folder of frames, or a camera's index (0)")
        self.path = path
        self.name = str(path)
        with self._open() as container:
            stream = container.streams.video[0]
            self.fps = stream.average_rate or stream.guessed_rate or UNKNOWN_FPS
            self.count = stream.frames or _frames_by_duration(container, stream, self.fps)
            picture = next(self._pictures(container), None)
            if picture is None:
                raise VideoError(f"{path} has no frames that can be read; check that the copy is complete")
            # One matrix holds for the stream. `side_data` and its picture refer to each other, and a picture that waits
            # for Python to collect cycles keeps its decoder's memory: so it is asked once, and its bytes are copied.
            matrix = picture.side_data.get("DISPLAYMATRIX")
            self._matrix = None if matrix is None else bytes(matrix)
            self.first = self._upright(picture)

    def _open(self) -> Any:
        import av

        try:
            container = av.open(str(self.path))
        except PermissionError as error:
            raise VideoError(f"{self.path} cannot be read: permission denied; check the file's permissions") from error
        except (av.FFmpegError, OSError) as error:
            raise self._unreadable() from error
        if not container.streams.video:
            sound = len(container.streams.audio)
            container.close()
            if sound:
                raise VideoError(f"{self.path} holds sound but no pictures; pass a video")
            raise self._unreadable()
        return container

    def _frames(self) -> Iterator[np.ndarray]:
        with self._open() as container:
            yield from map(self._upright, self._pictures(container))

    def _upright(self, picture: Any) -> np.ndarray:
        return upright(picture.to_ndarray(format="rgb24"), self._matrix)

    def _pictures(self, container: Any) -> Iterator[Any]:
        import av

        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = DECODER_THREADS
        index = 0
        try:
            for picture in container.decode(stream):
                yield picture
                index += 1
        except (av.FFmpegError, OSError) as error:
            raise self._damaged(index) from error
        if _is_cut_off(stream, self.path):
            raise self._damaged(index)

    def _unreadable(self) -> VideoError:
        return VideoError(
            f"{self.path} is not a video, or it is cut off and has lost its index; "
            "check that it plays and that the copy is complete"
        )

    def _damaged(self, frames: int) -> VideoError:
        return VideoError(
            f"{self.path} is cut off or damaged after {frames} frames, which were read; "
            "copy it again, or repair it with 'ffmpeg -i BROKEN -c:v libx264 REPAIRED.mp4'"
        )


class FrameFolder(FrameSource):
    """A folder of images in natural order (`2.png` before `10.png`); a frame's name is its file's stem."""

    def __init__(self, path: Path) -> None:
        try:
            files = [p for p in path.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES and not p.name.startswith(".")]
        except OSError as error:
            raise VideoError(f"{path} cannot be read ({error.strerror}); check the folder's permissions") from error
        if not files:
            raise VideoError(f"{path} holds no frames; expected files ending in {', '.join(IMAGE_SUFFIXES)}")
        self.files = tuple(sorted(files, key=lambda p: natural_key(p.name)))
        stems: dict[str, Path] = {}
        for file in self.files:
            if stems.setdefault(file.stem, file) != file:
                raise VideoError(
                    f"{path} holds both {stems[file.stem].name} and {file.name}; keep one image for each frame"
                )
        self.name = str(path)
        self.fps = FOLDER_FPS
        self.count = len(self.files)
        self.first = read_image(self.files[0])

    def frame_name(self, index: int) -> str:
        """The stem of the frame's own file."""
        return self.files[index].stem

    def _frames(self) -> Iterator[np.ndarray]:
        return map(read_image, self.files)


class Camera(FrameSource):
    """A camera by its index. It yields frames until it is closed or unplugged, and can be iterated once."""

    def __init__(self, index: int) -> None:
        self.name = f"camera {index}"
        self.count = None
        # OpenCV prints lines of its own about a camera that is not there; ours says it in one.
        level = cv2.utils.logging.getLogLevel()
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        self._capture = cv2.VideoCapture(index)
        cv2.utils.logging.setLogLevel(level)
        ok, first = self._capture.read()
        if not ok:
            self._capture.release()
            raise VideoError(f"camera {index} cannot be opened; check that it is plugged in and that it is not in use")
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self.fps = Fraction(rate).limit_denominator(1001) if rate > 0 else UNKNOWN_FPS
        self.first = cv2.cvtColor(first, cv2.COLOR_BGR2RGB)

    def _frames(self) -> Iterator[np.ndarray]:
        try:
            yield self.first
            while True:
                ok, frame = self._capture.read()
                if not ok:
                    return
                yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
        finally:
            self._capture.release()


def read_image(path: Path) -> np.ndarray:
    """Reads an image as (H, W, 3) uint8 RGB; a camera's EXIF rotation is undone, transparency is dropped.

    Raises:
        VideoError: the file cannot be read or is not an image.
    """
    try:
        # Through numpy and not cv2.imread, which cannot open every name on Windows.
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise VideoError(f"{path} cannot be read ({error.strerror}); check that it exists and may be read") from error
    image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if image is None:
        raise VideoError(f"{path} is not an image that can be read; check that the copy is complete")
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))


def natural_key(name: str) -> list[tuple[int, int | str]]:
    """A sort key that puts `frame2` before `frame10`."""
    parts = re.split(r"([0-9]+)", name.lower())
    return [(0, int(part)) if part.isdigit() else (1, part) for part in parts if part]


def _frames_by_duration(container: Any, stream: Any, fps: Fraction) -> int | None:
    if stream.duration and stream.time_base:
        return round(stream.duration * stream.time_base * fps) or None
    if container.duration:
        return round(Fraction(container.duration, 1_000_000) * fps) or None
    return None


def _is_cut_off(stream: Any, path: Path) -> bool:
    """Whether the container's index points behind the end of the file: FFmpeg ends such a video without an error."""
    end = max((entry.pos + entry.size for entry in stream.index_entries), default=0)
    return bool(end > path.stat().st_size)


def _size_text(frame: np.ndarray) -> str:
    return f"{frame.shape[1]}x{frame.shape[0]}"
