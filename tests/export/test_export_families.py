"""Every family whose export is promised agrees with PyTorch, tensor by tensor and mask by mask, and tracks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mobilevos_export.exporter import export_model
from mobilevos_export.options import ExportOptions
from mobilevos_export.plan import plan
from mobilevos_sdk.errors import InvalidInputError
from mobilevos_sdk.segmenter import Segmenter

pytest.importorskip("onnx", reason="needs onnx: pip install 'mobilevos[export]'")
# One of each kind of attention goes through both converters, which are slow; what they differ in is not the depth.
CASES = [
    ("aot-t", None, ("onnx", "tflite")),
    ("deaot-t-deform", None, ("onnx", "tflite")),
    ("deaot-t", None, ("onnx",)),
    ("aot-s", None, ("onnx",)),
    ("aost", 2, ("onnx",)),
]


@pytest.mark.parametrize(("name", "depth", "formats"), CASES, ids=[case[0] for case in CASES])
def test_an_export_agrees_with_pytorch_and_tracks(name, depth, formats, tiny_clip, tiny_video, tmp_path):
    options = ExportOptions(
        name,
        height=64,
        width=96,
        formats=formats,
        checkpoint="random",
        out=tmp_path,
        parity_clip=tiny_clip,
        depth=depth,
    )
    report = export_model(options)  # raises where a tensor or a mask does not agree
    assert [file.path.suffix for file in report.files] == [f".{name}" for name in formats]
    for file in report.files:
        segmenter = Segmenter.from_artifact(file.path)
        assert segmenter.spec.max_objects == 10 and len(segmenter.spec.graphs) == 3
        assert segmenter.spec.weights["depth"] == (depth or segmenter.spec.weights["depth"])
        session = segmenter.start(tiny_video.frames[0], tiny_video.mask)
        results = [session.step(frame) for frame in tiny_video.frames[1:4]]
        assert all(set(np.unique(result.mask)) <= {0, 7, 255} for result in results)
        session.remove_objects(7)
        assert session.step(tiny_video.frames[4]).object_ids == (255,)


def test_the_depths_of_a_scalable_model_are_artifacts_of_their_own():
    plans = [plan(ExportOptions("aost", checkpoint="random", depth=depth)) for depth in (1, 2, 3)]
    assert [Path(found["files"][0]).name for found in plans] == [f"aost-d{d}-q2-480x864.onnx" for d in (1, 2, 3)]
    macs = [sum(graph["macs"] for graph in found["graphs"]) for found in plans]
    assert macs[0] < macs[1] < macs[2]


@pytest.mark.parametrize(("name", "depth"), [("aot-t", 2), ("mobilenetv2", 1), ("aost", 4)])
def test_a_depth_that_a_model_does_not_have_is_one_clear_error(name, depth):
    with pytest.raises(InvalidInputError, match="depth"):
        plan(ExportOptions(name, checkpoint="random", depth=depth))


@pytest.mark.parametrize(("name", "objects"), [("aot-t", 10), ("stcn", 1), ("mobilenetv2", 1)])
def test_a_model_is_exported_for_as_many_objects_as_cost_nothing(name, objects):
    found = plan(ExportOptions(name, checkpoint="random", height=64, width=96))
    assert found["objects"] == objects and len(found["graphs"]) == 3


def test_a_model_that_runs_in_pytorch_only_is_one_clear_error():
    with pytest.raises(InvalidInputError, match="PyTorch only"):
        plan(ExportOptions("sst-local", checkpoint="random"))
    with pytest.raises(InvalidInputError, match="PyTorch only"):
        export_model(ExportOptions("sst-local", checkpoint="random"))


def test_stcn_memorises_with_the_frame():
    found = plan(ExportOptions("stcn", checkpoint="random", height=64, width=96, queue=5))
    memorize = next(graph for graph in found["graphs"] if graph["name"] == "memorize_1")
    assert memorize["inputs"]["frame"] == [1, 64, 96, 3]
