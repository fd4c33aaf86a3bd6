"""Graphs on LiteRT's GPU accelerator, through its CompiledModel."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from mobilevos_sdk.artifact import Artifact
from mobilevos_sdk.backends.base import FloatArray, Tensors
from mobilevos_sdk.backends.litert import REMEDY
from mobilevos_sdk.errors import ArtifactError, RuntimeMissingError
from mobilevos_sdk.spec import ArtifactSpec, GraphSpec


class LiteRtGpuBackend:
    """Runs a .tflite artifact on the GPU, every operator of it: a fallback to the CPU would be slow without a word.

    Input and output buffers of a graph are made once and used again. A compiled model runs one graph at a time, so a
    lock makes sessions in several threads take turns.

    Args:
        artifact: a .tflite artifact.
        accelerator: a name of LiteRT's HardwareAccelerator. `CPU` runs the same code where there is no GPU.
    """

    def __init__(self, artifact: Artifact, accelerator: str = "GPU") -> None:
        try:
            from ai_edge_litert.compiled_model import CompiledModel
            from ai_edge_litert.hardware_accelerator import HardwareAccelerator
            from ai_edge_litert.options import GpuOptions, Options
        except ImportError as error:
            raise RuntimeMissingError(f"LiteRT's CompiledModel is not usable ({error}); {REMEDY}") from error
        self.name = f"litert-{accelerator.lower()}"
        self.spec: ArtifactSpec = artifact.spec
        self._content = artifact.content  # the compiled model reads its weights from here
        self._buffers: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
        self._lock = threading.Lock()
        # An artifact of 32-bit weights promises 32-bit arithmetic; one of 16-bit weights leaves the choice to the GPU.
        gpu = GpuOptions(enforce_f32=artifact.spec.precision == "fp32")
        options = Options(hardware_accelerators=HardwareAccelerator[accelerator], gpu_options=gpu)
        try:
            self._model: Any = CompiledModel.from_buffer(self._content, options=options)
        except (ValueError, RuntimeError) as error:
            raise RuntimeMissingError(
                f"LiteRT's {accelerator} accelerator cannot run {artifact.path} on this machine; use delegate='cpu'"
            ) from error
        if accelerator == "GPU" and not self._model.is_fully_accelerated():
            raise RuntimeMissingError(
                f"this machine's GPU does not take all of {artifact.path}; use delegate='cpu', or update its driver"
            )

    def run(self, graph: str, inputs: Tensors) -> dict[str, FloatArray]:
        """Runs a graph; see `Backend.run`."""
        spec = next((candidate for candidate in self.spec.graphs if candidate.name == graph), None)
        if spec is None:
            raise ArtifactError(f"the artifact has no graph '{graph}'; export it again with vos-export")
        with self._lock:
            ins, outs = self._buffers_of(spec)
            for name, array in inputs.items():
                ins[name].write(array)
            self._model.run_by_name(graph, ins, outs)
            return {
                tensor.name: outs[tensor.name].read(int(np.prod(tensor.shape)), np.float32).reshape(tensor.shape)
                for tensor in spec.outputs
            }

    def _buffers_of(self, graph: GraphSpec) -> tuple[dict[str, Any], dict[str, Any]]:
        if graph.name not in self._buffers:
            make_input, make_output = self._model.create_input_buffer_by_name, self._model.create_output_buffer_by_name
            self._buffers[graph.name] = (
                {tensor.name: make_input(graph.name, tensor.name) for tensor in graph.inputs},
                {tensor.name: make_output(graph.name, tensor.name) for tensor in graph.outputs},
            )
        return self._buffers[graph.name]
