"""Opening models by name or path, runtime options, and an import of the SDK that costs little."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import mobilevos_sdk
from mobilevos_sdk import ArtifactError, InvalidInputError, RuntimeOptions, Segmenter, UnknownModelError, segmenter


def test_an_unknown_model_lists_the_known_ones(monkeypatch, tmp_path):
    (tmp_path / "student.onnx").write_bytes(b"x")
    (tmp_path / "student.tflite").write_bytes(b"x")
    (tmp_path / "README.md").write_bytes(b"x")
    monkeypatch.setattr(segmenter, "WEIGHTS", tmp_path)
    assert mobilevos_sdk.pretrained_models() == ("student",)
    with pytest.raises(UnknownModelError, match="unknown model 'teacher'; embedded models: student;"):
        Segmenter.open("teacher")


def test_a_name_opens_the_file_of_the_runtime(monkeypatch, tmp_path):
    (tmp_path / "student.onnx").write_bytes(b"")
    (tmp_path / "student.tflite").write_bytes(b"")
    monkeypatch.setattr(segmenter, "WEIGHTS", tmp_path)
    for runtime, suffix in (("onnx", "onnx"), ("litert", "tflite"), ("auto", "tflite")):
        with pytest.raises(ArtifactError, match=rf"student\.{suffix} is empty"):
            Segmenter.from_pretrained("student", RuntimeOptions(runtime))
    monkeypatch.setattr(segmenter.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ArtifactError, match=r"student\.onnx is empty"):
        Segmenter.from_pretrained("student")
    (tmp_path / "student.onnx").unlink()
    with pytest.raises(UnknownModelError, match="not embedded for runtime 'onnx'"):
        Segmenter.open("student", RuntimeOptions("onnx"))


def test_a_path_is_told_from_a_name():
    with pytest.raises(ArtifactError, match=r"no artifact at nowhere\.onnx"):
        Segmenter.open("nowhere.onnx")


def test_a_name_in_place_of_a_backend_is_refused_at_once():
    with pytest.raises(InvalidInputError, match=r"Segmenter\.open\('mobilenetv2'\)"):
        Segmenter("mobilenetv2")


@pytest.mark.parametrize(
    ("options", "remedy"),
    [
        ({"runtime": "tensorrt"}, "auto, onnx, litert"),
        ({"delegate": "npu"}, "cpu, gpu"),
        ({"threads": 0}, "1 or more"),
        ({"threads": 1.5}, "1 or more"),
        ({"runtime": "onnx", "delegate": "gpu"}, "runtime='litert'"),
    ],
)
def test_options_that_cannot_be_met_are_refused(options, remedy):
    with pytest.raises(InvalidInputError, match=remedy):
        RuntimeOptions(**options)


def test_threads_default_to_a_few_cores():
    assert 1 <= RuntimeOptions().thread_count <= 4
    assert RuntimeOptions(threads=7).thread_count == 7


def test_every_public_name_is_there():
    for name in mobilevos_sdk.__all__:
        assert getattr(mobilevos_sdk, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'Tracker'"):
        mobilevos_sdk.Tracker  # noqa: B018


def test_importing_the_sdk_loads_nothing_heavy():
    heavy = "'numpy', 'cv2', 'torch', 'onnxruntime', 'ai_edge_litert', 'av'"
    code = f"import mobilevos_sdk, sys; print([name for name in ({heavy}) if name in sys.modules])"
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": ""}
    )
    assert output.stdout.strip() == "[]"
