"""Recordings: what one machine makes of a clip, kept to be set against another machine's.

A recording is a folder with `note.json`, which is written last, and for each frame but the first, whose mask is given,
an `.npz` of its pixels, mask and probabilities. The recordings of a machine lie side by side in one folder.
"""

from __future__ import annotations

import hashlib
import io
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mobilevos_bench.records import decode, encode
from mobilevos_bench.results import ArtifactFile, Origin, Setting
from mobilevos_bench.workload import Frame, Mask, Workload
from mobilevos_sdk.errors import InvalidInputError
from mobilevos_sdk.files import write_atomically
from mobilevos_sdk.masks import object_ids

NOTE = "note.json"


class RecordedFrame(NamedTuple):
    """A frame (H, W, 3) uint8 RGB as it was decoded, its mask (H, W) uint8, and (N, H, W) float32 probabilities."""

    pixels: Frame
    mask: Mask
    probabilities: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Note:
    """What a recording is of.

    Attributes:
        setting: what was run.
        artifact: the file that was run.
        origin: how and where the recording was made.
        label: what the machine cannot say of itself, such as the emulator that it runs in; may be empty.
        object_ids: those that were followed, in the order of the probabilities.
        frames: how many were recorded, the first, whose mask is given, not counted.
        clip_sha256: hex SHA-256 of the decoded frames, the first one too.
        seconds: that all frames took, opening the model and the first frame included.
    """

    setting: Setting
    artifact: ArtifactFile
    origin: Origin
    label: str
    object_ids: tuple[int, ...]
    frames: int
    clip_sha256: str
    seconds: float

    def repeats(self, other: Note) -> bool:
        """Whether both are of the same clean commit and differ in nothing but date, load and time taken."""
        commit = self.origin.commit
        return commit is not None and not commit.dirty and self._identity() == other._identity()

    def _identity(self) -> Note:
        origin = replace(self.origin, command="", date="", busy_cores=None)
        return replace(self, origin=origin, seconds=0.0)


@dataclass(frozen=True)
class Recording:
    """A recording on disk."""

    folder: Path
    note: Note

    @classmethod
    def open(cls, folder: Path) -> Recording:
        """Reads the note of a recording.

        Raises:
            InvalidInputError: there is none, or it is not one of `vos-bench record`.
        """
        try:
            data = json.loads((folder / NOTE).read_text())
        except (OSError, ValueError) as error:
            raise InvalidInputError(
                f"no complete recording in {folder} ({error}); make it with 'vos-bench record'"
            ) from error
        return cls(folder, decode(Note, data, str(folder / NOTE)))

    def frame(self, index: int) -> RecordedFrame:
        """A frame, from 1 on.

        Raises:
            InvalidInputError: the file is missing or damaged.
        """
        path = frame_path(self.folder, index)
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return RecordedFrame(**arrays)
        except Exception as error:  # numpy raises OSError, ValueError, BadZipFile and others on damage
            raise InvalidInputError(
                f"{path} cannot be read ({error}); delete {self.folder} and record again"
            ) from error


def frame_path(folder: Path, index: int) -> Path:
    """The file of a frame."""
    return folder / f"{index:05d}.npz"


def recording_name(workload: Workload, runtime: str) -> str:
    """The name of a recording's folder: `cups.mp4-mobilenetv2-litert-2`."""
    return f"{workload.clip.name}-{workload.artifacts[runtime].stem}-{runtime}-{workload.objects}"


def write_frame(folder: Path, index: int, frame: RecordedFrame) -> None:
    """Writes a frame of a recording.

    Raises:
        MobileVOSError: the file cannot be written.
    """
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **frame._asdict())
    write_atomically(frame_path(folder, index), buffer.getvalue())


def write_note(folder: Path, note: Note) -> None:
    """Writes what completes a recording.

    Raises:
        MobileVOSError: the file cannot be written.
    """
    write_atomically(folder / NOTE, json.dumps(encode(note), indent=1) + "\n")


def record(
    workload: Workload, runtime: str, count: int, root: Path, origin: Origin, label: str, on_frame: Callable[[], None]
) -> bool:
    """Follows the clip on one runtime, and keeps what comes out; a recording that would be repeated is kept instead.

    Args:
        workload: model and video.
        runtime: what runs the model.
        count: frames after the first.
        root: gets the recording's folder.
        origin: how the recording is made.
        label: see `Note`.
        on_frame: called after every frame.

    Returns:
        Whether a recording was made: false where there was one.

    Raises:
        InvalidInputError: the clip has too few frames.
        MobileVOSError: the model cannot be run, or a file cannot be written.
    """
    frames = workload.first_frames(count + 1)
    if len(frames) <= count:
        raise InvalidInputError(f"{workload.clip} has {len(frames)} frames, not {count + 1}; lower --frames")
    folder = root / recording_name(workload, runtime)
    setting, artifact, ids = workload.setting(), workload.artifact(runtime), object_ids(workload.mask)
    note = Note(setting, artifact, origin, label, ids, count, _digest(frames), 0.0)
    if (folder / NOTE).is_file() and Recording.open(folder).note.repeats(note):
        return False
    (folder / NOTE).unlink(missing_ok=True)
    started = time.perf_counter()
    for result in workload.open(runtime).track(frames, workload.mask):
        if result.index:
            found = RecordedFrame(frames[result.index], result.mask, result.probabilities)
            write_frame(folder, result.index, found)
            on_frame()
    write_note(folder, replace(note, seconds=time.perf_counter() - started))
    return True


def _digest(frames: list[Frame]) -> str:
    digest = hashlib.sha256()
    for frame in frames:
        digest.update(np.ascontiguousarray(frame).data)
    return digest.hexdigest()
