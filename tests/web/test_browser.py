"""The page of web/ in Chromium: embedded artifacts give the Python SDK's masks; what it refuses, it says why."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobilevos_sdk import Segmenter, pretrained_models
from mobilevos_sdk.artifact import CHECKSUM_NAME, KINDS, open_artifact
from mobilevos_sdk.masks import read_mask
from mobilevos_sdk.segmenter import WEIGHTS
from mobilevos_sdk.spec import FORMAT_VERSION, SPEC_NAME
from mobilevos_sdk.video import open_frames

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
MASK = ROOT / "samples" / "juggle-first-mask.png"
# The first frame has the mask; the second is found by the first's memory, the third by what the second left as well.
FRAMES = ("0.png", "1.png", "2.png")
STRIDE = 4
LEAST_AGREEMENT = 0.9999
LARGEST_ERROR = 1e-3
EMBEDDED = [f"{model}{suffix}" for model in pretrained_models() for suffix in KINDS]
TFLITE, ONNX = (WEIGHTS / f"mobilenetv2-noaspp{suffix}" for suffix in (".tflite", ".onnx"))

missing = [program for program in ("node", "chromium") if shutil.which(program) is None]
missing += [] if (WEB / "node_modules").exists() else ["web/node_modules"]
pytestmark = pytest.mark.skipif(
    bool(missing), reason=f"needs {', '.join(missing)}: 'bash scripts/install_browser.sh' installs it on Debian"
)


def newer() -> bytes:
    """A good artifact, but for its version."""
    with zipfile.ZipFile(TFLITE) as archive:
        spec, checksum = json.loads(archive.read(SPEC_NAME)), archive.read(CHECKSUM_NAME)
    file = io.BytesIO(open_artifact(TFLITE).content)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(SPEC_NAME, json.dumps({**spec, "format_version": FORMAT_VERSION + 1}))
        archive.writestr(CHECKSUM_NAME, checksum)
    return file.getvalue()


def damaged() -> bytes:
    content = bytearray(TFLITE.read_bytes())
    content[len(content) // 2] ^= 1
    return bytes(content)


def half(path: Path) -> bytes:
    content = path.read_bytes()
    return content[: len(content) // 2]


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


# What is wrong, the input of the form, its file, and a part of what the page says.
Refusal = tuple[str, str, Callable[[], bytes], str]
REFUSALS: tuple[Refusal, ...] = (
    ("newer", "artifact", newer, f"format version {FORMAT_VERSION + 1}, this page reads up to {FORMAT_VERSION}; use a"),
    ("damaged", "artifact", damaged, "its checksum is wrong; copy or export it again"),
    ("half-tflite", "artifact", lambda: half(TFLITE), "no whole artifact (it has no ZIP at its end); copy the file"),
    ("half-onnx", "artifact", lambda: half(ONNX), "no whole artifact (it is truncated or damaged); copy the file"),
    ("text", "artifact", lambda: b"no model at all", "no whole artifact"),
    ("empty", "artifact", lambda: b"", "no whole artifact"),
    ("colour", "mask", lambda: png(np.ones((720, 1280, 3))), "it is in colour, 16 bits deep or interlaced"),
    ("no-png", "mask", lambda: b"GIF89a", "it is no PNG"),
    ("half-mask", "mask", lambda: half(MASK), "mask.png cannot be read as a mask"),
    ("no-object", "mask", lambda: png(np.zeros((720, 1280))), "the mask is empty; mark at least one object"),
    ("crowd", "mask", lambda: png(np.tile(np.arange(1280) // 128, (720, 1))), "export one for more with 'vos-export"),
    ("small", "mask", lambda: png(np.full((90, 160), 7)), "the mask is 160x90 but the first frame is 1280x720"),
)


@dataclass(frozen=True)
class Pages:
    """What the page gave in each case, and the frames that it got."""

    folder: Path
    frames: list[np.ndarray]

    def end(self, case: str) -> dict[str, object]:
        return json.loads((self.folder / f"{case}.json").read_text())

    def read(self, case: str, frame: str, kind: str, dtype: type) -> np.ndarray:
        return np.fromfile(self.folder / f"{case}-{frame}.{kind}", dtype)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """Runs all cases in one browser."""
    folder = tmp_path_factory.mktemp("pages")
    frames = list(islice(open_frames(ROOT / "samples" / "juggle.mp4"), 0, STRIDE * len(FRAMES), STRIDE))
    for name, frame in zip(FRAMES, frames, strict=True):
        (folder / name).write_bytes(png(frame))
    shutil.copy(MASK, folder / "mask.png")
    cases = [{"name": file, "artifact": str(WEIGHTS / file), "mask": "mask.png", "frames": FRAMES} for file in EMBEDDED]
    for name, wrong, content, _ in REFUSALS:
        (folder / name).mkdir()
        path = folder / name / f"{wrong}.png"
        path.write_bytes(content())
        good = {"artifact": str(ONNX), "mask": "mask.png", "frames": FRAMES}
        cases.append({**good, "name": name, wrong: str(path)})
    (folder / "cases.json").write_text(json.dumps(cases))
    command = ["node", "check.mjs", str(shutil.which("chromium")), str(folder)]
    done = subprocess.run(command, cwd=WEB, capture_output=True, text=True, check=False)
    print(done.stdout)
    assert done.returncode == 0, done.stderr
    return Pages(folder, frames)


@pytest.mark.parametrize("file", EMBEDDED)
def test_the_masks_are_those_of_the_python_sdk(pages: Pages, file: str, capsys: pytest.CaptureFixture[str]) -> None:
    message = f"2 of 2 frames followed with {file}."
    assert pages.end(file) == {"state": "done", "message": message, "isolated": True, "elsewhere": []}
    session = Segmenter.from_artifact(WEIGHTS / file).start(pages.frames[0], read_mask(MASK))
    for name, frame in zip(FRAMES[1:], pages.frames[1:], strict=True):
        result = session.step(frame)
        agreement = np.mean(pages.read(file, name, "mask", np.uint8) == result.mask.ravel())
        probabilities = pages.read(file, name, "probabilities", np.float32)
        error = np.abs(probabilities - result.probabilities.ravel()).max()
        with capsys.disabled():
            print(f"\n{file}, frame {name}: {agreement:.3%} of the pixels agree, probabilities to {error:.1e}", end="")
        assert set(np.unique(result.mask)) == {0, 1, 2}
        assert agreement >= LEAST_AGREEMENT
        assert error < LARGEST_ERROR


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal[0])
def test_what_cannot_be_used_is_refused_with_a_remedy(pages: Pages, refusal: Refusal) -> None:
    name, _, _, words = refusal
    end = pages.end(name)
    assert end["state"] == "failed"
    assert words in str(end["message"])
