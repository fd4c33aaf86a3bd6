"""Ranges of activations: those with the least error, and the same for one layer in whichever graph it runs.

A bias is stored in units of its layer's input range. Graphs with ranges of their own would have biases of their own,
for every number of objects; and a range that more inputs were seen for is the safer one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from mobilevos_export.quant_policy import Operation
from mobilevos_sdk.backends.base import FloatArray

Range: TypeAlias = tuple[float, float]
# A tensor: the position of its graph, and its name there.
Tensor: TypeAlias = tuple[int, str]

# Steps of an 8-bit range.
STEPS = 255
# A tensor's values are counted in so many bins over twice its largest magnitude, some ten for each step.
BINS = 8192
# So many values of a tensor are counted for each input of its graph; its ends are those of all values.
COUNTED = 1 << 17
# Shares of an end of the range that are tried.
SHARES = np.linspace(0.25, 1.0, 31)


class Histogram:
    """The values of one tensor over several inputs, and the range that represents them best."""

    def __init__(self) -> None:
        self.low = self.high = 0.0  # a range has the zero, which padding needs
        self._limit = 0.0
        self._counts: npt.NDArray[np.float64] = np.zeros(BINS)
        self._random = np.random.default_rng(0)

    def add(self, values: FloatArray) -> None:
        """Counts some values of an array. Zeros are left out: every range represents them exactly."""
        self.low, self.high = min(self.low, float(values.min())), max(self.high, float(values.max()))
        self._widen(max(-self.low, self.high))
        flat = values.reshape(-1)
        some = flat[self._random.integers(flat.size, size=COUNTED)] if flat.size > COUNTED else flat
        counts, _ = np.histogram(some[some != 0], BINS, (-self._limit, self._limit) if self._limit else None)
        self._counts += counts

    def range(self) -> Range:
        """The range whose rounding and clipping have the smallest mean square error; at most from `low` to `high`.

        Few values are as large as the largest: without them the steps, and so the errors of all others, are smaller.
        """
        low, high = self.low, self.high
        for _ in range(2):  # the ends depend on each other only through the size of a step
            high = min(self.high * SHARES, key=lambda end: self._error(low, float(end)))
            low = min(self.low * SHARES, key=lambda end: self._error(float(end), high))
        return float(low), float(high)

    def _widen(self, limit: float) -> None:
        """Makes room for larger magnitudes: bins are merged in pairs, so that what was counted keeps its place."""
        if not self._limit:
            self._limit = limit
        while self._limit < limit:
            pairs = self._counts.reshape(-1, 2).sum(1)
            self._counts = np.pad(pairs, BINS // 4)
            self._limit *= 2

    def _error(self, low: float, high: float) -> float:
        """The sum of squared errors of what was counted."""
        step = (high - low) / STEPS or 1.0
        rounded = np.clip(np.round(self._centres / step) * step, low, high)
        return float(self._counts @ np.square(self._centres - rounded))

    @property
    def _centres(self) -> npt.NDArray[np.float64]:
        return np.asarray((np.arange(BINS) + 0.5 - BINS / 2) * (2 * self._limit / BINS), np.float64)


def best_ranges(observed: Iterable[Mapping[str, FloatArray]]) -> dict[str, Range]:
    """The best range of each tensor.

    Args:
        observed: the tensors of a graph by name, for one input after another.
    """
    histograms: dict[str, Histogram] = defaultdict(Histogram)
    for tensors in observed:
        for name, values in tensors.items():
            histograms[name].add(values)
    return {name: histogram.range() for name, histogram in histograms.items()}


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
