"""Measurements as text for the terminal."""

from __future__ import annotations

from mobilevos_bench.markdown import percent_score
from mobilevos_bench.queue_results import QueueResult, queue_name
from mobilevos_bench.records import Spread
from mobilevos_bench.results import LatencyResult, MemoryResult, RuntimeLatency, Setting

# The share of the model's time that pre- and post-processing may take together.
FIT_SHARE_LIMIT = 0.15
# Peak memory of a process that follows one video, and how much of it may come with more frames (the allocator's noise).
MEMORY_LIMIT_MB = 400.0
GROWTH_LIMIT_MB = 8.0


def latency_text(result: LatencyResult) -> str:
    """A table a runtime, and the machine's ceiling."""
    lines = [_headline(result.setting)]
    for runtime in result.runtimes:
        lines += ["", *_runtime_lines(runtime)]
    lines += ["", f"convolution ceiling {result.ceiling:.1f} GFLOP/s, measured between the frames above"]
    lines += [
        f"  {ceiling.runtime:8}{ceiling.kind:10}{_spread(ceiling.gflop_per_s)}  GFLOP/s" for ceiling in result.ceilings
    ]
    return "\n".join(lines)


def memory_text(result: MemoryResult) -> str:
    """A line for every runtime, and whether it is within the limits."""
    lines = [_headline(result.setting)]
    for runtime in result.runtimes:
        points = ", ".join(f"{point.peak_mb:.1f} MB after {point.frames} frames" for point in runtime.points)
        fine = runtime.points[-1].peak_mb < MEMORY_LIMIT_MB and runtime.growth_mb < GROWTH_LIMIT_MB
        limit = f"limit {MEMORY_LIMIT_MB:.0f} MB, growth {GROWTH_LIMIT_MB:.0f} MB: {'kept' if fine else 'EXCEEDED'}"
        lines.append(f"{runtime.artifact.runtime:8}{points}; growth {runtime.growth_mb:.1f} MB  ({limit})")
    return "\n".join(lines)


def queue_text(result: QueueResult) -> str:
    """A line for every length of the queue, and one for the score of a memory that holds every frame."""
    setting = result.setting
    lines = [
        f"{setting.model} on {setting.runtime}, {setting.height}x{setting.width} {setting.precision}, objects "
        f"{setting.objects}, threads {setting.threads}, {setting.clip} {setting.clip_width}x{setting.clip_height}",
        f"{'queue':>9}{'segment':>10}{'memorize':>10}{'total':>10}{'IQR':>9}{'peak MB':>9}{'J&F':>7}",
    ]
    for queue in result.lengths:
        point, score = result.point(queue), result.score(queue)
        figures = " " * 48
        if point is not None:
            stages = point.stages
            medians = "".join(f"{spread.median:10.2f}" for spread in (stages.segment, stages.memorize, stages.total))
            figures = f"{medians}{stages.total.iqr:9.2f}{point.peak_mb:9.1f}"
        j_and_f = "" if score is None else f"{percent_score(score.j_and_f):>7}"
        lines.append(f"{queue_name(queue):>9}{figures}{j_and_f}".rstrip())
    return "\n".join(lines)


def _headline(setting: Setting) -> str:
    return (
        f"{setting.model}, queue {setting.queue}, {setting.height}x{setting.width} {setting.precision}, "
        f"objects {setting.objects}, threads {setting.threads}, "
        f"{setting.clip} {setting.clip_width}x{setting.clip_height}"
    )


def _runtime_lines(runtime: RuntimeLatency) -> list[str]:
    stages = runtime.stages
    rows = {
        "preprocess": stages.preprocess,
        "segment": stages.segment,
        "memorize": stages.memorize,
        "postprocess": stages.postprocess,
        "model": stages.model,
        "total": stages.total,
    }
    head = f"{runtime.artifact.runtime}: {runtime.artifact.name}, {runtime.artifact.bytes / 1e6:.1f} MB"
    lines = [head, f"  {'ms per frame':14}{'median':>9}{'5 %':>9}{'95 %':>9}{'IQR':>9}"]
    lines += [f"  {name:14}{_spread(spread)}" for name, spread in rows.items()]
    kept = "kept" if runtime.fit_share <= FIT_SHARE_LIMIT else "EXCEEDED"
    lines.append(
        f"  pre- and post-processing are {100 * runtime.fit_share:.1f} % of the model's time "
        f"(limit {100 * FIT_SHARE_LIMIT:.0f} %: {kept})"
    )
    if runtime.gflop and runtime.gflop_per_s and runtime.ceiling_share:
        lines.append(
            f"  {runtime.gflop:.2f} GFLOP a frame, {runtime.gflop_per_s:.1f} GFLOP/s, "
            f"{100 * runtime.ceiling_share:.0f} % of the ceiling"
        )
    start = runtime.start_ms
    lines.append(f"  from process start to the first mask {start.median / 1e3:.2f} s (of {start.count} starts)")
    return lines


def _spread(spread: Spread) -> str:
    return "".join(f"{value:9.2f}" for value in (spread.median, spread.p5, spread.p95, spread.iqr))
