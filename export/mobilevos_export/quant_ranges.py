"""Ranges of activations that graphs share: one layer has one range, whichever graph it runs in.

A bias is stored in units of its layer's input range. Graphs with ranges of their own would have biases of their own,
for every number of objects; and a range that more inputs were seen for is the safer one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from mobilevos_export.quant_policy import Operation

Range: TypeAlias = tuple[float, float]
# A tensor: the position of its graph, and its name there.
Tensor: TypeAlias = tuple[int, str]


def share_ranges(
    graphs: Sequence[Sequence[Operation]], ranges: Sequence[Mapping[str, Range]]
) -> list[dict[str, Range]]:
    """Widens the ranges of what equal layers read and write to those of all of them.

    Args:
        graphs: the operations of each graph.
        ranges: for each graph, the smallest and the largest value of its tensors, by name.
    """
    ends: dict[tuple[str, str], list[Tensor]] = defaultdict(list)
    for index, operations in enumerate(graphs):
        for one in operations:
            if one.weights:
                ends["reads", one.weights] += [(index, name) for name in one.inputs if name in ranges[index]]
                ends["writes", one.weights] += [(index, name) for name in one.outputs if name in ranges[index]]
    shared = [dict(known) for known in ranges]
    for tensors in _joined(ends.values()):
        found = [ranges[index][name] for index, name in tensors]
        widest = min(low for low, _ in found), max(high for _, high in found)
        for index, name in tensors:
            shared[index][name] = widest
    return shared


def _joined(groups: Iterable[list[Tensor]]) -> list[set[Tensor]]:
    """Groups that have a tensor in common become one."""
    joined: list[set[Tensor]] = []
    for group in groups:
        new = set(group)
        apart = [known for known in joined if known.isdisjoint(new)]
        for known in joined:
            if not known.isdisjoint(new):
                new |= known
        joined = [*apart, new]
    return joined
