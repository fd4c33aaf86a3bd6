"""Milliseconds a frame on each runtime, taken in turn with the machine's convolution ceiling."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle

from mobilevos_bench.ceiling import CHAINS, CeilingMeter, ConvolutionChain, machine_ceiling
from mobilevos_bench.fresh import Task, follow
from mobilevos_bench.records import Spread
from mobilevos_bench.results import LatencyResult, Origin, RuntimeLatency, Stages
from mobilevos_bench.workload import Frame, Workload
from mobilevos_sdk.results import Latency
from mobilevos_sdk.session import Session

# Frames before anything counts: the memory's queue fills, the runtime lays out its buffers.
WARMUP = 3
# The frames are split into this many turns; between two turns the ceiling and the other runtime have theirs.
ROUNDS = 6
# A clip's decoded frames are held in memory, 2.8 MB each at 1280x720; a longer run repeats them.
MOST_DECODED = 90
STARTS = 3


@dataclass(frozen=True)
class LatencyOptions:
    """How to measure.

    Attributes:
        frames: measured frames for each runtime.
        starts: fresh processes for each runtime, for the start-up time.
        chains: the convolutions of the ceiling.
    """

    frames: int = 60
    starts: int = STARTS
    chains: tuple[ConvolutionChain, ...] = CHAINS

    @property
    def rounds(self) -> int:
        """How many turns the frames are split into."""
        return min(ROUNDS, self.frames)

    @property
    def warmup(self) -> int:
        """Frames of each runtime that do not count: at the very start, and one in every round."""
        return WARMUP + self.rounds

    def steps(self, runtimes: int) -> int:
        """How often `on_frame` is called."""
        return runtimes * (self.warmup + self.frames + self.starts)


def measure_latency(
    workload: Workload, options: LatencyOptions, origin: Origin, on_frame: Callable[[], None]
) -> LatencyResult:
    """Measures all runtimes of a workload.

    Args:
        workload: model and video.
        options: how to measure.
        origin: how the result is made.
        on_frame: called after every frame and every start, `options.steps` times.

    Raises:
        MobileVOSError: a model cannot be run.
    """
    frames = workload.first_frames(min(1 + options.warmup + options.frames, MOST_DECODED))
    runners = [
        _Runner(runtime, workload.open(runtime).start(frames[0], workload.mask), cycle(frames), on_frame)
        for runtime in workload.artifacts
    ]
    meter = CeilingMeter(list(workload.artifacts), workload.threads, options.chains)
    for runner in runners:
        runner.run(WARMUP, counted=False)
    for count in _split(options.frames, options.rounds):
        meter.measure()
        for runner in runners:
            runner.run(1, counted=False)  # wakes the runtime's threads, and evicts the other one from the caches
            runner.run(count, counted=True)
    ceilings = meter.results()
    ceiling = machine_ceiling(ceilings)
    runtimes = []
    for runner in runners:
        start = Spread.of(_start_up(workload, runner.runtime, on_frame) for _ in range(options.starts))
        runtimes.append(_summary(workload, runner, ceiling, start))
    return LatencyResult(workload.setting(), origin, options.warmup, ceiling, ceilings, tuple(runtimes))


@dataclass
class _Runner:
    """One runtime's session on its way through the clip."""

    runtime: str
    session: Session
    frames: Iterator[Frame]
    on_frame: Callable[[], None]
    latencies: list[Latency] = field(default_factory=list)

    def run(self, count: int, counted: bool) -> None:
        """Steps through some frames, which count or not."""
        for _ in range(count):
            latency = self.session.step(next(self.frames)).latency
            self.on_frame()
            if counted:
                self.latencies.append(latency)


def _split(total: int, parts: int) -> list[int]:
    """`total` as a sum of `parts` nearly equal numbers."""
    return [total // parts + (index < total % parts) for index in range(parts)]


def _start_up(workload: Workload, runtime: str, on_frame: Callable[[], None]) -> float:
    """Milliseconds from the start of a process to the first mask that its model makes."""
    started = time.perf_counter()
    reports = follow(Task.of(workload, runtime, frames=1))
    next(reports)
    elapsed = time.perf_counter() - started
    reports.close()
    on_frame()
    return 1e3 * elapsed


def frame_gflop(workload: Workload) -> float | None:
    """1e9 floating point operations of a frame: two for each multiply-accumulate of segment and memorize."""
    roles = ("segment", "memorize") if workload.spec.queue > 1 else ("segment",)
    macs = sum(workload.spec.graph(role, workload.objects).macs for role in roles)
    return 2e-9 * macs if macs else None


def _summary(workload: Workload, runner: _Runner, ceiling: float, start: Spread) -> RuntimeLatency:
    stages = stages_of(runner.latencies)
    gflop = frame_gflop(workload)
    rate = gflop / stages.model.median * 1e3 if gflop else None
    return RuntimeLatency(
        artifact=workload.artifact(runner.runtime),
        stages=stages,
        fit_share=(stages.preprocess.median + stages.postprocess.median) / stages.model.median,
        gflop=gflop,
        gflop_per_s=rate,
        ceiling_share=rate / ceiling if rate else None,
        start_ms=start,
    )


def stages_of(latencies: Sequence[Latency]) -> Stages:
    """The distribution of every stage over some frames.

    Raises:
        InvalidInputError: there is no frame.
    """
    return Stages(
        preprocess=Spread.of(latency.preprocess for latency in latencies),
        segment=Spread.of(latency.segment for latency in latencies),
        memorize=Spread.of(latency.memorize for latency in latencies),
        postprocess=Spread.of(latency.postprocess for latency in latencies),
        model=Spread.of(latency.segment + latency.memorize for latency in latencies),
        total=Spread.of(latency.total for latency in latencies),
    )
