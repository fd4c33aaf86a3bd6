"""Cuts one graph out of an .onnx artifact, which holds all graphs of a model over one set of weights.

The tensors of graph `segment_2` are named `segment_2/...`; weights belong to no graph. This module reads the few
protobuf fields that the cut needs and copies all others as they are, so the SDK does without the onnx package. It knows
nothing of a runtime or of the spec's meaning. Field numbers are those of onnx.proto3.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from mobilevos_sdk.errors import ArtifactError

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5

MODEL_IR_VERSION, MODEL_GRAPH, MODEL_METADATA = 1, 7, 14
GRAPH_NODE, GRAPH_NAME, GRAPH_INITIALIZER, GRAPH_INPUT, GRAPH_OUTPUT = 1, 2, 5, 11, 12
NODE_INPUT, NODE_OUTPUT = 1, 2
TENSOR_NAME = 8
VALUE_INFO_NAME = 1
METADATA_KEY, METADATA_VALUE = 1, 2


class Field(NamedTuple):
    """One protobuf field: its number, its content (of length-delimited fields), and all of its bytes with the tag."""

    number: int
    content: memoryview
    raw: memoryview


class Node(NamedTuple):
    """One node of the graph: names of what it reads and writes, and its bytes as a field of the graph."""

    inputs: list[bytes]
    outputs: list[bytes]
    raw: memoryview


class OnnxGraphs:
    """The graphs of one .onnx file, indexed once; `cut` makes a model of one of them.

    Args:
        content: the file's bytes.

    Raises:
        ArtifactError: the bytes are not a complete ONNX model.
    """

    def __init__(self, content: bytes) -> None:
        try:
            graph = self._read_model(memoryview(content))
            self._read_graph(graph)
        except (ValueError, IndexError) as error:
            raise ArtifactError(f"not a complete ONNX model ({error}); copy or export the file again") from error

    def cut(self, graph: str) -> bytes:
        """A model of the nodes and weights that the outputs of one graph need.

        Raises:
            ArtifactError: the file has no graph of that name.
        """
        prefix = f"{graph}/".encode()
        outputs = {name: raw for name, raw in self._outputs.items() if name.startswith(prefix)}
        if not outputs:
            raise ArtifactError(f"the file has no graph '{graph}'; export it again with vos-export")
        needed = set(outputs)
        kept: list[memoryview] = []
        # Nodes are stored in the order of execution, so one pass from the end finds all that an output depends on.
        for node in reversed(self._nodes):
            if not needed.isdisjoint(node.outputs):
                needed.update(node.inputs)
                kept.append(node.raw)
        parts: list[bytes | memoryview] = [*reversed(kept), _bytes_field(GRAPH_NAME, graph.encode())]
        for named in (self._initializers, self._inputs, outputs):
            parts += [raw for name, raw in named.items() if name in needed]
        body = b"".join(parts)
        return b"".join([*self._header, _key(MODEL_GRAPH, LENGTH), varint(len(body)), body])

    def _read_model(self, model: memoryview) -> memoryview:
        """Keeps the model's own fields (versions, operator sets) and returns the graph's content."""
        self._header: list[memoryview] = []
        graph = None
        for item in _fields(model):
            if item.number == MODEL_GRAPH:
                graph = item.content
            elif item.number != MODEL_METADATA:
                self._header.append(item.raw)
        if graph is None:
            raise ValueError("it has no graph")
        return graph

    def _read_graph(self, graph: memoryview) -> None:
        self._nodes: list[Node] = []
        self._initializers: dict[bytes, memoryview] = {}
        self._inputs: dict[bytes, memoryview] = {}
        self._outputs: dict[bytes, memoryview] = {}
        # Shapes of inner tensors (value_info) are left out: all graphs are static, and the runtime infers them.
        for number, content, raw in _fields(graph):
            if number == GRAPH_NODE:
                self._nodes.append(_node(content, raw))
            elif number == GRAPH_INITIALIZER:
                self._initializers[_first(content, TENSOR_NAME)] = raw
            elif number == GRAPH_INPUT:
                self._inputs[_first(content, VALUE_INFO_NAME)] = raw
            elif number == GRAPH_OUTPUT:
                self._outputs[_first(content, VALUE_INFO_NAME)] = raw


def read_metadata(content: bytes, name: str) -> bytes | None:
    """A metadata property of an ONNX model, none if it has no such property.

    Raises:
        ValueError: the bytes are not a complete ONNX model.
    """
    found, is_model = None, False
    for number, value, _ in _fields(memoryview(content)):
        is_model = is_model or number in (MODEL_IR_VERSION, MODEL_GRAPH)
        if number == MODEL_METADATA and _first(value, METADATA_KEY) == name.encode():
            found = _first(value, METADATA_VALUE)
    if not is_model:
        raise ValueError("it has neither version nor graph")
    return found


def _node(content: memoryview, raw: memoryview) -> Node:
    inputs: list[bytes] = []
    outputs: list[bytes] = []
    for number, value, _ in _fields(content):
        if number == NODE_INPUT:
            inputs.append(bytes(value))
        elif number == NODE_OUTPUT:
            outputs.append(bytes(value))
    return Node(inputs, outputs, raw)


def _first(message: memoryview, number: int) -> bytes:
    """The content of the first field with that number, empty if there is none."""
    return next((bytes(content) for found, content, _ in _fields(message) if found == number), b"")


def _fields(message: memoryview) -> Iterator[Field]:
    """The fields of a protobuf message in their order.

    Raises:
        ValueError: a field reaches beyond the end of the message, or has an unknown wire type.
        IndexError: the message ends within a number.
    """
    position, end = 0, len(message)
    while position < end:
        start = position
        tag, position = _readvarint(message, position)
        content = position
        kind = tag & 7
        if kind == LENGTH:
            length, content = _readvarint(message, position)
            position = content + length
        elif kind == VARINT:
            _, position = _readvarint(message, position)
        elif kind in (FIXED64, FIXED32):
            position += 8 if kind == FIXED64 else 4
        else:
            raise ValueError(f"unknown wire type {kind}")
        if position > end or tag < 8:
            raise ValueError("it is truncated or damaged")
        yield Field(tag >> 3, message[content:position], message[start:position])


def _readvarint(message: memoryview, position: int) -> tuple[int, int]:
    """A variable-length integer and the position after it."""
    byte = message[position]
    if byte < 0x80:
        return byte, position + 1
    value, shift = byte & 0x7F, 7
    while True:
        position += 1
        byte = message[position]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position + 1
        shift += 7
        if shift > 63:
            raise ValueError("a number is too long")


def varint(value: int) -> bytes:
    """Encodes a number as protobuf does, seven bits a byte."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def _key(number: int, kind: int) -> bytes:
    return varint(number << 3 | kind)


def _bytes_field(number: int, content: bytes) -> bytes:
    return _key(number, LENGTH) + varint(len(content)) + content
