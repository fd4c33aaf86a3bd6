"""Compares an artifact, run by the SDK's own backends, with PyTorch on real frames: per tensor and per mask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from mobilevos_export.graphs import SourceModel
from mobilevos_export.options import RANDOM
from mobilevos_export.parity import LIMITS, MaskParity, ParityReport, TensorParity
from mobilevos_export.parity_clip import ParityClip
from mobilevos_models.torch_backend import TorchBackend
from mobilevos_sdk.artifact import open_artifact
from mobilevos_sdk.backends.base import Backend, FloatArray
from mobilevos_sdk.errors import ParityError
from mobilevos_sdk.options import RuntimeOptions
from mobilevos_sdk.results import FrameResult
from mobilevos_sdk.segmenter import Segmenter
from mobilevos_sdk.spec import GraphSpec

Arrays: TypeAlias = Mapping[str, FloatArray]
REFERENCE_ONLY, FULL = "reference", "full"


@dataclass(frozen=True)
class Case:
    """One graph on real inputs, with what PyTorch made of them."""

    graph: GraphSpec
    state: str
    inputs: Arrays
    outputs: Arrays


class Reference:
    """PyTorch's results on a clip, computed once for all artifacts of a model."""

    def __init__(self, source: SourceModel, clip: ParityClip) -> None:
        spec = source.spec
        self.spec, self.clip = spec, clip
        self.backend = TorchBackend(source.reference, spec.queue, spec.max_objects, spec.height, spec.width)
        tie = LIMITS[spec.precision].tie
        results = _track(self.backend, clip, spec.max_objects)
        frames = [(result.mask, is_decided(result.probabilities, tie)) for result in results]
        self.masks, self.decided = (np.stack(volume) for volume in zip(*frames, strict=True))

    def compare(self, backend: Backend) -> ParityReport:
        """Compares an opened artifact with PyTorch.

        Raises:
            ArtifactError: a graph of the artifact cannot be run.
            ParityError: it lacks an output.
        """
        tensors = tuple(result for case in self.cases() for result in _compare(case, backend))
        got = np.stack([result.mask for result in _track(backend, self.clip, self.spec.max_objects)])
        masks = compare_masks(self.masks, got, self.decided)
        untrained = self.spec.weights.get("checkpoint") == RANDOM
        return ParityReport(backend.name, self.spec.precision, self.clip.name, tensors, masks, untrained)

    def cases(self) -> Iterator[Case]:
        """Every graph, `segment` with both states of the queue. Made anew each time: they are large."""
        for objects in sorted({graph.objects for graph in self.spec.graphs}):
            yield from self._cases(objects)

    def _cases(self, objects: int) -> Iterator[Case]:
        """The graphs of one number of objects, each on what PyTorch's graphs before it gave."""
        frames = [self.clip.frame_tensor(index, self.spec) for index in range(3)]
        masks = self.clip.mask_tensor(objects, self.spec)
        start = self._case("start", objects, "", {"frame": frames[0], "masks": masks})
        yield start
        first = self._segment(objects, frames[1], start.outputs, None)
        yield first
        known = {**first.outputs, "masks": first.outputs["probabilities"], "frame": frames[1]}
        taken = [tensor.name for tensor in self.spec.graph("memorize", objects).inputs]
        memorize = self._case("memorize", objects, "", {name: known[name] for name in taken})
        yield memorize
        if self.spec.queue > 1:
            yield self._segment(objects, frames[2], start.outputs, memorize.outputs)

    def _segment(self, objects: int, frame: FloatArray, reference: Arrays, newer: Arrays | None) -> Case:
        """`segment` with the reference frame alone in the queue, or with all slots in use."""
        graph = self.spec.graph("segment", objects)
        valid = np.ones((1, objects, 1, self.spec.queue), np.float32)
        if newer is None:
            valid[..., 1:] = 0.0
        inputs = {"frame": frame, "memory_valid": valid}
        for tensor in graph.inputs:
            if tensor.role != "memory" or tensor.entry is None:
                continue
            entry = reference if tensor.slot == 0 else newer
            filled = np.zeros(tensor.shape, np.float32) if entry is None else entry[tensor.entry]
            inputs[tensor.name] = np.array(np.broadcast_to(filled, tensor.shape))
        state = FULL if newer is not None or self.spec.queue == 1 else REFERENCE_ONLY
        return self._case("segment", objects, state, inputs)

    def _case(self, role: str, objects: int, state: str, inputs: Arrays) -> Case:
        graph = self.spec.graph(role, objects)
        return Case(graph, state, inputs, self.backend.run(graph.name, inputs))


def open_backend(path: Path) -> Backend:
    """Opens an artifact with the SDK's runtime for its kind.

    Raises:
        ArtifactError: the SDK cannot read it.
        RuntimeMissingError: its runtime is not installed.
    """
    artifact = open_artifact(path)
    if artifact.kind == "onnx":
        from mobilevos_sdk.backends.onnx import OnnxBackend

        return OnnxBackend(artifact, RuntimeOptions())
    from mobilevos_sdk.backends.litert import open_litert

    return open_litert(artifact, RuntimeOptions())


def compare_masks(
    expected: npt.NDArray[np.uint8], got: npt.NDArray[np.uint8], decided: npt.NDArray[np.bool_]
) -> MaskParity:
    """IoU of each object in each frame but the first.

    Args:
        expected: (T, H, W) labels by PyTorch.
        got: (T, H, W) labels by the artifact.
        decided: (T, H, W) where to compare them.

    Returns:
        The worst and the mean IoU; an object that is absent from both counts 1.
    """
    ids = [int(value) for value in np.unique(expected[0]) if value]
    scores = [
        [_iou((first == object_id) & where, (second == object_id) & where) for object_id in ids]
        for first, second, where in zip(expected[1:], got[1:], decided[1:], strict=True)
    ]
    share = float(np.mean(decided[1:]))
    return MaskParity(len(scores), len(ids), float(np.min(scores)), float(np.mean(scores)), share)


def is_decided(probabilities: FloatArray, tie: float) -> npt.NDArray[np.bool_]:
    """Where the most probable label, background included, leads by more than `tie`: (N, H, W) to (H, W)."""
    best = 1.0 - probabilities.sum(0)
    second = np.full_like(best, -1.0)
    for plane in probabilities:
        second = np.maximum(second, np.minimum(best, plane))
        best = np.maximum(best, plane)
    return best - second > tie


def _iou(first: npt.NDArray[np.bool_], second: npt.NDArray[np.bool_]) -> float:
    union = int(np.count_nonzero(first | second))
    return int(np.count_nonzero(first & second)) / union if union else 1.0


def _track(backend: Backend, clip: ParityClip, objects: int) -> Iterator[FrameResult]:
    """The results of a clip's frames, the first one's mask given."""
    return Segmenter.from_backend(backend).track(clip.frames, clip.mask_of(objects))


def _compare(case: Case, backend: Backend) -> Iterator[TensorParity]:
    got = backend.run(case.graph.name, case.inputs)
    for tensor in case.graph.outputs:
        if tensor.name not in got:
            raise ParityError(f"graph '{case.graph.name}' lost its output '{tensor.name}' in conversion; report it")
        yield TensorParity.measure(
            case.graph.name, case.state, tensor.name, case.outputs[tensor.name], got[tensor.name]
        )
