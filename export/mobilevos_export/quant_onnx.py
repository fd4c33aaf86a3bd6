"""Quantises the graphs of an ONNX model, each on its own, before they are laid into one file.

Static quantisation writes pairs of QuantizeLinear and DequantizeLinear, which every runtime can read and ONNX Runtime
turns into its integer kernels. Dynamic quantisation writes integer operations with their scales.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from mobilevos_export.graphs import SourceModel
from mobilevos_export.quant_calibration import Samples
from mobilevos_export.quant_graphs import quantise_graphs
from mobilevos_export.quant_policy import LAYERS, STATIC, Kind, Operation, touched
from mobilevos_export.quant_ranges import Range
from mobilevos_sdk.backends.base import FloatArray

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

# Weights of 7 bits. x86 processors without VNNI add two products of uint8 and int8 in 16 bits, which 8 bits saturate:
# the same artifact would give other masks there.
REDUCE_RANGE = True
# The integer that stands for the largest weight of a channel.
LARGEST_WEIGHT = 64 if REDUCE_RANGE else 127
# What ONNX calls the operations of the policy.
KINDS = {
    "Conv": Kind.CONVOLUTION,
    "Gemm": Kind.LINEAR,
    "MatMul": Kind.LINEAR,
    "Add": Kind.PASSING,
    "AveragePool": Kind.PASSING,
    "Clip": Kind.PASSING,
    "Concat": Kind.PASSING,
    "MaxPool": Kind.PASSING,
    "Pad": Kind.MOVING,
    "Relu": Kind.PASSING,
    "Reshape": Kind.MOVING,
    "Resize": Kind.PASSING,
    "Transpose": Kind.MOVING,
}


class OnnxGraph:
    """One exported graph, ready to be quantised.

    Args:
        name: the graph's name in the spec.
        model: the graph in float32; it is not changed.
    """

    def __init__(self, name: str, model: ModelProto) -> None:
        from onnx import shape_inference

        self.name = name
        self.model: ModelProto = shape_inference.infer_shapes(model)
        self.operations = tuple(_operations(self.model))
        self.ranges: dict[str, Range] = {}

    def observe(self, samples: Samples) -> Iterator[Mapping[str, FloatArray]]:
        """Runs inputs and gives every tensor that could be quantised; see `CalibratedGraph`."""
        names = sorted(touched(self.operations))
        session = _session(_showing(self.model, names))
        for sample in samples:
            yield dict(zip(names, session.run(names, dict(sample)), strict=True))

    def quantise(self, names: Collection[str], precision: str) -> ModelProto:
        """The graph with some operations in int8.

        Args:
            names: the operations; none leaves the graph as it is.
            precision: `int8-dynamic`, or `int8` with `ranges`.
        """
        if not names:
            return self.model
        quantiser = self._static(names) if precision == STATIC else self._dynamic(names)
        quantiser.quantize_model()
        quantiser.model.topological_sort()
        return quantiser.model.model

    def run(self, model: ModelProto, inputs: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        """Runs what `quantise` gave and returns its outputs by name."""
        session = _session(model)
        names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(names, dict(inputs)), strict=True))

    def _static(self, names: Collection[str]) -> Any:
        from onnxruntime.quantization import CalibrationMethod, QuantType
        from onnxruntime.quantization.calibrate import TensorsData
        from onnxruntime.quantization.qdq_quantizer import QDQQuantizer

        known = {name: (np.float32(low), np.float32(high)) for name, (low, high) in self.ranges.items()}
        return QDQQuantizer(
            self._copy(),
            per_channel=True,
            reduce_range=REDUCE_RANGE,
            weight_qType=QuantType.QInt8,
            activation_qType=QuantType.QUInt8,
            tensors_range=TensorsData(CalibrationMethod.MinMax, known),
            nodes_to_quantize=list(names),
            nodes_to_exclude=[],
            op_types_to_quantize=list(KINDS),
            extra_options={},
        )

    def _dynamic(self, names: Collection[str]) -> Any:
        from onnxruntime.quantization import QuantizationMode, QuantType
        from onnxruntime.quantization.onnx_quantizer import ONNXQuantizer

        return ONNXQuantizer(
            self._copy(),
            per_channel=True,
            reduce_range=REDUCE_RANGE,
            mode=QuantizationMode.IntegerOps,
            static=False,
            weight_qType=QuantType.QInt8,
            activation_qType=QuantType.QUInt8,
            tensors_range=None,
            nodes_to_quantize=list(names),
            nodes_to_exclude=[],
            op_types_to_quantize=list(KINDS),
            extra_options={"MatMulConstBOnly": True},
        )

    def _copy(self) -> ModelProto:
        model = type(self.model)()
        model.CopyFrom(self.model)
        return model


def quantise(
    parts: list[tuple[str, ModelProto]], source: SourceModel, report: Callable[[str], None]
) -> list[ModelProto]:
    """Quantises exported graphs.

    Args:
        parts: names and float32 models of the graphs.
        source: the model that they were made of; its spec names the precision, its calibration has the clips.
        report: is told what is being done.

    Raises:
        ConversionError: the quantiser failed.
    """
    return quantise_graphs("onnx", [OnnxGraph(name, model) for name, model in parts], source, report)


def _session(model: ModelProto) -> Any:
    import onnxruntime

    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def _operations(model: ModelProto) -> Iterator[Operation]:
    from onnx import numpy_helper

    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        kind = KINDS.get(node.op_type, Kind.OTHER)
        layer = weights = ""
        if kind in LAYERS:
            tensor = next((constants[name] for name in node.input[1:2] if name in constants), None)
            if tensor is None:
                kind = Kind.OTHER
            else:
                layer = tensor.name.removeprefix("model.").removesuffix(".weight")
                weights = hashlib.sha256(numpy_helper.to_array(tensor).tobytes()).hexdigest()
                kind = Kind.DEPTHWISE if _is_depthwise(node, tensor.dims) else kind
        inputs = tuple(name for name in node.input if name and name not in constants)
        yield Operation(node.name, kind, layer, inputs, tuple(node.output), weights)


def _is_depthwise(node: NodeProto, shape: Collection[int]) -> bool:
    groups = next((attribute.i for attribute in node.attribute if attribute.name == "group"), 1)
    return groups > 1 and groups == next(iter(shape))


def _showing(model: ModelProto, names: Collection[str]) -> ModelProto:
    """A copy of a model that has inner tensors among its outputs."""
    from onnx import helper

    shown = type(model)()
    shown.CopyFrom(model)
    known = {value.name for value in model.graph.output}
    for name in sorted(set(names) - known):
        shown.graph.output.append(helper.make_empty_tensor_value_info(name))
    return shown
