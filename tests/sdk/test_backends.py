"""ONNX Runtime, LiteRT and PyTorch give the same masks under the same Session, from artifacts that we export."""

from __future__ import annotations

import shutil
import threading

import numpy as np
import pytest

from mobilevos_sdk import ArtifactError, InvalidInputError, RuntimeMissingError, RuntimeOptions, Segmenter
from mobilevos_sdk.artifact import open_artifact

ONE_THREAD = RuntimeOptions(threads=1)
FRAMES = 6


@pytest.fixture(scope="session")
def reference(tiny_model, tiny_video):
    """What PyTorch gives with the exported queue and number of objects."""
    from mobilevos_models.torch_backend import TorchBackend

    segmenter = Segmenter.from_backend(TorchBackend(tiny_model, 2, 2, 64, 96, threads=1))
    return list(segmenter.track(tiny_video.frames[:FRAMES], tiny_video.mask))


@pytest.fixture(params=["onnx", "litert", "litert-cpu"])
def segmenter(request):
    if request.param == "litert-cpu":  # the code of the GPU accelerator, on LiteRT's CPU accelerator
        from mobilevos_sdk.backends.litert_gpu import LiteRtGpuBackend

        artifact = open_artifact(request.getfixturevalue("tiny_tflite"))
        return Segmenter.from_backend(LiteRtGpuBackend(artifact, accelerator="CPU"))
    path = request.getfixturevalue({"onnx": "tiny_onnx", "litert": "tiny_tflite"}[request.param])
    opened = Segmenter.from_artifact(path, ONE_THREAD)
    assert opened.backend_name == request.param
    return opened


def test_all_runtimes_agree_with_pytorch(segmenter, reference, tiny_video):
    results = list(segmenter.track(tiny_video.frames[:FRAMES], tiny_video.mask))
    # A model of random weights doubles a difference in the last bit with every frame.
    for index, (result, expected) in enumerate(zip(results, reference, strict=True)):
        np.testing.assert_allclose(result.probabilities, expected.probabilities, atol=1e-4 * 4**index)
        assert np.mean(result.mask != expected.mask) < 0.005


def test_objects_come_and_go(segmenter, tiny_video):
    session = segmenter.start(tiny_video.frames[0], tiny_video.mask == 7)
    first = session.step(tiny_video.frames[1])
    assert first.probabilities.shape[0] == 1
    new = np.zeros_like(tiny_video.mask)
    new[60:, :40] = 9
    session.add_objects(new)
    assert session.step(tiny_video.frames[2]).object_ids == (1, 9)
    session.correct(new)
    session.remove_objects(1)
    assert session.step(tiny_video.frames[3]).object_ids == (9,)


def test_outputs_of_an_earlier_frame_are_not_overwritten(segmenter, tiny_video):
    session = segmenter.start(tiny_video.frames[0], tiny_video.mask)
    first = session.step(tiny_video.frames[1])
    raw = first.probability_source.args[0]
    before = raw.copy()
    session.step(tiny_video.frames[2])
    np.testing.assert_array_equal(raw, before)


def test_sessions_of_several_threads_do_not_mix(segmenter, tiny_video):
    masks = [tiny_video.mask, np.roll(tiny_video.mask, 20, 1), tiny_video.mask == 255]
    alone = [list(segmenter.track(tiny_video.frames[:4], mask)) for mask in masks]
    together: dict[int, list] = {}

    def follow(index):
        together[index] = list(segmenter.track(tiny_video.frames[:4], masks[index]))

    threads = [threading.Thread(target=follow, args=(index,)) for index in range(len(masks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for index, expected in enumerate(alone):
        for left, right in zip(together[index], expected, strict=True):
            np.testing.assert_array_equal(left.mask, right.mask)


def test_more_objects_than_the_artifact_has_slots(segmenter, tiny_video):
    mask = tiny_video.mask.copy()
    mask[0, :3] = [1, 2, 3]
    with pytest.raises(InvalidInputError, match=r"5 objects.* 2 at most.*--objects 5"):
        segmenter.start(tiny_video.frames[0], mask)


def test_an_unknown_graph_is_an_artifact_error(segmenter):
    with pytest.raises(ArtifactError, match="segment_9"):
        segmenter._backend.run("segment_9", {})


@pytest.mark.parametrize("name", ["tiny_onnx", "tiny_tflite"])
def test_truncated_artifacts_get_one_line(request, tmp_path, name):
    path = request.getfixturevalue(name)
    whole = path.read_bytes()
    broken = tmp_path / f"broken{path.suffix}"
    for length in (7, 1000, len(whole) // 2, len(whole) - 30_000, len(whole) - 10, len(whole) - 1):
        broken.write_bytes(whole[:length])
        with pytest.raises(ArtifactError, match=r"broken\.") as caught:
            Segmenter.from_artifact(broken)
        assert "\n" not in str(caught.value)


def test_a_file_for_the_other_runtime_is_refused(tiny_onnx, tmp_path):
    with pytest.raises(InvalidInputError, match=r"runtime 'onnx', not 'litert'.*\.tflite"):
        Segmenter.from_artifact(tiny_onnx, RuntimeOptions(runtime="litert"))
    with pytest.raises(InvalidInputError, match="gpu delegate"):
        Segmenter.from_artifact(tiny_onnx, RuntimeOptions(delegate="gpu"))
    shutil.copy(tiny_onnx, tmp_path / "wrong.tflite")
    with pytest.raises(ArtifactError, match="not a TFLite model"):
        Segmenter.from_artifact(tmp_path / "wrong.tflite")


@pytest.mark.parametrize(
    ("name", "module", "remedy"),
    [
        ("tiny_onnx", "onnxruntime", "pip install onnxruntime"),
        ("tiny_tflite", "ai_edge_litert.interpreter", "pip install ai-edge-litert"),
    ],
)
def test_a_missing_runtime_says_how_to_install_it(request, monkeypatch, name, module, remedy):
    path = request.getfixturevalue(name)
    monkeypatch.setitem(__import__("sys").modules, module, None)  # makes its import fail
    with pytest.raises(RuntimeMissingError, match=remedy):
        Segmenter.from_artifact(path)


def test_one_object_loads_no_graph_of_two(tiny_onnx, tiny_video):
    segmenter = Segmenter.from_artifact(tiny_onnx, ONE_THREAD)
    session = segmenter.start(tiny_video.frames[0], tiny_video.mask == 7)
    session.step(tiny_video.frames[1])
    assert sorted(segmenter._backend._sessions) == ["memorize_1", "segment_1"]
