"""Graphs on LiteRT's interpreter, on the CPU with XNNPACK; the way to its GPU accelerator is in `litert_gpu.py`."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

from mobilevos_sdk.artifact import Artifact
from mobilevos_sdk.backends.base import Backend, FloatArray, Tensors
from mobilevos_sdk.backends.heap import release_free_memory
from mobilevos_sdk.backends.tflite_graphs import TfliteGraphs
from mobilevos_sdk.errors import ArtifactError, RuntimeMissingError
from mobilevos_sdk.options import RuntimeOptions
from mobilevos_sdk.spec import ArtifactSpec

REMEDY = "install it with 'pip install ai-edge-litert', or give the .onnx file"


def open_litert(artifact: Artifact, options: RuntimeOptions) -> Backend:
    """The LiteRT backend for the delegate that the options ask for.

    Raises:
        RuntimeMissingError: LiteRT, or its GPU accelerator, is not installed.
        ArtifactError: LiteRT cannot load the model.
    """
    if options.delegate == "gpu":
        from mobilevos_sdk.backends.litert_gpu import LiteRtGpuBackend

        return LiteRtGpuBackend(artifact)
    return LiteRtBackend(artifact, options)


class LiteRtBackend:
    """Runs a .tflite artifact on the CPU.

    One interpreter holds the graphs that run on every frame, for the numbers of objects that were asked for so far: the
    memory that they work in (some 100 MB at 480x864) is shared. `start` runs once a video or so and is given an
    interpreter of its own that is dropped at once. An interpreter runs one graph at a time, so a lock makes sessions in
    several threads take turns.
    """

    name = "litert"

    def __init__(self, artifact: Artifact, options: RuntimeOptions) -> None:
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError as error:
            raise RuntimeMissingError(f"LiteRT is not usable ({error}); {REMEDY}") from error
        self.spec: ArtifactSpec = artifact.spec
        self._path = artifact.path
        self._file = TfliteGraphs(artifact.content)
        self._open = partial(Interpreter, num_threads=options.thread_count)
        self._graphs = {graph.name: graph for graph in self.spec.graphs}
        self._runners: dict[str, Any] = {}
        self._lock = threading.Lock()
        try:
            self._open(model_content=artifact.content)
        except (ValueError, RuntimeError) as error:
            raise self._failure("the model", error) from error

    def run(self, graph: str, inputs: Tensors) -> dict[str, FloatArray]:
        """Runs a graph; see `Backend.run`. The interpreter copies inputs in and outputs out."""
        if graph not in self._graphs:
            raise ArtifactError(f"{self._path} has no graph '{graph}'; export it again with vos-export")
        with self._lock:
            try:
                if self._graphs[graph].role == "start":
                    return self._run_once(graph, inputs)
                if graph not in self._runners:
                    self._prepare(self._graphs[graph].objects)
                outputs: dict[str, FloatArray] = self._runners[graph](**inputs)
            except (ValueError, RuntimeError) as error:
                raise self._failure(f"graph '{graph}'", error) from error
        return outputs

    def _run_once(self, graph: str, inputs: Tensors) -> dict[str, FloatArray]:
        """Runs a graph in an interpreter of its own, and gives back what that took."""
        interpreter: Any = self._open(model_content=self._file.cut([graph]))
        outputs: dict[str, FloatArray] = interpreter.get_signature_runner(graph)(**inputs)
        del interpreter
        release_free_memory()
        return outputs

    def _prepare(self, objects: int) -> None:
        """Opens the graphs for one more number of objects, together with those that are in use."""
        counts = {objects, *(self._graphs[name].objects for name in self._runners)}
        wanted = [graph for graph in self.spec.graphs if graph.role != "start" and graph.objects in counts]
        # What graphs work in is shared and grows with the largest so far; to grow it, LiteRT holds the old one beside
        # the new one. The value encoder of `memorize` needs most, so its memory is claimed first.
        wanted.sort(key=lambda graph: (graph.role == "memorize", graph.objects), reverse=True)
        names = [graph.name for graph in wanted]
        self._runners.clear()  # drops the last interpreter before there is another one
        interpreter: Any = self._open(model_content=self._file.cut(names, keep=True))
        interpreter.allocate_tensors()
        self._runners = {name: interpreter.get_signature_runner(name) for name in names}
        release_free_memory()

    def _failure(self, what: str, error: Exception) -> ArtifactError:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        return ArtifactError(
            f"LiteRT cannot run {what} of {self._path}: {reason}; "
            "export it again with vos-export, or upgrade ai-edge-litert"
        )
