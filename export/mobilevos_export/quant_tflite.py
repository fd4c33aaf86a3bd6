"""Quantises a TFLite flatbuffer, one graph after another, and lays them together again with equal weights stored once.

Each graph is quantised on its own: the quantiser knows tensors by their names, which graphs of one model share.
"""

from __future__ import annotations

import copy
import hashlib
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import numpy as np

from mobilevos_export import flatbuffer
from mobilevos_export.conversion import ConversionError
from mobilevos_export.graphs import SourceModel
from mobilevos_export.quant_calibration import Samples
from mobilevos_export.quant_graphs import quantise_graphs
from mobilevos_export.quant_policy import DYNAMIC, LAYERS, STATIC, Kind, Operation, touched
from mobilevos_export.quant_ranges import Range
from mobilevos_sdk.backends.base import FloatArray
from mobilevos_sdk.options import RuntimeOptions

# The integer that stands for the largest weight of a channel.
LARGEST_WEIGHT = 127
# What TFLite calls the operations of the policy.
KINDS = {
    "CONV_2D": Kind.CONVOLUTION,
    "DEPTHWISE_CONV_2D": Kind.DEPTHWISE,
    "FULLY_CONNECTED": Kind.LINEAR,
    "ADD": Kind.PASSING,
    "AVERAGE_POOL_2D": Kind.PASSING,
    "CONCATENATION": Kind.PASSING,
    "MAX_POOL_2D": Kind.PASSING,
    "PAD": Kind.MOVING,
    "RELU": Kind.PASSING,
    "RESHAPE": Kind.MOVING,
    "RESIZE_BILINEAR": Kind.PASSING,
    "RESIZE_NEAREST_NEIGHBOR": Kind.PASSING,
    "TRANSPOSE": Kind.MOVING,
}
# Axes of a feature map: batch, rows, columns, channels.
MAP_RANK = 4


class TfliteGraph:
    """One graph of a float32 flatbuffer, ready to be quantised.

    Args:
        model: a `ModelT` of one signature.
    """

    def __init__(self, model: Any) -> None:
        self.name: str = model.signatureDefs[0].signatureKey.decode()
        self.content = flatbuffer.write(model)
        self.operations = tuple(_operations(model))
        self.ranges: dict[str, Range] = {}

    def observe(self, samples: Samples) -> Iterator[Mapping[str, FloatArray]]:
        """Runs inputs and gives every tensor that could be quantised; see `CalibratedGraph`."""
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        interpreter: Any = Interpreter(
            model_content=self.content,
            num_threads=RuntimeOptions().thread_count,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,  # XNNPACK hides tensors
            experimental_preserve_all_tensors=True,
        )
        runner = interpreter.get_signature_runner(self.name)
        names = touched(self.operations)
        indices = {one["name"]: one["index"] for one in interpreter.get_tensor_details() if one["name"] in names}
        for sample in samples:
            runner(**sample)
            yield {name: interpreter.get_tensor(index) for name, index in indices.items()}

    def quantise(self, names: Collection[str], precision: str) -> bytes:
        """The graph with some operations in int8, as a flatbuffer of its own.

        Args:
            names: the operations; none leaves the graph as it is.
            precision: `int8-dynamic`, or `int8` with `ranges`.
        """
        from ai_edge_quantizer.quantizer import Quantizer

        if not names:
            return self.content
        quantiser = Quantizer(self.content, self._recipe(names, precision))
        ranges = {
            name: {"min": np.array([[low]]), "max": np.array([[high]])} for name, (low, high) in self.ranges.items()
        }
        known = ranges if precision == STATIC else None
        return _mended(bytes(quantiser.quantize(known, enable_progress_report=False).quantized_model))

    def run(self, model: bytes, inputs: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        """Runs what `quantise` gave and returns its outputs by name."""
        from ai_edge_litert.interpreter import Interpreter

        interpreter = Interpreter(model_content=model, num_threads=RuntimeOptions().thread_count)
        outputs: dict[str, FloatArray] = interpreter.get_signature_runner(self.name)(**inputs)
        return outputs

    def _recipe(self, names: Collection[str], precision: str) -> list[dict[str, Any]]:
        """The quantiser's recipe: one entry for each operation, found by the tensors that it writes."""
        from ai_edge_quantizer.qtyping import TFLOperationName
        from ai_edge_quantizer.recipe_manager import RecipeManager

        recipes = RecipeManager()
        for name in names:
            scope = f"^{re.escape(name)};$"
            if precision == DYNAMIC:
                recipes.add_dynamic_config(scope, TFLOperationName.ALL_SUPPORTED, num_bits=8)
            else:
                recipes.add_static_config(
                    scope, TFLOperationName.ALL_SUPPORTED, activation_num_bits=8, weight_num_bits=8
                )
        recipe: list[dict[str, Any]] = recipes.get_quantization_recipe()
        return recipe


def quantise(content: bytes, source: SourceModel, report: Callable[[str], None]) -> bytes:
    """Quantises all graphs of a float32 flatbuffer.

    Args:
        content: the flatbuffer.
        source: the model that it was made of; its spec names the precision, its calibration has the clips.
        report: is told what is being done.

    Raises:
        ConversionError: the quantiser failed.
        RuntimeMissingError: ai-edge-quantizer is not installed.
    """
    return join(quantise_graphs("tflite", list(split(content)), source, report))


def split(content: bytes) -> Iterator[TfliteGraph]:
    """The graphs of a flatbuffer, one model for each signature."""
    whole = flatbuffer.read(content)
    for signature in whole.signatureDefs:
        part = copy.copy(whole)
        alone = copy.copy(signature)
        alone.subgraphIndex = 0
        part.subgraphs = [copy.deepcopy(whole.subgraphs[signature.subgraphIndex])]
        part.signatureDefs, part.metadata = [alone], []
        pool_relus(part)
        flatbuffer.share_buffers(part)
        yield TfliteGraph(part)


def pool_relus(model: Any) -> None:
    """Turns every RELU of maps into a MAX_POOL_2D of one cell whose own activation is the ReLU: the same values.

    XNNPACK has no RELU of int8, and LiteRT's own takes longer than a convolution; XNNPACK takes such a pool as a clamp.
    """
    from ai_edge_litert import schema_py_generated as schema

    graph, pool = model.subgraphs[0], schema.BuiltinOperator.MAX_POOL_2D
    model.operatorCodes = [*model.operatorCodes, schema.OperatorCodeT(deprecatedBuiltinCode=pool, builtinCode=pool)]
    for operator in graph.operators:
        relu = flatbuffer.builtin(model.operatorCodes[operator.opcodeIndex]) == schema.BuiltinOperator.RELU
        if relu and len(graph.tensors[operator.inputs[0]].shape) == MAP_RANK:
            operator.opcodeIndex = len(model.operatorCodes) - 1
            operator.builtinOptionsType = schema.BuiltinOptions.Pool2DOptions
            operator.builtinOptions = schema.Pool2DOptionsT(
                padding=schema.Padding.VALID,
                strideW=1,
                strideH=1,
                filterWidth=1,
                filterHeight=1,
                fusedActivationFunction=schema.ActivationFunctionType.RELU,
            )


def join(parts: list[bytes]) -> bytes:
    """One flatbuffer of several, with equal constants stored once."""
    merged = flatbuffer.merge([flatbuffer.read(part) for part in parts])
    flatbuffer.share_buffers(merged)
    return flatbuffer.write(merged)


def _mended(content: bytes) -> bytes:
    """Makes a quantised graph give float32 tensors.

    Where an output of the graph is read by a quantised layer too, the quantiser mixes up the list of outputs, and may
    leave an int8 tensor in the signature: it becomes the float one behind the DEQUANTIZE that reads it.
    """
    model = flatbuffer.read(content)
    graph, outputs = model.subgraphs[0], model.signatureDefs[0].outputs
    for entry in outputs:
        entry.tensorIndex = _float_tensor(graph, entry.tensorIndex)
    graph.outputs = [entry.tensorIndex for entry in outputs]
    return flatbuffer.write(model)


def _float_tensor(graph: Any, index: int) -> int:
    from ai_edge_litert import schema_py_generated as schema

    kind = schema.TensorType.FLOAT32
    if graph.tensors[index].type == kind:
        return index
    for operator in graph.operators:
        if list(operator.inputs) == [index] and graph.tensors[operator.outputs[0]].type == kind:
            return int(operator.outputs[0])
    raise ConversionError(
        f"the quantiser lost the output '{graph.tensors[index].name.decode()}'; take --precision fp16"
    )


def layer_of(name: str) -> str:
    """The path of modules in the name that the converter gave a tensor.

    Example:
        >>> layer_of("a.NamedInputs/b.SegmentGraph_inner/c.blocks.ResBlock_compress/torch.nn.Conv2d_conv1;2")
        'compress.conv1'
    """
    classes = [part.rpartition(".")[2] for part in name.partition(";")[0].split("/") if "." in part]
    modules = [part.partition("_")[2] for part in classes]
    return ".".join(module for module in modules if module and module != "inner")


def _operations(model: Any) -> Iterator[Operation]:
    from ai_edge_litert import schema_py_generated as schema

    codes = {number: name for name, number in vars(schema.BuiltinOperator).items() if isinstance(number, int)}
    graph = model.subgraphs[0]
    names = [tensor.name.decode() for tensor in graph.tensors]
    constant = [bool(flatbuffer.content_of(model.buffers[tensor.buffer])) for tensor in graph.tensors]
    for operator in graph.operators:
        kind = KINDS.get(codes[flatbuffer.builtin(model.operatorCodes[operator.opcodeIndex])], Kind.OTHER)
        inputs = [int(index) for index in operator.inputs if index >= 0]
        outputs = tuple(names[index] for index in operator.outputs)
        if kind in LAYERS and not constant[inputs[1]]:
            kind = Kind.OTHER
        moving = tuple(names[index] for index in inputs if not constant[index])
        weights = ""
        if kind in LAYERS:
            content = flatbuffer.content_of(model.buffers[graph.tensors[inputs[1]].buffer])
            weights = hashlib.sha256(content).hexdigest()
        yield Operation(";".join(outputs), kind, layer_of(outputs[0]), moving, outputs, weights)
