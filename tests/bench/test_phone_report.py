"""Who a device says it is, how warm it is, and what may be called a phone's figure."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from phone_toys import toy_adb
from toy_results import ORIGIN

from mobilevos_bench.committed_results import CommittedResults
from mobilevos_bench.compare import compare
from mobilevos_bench.formats import from_data, schema, to_text
from mobilevos_bench.phone.adb import Adb
from mobilevos_bench.phone.device import Device, Warmth, parse_warmth, read_device
from mobilevos_bench.phone.profile import OperatorTime
from mobilevos_bench.phone.report import phone_rows, phone_text
from mobilevos_bench.phone.results import GraphLatency, PhoneResult, PhoneSetting, Tool
from mobilevos_bench.phone.tool_output import Timing
from mobilevos_bench.results import ArtifactFile
from mobilevos_bench.tables import fill

PROPERTIES = """\
[ro.board.platform]: [toy]
[ro.build.fingerprint]: [toy/toy:14/1]
[ro.build.version.release]: [14]
[ro.build.version.sdk]: [34]
[ro.hardware]: [toyboard]
[ro.hardware.egl]: [toygl]
[ro.product.cpu.abi]: [arm64-v8a]
[ro.product.manufacturer]: [Toymaker]
[ro.product.model]: [Toy Phone]
[ro.soc.manufacturer]: [Toychips]
[ro.soc.model]: [T1]
"""
BATTERY = """\
Current Battery Service state:
  AC powered: false
  level: 87
  scale: 100
  temperature: 312
"""
THERMAL = """\
Thermal Status: 1
Cached temperatures:
\tTemperature{mValue=30.0, mType=3, mName=skin, mStatus=0}
Current temperatures from HAL:
\tTemperature{mValue=38.5, mType=3, mName=skin, mStatus=0}
\tTemperature{mValue=51.25, mType=0, mName=CPU0, mStatus=0}
"""
COLD, WARM = Warmth(29.6, 90, 0, {}), Warmth(34.2, 88, 0, {"skin": 38.5})


def graph(role: str, delegate: str, mean: float) -> GraphLatency:
    ms = Timing(mean, 1.5, mean - 2, mean + 4, mean, None, None, 100)
    return GraphLatency(f"{role}_1", role, delegate, ms, 210.0, mean + 30, 123.4, COLD, WARM, None)


RESULT = PhoneResult(
    setting=PhoneSetting("mobilenetv2", 2, 480, 864, "fp32", 2_490_000, 1, 4, 100),
    origin=ORIGIN,
    device=Device(
        "android", "Toymaker Toy Phone", "Android 14 (API 34)", "toy", "Toychips T1", "arm64-v8a", 8, None, {}
    ),
    tool=Tool("benchmark_model", "0" * 64, "v1"),
    artifact=ArtifactFile("litert", "mobilenetv2.tflite", 11_300_000, "0" * 64),
    graphs=(graph("segment", "cpu", 70.0), graph("memorize", "cpu", 31.0), graph("segment", "gpu", 22.0)),
    failure="memorize_1 on gpu: it broke",
)


def asked(folder: Path, getprop: str, others: str = "exit 1") -> Device:
    """What a device is taken for that answers `getprop` so."""
    (folder / "properties").write_text(getprop)
    end = "echo mobilevos-exit:0"
    answers = (
        f'*getprop*) cat {folder}/properties;; *nproc*) echo 8;; *SurfaceFlinger*) echo "  GLES: Toy, T-GPU, V1";;'
    )
    return read_device(Adb(str(toy_adb(folder, "", f'case "$*" in {answers} *) {others};; esac; {end}')), "A1"))


def test_an_android_phone(tmp_path: Path):
    device = asked(tmp_path, PROPERTIES)
    assert (device.platform, device.name, device.system) == ("android", "Toymaker Toy Phone", "Android 14 (API 34)")
    assert (device.chip, device.abi, device.cores, device.gpu) == ("Toychips T1", "arm64-v8a", 8, "Toy, T-GPU, V1")
    assert device.drivers == {"ro.hardware.egl": "toygl"}


def test_an_older_phone_has_no_name_of_its_chip(tmp_path: Path):
    older = "".join(line for line in PROPERTIES.splitlines(keepends=True) if "ro.soc" not in line)
    assert asked(tmp_path, older).chip == "toy"


@pytest.mark.parametrize("line", ["[ro.kernel.qemu]: [1]\n", "[ro.boot.qemu]: [1]\n", "[ro.hardware]: [ranchu]\n"])
def test_an_emulator_is_no_phone(tmp_path: Path, line: str):
    assert asked(tmp_path, PROPERTIES + line).platform == "emulator"


def test_without_getprop_it_is_no_phone(tmp_path: Path):
    device = asked(tmp_path, "/bin/sh: getprop: not found\n", "echo Linux 6.1")
    assert (device.platform, device.system, device.gpu) == ("linux", "Linux 6.1", None)


def test_how_warm_it_is():
    assert parse_warmth(BATTERY, THERMAL) == Warmth(31.2, 87, 1, {"skin": 38.5, "CPU0": 51.25})
    assert parse_warmth("", "") == Warmth(None, None, None, {})


def test_the_table_has_a_row_for_each_delegate():
    header, _, cpu, gpu, _, note = phone_rows([RESULT]).splitlines()
    assert "| segment | memorize | ms per frame |" in header
    assert "| CPU | 1 | 4 | 70.0 ± 1.5 | 31.0 ± 1.5 | **101.0** | 100 | 123 | 30 to 34 |" in cpu
    assert "| GPU | 1 | 4 | 22.0 ± 1.5 |  |  | 52 | 123 | 30 to 34 |" in gpu  # no frame without memorize
    assert note.startswith(
        "Toymaker Toy Phone, Android 14 (API 34), Toychips T1, benchmark tool v1, 2026-11-20; means of 100"
    )
    assert note.endswith("Some graphs are missing: the measurement failed there.")


def test_a_queue_of_one_never_memorises():
    short = replace(RESULT, setting=replace(RESULT.setting, queue=1))
    assert (short.frame_ms("cpu"), short.frame_ms("gpu"), RESULT.frame_ms("gpu")) == (70.0, 22.0, None)


@pytest.mark.parametrize("platform", ["linux", "emulator"])
def test_figures_of_no_phone_are_in_no_table(platform: str):
    result = replace(RESULT, device=replace(RESULT.device, platform=platform))
    assert phone_rows([result]) == ""
    assert phone_rows([result, RESULT]) == phone_rows([RESULT])
    assert f"platform {platform}: no phone" in phone_text(result)
    page = "<!-- results:begin phone -->\n<!-- results:end phone -->\n"
    assert fill(page, "phone", CommittedResults(phones=[result]), "page") == page
    assert "**101.0**" in fill(page, "phone", CommittedResults(phones=[result, RESULT]), "page")


def test_the_terminal_shows_operators():
    slow = replace(RESULT.graphs[0], operators=(OperatorTime("CONV_2D", 30, 41.5),))
    text = phone_text(replace(RESULT, graphs=(slow,)))
    assert "CONV_2D" in text and "41.50 ms" in text and "a frame on" not in text


def test_two_files_are_compared_by_their_means(tmp_path: Path):
    faster = replace(graph("segment", "cpu", 35.0), peak_mb=None)
    other = replace(RESULT, graphs=(faster,), device=replace(RESULT.device, name="Another Phone"), origin=ORIGIN)
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    first.write_text(to_text(RESULT))
    second.write_text(to_text(other))
    found = compare(first, second)
    assert [(ratio.figure, ratio.ratio) for ratio in found.ratios] == [
        ("segment_1 on cpu, ms", 0.5),
        ("segment_1 on cpu loading, ms", 1.0),
    ]
    assert "memorize_1 on cpu, ms" in found.only_first
    assert len(found.machines) == 1 and "Another Phone" in found.machines[0]


def test_a_file_comes_back_and_is_as_the_schema_has_it(tmp_path: Path):
    path = tmp_path / "phone.json"
    path.write_text(to_text(RESULT))
    data = json.loads(path.read_text())
    jsonschema.validate(data, schema())
    assert from_data(data, "x") == RESULT
    assert CommittedResults.read(tmp_path).phones == [RESULT]
    del data["device"]["platform"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, schema())
