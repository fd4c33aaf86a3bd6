"""Two machines, mask by mask: what differs is counted exactly, a small object cannot hide, and misuse is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from toy_results import ARTIFACT, ORIGIN, SETTING

from mobilevos_bench import machine
from mobilevos_bench.agreement import LEAST_EQUAL_SHARE, LEAST_IOU, agree
from mobilevos_bench.agreement_report import agreement_rows
from mobilevos_bench.cli.bench import main
from mobilevos_bench.formats import from_data, to_text
from mobilevos_bench.recording import NOTE, Note, RecordedFrame, Recording, write_frame, write_note
from mobilevos_bench.results import Machine
from mobilevos_sdk.machine import Commit
from mobilevos_sdk.masks import read_mask
from mobilevos_sdk.segmenter import Segmenter
from mobilevos_sdk.video import open_frames

HEIGHT, WIDTH, FRAMES = 100, 200, 2
IDS = (7, 255)
TOY = replace(SETTING, objects=len(IDS), clip_height=HEIGHT, clip_width=WIDTH)
NOTE_HERE = Note(TOY, ARTIFACT, ORIGIN, "", IDS, FRAMES, "0" * 64, 1.0)
ARM = replace(ORIGIN, machine=Machine("Toy Arm", 8, "Linux aarch64", "3.11.2", ("asimd",)))
NOTE_THERE = replace(NOTE_HERE, origin=ARM, label="emulated toy", seconds=60.0, setting=replace(TOY, threads=8))


def frame() -> RecordedFrame:
    """An object of 2000 pixels, and one of four."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[20:60, 50:100] = IDS[0]
    mask[80:82, 80:82] = IDS[1]
    pixels = np.full((HEIGHT, WIDTH, 3), 100, np.uint8)
    return RecordedFrame(pixels, mask, np.stack([0.9 * (mask == number) for number in IDS]).astype(np.float32))


def recording(folder: Path, note: Note, last: RecordedFrame | None = None, name: str = "toy-onnx-2") -> Path:
    """Writes a recording in which only the last frame may differ from `frame()`; returns the folder that it is in."""
    for index in range(1, FRAMES + 1):
        write_frame(folder / name, index, last if last is not None and index == FRAMES else frame())
    write_note(folder / name, note)
    return folder


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return recording(tmp_path / "here", NOTE_HERE)


def changed(rows: slice, columns: slice, number: int) -> RecordedFrame:
    """The frame with another id in some pixels."""
    mask = frame().mask.copy()
    mask[rows, columns] = number
    return frame()._replace(mask=mask)


def outcome(here: Path, there: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = main(["agree", str(here), str(there)])
    output = capsys.readouterr()
    return code, output.out, output.err


def test_the_same_masks_agree(here: Path, tmp_path: Path, capsys):
    there = recording(tmp_path / "there", NOTE_THERE)
    (case,) = agree(here, there, 1.0, 1.0).cases
    assert (case.input_error, case.different_pixels, case.probability_error) == (0, 0, 0.0)
    assert (case.equal_share, case.min_iou, case.seconds) == (1.0, 1.0, (0.5, 30.0))
    code, text, _ = outcome(here, there, capsys)
    assert code == 0
    assert "emulated toy: Toy Arm" in text and "0 pixels differ (100.0000% equal)" in text and "FAILED" not in text


def test_what_differs_is_counted_in_the_worst_frame(here: Path, tmp_path: Path):
    last = changed(slice(20, 21), slice(50, 60), 0)  # ten pixels of the large object
    last.probabilities[0, 20, 50] -= np.float32(0.25)
    last.pixels[0, 0, 1] -= 2
    (case,) = agree(here, recording(tmp_path / "there", NOTE_THERE, last), 1.0, 1.0).cases
    assert (case.input_error, case.different_pixels) == (2, 10)
    assert case.equal_share == pytest.approx(1 - 10 / (HEIGHT * WIDTH))
    assert case.frames[-1].ious == (pytest.approx(1990 / 2000), 1.0)
    assert case.frames[0].ious == (1.0, 1.0)
    assert case.probability_error == pytest.approx(0.25, abs=1e-6)


@pytest.mark.parametrize(
    ("last", "passes"),
    [
        (changed(slice(20, 21), slice(50, 60), 0), True),
        (changed(slice(0, 1), slice(0, 20), IDS[0]), True),
        (changed(slice(0, 1), slice(0, 21), IDS[0]), False),  # 21 of 20000 pixels are more than a thousandth
        (changed(slice(80, 82), slice(80, 82), 0), False),  # four pixels are few, but they are the object
        (changed(slice(20, 60), slice(50, 100), IDS[1]), False),  # the same outline, of another object
    ],
    ids=["edge", "limit", "too many", "a small object", "another object"],
)
def test_the_limits(here: Path, tmp_path: Path, capsys, last: RecordedFrame, passes: bool):
    there = recording(tmp_path / "there", NOTE_THERE, last)
    code, text, error = outcome(here, there, capsys)
    assert code == (0 if passes else 1)
    assert ("FAILED" in text) is not passes
    assert ("do not agree: toy-onnx-2;" in error) is not passes


def test_the_result_is_kept_as_it_is(here: Path, tmp_path: Path):
    there = recording(tmp_path / "there", NOTE_THERE, changed(slice(20, 21), slice(50, 60), 0))
    target = tmp_path / "agreement.json"
    assert main(["agree", str(here), str(there), "--json", str(target)]) == 0
    read = from_data(json.loads(target.read_text()), "x")
    assert to_text(read) == target.read_text()
    assert read == agree(here, there, LEAST_EQUAL_SHARE, LEAST_IOU)
    row = agreement_rows([read]).splitlines()[2]
    assert "ONNX Runtime" in row and "| 10 | 99.9500% | 0.99500 |" in row
    jsonschema = pytest.importorskip("jsonschema", reason="the check by another program needs jsonschema")
    from mobilevos_bench.formats import schema

    jsonschema.Draft202012Validator(schema()).validate(json.loads(target.read_text()))


@pytest.mark.parametrize(
    ("note", "message"),
    [
        (replace(NOTE_THERE, artifact=replace(ARTIFACT, sha256="1" * 64)), "differ in artifact 000"),
        (replace(NOTE_THERE, frames=1), "differ in frames 2 and 1"),
        (replace(NOTE_THERE, object_ids=(7, 8)), "differ in object ids"),
        (replace(NOTE_THERE, setting=replace(TOY, precision="fp16")), "differ in precision fp32 and fp16"),
    ],
)
def test_other_settings_are_refused(here: Path, tmp_path: Path, capsys, note: Note, message: str):
    code, _, error = outcome(here, recording(tmp_path / "there", note), capsys)
    assert code == 1 and message in error


def test_both_have_the_same_recordings(here: Path, tmp_path: Path, capsys):
    there = recording(tmp_path / "there", NOTE_THERE)
    recording(there, NOTE_THERE, name="more")
    code, _, error = outcome(here, there, capsys)
    assert code == 1 and f"{there} has a recording more, {here} does not" in error


def test_a_folder_is_of_one_machine(here: Path, tmp_path: Path, capsys):
    recording(here, NOTE_THERE, name="more")
    there = recording(recording(tmp_path / "there", NOTE_THERE), NOTE_THERE, name="more")
    code, _, error = outcome(here, there, capsys)
    assert code == 1 and "differ in processor Toy CPU and Toy Arm" in error


@pytest.mark.parametrize("damage", ["folder", "note", "frame", "bytes", "size", "nan"])
def test_what_cannot_be_used_is_named(here: Path, tmp_path: Path, capsys, damage: str):
    there = recording(tmp_path / "there", NOTE_THERE)
    inside = there / "toy-onnx-2"
    message = {
        "folder": "has no recording; make some with 'vos-bench record'",
        "note": "lacks field 'artifact'",
        "frame": "00002.npz cannot be read",
        "bytes": "00002.npz cannot be read",
        "size": "is of another size than its note says",
        "nan": "not finite",
    }[damage]
    if damage == "folder":
        (inside / NOTE).unlink()
    elif damage == "note":
        (inside / NOTE).write_text("{}")
    elif damage == "frame":
        (inside / "00002.npz").unlink()
    elif damage == "bytes":
        (inside / "00002.npz").write_bytes(b"PK no archive")
    elif damage == "size":
        write_frame(inside, 2, frame()._replace(mask=frame().mask[1:]))
    else:
        write_frame(inside, 2, frame()._replace(probabilities=frame().probabilities * np.float32("nan")))
    code, _, error = outcome(here, there, capsys)
    assert code == 1 and message in error


def test_only_the_same_clean_commit_repeats():
    later = replace(NOTE_HERE, seconds=9.0, origin=replace(ORIGIN, date="2026-11-21T10:00:00+00:00", busy_cores=1.0))
    assert NOTE_HERE.repeats(later)
    for commit in (None, Commit("c" * 40, True), Commit("d" * 40, False)):
        assert not NOTE_HERE.repeats(replace(later, origin=replace(ORIGIN, commit=commit)))
    dirty = replace(NOTE_HERE, origin=replace(ORIGIN, commit=Commit("c" * 40, True)))
    assert not dirty.repeats(dirty)
    assert not NOTE_HERE.repeats(replace(later, clip_sha256="1" * 64))


def test_a_recording_is_what_the_sdk_gives(onnx_only: Path, clip: Path, tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setattr(machine, "busy_cores", lambda: 0.0)
    arguments = ["--model", str(onnx_only), "--clip", str(clip), "--objects", "2", "--frames", "3", "--threads", "1"]
    assert main(["record", str(tmp_path / "masks"), *arguments]) == 0
    assert "toy-tiny-onnx-2: 3 frames" in capsys.readouterr().err
    found = Recording.open(tmp_path / "masks" / "toy-tiny-onnx-2")
    assert (found.note.object_ids, found.note.frames) == (IDS, 3)
    segmenter = Segmenter.open(onnx_only)
    mask = read_mask(clip.with_name("toy-first-mask.png"))
    for result, pixels in zip(segmenter.track(open_frames(clip), mask), open_frames(clip), strict=True):
        if 0 < result.index <= 3:
            kept = found.frame(result.index)
            np.testing.assert_array_equal(kept.pixels, pixels)
            np.testing.assert_array_equal(kept.mask, result.mask)
            np.testing.assert_allclose(kept.probabilities, result.probabilities, atol=1e-5)


def test_a_clip_that_is_too_short(onnx_only: Path, clip: Path, tmp_path: Path, capsys):
    arguments = ["--model", str(onnx_only), "--clip", str(clip), "--frames", "12"]
    assert main(["record", str(tmp_path / "masks"), *arguments]) == 1
    assert "has 12 frames, not 13; lower --frames" in capsys.readouterr().err
