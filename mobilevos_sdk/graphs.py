"""The three graphs of an artifact, called by role, whatever the spec calls their tensors."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mobilevos_sdk.backends.base import Backend, FloatArray
from mobilevos_sdk.spec import GraphSpec


class Graphs:
    """Calls the graphs.

    Args:
        backend: runs them.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def start(self, frame: FloatArray, masks: FloatArray) -> dict[str, FloatArray]:
        """The memory entry of a frame and its masks (1, H, W, N)."""
        graph = self._backend.spec.graph("start", masks.shape[3])
        return self._entry(graph, {"frame": frame, "masks": masks}, {})

    def segment(
        self, graph: GraphSpec, frame: FloatArray, memory: Mapping[str, FloatArray]
    ) -> tuple[FloatArray, dict[str, FloatArray]]:
        """Probabilities (1, H, W, C) of all channels of the graph, and the state that `memorize` takes."""
        frames = {tensor.name: frame for tensor in graph.inputs if tensor.role == "frame"}
        outputs = self._backend.run(graph.name, {**frames, **memory})
        probabilities = next(tensor.name for tensor in graph.outputs if tensor.role == "probabilities")
        return outputs[probabilities], {t.name: outputs[t.name] for t in graph.outputs if t.role == "state"}

    def memorize(self, state: Mapping[str, FloatArray], masks: FloatArray, frame: FloatArray) -> dict[str, FloatArray]:
        """The memory entry of a segmented frame."""
        graph = self._backend.spec.graph("memorize", masks.shape[3])
        return self._entry(graph, {"masks": masks, "frame": frame}, state)

    def _entry(
        self, graph: GraphSpec, by_role: Mapping[str, FloatArray], by_name: Mapping[str, FloatArray]
    ) -> dict[str, FloatArray]:
        by_role = {**by_role, "masks": _widen(by_role["masks"], graph.objects)}
        inputs = {t.name: by_role[t.role] if t.role in by_role else by_name[t.name] for t in graph.inputs}
        outputs = self._backend.run(graph.name, inputs)
        return {tensor.entry: outputs[tensor.name] for tensor in graph.outputs if tensor.entry is not None}


def _widen(masks: FloatArray, channels: int) -> FloatArray:
    """Masks (1, H, W, N) with empty ones after them, as many as a graph of more objects takes."""
    missing = channels - masks.shape[3]
    return np.pad(masks, ((0, 0), (0, 0), (0, 0), (0, missing))) if missing else masks
