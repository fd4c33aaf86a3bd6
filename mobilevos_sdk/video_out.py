"""An H.264 file that browsers play, written so that neither Ctrl-C nor a kill nor a full disk loses what was done."""

from __future__ import annotations

import errno
import os
import shutil
import struct
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import cv2
import numpy as np

from mobilevos_sdk.errors import InvalidInputError, VideoError

VIDEO_SUFFIXES = (".mp4", ".m4v", ".mov")
# Below this a run cannot end well: refuse before the long work starts.
LEAST_FREE_BYTES = 4 * 2**20
# x264's constant rate factor (0 lossless, 51 worst): 20 shows no difference to the eye at normal viewing distance.
CRF = 20
# Half the time of x264's next slower preset, on the machine that runs the model too.
PRESET = "superfast"
# While it is written the file is fragmented: every fragment is complete in itself, so a kill leaves a playable file.
FRAGMENTED = {
    "movflags": "frag_keyframe+empty_moov+default_base_moof",
    "frag_duration": "500000",  # microseconds: what a kill can lose
    "flush_packets": "1",
}
# When it is complete the index moves to the front, so that players know the length and seek at once.
COMPLETE = {"movflags": "faststart"}
ITU709 = 1  # the matrix, primaries and transfer that players assume for video, in H.264's numbering
LIMITED_RANGE = 1


class VideoWriter:
    """Writes RGB frames as H.264 (yuv420p) in MP4 under `NAME.partial.mp4`, which becomes `NAME.mp4` on closing.

    Used as a context manager it closes in every case, and what was written until then stays as a playable file:

        with VideoWriter("overlay.mp4", source.fps) as writer:
            writer.write(frame)

    Attributes:
        path: where the finished file is.
        frames: how many frames have been written.
    """

    def __init__(self, path: str | Path, fps: Fraction | float) -> None:
        """Checks that the file can be written; the encoder starts with the first frame, which gives the size.

        Raises:
            InvalidInputError: not a name of an MP4 file.
            VideoError: the folder cannot be written, or its disk is full.
        """
        self.path = Path(path)
        if self.path.suffix.lower() not in VIDEO_SUFFIXES:
            raise InvalidInputError(f"'{self.path}' must end in {', '.join(VIDEO_SUFFIXES)}: the video is H.264 in MP4")
        self.partial = self.partial_path(self.path)
        self.fps = Fraction(fps).limit_denominator(1_000_000)
        self.frames = 0
        self._container: Any = None
        self._stream: Any = None
        self._shape: tuple[int, ...] = ()
        self._closed = False
        self._claim()

    @staticmethod
    def partial_path(path: Path) -> Path:
        """The name of the file while it is written."""
        return path.with_name(f"{path.stem}.partial{path.suffix}")

    def write(self, frame: np.ndarray) -> None:
        """Appends one (H, W, 3) uint8 RGB frame; an odd height or width gets its last row or column twice.

        Raises:
            InvalidInputError: another shape or type than the first frame's.
            VideoError: the disk is full or the encoder failed; what was written before is kept.
        """
        fits = frame.dtype == np.uint8 and frame.ndim == 3 and frame.shape[2] == 3
        if not fits or frame.shape != (self._shape or frame.shape):
            raise InvalidInputError(
                f"a frame of shape {frame.shape} and type {frame.dtype} does not fit the video "
                f"{self._shape or '(H, W, 3)'} uint8; pass RGB frames of one size"
            )
        if self._closed:
            raise VideoError(f"{self.path} is closed; open another VideoWriter")
        try:
            if self._container is None:
                self._open(frame.shape)
            self._mux(self._encodable(frame))
        except (OSError, ValueError, RuntimeError) as error:
            raise self._rescue(error) from error
        self.frames += 1

    def close(self) -> None:
        """Finishes the file under its own name; without a frame no file is left. Closing again does nothing.

        Raises:
            VideoError: the rest could not be written; the file under its own name holds what could be.
        """
        if self._closed:
            return
        if self._container is None:
            self._closed = True
            self.partial.unlink(missing_ok=True)
            return
        try:
            self._mux(None)
            self._container.close()
        except (OSError, ValueError, RuntimeError) as error:
            raise self._rescue(error) from error
        self._closed = True
        _move_index_to_front(self.partial)
        self.partial.replace(self.path)

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _claim(self) -> None:
        """Fails now rather than after an hour of tracking."""
        folder = self.path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if self.path.is_dir():
                raise VideoError(f"{self.path} is a folder; pass the name of a video file")
            self.partial.write_bytes(b"")
            free = shutil.disk_usage(folder).free
        except OSError as error:
            raise VideoError(f"{self.path} cannot be written ({error.strerror}); choose another folder") from error
        if free < LEAST_FREE_BYTES:
            self.partial.unlink(missing_ok=True)
            raise VideoError(f"the disk of {self.path} is full; free some space or write elsewhere")

    def _open(self, shape: tuple[int, ...]) -> None:
        import av

        self._shape = shape
        self._container = av.open(str(self.partial), "w", format="mp4", options=FRAGMENTED)
        self._stream = self._container.add_stream("libx264", rate=self.fps, options={"preset": PRESET, "crf": str(CRF)})
        self._stream.height, self._stream.width = (side + side % 2 for side in shape[:2])
        self._stream.pix_fmt = "yuv420p"
        codec = self._stream.codec_context
        codec.gop_size = max(round(2 * self.fps), 1)
        codec.colorspace = codec.color_primaries = codec.color_trc = ITU709
        codec.color_range = LIMITED_RANGE

    def _encodable(self, frame: np.ndarray) -> Any:
        import av

        odd_height, odd_width = frame.shape[0] % 2, frame.shape[1] % 2
        if odd_height or odd_width:
            frame = cv2.copyMakeBorder(frame, 0, odd_height, 0, odd_width, cv2.BORDER_REPLICATE)
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
        picture = picture.reformat(format="yuv420p", dst_colorspace=ITU709, dst_color_range=LIMITED_RANGE)
        picture.pts = self.frames
        picture.time_base = 1 / self.fps
        return picture

    def _mux(self, picture: Any) -> None:
        for packet in self._stream.encode(picture):
            self._container.mux(packet)

    def _rescue(self, error: Exception) -> VideoError:
        """Keeps the fragments that reached the disk, and says what happened."""
        self._closed = True
        with suppress(Exception):  # the muxer fails again on the same disk; its file handle is what must go
            self._container.close()
        kept = _keep_whole_fragments(self.partial)
        if kept:
            self.partial.replace(self.path)
        else:
            self.partial.unlink(missing_ok=True)
        outcome = f"the first {kept} frames are kept" if kept else "nothing could be kept"
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return VideoError(f"{self.path}: the disk is full; {outcome}; free some space or write elsewhere")
        return VideoError(f"{self.path} could not be written ({error}); {outcome}")


def _move_index_to_front(path: Path) -> None:
    """Copies the packets into a file with one index at its front; where that fails, the fragmented one stays."""
    import av

    complete = path.with_name(f"{path.stem}.index{path.suffix}")
    try:
        with av.open(str(path)) as source, av.open(str(complete), "w", format="mp4", options=COMPLETE) as target:
            stream = source.streams.video[0]
            copy = target.add_stream_from_template(stream)
            for packet in source.demux(stream):
                if packet.dts is not None:  # the last packet of a demuxer is empty
                    packet.stream = copy
                    target.mux(packet)
        complete.replace(path)
    except (OSError, ValueError, RuntimeError):
        complete.unlink(missing_ok=True)


def _keep_whole_fragments(path: Path) -> int:
    """Cuts a fragmented file behind its last fragment that is complete, and counts the frames that are left."""
    import av

    try:
        os.truncate(path, _end_of_last_fragment(path))
        with av.open(str(path)) as container:
            return sum(packet.dts is not None for packet in container.demux(video=0))
    except (OSError, ValueError, RuntimeError):
        return 0


def _end_of_last_fragment(path: Path) -> int:
    """The offset behind the last complete `mdat` box (ISO/IEC 14496-12, 4.2: 32-bit size, four letters, content)."""
    length, position, end = path.stat().st_size, 0, 0
    with path.open("rb") as file:
        while position + 8 <= length:
            file.seek(position)
            size, kind = struct.unpack(">I4s", file.read(8))
            position += size
            if size < 8 or position > length:
                break
            if kind == b"mdat":
                end = position
    return end
