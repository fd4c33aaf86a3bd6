"""A small clip on disk, artifacts of the tiny model for both runtimes side by side."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import pytest

from mobilevos_sdk.masks import write_mask


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory, tiny_video) -> Path:
    """A folder of frames, with the first mask (ids 7 and 255) beside it under the default name."""
    folder = tmp_path_factory.mktemp("clip") / "toy"
    folder.mkdir()
    for index, frame in enumerate(tiny_video.frames):
        cv2.imwrite(str(folder / f"{index:05d}.png"), frame[..., ::-1])
    write_mask(folder.with_name("toy-first-mask.png"), tiny_video.mask)
    return folder


@pytest.fixture(scope="session")
def onnx_only(tmp_path_factory: pytest.TempPathFactory, tiny_onnx: Path) -> Path:
    """The ONNX artifact in a folder of its own."""
    return Path(shutil.copy(tiny_onnx, tmp_path_factory.mktemp("onnx") / "tiny.onnx"))


@pytest.fixture(scope="session")
def both(tmp_path_factory: pytest.TempPathFactory, tiny_onnx: Path, tiny_tflite: Path) -> Path:
    """The ONNX artifact, with the TFLite one beside it."""
    folder = tmp_path_factory.mktemp("both")
    shutil.copy(tiny_tflite, folder / "tiny.tflite")
    return Path(shutil.copy(tiny_onnx, folder / "tiny.onnx"))
