"""Peak memory of a process that does nothing but follow a video: runtime, model, decoder and one session."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mobilevos_bench.fresh import Task, follow
from mobilevos_bench.results import MemoryPoint, MemoryResult, Origin, RuntimeMemory
from mobilevos_bench.workload import Workload
from mobilevos_sdk.errors import MobileVOSError


def measure_memory(
    workload: Workload, counts: Sequence[int], origin: Origin, on_frame: Callable[[], None]
) -> MemoryResult:
    """Measures the peak after each number of frames, all in one process, so that any growth is of the frames between.

    Args:
        workload: model and video; the video is repeated as often as it takes.
        counts: numbers of frames.
        origin: how the result is made.
        on_frame: called after every frame, `max(counts)` times a runtime.

    Raises:
        MobileVOSError: the process could not follow the video, or was killed.
    """
    runtimes = tuple(measure_peaks(workload, runtime, counts, on_frame) for runtime in workload.artifacts)
    return MemoryResult(workload.setting(), origin, runtimes)


def measure_peaks(
    workload: Workload, runtime: str, counts: Sequence[int], on_frame: Callable[[], None]
) -> RuntimeMemory:
    """One runtime's peaks; see `measure_memory`."""
    wanted = sorted(set(counts))
    points = []
    for report in follow(Task.of(workload, runtime, wanted[-1])):
        on_frame()
        if report.frames in wanted:
            points.append(MemoryPoint(report.frames, report.peak_mb))
    if len(points) != len(wanted):
        raise MobileVOSError(f"the process that ran {workload.artifacts[runtime]} ended early; run it again")
    growth = points[-1].peak_mb - points[0].peak_mb
    return RuntimeMemory(workload.artifact(runtime), tuple(points), growth)
