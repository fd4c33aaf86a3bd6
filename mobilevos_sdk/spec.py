"""The artifact's spec: what its graphs take and give. The exporter writes it; SDK, app and web page read it.

This module knows the JSON and nothing about files; `artifact.py` finds the JSON inside a file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from mobilevos_sdk.errors import ArtifactError

FORMAT = "mobilevos-artifact"
FORMAT_VERSION = 1
# The name of the spec inside an artifact: a member of a .tflite file's ZIP, a metadata property of an .onnx file.
SPEC_NAME = "mobilevos.json"
GRAPH_ROLES = ("start", "segment", "memorize")


@dataclass(frozen=True)
class TensorSpec:
    """One input or output of a graph, always float32.

    Attributes:
        name: the tensor's name in the graph's signature.
        role: `frame`, `masks`, `probabilities`, `state` (goes from segment to memorize), `entry` (an output to be
            memorised), `memory` (an entry in a slot, as input) or `valid`.
        shape: static shape, rank 4 at most.
        entry: for `entry` and `memory`: the name of the entry tensor, such as `key` or `value`.
        slot: for `memory`: the slot of the queue, 0 for the reference frame.
        object_axis: for `entry` and `memory`: the axis of the objects; a size of 1 there is shared by all of them.
            None: the tensor belongs to the frame, with all objects in it.
    """

    name: str
    role: str
    shape: tuple[int, ...]
    entry: str | None = None
    slot: int | None = None
    object_axis: int | None = None


@dataclass(frozen=True)
class GraphSpec:
    """One graph: its signature name (`segment_2`), role, most objects, tensors and multiply-accumulates."""

    name: str
    role: str
    objects: int
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    macs: int = 0


@dataclass(frozen=True)
class ArtifactSpec:
    """What an artifact is.

    Attributes:
        model: the registered name of the model.
        queue: slots of the memory, 1 to 20.
        max_objects: most objects at once; `graph` finds the graph for any number from 1 to this.
        height: input height in pixels, a multiple of 16.
        width: input width in pixels, a multiple of 16.
        precision: `fp32`, `fp16`, `int8-dynamic` or `int8`; see docs/quantisation.md.
        pad_rgb: the colour (0..255) of the border where a frame's aspect ratio is not the model's.
        graphs: all graphs.
        weights: provenance: `checkpoint_sha256`, `recipe`, `locality` and the like.
        parity: the report of the comparison with PyTorch that the export passed.
        tools: versions of the tools that made the artifact.
        licence: SPDX identifier.
    """

    model: str
    queue: int
    max_objects: int
    height: int
    width: int
    precision: str
    pad_rgb: tuple[int, int, int]
    graphs: tuple[GraphSpec, ...]
    weights: Mapping[str, Any] = field(default_factory=dict)
    parity: Mapping[str, Any] = field(default_factory=dict)
    tools: Mapping[str, str] = field(default_factory=dict)
    licence: str = "Apache-2.0"

    def graph(self, role: str, objects: int) -> GraphSpec:
        """The smallest graph of a role that takes so many objects.

        Raises:
            ArtifactError: the artifact has no such graph.
        """
        fitting = [graph for graph in self.graphs if graph.role == role and graph.objects >= objects]
        if not fitting:
            raise ArtifactError(f"the artifact of '{self.model}' has no graph '{role}' for {objects} objects")
        return min(fitting, key=lambda graph: graph.objects)

    def to_json(self) -> str:
        """The spec as indented JSON, format name and version first."""
        return json.dumps({"format": FORMAT, "format_version": FORMAT_VERSION, **asdict(self)}, indent=1)

    @classmethod
    def from_json(cls, text: str | bytes) -> ArtifactSpec:
        """Parses a spec.

        Raises:
            ArtifactError: not JSON, of another program, of a newer format version, or with a field missing.
        """
        try:
            data = json.loads(text)
        except (ValueError, UnicodeDecodeError) as error:
            raise ArtifactError(f"the artifact's spec is not JSON ({error}); export it again") from error
        if not isinstance(data, dict) or data.pop("format", None) != FORMAT:
            raise ArtifactError("this is the model of another program; make an artifact with vos-export")
        version = data.pop("format_version", None)
        if not isinstance(version, int) or version > FORMAT_VERSION:
            raise ArtifactError(
                f"the artifact has format version {version}, this release reads up to {FORMAT_VERSION}; "
                "upgrade with 'pip install -U mobilevos'"
            )
        try:
            graphs = tuple(_graph(graph) for graph in data.pop("graphs"))
            return cls(**{**data, "pad_rgb": tuple(data["pad_rgb"]), "graphs": graphs})
        except (KeyError, TypeError, AttributeError) as error:
            raise ArtifactError(f"the artifact's spec is incomplete ({error}); export it again") from error


def _graph(data: dict[str, Any]) -> GraphSpec:
    return GraphSpec(**{**data, "inputs": _tensors(data["inputs"]), "outputs": _tensors(data["outputs"])})


def _tensors(data: list[dict[str, Any]]) -> tuple[TensorSpec, ...]:
    return tuple(TensorSpec(**{**tensor, "shape": tuple(tensor["shape"])}) for tensor in data)
