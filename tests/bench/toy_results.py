"""Made-up results of every kind, whose numbers can be told apart."""

from __future__ import annotations

from mobilevos_bench.ceiling import Ceiling
from mobilevos_bench.queue_results import QueuePoint, QueueResult, QueueScore, QueueSetting
from mobilevos_bench.records import Spread
from mobilevos_bench.results import (
    ArtifactFile,
    LatencyResult,
    Machine,
    MemoryPoint,
    MemoryResult,
    Origin,
    RuntimeLatency,
    RuntimeMemory,
    Setting,
    Stages,
)
from mobilevos_sdk.machine import Commit


def spread(median: float) -> Spread:
    return Spread(median, median - 1.0, median + 1.0, 0.5, 60)


SETTING = Setting("mobilenetv2", 2, 480, 864, "fp32", 2_490_000, 1, 2, "cups.mp4", 720, 1280)
ORIGIN = Origin(
    "vos-bench run --model mobilenetv2",
    "2026-11-20T10:00:00+00:00",
    Machine("Toy CPU", 2, "Linux x86_64", "3.11.7", ("avx2",)),
    {"onnxruntime": "1.31.1"},
    0.1,
    Commit("c" * 40, False),
)
ARTIFACT = ArtifactFile("onnx", "mobilenetv2.onnx", 10_600_000, "0" * 64)
STAGES = Stages(spread(2.0), spread(70.0), spread(30.0), spread(3.0), spread(100.0), spread(105.0))
LATENCY = LatencyResult(
    SETTING,
    ORIGIN,
    9,
    250.0,
    (Ceiling("onnx", "dense", spread(250.0)), Ceiling("onnx", "depthwise", spread(20.0))),
    (RuntimeLatency(ARTIFACT, STAGES, 0.05, 14.2, 142.0, 0.568, spread(1234.0)),),
)
MEMORY = MemoryResult(
    SETTING, ORIGIN, (RuntimeMemory(ARTIFACT, (MemoryPoint(20, 310.2), MemoryPoint(2000, 310.9)), 0.7),)
)


QUEUE_SETTING = QueueSetting("mobilenetv2", "onnx", 480, 864, "fp32", 2_490_000, 1, 2, "cups.mp4", 720, 1280, 60)


def queue_point(queue: int) -> QueuePoint:
    """A length of the queue, with milliseconds that grow with it."""
    segment, memorize = spread(50.0 + 10.0 * queue), spread(30.0 if queue > 1 else 0.0)
    stages = Stages(spread(2.0), segment, memorize, spread(3.0), segment, spread(85.0 + 10.0 * queue))
    return QueuePoint(queue, ARTIFACT, 3 + queue, stages, 14.2, 300.0 + queue, ORIGIN.date, 0.1, ORIGIN.commit)


def queue_score(queue: int | None, j_and_f: float) -> QueueScore:
    """A score of a length of the queue; none is unbounded."""
    return QueueScore(queue, "davis16/val-open", j_and_f, j_and_f - 0.01, j_and_f + 0.01, "onnx", None, "0" * 64)


QUEUE = QueueResult(
    QUEUE_SETTING,
    ORIGIN,
    (queue_point(1), queue_point(2), queue_point(5)),
    (queue_score(1, 0.80), queue_score(2, 0.85), queue_score(None, 0.86)),
)


def accuracy(model: str = "mobilenetv2", queue: int = 2) -> dict:
    """An evaluation as `vos-eval` writes it, of two sequences."""

    def scores(value: float) -> dict:
        return {
            "J&F": value,
            "J": {"mean": value, "recall": 0.9, "decay": 0.1},
            "F": {"mean": value, "recall": 0.8, "decay": 0.2},
        }

    return {
        "format": "mobilevos-accuracy",
        "format_version": 1,
        "subject": {
            "model": model,
            "given_as": model,
            "artifact_sha256": "0" * 64,
            "weights": {"parameters": 2_490_000, "checkpoint_sha256": "5" * 64},
            "queue": queue,
            "size": "480x864",
            "precision": "fp32",
            "runtime": "onnx",
        },
        "data": {"folder": "../shared/data/davis16/val-open", "annotations": "Annotations", "left_out": []},
        "protocol": {"name": "DAVIS, semi-supervised"},
        "overall": {**scores(0.85), "sequences": 2, "objects": 3, "scored_frames": 96},
        "sequences": {
            "bear": {"scored_frames": 40, "ms_per_frame": 100.0, **scores(0.9), "objects": {"1": scores(0.9)}},
            "swan": {
                "scored_frames": 56,
                "ms_per_frame": 100.0,
                **scores(0.825),
                "objects": {"1": scores(0.8), "2": scores(0.85)},
            },
        },
        "command": "vos-eval --model mobilenetv2",
        "date": "2026-11-20T10:00:00+00:00",
        "machine": {"processor": "Toy CPU", "cores": 2, "system": "Linux x86_64", "python": "3.11.7"},
        "versions": {"onnxruntime": "1.31.1"},
    }
