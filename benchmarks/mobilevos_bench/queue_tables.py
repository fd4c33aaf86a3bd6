"""The table of the sweeps over lengths of the memory queue."""

from __future__ import annotations

from mobilevos_bench.committed_results import CommittedResults
from mobilevos_bench.markdown import markdown, number, percent_score, runtime_name
from mobilevos_bench.origin_text import busy_text, machine_text
from mobilevos_bench.queue_results import QueuePoint, QueueResult, QueueScore, queue_name
from mobilevos_bench.records import Spread


def queue_table(results: CommittedResults, card: str) -> str:
    """Every sweep, a row for each length of the queue; `card` makes no difference."""
    parts = []
    for result in results.queues:
        header = (
            "queue", "segment (IQR)", "memorize (IQR)", "ms per frame (IQR)", "GFLOP", "peak MB", "file MB",
            f"J&F{_data(result)}",
        )  # fmt: skip
        rows = [_row(queue_name(queue), result.point(queue), result.score(queue)) for queue in result.lengths]
        parts += [_title(result), markdown(header, rows, left=1), _note(result)]
    return "\n\n".join(parts)


def _row(name: str, point: QueuePoint | None, score: QueueScore | None) -> list[str]:
    j_and_f = "" if score is None else percent_score(score.j_and_f)
    if point is None:
        return [name, *[""] * 6, j_and_f]
    stages = point.stages
    return [
        name,
        _spread(stages.segment),
        _spread(stages.memorize),
        _spread(stages.total),
        number(point.gflop, ".1f"),
        f"{point.peak_mb:.0f}",
        f"{point.artifact.bytes / 1e6:.1f}",
        j_and_f,
    ]


def _spread(spread: Spread) -> str:
    return f"{spread.median:.1f} ({spread.iqr:.1f})"


def _data(result: QueueResult) -> str:
    return f" on {result.scores[0].data}" if result.scores else ""


def _title(result: QueueResult) -> str:
    setting = result.setting
    return f"`{setting.model}`, {setting.height}x{setting.width}, {setting.precision}, {runtime_name(setting.runtime)}:"


def _note(result: QueueResult) -> str:
    setting, origin = result.setting, result.origin
    dates = [point.date for point in result.points] or [origin.date]
    return (
        f"Medians of {setting.frames} frames of `{setting.clip}` ({setting.clip_width}x{setting.clip_height}), "
        f"objects {setting.objects}, decoding not counted; peak memory is that of a process that follows the clip. "
        f"{machine_text(origin.machine, origin.versions, dates, setting.threads)}"
        f"{busy_text(point.busy_cores for point in result.points)}"
    )
