"""PyTorch to one ONNX file: every graph is exported on its own, then all are laid into one with shared weights."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING

import torch

from mobilevos_export import quant_onnx
from mobilevos_export.conversion import FEWEST_HALVED, quietly
from mobilevos_export.graphs import SourceModel, sample_inputs
from mobilevos_export.quant_policy import QUANTISED
from mobilevos_export.quant_prepare import expect_rounding
from mobilevos_sdk.spec import SPEC_NAME, ArtifactSpec, GraphSpec

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, TensorProto

# ONNX Runtime 1.18, the oldest that the SDK takes, reads up to these.
OPSET = 18
IR_VERSION = 10
WEIGHTS_PREFIX = "weights/"
# A weight that is stored as fp16 is cast when it is read; the stored tensor has this suffix.
HALF_SUFFIX = ".fp16"


def convert(source: SourceModel, report: Callable[[str], None]) -> ModelProto:
    """Converts all graphs of a model into one ONNX model.

    Args:
        source: the model; its spec's precision says how the weights are stored.
        report: is told which graph is being converted.

    Returns:
        The model without its spec; see `package`.

    Raises:
        ConversionError: PyTorch's exporter or the quantiser failed.
        RuntimeMissingError: onnx, onnxscript or onnxslim is not installed.
    """
    source, parts = expect_rounding(source, quant_onnx.LARGEST_WEIGHT), []
    for graph, module in source.modules():
        report(f"ONNX: {graph.name}")
        parts.append((graph, export_graph(graph, module)))
    if source.spec.precision in QUANTISED:
        quantised = quant_onnx.quantise([(graph.name, part) for graph, part in parts], source, report)
        parts = [(graph, part) for (graph, _), part in zip(parts, quantised, strict=True)]
    merger = _Merger(half=source.spec.precision == "fp16")
    for graph, part in parts:
        merger.add(graph, part)
    return merger.model()


def export_graph(graph: GraphSpec, module: torch.nn.Module) -> ModelProto:
    """Exports one graph, with the tensor names of its spec, and simplifies it."""
    inputs, outputs = ([tensor.name for tensor in tensors] for tensors in (graph.inputs, graph.outputs))
    return export_module(graph.name, module, sample_inputs(graph), inputs, outputs)


def export_module(
    name: str,
    module: torch.nn.Module,
    example: tuple[torch.Tensor, ...],
    inputs: list[str] | None = None,
    outputs: list[str] | None = None,
) -> ModelProto:
    """Exports any module as the graphs of artifacts are, and simplifies it.

    Args:
        name: what to call it where the export fails.
        module: what takes the example.
        example: tensors of the inputs' shapes.
        inputs: the inputs' names; none takes what PyTorch calls them.
        outputs: the outputs' names, likewise.

    Raises:
        ConversionError: PyTorch's exporter failed.
        RuntimeMissingError: onnx, onnxscript or onnxslim is not installed.
    """
    with quietly(f"the ONNX export of {name}"):
        import onnxslim
        from onnxscript.optimizer import fold_constants

        # PyTorch's own optimisation tries patterns on all pairs of nodes: minutes for local attention. After folding
        # alone onnxslim leaves the same nodes; without it, casts of constants would stay.
        program = torch.onnx.export(
            module,
            example,
            dynamo=True,
            opset_version=OPSET,
            input_names=inputs,
            output_names=outputs,
            verbose=False,
            optimize=False,
        )
        if program is None:
            raise RuntimeError("PyTorch returned no program")
        fold_constants(program.model)
        model: ModelProto = onnxslim.slim(program.model_proto)
    return model


def package(model: ModelProto, spec: ArtifactSpec) -> bytes:
    """The bytes of an artifact: the model with the spec as a metadata property."""
    del model.metadata_props[:]
    model.metadata_props.add(key=SPEC_NAME, value=spec.to_json())
    data: bytes = model.SerializeToString()
    return data


class _Merger:
    """Lays graphs side by side: `G/tensor` for the tensors of graph G, `weights/...` for what several may share."""

    def __init__(self, half: bool) -> None:
        from onnx import GraphProto

        self.half = half
        self.graph: GraphProto = GraphProto(name="mobilevos")
        self.casts: list[NodeProto] = []
        self.nodes: list[NodeProto] = []
        self.by_content: dict[tuple[str, bool], str] = {}
        self.taken: set[str] = set()

    def add(self, spec: GraphSpec, model: ModelProto) -> None:
        """Adds one exported graph."""
        graph = model.graph
        convolved = {node.input[1] for node in graph.node if node.op_type == "Conv"}
        names = {tensor.name: self._weight(tensor, tensor.name in convolved) for tensor in graph.initializer}

        def rename(name: str) -> str:
            return names.get(name, f"{spec.name}/{name}") if name else ""

        for node in graph.node:
            node.name = f"{spec.name}/{node.name}" if node.name else ""
            node.input[:] = [rename(name) for name in node.input]
            node.output[:] = [rename(name) for name in node.output]
            del node.metadata_props[:]  # the exporter's stack traces: paths of the machine that it ran on
            self.nodes.append(node)
        self._add_values(spec, graph)

    def model(self) -> ModelProto:
        """The merged model."""
        from onnx import checker, helper

        self.graph.node.extend([*self.casts, *self.nodes])
        model = helper.make_model(
            self.graph, ir_version=IR_VERSION, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="mobilevos"
        )
        checker.check_model(model)
        return model

    def _add_values(self, spec: GraphSpec, graph: GraphProto) -> None:
        inputs, outputs = {value.name: value for value in graph.input}, {value.name: value for value in graph.output}
        for kind, tensors, values in (
            ("input", spec.inputs, inputs),
            ("output", spec.outputs, outputs),
        ):
            for tensor in tensors:
                value = getattr(self.graph, kind).add()
                value.CopyFrom(values[tensor.name])
                value.name = f"{spec.name}/{tensor.name}"
                del value.metadata_props[:]

    def _weight(self, tensor: TensorProto, convolved: bool) -> str:
        """Stores an initializer once for all graphs and returns its new name.

        Only the weights of convolutions become fp16, and not the small ones (`FEWEST_HALVED`): they are nearly all of
        the bytes, while the constants of the locality prior would lose precision.
        """
        from onnx import TensorProto

        half = self.half and convolved and tensor.data_type == TensorProto.FLOAT and prod(tensor.dims) >= FEWEST_HALVED
        content = (_content_hash(tensor), half)
        if content not in self.by_content:
            name = self._free_name(WEIGHTS_PREFIX + tensor.name.removeprefix("model."))
            self.by_content[content] = name
            self._store(tensor, name, half)
        return self.by_content[content]

    def _store(self, tensor: TensorProto, name: str, half: bool) -> None:
        import numpy as np
        from onnx import TensorProto, helper, numpy_helper

        if not half:
            stored = self.graph.initializer.add()
            stored.CopyFrom(tensor)
            stored.name = name
            del stored.metadata_props[:]
            return
        values = numpy_helper.to_array(tensor).astype(np.float16)
        self.graph.initializer.append(numpy_helper.from_array(values, name + HALF_SUFFIX))
        self.casts.append(helper.make_node("Cast", [name + HALF_SUFFIX], [name], name=name, to=TensorProto.FLOAT))

    def _free_name(self, wanted: str) -> str:
        name, number = wanted, 1
        while name in self.taken:
            number += 1
            name = f"{wanted}_{number}"
        self.taken.add(name)
        return name


def _content_hash(tensor: TensorProto) -> str:
    from onnx import numpy_helper

    values = numpy_helper.to_array(tensor)
    described = f"{tensor.data_type}{values.shape}".encode()
    return hashlib.sha256(described + values.tobytes()).hexdigest()
