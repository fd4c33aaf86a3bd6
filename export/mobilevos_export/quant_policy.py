"""Which operations of a graph become int8 and which stay float. Knows layers and dataflow, but no file format.

Two sorts of operations are quantised. Layers have constant weights: convolutions and linear layers. Between them stand
operations that only pass values on (a residual sum, a resize): they are quantised where the values come from a
quantised layer and go to one, so that they need no conversion to float and back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import Enum

DYNAMIC, STATIC = "int8-dynamic", "int8"
QUANTISED = (DYNAMIC, STATIC)


class Kind(Enum):
    """What an operation is to the policy."""

    CONVOLUTION = "convolution"
    DEPTHWISE = "depthwise"
    LINEAR = "linear"
    PASSING = "passing"
    OTHER = "other"


LAYERS = frozenset({Kind.CONVOLUTION, Kind.DEPTHWISE, Kind.LINEAR})


@dataclass(frozen=True)
class Operation:
    """One operation of a graph.

    Attributes:
        name: unique in its graph.
        kind: what it is.
        layer: the module that it comes from, as a path such as `fusion.block1.conv1`; empty if none is known.
        inputs: the tensors that it reads, without constants.
        outputs: the tensors that it writes.
        weights: a hash of a layer's weights: graphs that share a layer have the same; empty for what is no layer.
    """

    name: str
    kind: Kind
    layer: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    weights: str = ""


@dataclass(frozen=True)
class FloatLayer:
    """Layers that stay float, and why.

    Attributes:
        pattern: a regular expression that is searched for in the layer's path.
        reason: for people.
    """

    pattern: str
    reason: str


# The read of the memory (products of queries with the memory, their softmax, the readout) and the aggregation of the
# objects have no constant weights, so they are no layers and stay float anyway.
FLOAT_LAYERS: tuple[FloatLayer, ...] = ()


def choose(operations: Sequence[Operation], precision: str) -> frozenset[str]:
    """The names of the operations that a precision quantises.

    Args:
        operations: all operations of a graph, in the order of execution.
        precision: `int8-dynamic`, whose activations are float between layers, or `int8`.
    """
    layers = [one for one in operations if one.kind in LAYERS and not is_float(one.layer)]
    if precision == DYNAMIC:
        return frozenset(one.name for one in layers if one.kind is not Kind.DEPTHWISE)
    return with_passing(operations, {one.name for one in layers})


def is_float(layer: str) -> bool:
    """Whether the policy leaves a layer as it is."""
    return any(re.search(exception.pattern, layer) for exception in FLOAT_LAYERS)


def with_passing(operations: Sequence[Operation], layers: Collection[str]) -> frozenset[str]:
    """Adds the passing operations that stand between quantised layers."""
    fed = _reach(operations, layers, lambda one: (one.inputs, one.outputs))
    needed = _reach(list(reversed(operations)), layers, lambda one: (one.outputs, one.inputs))
    return frozenset(layers) | (fed & needed)


def _reach(
    operations: Sequence[Operation],
    layers: Collection[str],
    ends: Callable[[Operation], tuple[tuple[str, ...], tuple[str, ...]]],
) -> frozenset[str]:
    """Passing operations with a tensor that comes from a quantised layer over passing ones alone."""
    tensors: set[str] = set()
    found = set()
    for one in operations:
        source, target = ends(one)
        passes = one.kind is Kind.PASSING and not tensors.isdisjoint(source)
        if passes:
            found.add(one.name)
        if passes or one.name in layers:
            tensors.update(target)
    return frozenset(found)
