"""`vos-track` on a real file with a real, tiny model: outputs, interruption, and every input that must get one line."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from mobilevos_sdk.cli.common import Progress, run
from mobilevos_sdk.cli.track import main
from mobilevos_sdk.masks import object_ids, read_mask, write_mask
from mobilevos_sdk.options import RuntimeOptions
from mobilevos_sdk.segmenter import DEFAULT_MODEL, Segmenter
from mobilevos_sdk.video import VideoWriter, open_frames


@pytest.fixture
def clip(tmp_path: Path, tiny_video: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, made the current one, with `clip.mp4` of twelve frames and `first.png` with the objects 7 and 255."""
    monkeypatch.chdir(tmp_path)
    with VideoWriter("clip.mp4", 25) as writer:
        for frame in tiny_video.frames:
            writer.write(frame)
    write_mask("first.png", tiny_video.mask)
    return tmp_path


@pytest.fixture
def track(clip: Path, tiny_onnx: Path) -> Callable[..., int]:
    """Runs the command with the tiny model."""
    return lambda *arguments: main([*arguments, "--model", str(tiny_onnx)])


def one_line(capfd: pytest.CaptureFixture[str]) -> str:
    """What the command said on stderr: one line that starts with its name, and no traceback."""
    lines = capfd.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("vos-track: "), lines
    return lines[0]


def test_overlay_masks_and_summary(
    track: Callable[..., int], tiny_onnx: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert track("clip.mp4", "--mask", "first.png", "--out", "o/overlay.mp4", "--masks", "masks", "--json") == 0
    summary = json.loads(capfd.readouterr().out)
    assert (summary["frames"], summary["objects"], summary["complete"]) == (12, [7, 255], True)
    assert summary["runtime"] == "onnx"
    assert summary["files"] == {"overlay": "o/overlay.mp4", "masks": "masks"}
    assert 0 < summary["latency_ms"]["segment"]["median"] <= summary["latency_ms"]["total"]["p95"]

    source = open_frames("o/overlay.mp4")
    assert (len(list(source)), source.fps, source.size) == (12, 25, (90, 120))
    files = sorted(Path("masks").iterdir())
    assert [file.name for file in files] == [f"{i:05d}.png" for i in range(12)]
    expected = Segmenter.from_artifact(tiny_onnx).track(open_frames("clip.mp4"), read_mask("first.png"))
    for file, result in zip(files, expected, strict=True):
        np.testing.assert_array_equal(read_mask(file), result.mask)


def test_zoom_can_be_left_out(track: Callable[..., int], tiny_onnx: Path) -> None:
    small = np.zeros((90, 120), np.uint8)
    small[40:48, 50:60] = 1
    write_mask("small.png", small)
    found = []
    for options in ([], ["--no-zoom"]):
        assert track("clip.mp4", "--mask", "small.png", "--masks", "masks", *options) == 0
        segmenter = Segmenter.from_artifact(tiny_onnx, RuntimeOptions(zoom=not options))
        for file, result in zip(
            sorted(Path("masks").iterdir()), segmenter.track(open_frames("clip.mp4"), small), strict=True
        ):
            np.testing.assert_array_equal(read_mask(file), result.mask)
        found.append([read_mask(file) for file in sorted(Path("masks").iterdir())])
        shutil.rmtree("masks")
    assert not np.array_equal(*found)


def test_without_outputs_an_overlay_is_made_here_and_told(
    track: Callable[..., int], capfd: pytest.CaptureFixture[str]
) -> None:
    assert track("clip.mp4", "--mask", "first.png") == 0
    said = capfd.readouterr().out
    assert "12 frames, 2 objects" in said and "frames/s" in said and "clip-overlay.mp4" in said
    assert Path("clip-overlay.mp4").exists()


def test_a_folder_of_frames_gives_masks_of_its_names(track: Callable[..., int], tiny_video: Any) -> None:
    Path("frames").mkdir()
    for number, frame in zip((9, 10, 11), tiny_video.frames, strict=False):
        cv2.imwrite(f"frames/img{number}.png", frame[..., ::-1])
    assert track("frames", "--mask", "first.png", "--masks", "masks") == 0
    assert sorted(path.name for path in Path("masks").iterdir()) == ["img10.png", "img11.png", "img9.png"]
    assert not Path("frames-overlay.mp4").exists()


def test_boxes_make_objects_in_their_order(track: Callable[..., int]) -> None:
    assert track("clip.mp4", "--box", "10,10,40,40", "--box", "70,40,40,40", "--masks", "masks") == 0
    first = read_mask("masks/00000.png")
    assert object_ids(first) == (1, 2)
    assert not first[:, :10].any() and (first[20:50, 10:50] == 1).any() and (first[40:80, 70:110] == 2).any()


def test_a_truncated_video_keeps_what_was_tracked(
    track: Callable[..., int], tiny_video: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    data = Path("clip.mp4").read_bytes()
    Path("cut.mp4").write_bytes(data[: len(data) - len(data) // 10])
    assert track("cut.mp4", "--mask", "first.png", "--out", "overlay.mp4", "--json") == 1
    captured = capfd.readouterr()
    summary = json.loads(captured.out)
    assert 0 < summary["frames"] < 12 and not summary["complete"] and "cut off" in summary["error"]
    assert len(captured.err.strip().splitlines()) == 1
    assert len(list(open_frames("overlay.mp4"))) == summary["frames"]


def grey(values: np.ndarray, name: str = "bad.png") -> list[str]:
    cv2.imwrite(name, values)
    return ["clip.mp4", "--mask", name]


def text_video() -> list[str]:
    Path("text.mp4").write_text("no video\n" * 50)
    return ["text.mp4", "--mask", "first.png"]


def colour_jpeg() -> list[str]:
    return grey(np.random.default_rng(0).integers(0, 255, (90, 120, 3), dtype=np.uint8), "bad.jpg")


def many_objects() -> list[str]:
    mask = np.zeros((90, 120), np.uint8)
    for number in range(9):
        mask[:, 10 * number : 10 * number + 5] = number + 1
    write_mask("nine.png", mask)
    return ["clip.mp4", "--mask", "nine.png"]


def frames_of_two_sizes() -> list[str]:
    Path("frames").mkdir()
    for number, width in enumerate((120, 120, 100)):
        cv2.imwrite(f"frames/{number}.png", np.full((90, width, 3), 50, np.uint8))
    return ["frames", "--mask", "first.png"]


def file_in_the_way() -> list[str]:
    Path("file").touch()
    return ["clip.mp4", "--mask", "first.png", "--masks", "file/masks"]


def truncated_artifact() -> list[str]:
    Path("broken.onnx").write_bytes(b"\x08\x08broken")
    return ["clip.mp4", "--mask", "first.png", "--model", "broken.onnx"]


FAILURES: dict[str, tuple[Callable[[], list[str]], str]] = {
    "missing video": (lambda: ["nothing.mp4", "--mask", "first.png"], "no video at nothing.mp4"),
    "text as video": (text_video, "is not a video"),
    "missing mask": (lambda: ["clip.mp4", "--mask", "nothing.png"], "nothing.png"),
    "mask of another size": (lambda: grey(np.ones((45, 60), np.uint8)), "60x45 but the frame is 120x90"),
    "empty mask": (lambda: grey(np.zeros((90, 120), np.uint8)), "empty"),
    "300 ids": (lambda: grey(np.arange(90 * 120, dtype=np.uint16).reshape(90, 120) % 300), "300 values"),
    "colour JPEG as mask": (colour_jpeg, "JPEG"),
    "too many objects": (many_objects, "9"),
    "frames of two sizes": (frames_of_two_sizes, "frame 2 of frames is 100x90"),
    "box outside": (lambda: ["clip.mp4", "--box", "100,10,40,40"], "leaves the frame of 120x90"),
    "unknown model": (lambda: ["clip.mp4", "--mask", "first.png", "--model", "nonsense"], "unknown model 'nonsense'"),
    "truncated artifact": (truncated_artifact, "broken.onnx"),
    "other runtime's file": (lambda: ["clip.mp4", "--mask", "first.png", "--runtime", "litert"], "litert"),
    "file in the way": (file_in_the_way, "file"),
    "not an mp4": (lambda: ["clip.mp4", "--mask", "first.png", "--out", "overlay.avi"], "must end in .mp4"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_bad_input_gets_one_line_and_leaves_nothing(
    case: str, clip: Path, tiny_onnx: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    make, expected = FAILURES[case]
    arguments = make()
    before = {path: path.stat().st_size for path in clip.rglob("*")}
    if "--model" not in arguments:
        arguments += ["--model", str(tiny_onnx)]
    assert main(arguments) == 1
    assert expected in one_line(capfd)
    if case == "frames of two sizes":  # two frames were tracked: they are kept
        assert len(list(open_frames("frames-overlay.mp4"))) == 2
    else:
        assert {path: path.stat().st_size for path in clip.rglob("*")} == before


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["clip.mp4"], "--mask --box is required"),
        (["clip.mp4", "--mask", "first.png", "--box", "1,2,30,40"], "not allowed with"),
        (["clip.mp4", "--box", "1,2,3"], "not four whole numbers"),
        (["clip.mp4", "--mask", "first.png", "--threads", "0"], "not a whole number from 1 on"),
        (["clip.mp4", "--mask", "first.png", "--runtime", "magic"], "magic"),
        (["clip.mp4", "--mask", "first.png", "--out", "./clip.mp4"], "would overwrite clip.mp4"),
        (["clip.partial.mp4", "--mask", "first.png", "--out", "clip.mp4"], "would overwrite clip.partial.mp4"),
        (["clip.mp4", "--mask", "first.png", "--masks", "."], "may overwrite"),
        (["frames", "--mask", "first.png", "--masks", "frames/"], "may overwrite"),
    ],
)
def test_wrong_usage_gets_one_line_and_exit_code_2(
    clip: Path, arguments: list[str], expected: str, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("frames").mkdir()
    shutil.copy("clip.mp4", "clip.partial.mp4")
    before = Path("clip.mp4").read_bytes()
    assert main(arguments) == 2
    assert expected in one_line(capfd)
    assert Path("clip.mp4").read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs a user whom permissions bind")
def test_an_output_folder_that_cannot_be_written(track: Callable[..., int], capfd: pytest.CaptureFixture[str]) -> None:
    Path("locked").mkdir(mode=0o500)
    assert track("clip.mp4", "--mask", "first.png", "--out", "locked/overlay.mp4") == 1
    assert "locked/overlay.mp4" in one_line(capfd)


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_ctrl_c_keeps_what_was_done(clip: Path, tiny_onnx: Path, tiny_video: Any) -> None:
    with VideoWriter("long.mp4", 25) as writer:
        for index in range(3000):
            writer.write(tiny_video.frames[index % 12])
    command = [sys.executable, "-m", "mobilevos_sdk.cli.track", "long.mp4", "--mask", "first.png"]
    command += ["--out", "overlay.mp4", "--masks", "masks", "--json", "--model", str(tiny_onnx)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not Path("masks/00003.png").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    summary = json.loads(out)
    assert process.returncode == 130, err
    assert 4 <= summary["frames"] < 3000 and not summary["complete"]
    assert f"the {summary['frames']} frames that were done are kept" in err and "Traceback" not in err
    assert len(list(open_frames("overlay.mp4"))) == len(list(Path("masks").iterdir())) == summary["frames"]
    assert not Path("overlay.partial.mp4").exists()


def test_help_shows_an_example_and_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from mobilevos_sdk.cli.track import main\n"
        "code = main(['--help'])\n"
        "print(sorted({'numpy', 'cv2', 'av', 'onnxruntime', 'ai_edge_litert', 'torch'} & set(sys.modules)))\n"
        "sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "vos-track clip.mp4 --mask first.png --out overlay.mp4 --masks masks/" in done.stdout
    assert done.stdout.strip().endswith("[]")
    assert f"(default: {DEFAULT_MODEL})" in " ".join(done.stdout.split())


def test_run_turns_the_systems_errors_into_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    def full() -> int:
        raise OSError(28, "No space left on device", "out.bin")

    def interrupted() -> int:
        raise KeyboardInterrupt

    def bug() -> int:
        raise ZeroDivisionError

    assert run("vos-track", full) == 1
    assert "out.bin: the disk is full" in one_line(capfd)
    assert run("vos-track", interrupted) == 130
    assert run("vos-track", lambda: None) == 0
    with pytest.raises(ZeroDivisionError):  # a bug must not look like a wrong input
        run("vos-track", bug)


def test_progress_tells_rate_and_rest() -> None:
    progress = Progress(300)
    progress.done = 100
    assert progress.text(10.0) == "100/300 frames, 10.0 frames/s, 20 s left"
    endless = Progress(None)
    endless.done = 5
    assert endless.text(1.0) == "5 frames, 5.0 frames/s"
