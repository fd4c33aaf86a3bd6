"""The tables of gains: of each stage of training over the one before, and of each choice over the usual one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mobilevos_bench.accuracy_results import AccuracyResult
from mobilevos_bench.committed_results import CommittedResults
from mobilevos_bench.gain import gain_between, points
from mobilevos_bench.gain_results import Gain
from mobilevos_bench.markdown import markdown, percent_score, runtime_name

_GAIN_COLUMNS = ("J&F", "gain", "95 % interval", "higher in")
# What a table of choices compares with: how the weights are used unless somebody says otherwise.
_USUAL = ("fp32", "litert", 2)
_SHIPPED = "shipped"
# Former weights were scored on whole frames, before there was a zoom.
_ZOOMED = "shipped, with zoom"


def stages_table(results: CommittedResults, card: str) -> str:
    """A row for all weights that were ever shipped, each against those before, then one for zoom; whatever `card`."""
    rows = []
    usual = list(filter(_is_usual, results.accuracy))
    for shipped in (one for one in usual if not one.zoom):
        former = [(key, one) for key, one in results.stages.items() if _alike(one, shipped)]
        zoomed = [(_ZOOMED, one) for one in usual if one.zoom and _alike(replace(one, zoom=False), shipped)]
        previous: AccuracyResult | None = None
        for key, result in [*sorted(former, key=lambda pair: pair[1].date), (_SHIPPED, shipped), *zoomed]:
            label = key.rpartition(f"{result.model}-")[2].replace("-", " ")
            found = None if previous is None else gain_between(previous, result, previous.model, result.model)
            if former or zoomed:
                rows.append([f"`{result.model}`", result.data, label, *_cells(result, found)])
            previous = result
    return markdown(("model", "data", "weights", *_GAIN_COLUMNS), rows, left=3) if rows else ""


def choices_table(results: CommittedResults, card: str) -> str:
    """A row for each other precision, runtime and queue, against the usual one that saw as much of the frame."""
    rows = [row for usual in filter(_is_usual, results.accuracy) for row in _choices(usual, results)]
    return markdown(("model", "data", "choice", *_GAIN_COLUMNS), rows, left=3) if rows else ""


def _choices(usual: AccuracyResult, results: CommittedResults) -> Iterator[list[str]]:
    for result in results.accuracy:
        if _alike(result, usual) and not _is_usual(result):
            found = gain_between(usual, result, usual.model, result.model)
            zoom = ", zoom" if result.zoom else ""
            label = f"{result.precision}, {runtime_name(result.runtime)}, queue {result.queue}{zoom}"
            yield [f"`{result.model}`", result.data, label, *_cells(result, found)]


def _is_usual(result: AccuracyResult) -> bool:
    return (result.precision, result.runtime, result.queue) == _USUAL


def _alike(one: AccuracyResult, other: AccuracyResult) -> bool:
    return (one.model, one.data, one.size, one.zoom) == (other.model, other.data, other.size, other.zoom)


def _cells(result: AccuracyResult, found: Gain | None) -> list[str]:
    cells = [percent_score(result.overall.j_and_f)]
    if found is None:
        return [*cells, "", "", ""]
    interval = "" if found.low is None or found.high is None else f"{points(found.low)} to {points(found.high)}"
    return [*cells, points(found.gain), interval, f"{found.ahead} of {len(found.sequences)}"]
