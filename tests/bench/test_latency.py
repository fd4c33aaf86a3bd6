"""Latency: what is counted, on real artifacts of the tiny model."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from toy_results import ORIGIN

from mobilevos_bench import latency
from mobilevos_bench.ceiling import ConvolutionChain
from mobilevos_bench.formats import from_data, to_text
from mobilevos_bench.latency import LatencyOptions, frame_gflop, measure_latency
from mobilevos_bench.report import latency_text
from mobilevos_bench.workload import Workload, WorkloadOptions, open_workload
from mobilevos_sdk.session import Session

OPTIONS = LatencyOptions(frames=7, starts=1, chains=(ConvolutionChain("dense", 8, 6, 10, 2),))


@pytest.fixture(scope="module")
def workload(both: Path, clip: Path) -> Workload:
    return open_workload(WorkloadOptions(str(both), threads=1, objects=2, clip=clip))


def test_both_runtimes_are_measured_and_the_numbers_agree(workload: Workload):
    calls = []
    result = measure_latency(workload, OPTIONS, ORIGIN, lambda: calls.append(1))
    assert len(calls) == OPTIONS.steps(2)
    assert {runtime.artifact.runtime for runtime in result.runtimes} == {"onnx", "litert"}
    assert result.setting.objects == 2 and (result.setting.clip_height, result.setting.clip_width) == (90, 120)
    for runtime in result.runtimes:
        stages = runtime.stages
        assert stages.total.count == 7  # warm-up is not in it
        assert stages.preprocess.median > 0 and stages.memorize.median > 0
        assert stages.total.median >= stages.model.median >= stages.segment.median
        fitted = stages.preprocess.median + stages.postprocess.median
        assert runtime.fit_share == pytest.approx(fitted / stages.model.median)
        assert runtime.gflop_per_s == pytest.approx(runtime.gflop / stages.model.median * 1e3)
        assert runtime.ceiling_share == pytest.approx(runtime.gflop_per_s / result.ceiling)
        assert runtime.start_ms.median > 100  # a process cannot start faster
        assert runtime.artifact.bytes == workload.artifacts[runtime.artifact.runtime].stat().st_size
    assert from_data(json.loads(to_text(result)), "x").setting == result.setting
    text = latency_text(result)
    assert "postprocess" in text and "of the ceiling" in text


def test_operations_of_a_frame_are_those_of_its_graphs(workload: Workload):
    graphs = {graph.name: graph.macs for graph in workload.spec.graphs}
    assert graphs["segment_2"] > 0
    assert frame_gflop(workload) == pytest.approx(2e-9 * (graphs["segment_2"] + graphs["memorize_2"]))
    assert frame_gflop(replace(workload, objects=1)) == pytest.approx(
        2e-9 * (graphs["segment_1"] + graphs["memorize_1"])
    )
    short = replace(workload, spec=replace(workload.spec, queue=1))
    assert frame_gflop(short) == pytest.approx(2e-9 * graphs["segment_2"])
    unknown = replace(workload.spec, graphs=tuple(replace(graph, macs=0) for graph in workload.spec.graphs))
    assert frame_gflop(replace(workload, spec=unknown)) is None


def test_a_clip_shorter_than_the_run_repeats_itself(onnx_only: Path, clip: Path, monkeypatch):
    seen = []
    step = Session.step

    def spy(self, frame):
        seen.append(frame)
        return step(self, frame)

    monkeypatch.setattr(Session, "step", spy)
    monkeypatch.setattr(latency, "_start_up", lambda workload, runtime, on_frame: 1.0)
    workload = open_workload(WorkloadOptions(str(onnx_only), clip=clip))
    result = measure_latency(workload, replace(OPTIONS, frames=20), ORIGIN, lambda: None)
    assert result.runtimes[0].stages.total.count == 20
    assert len(seen) == 20 + result.warmup > 12
