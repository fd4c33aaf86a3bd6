"""What each layer costs in accuracy when it alone is quantised: the evidence for the policy's exceptions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import numpy as np

from mobilevos_export.conversion import quietly
from mobilevos_export.graphs import SourceModel
from mobilevos_export.quant_calibration import Samples, record
from mobilevos_export.quant_policy import LAYERS, STATIC, Operation, is_float
from mobilevos_sdk.backends.base import FloatArray

# Every layer costs a quantisation and this many runs.
SAMPLES = 2


class QuantisableGraph(Protocol):
    """A graph of either format, after its calibration."""

    name: str
    operations: tuple[Operation, ...]

    def quantise(self, names: Collection[str], precision: str) -> Any:
        """The graph with some operations in int8; with none, in float32."""

    def run(self, model: Any, inputs: Mapping[str, FloatArray]) -> Mapping[str, FloatArray]:
        """Runs what `quantise` gave and returns its outputs by name."""


@dataclass(frozen=True)
class LayerSensitivity:
    """One layer, quantised alone.

    Attributes:
        format: `onnx` or `tflite`.
        graph: the graph that it runs in.
        layer: its path of modules.
        kind: of layer, such as `depthwise`.
        stays_float: whether the policy leaves it float.
        errors: for each output of the graph, the root mean square of its error over that of its values.
    """

    format: str
    graph: str
    layer: str
    kind: str
    stays_float: bool
    errors: Mapping[str, float]


@dataclass
class Sensitivity:
    """Measures graphs as they are quantised and collects the results."""

    layers: list[LayerSensitivity] = field(default_factory=list)

    def measure(
        self, file_format: str, graph: QuantisableGraph, samples: Samples, report: Callable[[str], None]
    ) -> None:
        """Quantises one layer of a calibrated graph after another, each alone."""
        chosen = samples[:SAMPLES]
        whole = graph.quantise((), STATIC)
        expected = [graph.run(whole, inputs) for inputs in chosen]
        layers = [one for one in graph.operations if one.kind in LAYERS]
        for number, one in enumerate(layers, start=1):
            if number % 10 == 1:
                report(f"{file_format}: sensitivity of {graph.name}, layer {number} of {len(layers)}")
            with quietly(f"the quantisation of {one.layer or one.name}"):
                model = graph.quantise((one.name,), STATIC)
                got = [graph.run(model, inputs) for inputs in chosen]
            result = LayerSensitivity(
                file_format,
                graph.name,
                one.layer or one.name,
                one.kind.value,
                is_float(one.layer),
                _errors(expected, got),
            )
            self.layers.append(result)

    def as_json(self) -> dict[str, Any]:
        """All results, the layer with the largest error of its graph's outputs first."""
        ordered = sorted(self.layers, key=lambda one: -max(one.errors.values()))
        return {"samples": SAMPLES, "layers": [asdict(one) for one in ordered]}


def measure_sensitivity(
    source: SourceModel, file_format: str, graph: QuantisableGraph, report: Callable[[str], None]
) -> None:
    """Measures a graph of the smallest number of objects, if that is wanted; the other graphs share its layers."""
    fewest = min(spec.objects for spec in source.spec.graphs)
    wanted = {spec.name for spec in source.spec.graphs if spec.objects == fewest}
    if source.sensitivity is not None and graph.name in wanted:
        samples = record(source, graph.name, report)
        source.sensitivity.measure(file_format, graph, samples, report)


def _errors(expected: Sequence[Mapping[str, FloatArray]], got: Sequence[Mapping[str, FloatArray]]) -> dict[str, float]:
    errors = {}
    for name in expected[0]:
        truth = np.stack([outputs[name] for outputs in expected])
        difference = np.stack([outputs[name] for outputs in got]) - truth
        scale = float(np.sqrt(np.mean(np.square(truth, dtype=np.float64))))
        errors[name] = float(np.sqrt(np.mean(np.square(difference, dtype=np.float64)))) / (scale or 1.0)
    return errors
