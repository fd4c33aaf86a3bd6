"""A chain of convolutions as an ONNX model and as a TFLite model, made without a converter.

The benchmark runs where only the runtimes are installed. ONNX is written field by field (numbers of onnx.proto3);
TFLite with the schema classes that come with LiteRT.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from mobilevos_sdk.onnx_graphs import varint

if TYPE_CHECKING:
    from mobilevos_bench.ceiling import ConvolutionChain

INPUT, OUTPUT = "image", "result"
_WEIGHTS = "weights"
# Protobuf wire types.
_VARINT, _LENGTH = 0, 2
# Values of onnx.proto3.
_ONNX_FLOAT, _ONNX_INTS, _ONNX_INT = 1, 7, 2
_IR_VERSION, _OPSET = 8, 17
_TFLITE_VERSION = 3


def onnx_model(chain: ConvolutionChain) -> bytes:
    """An ONNX model of a chain: `image` (1, C, H, W) float32 to `result` of the same shape."""
    names = [INPUT, *(f"x{index}" for index in range(1, chain.length)), OUTPUT]
    weights = chain.weights()
    tensor = b"".join(_number(1, side) for side in weights.shape)
    tensor += _number(2, _ONNX_FLOAT) + _message(8, _WEIGHTS) + _message(9, weights.tobytes())
    shape = (1, chain.channels, chain.height, chain.width)
    graph = b"".join(_message(1, _onnx_node(chain, *pair)) for pair in pairwise(names))
    graph += _message(2, "ceiling") + _message(5, tensor)
    graph += _message(11, _onnx_value(INPUT, shape)) + _message(12, _onnx_value(OUTPUT, shape))
    return _number(1, _IR_VERSION) + _message(7, graph) + _message(8, _message(1, "") + _number(2, _OPSET))


def litert_model(chain: ConvolutionChain) -> bytes:
    """A TFLite model of a chain: one input (1, H, W, C) float32 and one output of the same shape."""
    import flatbuffers  # type: ignore[import-untyped]
    from ai_edge_litert import schema_py_generated as schema

    weights = chain.weights()
    # The schema's layouts: (out, 3, 3, in), and for depthwise (1, 3, 3, channels).
    arranged = weights.transpose(1, 2, 3, 0) if chain.depthwise else weights.transpose(0, 2, 3, 1)
    shape = [1, chain.height, chain.width, chain.channels]
    constants = [np.ascontiguousarray(arranged), np.zeros(chain.channels, np.float32)]
    images = range(len(constants), len(constants) + chain.length + 1)
    graph = schema.SubGraphT()
    graph.tensors = [_litert_tensor(schema, array.shape, buffer) for buffer, array in enumerate(constants, start=1)]
    graph.tensors += [_litert_tensor(schema, shape, buffer=0) for _ in images]
    graph.inputs, graph.outputs = [images[0]], [images[-1]]
    graph.operators = [_litert_operator(schema, chain, image) for image in images[:-1]]
    model = schema.ModelT()
    model.version = _TFLITE_VERSION
    model.buffers = [_litert_buffer(schema, None), *(_litert_buffer(schema, array) for array in constants)]
    model.subgraphs = [graph]
    model.operatorCodes = [_litert_code(schema, chain)]
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _onnx_node(chain: ConvolutionChain, source: str, target: str) -> bytes:
    node = b"".join([_message(1, source), _message(1, _WEIGHTS), _message(2, target), _message(4, "Conv")])
    pads = _message(1, "pads") + b"".join(_number(8, 1) for _ in range(4)) + _number(20, _ONNX_INTS)
    groups = chain.channels if chain.depthwise else 1
    group = _message(1, "group") + _number(3, groups) + _number(20, _ONNX_INT)
    return node + _message(5, pads) + _message(5, group)


def _onnx_value(name: str, shape: Sequence[int]) -> bytes:
    dimensions = b"".join(_message(1, _number(1, side)) for side in shape)
    tensor = _number(1, _ONNX_FLOAT) + _message(2, dimensions)
    return _message(1, name) + _message(2, _message(1, tensor))


def _number(field: int, value: int) -> bytes:
    return varint(field << 3 | _VARINT) + varint(value)


def _message(field: int, content: bytes | str) -> bytes:
    data = content.encode() if isinstance(content, str) else content
    return varint(field << 3 | _LENGTH) + varint(len(data)) + data


def _litert_tensor(schema: Any, shape: Sequence[int], buffer: int) -> Any:
    tensor = schema.TensorT()
    tensor.shape, tensor.buffer = list(shape), buffer
    tensor.type = schema.TensorType.FLOAT32
    return tensor


def _litert_buffer(schema: Any, array: np.ndarray | None) -> Any:
    buffer = schema.BufferT()
    if array is not None:
        buffer.data = np.frombuffer(array.tobytes(), np.uint8)
    return buffer


def _litert_code(schema: Any, chain: ConvolutionChain) -> Any:
    operators = schema.BuiltinOperator
    code = schema.OperatorCodeT()
    code.builtinCode = operators.DEPTHWISE_CONV_2D if chain.depthwise else operators.CONV_2D
    code.deprecatedBuiltinCode = code.builtinCode
    return code


def _litert_operator(schema: Any, chain: ConvolutionChain, image: int) -> Any:
    """A convolution from tensor `image` to the next one; tensors 0 and 1 are weights and bias."""
    operator = schema.OperatorT()
    operator.inputs, operator.outputs = [image, 0, 1], [image + 1]
    kinds = schema.BuiltinOptions
    if chain.depthwise:
        operator.builtinOptionsType = kinds.DepthwiseConv2DOptions
        operator.builtinOptions = schema.DepthwiseConv2DOptionsT()
        operator.builtinOptions.depthMultiplier = 1
    else:
        operator.builtinOptionsType = kinds.Conv2DOptions
        operator.builtinOptions = schema.Conv2DOptionsT()
    operator.builtinOptions.padding = schema.Padding.SAME
    operator.builtinOptions.strideH = operator.builtinOptions.strideW = 1
    return operator
