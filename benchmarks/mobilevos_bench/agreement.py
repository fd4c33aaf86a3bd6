"""Sets the recordings of two machines against each other, mask by mask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from mobilevos_bench.agreement_results import AgreementResult, CaseAgreement, FrameAgreement, Side
from mobilevos_bench.compare_settings import differences, fields_of
from mobilevos_bench.recording import NOTE, Note, RecordedFrame, Recording
from mobilevos_sdk.errors import InvalidInputError
from mobilevos_sdk.metrics import region_similarity

# Processors add in different orders, so a pixel on an edge may go either way; nothing else may.
LEAST_EQUAL_SHARE = 0.999
# A small object may vanish within a thousandth of the pixels.
LEAST_IOU = 0.99


def agree(first: Path, second: Path, least_equal_share: float, least_iou: float) -> AgreementResult:
    """Compares two folders of recordings.

    Args:
        first: the machine that the other is held against.
        second: the other one.
        least_equal_share: of a frame's pixels, that passes.
        least_iou: of an object in a frame, that passes.

    Raises:
        InvalidInputError: a folder has no recordings, or one that the other does not have; a pair is of two settings;
            a file cannot be used.
    """
    one, other = _recordings(first), _recordings(second)
    if one.keys() != other.keys():
        name = min(one.keys() ^ other.keys())
        where, missing = (first, second) if name in one else (second, first)
        raise InvalidInputError(f"{where} has a recording {name}, {missing} does not; record it there too")
    cases = tuple(compare_recordings(one[name], other[name]) for name in one)
    sides = [_side([recording.note for recording in found.values()]) for found in (one, other)]
    return AgreementResult(sides[0], sides[1], least_equal_share, least_iou, cases)


def compare_recordings(first: Recording, second: Recording) -> CaseAgreement:
    """Compares two recordings, frame by frame.

    Raises:
        InvalidInputError: they are of two settings, or a frame cannot be used.
    """
    one, other = first.note, second.note
    differ = differences(_subject(one), _subject(other))
    if differ:
        raise InvalidInputError(f"{first.folder} and {second.folder} differ in {', '.join(differ)}; record both alike")
    return CaseAgreement(
        name=first.folder.name,
        setting=one.setting,
        artifact=one.artifact,
        seconds=(one.seconds / one.frames, other.seconds / other.frames),
        frames=tuple(_compare_frame(first, second, index) for index in range(1, one.frames + 1)),
    )


def _recordings(folder: Path) -> dict[str, Recording]:
    found = {path.parent.name: Recording.open(path.parent) for path in sorted(folder.glob(f"*/{NOTE}"))}
    if not found:
        raise InvalidInputError(f"{folder} has no recording; make some with 'vos-bench record'")
    return found


def _side(notes: Sequence[Note]) -> Side:
    """The machine that made some recordings.

    Raises:
        InvalidInputError: they are of several machines or versions.
    """
    newest = max(notes, key=lambda note: note.origin.date)
    for note in notes:
        differ = differences(_maker(note), _maker(newest))
        if differ:
            raise InvalidInputError(
                f"recordings in one folder differ in {', '.join(differ)}; give each machine a folder of its own"
            )
    return Side(newest.origin, newest.label)


def _maker(note: Note) -> dict[str, object]:
    return {**fields_of(note.origin.machine), **note.origin.versions, "label": note.label}


def _subject(note: Note) -> dict[str, object]:
    """What two recordings must have in common. Threads are the machine's own, and the clip may be decoded otherwise."""
    setting = fields_of(replace(note.setting, threads=0))
    artifact = {"artifact": note.artifact.sha256, "runtime": note.artifact.runtime}
    return {**setting, **artifact, "object ids": note.object_ids, "frames": note.frames}


def _compare_frame(first: Recording, second: Recording, index: int) -> FrameAgreement:
    one, other = _frame(first, index), _frame(second, index)
    return FrameAgreement(
        input_error=int(cv2.absdiff(one.pixels, other.pixels).max()),
        different_pixels=int(np.count_nonzero(one.mask != other.mask)),
        ious=tuple(region_similarity(one.mask == number, other.mask == number) for number in first.note.object_ids),
        probability_error=float(np.abs(one.probabilities - other.probabilities).max()),
    )


def _frame(recording: Recording, index: int) -> RecordedFrame:
    """A frame of a recording, checked against its note."""
    frame, setting, ids = recording.frame(index), recording.note.setting, recording.note.object_ids
    size = (setting.clip_height, setting.clip_width)
    if [array.shape for array in frame] != [(*size, 3), size, (len(ids), *size)]:
        raise InvalidInputError(
            f"frame {index} of {recording.folder} is of another size than its note says; delete it and record again"
        )
    if not np.isfinite(frame.probabilities).all():
        raise InvalidInputError(
            f"frame {index} of {recording.folder} has probabilities that are not finite, so that machine computes "
            "wrongly; upgrade its runtime"
        )
    return frame
