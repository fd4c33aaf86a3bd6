"""The command `vos-bench`: its outputs, its exit codes, and one clear line for everything that a user can get wrong."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mobilevos_bench import machine
from mobilevos_bench.cli.bench import main
from mobilevos_bench.formats import from_data
from mobilevos_sdk.masks import read_mask


@pytest.fixture(autouse=True)
def idle_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spares every test the second that looking at the load takes."""
    monkeypatch.setattr(machine, "busy_cores", lambda: 0.0)


@pytest.fixture
def arguments(onnx_only: Path, clip: Path) -> list[str]:
    return ["--model", str(onnx_only), "--clip", str(clip), "--threads", "1"]


def one_line(error: str) -> str:
    lines = error.strip().splitlines()
    assert len(lines) == 1, error
    return lines[0]


def test_memory_as_text_and_json(arguments: list[str], tmp_path: Path, capsys):
    target = tmp_path / "new" / "memory.json"
    assert main(["memory", *arguments, "--frames", "2,5", "--json", str(target)]) == 0
    assert "MB after 5 frames" in capsys.readouterr().out
    result = from_data(json.loads(target.read_text()), "x")
    assert [point.frames for point in result.runtimes[0].points] == [2, 5]
    assert result.origin.command.startswith("vos-bench memory --model ")


def test_json_on_the_standard_output_is_alone_there(arguments: list[str], capsys):
    assert main(["memory", *arguments, "--frames", "1", "--json", "-"]) == 0
    output = capsys.readouterr()
    assert json.loads(output.out)["format"] == "mobilevos-memory"
    assert "MB after 1 frames" in output.err


def test_a_busy_machine_is_said(arguments: list[str], monkeypatch, capsys):
    monkeypatch.setattr(machine, "busy_cores", lambda: 1.5)
    assert main(["memory", *arguments, "--frames", "1"]) == 0
    assert "other programs keep 1.5 cores busy" in capsys.readouterr().err


def test_run_in_a_process_of_its_own(arguments: list[str]):
    program = "import sys; from mobilevos_bench.cli.bench import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "run", *arguments, "--frames", "2", "--json", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    result = from_data(json.loads(done.stdout), "x")
    assert result.runtimes[0].stages.total.count == 2
    assert {ceiling.kind for ceiling in result.ceilings} == {"dense", "depthwise"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["--threads", "0"], "whole number"),
        (["--frames", "0"], "whole number"),
        (["--frames", "20,x"], "whole number"),
        (["--runtime", "tflite"], "unknown runtime 'tflite'; choose from onnx, litert"),
        (["--objects", "none"], "whole number"),
    ],
)
def test_wrong_usage(arguments: list[str], changes: list[str], message: str, capsys):
    assert main(["memory", *arguments, *changes]) == 2
    assert message in one_line(capsys.readouterr().err)


def test_a_command_is_needed(capsys):
    assert main([]) == 2
    assert "COMMAND" in one_line(capsys.readouterr().err)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["--model", "mobilenetv9"], "unknown model 'mobilenetv9'"),
        (["--model", "nowhere.onnx"], "no artifact at nowhere.onnx"),
        (["--runtime", "litert"], "for runtime 'litert'; make one with vos-export"),
        (["--clip", "nowhere.mp4"], "nowhere-first-mask.png"),
        (["--clip", "nowhere.mp4", "--mask", "MASK"], "no video at nowhere.mp4"),
        (["--mask", "nowhere.png"], "nowhere.png"),
        (["--objects", "3"], "the mask has 2 objects, not 3"),
        (["--json", "/proc/none/result.json"], "cannot write /proc/none/result.json"),
    ],
)
@pytest.mark.parametrize("command", ["run", "memory"])
def test_bad_input(arguments: list[str], clip: Path, command: str, changes: list[str], message: str, capsys):
    mask = str(clip.with_name("toy-first-mask.png"))
    assert main([command, *arguments, *(mask if change == "MASK" else change for change in changes)]) == 1
    assert message in one_line(capsys.readouterr().err)


def test_two_different_models_under_one_name(onnx_only: Path, clip: Path, tmp_path: Path, capsys):
    shutil.copy(onnx_only, tmp_path / "tiny.onnx")
    (tmp_path / "tiny.tflite").write_bytes(b"no model at all")
    assert main(["run", "--model", str(tmp_path / "tiny.onnx"), "--clip", str(clip)]) == 1
    assert "tiny.tflite: not a TFLite model" in one_line(capsys.readouterr().err)


def test_an_embedded_model_by_its_name_has_a_file_for_each_runtime(both: Path, monkeypatch):
    from mobilevos_bench import workload
    from mobilevos_sdk import segmenter

    for module in (workload, segmenter):
        monkeypatch.setattr(module, "WEIGHTS", both.parent)
    expected = {"litert": both.with_suffix(".tflite"), "onnx": both}
    assert workload.find_artifacts("tiny", None) == expected
    assert workload.find_artifacts("tiny", ("onnx",)) == {"onnx": both}


def test_fewer_objects_than_the_mask_has(clip: Path):
    from mobilevos_bench.workload import first_objects

    mask = read_mask(clip.with_name("toy-first-mask.png"))
    assert set(first_objects(mask, 1).ravel()) == {0, 7}
    assert (first_objects(mask, 2) == mask).all()


def test_help_is_quick_and_needs_no_numpy():
    program = "import sys; from mobilevos_bench.cli.bench import main\ncode = main(['--help'])\n"
    program += "sys.exit(code or 5 * any(name in sys.modules for name in ('numpy', 'cv2', 'PIL', 'onnxruntime')))"
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "examples:" in done.stdout
    assert time.perf_counter() - started < 2.0  # half a second on an idle machine
