"""Fixtures that several test folders share: a tiny model in PyTorch, its artifacts, and the shared data where it is."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

if TYPE_CHECKING:
    from torch import Tensor

    from mobilevos_models.mobilevos import MobileVOS
    from mobilevos_models.torch_backend import TorchBackend

SHARED = Path(__file__).parents[1] / ".." / "shared"
TINY_MODEL = "mobilenetv2-noaspp"
TINY_HEIGHT, TINY_WIDTH = 64, 96
TINY_OBJECTS = 3
TINY_QUEUE = 3
# The exported ones are fewer: every number of objects costs three conversions.
EXPORTED_OBJECTS = 2
EXPORTED_QUEUE = 2
# PyTorch's threads wait for each other actively, which on a busy machine costs tensors this small minutes. It reads
# this when it is loaded, in this process and in the commands that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@dataclass(frozen=True)
class TinyVideo:
    """A video with a texture that moves, and two objects of ids 7 and 255."""

    frames: list[np.ndarray]
    mask: np.ndarray


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    """Undoes what a command of the test before may have set."""
    cv2.setNumThreads(1)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


@pytest.fixture(scope="session")
def shared_path() -> Callable[[str], Path]:
    """Gives a path under the shared data, or skips the test and names what is missing."""

    def find(name: str) -> Path:
        path = SHARED / name
        if not path.exists():
            pytest.skip(f"needs ../shared/{name}, which is not on this machine")
        return path

    return find


@pytest.fixture(scope="session")
def tiny_model() -> MobileVOS:
    """A model with random weights whose masks depend on frame and memory: neither all object nor all background."""
    torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'mobilevos[train]'")
    from mobilevos_models import create_model

    torch.manual_seed(0)
    model = create_model(TINY_MODEL)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, torch.nn.Conv2d):  # PyTorch's default would fade the signal out
                torch.nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        logits = _logits(model)
        model.prediction.weight /= logits.std() / 4.0
        model.prediction.bias -= _logits(model).mean()
    return model


@pytest.fixture(scope="session")
def tiny_backend(tiny_model: MobileVOS) -> TorchBackend:
    """The tiny model on PyTorch behind the SDK's interface."""
    from mobilevos_models.torch_backend import TorchBackend

    return TorchBackend(tiny_model, TINY_QUEUE, TINY_OBJECTS, TINY_HEIGHT, TINY_WIDTH, threads=1)


@pytest.fixture(scope="session")
def tiny_onnx(tiny_model: MobileVOS, pytestconfig: pytest.Config) -> Path:
    """The tiny model as an .onnx artifact for up to two objects and a queue of 2."""
    return _exported(tiny_model, pytestconfig, "onnx")


@pytest.fixture(scope="session")
def tiny_tflite(tiny_model: MobileVOS, pytestconfig: pytest.Config) -> Path:
    """The tiny model as a .tflite artifact for up to two objects and a queue of 2."""
    return _exported(tiny_model, pytestconfig, "tflite")


@pytest.fixture(scope="session")
def tiny_video() -> TinyVideo:
    """Twelve frames of 120x90 in which everything moves."""
    generator = np.random.default_rng(0)
    coarse = generator.integers(0, 256, (24, 32, 3), dtype=np.uint8)
    texture = np.kron(coarse, np.ones((8, 8, 1), np.uint8))
    frames = [np.ascontiguousarray(texture[2 * t : 2 * t + 90, 3 * t : 3 * t + 120]) for t in range(12)]
    mask = np.zeros((90, 120), np.uint8)
    mask[10:50, 15:60] = 7
    mask[40:80, 70:110] = 255
    return TinyVideo(frames, mask)


@pytest.fixture(scope="session")
def tiny_clip(tiny_video: TinyVideo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of frames with its first mask beside it, as the parity comparison reads them."""
    from mobilevos_sdk.masks import write_mask

    folder = tmp_path_factory.mktemp("clip") / "tiny"
    folder.mkdir()
    for index, frame in enumerate(tiny_video.frames):
        cv2.imwrite(str(folder / f"{index:05d}.png"), frame[..., ::-1])
    write_mask(folder.with_name("tiny-first-mask.png"), tiny_video.mask)
    return folder


def _logits(model: MobileVOS) -> Tensor:
    """Logits of one object on a noisy frame."""
    import torch

    generator = torch.Generator().manual_seed(0)
    frame = torch.rand(1, 3, TINY_HEIGHT, TINY_WIDTH, generator=generator) * 255.0
    masks = torch.zeros(1, 1, TINY_HEIGHT, TINY_WIDTH)
    masks[..., 16:48, 24:64] = 1.0
    return model.segment_logits(frame, [model.start(frame, masks)])[0]


def _exported(model: MobileVOS, config: pytest.Config, kind: str) -> Path:
    """Exports the tiny model; conversion takes a minute, so the result is kept for as long as our sources stay.

    A test may damage a copy of the file, never the file.
    """
    pytest.importorskip({"onnx": "onnxslim", "tflite": "litert_torch"}[kind], reason="needs 'mobilevos[export]'")
    from filelock import FileLock

    path = Path(config.cache.mkdir("tiny-artifacts")) / f"{_fingerprint()}.{kind}"
    with FileLock(path.parent / f"{kind}.lock"):  # tests of other processes wait until it is there
        if not path.exists():
            content = _converted(model, kind)
            for older in path.parent.glob(f"*.{kind}"):
                older.unlink()
            partial = path.with_suffix(".partial")
            partial.write_bytes(content)
            partial.replace(path)
    return path


def _converted(model: MobileVOS, kind: str) -> bytes:
    from mobilevos_export import onnx_export, tflite_export
    from mobilevos_export.graphs import prepare
    from mobilevos_export.options import ExportOptions

    options = ExportOptions(
        TINY_MODEL, queue=EXPORTED_QUEUE, height=TINY_HEIGHT, width=TINY_WIDTH, objects=EXPORTED_OBJECTS
    )
    source = prepare(model, options, {"checkpoint": "random"})
    if kind == "onnx":
        return onnx_export.package(onnx_export.convert(source, print), source.spec)
    return tflite_export.package(tflite_export.convert(source, print), source.spec)


def _fingerprint() -> str:
    """Names everything that shapes the tiny artifacts: our sources and the converters' versions."""
    root = Path(__file__).parents[1]
    sources = [Path(__file__), *(root / "models").rglob("*.py"), *(root / "export").rglob("*.py")]
    digest = hashlib.sha256()
    for source in sorted([*sources, root / "mobilevos_sdk/spec.py", root / "mobilevos_sdk/artifact.py"]):
        digest.update(source.read_bytes())
    for package in ("torch", "onnx", "onnxslim", "litert-torch"):
        digest.update(version(package).encode() if find_spec(package.replace("-", "_")) else b"none")
    return digest.hexdigest()[:16]
