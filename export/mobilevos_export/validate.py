"""Compares an artifact, run by the SDK's own backends, with PyTorch on real frames: per tensor and per mask."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from mobilevos_export.graph_cases import GraphCases, track_clip
from mobilevos_export.graphs import SourceModel
from mobilevos_export.options import RANDOM
from mobilevos_export.parity import LIMITS, MaskParity, ParityReport
from mobilevos_export.parity_clip import ParityClip
from mobilevos_models.torch_backend import TorchBackend
from mobilevos_sdk.artifact import open_artifact
from mobilevos_sdk.backends.base import Backend, FloatArray
from mobilevos_sdk.options import RuntimeOptions


class Reference:
    """PyTorch's results on a clip, computed once for all artifacts of a model."""

    def __init__(self, source: SourceModel, clip: ParityClip) -> None:
        spec = source.spec
        self.spec, self.clip = spec, clip
        self.backend = TorchBackend(source.reference, spec.queue, spec.max_objects, spec.height, spec.width)
        tie = LIMITS[spec.precision].tie
        results = track_clip(self.backend, clip, spec.max_objects)
        frames = [(result.mask, is_decided(result.probabilities, tie)) for result in results]
        self.masks, self.decided = (np.stack(volume) for volume in zip(*frames, strict=True))

    def cases(self) -> GraphCases:
        """Every graph on real inputs, with PyTorch's outputs."""
        return GraphCases(self.backend, self.clip)

    def compare(self, backend: Backend) -> ParityReport:
        """Compares an opened artifact with PyTorch.

        Raises:
            ArtifactError: a graph of the artifact cannot be run.
            ParityError: it lacks an output.
        """
        tensors = tuple(result for case in self.cases() for result in case.compare(backend))
        got = np.stack([result.mask for result in track_clip(backend, self.clip, self.spec.max_objects)])
        masks = compare_masks(self.masks, got, self.decided)
        untrained = self.spec.weights.get("checkpoint") == RANDOM
        return ParityReport(backend.name, self.spec.precision, self.clip.name, tensors, masks, untrained)


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
