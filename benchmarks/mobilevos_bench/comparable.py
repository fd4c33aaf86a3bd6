"""What can be compared in a results file of each kind: its setting, its figures, and where they were measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mobilevos_bench.accuracy_results import AccuracyResult, AccuracyScores, MasksAccuracy
from mobilevos_bench.agreement_results import AgreementResult
from mobilevos_bench.attention_results import AttentionResult
from mobilevos_bench.compare_settings import fields_of
from mobilevos_bench.cost_results import CostResult
from mobilevos_bench.frame_work import FrameWorkResult
from mobilevos_bench.gpu_results import GpuResult
from mobilevos_bench.markdown import runtime_name
from mobilevos_bench.phone.app_results import AppResult
from mobilevos_bench.phone.results import PhoneResult
from mobilevos_bench.queue_results import QueueResult, queue_name
from mobilevos_bench.records import Spread
from mobilevos_bench.results import LatencyResult, MemoryResult, Origin, Stages
from mobilevos_bench.training_results import AblationResult, TrainingProfile

# Fields of a setting that follow from what was measured, or from how often.
_NOT_A_SETTING = ("parameters", "frames", "runs")
# Ways to know how sure a figure is: its runs; medians and quartiles; means and standard deviations; none.
BOOTSTRAP, QUARTILES, DEVIATION, NONE = "bootstrap", "quartiles", "deviation", "none"
# Of a normal distribution: the distance between its quartiles, and the standard error that the median of n values has
# times the root of n, both in standard deviations.
_NORMAL_IQR, _MEDIAN_ERROR = 1.349, math.sqrt(math.pi / 2)


@dataclass(frozen=True)
class Figure:
    """A measured number.

    Attributes:
        value: the median of the runs, or their mean where a tool tells no more.
        error: standard error of the value, as a share of it; none where it was measured once, or is 0.
        method: what the error is from: QUARTILES, DEVIATION or NONE.
        runs: the values of all runs, if the file keeps them.
    """

    value: float
    error: float | None = None
    method: str = NONE
    runs: tuple[float, ...] | None = None

    @classmethod
    def of(cls, spread: Spread) -> Figure:
        """The median of a distribution; its error is that of a normal one with the same quartiles."""
        if spread.count < 2 or spread.median <= 0:
            return cls(spread.median)
        deviation = spread.iqr / _NORMAL_IQR
        error = _MEDIAN_ERROR * deviation / math.sqrt(spread.count) / spread.median
        return cls(spread.median, error, QUARTILES, spread.runs)

    @classmethod
    def of_mean(cls, mean: float, deviation: float, count: int) -> Figure:
        """The mean of some runs with their standard deviation."""
        return cls(mean, deviation / math.sqrt(count) / mean, DEVIATION) if count > 1 and mean > 0 else cls(mean)


@dataclass(frozen=True)
class Comparable:
    """One results file.

    Attributes:
        setting: what must be the same in two files, by name.
        figures: by name, with the unit in it.
        machine: where it was measured, by name.
        versions: of the distributions that may change a number.
    """

    setting: Mapping[str, Any]
    figures: Mapping[str, Figure]
    machine: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)


def comparable(result: Any) -> Comparable | None:
    """What can be compared in a result; none for a kind whose files cannot be."""
    make = _KINDS.get(type(result))
    return None if make is None else make(result)


def _latency(result: LatencyResult) -> Comparable:
    figures: dict[str, Figure] = {}
    for runtime in result.runtimes:
        name = runtime_name(runtime.artifact.runtime)
        figures |= _stages(name, runtime.stages)
        figures |= {
            f"{name} start-up, ms": Figure.of(runtime.start_ms),
            f"{name} file, MB": Figure(runtime.artifact.bytes / 1e6),
        }
        if runtime.gflop is not None:
            figures[f"{name} GFLOP"] = Figure(runtime.gflop)
    for ceiling in result.ceilings:
        figures[f"ceiling {runtime_name(ceiling.runtime)} {ceiling.kind}, GFLOP/s"] = Figure.of(ceiling.gflop_per_s)
    return _measured(result.setting, figures, result.origin)


def _memory(result: MemoryResult) -> Comparable:
    figures = {
        f"{runtime_name(runtime.artifact.runtime)} after {point.frames} frames, MB": Figure(point.peak_mb)
        for runtime in result.runtimes
        for point in runtime.points
    }
    return _measured(result.setting, figures, result.origin)


def _queue(result: QueueResult) -> Comparable:
    figures: dict[str, Figure] = {}
    for point in result.points:
        name = f"queue {point.queue}"
        figures |= _stages(name, point.stages)
        figures |= {f"{name} peak, MB": Figure(point.peak_mb), f"{name} file, MB": Figure(point.artifact.bytes / 1e6)}
        if point.gflop is not None:
            figures[f"{name} GFLOP"] = Figure(point.gflop)
    figures |= {f"queue {queue_name(score.queue)} J&F": Figure(score.j_and_f) for score in result.scores}
    return _measured(result.setting, figures, result.origin)


def _phone(result: PhoneResult) -> Comparable:
    """Its machine is the phone and not the computer beside it."""
    figures: dict[str, Figure] = {}
    for graph in result.graphs:
        name, ms = f"{graph.graph} on {graph.delegate}", graph.ms
        figures |= {
            f"{name}, ms": Figure.of_mean(ms.mean, ms.std, ms.count),
            f"{name} loading, ms": Figure(graph.init_ms),
        }
        if graph.peak_mb is not None:
            figures[f"{name} peak, MB"] = Figure(graph.peak_mb)
    return Comparable(_setting(result.setting), figures, fields_of(result.device), {"benchmark tool": result.tool.api})


def _app(result: AppResult) -> Comparable:
    """Its machine is the phone with the delegate, so that a CPU can be compared with a GPU."""
    figures = _stages("app", result.stages)
    for name, spread in (("camera", result.camera), ("convert", result.convert), ("draw", result.draw)):
        if spread is not None:
            figures[f"app {name}, ms"] = Figure.of(spread)
    if result.fps is not None:
        figures["app FPS"] = Figure(result.fps)
    machine = fields_of(result.device) | {"delegate": result.delegate.applied}
    return Comparable(fields_of(result.setting), figures, machine, {"app": result.app})


def _frame_work(result: FrameWorkResult) -> Comparable:
    setting = {name: getattr(result, name) for name in ("frame_width", "frame_height", "width", "height")}
    figures = {f"{name}, ms": Figure.of(spread) for name, spread in vars(result.stages).items()}
    machine = {"processor": result.processor, "system": result.system}
    return Comparable(setting, figures, machine, {"java": result.java})


def _cost(result: CostResult) -> Comparable:
    figures: dict[str, Figure] = {}
    for cost in result.costs:
        name = f"{cost.model} {runtime_name(cost.runtime)} objects {cost.objects}"
        figures |= {f"{name}, ms": Figure.of(cost.milliseconds), f"{name} peak, MB": Figure(cost.peak_mb)}
        if cost.gflop is not None:
            figures[f"{name} GFLOP"] = Figure(cost.gflop)
    setting = {"size": result.size, "queue": result.queue, "threads": result.threads}
    return Comparable(setting, figures, fields_of(result.machine), result.versions)


def _attention(result: AttentionResult) -> Comparable:
    figures: dict[str, Figure] = {}
    for cost in result.costs:
        name = f"{cost.part} {runtime_name(cost.runtime)}"
        figures |= {f"{name}, ms": Figure.of(cost.milliseconds), f"{name} GFLOP": Figure(cost.gflop)}
    setting = {"size": result.size, "threads": result.threads}
    return Comparable(setting, figures, fields_of(result.machine), result.versions)


def _accuracy(result: AccuracyResult) -> Comparable:
    setting = {
        name: getattr(result, name) for name in ("model", "runtime", "queue", "size", "precision", "zoom", "data")
    }
    figures = dict(_scores("all", result.overall))
    for sequence in result.sequences:
        figures[f"{sequence.name} J&F"] = Figure(sequence.scores.j_and_f)
    return Comparable(setting, figures, fields_of(result.machine), result.versions)


def _masks(result: MasksAccuracy) -> Comparable:
    return Comparable({"data": result.data}, dict(_scores("all", result.overall)))


def _profile(result: TrainingProfile) -> Comparable:
    figures = {f"{phase}, ms": Figure(1e3 * seconds) for phase, seconds in result.seconds.items()}
    figures |= {
        "step, ms": Figure(1e3 * sum(result.seconds.values())),
        "clips/s": Figure(result.clips_per_second),
        "GFLOP/s": Figure(result.gflop_per_s),
    }
    return Comparable({"model": result.model, **result.setting}, figures, {"machine": result.machine})


def _ablation(result: AblationResult) -> Comparable:
    setting = {"model": result.model, "teacher": result.teacher, "data": result.data, **result.budget}
    figures = {f"{row.name} J&F": Figure.of(Spread.of(row.seeds)) for row in result.rows}
    return Comparable(setting, figures, {"machine": result.machine})


def _gpu(result: GpuResult) -> Comparable:
    setting = {name: getattr(result, name) for name in ("model", "queue", "size", "precision", "objects", "clip")}
    figures: dict[str, Figure] = {}
    for arithmetic, found in result.figures.items():
        figures[f"{arithmetic} largest error"] = Figure(found.error)
        if found.agreement is not None:
            figures[f"{arithmetic} agreement"] = Figure(found.agreement)
    return Comparable(setting, figures, fields_of(result.machine), result.versions)


def _agreement(result: AgreementResult) -> Comparable:
    """Its machine is the second one, which is held against the first."""
    figures: dict[str, Figure] = {}
    for case in result.cases:
        figures |= {f"{case.name} equal pixels": Figure(case.equal_share), f"{case.name} IoU": Figure(case.min_iou)}
    origin = result.second.origin
    return Comparable({"label": result.second.label}, figures, fields_of(origin.machine), origin.versions)


_KINDS: dict[type, Callable[[Any], Comparable]] = {
    LatencyResult: _latency,
    MemoryResult: _memory,
    QueueResult: _queue,
    PhoneResult: _phone,
    AppResult: _app,
    FrameWorkResult: _frame_work,
    CostResult: _cost,
    AttentionResult: _attention,
    AccuracyResult: _accuracy,
    MasksAccuracy: _masks,
    TrainingProfile: _profile,
    AblationResult: _ablation,
    GpuResult: _gpu,
    AgreementResult: _agreement,
}


def _measured(setting: Any, figures: dict[str, Figure], origin: Origin) -> Comparable:
    return Comparable(_setting(setting), figures, fields_of(origin.machine), origin.versions)


def _setting(record: Any) -> dict[str, Any]:
    return {name: value for name, value in fields_of(record).items() if name not in _NOT_A_SETTING}


def _stages(name: str, stages: Stages) -> dict[str, Figure]:
    return {f"{name} {stage}, ms": Figure.of(spread) for stage, spread in fields_of(stages).items()}


def _scores(name: str, scores: AccuracyScores) -> Iterator[tuple[str, Figure]]:
    yield f"{name} J&F", Figure(scores.j_and_f)
    yield f"{name} J", Figure(scores.region.mean)
    yield f"{name} F", Figure(scores.boundary.mean)
