from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mobilevos_export import exporter, onnx_export
from mobilevos_export.exporter import ParityFailedError, export_model
from mobilevos_sdk.errors import ArtifactError, InvalidInputError, UnknownModelError
from mobilevos_sdk.segmenter import Segmenter

onnx = pytest.importorskip("onnx", reason="needs onnx: pip install 'mobilevos[export]'")


@pytest.fixture(scope="module")
def report(tiny_options, exported_parts):
    """A whole export, but for PyTorch's own exporter, which has run already."""
    done = {graph.name: model for graph, model in exported_parts}

    def copied(graph, module):
        model = onnx.ModelProto()
        model.CopyFrom(done[graph.name])
        return model

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onnx_export, "export_graph", copied)
        return export_model(tiny_options)


def test_an_artifact_tracks(report, tiny_video, tiny_options):
    (file,) = report.files
    assert file.path == tiny_options.path("onnx")
    assert file.path.stat().st_size == file.size
    segmenter = Segmenter.from_artifact(file.path)
    masks = [result.mask for result in segmenter.track(tiny_video.frames, tiny_video.mask)]
    assert len(masks) == len(tiny_video.frames)
    assert set(np.unique(masks[-1])) <= {0, 7, 255}


def test_the_spec_tells_where_an_artifact_comes_from(report, tiny_options):
    spec = Segmenter.from_artifact(report.files[0].path).spec
    assert spec.parity["min_iou"] >= 0.97
    assert spec.weights["checkpoint"] == "tiny.safetensors"
    assert len(spec.weights["checkpoint_sha256"]) == 64
    assert spec.weights["recipe"] == "{}"
    assert spec.weights["locality"] is True
    assert "torch" in spec.tools
    assert all(graph.macs > 0 for graph in spec.graphs)


def test_nothing_else_is_left_in_the_folder(report):
    assert [path.name for path in report.files[0].path.parent.iterdir()] == [report.files[0].path.name]


def damaged(model):
    """The merged model with one weight of the decoder moved."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    tensor = next(t for t in copy.graph.initializer if t.name.endswith("prediction.weight"))
    tensor.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(tensor) * np.float32(1.1), tensor.name))
    return copy


def test_a_parity_failure_leaves_no_artifact(report, tiny_options, tmp_path, monkeypatch):
    good = onnx.load(report.files[0].path)
    monkeypatch.setattr(onnx_export, "convert", lambda source, tell: damaged(good))
    options = replace(tiny_options, out=tmp_path / "out")
    old = options.path("onnx")
    old.parent.mkdir()
    old.write_bytes(b"the artifact of last week")
    with pytest.raises(ParityFailedError, match="does not agree") as failure:
        export_model(options)
    assert "FAILED" in failure.value.table
    assert "limits" in failure.value.table
    assert old.read_bytes() == b"the artifact of last week"
    assert [path.name for path in old.parent.iterdir()] == [old.name]


def test_a_full_disk_is_one_clear_error(report, tiny_options, tmp_path, monkeypatch):
    good = onnx.load(report.files[0].path)
    monkeypatch.setattr(onnx_export, "convert", lambda source, tell: good)
    monkeypatch.setattr(exporter, "_check_writable", lambda folder: folder.mkdir())

    def full(path, content):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(ArtifactError, match="space"):
        export_model(replace(tiny_options, out=tmp_path / "out"))
    assert list((tmp_path / "out").iterdir()) == []


def test_an_unknown_model_lists_the_known(tiny_options):
    with pytest.raises(UnknownModelError, match="mobilenetv2-noaspp"):
        export_model(replace(tiny_options, model="mobilenet"))


def test_a_missing_checkpoint_names_the_option(tiny_options, tmp_path):
    with pytest.raises(ArtifactError, match="--checkpoint"):
        export_model(replace(tiny_options, checkpoint=tmp_path / "none.safetensors"))


def test_a_checkpoint_of_another_model(tiny_options):
    with pytest.raises(ArtifactError, match="holds 'mobilenetv2-noaspp'"):
        export_model(replace(tiny_options, model="resnet18"))


def test_a_folder_that_is_a_file(tiny_options, tmp_path):
    (tmp_path / "out").write_text("in the way")
    with pytest.raises(ArtifactError, match="cannot write"):
        export_model(replace(tiny_options, out=tmp_path / "out"))


def test_a_clip_that_is_not_there(tiny_options, tmp_path):
    with pytest.raises(InvalidInputError, match="--parity-clip"):
        export_model(replace(tiny_options, parity_clip=tmp_path / "none.mp4"))
