"""The results file that the Android core writes is one that vos-bench reads."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema

from mobilevos_bench.compare import compare
from mobilevos_bench.formats import read_result, schema
from mobilevos_bench.phone.app_results import AppResult
from mobilevos_bench.records import Spread


def test_the_cores_record_is_a_results_file(core_run: Path) -> None:
    path = core_run / "latency-record.json"
    jsonschema.validate(json.loads(path.read_text()), schema())
    result = read_result(path)
    assert isinstance(result, AppResult)
    assert not result.is_phone  # it comes from a test on a JVM
    assert (result.delegate.asked, result.delegate.applied) == ("gpu", "litert-cpu")
    assert result.delegate.fallback == "this machine has no GPU"
    assert result.stages.segment.count == 20 and result.camera is None
    figures = {ratio.figure for ratio in compare(path, path).ratios}
    assert {"app total, ms", "app convert, ms", "app FPS"} <= figures


def test_the_core_summarises_as_vos_bench_does(core_run: Path) -> None:
    result = read_result(core_run / "latency-record.json")
    assert isinstance(result, AppResult)
    for spread in (result.stages.segment, result.stages.total, result.stages.model):
        assert spread.runs is not None
        wanted = Spread.of(spread.runs)
        for name in ("median", "p5", "p95", "iqr"):
            assert abs(getattr(spread, name) - getattr(wanted, name)) <= 1e-3 * wanted.median, name
