"""All results files of a folder, read and checked: what the tables are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mobilevos_bench.accuracy_results import AccuracyResult
from mobilevos_bench.agreement_results import AgreementResult
from mobilevos_bench.attention_results import AttentionResult
from mobilevos_bench.cost_results import CostResult
from mobilevos_bench.formats import read_folder, read_result
from mobilevos_bench.frame_work import FrameWorkResult
from mobilevos_bench.gpu_results import GpuResult
from mobilevos_bench.phone.app_results import AppResult
from mobilevos_bench.phone.results import PhoneResult
from mobilevos_bench.queue_results import QueueResult
from mobilevos_bench.results import LatencyResult, MemoryResult
from mobilevos_bench.training_results import AblationResult, TrainingProfile

STAGES = "stages"


@dataclass(frozen=True)
class CommittedResults:
    """All results files of a folder, each kind in the order of the files' names; scores of models alone.

    `stages` are the evaluations of weights that were shipped before, by the stems of their files. These are in a folder
    of their own, so that no other table takes them for the present ones.
    """

    accuracy: Sequence[AccuracyResult] = field(default=())
    stages: Mapping[str, AccuracyResult] = field(default_factory=dict)
    latency: Sequence[LatencyResult] = field(default=())
    memory: Sequence[MemoryResult] = field(default=())
    ablation: Sequence[AblationResult] = field(default=())
    profiles: Sequence[TrainingProfile] = field(default=())
    costs: Sequence[CostResult] = field(default=())
    attentions: Sequence[AttentionResult] = field(default=())
    queues: Sequence[QueueResult] = field(default=())
    phones: Sequence[PhoneResult] = field(default=())
    apps: Sequence[AppResult] = field(default=())
    frame_work: Sequence[FrameWorkResult] = field(default=())
    gpus: Sequence[GpuResult] = field(default=())
    agreements: Sequence[AgreementResult] = field(default=())

    @classmethod
    def read(cls, folder: Path) -> CommittedResults:
        """Reads a folder; one that is missing has no results.

        Raises:
            InvalidInputError: a file is not a result, or of another format version.
            OSError: a file cannot be read.
        """
        found: dict[str, list[Any]] = {}
        for result in read_folder(folder):
            if type(result) in _FIELDS:
                found.setdefault(_FIELDS[type(result)], []).append(result)
        former = {path.stem: read_result(path) for path in sorted((folder / STAGES).glob("*.json"))}
        return cls(**found, stages={stem: one for stem, one in former.items() if isinstance(one, AccuracyResult)})


# Which field has the results of a kind; the other kinds have no table.
_FIELDS: dict[type, str] = {
    AccuracyResult: "accuracy",
    LatencyResult: "latency",
    MemoryResult: "memory",
    AblationResult: "ablation",
    TrainingProfile: "profiles",
    CostResult: "costs",
    AttentionResult: "attentions",
    QueueResult: "queues",
    PhoneResult: "phones",
    AppResult: "apps",
    FrameWorkResult: "frame_work",
    GpuResult: "gpus",
    AgreementResult: "agreements",
}
