"""What agreement with PyTorch means: the measured errors, their limits, and the report that goes into the artifact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mobilevos_export.quant_policy import QUANTISED
from mobilevos_sdk.backends.base import FloatArray


@dataclass(frozen=True)
class Limits:
    """The largest errors that pass.

    Attributes:
        max_error: of any element of a tensor, relative to the tensor's largest magnitude.
        mean_error: of a tensor, relative likewise.
        min_iou: of an object's masks in any one frame; a small object may lose some pixels at its border.
        mean_iou: over all objects and frames.
        tie: pixels whose two most probable labels are closer than this in PyTorch are not compared: which one wins is
            decided by rounding. Hardly any in a trained model, most in one with random weights.
        compared: the smallest share of pixels that must be compared, so that agreement means something.
    """

    max_error: float
    mean_error: float
    min_iou: float
    mean_iou: float
    tie: float
    compared: float = 0.5


# fp32: other summation orders only; a wrong padding, axis or resize is off by 1e-2 or more.
# fp16: weights carry 11 bits, a rounding of up to 5e-4 each, which grew to 2e-2 (mean 2e-3) over some 60 layers, and in
# a model that was hardly trained moved the masks to an IoU of 0.981 (mean 0.986). Twice that fails.
# int8, int8-dynamic: a value has 256 steps between the ends of its range, so single elements of a tensor mean little.
# What counts are the masks. int8: a trained student's tensors were off by 0.3 (mean 0.018) at most, and its masks of
# one object kept an IoU of 0.9989; where several small objects meet, more is lost. aot-t at half the usual size kept
# 0.77 (mean 0.91) of three objects, which must fail. int8-dynamic: the border of a thin or blurred object moved by a
# tenth of its area, while a layer that 8 bits break loses the object.
LIMITS = {
    "fp32": Limits(max_error=1e-3, mean_error=1e-5, min_iou=0.97, mean_iou=0.995, tie=1e-3),
    "fp16": Limits(max_error=5e-2, mean_error=5e-3, min_iou=0.95, mean_iou=0.97, tie=1e-2),
    "int8-dynamic": Limits(max_error=1.0, mean_error=1e-1, min_iou=0.8, mean_iou=0.9, tie=1e-2),
    "int8": Limits(max_error=0.6, mean_error=4e-2, min_iou=0.9, mean_iou=0.95, tie=1e-2),
}
# Random weights with large logits carry a rounding on, in int8 too.
UNTRAINED_ERRORS = {"max_error": 1.0, "mean_error": 0.1}


@dataclass(frozen=True)
class TensorParity:
    """One output of one graph against PyTorch's.

    Attributes:
        graph: the graph's name.
        state: the state of the memory: `reference` (one slot valid), `full`, or empty where the graph has none.
        tensor: the output's name.
        max_error: largest absolute difference.
        mean_error: mean absolute difference.
        scale: largest magnitude of PyTorch's.
    """

    graph: str
    state: str
    tensor: str
    max_error: float
    mean_error: float
    scale: float

    @classmethod
    def measure(cls, graph: str, state: str, tensor: str, expected: FloatArray, got: FloatArray) -> TensorParity:
        """Compares two arrays; a wrong shape or a value that is not finite is an infinite error."""
        scale = float(np.abs(expected).max())
        if expected.shape != got.shape or not np.isfinite(got).all():
            return cls(graph, state, tensor, float("inf"), float("inf"), scale)
        difference = np.abs(expected - got)
        return cls(graph, state, tensor, float(difference.max()), float(difference.mean(dtype=np.float64)), scale)

    def passes(self, limits: Limits) -> bool:
        """Whether both errors are within the limits."""
        return self.max_error <= limits.max_error * self.scale and self.mean_error <= limits.mean_error * self.scale


@dataclass(frozen=True)
class MaskParity:
    """The masks of a clip, tracked by the artifact and by PyTorch through the same SDK.

    Attributes:
        frames: frames compared, without the first.
        objects: objects followed.
        min_iou: the worst object in the worst frame.
        mean_iou: the mean over objects and frames.
        compared: the share of pixels that are no tie.
    """

    frames: int
    objects: int
    min_iou: float
    mean_iou: float
    compared: float = 1.0

    def passes(self, limits: Limits) -> bool:
        """Whether the masks agree."""
        enough = self.compared >= limits.compared
        return enough and self.min_iou >= limits.min_iou and self.mean_iou >= limits.mean_iou


@dataclass(frozen=True)
class ParityReport:
    """An artifact against PyTorch on real frames.

    Attributes:
        runtime: the backend that ran the artifact.
        precision: whose limits apply.
        clip: the clip's name.
        tensors: every output of every graph.
        masks: the clip's masks.
        untrained: random weights, whose masks may be ties everywhere; their tensors alone must agree.
    """

    runtime: str
    precision: str
    clip: str
    tensors: tuple[TensorParity, ...]
    masks: MaskParity
    untrained: bool = False

    @property
    def limits(self) -> Limits:
        """The limits that apply."""
        limits = LIMITS[self.precision]
        if not self.untrained:
            return limits
        if self.precision in QUANTISED:  # rounding decides nearly all pixels, and the memory carries it on
            return replace(limits, compared=0.0, min_iou=0.0, mean_iou=0.0, **UNTRAINED_ERRORS)
        return replace(limits, compared=0.0)

    @property
    def passed(self) -> bool:
        """Whether every tensor and every mask is within the limits of the precision."""
        return not self.failures

    @property
    def failures(self) -> tuple[str, ...]:
        """What is outside of the limits, by name."""
        limits = self.limits
        failed = [_place(tensor) for tensor in self.tensors if not tensor.passes(limits)]
        return (*failed, *(() if self.masks.passes(limits) else ("masks",)))

    def table(self) -> str:
        """All numbers as lines of text, with a mark at each that is outside of the limits."""
        limits = self.limits
        rows = [("graph", "max error", "mean error", "relative", "")]
        for tensor in self.tensors:
            relative = tensor.max_error / tensor.scale if tensor.scale else float(tensor.max_error > 0)
            mark = "" if tensor.passes(limits) else "FAILED"
            rows.append(
                (_place(tensor), f"{tensor.max_error:.2e}", f"{tensor.mean_error:.2e}", f"{relative:.2e}", mark)
            )
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        lines = [f"{self.runtime} against PyTorch on {self.clip}, {self.precision}:"]
        lines += ["  ".join(cell.ljust(w) for cell, w in zip(row, [*widths, 0], strict=True)).rstrip() for row in rows]
        lines.append(
            f"masks of {self.masks.objects} objects in {self.masks.frames} frames: IoU at least "
            f"{self.masks.min_iou:.4f}, mean {self.masks.mean_iou:.4f}, on {self.masks.compared:.2%} of the pixels"
            + ("" if self.masks.passes(limits) else "  FAILED")
        )
        lines.append(
            f"limits: max {limits.max_error:.0e} and mean {limits.mean_error:.0e} of a tensor's largest value, "
            f"IoU at least {limits.min_iou}, mean {limits.mean_iou}, on {limits.compared:.0%} of the pixels"
        )
        return "\n".join(lines)

    def as_json(self) -> Mapping[str, Any]:
        """The report as it stands in an artifact's spec."""
        graphs: dict[str, dict[str, Any]] = {}
        for tensor in self.tensors:
            name = f"{tensor.tensor} ({tensor.state})" if tensor.state else tensor.tensor
            graphs.setdefault(tensor.graph, {})[name] = {
                "max_error": tensor.max_error,
                "mean_error": tensor.mean_error,
                "scale": tensor.scale,
            }
        return {
            "runtime": self.runtime,
            "clip": self.clip,
            "frames": self.masks.frames,
            "objects": self.masks.objects,
            "min_iou": self.masks.min_iou,
            "mean_iou": self.masks.mean_iou,
            "compared_pixels": self.masks.compared,
            "graphs": graphs,
        }


def _place(tensor: TensorParity) -> str:
    return f"{tensor.graph} {tensor.tensor}" + (f" ({tensor.state} memory)" if tensor.state else "")
