"""The wheel holds our packages and all their files, and nothing else; the SDK runs where PyTorch is not installed."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "mobilevos_sdk",
    "models/mobilevos_models",
    "training/mobilevos_training",
    "export/mobilevos_export",
    "benchmarks/mobilevos_bench",
)


def tracked(folder: str) -> list[str]:
    listing = subprocess.run(["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode:
        pytest.skip("needs a git checkout, to know which files are ours")
    return listing.stdout.splitlines()


def test_the_wheel_holds_exactly_our_packages(tmp_path: Path) -> None:
    builders = pytest.importorskip("hatchling.builders.wheel", reason="needs hatchling, see the extra 'dev'")
    wheel = next(builders.WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"]))
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = {str(Path(name).relative_to(Path(package).parent)) for package in PACKAGES for name in tracked(package)}
    assert held == expected
    assert "mobilevos_sdk/weights/mobilenetv2.tflite" in held
    assert "mobilevos_sdk/py.typed" in held


WITHOUT_TORCH = """
import sys
import tomllib
for name in ("torch", "onnx", "tensorflow", "litert_torch", "mobilevos_models", "mobilevos_export"):
    sys.modules[name] = None  # importing it raises ImportError
import numpy as np
from mobilevos_sdk import RuntimeOptions, Segmenter
frame = np.zeros((90, 160, 3), np.uint8)
mask = np.zeros((90, 160), np.uint8)
frame[30:60, 40:90], mask[30:60, 40:90] = 200, 5
segmenter = Segmenter.from_pretrained("mobilenetv2-noaspp", RuntimeOptions(runtime=sys.argv[1]))
results = list(segmenter.track([frame, frame], mask))
found = results[1].mask == 5
print((found & (mask == 5)).sum() / (found | (mask == 5)).sum())
"""


@pytest.mark.parametrize("runtime", ["onnx", "litert"])
def test_the_sdk_tracks_without_pytorch(runtime: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, runtime], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) > 0.9


# What an installation puts on the PATH.
COMMANDS = {command.name: command.module for command in distribution("mobilevos").entry_points}


@pytest.mark.parametrize("command", COMMANDS)
def test_help_loads_no_heavy_library(command: str) -> None:
    program = (
        f"import sys; from {COMMANDS[command]} import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'numpy', 'cv2', 'onnxruntime', 'ai_edge_litert', 'av'} & set(sys.modules)\n"
        "sys.exit(f'loads {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "example" in done.stdout
