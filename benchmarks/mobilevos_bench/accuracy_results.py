"""Reads the accuracy files that `vos-eval --json` writes, as far as tables and comparisons need them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from mobilevos_bench.records import decode
from mobilevos_bench.results import Machine


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
        precision: of the artifact: `fp32`.
        zoom: whether the model saw the objects and what is around them in place of the whole frame.
        data: the data set's folder, the ground truth's where it is not the usual one, and `backwards` where it was
            followed so.
        overall: the mean over all objects.
        sequences: every sequence.
        date: when it was scored, ISO 8601.
        artifact: hex SHA-256 of the file that ran; none where it does not say.
        checkpoint: hex SHA-256 of the checkpoint that the model has its weights from; none where it does not say.
        machine: what ran it.
        versions: of the distributions that may change a number.
    """

    model: str
    runtime: str
    parameters: int | None
    queue: int
    size: str
    precision: str
    zoom: bool
    data: str
    overall: AccuracyScores
    sequences: tuple[SequenceAccuracy, ...]
    date: str
    artifact: str | None
    checkpoint: str | None
    machine: Machine
    versions: dict[str, str]

    @property
    def variant(self) -> str:
        """What tells it from other evaluations of its model, but for the runtime: `queue 2, 480x864, fp32`."""
        return f"queue {self.queue}, {self.size}, {self.precision}{', zoom' if self.zoom else ''}"


@dataclass(frozen=True)
class MasksAccuracy:
    """One evaluation of masks that are not one model's: a folder of predictions, or an ensemble.

    Attributes:
        subject: what was scored, as the file has it.
        data: see AccuracyResult.
        overall: see AccuracyResult.
        sequences: see AccuracyResult.
    """

    subject: dict[str, Any]
    data: str
    overall: AccuracyScores
    sequences: tuple[SequenceAccuracy, ...]


def read_accuracy(data: dict[str, Any]) -> AccuracyResult | MasksAccuracy:
    """Reads an evaluation.

    Raises:
        KeyError, TypeError, ValueError, AttributeError, InvalidInputError: it is not one.
    """
    subject, name, overall = data["subject"], data_name(data["data"]), _scores(data["overall"])
    sequences = tuple(_sequence(name, entry) for name, entry in data["sequences"].items())
    if "model" not in subject:
        return MasksAccuracy(dict(subject), name, overall, sequences)
    return AccuracyResult(
        model=str(subject["model"]),
        runtime=str(subject["runtime"]),
        parameters=subject["weights"].get("parameters"),
        queue=int(subject["queue"]),
        size=str(subject["size"]),
        precision=str(subject["precision"]),
        zoom=bool(subject.get("zoom", False)),
        data=name,
        overall=overall,
        sequences=sequences,
        date=str(data["date"]),
        artifact=subject["artifact_sha256"],
        checkpoint=subject["weights"].get("checkpoint_sha256"),
        machine=decode(Machine, data["machine"]),
        versions=dict(data["versions"]),
    )


def data_name(data: dict[str, Any]) -> str:
    """The last two parts of the folder, which name the set and not the machine, and how it was followed."""
    parts = [part for part in PurePosixPath(data["folder"].replace("\\", "/")).parts if part not in ("..", "/")]
    name = "/".join(parts[-2:])
    if data["annotations"] != "Annotations":
        name += f", {data['annotations']}"
    return f"{name}, backwards" if data.get("backwards") else name


def _sequence(name: str, entry: dict[str, Any]) -> SequenceAccuracy:
    return SequenceAccuracy(name, int(entry["scored_frames"]), len(entry["objects"]), _scores(entry))


def _scores(entry: dict[str, Any]) -> AccuracyScores:
    return AccuracyScores(float(entry["J&F"]), _measure(entry["J"]), _measure(entry["F"]))


def _measure(entry: dict[str, Any]) -> Measure:
    return Measure(float(entry["mean"]), float(entry["recall"]), float(entry["decay"]))
