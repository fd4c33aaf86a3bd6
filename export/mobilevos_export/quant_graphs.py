"""Quantises the graphs of a model together, whatever their format: measure, share the ranges, choose, quantise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from mobilevos_export.conversion import quietly
from mobilevos_export.graphs import SourceModel
from mobilevos_export.quant_calibration import Samples, record
from mobilevos_export.quant_policy import STATIC, choose
from mobilevos_export.quant_ranges import Range, best_ranges, share_ranges
from mobilevos_export.quant_sensitivity import QuantisableGraph, measure_sensitivity
from mobilevos_sdk.backends.base import FloatArray


class CalibratedGraph(QuantisableGraph, Protocol):
    """A graph that shows its tensors, whose ranges are to be set before it is quantised."""

    ranges: dict[str, Range]

    def observe(self, samples: Samples) -> Iterator[Mapping[str, FloatArray]]:
        """Runs inputs and gives every tensor that could be quantised, by name, for one input after another."""


def quantise_graphs(
    file_format: str, graphs: Sequence[CalibratedGraph], source: SourceModel, report: Callable[[str], None]
) -> list[Any]:
    """Quantises graphs.

    Args:
        file_format: `onnx` or `tflite`.
        graphs: all graphs of the model.
        source: the model that they were made of; its spec names the precision, its calibration has the clips.
        report: is told what is being done.

    Returns:
        What the graphs' own `quantise` gives.

    Raises:
        ConversionError: the quantiser failed.
        RuntimeMissingError: it is not installed.
    """
    precision = source.spec.precision
    if precision == STATIC:
        for graph in graphs:
            samples = record(source, graph.name, report)
            report(f"{file_format}: measuring ranges of {graph.name}")
            with quietly(f"the calibration of {graph.name}"):
                graph.ranges = best_ranges(graph.observe(samples))
        shared = share_ranges([graph.operations for graph in graphs], [graph.ranges for graph in graphs])
        for graph, ranges in zip(graphs, shared, strict=True):
            graph.ranges = ranges
            measure_sensitivity(source, file_format, graph, report)
    report(f"{file_format}: quantising {len(graphs)} graphs")
    with quietly(f"the quantisation for {file_format}"):
        return [graph.quantise(choose(graph.operations, precision), precision) for graph in graphs]
