"""Reads the accuracy files that `vos-eval --json` writes, as far as the tables need them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from mobilevos_bench.accuracy_report import FORMAT, FORMAT_VERSION
from mobilevos_bench.records import reading


@dataclass(frozen=True)
class Measure:
    """Mean, recall and decay of J or F, 0 to 1."""

    mean: float
    recall: float
    decay: float


@dataclass(frozen=True)
class AccuracyScores:
    """J&F, J and F of one sequence, or of all."""

    j_and_f: float
    region: Measure
    boundary: Measure


@dataclass(frozen=True)
class SequenceAccuracy:
    """One sequence: its name, how many frames and objects were scored, and the mean over its objects."""

    name: str
    frames: int
    objects: int
    scores: AccuracyScores


@dataclass(frozen=True)
class AccuracyResult:
    """One evaluation of a model.

    Attributes:
        model: its registered name.
        runtime: what ran it.
        parameters: how many it has; none where the artifact does not say.
        queue: slots of its memory.
        size: of its input: `480x864`.
        data: the data set's folder, and the ground truth's where it is not the usual one.
        overall: the mean over all objects.
        sequences: every sequence.
    """

    model: str
    runtime: str
    parameters: int | None
    queue: int
    size: str
    data: str
    overall: AccuracyScores
    sequences: tuple[SequenceAccuracy, ...]


def is_accuracy(data: dict[str, Any]) -> bool:
    """Whether a results file is one of `vos-eval`."""
    return data.get("format") == FORMAT


def accuracy_from_data(data: dict[str, Any], where: str) -> AccuracyResult | None:
    """Reads an evaluation; none if it is not of a model but of a folder of masks.

    Raises:
        InvalidInputError: of another format version, or a field is missing.
    """
    with reading(data, FORMAT_VERSION, where, "vos-eval"):
        subject = data["subject"]
        if "model" not in subject:
            return None
        return AccuracyResult(
            model=str(subject["model"]),
            runtime=str(subject["runtime"]),
            parameters=subject["weights"].get("parameters"),
            queue=int(subject["queue"]),
            size=str(subject["size"]),
            data=_data_name(data["data"]),
            overall=_scores(data["overall"]),
            sequences=tuple(_sequence(name, entry) for name, entry in data["sequences"].items()),
        )


def _data_name(data: dict[str, Any]) -> str:
    """The last two parts of the folder, which name the set and not the machine."""
    parts = [part for part in PurePosixPath(data["folder"].replace("\\", "/")).parts if part not in ("..", "/")]
    name = "/".join(parts[-2:])
    return name if data["annotations"] == "Annotations" else f"{name}, {data['annotations']}"


def _sequence(name: str, entry: dict[str, Any]) -> SequenceAccuracy:
    return SequenceAccuracy(name, int(entry["scored_frames"]), len(entry["objects"]), _scores(entry))


def _scores(entry: dict[str, Any]) -> AccuracyScores:
    return AccuracyScores(float(entry["J&F"]), _measure(entry["J"]), _measure(entry["F"]))


def _measure(entry: dict[str, Any]) -> Measure:
    return Measure(float(entry["mean"]), float(entry["recall"]), float(entry["decay"]))
