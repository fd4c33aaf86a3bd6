"""Takes a TFLite model apart into models of one operator each."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from mobilevos_export import flatbuffer

SIGNATURE = "operator"
# Constants up to this size are arguments, such as axes and permutations; larger ones are weights.
ARGUMENT_BYTES = 64
# On a CPU XNNPACK lets these do the padding before them.
PADDED = ("CONV_2D", "DEPTHWISE_CONV_2D")


@dataclass(frozen=True)
class OperatorFault:
    """An operator that does not work on the GPU.

    Attributes:
        graph: the first graph that has it.
        operator: its name in TFLite's schema, such as `BATCH_MATMUL`.
        tensor: the name of its first output, which tells the place in the model.
        shapes: of its inputs and its outputs, as text.
        reason: what is wrong.
        advice: what to do about it; empty where nothing is known.
    """

    graph: str
    operator: str
    tensor: str
    shapes: str
    reason: str
    advice: str = ""

    def text(self) -> str:
        """The fault in one line."""
        end = f"; {self.advice}" if self.advice else ""
        return f"{self.operator} {self.shapes} in {self.graph} ({self.tensor}): {self.reason}{end}"


class SingleOperator(NamedTuple):
    """A kind of operator, alone.

    Attributes:
        fault: where the first one is, with a reason that is still open.
        model: a model of nothing else.
        occurrences: how many there are in all graphs.
    """

    fault: OperatorFault
    model: Any
    occurrences: int


def single_operators(model: Any, padding: bool = False) -> Iterator[SingleOperator]:
    """Each kind of operator of a model as a model of its own.

    Operators that differ in their place alone are one kind. Weights that are unpacked from 16 or 8 bits come along with
    the operator that uses them; what is computed from constants alone is left out.

    Args:
        model: all graphs of its signatures are taken apart.
        padding: whether the padding before a convolution comes along with it, too.
    """
    found: dict[tuple[Any, ...], tuple[OperatorFault, Any]] = {}
    counts: Counter[tuple[Any, ...]] = Counter()
    for signature in model.signatureDefs:
        graph = model.subgraphs[signature.subgraphIndex]
        joined = _joined(model, graph, padding)
        for operator in graph.operators:
            if any(operator is other for other in joined.values()):
                continue
            parts = [*(joined[int(i)] for i in operator.inputs if int(i) in joined), operator]
            inner = {int(part.outputs[0]) for part in parts[:-1]}
            outer = dict.fromkeys(int(i) for part in parts for i in part.inputs if i >= 0 and int(i) not in inner)
            dynamic = [i for i in outer if not _constant(model, graph, i)]
            if not dynamic:
                continue
            fault = _describe(model, graph, operator, signature.signatureKey.decode())
            kind = _kind(model, graph, operator, fault)
            counts[kind] += 1
            if kind not in found:
                found[kind] = fault, _alone(model, graph, parts, dynamic)
    for kind, (fault, single) in found.items():
        yield SingleOperator(fault, single, counts[kind])


def _joined(model: Any, graph: Any, padding: bool) -> dict[int, Any]:
    """Operators that go along with those that take their output, by that output."""
    joined = {int(op.outputs[0]): op for op in graph.operators if _is_unpacking(model, graph, op)}
    if not padding:
        return joined
    pads = {int(op.outputs[0]): op for op in graph.operators if _name(model, op) == "PAD"}
    takers: dict[int, set[str]] = {}
    for operator in graph.operators:
        for index in operator.inputs:
            takers.setdefault(int(index), set()).add(_name(model, operator))
    return joined | {index: pad for index, pad in pads.items() if takers.get(index, {""}) <= set(PADDED)}


def untouched_outputs(model: Any) -> Iterator[OperatorFault]:
    """Outputs that are inputs, which the accelerator leaves empty."""
    for signature in model.signatureDefs:
        graph = model.subgraphs[signature.subgraphIndex]
        for entry in signature.outputs:
            if entry.tensorIndex in set(graph.inputs):
                name, key = entry.name.decode(), signature.signatureKey.decode()
                shapes = _text_of(shape_of(graph, entry.tensorIndex))
                advice = "compute something with it, or leave it out of the graph"
                yield OperatorFault(key, "output", name, shapes, "it is an input that nothing was done to", advice)


def _alone(model: Any, graph: Any, operators: list[Any], inputs: list[int]) -> Any:
    """A model of some operators that share their last one's inputs: their tensors, buffers and one signature."""
    from ai_edge_litert import schema_py_generated as schema

    single, part = schema.ModelT(), schema.SubGraphT()
    single.version, single.description = model.version, SIGNATURE.encode()
    used = list(dict.fromkeys(int(i) for op in operators for i in (*op.inputs, *op.outputs) if i >= 0))
    place = {index: position for position, index in enumerate(used)}
    place[-1] = -1
    single.buffers, part.tensors = [schema.BufferT()], []
    for index in used:
        tensor = copy.copy(graph.tensors[index])
        tensor.name = f"t{place[index]}".encode()
        tensor.buffer = 0
        if _constant(model, graph, index):
            single.buffers.append(model.buffers[graph.tensors[index].buffer])
            tensor.buffer = len(single.buffers) - 1
        part.tensors.append(tensor)
    single.operatorCodes, part.operators = [], []
    for operator in operators:
        moved = copy.copy(operator)
        moved.opcodeIndex = len(single.operatorCodes)
        single.operatorCodes.append(model.operatorCodes[operator.opcodeIndex])
        moved.inputs = [place[int(i)] for i in operator.inputs]
        moved.outputs = [place[int(i)] for i in operator.outputs]
        part.operators.append(moved)
    part.inputs, part.outputs = [place[i] for i in inputs], part.operators[-1].outputs
    part.name = SIGNATURE.encode()
    single.subgraphs, single.signatureDefs = [part], [schema.SignatureDefT()]
    entry = single.signatureDefs[0]
    entry.signatureKey, entry.subgraphIndex = SIGNATURE.encode(), 0
    entry.inputs, entry.outputs = _entries(part, part.inputs), _entries(part, part.outputs)
    return single


def _entries(part: Any, indices: list[int]) -> list[Any]:
    from ai_edge_litert import schema_py_generated as schema

    entries = []
    for index in indices:
        entry = schema.TensorMapT()
        entry.name, entry.tensorIndex = part.tensors[index].name, index
        entries.append(entry)
    return entries


def _describe(model: Any, graph: Any, operator: Any, signature: str) -> OperatorFault:
    ins = [shape_of(graph, i) for i in operator.inputs if i >= 0]
    outs = [shape_of(graph, i) for i in operator.outputs]
    shapes = f"{' '.join(map(_text_of, ins))} -> {' '.join(map(_text_of, outs))}"
    name = graph.tensors[operator.outputs[0]].name.decode()
    return OperatorFault(signature, _name(model, operator), name, shapes, "not tried")


def _kind(model: Any, graph: Any, operator: Any, fault: OperatorFault) -> tuple[Any, ...]:
    """What an operator has in common with those that the delegate treats alike."""
    options = getattr(operator, "builtinOptions", None)
    chosen = None if options is None else tuple(sorted((key, str(value)) for key, value in vars(options).items()))
    present = [int(i) for i in operator.inputs if i >= 0]
    constants = tuple(_constant(model, graph, i) for i in present)
    contents = (flatbuffer.content_of(model.buffers[graph.tensors[i].buffer]) for i in present)
    arguments = tuple(content for content in contents if len(content) <= ARGUMENT_BYTES)
    return fault.operator, fault.shapes, chosen, constants, arguments


def _is_unpacking(model: Any, graph: Any, operator: Any) -> bool:
    return _name(model, operator) == "DEQUANTIZE" and _constant(model, graph, operator.inputs[0])


def _constant(model: Any, graph: Any, index: int) -> bool:
    return bool(flatbuffer.content_of(model.buffers[graph.tensors[index].buffer]))


def _name(model: Any, operator: Any) -> str:
    from ai_edge_litert import schema_py_generated as schema

    code = model.operatorCodes[operator.opcodeIndex]
    number = flatbuffer.builtin(code)
    if number == schema.BuiltinOperator.CUSTOM:
        return code.customCode.decode()
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    return names.get(number, str(number))


def shape_of(graph: Any, index: int) -> tuple[int, ...]:
    """The shape of a tensor of a graph."""
    shape = graph.tensors[index].shape
    return () if shape is None else tuple(int(side) for side in shape)


def _text_of(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "scalar"
