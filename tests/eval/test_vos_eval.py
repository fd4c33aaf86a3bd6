"""The command `vos-eval`: its outputs, its exit codes, and one clear line for everything that a user can get wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from mobilevos_bench.accuracy_results import read_accuracy
from mobilevos_bench.cli.eval import main
from mobilevos_sdk.masks import read_mask, write_mask
from mobilevos_sdk.segmenter import Segmenter

SIZE = (48, 64)


def square(left: int) -> np.ndarray:
    mask = np.zeros(SIZE, np.uint8)
    mask[10:30, left : left + 20] = 1
    return mask


@pytest.fixture
def data(tmp_path: Path) -> Path:
    root = tmp_path / "data"
    for name in ("bear", "swan"):
        (root / "JPEGImages" / name).mkdir(parents=True)
        for index in range(5):
            picture = np.random.default_rng(index).integers(0, 255, (*SIZE, 3), np.uint8)
            cv2.imwrite(str(root / "JPEGImages" / name / f"{index:05d}.jpg"), picture)
            write_mask(root / "Annotations" / name / f"{index:05d}.png", square(4 * index))
    return root


@pytest.fixture
def predictions(tmp_path: Path) -> Path:
    for name, error in (("bear", 0), ("swan", 10)):
        for index in range(1, 4):
            write_mask(tmp_path / "predictions" / name / f"{index:05d}.png", square(4 * index + error))
    return tmp_path / "predictions"


@pytest.fixture
def tiny_segmenter(monkeypatch: pytest.MonkeyPatch, tiny_backend) -> Segmenter:
    """Stands in for the embedded models, which take far longer."""
    segmenter = Segmenter.from_backend(tiny_backend)
    monkeypatch.setattr(Segmenter, "open", lambda model, options: segmenter)
    return segmenter


def one_line(error: str) -> str:
    lines = error.strip().splitlines()
    assert len(lines) == 1, error
    return lines[0]


def test_predictions_as_table_and_json(data: Path, predictions: Path, tmp_path: Path, capsys):
    scores = tmp_path / "new" / "scores.json"
    assert main(["--data", str(data), "--predictions", str(predictions), "--json", str(scores)]) == 0
    output = capsys.readouterr()
    assert "bear" in output.out and "all" in output.out
    assert "[2/2] swan: J&F" in output.err
    report = json.loads(scores.read_text())
    assert report["sequences"]["bear"]["J&F"] == 1.0
    assert report["sequences"]["swan"]["J"]["mean"] == pytest.approx(1 / 3)
    assert report["overall"]["J"]["mean"] == pytest.approx(2 / 3)
    assert report["subject"] == {"predictions": str(predictions)}


def test_json_on_the_standard_output_is_alone_there(data: Path, predictions: Path, capsys):
    assert main(["--data", str(data), "--predictions", str(predictions), "--json", "-", "--sequences", "swan"]) == 0
    output = capsys.readouterr()
    assert json.loads(output.out)["overall"]["sequences"] == 1
    assert "recall" in output.err


def test_sequences_from_a_file(data: Path, predictions: Path, tmp_path: Path, capsys):
    (tmp_path / "val.txt").write_text("swan\n")
    assert main(["--data", str(data), "--predictions", str(predictions), "--sequences", str(tmp_path / "val.txt")]) == 0
    assert "bear" not in capsys.readouterr().out


def test_a_model_and_its_saved_masks_have_the_same_scores(data: Path, tmp_path: Path, tiny_segmenter, capsys):
    masks, common = tmp_path / "masks", ["--data", str(data), "--json", "-"]
    assert main([*common, "--model", "tiny", "--save", str(masks)]) == 0
    direct = json.loads(capsys.readouterr().out)
    assert main([*common, "--predictions", str(masks)]) == 0
    saved = json.loads(capsys.readouterr().out)
    assert direct["overall"] == saved["overall"]
    assert direct["subject"]["size"] == "64x96"
    assert direct["sequences"]["bear"]["ms_per_frame"] > 0


def test_zoom_is_said_and_can_be_left_out(data: Path, tmp_path: Path, tiny_backend, monkeypatch, capsys):
    monkeypatch.setattr(Segmenter, "open", lambda model, options: Segmenter.from_backend(tiny_backend, options.zoom))
    common = ["--data", str(data), "--model", "tiny", "--json", "-", "--save", str(tmp_path / "masks")]
    assert main([*common, "--no-zoom"]) == 0
    assert "zoom" not in json.loads(capsys.readouterr().out)["subject"]
    assert main([*common, "--resume"]) == 1, "masks of whole frames are not those with zoom"
    capsys.readouterr()
    assert main([*common[:-1], str(tmp_path / "closer")]) == 0
    assert json.loads(capsys.readouterr().out)["subject"]["zoom"] is True


def test_backwards_is_said_and_begins_at_the_other_end(data: Path, tmp_path: Path, tiny_segmenter, capsys):
    masks = tmp_path / "masks"
    common = ["--data", str(data), "--model", "tiny", "--json", "-", "--save", str(masks)]
    assert main([*common, "--backwards"]) == 0
    backwards = json.loads(capsys.readouterr().out)
    assert backwards["data"]["backwards"] is True
    assert read_accuracy(backwards).data.endswith("data, backwards")
    assert np.array_equal(read_mask(masks / "bear" / "00004.png"), square(16)), "the last mask is given"
    assert main([*common, "--resume"]) == 1, "masks of the other direction are not mixed in"
    capsys.readouterr()
    assert main([*common[:-1], str(tmp_path / "forwards")]) == 0
    assert "backwards" not in json.loads(capsys.readouterr().out)["data"]
    assert np.array_equal(read_mask(tmp_path / "forwards" / "bear" / "00000.png"), square(0))


def test_an_interrupted_run_goes_on(data: Path, tmp_path: Path, tiny_segmenter, monkeypatch, capsys):
    masks = tmp_path / "masks"
    arguments = ["--data", str(data), "--model", "tiny", "--save", str(masks), "--json", "-"]
    track, calls = Segmenter.track, []

    def impatient(self, frames, first_mask):
        calls.append(1)
        for result in track(self, frames, first_mask):
            if len(calls) == 2 and result.index == 3:
                raise KeyboardInterrupt
            yield result

    monkeypatch.setattr(Segmenter, "track", impatient)
    assert main(arguments) == 130
    assert "1 of 2 sequences are done" in capsys.readouterr().err
    assert len(list((masks / "bear").iterdir())) == 5
    assert main(arguments) == 1
    assert "pass --resume" in one_line(capsys.readouterr().err)
    assert main([*arguments, "--resume"]) == 0
    assert len(calls) == 3  # bear was not tracked again
    assert json.loads(capsys.readouterr().out)["overall"]["sequences"] == 2


def test_saved_masks_survive_a_full_disk(data: Path, tmp_path: Path, tiny_segmenter, monkeypatch, capsys):
    replace, count = Path.replace, []

    def full(self, target):
        count.append(1)
        if len(count) > 8:
            raise OSError(28, os.strerror(28))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", full)
    masks = tmp_path / "masks"
    assert main(["--data", str(data), "--model", "tiny", "--save", str(masks)]) == 1
    assert "free some space" in capsys.readouterr().err
    assert len(list((masks / "bear").iterdir())) == 5
    assert not list(masks.rglob("*.tmp"))


def test_a_sequence_without_a_frame_to_score_is_left_out_and_said(data: Path, predictions: Path, capsys):
    for index in (1, 2, 3):
        (data / "Annotations" / "swan" / f"{index:05d}.png").unlink()
    common = ["--data", str(data), "--predictions", str(predictions), "--json", "-"]
    assert main(common) == 0
    output = capsys.readouterr()
    assert "left out swan, no frame to score" in output.err
    assert json.loads(output.out)["data"]["left_out"] == ["swan"]
    assert main([*common, "--sequences", "bear,swan"]) == 1
    assert "no frame to score in swan" in one_line(capsys.readouterr().err)


def test_too_many_objects_name_the_sequence(data: Path, tiny_segmenter, capsys):
    mask = square(0)
    mask[40:44, :10] = np.arange(1, 11)
    write_mask(data / "Annotations/swan/00000.png", mask)
    assert main(["--data", str(data), "--model", "tiny"]) == 1
    assert "vos-eval: swan: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "required"),
        (["--data", "DATA"], "required"),
        (["--data", "DATA", "--model", "a", "--predictions", "PREDICTIONS"], "not allowed with"),
        (["--data", "DATA", "--predictions", "PREDICTIONS", "--save", "x"], "--save goes with --model"),
        (["--data", "DATA", "--predictions", "PREDICTIONS", "--threads", "2"], "--threads goes with --model"),
        (["--data", "DATA", "--predictions", "PREDICTIONS", "--no-zoom"], "--no-zoom goes with --model"),
        (["--data", "DATA", "--model", "a", "--threads", "0"], "whole number"),
        (["--data", "DATA", "--model", "a", "--runtime", "tflite"], "invalid choice"),
        (["--data", "DATA", "--model", "a", "--resume"], "needs --save"),
        (["--data", "DATA", "--predictions", "PREDICTIONS", "--sequences", ","], "names no sequence"),
    ],
)
def test_wrong_usage(data: Path, predictions: Path, arguments: list[str], message: str, capsys):
    names = {"DATA": str(data), "PREDICTIONS": str(predictions)}
    assert main([names.get(argument, argument) for argument in arguments]) == 2
    assert message in one_line(capsys.readouterr().err)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"--data": "nowhere"}, "no folder nowhere"),
        ({"--predictions": "nowhere"}, "no folder nowhere"),
        ({"--annotations": "Masks"}, "has no folder Masks, it has Annotations, JPEGImages"),
        ({"--sequences": "swan,wolf"}, "no sequence wolf; it has bear, swan"),
        ({"--sequences": "wolf.txt"}, "wolf.txt"),
        ({"--json": "/proc/none/scores.json"}, "cannot write /proc/none/scores.json"),
    ],
)
def test_bad_input(data: Path, predictions: Path, changes: dict[str, str], message: str, capsys):
    options = {"--data": str(data), "--predictions": str(predictions), **changes}
    assert main([part for option in options.items() for part in option]) == 1
    assert message in capsys.readouterr().err.strip().splitlines()[-1]


def test_an_unknown_model_is_said_with_those_that_are_known(data: Path, capsys):
    assert main(["--data", str(data), "--model", "mobilenetv9"]) == 1
    assert "unknown model 'mobilenetv9'" in one_line(capsys.readouterr().err)


def test_help_is_quick_and_needs_no_numpy():
    program = "import sys; from mobilevos_bench.cli.eval import main\ncode = main(['--help'])\n"
    program += "sys.exit(code or 5 * any(name in sys.modules for name in ('numpy', 'cv2', 'PIL', 'onnxruntime')))"
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "examples:" in done.stdout
    assert time.perf_counter() - started < 2.0  # half a second on an idle machine
