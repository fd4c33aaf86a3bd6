"""The table that says of each artifact what an engineer asks first: size, score, time, and whether a GPU takes it."""

from __future__ import annotations

from mobilevos_bench.committed_results import CommittedResults
from mobilevos_bench.markdown import markdown, percent, percent_score, runtime_name
from mobilevos_bench.results import RuntimeLatency, Setting

# The scores that artifacts are compared by; others stand in the table of accuracy.
DATA = "davis16/val-open"


def artifacts_table(results: CommittedResults, card: str) -> str:
    """A row for each artifact whose latency with one object was measured; `card` makes no difference."""
    header = (
        "artifact", "runtime", "precision", "file MB", f"J&F on {DATA}", "ms per frame", "of the ceiling",
        "GPU gate fp32 / fp16",
    )  # fmt: skip
    rows = [
        _row(results, result.setting, runtime)
        for result in results.latency
        if result.setting.objects == 1
        for runtime in result.runtimes
    ]
    return markdown(header, rows, left=3) if rows else ""


def _row(results: CommittedResults, setting: Setting, runtime: RuntimeLatency) -> list[str]:
    size = f"{setting.height}x{setting.width}"
    return [
        f"`{setting.model}`, queue {setting.queue}, {size}",
        runtime_name(runtime.artifact.runtime),
        setting.precision,
        f"{runtime.artifact.bytes / 1e6:.1f}",
        _score(results, setting, size, runtime.artifact.runtime),
        f"{runtime.stages.total.median:.1f}",
        percent(runtime.ceiling_share),
        _gate(results, setting, size) if runtime.artifact.runtime == "litert" else "",
    ]


def _score(results: CommittedResults, setting: Setting, size: str, runtime: str) -> str:
    """The score of the same model, precision and runtime, with zoom if there is one, as the SDK uses it."""
    wanted = (setting.model, setting.queue, size, setting.precision, runtime, DATA)
    for result in sorted(results.accuracy, key=lambda one: not one.zoom):
        if (result.model, result.queue, result.size, result.precision, result.runtime, result.data) == wanted:
            return percent_score(result.overall.j_and_f)
    return ""


def _gate(results: CommittedResults, setting: Setting, size: str) -> str:
    """What the check on a GPU said of the same model and precision in the two arithmetics."""
    wanted = (setting.model, setting.queue, size, setting.precision)
    found = [r for r in results.gpus if (r.model, r.queue, r.size, r.precision) == wanted]
    parts = {arithmetic: figures.status for result in found for arithmetic, figures in result.figures.items()}
    return " / ".join(parts.get(arithmetic, "not run") for arithmetic in ("fp32", "fp16")) if found else ""
