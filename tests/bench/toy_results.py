"""Made-up results of every kind, whose numbers can be told apart."""

from __future__ import annotations

from mobilevos_bench.ceiling import Ceiling
from mobilevos_bench.records import Spread
from mobilevos_bench.results import (
    ArtifactFile,
    LatencyResult,
    MemoryPoint,
    MemoryResult,
    Origin,
    RuntimeLatency,
    RuntimeMemory,
    Setting,
    Stages,
)


def spread(median: float) -> Spread:
    return Spread(median, median - 1.0, median + 1.0, 0.5, 60)


SETTING = Setting("mobilenetv2", 2, 480, 864, "fp32", 2_490_000, 1, 2, "cups.mp4", 720, 1280)
ORIGIN = Origin(
    "vos-bench run --model mobilenetv2",
    "2026-11-20T10:00:00+00:00",
    {"processor": "Toy CPU", "cores": 2, "system": "Linux x86_64", "python": "3.11.7"},
    {"onnxruntime": "1.31.1"},
    0.1,
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


def accuracy(model: str = "mobilenetv2") -> dict:
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
            "runtime": "onnx",
            "weights": {"parameters": 2_490_000},
            "queue": 2,
            "size": "480x864",
        },
        "data": {"folder": "../shared/data/davis16/val-open", "annotations": "Annotations"},
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
    }
