"""How a model is run: runtime, threads, delegate and zoom."""

from __future__ import annotations

import os
from dataclasses import dataclass

from mobilevos_sdk.errors import InvalidInputError

RUNTIMES = ("auto", "onnx", "litert")
DELEGATES = ("cpu", "gpu")
# Beyond four threads the students' small convolutions gain little, and the decoder of the video needs a core too.
MOST_DEFAULT_THREADS = 4


@dataclass(frozen=True)
class RuntimeOptions:
    """How a model is run.

    Attributes:
        runtime: `onnx` (ONNX Runtime), `litert` (LiteRT), or `auto`: by a file's suffix; for an embedded model LiteRT,
            which is the faster one, where it is installed, and ONNX Runtime otherwise.
        threads: threads of the runtime, 1 or more; none takes one for each core of this process, four at most.
        delegate: `cpu`, or `gpu` for LiteRT's GPU accelerator.
        zoom: whether the model sees the objects and what is around them, larger, in place of the whole frame; the masks
            of small objects get better, for the same work of the model.

    Raises:
        InvalidInputError: a value that is not listed here, or a GPU delegate for ONNX Runtime.

    Example:
        >>> RuntimeOptions(threads=2).thread_count
        2
    """

    runtime: str = "auto"
    threads: int | None = None
    delegate: str = "cpu"
    zoom: bool = True

    def __post_init__(self) -> None:
        if self.runtime not in RUNTIMES:
            raise InvalidInputError(f"unknown runtime '{self.runtime}'; choose one of {', '.join(RUNTIMES)}")
        if self.delegate not in DELEGATES:
            raise InvalidInputError(f"unknown delegate '{self.delegate}'; choose one of {', '.join(DELEGATES)}")
        if self.delegate == "gpu" and self.runtime == "onnx":
            raise InvalidInputError("the GPU delegate belongs to LiteRT; pass runtime='litert', or delegate='cpu'")
        if self.threads is not None and (not isinstance(self.threads, int) or self.threads < 1):
            raise InvalidInputError(f"threads must be 1 or more, not {self.threads!r}; leave it out for the default")

    @property
    def thread_count(self) -> int:
        """The number of threads to ask a runtime for."""
        if self.threads is not None:
            return self.threads
        # A container may allow fewer cores than the machine has; only some systems can tell.
        allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return min(allowed, MOST_DEFAULT_THREADS)
