"""Builds the Android demo's core and runs its JVM tests once, against goldens that the SDK writes at that moment."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import cut_goldens
import error_goldens
import imaging_goldens
import pytest
import selection_goldens
import session_goldens
import view_goldens

from mobilevos_sdk.segmenter import WEIGHTS

ROOT = Path(__file__).parents[2]
ARTIFACT = WEIGHTS / "mobilenetv2-noaspp.tflite"
REMEDY = "'bash android_demo/tools/install_debian.sh FOLDER' installs it on Debian; then set MOBILEVOS_ANDROID=FOLDER"


@pytest.fixture(scope="session")
def android_environment() -> dict[str, str]:
    """The environment of the demo's scripts; skips where install_debian.sh has filled no folder."""
    folder = os.environ.get("MOBILEVOS_ANDROID")
    if not folder:
        pytest.skip(f"needs a JDK, JUnit, JNA and Android's packages: {REMEDY}")
    assert (Path(folder) / "jdk" / "bin" / "javac").exists(), REMEDY
    return {**os.environ, "PYTHON": sys.executable}


@pytest.fixture(scope="session")
def shared_memory_artifact(tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """AOT-T at a small size with a queue of 3, with its trained weights; none without the export extra."""
    if find_spec("litert_torch") is None:
        return None
    from mobilevos_export.exporter import export_model
    from mobilevos_export.options import ExportOptions

    out = tmp_path_factory.mktemp("aot")
    options = ExportOptions("aot-t", height=64, width=96, queue=3, formats=("tflite",), out=out)
    return Path(export_model(options).files[0].path)


@pytest.fixture(scope="session")
def core_run(
    android_environment: dict[str, str], shared_memory_artifact: Path | None, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The folder with what the core's JVM tests have written: `junit.txt`, `latency-record.json`."""
    goldens, out = tmp_path_factory.mktemp("goldens"), tmp_path_factory.mktemp("jvm")
    session_goldens.write(goldens, ARTIFACT, shared_memory_artifact)
    error_goldens.write(goldens, ARTIFACT)
    cut_goldens.write(goldens, ARTIFACT)
    imaging_goldens.write(goldens)
    view_goldens.write(goldens)
    selection_goldens.write(goldens)
    script = ROOT / "android_demo" / "tools" / "test_core.sh"
    run = subprocess.run(
        ["bash", script, goldens, out],
        env=android_environment,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    (out / "junit.txt").write_text(run.stdout + run.stderr)
    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-4000:]
    return out
