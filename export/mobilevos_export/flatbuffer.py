"""Rewrites TFLite flatbuffers: weights in half precision, several files laid into one, equal buffers stored once.

The schema classes come with LiteRT. Numbers of the schema that this file needs by name are looked up there.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from mobilevos_export.conversion import FEWEST_HALVED

IDENTIFIER = b"TFL3"
# Runtimes map weights straight from the file; the schema asks for this alignment of a buffer's data.
ALIGNMENT = 16
# The schema keeps the first buffer empty: tensors without constant data point to it.
EMPTY_BUFFER = 0


def read(content: bytes) -> Any:
    """Parses a flatbuffer into the schema's mutable `ModelT`, with all constants inside it."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(content, 0)
    for buffer in model.buffers:
        if buffer.offset:  # a writer may put constants behind the flatbuffer; offsets count from the file's start
            buffer.data = np.frombuffer(content, np.uint8, buffer.size, buffer.offset)
            buffer.offset = buffer.size = 0
    return model


def write(model: Any) -> bytes:
    """Serialises a `ModelT`, with buffers aligned and equal scales stored once. The model stays as it is."""
    import flatbuffers  # type: ignore[import-untyped]

    builder = flatbuffers.Builder(1 << 20)
    buffers = model.buffers
    quantised = [tensor for graph in model.subgraphs for tensor in graph.tensors if tensor.quantization is not None]
    scales = [tensor.quantization for tensor in quantised]
    packed: dict[bytes, int] = {}
    try:
        model.buffers = [_aligned(buffer) for buffer in buffers]
        for tensor in quantised:
            tensor.quantization = _SharedScales(tensor.quantization, packed)
        builder.Finish(model.Pack(builder), file_identifier=IDENTIFIER)
    finally:
        model.buffers = buffers
        for tensor, scale in zip(quantised, scales, strict=True):
            tensor.quantization = scale
    return bytes(builder.Output())


def share_buffers(model: Any) -> None:
    """Stores equal constants once, over all graphs, and drops buffers that nothing uses."""
    first: dict[bytes, int] = {}
    buffers, moved = [model.buffers[EMPTY_BUFFER]], {EMPTY_BUFFER: EMPTY_BUFFER}
    used = {tensor.buffer for graph in model.subgraphs for tensor in graph.tensors}
    used |= {entry.buffer for entry in model.metadata or []}
    for index in sorted(used - {EMPTY_BUFFER}):
        content = content_of(model.buffers[index])
        # A buffer without data belongs to its tensor alone: it may mark a result.
        if not content or content not in first:
            first[content] = len(buffers)
            buffers.append(model.buffers[index])
        moved[index] = first[content] if content else len(buffers) - 1
    for graph in model.subgraphs:
        for tensor in graph.tensors:
            tensor.buffer = moved[tensor.buffer]
    for entry in model.metadata or []:
        entry.buffer = moved[entry.buffer]
    model.buffers = buffers


def halve_weights(model: Any) -> None:
    """Stores the weights of convolutions as float16, with a DEQUANTIZE in front of them.

    Runtimes undo it once at load; the GPU delegate keeps the halves. Small weights stay (`FEWEST_HALVED`), and so do
    other constants: they are few, and the locality prior's would lose precision.
    """
    weights = [found for found in _convolution_weights(model) if prod(found[2].shape) >= FEWEST_HALVED]
    for index in sorted({tensor.buffer for _, _, tensor in weights}):
        values = np.frombuffer(content_of(model.buffers[index]), "<f4")
        model.buffers[index].data = np.frombuffer(values.astype("<f2").tobytes(), np.uint8)
    code = _operator_code(model, "DEQUANTIZE")
    casts: dict[tuple[int, int], int] = {}
    for graph_index, operator, tensor in weights:
        graph = model.subgraphs[graph_index]
        position = int(operator.inputs[1])
        if (graph_index, position) not in casts:
            casts[graph_index, position] = _add_dequantize(graph, tensor, position, code)
        operator.inputs = [casts[graph_index, position] if i == position else int(i) for i in operator.inputs]


def merge(parts: Sequence[Any]) -> Any:
    """Lays models side by side into the first one: each brings its main graph and its signature.

    Raises:
        ValueError: a part has more than one graph; the operators that call another are not handled.
    """
    from ai_edge_litert import schema_py_generated as schema

    merged = schema.ModelT()
    merged.version, merged.description = parts[0].version, parts[0].description
    merged.operatorCodes, merged.subgraphs, merged.signatureDefs = [], [], []
    merged.buffers, merged.metadata = [schema.BufferT()], []
    for part in parts:
        if len(part.subgraphs) != 1:
            raise ValueError("a converted graph calls other graphs")
        graph, codes, buffers = part.subgraphs[0], len(merged.operatorCodes), len(merged.buffers)
        for tensor in graph.tensors:
            tensor.buffer = tensor.buffer and tensor.buffer + buffers - 1
        for operator in graph.operators:
            operator.opcodeIndex += codes
        for signature in part.signatureDefs:
            signature.subgraphIndex = len(merged.subgraphs)
        merged.operatorCodes += part.operatorCodes
        merged.buffers += part.buffers[1:]
        merged.subgraphs.append(graph)
        merged.signatureDefs += part.signatureDefs
    return merged


def _convolution_weights(model: Any) -> list[tuple[int, Any, Any]]:
    """(graph index, operator, weight tensor) of each convolution whose weights are constant float32."""
    from ai_edge_litert import schema_py_generated as schema

    names = schema.BuiltinOperator
    convolutions = {names.CONV_2D, names.DEPTHWISE_CONV_2D}
    found = []
    for index, graph in enumerate(model.subgraphs):
        for operator in graph.operators:
            if builtin(model.operatorCodes[operator.opcodeIndex]) in convolutions:
                tensor = graph.tensors[operator.inputs[1]]
                if tensor.type == schema.TensorType.FLOAT32 and content_of(model.buffers[tensor.buffer]):
                    found.append((index, operator, tensor))
    return found


def _add_dequantize(graph: Any, tensor: Any, position: int, code: int) -> int:
    """Turns a weight tensor into float16; a new first operator makes its float32 copy, whose index is returned."""
    from ai_edge_litert import schema_py_generated as schema

    copy = schema.TensorT()
    copy.name, copy.shape, copy.type, copy.buffer = tensor.name, tensor.shape, tensor.type, EMPTY_BUFFER
    tensor.name, tensor.type = tensor.name + b"/fp16", schema.TensorType.FLOAT16
    graph.tensors.append(copy)
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = code, [position], [len(graph.tensors) - 1]
    operator.builtinOptionsType = schema.BuiltinOptions.DequantizeOptions
    operator.builtinOptions = schema.DequantizeOptionsT()
    graph.operators.insert(0, operator)
    return len(graph.tensors) - 1


def _operator_code(model: Any, name: str) -> int:
    from ai_edge_litert import schema_py_generated as schema

    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = getattr(schema.BuiltinOperator, name)
    code.version = 3  # the first version of DEQUANTIZE that takes float16
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1


def builtin(code: Any) -> int:
    """An operator's number: old files hold it in a byte, newer ones in a field of its own."""
    return max(int(code.builtinCode), int(code.deprecatedBuiltinCode))


def content_of(buffer: Any) -> bytes:
    """The bytes of a constant; none for a tensor that is computed."""
    return b"" if buffer.data is None or len(buffer.data) == 0 else bytes(np.asarray(buffer.data, np.uint8))


def _aligned(buffer: Any) -> Any:
    """The same buffer, but packed so that its data starts at a multiple of `ALIGNMENT`."""
    from ai_edge_litert import schema_py_generated as schema

    class AlignedBuffer(schema.BufferT):  # type: ignore[misc]
        def Pack(self, builder: Any) -> int:  # noqa: N802 - the schema's name
            builder.Prep(ALIGNMENT, len(self.data))
            data = builder.CreateByteVector(self.data)
            schema.BufferStart(builder)
            schema.BufferAddData(builder, data)
            return int(schema.BufferEnd(builder))

    content = content_of(buffer)
    if not content:
        return schema.BufferT()
    aligned = AlignedBuffer()
    aligned.data = content
    return aligned


class _SharedScales:
    """The scales and zero points of a tensor; where a file has an equal list already, it points to that.

    One list of zeros does for the zero points of all weights with as many channels.
    """

    def __init__(self, scales: Any, packed: dict[bytes, int]) -> None:
        self._scales, self._packed = scales, packed

    def Pack(self, builder: Any) -> int:  # noqa: N802 - the schema's name
        from ai_edge_litert import schema_py_generated as schema

        lists = {
            schema.QuantizationParametersAddMin: self._list(builder, self._scales.min, "<f4"),
            schema.QuantizationParametersAddMax: self._list(builder, self._scales.max, "<f4"),
            schema.QuantizationParametersAddScale: self._list(builder, self._scales.scale, "<f4"),
            schema.QuantizationParametersAddZeroPoint: self._list(builder, self._scales.zeroPoint, "<i8"),
        }
        schema.QuantizationParametersStart(builder)
        for add, position in lists.items():
            if position is not None:
                add(builder, position)
        schema.QuantizationParametersAddQuantizedDimension(builder, self._scales.quantizedDimension)
        return int(schema.QuantizationParametersEnd(builder))

    def _list(self, builder: Any, values: Any, kind: str) -> int | None:
        if values is None:
            return None
        array = np.asarray(values, kind)
        key = kind.encode() + array.tobytes()
        if key not in self._packed:
            self._packed[key] = int(builder.CreateNumpyVector(array))
        return self._packed[key]
