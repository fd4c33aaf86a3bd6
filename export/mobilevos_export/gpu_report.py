"""What the check on the GPU accelerator found, and what passes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from mobilevos_export.parity import TensorParity
from mobilevos_export.single_operators import OperatorFault
from mobilevos_sdk.spec import ArtifactSpec

FORMAT = "mobilevos-gpu-check"
FORMAT_VERSION = 1
PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
# fp32, of a tensor's largest value: other summation orders only.
LARGEST_ERROR = 1e-4
# The share of a clip's pixels with the labels that the CPU gives; the memory carries every error on.
LEAST_AGREEMENT = 0.995
# fp16: results differ from the CPU's in every tensor, so only what they make of the masks counts.
JUDGED_BY_TENSORS = "fp32"


@dataclass(frozen=True)
class ClipAgreement:
    """The masks of a clip on the GPU and on the CPU, each followed with its own memory.

    Attributes:
        frames: compared frames, without the first.
        objects: objects followed.
        mean: share of pixels with equal labels, over all frames.
        worst: the same in the worst frame.
    """

    frames: int
    objects: int
    mean: float
    worst: float


@dataclass(frozen=True)
class GpuRun:
    """An artifact on one driver.

    Attributes:
        arithmetic: `fp32` or `fp16`.
        driver: `swiftshader`, `lavapipe` or `machine`.
        status: `passed`, `failed` or `skipped`.
        reasons: why it failed or was skipped, and what helps.
        adapter: the GPU as the driver names it.
        tensors: every output of every graph against the CPU's.
        masks: the clip's masks; none where it was not followed to its end.
        operators: those at fault.
        seconds: what the run took.
    """

    arithmetic: str
    driver: str
    status: str
    reasons: tuple[str, ...] = ()
    adapter: str | None = None
    tensors: tuple[TensorParity, ...] = ()
    masks: ClipAgreement | None = None
    operators: tuple[OperatorFault, ...] = ()
    seconds: float = 0.0

    @property
    def worst_error(self) -> float:
        """The largest error of a tensor, of the tensor's largest value."""
        return max((relative_error(tensor) for tensor in self.tensors), default=0.0)


@dataclass(frozen=True)
class GpuReport:
    """An artifact on the GPU accelerator.

    Attributes:
        artifact: its file's name.
        sha256: of the file, in hex.
        spec: what it is.
        clip: the name of the clip that fed it.
        runs: one for each arithmetic.
    """

    artifact: str
    sha256: str
    spec: ArtifactSpec
    clip: str
    runs: tuple[GpuRun, ...]

    @property
    def passed(self) -> bool:
        """Whether something was checked and nothing failed; what was skipped has not passed."""
        states = [run.status for run in self.runs]
        return PASSED in states and FAILED not in states

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it failed."""
        return tuple(
            f"{run.arithmetic}: {reason}" for run in self.runs if run.status == FAILED for reason in run.reasons
        )

    @property
    def skipped(self) -> tuple[str, ...]:
        """What was not checked, and why."""
        return tuple(reason for run in self.runs if run.status == SKIPPED for reason in run.reasons)

    def text(self) -> str:
        """The report for people."""
        lines = [f"{self.artifact} on LiteRT's GPU accelerator, {self.clip}:"]
        for run in self.runs:
            lines.append(f"{run.arithmetic} on {run.adapter or run.driver}: {run.status}{_figures(run)}")
            lines += [f"  {reason}" for reason in run.reasons]
            lines += [f"  {fault.text()}" for fault in run.operators]
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """The report for machines."""
        spec = self.spec
        return {
            "artifact": {
                "file": self.artifact,
                "sha256": self.sha256,
                "model": spec.model,
                "queue": spec.queue,
                "max_objects": spec.max_objects,
                "size": [spec.height, spec.width],
                "precision": spec.precision,
            },
            "clip": self.clip,
            "limits": {"fp32_error": LARGEST_ERROR, "agreement": LEAST_AGREEMENT},
            "passed": self.passed,
            "runs": [{**asdict(run), "worst_error": run.worst_error} for run in self.runs],
        }


def relative_error(tensor: TensorParity) -> float:
    """The largest error of a tensor, of its largest value."""
    return tensor.max_error / tensor.scale if tensor.scale else float(tensor.max_error > 0)


def _figures(run: GpuRun) -> str:
    parts = []
    if run.tensors:
        parts.append(f"largest error {run.worst_error:.1e} in {len(run.tensors)} tensors")
    if run.masks is not None:
        parts.append(f"{run.masks.mean:.3%} of the pixels of {run.masks.frames} frames as on the CPU")
    return f" ({', '.join(parts)}; {run.seconds:.0f} s)" if parts else ""
