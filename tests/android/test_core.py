"""The Android demo's core on the JVM: the project's artifact on a real clip gives the Python SDK's masks, and vos-bench
reads its results file. One file of tests, because what they look at takes minutes to make.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema

from mobilevos_bench.compare import compare
from mobilevos_bench.formats import read_result, schema
from mobilevos_bench.phone.app_results import AppResult
from mobilevos_bench.records import Spread
from mobilevos_sdk import constants

ROOT = Path(__file__).parents[2]
CONSTANTS = ROOT / "android_demo/core/src/main/resources/org/mobilevos/core/constants.json"


def test_the_core_passes_its_tests_on_the_jvm(core_run):
    report = (core_run / "junit.txt").read_text()
    assert re.search(r"^OK \(\d\d+ tests\)", report, re.MULTILINE)
    videos = re.findall(r"^\.*([\w-]+): id 0 IoU ([\d.]+)", report, re.MULTILINE)
    assert {"one", "calls", "jumps", "portrait", "whole", "passes"} <= {name for name, _ in videos}


def test_the_constants_of_the_core_are_the_sdks():
    assert CONSTANTS.read_text() == constants.as_json(), f"run 'python -m mobilevos_sdk.constants {CONSTANTS}'"


def test_no_constant_of_a_model_is_written_in_java():
    numbers = re.compile(r"\b(480|864|854|1620|0\.485|0\.229|123\.675|116\.28|103\.53)\b")
    sources = [*ROOT.glob("android_demo/core/src/main/**/*.java"), *ROOT.glob("android_demo/app/src/main/**/*.java")]
    assert sources
    found = [f"{path}: {hit}" for path in sources for hit in numbers.findall(path.read_text())]
    assert not found


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
