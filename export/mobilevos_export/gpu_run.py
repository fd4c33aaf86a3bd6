"""Runs an artifact's graphs on the GPU accelerator and on the CPU, and compares them. The child of `gpu_check`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from mobilevos_export.gpu_process import tell
from mobilevos_export.graph_cases import GraphCases, track_clip
from mobilevos_export.parity_clip import ParityClip
from mobilevos_sdk.artifact import Artifact, open_artifact
from mobilevos_sdk.backends.base import Backend
from mobilevos_sdk.backends.litert import LiteRtBackend
from mobilevos_sdk.backends.litert_gpu import LiteRtGpuBackend
from mobilevos_sdk.backends.tflite_graphs import TfliteGraphs
from mobilevos_sdk.errors import MobileVOSError
from mobilevos_sdk.masks import object_ids
from mobilevos_sdk.options import RuntimeOptions


@dataclass(frozen=True)
class GpuTask:
    """What to run.

    Attributes:
        artifact: a .tflite file.
        arithmetic: `fp32`, or `fp16` for what the GPU chooses where it may.
        frames: of the clip after the first, which is given; 0 compares the graphs alone.
        objects: the graphs of so many objects; none takes those of every number.
        clip: the video; none takes the sample clip.
        mask: its first mask; none takes the one beside it.
    """

    artifact: str
    arithmetic: str
    frames: int
    objects: int | None = None
    clip: str | None = None
    mask: str | None = None

    @classmethod
    def from_json(cls, text: str) -> GpuTask:
        """The reverse of `to_json`."""
        return cls(**json.loads(text))

    def to_json(self) -> str:
        """The task in one line."""
        return json.dumps(asdict(self))


def open_part(path: str, objects: int | None) -> Artifact:
    """An artifact with the graphs of one number of objects, or with all of them.

    Raises:
        ArtifactError: it cannot be used, or has no graph for so many objects.
    """
    artifact = open_artifact(path)
    if objects is None:
        return artifact
    kept = tuple(artifact.spec.graph(role, objects) for role in ("start", "segment", "memorize"))
    content = TfliteGraphs(artifact.content).cut([graph.name for graph in kept])
    return replace(artifact, content=content, spec=replace(artifact.spec, graphs=kept, max_objects=kept[0].objects))


def run(task: GpuTask) -> None:
    """Compiles, compares the graphs, and follows the clip, telling each result.

    Raises:
        MobileVOSError: the accelerator does not take the model, or the artifact or the clip cannot be used.
    """
    # Three frames feed all graphs; the clip's masks need one more than are compared.
    clip = ParityClip.load(_path(task.clip), _path(task.mask), max(task.frames + 1, 3))
    artifact = open_part(task.artifact, task.objects)
    cpu = LiteRtBackend(artifact, RuntimeOptions())
    tell(progress=f"compiling {len(artifact.spec.graphs)} graphs for the GPU")
    gpu = LiteRtGpuBackend(replace(artifact, spec=replace(artifact.spec, precision=task.arithmetic)))
    tell(compiled=True)
    for case in GraphCases(cpu, clip):
        tell(progress=f"comparing {case.graph.name}" + (f", {case.state} memory" if case.state else ""))
        for tensor in case.compare(gpu):
            tell(tensor=asdict(tensor))
    if task.frames:
        clip = replace(clip, frames=clip.frames[: task.frames + 1])
        objects = min(len(object_ids(clip.mask)), artifact.spec.max_objects)
        shares = list(_agreement(cpu, gpu, clip, artifact.spec.max_objects))
        tell(masks={"frames": len(shares), "objects": objects, "mean": float(np.mean(shares)), "worst": min(shares)})


def _agreement(cpu: Backend, gpu: Backend, clip: ParityClip, objects: int) -> Iterator[float]:
    """The share of pixels with equal labels in each frame but the first; each backend keeps its own memory."""
    pairs = zip(track_clip(cpu, clip, objects), track_clip(gpu, clip, objects), strict=True)
    for index, (expected, got) in enumerate(pairs):
        if index:
            tell(progress=f"following the clip, frame {index} of {len(clip.frames) - 1}")
            yield float(np.mean(expected.mask == got.mask))


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


def main(argv: list[str]) -> int:
    """The child: `argv` holds the task as JSON. Returns its exit code."""
    try:
        run(GpuTask.from_json(argv[0]))
    except MobileVOSError as error:
        reason = str(error.__cause__ or error).strip().splitlines()
        tell(error=reason[-1].lstrip("└ ") if reason else type(error).__name__)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
