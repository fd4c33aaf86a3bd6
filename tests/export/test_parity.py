from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mobilevos_export.parity import LIMITS, MaskParity, ParityReport, TensorParity
from mobilevos_export.parity_clip import ParityClip
from mobilevos_export.validate import Reference, compare_masks, is_decided
from mobilevos_sdk.errors import InvalidInputError, ParityError
from mobilevos_sdk.masks import write_mask


@pytest.fixture(scope="module")
def reference(tiny_source, tiny_clip):
    return Reference(tiny_source, ParityClip.load(tiny_clip, None, 9))


class Altered:
    """A backend that changes one output of one graph of another backend."""

    name = "altered"

    def __init__(self, backend, graph, tensor, change):
        self.backend, self.graph, self.tensor, self.change = backend, graph, tensor, change
        self.spec = backend.spec

    def run(self, graph, inputs):
        outputs = self.backend.run(graph, inputs)
        if graph == self.graph:
            outputs[self.tensor] = self.change(outputs[self.tensor])
        return outputs


def test_pytorch_agrees_with_itself(reference):
    report = reference.compare(reference.backend)
    assert report.passed
    assert report.masks == replace(report.masks, frames=8, objects=2, min_iou=1.0, mean_iou=1.0)
    assert report.masks.compared > 0.95
    assert {(t.graph, t.state) for t in report.tensors if t.graph.startswith("segment")} == {
        (f"segment_{n}", state) for n in (1, 2) for state in ("reference", "full")
    }


@pytest.mark.parametrize(
    ("graph", "tensor", "change"),
    [
        ("start_2", "key", lambda x: x * 1.01),
        ("segment_1", "probabilities", lambda x: x + 0.01),
        ("segment_2", "state_features", lambda x: np.roll(x, 1, 2)),
        ("memorize_1", "value", lambda x: x * np.nan),
        ("segment_2", "state_key", lambda x: x[:, :-1]),
    ],
)
def test_one_wrong_output_fails(reference, graph, tensor, change):
    backend = Altered(reference.backend, graph, tensor, change)
    results = [
        result
        for case in reference.cases()
        if case.graph.name == graph
        for result in (
            TensorParity.measure(
                graph, case.state, tensor, case.outputs[tensor], backend.run(graph, case.inputs)[tensor]
            ),
        )
    ]
    assert results
    assert not any(result.passes(LIMITS["fp32"]) for result in results)


def test_swapped_objects_fail_by_their_masks(reference):
    backend = Altered(reference.backend, "segment_2", "probabilities", lambda x: np.ascontiguousarray(x[..., ::-1]))
    report = reference.compare(backend)
    assert not report.masks.passes(LIMITS["fp16"])
    assert "masks" in report.failures
    assert "FAILED" in report.table()


def test_a_lost_output_is_named(reference):
    class Lossy(Altered):
        def run(self, graph, inputs):
            return {name: array for name, array in self.backend.run(graph, inputs).items() if name != "key"}

    with pytest.raises(ParityError, match="'key'"):
        reference.compare(Lossy(reference.backend, "", "", None))


def test_iou_of_masks():
    expected = np.zeros((2, 4, 4), np.uint8)
    expected[:, :2] = 5
    got = expected.copy()
    got[1, 0] = 0
    everywhere = np.ones_like(expected, bool)
    assert compare_masks(expected, got, everywhere) == MaskParity(1, 1, 0.5, 0.5, 1.0)
    elsewhere = everywhere.copy()
    elsewhere[1, 0] = False
    assert compare_masks(expected, got, elsewhere) == MaskParity(1, 1, 1.0, 1.0, 0.75)


def test_a_tie_is_between_any_two_labels():
    probabilities = np.array([[[0.6, 0.5, 0.1, 0.45, 0.0]], [[0.1, 0.0, 0.1, 0.45, 0.1]]], np.float32)
    assert is_decided(probabilities, 1e-3).tolist() == [[True, False, True, False, True]]


def test_the_report_in_a_spec_has_every_graph(reference):
    found = reference.compare(reference.backend).as_json()
    assert set(found["graphs"]) == {graph.name for graph in reference.spec.graphs}
    assert found["frames"] == 8


def test_limits_of_fp16_are_the_looser():
    assert LIMITS["fp16"].max_error > LIMITS["fp32"].max_error
    assert LIMITS["fp16"].min_iou < LIMITS["fp32"].min_iou


def test_int8_must_keep_the_masks_of_a_trained_model():
    lost, kept = MaskParity(8, 3, 0.77, 0.91), MaskParity(8, 1, 0.9989, 0.9991)
    assert not ParityReport("litert", "int8", "clip", (), lost).passed
    assert ParityReport("litert", "int8", "clip", (), lost, untrained=True).passed
    assert ParityReport("litert", "int8", "clip", (), kept).passed


def test_a_nan_never_passes():
    error = TensorParity.measure("g", "", "t", np.ones(3, np.float32), np.array([1, np.nan, 1], np.float32))
    report = ParityReport("onnx", "fp32", "clip", (error,), MaskParity(8, 1, 1.0, 1.0))
    assert not report.passed


def test_masks_that_are_all_ties_pass_only_for_random_weights():
    ties = MaskParity(8, 1, 1.0, 1.0, compared=0.1)
    assert not ParityReport("onnx", "fp32", "clip", (), ties).passed
    assert ParityReport("onnx", "fp32", "clip", (), ties, untrained=True).passed


class TestClip:
    def test_masks_are_distinct_for_more_objects_than_the_clip_has(self, tiny_clip, tiny_source):
        clip = ParityClip.load(tiny_clip, None, 9)
        masks = clip.mask_tensor(5, tiny_source.spec)
        assert masks.shape == (1, 64, 96, 5)
        assert masks.sum(3).max() <= 1.0 + 1e-6
        assert len({masks[..., n].tobytes() for n in range(5)}) == 5

    def test_a_missing_clip_names_the_option(self, tmp_path):
        with pytest.raises(InvalidInputError, match="--parity-clip"):
            ParityClip.load(tmp_path / "none.mp4", None, 9)

    def test_a_missing_mask_names_the_option(self, tiny_clip, tmp_path):
        with pytest.raises(InvalidInputError, match="--parity-mask"):
            ParityClip.load(tiny_clip, tmp_path / "none.png", 9)

    def test_a_short_clip(self, tiny_clip):
        with pytest.raises(InvalidInputError, match="12 frames"):
            ParityClip.load(tiny_clip, None, 100)

    def test_a_mask_of_another_size(self, tiny_clip, tmp_path):
        write_mask(tmp_path / "small.png", np.ones((8, 8), np.uint8))
        with pytest.raises(InvalidInputError, match="size"):
            ParityClip.load(tiny_clip, tmp_path / "small.png", 9)


def test_a_queue_of_one_has_one_state(tiny_source, tiny_clip, tiny_options):
    from mobilevos_export.graphs import prepare

    source = prepare(tiny_source.reference, replace(tiny_options, queue=1, objects=1), {})
    reference = Reference(source, ParityClip.load(tiny_clip, None, 9))
    assert [(case.graph.name, case.state) for case in reference.cases()] == [
        ("start_1", ""),
        ("segment_1", "full"),
        ("memorize_1", ""),
    ]
