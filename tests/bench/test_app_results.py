"""Results of the Android app: they come back, are compared, and only a phone's are shown."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
from toy_results import ARTIFACT, STAGES, spread

from mobilevos_bench.committed_results import CommittedResults
from mobilevos_bench.compare import compare
from mobilevos_bench.formats import from_data, schema, to_text
from mobilevos_bench.phone.app_results import AppResult, AppSetting, Delegate
from mobilevos_bench.phone.device import Device, Warmth
from mobilevos_bench.table_text import phone_table

RESULT = AppResult(
    setting=AppSetting("mobilenetv2", 2, 480, 864, "fp16", 1, 4, "camera", 720, 1280),
    delegate=Delegate("gpu", "litert-cpu", "the driver is missing", True, False),
    date="2026-11-20T10:00:00+00:00",
    app="0.1",
    device=Device(
        "android", "Toymaker Toy Phone", "Android 14 (API 34)", "toy", "Toychips T1", "arm64-v8a", 8, None, {}
    ),
    artifact=replace(ARTIFACT, runtime="litert"),
    warmup=10,
    stages=STAGES,
    camera=None,
    convert=spread(4.0),
    draw=None,
    fps=9.5,
    dropped=12,
    before=Warmth(29.6, 90, 0, {}),
    after=Warmth(34.2, 88, None, {}),
)


def test_a_file_comes_back_and_is_as_the_schema_has_it(tmp_path: Path) -> None:
    path = tmp_path / "app.json"
    path.write_text(to_text(RESULT))
    data = json.loads(path.read_text())
    jsonschema.validate(data, schema())
    assert from_data(data, "x") == RESULT
    assert CommittedResults.read(tmp_path).apps == [RESULT]


def test_the_table_says_why_it_is_not_the_gpu() -> None:
    header, _, row, _, note = phone_table(CommittedResults(apps=[RESULT]), "").splitlines()
    assert "| camera | convert | pre | segment | memorize | post | draw |" in header
    assert (
        "| litert-cpu | 1 | 4 |  | 4.0 | 2.0 | 70.0 | 30.0 | 3.0 |  | **105.0** (104.0 to 106.0) | 9.5 | 30 to 34 |"
        in row
    )
    assert note.endswith("60 frames of `camera` (1280x720), in the app. Not on the gpu: the driver is missing.")


def test_figures_of_no_phone_are_in_no_table() -> None:
    emulator = replace(RESULT, device=replace(RESULT.device, platform="emulator"))
    assert phone_table(CommittedResults(apps=[emulator]), "") == ""
    assert phone_table(CommittedResults(apps=[emulator, RESULT]), "") == phone_table(
        CommittedResults(apps=[RESULT]), ""
    )


def test_delegates_are_compared(tmp_path: Path) -> None:
    gpu = replace(RESULT, delegate=Delegate("gpu", "litert-gpu", None, True, False), fps=19.0)
    paths = tmp_path / "cpu.json", tmp_path / "gpu.json"
    for path, result in zip(paths, (RESULT, gpu), strict=True):
        path.write_text(to_text(result))
    found = compare(*paths)
    assert found.machines == ("delegate litert-cpu and litert-gpu",)
    assert {ratio.figure: ratio.ratio for ratio in found.ratios}["app FPS"] == 2.0
    assert "app convert, ms" in {ratio.figure for ratio in found.ratios}
