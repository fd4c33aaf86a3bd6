"""Graphs on LiteRT's interpreter, on the CPU with XNNPACK; the way to its GPU accelerator is in `litert_gpu.py`."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

from mobilevos_sdk.artifact import Artifact
from mobilevos_sdk.backends.base import Backend, FloatArray, Tensors
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

    One interpreter holds the graphs that run on every frame: XNNPACK then packs the weights once for all of them, where
    an interpreter for each session would pack and hold them again. `start` runs once a video or so and is given an
    interpreter of its own that is dropped at once, since what a graph works in (some 100 MB at 480x864) is kept for as
    long as its interpreter lives. An interpreter runs one graph at a time, so a lock makes sessions in several threads
    take turns.
    """

    name = "litert"

    def __init__(self, artifact: Artifact, options: RuntimeOptions) -> None:
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError as error:
            raise RuntimeMissingError(f"LiteRT is not usable ({error}); {REMEDY}") from error
        self.spec: ArtifactSpec = artifact.spec
        self._path = artifact.path
        self._passing = {graph.name for graph in self.spec.graphs if graph.role == "start"}
        self._runners: dict[str, Any] = {}
        self._lock = threading.Lock()
        try:
            self._open = partial(Interpreter, model_content=artifact.content, num_threads=options.thread_count)
            self._interpreter: Any = self._open()
        except (ValueError, RuntimeError) as error:
            raise self._failure("the model", error) from error

    def run(self, graph: str, inputs: Tensors) -> dict[str, FloatArray]:
        """Runs a graph; see `Backend.run`. The interpreter copies inputs in and outputs out."""
        with self._lock:
            try:
                if graph in self._passing:
                    passing: dict[str, FloatArray] = self._open().get_signature_runner(graph)(**inputs)
                    return passing
                runner = self._runners.get(graph)
                if runner is None:
                    runner = self._runners[graph] = self._interpreter.get_signature_runner(graph)
                outputs: dict[str, FloatArray] = runner(**inputs)
            except (ValueError, RuntimeError) as error:
                raise self._failure(f"graph '{graph}'", error) from error
        return outputs

    def _failure(self, what: str, error: Exception) -> ArtifactError:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        return ArtifactError(
            f"LiteRT cannot run {what} of {self._path}: {reason}; "
            "export it again with vos-export, or upgrade ai-edge-litert"
        )
