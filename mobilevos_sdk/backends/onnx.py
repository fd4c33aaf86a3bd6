"""Graphs on ONNX Runtime."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

from mobilevos_sdk.artifact import Artifact
from mobilevos_sdk.backends.base import FloatArray, Tensors
from mobilevos_sdk.backends.heap import release_free_memory
from mobilevos_sdk.errors import ArtifactError, RuntimeMissingError
from mobilevos_sdk.onnx_graphs import OnnxGraphs
from mobilevos_sdk.spec import ArtifactSpec

if TYPE_CHECKING:
    from mobilevos_sdk.options import RuntimeOptions

# Of the runtime's five levels only errors: its warnings are about graph optimisation and mean nothing to a user.
ERRORS_ONLY = 3
# The arena grows by what is asked for. Its default, the next power of two, would hold twice the memory that is used.
ARENA_GROWS_AS_REQUESTED = 1

_arena_lock = threading.Lock()
_arena_is_shared = False


class OnnxBackend:
    """Runs an .onnx artifact on the CPU with ONNX Runtime.

    Each graph is cut out of the file and loaded when it is first run, so a video with one object never pays for the
    graphs of four. `start` runs once a video or so and is dropped at once, with all that it worked in. ONNX Runtime
    allows a loaded graph to be run from several threads at once.
    """

    name = "onnx"

    def __init__(self, artifact: Artifact, options: RuntimeOptions) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise RuntimeMissingError(
                f"ONNX Runtime is not usable ({error}); install it with 'pip install onnxruntime'"
            ) from error
        self.spec: ArtifactSpec = artifact.spec
        self._runtime: Any = onnxruntime
        self._threads = options.thread_count
        self._path = artifact.path
        self._graphs = OnnxGraphs(artifact.content)
        _share_arena(onnxruntime)
        self._passing = {graph.name for graph in self.spec.graphs if graph.role == "start"}
        self._sessions: dict[str, Any] = {}
        self._lock = threading.Lock()

    def run(self, graph: str, inputs: Tensors) -> dict[str, FloatArray]:
        """Runs a graph; see `Backend.run`."""
        if graph not in self._passing:
            return self._call(self._session(graph), graph, inputs)
        outputs = self._call(self._load(graph), graph, inputs)
        release_free_memory()
        return outputs

    def _call(self, session: Any, graph: str, inputs: Tensors) -> dict[str, FloatArray]:
        names = [output.name for output in session.get_outputs()]
        try:
            arrays = session.run(names, {f"{graph}/{name}": array for name, array in inputs.items()})
        except Exception as error:  # the runtime's errors have no common base of their own
            raise self._failure("run", graph, error) from error
        return {name.partition("/")[2]: array for name, array in zip(names, arrays, strict=True)}

    def _session(self, graph: str) -> Any:
        with self._lock:
            if graph not in self._sessions:
                self._sessions[graph] = self._load(graph)
                release_free_memory()
            return self._sessions[graph]

    def _load(self, graph: str) -> Any:
        options = self._runtime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.log_severity_level = ERRORS_ONLY
        if graph in self._passing:
            options.enable_cpu_mem_arena = False  # an arena never shrinks: it would keep what this graph needs
        else:
            options.add_session_config_entry("session.use_env_allocators", "1")
        options.enable_mem_pattern = False  # a pattern reserves the peak of each graph for itself
        model = self._graphs.cut(graph)
        try:
            return self._runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise self._failure("load", graph, error) from error

    def _failure(self, what: str, graph: str, error: Exception) -> ArtifactError:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        return ArtifactError(
            f"ONNX Runtime cannot {what} graph '{graph}' of {self._path}: {reason}; "
            "export it again with vos-export, or upgrade onnxruntime"
        )


def _share_arena(runtime: Any) -> None:
    """Gives all graphs of the process that stay loaded one pool of memory.

    They run one after another, so the largest graph's need is enough for all. By default each has a pool of its own.
    """
    global _arena_is_shared
    with _arena_lock:
        if _arena_is_shared:
            return
        kind = runtime.OrtAllocatorType.ORT_ARENA_ALLOCATOR
        memory = runtime.OrtMemoryInfo("Cpu", kind, 0, runtime.OrtMemType.DEFAULT)
        sizes = {"max_mem": 0, "initial_chunk_size_bytes": -1, "max_dead_bytes_per_chunk": -1}  # no limit, defaults
        growth = {"arena_extend_strategy": ARENA_GROWS_AS_REQUESTED}
        # Some releases refuse where the host program has registered an arena already; then that one is shared.
        with contextlib.suppress(Exception):
            runtime.create_and_register_allocator(memory, runtime.OrtArenaCfg({**sizes, **growth}))
        _arena_is_shared = True
