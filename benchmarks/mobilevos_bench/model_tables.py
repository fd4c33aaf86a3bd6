"""The tables that set all models side by side: their costs, and costs and scores together."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable

from mobilevos_bench.accuracy_results import AccuracyResult
from mobilevos_bench.committed_results import CommittedResults
from mobilevos_bench.cost_results import Cost, CostResult
from mobilevos_bench.markdown import markdown, number, percent_score, runtime_name, spread_text
from mobilevos_bench.origin_text import busy_text, machine_text, threads_text


def cost_table(results: CommittedResults, card: str) -> str:
    """Every measured cost, a row for each model, runtime and number of objects; `card` makes no difference."""
    parts = []
    for result in results.costs:
        fewest = result.objects[0]
        times = f"times {fewest} object{'s' if fewest > 1 else ''}"
        header = ("model", "runtime", "objects", "parameters", "GFLOP", "ms per frame (5 to 95 %)", times, "peak MB")
        rows = [_cost_row(cost, result.find(cost.model, cost.runtime).get(fewest)) for cost in result.costs]
        parts += [markdown(header, rows, left=2), _cost_note(result)]
    return "\n\n".join(parts)


def models_table(results: CommittedResults, card: str) -> str:
    """A row for each model that was measured or scored; `card` makes no difference.

    Costs are those of the first file: files differ in their settings, and one table has one of them. Scores are those
    of fp32 artifacts with as much memory as was measured, with zoom where there are any: the others stand in the table
    of accuracy.
    """
    measured = results.costs[0] if results.costs else None
    queues = {measured.queue} if measured else {result.queue for result in results.accuracy}
    accuracy = [result for result in results.accuracy if result.precision == "fp32" and result.queue in queues]
    names = dict.fromkeys((*(measured.models if measured else ()), *(result.model for result in accuracy)))
    if not names:
        return ""
    runtimes = list(dict.fromkeys(cost.runtime for cost in measured.costs)) if measured else []
    data = list(dict.fromkeys(result.data for result in accuracy))
    header = ["model", "parameters"]
    if measured:
        counts = " / ".join(map(str, measured.objects))
        header += [f"GFLOP, {counts} objects", *(f"ms on {runtime_name(runtime)}" for runtime in runtimes), "peak MB"]
    rows = []
    for name in names:
        scored = [result for result in accuracy if result.model == name]
        row = [f"`{name}`", _parameters(_first_parameters(measured, name, scored))]
        row += _cost_cells(measured, name, runtimes) if measured else []
        rows.append([*row, *(_score(_as_used([one for one in scored if one.data == part])) for part in data)])
    table = markdown([*header, *(f"J&F on {part}" for part in data)], rows, left=1)
    return "\n\n".join([table, *([_cost_note(measured)] if measured else [])])


def _cost_row(cost: Cost, fewest: Cost | None) -> list[str]:
    """`fewest` is the cost of the fewest objects, which that of more is held against."""
    return [
        f"`{cost.model}`",
        runtime_name(cost.runtime),
        str(cost.objects),
        _parameters(cost.parameters),
        number(cost.gflop, ".1f"),
        spread_text(cost.milliseconds),
        _times(cost, fewest),
        f"{cost.peak_mb:.0f}",
    ]


def _times(cost: Cost, other: Cost | None) -> str:
    """The median of the ratios of frames that were measured in one turn."""
    if other is None or other is cost:
        return ""
    turns = zip(cost.milliseconds.runs or (), other.milliseconds.runs or (), strict=False)
    return f"{statistics.median(more / fewer for more, fewer in turns):.2f}"


def _cost_cells(measured: CostResult, name: str, runtimes: list[str]) -> list[str]:
    """GFLOP, milliseconds on each runtime, and peak memory (the first runtime's), each for all numbers of objects."""
    anywhere = measured.find(name)

    def cell(found: dict[int, Cost], text: Callable[[Cost], str]) -> str:
        texts = [text(found[count]) if count in found else "" for count in measured.objects]
        return " / ".join(texts) if any(texts) else ""

    return [
        cell(anywhere, lambda cost: number(cost.gflop, ".1f")),
        *(cell(measured.find(name, runtime), lambda cost: f"{cost.milliseconds.median:.0f}") for runtime in runtimes),
        cell(anywhere, lambda cost: f"{cost.peak_mb:.0f}"),
    ]


def _cost_note(result: CostResult) -> str:
    frames = sorted({cost.milliseconds.count for cost in result.costs})
    return (
        f"Model input {result.size}, queue {result.queue}, {threads_text(result.threads)}; medians of "
        f"{' or '.join(map(str, frames))} frames; peak memory is that of a process with runtime and model. "
        f"{machine_text(result.machine, result.versions, result.dates)}"
        f"{busy_text(cost.busy_cores for cost in result.costs)}"
    )


def _first_parameters(measured: CostResult | None, name: str, scored: Iterable[AccuracyResult]) -> int | None:
    counts = [cost.parameters for cost in measured.find(name).values()] if measured else []
    return next((count for count in (*counts, *(result.parameters for result in scored)) if count), None)


def _parameters(count: int | None) -> str:
    return "" if count is None else f"{count / 1e6:.2f} M"


def _as_used(scored: list[AccuracyResult]) -> list[AccuracyResult]:
    """The evaluations with zoom, which is how the SDK uses a model; all of them if there is none."""
    return [result for result in scored if result.zoom] or scored


def _score(scored: list[AccuracyResult]) -> str:
    """J&F in percent; of several that differ on the same data, each with what tells it from the others."""
    scores = {percent_score(result.overall.j_and_f) for result in scored}
    if len(scores) == 1:
        return scores.pop() + (" with zoom" if scored[0].zoom else "")
    return ", ".join(
        f"{percent_score(result.overall.j_and_f)} (queue {result.queue}, {result.size}, {runtime_name(result.runtime)}"
        f"{', zoom' if result.zoom else ''})"
        for result in scored
    )
