"""The Android demo's core on the JVM: the project's artifact on a real clip gives the Python SDK's masks."""

from __future__ import annotations

import re
from pathlib import Path

from mobilevos_sdk import constants

ROOT = Path(__file__).parents[2]
CONSTANTS = ROOT / "android_demo/core/src/main/resources/org/mobilevos/core/constants.json"


def test_the_core_passes_its_tests_on_the_jvm(core_run):
    report = (core_run / "junit.txt").read_text()
    assert re.search(r"^OK \(\d\d+ tests\)", report, re.MULTILINE)
    videos = re.findall(r"^\.*([\w-]+): id 0 IoU ([\d.]+)", report, re.MULTILINE)
    assert {"one", "calls", "portrait", "passes"} <= {name for name, _ in videos}


def test_the_constants_of_the_core_are_the_sdks():
    assert CONSTANTS.read_text() == constants.as_json(), f"run 'python -m mobilevos_sdk.constants {CONSTANTS}'"


def test_no_constant_of_a_model_is_written_in_java():
    numbers = re.compile(r"\b(480|864|854|1620|0\.485|0\.229|123\.675|116\.28|103\.53)\b")
    sources = [*ROOT.glob("android_demo/core/src/main/**/*.java"), *ROOT.glob("android_demo/app/src/main/**/*.java")]
    assert sources
    found = [f"{path}: {hit}" for path in sources for hit in numbers.findall(path.read_text())]
    assert not found
