"""What a runtime has to do for the SDK: run a graph of the contract by its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from mobilevos_sdk.spec import ArtifactSpec

FloatArray: TypeAlias = npt.NDArray[np.float32]
Tensors: TypeAlias = Mapping[str, FloatArray]


class Backend(Protocol):
    """Runs the graphs of one model. Safe to call from several threads; whether calls overlap is the runtime's affair.

    Attributes:
        name: the runtime, for reports: `onnx`, `litert`, `litert-gpu` or `torch`.
        spec: the graphs, as the artifact describes them.
    """

    @property
    def name(self) -> str:
        """The runtime, for reports."""

    @property
    def spec(self) -> ArtifactSpec:
        """The graphs that can be run."""

    def run(self, graph: str, inputs: Tensors) -> dict[str, FloatArray]:
        """Runs a graph.

        Args:
            graph: a graph's name in the spec, such as `segment_2`.
            inputs: all inputs of the graph by their names in the spec, float32 of the spec's shapes, C-contiguous.
                They are not written to, and not kept after the call.

        Returns:
            All outputs by their names in the spec. The arrays are the caller's own.

        Raises:
            ArtifactError: the graph cannot be loaded from the artifact.
        """
