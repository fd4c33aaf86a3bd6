"""Reads what training writes, as far as the tables need it: ablations, and the profiles of `vos-train --profile`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class AblationRow:
    """One recipe: scores 0 to 1, means over its seeds, and the gain over the first recipe, seed by seed."""

    name: str
    j_and_f: float
    region: float
    boundary: float
    seeds: tuple[float, ...]
    gains: tuple[float, ...]


@dataclass(frozen=True)
class AblationResult:
    """An ablation.

    Attributes:
        model: the student.
        teacher: the teacher's registered name; none without one.
        budget: steps, batch, frames and crop of every run.
        data: the folder that was scored, and the size of the model's input in scoring.
        rows: the recipes, the baseline first.
        machine: what trained and scored, and when.
    """

    model: str
    teacher: str | None
    budget: dict[str, int]
    data: str
    rows: tuple[AblationRow, ...]
    machine: str


def read_ablation(data: dict[str, Any]) -> AblationResult:
    """Reads an ablation.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: it is not one.
    """
    cells = [cell for row in data["rows"] for cell in row["cells"]]
    machines = sorted({f"{cell['machine']}, {cell['precision']}, {cell['date']}" for cell in cells})
    return AblationResult(
        model=str(data["model"]),
        teacher=data["teacher"],
        budget={name: int(value) for name, value in data["budget"].items()},
        data=f"{data['data']['folder']}, {data['data']['size']}",
        rows=tuple(_row(row) for row in data["rows"]),
        machine="; ".join(machines),
    )


def _row(row: dict[str, Any]) -> AblationRow:
    seeds = tuple(float(cell["J&F"]) for cell in row["cells"])
    gains = tuple(float(gain) for gain in row["gains"])
    return AblationRow(str(row["name"]), float(row["J&F"]), float(row["J"]), float(row["F"]), seeds, gains)


@dataclass(frozen=True)
class TrainingProfile:
    """Where the time of a training step goes.

    Attributes:
        model: the student.
        setting: crop, frames, batch, workers, threads and precision.
        machine: what ran it, with which PyTorch, and when.
        seconds: of a step by phase.
        clips_per_second: of the process.
        waiting_share: of the time, waiting for data.
        gflop_per_s: convolutions and matrix products of a step against its time.
        ceiling_share: that against a 3x3 convolution.
    """

    model: str
    setting: dict[str, Any]
    machine: str
    seconds: dict[str, float]
    clips_per_second: float
    waiting_share: float
    gflop_per_s: float
    ceiling_share: float


def read_profile(data: dict[str, Any]) -> TrainingProfile:
    """Reads a profile.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: it is not one.
    """
    seconds = {str(name): float(value) for name, value in data["seconds"].items()}
    return TrainingProfile(
        model=str(data["model"]),
        setting=dict(data["setting"]),
        machine=f"{data['machine']}, PyTorch {data['torch']}, {data['date']}",
        seconds=seconds,
        clips_per_second=float(data["clips_per_second"]),
        waiting_share=float(data["waiting_share"]),
        gflop_per_s=float(data["gflop"]) / sum(seconds.values()),
        ceiling_share=float(data["ceiling_share"]),
    )
