"""Quantisation: the policy on small graphs, ranges, alike channels, biases and options, and the calibration's clips."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from mobilevos_export import quant_policy
from mobilevos_export.options import ExportOptions
from mobilevos_export.quant_bias import correct_bias, rounding_errors
from mobilevos_export.quant_calibration import Calibration, CalibrationClip
from mobilevos_export.quant_equalise import conv_pairs
from mobilevos_export.quant_policy import DYNAMIC, STATIC, FloatLayer, Kind, Operation, choose
from mobilevos_export.quant_prepare import expect_rounding, prepare_for_int8
from mobilevos_export.quant_ranges import best_ranges, share_ranges
from mobilevos_models.backbones import InvertedResidual
from mobilevos_models.folding import fold_batch_norms
from mobilevos_sdk.errors import InvalidInputError


def operation(name, kind, inputs, outputs, weights=""):
    return Operation(name, kind, name, tuple(inputs.split()), tuple(outputs.split()), weights)


CHAIN = (
    operation("normalise", Kind.PASSING, "frame", "a"),
    operation("stem", Kind.CONVOLUTION, "a", "b"),
    operation("spread", Kind.DEPTHWISE, "b", "c"),
    operation("sum", Kind.PASSING, "b c", "d"),
    operation("head", Kind.CONVOLUTION, "d", "e"),
    operation("resize", Kind.PASSING, "e", "f"),
    operation("sigmoid", Kind.OTHER, "f", "g"),
)


class TestPolicy:
    def test_what_stands_between_layers_goes_with_them(self):
        assert choose(CHAIN, STATIC) == {"stem", "spread", "sum", "head"}

    def test_a_padding_goes_with_the_layer_behind_it(self):
        padding = operation("padding", Kind.MOVING, "frame", "a")
        sum_of_floats = operation("sum", Kind.PASSING, "x y", "frame")
        stem = operation("stem", Kind.CONVOLUTION, "a", "b")
        behind = operation("layout", Kind.MOVING, "b", "c")
        assert choose((sum_of_floats, padding, stem, behind), STATIC) == {"padding", "stem"}

    def test_dynamic_quantises_layers_alone_and_no_depthwise_one(self):
        assert choose(CHAIN, DYNAMIC) == {"stem", "head"}

    def test_an_exception_stays_float_with_what_leads_to_it(self, monkeypatch):
        monkeypatch.setattr(quant_policy, "FLOAT_LAYERS", (FloatLayer("^head$", "a test"),))
        assert choose(CHAIN, STATIC) == {"stem", "spread"}

    def test_every_exception_has_a_reason(self):
        assert all(exception.reason for exception in quant_policy.FLOAT_LAYERS)


def test_a_layer_has_one_range_in_all_graphs():
    first = [operation("x", Kind.CONVOLUTION, "in", "out", weights="w")]
    second = [operation("y", Kind.CONVOLUTION, "frame", "features", weights="w")]
    ranges = [
        {"in": (0.0, 1.0), "out": (-1.0, 1.0)},
        {"frame": (-2.0, 0.5), "features": (0.0, 3.0), "other": (5.0, 6.0)},
    ]
    one, two = share_ranges([first, second], ranges)
    assert one == {"in": (-2.0, 1.0), "out": (-1.0, 3.0)}
    assert two == {"frame": (-2.0, 1.0), "features": (-1.0, 3.0), "other": (5.0, 6.0)}


class TestRanges:
    def test_rare_large_values_are_clipped_for_the_sake_of_the_others(self):
        values = np.random.default_rng(0).laplace(size=100_000).astype(np.float32)

        def error(low, high):
            step = (high - low) / 255
            return np.mean((np.clip(np.round(values / step) * step, low, high) - values) ** 2)

        found = best_ranges([{"x": values}])["x"]
        assert error(*found) < 0.9 * error(values.min(), values.max())

    def test_values_that_use_all_steps_keep_their_range(self):
        values = np.linspace(0.0, 6.0, 100_000, dtype=np.float32)
        assert best_ranges([{"x": values}])["x"] == (0.0, 6.0)

    def test_what_was_counted_keeps_its_place_as_values_grow(self):
        random = np.random.default_rng(0)
        arrays = [random.normal(scale=scale, size=5000).astype(np.float32) for scale in (0.1, 1.0, 10.0)]
        grown, whole = (best_ranges({"x": array} for array in order)["x"] for order in (arrays, arrays[::-1]))
        np.testing.assert_allclose(grown, whole, rtol=0.05)

    def test_nothing_but_zeros_has_an_empty_range(self):
        assert best_ranges([{"x": np.zeros((2, 3), np.float32)}])["x"] == (0.0, 0.0)


class TestEqualisation:
    def test_it_is_the_same_function_and_channels_become_alike(self):
        torch.manual_seed(0)
        block = fold_batch_norms(InvertedResidual(8, 8, 1, 6).eval())
        pairs = list(conv_pairs(block))
        assert len(pairs) == 2
        frame = 3.0 * torch.randn(2, 8, 16, 16)
        with torch.no_grad():
            pairs[0].first.weight.mul_(torch.logspace(-1, 0.7, 48).view(-1, 1, 1, 1))
            expected, before = block(frame), peaks_of(pairs[0].first, block, frame)
            for pair in pairs:
                pair.rescale(peaks_of(pair.first, block, frame))
            got, after = block(frame), peaks_of(pairs[0].first, block, frame)
        torch.testing.assert_close(got, expected, atol=1e-5, rtol=1e-4)
        assert before.max() >= 6.0  # the cut was reached, and stays where it was
        assert after.clamp(max=6.0).min() > 3.0 * before.clamp(max=6.0).min()

    def test_a_channel_that_was_never_seen_keeps_its_scale(self):
        block = fold_batch_norms(InvertedResidual(8, 8, 1, 6).eval())
        pair = next(conv_pairs(block))
        weight = pair.first.weight.detach().clone()
        with torch.no_grad():
            pair.rescale(torch.zeros(48))
        torch.testing.assert_close(pair.first.weight, weight, atol=0, rtol=0)


class TestBiases:
    @pytest.mark.parametrize("largest", [64, 127])
    @pytest.mark.parametrize("groups", [1, 2, 8])
    def test_the_rounding_of_weights_shifts_no_channel(self, groups, largest):
        torch.manual_seed(0)
        layer = torch.nn.Conv2d(8, 16, 3, groups=groups, bias=groups > 1)
        frame = torch.rand(4, 8, 20, 20) + torch.linspace(0.0, 2.0, 8).view(-1, 1, 1)
        rounded = copy.deepcopy(layer)
        with torch.no_grad():
            rounded.weight += rounding_errors(layer.weight, largest)
            expected, shifted = layer(frame).mean((0, 2, 3)), rounded(frame).mean((0, 2, 3))
            correct_bias(layer, frame.mean((0, 2, 3)), largest)
            rounded.bias = layer.bias
            corrected = rounded(frame).mean((0, 2, 3))
        assert (corrected - expected).abs().max() < 0.1 * (shifted - expected).abs().max()

    def test_weights_have_whole_steps_of_their_largest(self):
        weight = torch.tensor([[0.5, -1.27, 0.006], [0.0, 0.0, 0.0]]).view(2, 3, 1, 1)
        stored = (weight + rounding_errors(weight, 127)).flatten(1)
        torch.testing.assert_close(stored, torch.tensor([[0.5, -1.27, 0.01], [0.0, 0.0, 0.0]]))


def test_a_model_with_alike_channels_does_the_same_on_its_clips(tiny_source, tiny_clip, torch_backend):
    source = replace(tiny_source, calibration=Calibration.load(tiny_clip.parent, samples=2, seed=0))
    prepared = prepare_for_int8(source, lambda line: None)
    weights = dict(source.folded.named_parameters())
    changed = [name for name, weight in prepared.folded.named_parameters() if not torch.equal(weight, weights[name])]
    assert "value_encoder.features.3.conv.0.0.weight" in changed
    assert "up8_4.out_conv.conv2.weight" in changed
    for graph, samples in source.calibration.record(torch_backend(source), 2).items():
        for inputs in samples:
            expected, got = (torch_backend(model).run(graph, inputs) for model in (source, prepared))
            for name, values in expected.items():
                np.testing.assert_allclose(got[name], values, atol=1e-3 * np.abs(values).max(), err_msg=name)


def test_only_biases_of_layers_that_become_int8_expect_the_rounding(tiny_source, tiny_clip):
    source = replace(tiny_source, calibration=Calibration.load(tiny_clip.parent, samples=2, seed=0))
    prepared = prepare_for_int8(source, lambda line: None)
    before = dict(prepared.folded.named_parameters())
    coarse, fine = (dict(expect_rounding(prepared, largest).folded.named_parameters()) for largest in (64, 127))
    changed = {name for name, values in coarse.items() if name not in before or not torch.equal(values, before[name])}
    assert "prediction.bias" in changed
    assert all(name.endswith(".bias") and not quant_policy.is_float(name) for name in changed)
    shifts = [(coarse[name] - before[name]).abs().mean() for name in changed if name in before]
    smaller = [(fine[name] - before[name]).abs().mean() for name in changed if name in before]
    assert sum(smaller) < 0.75 * sum(shifts)
    assert expect_rounding(source, 64).folded.state_dict().keys() == source.folded.state_dict().keys()


class TestOptions:
    def test_a_precision_that_measures_nothing_takes_no_clips(self, tmp_path):
        with pytest.raises(InvalidInputError, match="needs no calibration"):
            ExportOptions(model="mobilenetv2", precision=DYNAMIC, calibration=tmp_path)

    def test_sensitivity_belongs_to_the_static_precision(self, tmp_path):
        with pytest.raises(InvalidInputError, match="sensitivity"):
            ExportOptions(model="mobilenetv2", precision="fp16", sensitivity=tmp_path / "s.json")

    def test_the_other_converter_is_refused(self):
        with pytest.raises(InvalidInputError, match="litert-torch"):
            ExportOptions(model="mobilenetv2", precision=STATIC, tflite_via="onnx2tf")


class TestCalibration:
    @pytest.fixture(scope="class")
    def calibration(self, tiny_clip):
        return Calibration.load(tiny_clip.parent, samples=3, seed=0)

    def test_it_finds_clips_with_their_masks(self, calibration, tiny_clip):
        assert [clip.name for clip in calibration.clips] == [tiny_clip.name]

    def test_every_graph_gets_real_inputs(self, calibration, tiny_backend):
        samples = calibration.record(tiny_backend, 2)
        assert {name: len(inputs) for name, inputs in samples.items()} == {
            "start_2": 3,
            "segment_2": 2,
            "memorize_2": 2,
        }
        first, last = samples["segment_2"]
        assert np.abs(first["frame"] - last["frame"]).max() > 10.0
        assert last["memory_valid"][..., 1].all() and not first["memory_valid"][..., 1].any()
        assert np.abs(last["memory_value_1"]).max() > 0.0

    def test_missing_objects_are_halves_of_those_there_are(self, tiny_video):
        mask = CalibrationClip("tiny", tuple(tiny_video.frames), tiny_video.mask).mask_of(4)
        assert set(np.unique(mask)) == {0, 1, 2, 3, 4}
        np.testing.assert_array_equal(mask > 0, tiny_video.mask > 0)

    def test_a_folder_without_clips_says_what_is_expected(self, tmp_path):
        with pytest.raises(InvalidInputError, match="first-mask"):
            Calibration.load(tmp_path, samples=3, seed=0)


def peaks_of(convolution, block, frame):
    """(C,) the largest value of each channel that a convolution writes."""
    found = []
    handle = convolution.register_forward_hook(lambda module, inputs, output: found.append(output.amax((0, 2, 3))))
    block(frame)
    handle.remove()
    return found[0]
