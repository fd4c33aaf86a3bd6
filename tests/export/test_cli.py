from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from mobilevos_export.cli import main


def test_help_is_quick_and_has_an_example():
    command = [sys.executable, "-m", "mobilevos_export.cli", "--help"]
    before = os.times()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    after = os.times()
    assert "vos-export --model mobilenetv2 --queue 2" in done.stdout
    # Processor time: the clock on the wall also measures what else the machine does.
    assert after.children_user + after.children_system - before.children_user - before.children_system < 0.5


def test_help_imports_nothing_heavy():
    code = "import sys, mobilevos_export.cli as c; c.build_parser(); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "argparse" in modules
    assert not {"torch", "numpy", "cv2", "onnx"} & set(modules)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--queue", "0"], "queue must be from 1 to 20"),
        (["--size", "481x860"], "the nearest is 480x864"),
        (["--to", "coreml"], "unknown format 'coreml'"),
        (["--precision", "int4"], "fp32, fp16, int8-dynamic, int8"),
        (["--queue", "two"], "invalid int"),
        (["--parity-frames", "1"], "8 or more"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(arguments, words, capsys):
    assert main(["--model", "mobilenetv2", *arguments]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert words in lines[0]


def test_an_unknown_model_is_exit_code_1(capsys):
    assert main(["--model", "yolo", "--dry-run"]) == 1
    assert "known models: mobilenetv2, mobilenetv2-noaspp, resnet18" in capsys.readouterr().err


def test_a_missing_checkpoint_is_exit_code_1(capsys, tiny_clip, tmp_path):
    arguments = ["--model", "mobilenetv2", "--checkpoint", str(tmp_path / "no.safetensors")]
    assert main([*arguments, "--parity-clip", str(tiny_clip), "--out", str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("vos-export: ")
    assert "--checkpoint" in error
    assert not (tmp_path / "out").exists()


def test_a_dry_run_writes_nothing(capsys, tmp_path):
    arguments = ["--model", "resnet18", "--objects", "2", "--dry-run", "--json", "--out", str(tmp_path / "out")]
    assert main(arguments) == 0
    found = json.loads(capsys.readouterr().out)
    assert abs(found["parameters"] / 8.1e6 - 1) < 0.03
    assert [graph["name"] for graph in found["graphs"]][3:] == ["start_2", "segment_2", "memorize_2"]
    assert found["graphs"][1]["inputs"]["memory_value_1"] == [1, 1, 1620, 128]
    assert found["files"] == [str(tmp_path / f"out/resnet18-q3-480x864.{kind}") for kind in ("onnx", "tflite")]
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_for_people(capsys):
    assert main(["--model", "mobilenetv2", "--no-locality", "--dry-run", "--to", "tflite"]) == 0
    text = capsys.readouterr().out
    assert "locality prior off" in text
    assert "segment_1" in text
    assert ".onnx" not in text
