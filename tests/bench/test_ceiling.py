"""The convolution ceiling: both runtimes do the work that is counted, and their rates are those of that work."""

from __future__ import annotations

import numpy as np
import pytest

from mobilevos_bench.ceiling import Ceiling, CeilingMeter, ConvolutionChain, machine_ceiling
from mobilevos_bench.ceiling_models import INPUT, litert_model, onnx_model
from mobilevos_bench.records import Spread

TINY = ConvolutionChain("dense", channels=8, height=6, width=10, length=2)
TINY_DEPTHWISE = ConvolutionChain("depthwise", channels=8, height=6, width=10, length=2)


def convolved(chain: ConvolutionChain) -> np.ndarray:
    """The chain's output (1, C, H, W) by its definition."""
    weights, image = chain.weights(), chain.image(channels_last=False)[0]
    for _ in range(chain.length):
        padded = np.pad(image, ((0, 0), (1, 1), (1, 1)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
        rule = "chwij,cij->chw" if chain.depthwise else "chwij,ocij->ohw"
        image = np.einsum(rule, windows, weights[:, 0] if chain.depthwise else weights)
    return image[None]


@pytest.mark.parametrize("chain", [TINY, TINY_DEPTHWISE], ids=["dense", "depthwise"])
def test_the_onnx_chain_computes_the_convolutions(chain: ConvolutionChain):
    onnxruntime = pytest.importorskip("onnxruntime", reason="needs ONNX Runtime")
    session = onnxruntime.InferenceSession(onnx_model(chain), providers=["CPUExecutionProvider"])
    (result,) = session.run(None, {INPUT: chain.image(channels_last=False)})
    np.testing.assert_allclose(result, convolved(chain), atol=1e-5)


@pytest.mark.parametrize("chain", [TINY, TINY_DEPTHWISE], ids=["dense", "depthwise"])
def test_the_litert_chain_computes_the_convolutions(chain: ConvolutionChain):
    interpreter_module = pytest.importorskip("ai_edge_litert.interpreter", reason="needs LiteRT")
    interpreter = interpreter_module.Interpreter(model_content=litert_model(chain))
    interpreter.allocate_tensors()
    image = chain.image(channels_last=False)
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image.transpose(0, 2, 3, 1).copy())
    interpreter.invoke()
    result = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    np.testing.assert_allclose(result.transpose(0, 3, 1, 2), convolved(chain), atol=1e-5)


def test_operations_are_counted_twice_per_multiply_accumulate():
    assert ConvolutionChain("dense", 128, 120, 216, 3).gflop == pytest.approx(2 * 9 * 128 * 128 * 120 * 216 * 3 / 1e9)
    assert ConvolutionChain("depthwise", 128, 120, 216, 8).gflop == pytest.approx(2 * 9 * 128 * 120 * 216 * 8 / 1e9)


def test_a_chain_keeps_its_values_in_range():
    assert 0.1 < convolved(ConvolutionChain("dense", 16, 20, 20, 4)).std() < 10


def test_the_meter_counts_every_repeat_of_every_chain():
    pytest.importorskip("onnxruntime", reason="needs ONNX Runtime")
    meter = CeilingMeter(["onnx"], 1, [TINY, TINY_DEPTHWISE])
    for _ in range(3):
        meter.measure(repeats=2)
    results = meter.results()
    assert [(result.runtime, result.kind) for result in results] == [("onnx", "dense"), ("onnx", "depthwise")]
    assert all(result.gflop_per_s.count == 6 and result.gflop_per_s.p5 > 0 for result in results)


def test_the_machines_ceiling_is_the_best_dense_one():
    rates = {("onnx", "dense"): 100.0, ("litert", "dense"): 140.0, ("litert", "depthwise"): 500.0}
    ceilings = [Ceiling(*key, Spread.of([rate])) for key, rate in rates.items()]
    assert machine_ceiling(ceilings) == 140.0
