"""All results files of a folder, read and checked: what the tables are made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mobilevos_bench.accuracy_results import AccuracyResult, accuracy_from_data, is_accuracy
from mobilevos_bench.cost_results import CostResult, cost_from_data, is_cost
from mobilevos_bench.results import LatencyResult, MemoryResult, from_data, read_json_files
from mobilevos_bench.training_results import (
    AblationResult,
    TrainingProfile,
    ablation_from_data,
    is_ablation,
    is_profile,
    profile_from_data,
)


@dataclass(frozen=True)
class CommittedResults:
    """All results files of a folder, each kind in the order of the files' names."""

    accuracy: Sequence[AccuracyResult] = field(default=())
    latency: Sequence[LatencyResult] = field(default=())
    memory: Sequence[MemoryResult] = field(default=())
    ablation: Sequence[AblationResult] = field(default=())
    profiles: Sequence[TrainingProfile] = field(default=())
    costs: Sequence[CostResult] = field(default=())

    @classmethod
    def read(cls, folder: Path) -> CommittedResults:
        """Reads a folder; one that is missing has no results.

        Raises:
            InvalidInputError: a file is not a result, or of another format version.
            OSError: a file cannot be read.
        """
        accuracy: list[AccuracyResult] = []
        latency: list[LatencyResult] = []
        memory: list[MemoryResult] = []
        ablation: list[AblationResult] = []
        profiles: list[TrainingProfile] = []
        costs: list[CostResult] = []
        for path, data in read_json_files(folder):
            if is_accuracy(data):
                evaluation = accuracy_from_data(data, str(path))
                accuracy += [] if evaluation is None else [evaluation]
                continue
            if is_ablation(data):
                ablation.append(ablation_from_data(data, str(path)))
                continue
            if is_profile(data):
                profiles.append(profile_from_data(data, str(path)))
                continue
            if is_cost(data):
                costs.append(cost_from_data(data, str(path)))
                continue
            result = from_data(data, str(path))
            if isinstance(result, LatencyResult):
                latency.append(result)
            else:
                memory.append(result)
        return cls(accuracy, latency, memory, ablation, profiles, costs)
