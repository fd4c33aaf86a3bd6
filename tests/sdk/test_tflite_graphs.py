"""A .tflite model of some graphs of another, as LiteRT sees it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mobilevos_sdk import ArtifactError, RuntimeOptions, Segmenter
from mobilevos_sdk.artifact import open_artifact
from mobilevos_sdk.backends import litert
from mobilevos_sdk.backends.litert import LiteRtBackend
from mobilevos_sdk.backends.tflite_graphs import TfliteGraphs

interpreter = pytest.importorskip("ai_edge_litert.interpreter", reason="needs LiteRT: pip install ai-edge-litert")


def signatures(content: bytes) -> list[str]:
    return sorted(interpreter.Interpreter(model_content=content).get_signature_list())


def outputs(content: bytes, name: str) -> dict[str, np.ndarray]:
    """What a graph makes of noise that depends on the inputs' names and shapes only."""
    runner = interpreter.Interpreter(model_content=content, num_threads=1).get_signature_runner(name)
    generator = np.random.default_rng(0)
    details = sorted(runner.get_input_details().items())
    return runner(**{key: generator.random(detail["shape"], np.float32) for key, detail in details})


@pytest.fixture
def content(tiny_tflite: Path) -> bytes:
    return open_artifact(tiny_tflite).content


@pytest.mark.parametrize("names", [["start_2"], ["memorize_2", "segment_2"], ["segment_1", "start_1"]])
def test_the_graphs_that_are_kept_compute_what_they_did(content, names):
    cut = TfliteGraphs(content).cut(names)
    assert len(cut) == len(content)
    assert signatures(cut) == sorted(names)
    for name in names:
        expected = outputs(content, name)
        for key, array in outputs(cut, name).items():
            np.testing.assert_array_equal(array, expected[key])


def test_a_cut_can_be_made_from_another_one(content):
    file = TfliteGraphs(content)
    file.cut(["memorize_1", "segment_1"], keep=True)
    assert signatures(file.cut(["start_1"])) == ["start_1"]
    again = file.cut(["segment_2", "segment_1"])
    assert signatures(again) == ["segment_1", "segment_2"]
    np.testing.assert_array_equal(
        outputs(again, "segment_2")["probabilities"], outputs(content, "segment_2")["probabilities"]
    )


def test_the_first_graph_becomes_the_primary_one(content):
    for name in ("memorize_2", "segment_1"):
        cut = TfliteGraphs(content).cut([name, "memorize_1"])
        opened = interpreter.Interpreter(model_content=cut)
        primary = {tuple(detail["shape"]) for detail in opened.get_input_details()}
        runner = opened.get_signature_runner(name)
        assert primary == {tuple(detail["shape"]) for detail in runner.get_input_details().values()}


def test_an_unknown_graph_is_named(content):
    with pytest.raises(ArtifactError, match=r"segment_9.*export it again"):
        TfliteGraphs(content).cut(["segment_1", "segment_9"])


def test_litert_opens_only_the_graphs_in_use(tiny_tflite, tiny_video, monkeypatch):
    opened = []

    class Recorder(interpreter.Interpreter):
        def __init__(self, model_content, **kwargs):
            super().__init__(model_content=model_content, **kwargs)
            opened.append(sorted(self.get_signature_list()))

    monkeypatch.setattr(interpreter, "Interpreter", Recorder)
    released = []
    monkeypatch.setattr(litert, "release_free_memory", lambda: released.append(1))
    backend = LiteRtBackend(open_artifact(tiny_tflite), RuntimeOptions(threads=1))
    opened.clear()  # the whole file is opened once, to see that LiteRT can
    session = Segmenter.from_backend(backend).start(tiny_video.frames[0], tiny_video.mask == 7)
    session.step(tiny_video.frames[1])
    new = np.zeros_like(tiny_video.mask)
    new[60:, :40] = 9
    session.add_objects(new)
    session.step(tiny_video.frames[2])
    session.remove_objects(9)
    session.step(tiny_video.frames[3])
    one, two = ["memorize_1", "segment_1"], ["memorize_2", "segment_2"]
    assert opened == [["start_1"], one, ["start_2"], sorted(one + two)]
    assert len(released) == len(opened)
