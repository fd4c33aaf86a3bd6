"""Every graph of an artifact on real inputs: each is fed with what the graphs before it gave. Needs no PyTorch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from mobilevos_export.parity import TensorParity
from mobilevos_export.parity_clip import ParityClip
from mobilevos_sdk.backends.base import Backend, FloatArray
from mobilevos_sdk.errors import ParityError
from mobilevos_sdk.results import FrameResult
from mobilevos_sdk.segmenter import Segmenter
from mobilevos_sdk.spec import GraphSpec

Arrays: TypeAlias = Mapping[str, FloatArray]
REFERENCE_ONLY, FULL = "reference", "full"


@dataclass(frozen=True)
class Case:
    """One graph on real inputs, with what the reference made of them.

    Attributes:
        graph: the graph.
        state: of the memory: `reference` (one slot valid), `full`, or empty where the graph has none.
        inputs: the graph's inputs by name.
        outputs: the reference's outputs by name.
    """

    graph: GraphSpec
    state: str
    inputs: Arrays
    outputs: Arrays

    def compare(self, backend: Backend) -> Iterator[TensorParity]:
        """Each output of another backend against the reference's.

        Raises:
            ArtifactError: the graph cannot be run.
            ParityError: it lacks an output.
        """
        got = backend.run(self.graph.name, self.inputs)
        for tensor in self.graph.outputs:
            if tensor.name not in got:
                raise ParityError(f"graph '{self.graph.name}' lost its output '{tensor.name}' in conversion; report it")
            expected = self.outputs[tensor.name]
            yield TensorParity.measure(self.graph.name, self.state, tensor.name, expected, got[tensor.name])


class GraphCases:
    """The cases of a model on a clip.

    Args:
        reference: the backend whose outputs count as right.
        clip: the frames and the masks.
    """

    def __init__(self, reference: Backend, clip: ParityClip) -> None:
        self.reference, self.clip = reference, clip

    def __iter__(self) -> Iterator[Case]:
        """Every graph, `segment` with both states of the queue. Made anew each time: they are large."""
        for objects in sorted({graph.objects for graph in self.reference.spec.graphs}):
            yield from self._of_objects(objects)

    def _of_objects(self, objects: int) -> Iterator[Case]:
        """The graphs of one number of objects, each on what the reference's graphs before it gave."""
        spec = self.reference.spec
        frames = [self.clip.frame_tensor(index, spec) for index in range(3)]
        masks = self.clip.mask_tensor(objects, spec)
        start = self._case("start", objects, "", {"frame": frames[0], "masks": masks})
        yield start
        first = self._segment(objects, frames[1], start.outputs, None)
        yield first
        known = {**first.outputs, "masks": first.outputs["probabilities"], "frame": frames[1]}
        taken = [tensor.name for tensor in spec.graph("memorize", objects).inputs]
        memorize = self._case("memorize", objects, "", {name: known[name] for name in taken})
        yield memorize
        if spec.queue > 1:
            yield self._segment(objects, frames[2], start.outputs, memorize.outputs)

    def _segment(self, objects: int, frame: FloatArray, reference: Arrays, newer: Arrays | None) -> Case:
        """`segment` with the reference frame alone in the queue, or with all slots in use."""
        spec = self.reference.spec
        graph = spec.graph("segment", objects)
        valid = np.ones((1, objects, 1, spec.queue), np.float32)
        if newer is None:
            valid[..., 1:] = 0.0
        inputs = {"frame": frame, "memory_valid": valid}
        for tensor in graph.inputs:
            if tensor.role != "memory" or tensor.entry is None:
                continue
            entry = reference if tensor.slot == 0 else newer
            filled = np.zeros(tensor.shape, np.float32) if entry is None else entry[tensor.entry]
            inputs[tensor.name] = np.array(np.broadcast_to(filled, tensor.shape))
        state = FULL if newer is not None or spec.queue == 1 else REFERENCE_ONLY
        return self._case("segment", objects, state, inputs)

    def _case(self, role: str, objects: int, state: str, inputs: Arrays) -> Case:
        graph = self.reference.spec.graph(role, objects)
        return Case(graph, state, inputs, self.reference.run(graph.name, inputs))


def track_clip(backend: Backend, clip: ParityClip, objects: int) -> Iterator[FrameResult]:
    """The results of a clip's frames through the SDK's own loop, the first one's mask given."""
    return Segmenter.from_backend(backend).track(clip.frames, clip.mask_of(objects))
