"""Measures what each length of the memory queue costs: the latencies of MobileVOS's figure 4 (Miles et al., 2023).

Each length has an artifact of its own, since the slots of the memory are inputs of its graphs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from mobilevos_bench.fresh import Task, follow
from mobilevos_bench.latency import MOST_DECODED, WARMUP, frame_gflop, stages_of
from mobilevos_bench.memory import measure_peaks
from mobilevos_bench.queue_results import QueuePoint, QueueSetting
from mobilevos_bench.workload import Workload, WorkloadOptions, open_workload
from mobilevos_sdk.errors import ArtifactError, MobileVOSError
from mobilevos_sdk.machine import busy_cores, source_commit
from mobilevos_sdk.segmenter import SUFFIXES


@dataclass(frozen=True)
class SweepOptions:
    """What the user asks for.

    Attributes:
        model: the model's registered name.
        queues: lengths of the queue.
        folder: of the artifacts, under the names that vos-export gives them.
        size: height and width of the model's input in pixels.
        runtime: `onnx` or `litert`.
        frames: measured frames of each length.
        threads: of the runtime; none takes the SDK's default.
        objects: how many objects of the mask to follow.
        clip: the video; none takes the repository's sample.
        mask: the first mask; none takes `NAME-first-mask.png` beside the clip.
    """

    model: str
    queues: tuple[int, ...]
    folder: Path
    size: tuple[int, int]
    runtime: str
    frames: int
    threads: int | None = None
    objects: int = 1
    clip: Path | None = None
    mask: Path | None = None

    def artifact(self, queue: int) -> Path:
        """The file of a length: `MODEL-qQUEUE-HxW.tflite`, or `.onnx`."""
        height, width = self.size
        return self.folder / f"{self.model}-q{queue}-{height}x{width}{SUFFIXES[self.runtime]}"

    def remedy(self, queues: Iterable[int]) -> str:
        """The commands that make the artifacts of some lengths."""
        height, width = self.size
        form = SUFFIXES[self.runtime].removeprefix(".")
        return " && ".join(
            f"vos-export --model {self.model} --queue {queue} --size {height}x{width} --objects {self.objects} "
            f"--to {form} --out {self.folder}"
            for queue in queues
        )


def open_sweep(options: SweepOptions) -> dict[int, Workload]:
    """Opens the artifacts that there are, by the length of their queue, and checks all that can be wrong with them.

    Raises:
        MobileVOSError: a file cannot be used, or is not what its name says; the clip or its mask cannot be used.
    """
    found: dict[int, Workload] = {}
    for queue in options.queues:
        path = options.artifact(queue)
        if not path.is_file():
            continue
        wanted = WorkloadOptions(
            str(path), (options.runtime,), options.threads, options.objects, options.clip, options.mask
        )
        workload = open_workload(wanted)
        spec = workload.spec
        if (spec.model, spec.queue, (spec.height, spec.width)) != (options.model, queue, options.size):
            raise ArtifactError(
                f"{path} holds {spec.model} with a queue of {spec.queue} at {spec.height}x{spec.width}, not what its "
                f"name says; make it again with '{options.remedy([queue])}'"
            )
        found[queue] = workload
    _check_alike(options, found)
    return found


def setting_of(options: SweepOptions, workload: Workload) -> QueueSetting:
    """What all points of a sweep have in common."""
    one = workload.setting()
    return QueueSetting(
        model=one.model,
        runtime=options.runtime,
        height=one.height,
        width=one.width,
        precision=one.precision,
        parameters=one.parameters,
        objects=one.objects,
        threads=one.threads,
        clip=one.clip,
        clip_height=one.clip_height,
        clip_width=one.clip_width,
        frames=options.frames,
    )


def frames_to_do(workloads: Iterable[Workload], frames: int) -> int:
    """How often `measure_point` calls `on_frame` for all of these."""
    return sum(2 * (_warmup(workload) + frames) for workload in workloads)


def measure_point(workload: Workload, frames: int, on_frame: Callable[[], None]) -> QueuePoint:
    """Measures one length: its times in one fresh process, its memory in another.

    Decoded frames are held by the first, so that no decoder takes its time, and not by the second.

    Args:
        workload: an artifact and a video, for one runtime.
        frames: measured frames.
        on_frame: called after every frame of both processes.

    Raises:
        MobileVOSError: a process could not follow the video, or was killed.
    """
    (runtime,) = workload.artifacts
    busy = busy_cores()
    warmup = _warmup(workload)
    latencies = []
    for report in follow(Task.of(workload, runtime, warmup + frames, decoded=MOST_DECODED)):
        on_frame()
        latencies.append(report.latency)
    if len(latencies) != warmup + frames:
        raise MobileVOSError(f"the process that ran {workload.artifacts[runtime]} ended early; run it again")
    memory = measure_peaks(workload, runtime, (warmup + frames,), on_frame)
    return QueuePoint(
        queue=workload.spec.queue,
        artifact=memory.artifact,
        warmup=warmup,
        stages=stages_of(latencies[warmup:]),
        gflop=frame_gflop(workload),
        peak_mb=memory.points[-1].peak_mb,
        date=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        busy_cores=busy,
        commit=source_commit(),
    )


def _warmup(workload: Workload) -> int:
    """Frames that do not count: those that fill the queue, and some more."""
    return WARMUP + workload.spec.queue


def _check_alike(options: SweepOptions, found: dict[int, Workload]) -> None:
    """One curve is of one model: its artifacts differ in the length of the queue alone."""
    kinds: dict[tuple[object, ...], int] = {}
    for queue, workload in found.items():
        spec = workload.spec
        kinds.setdefault((spec.precision, spec.max_objects, spec.weights.get("checkpoint_sha256")), queue)
    if len(kinds) > 1:
        one, other = list(kinds.values())[:2]
        raise ArtifactError(
            f"{options.artifact(one)} and {options.artifact(other)} differ in weights, precision or "
            f"most objects; export both from one checkpoint: '{options.remedy([one, other])}'"
        )
