"""What the Python SDK's Session gives for videos and calls, written for the Java core to be compared with.

Each case is a list of calls in the order in which they are made, with the mask that the SDK gives after each.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mobilevos_sdk import Segmenter
from mobilevos_sdk.masks import read_mask
from mobilevos_sdk.options import RuntimeOptions
from mobilevos_sdk.passes import Passes
from mobilevos_sdk.results import FrameResult
from mobilevos_sdk.session import Session
from mobilevos_sdk.video import open_frames

SAMPLES = Path(__file__).parents[2] / "samples"
JUGGLE, JUGGLE_MASK = SAMPLES / "juggle.mp4", SAMPLES / "juggle-first-mask.png"
MAN, BALL = 1, 2
FRAMES = 31


@dataclass
class Case:
    """Makes calls on a Session and writes down what they gave."""

    folder: Path
    name: str
    artifact: Path
    frames: Sequence[np.ndarray]
    zoom: bool = True
    calls: list[dict[str, Any]] = field(default_factory=list)
    session: Session | None = None

    def start(self, mask: np.ndarray) -> None:
        self.session = self._segmenter().start(self.frames[0], mask)
        self._note("start", self.session.last_result, mask=mask, frame=0)

    def steps(self, begin: int, end: int) -> None:
        for index in range(begin, end):
            self._note("step", self._session.step(self.frames[index]), frame=index)

    def passes(self, mask: np.ndarray) -> None:
        """Follows more objects than the artifact does at once, through all frames."""
        session = Passes(self._segmenter()).start(self.frames[0], mask)
        self._note("start passes", session.first_result, mask=mask, frame=0)
        for index in range(1, len(self.frames)):
            self._note("step passes", session.step(self.frames[index]), frame=index)

    def add(self, mask: np.ndarray) -> None:
        self._note("add", self._session.add_objects(mask), mask=mask)

    def correct(self, mask: np.ndarray) -> None:
        self._note("correct", self._session.correct(mask), mask=mask)

    def remove(self, *ids: int) -> None:
        self._session.remove_objects(*ids)
        self._note("remove", self._session.last_result, ids=ids, object_ids=self._session.object_ids)

    def index(self) -> dict[str, Any]:
        """Writes the frames, and gives the case as the index has it."""
        (self.folder / f"{self.name}.rgb").write_bytes(np.stack(self.frames).tobytes())
        height, width = self.frames[0].shape[:2]
        return {
            "name": self.name,
            "artifact": str(self.artifact),
            "zoom": self.zoom,
            "width": width,
            "height": height,
            "frames": f"{self.name}.rgb",
            "calls": self.calls,
        }

    @property
    def _session(self) -> Session:
        assert self.session is not None
        return self.session

    def _segmenter(self) -> Segmenter:
        options = RuntimeOptions(runtime="litert", threads=1, zoom=self.zoom)
        return Segmenter.from_artifact(self.artifact, options=options)

    def _note(self, call: str, result: FrameResult, mask: np.ndarray | None = None, **values: Any) -> None:
        stem = f"{self.name}-{len(self.calls):03d}"
        (self.folder / f"{stem}.ids").write_bytes(result.mask.tobytes())
        entry = {"call": call, "object_ids": list(result.object_ids), **values, "result": f"{stem}.ids"}
        if mask is not None:
            (self.folder / f"{stem}-given.ids").write_bytes(np.ascontiguousarray(mask, np.uint8).tobytes())
            entry["mask"] = f"{stem}-given.ids"
        self.calls.append(entry)


def write(folder: Path, artifact: Path, shared_memory_artifact: Path | None) -> None:
    """Writes all cases.

    Args:
        folder: where `session/` is made.
        artifact: a .tflite artifact with weights that were trained.
        shared_memory_artifact: one of the AOT family; none leaves its case out.
    """
    folder = folder / "session"
    folder.mkdir(parents=True)
    frames = list(islice(open_frames(JUGGLE), FRAMES))
    both = read_mask(JUGGLE_MASK)
    cases = [_one(folder, artifact, frames, both), _calls(folder, artifact, frames, both, "calls")]
    cases.append(_jumps(folder, artifact, frames, both, "jumps"))
    cases.append(_portrait(folder, artifact, frames, both))
    cases.append(_whole(folder, artifact, frames, both))
    cases.append(_hidden(folder, artifact, frames, both))
    cases.append(_passes(folder, artifact, frames, both))
    if shared_memory_artifact is not None:
        cases.append(_calls(folder, shared_memory_artifact, frames, both, "shared-memory"))
        cases.append(_jumps(folder, shared_memory_artifact, frames, both, "shared-memory-jumps"))
    (folder / "index.json").write_text(json.dumps([case.index() for case in cases], indent=1))


def _one(folder: Path, artifact: Path, frames: list[np.ndarray], both: np.ndarray) -> Case:
    case = Case(folder, "one", artifact, frames)
    case.start(np.where(both == MAN, 9, 0).astype(np.uint8))
    case.steps(1, FRAMES)
    return case


def _calls(folder: Path, artifact: Path, frames: list[np.ndarray], both: np.ndarray, name: str) -> Case:
    """Objects that come, are corrected, and go, on small frames."""
    small = [cv2.resize(frame, (480, 272), interpolation=cv2.INTER_AREA) for frame in frames[:12]]
    mask = cv2.resize(both, (480, 272), interpolation=cv2.INTER_NEAREST)
    case = Case(folder, name, artifact, small)
    case.start(np.where(mask == MAN, 200, 0).astype(np.uint8))
    case.steps(1, 3)
    case.add(np.where(mask == BALL, 3, 0).astype(np.uint8))
    case.steps(3, 5)
    corner = np.zeros_like(mask)
    corner[20:90, 30:120] = 77
    case.add(corner)
    case.steps(5, 7)
    case.correct(np.where(mask == MAN, 200, 0).astype(np.uint8))
    case.steps(7, 9)
    case.remove(3)
    case.steps(9, 10)
    case.remove(200)
    case.add(np.where(mask == BALL, 200, 0).astype(np.uint8))  # an id that was another object's a moment ago
    case.remove(200, 77)
    case.add(np.where(mask == BALL, 5, 0).astype(np.uint8))
    case.steps(10, 12)
    return case


def _jumps(folder: Path, artifact: Path, frames: list[np.ndarray], both: np.ndarray, name: str) -> Case:
    """A small object, and others that are given where the model does not look."""
    case = Case(folder, name, artifact, frames[:10])
    case.start(np.where(both == BALL, BALL, 0).astype(np.uint8))
    case.steps(1, 4)
    below, corner = np.zeros_like(both, np.uint8), np.zeros_like(both, np.uint8)
    below[440:500, 560:620] = 7
    corner[20:90, 30:120] = BALL
    case.add(below)
    case.steps(4, 6)
    case.remove(7)
    case.steps(6, 8)
    case.correct(corner)
    case.steps(8, 10)
    return case


def _portrait(folder: Path, artifact: Path, frames: list[np.ndarray], both: np.ndarray) -> Case:
    """Frames higher than wide, which the model sees turned."""
    cut = slice(300, 860)
    case = Case(folder, "portrait", artifact, [np.ascontiguousarray(frame[:, cut]) for frame in frames[:8]])
    mask = np.ascontiguousarray(both[:, cut])
    case.start(np.where(mask == BALL, BALL, 0).astype(np.uint8))
    case.steps(1, 4)
    case.add(np.where(mask == MAN, MAN, 0).astype(np.uint8))
    case.steps(4, 8)
    return case


def _whole(folder: Path, artifact: Path, frames: list[np.ndarray], both: np.ndarray) -> Case:
    """Frames that the model sees as they are."""
    case = Case(folder, "whole", artifact, frames[:6], zoom=False)
    case.start(np.where(both == MAN, MAN, 0).astype(np.uint8))
    case.steps(1, 4)
    case.add(np.where(both == BALL, BALL, 0).astype(np.uint8))
    case.steps(4, 6)
    return case


def _hidden(folder: Path, artifact: Path, frames: list[np.ndarray], both: np.ndarray) -> Case:
    """The man is behind a grey wall for some frames, in which another object joins; the ball is seen all the time."""
    seen = [frame.copy() for frame in frames[:12]]
    rows, columns = np.nonzero(both == MAN)
    top, left = max(rows.min() - 40, 0), max(columns.min() - 40, 0)
    for frame in seen[3:7]:
        ball = frame[both == BALL]
        frame[top : rows.max() + 40, left : columns.max() + 40] = 128
        frame[both == BALL] = ball
    case = Case(folder, "hidden", artifact, seen)
    case.start(both)
    case.steps(1, 5)
    assert case.calls and case.session is not None
    assert case.session._hidden, "something is hidden, and it is not all"
    assert len(case.session._hidden) < len(case.session.object_ids)
    corner = np.zeros_like(both)
    corner[20:90, 30:120] = 7
    case.add(corner)
    case.steps(5, 12)
    return case


def _passes(folder: Path, artifact: Path, frames: list[np.ndarray], both: np.ndarray) -> Case:
    """The man and the ball, and four squares of the background, with a model that follows four."""
    mask = both.copy()
    for number in range(4):
        mask[40 + 150 * number :, 20 + 60 * number :][:100, :50] = 101 + number
    case = Case(folder, "passes", artifact, frames[:4])
    case.passes(mask)
    return case
