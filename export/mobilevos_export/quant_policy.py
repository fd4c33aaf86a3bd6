"""Which operations of a graph become int8 and which stay float. Knows layers and dataflow, but no file format.

Two sorts of operations are quantised. Layers have constant weights: convolutions and linear layers. Between them stand
operations that only pass values on (a residual sum, a resize): they are quantised where the values come from a
quantised layer and go to one, so that they need no conversion to float and back. Those of them that leave every value
as it is (a padding) are quantised in front of a layer too, wherever the values come from: to convert before or after
them gives the same, and bytes move faster.
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
    MOVING = "moving"
    OTHER = "other"


LAYERS = frozenset({Kind.CONVOLUTION, Kind.DEPTHWISE, Kind.LINEAR})
MOVING = frozenset({Kind.MOVING})
PASSING = frozenset({Kind.PASSING}) | MOVING


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
FLOAT_LAYERS = (
    FloatLayer(
        r"^(key_)?encoder\.(features\.)?[01]\.",
        "MobileNetV2's first two blocks: few channels of very different size, whose errors grow in all that follows "
        "(--sensitivity puts them first); they hold a thousandth of the weights",
    ),
)


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


def touched(operations: Sequence[Operation]) -> frozenset[str]:
    """The tensors that could be quantised: what layers and passing operations read and write."""
    return frozenset(name for one in operations if one.kind is not Kind.OTHER for name in (*one.inputs, *one.outputs))


def is_float(layer: str) -> bool:
    """Whether the policy leaves a layer as it is."""
    return any(re.search(exception.pattern, layer) for exception in FLOAT_LAYERS)


def with_passing(operations: Sequence[Operation], layers: Collection[str]) -> frozenset[str]:
    """Adds the passing operations that stand between quantised layers, and the moving ones in front of those."""
    backwards = list(reversed(operations))
    fed = _reach(operations, layers, PASSING, lambda one: (one.inputs, one.outputs))
    needed = _reach(backwards, layers, PASSING, lambda one: (one.outputs, one.inputs))
    between = frozenset(layers) | (fed & needed)
    return between | _reach(backwards, between, MOVING, lambda one: (one.outputs, one.inputs))


def _reach(
    operations: Sequence[Operation],
    chosen: Collection[str],
    kinds: Collection[Kind],
    ends: Callable[[Operation], tuple[tuple[str, ...], tuple[str, ...]]],
) -> frozenset[str]:
    """Operations of some kinds with a tensor that comes from a chosen operation over their like alone."""
    tensors: set[str] = set()
    found = set()
    for one in operations:
        source, target = ends(one)
        passes = one.kind in kinds and not tensors.isdisjoint(source)
        if passes:
            found.add(one.name)
        if passes or one.name in chosen:
            tensors.update(target)
    return frozenset(found)
