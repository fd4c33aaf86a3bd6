"""An evaluation as a table for people and as JSON for machines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mobilevos_bench.accuracy import Evaluation, SequenceResult
from mobilevos_bench.provenance import Provenance
from mobilevos_sdk.metrics import BOUNDARY_TOLERANCE, RECALL_THRESHOLD, Scores, Statistics

FORMAT = "mobilevos-accuracy"
FORMAT_VERSION = 1
PROTOCOL = {
    "name": "DAVIS, semi-supervised",
    "scored_frames": "annotated frames after the given one, without the last frame of the video",
    "mean": "over objects",
    "void": "counts as background",
    "boundary_tolerance": BOUNDARY_TOLERANCE,
    "recall_threshold": RECALL_THRESHOLD,
}
_HEADER = ("sequence", "object", "frames", "J", "recall", "decay", "F", "recall", "decay", "J&F", "ms/frame")


def to_json(
    evaluation: Evaluation,
    data: dict[str, Any],
    subject: dict[str, Any],
    provenance: Provenance,
    threads: int | None = None,
) -> dict[str, Any]:
    """The whole evaluation, ready for `json.dumps`; scores are 0 to 1.

    Args:
        evaluation: the scores.
        data: the data set: folder and ground truth.
        subject: what was scored: a model with its weights, or a folder of predictions.
        provenance: how the result was made.
        threads: of the runtime; none where no model ran.
    """
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "subject": subject,
        "data": data,
        "protocol": PROTOCOL,
        "overall": {**_scores(evaluation.overall), **_counts(evaluation)},
        "sequences": {result.scores.name: _sequence(result) for result in evaluation.sequences},
        **provenance.to_dict(),
        "threads": threads,
    }


def to_table(evaluation: Evaluation) -> str:
    """A table in percent: a row for every object, for the mean of every sequence of several, and for all."""
    rows = [list(_HEADER)]
    for result in evaluation.sequences:
        rows += _rows(result)
    counts = _counts(evaluation)
    objects = f"{counts['objects']} object{'s' if counts['objects'] > 1 else ''}"
    rows.append(_row("all", objects, counts["scored_frames"], evaluation.overall, None))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADER))]
    lines = [_line(row, widths) for row in rows]
    rule = "-" * len(lines[0])
    return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]])


def summary(result: SequenceResult) -> str:
    """One line for a sequence that is done."""
    mean = result.scores.mean
    line = f"{result.scores.name}: J&F {_percent(mean.j_and_f)}, J {_percent(mean.region.mean)}"
    line += f", F {_percent(mean.boundary.mean)}, {result.scores.frames} frames scored"
    return line if result.milliseconds is None else f"{line}, {result.milliseconds:.0f} ms/frame"


def _counts(evaluation: Evaluation) -> dict[str, int]:
    return {
        "sequences": len(evaluation.sequences),
        "objects": sum(len(result.scores.objects) for result in evaluation.sequences),
        "scored_frames": sum(result.scores.frames for result in evaluation.sequences),
    }


def _sequence(result: SequenceResult) -> dict[str, Any]:
    return {
        "scored_frames": result.scores.frames,
        "ms_per_frame": result.milliseconds,
        **_scores(result.scores.mean),
        "objects": {str(scores.object_id): _scores(scores) for scores in result.scores.objects},
    }


def _scores(scores: Scores) -> dict[str, Any]:
    return {"J&F": scores.j_and_f, "J": _statistics(scores.region), "F": _statistics(scores.boundary)}


def _statistics(values: Statistics) -> dict[str, float]:
    return {"mean": values.mean, "recall": values.recall, "decay": values.decay}


def _rows(result: SequenceResult) -> list[list[str]]:
    scores = result.scores
    single = len(scores.objects) == 1
    rows = [
        _row(scores.name, str(one.object_id), scores.frames, one, result.milliseconds if single else None)
        for one in scores.objects
    ]
    if not single:
        rows.append(_row(scores.name, "mean", scores.frames, scores.mean, result.milliseconds))
    return rows


def _row(name: str, which: str, frames: int, scores: Scores, milliseconds: float | None) -> list[str]:
    cells = [name, which, str(frames)]
    for values in (scores.region, scores.boundary):
        cells += [_percent(values.mean), _percent(values.recall), _percent(values.decay)]
    return [*cells, _percent(scores.j_and_f), "" if milliseconds is None else f"{milliseconds:.1f}"]


def _line(row: list[str], widths: Iterable[int]) -> str:
    cells = [
        cell.ljust(width) if column < 2 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def _percent(value: float) -> str:
    return f"{round(100 * value, 1) + 0.0:.1f}"  # never -0.0
