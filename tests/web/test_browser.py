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
from mobilevos_sdk.masks import read_mask, write_mask
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
# Artifacts and the clips that they follow. Of the ball alone, which is small, the page sees a part of each frame.
FOLLOWED = [
    *((file, "landscape") for file in EMBEDDED),
    *((file.name, clip) for clip in ("portrait", "ball") for file in (TFLITE, ONNX)),
]
BALL = 2

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
class Clip:
    """Some frames, and the mask of the first one."""

    frames: list[np.ndarray]
    mask: np.ndarray

    def turned(self) -> Clip:
        """As a phone would film it that is held upright, and so small that it grows to a model's size."""
        return Clip([np.rot90(frame[::2, ::2], -1) for frame in self.frames], np.rot90(self.mask[::2, ::2], -1))

    def write(self, folder: Path) -> dict[str, object]:
        """Writes the files, and gives them as a case has them."""
        folder.mkdir()
        for name, frame in zip(FRAMES, self.frames, strict=True):
            (folder / name).write_bytes(png(frame))
        write_mask(folder / "mask.png", self.mask)
        return {"mask": str(folder / "mask.png"), "frames": [str(folder / name) for name in FRAMES]}


@dataclass(frozen=True)
class Pages:
    """What the page gave in each case, and the clips that it got."""

    folder: Path
    clips: dict[str, Clip]

    def end(self, case: str) -> dict[str, object]:
        return json.loads((self.folder / f"{case}.json").read_text())

    def read(self, case: str, frame: str, kind: str, dtype: type) -> np.ndarray:
        return np.fromfile(self.folder / f"{case}-{frame}.{kind}", dtype)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """Runs all cases in one browser."""
    folder = tmp_path_factory.mktemp("pages")
    frames = list(islice(open_frames(ROOT / "samples" / "juggle.mp4"), 0, STRIDE * len(FRAMES), STRIDE))
    landscape = Clip(frames, read_mask(MASK))
    ball = Clip(frames, np.where(landscape.mask == BALL, landscape.mask, 0))
    clips = {"landscape": landscape, "portrait": landscape.turned(), "ball": ball}
    files = {name: clip.write(folder / name) for name, clip in clips.items()}
    cases = [{**files[clip], "name": f"{clip}-{file}", "artifact": str(WEIGHTS / file)} for file, clip in FOLLOWED]
    for name, wrong, content, _ in REFUSALS:
        (folder / name).mkdir()
        path = folder / name / f"{wrong}.png"
        path.write_bytes(content())
        cases.append({**files["landscape"], "artifact": str(ONNX), "name": name, wrong: str(path)})
    (folder / "cases.json").write_text(json.dumps(cases))
    command = ["node", "check.mjs", str(shutil.which("chromium")), str(folder)]
    done = subprocess.run(command, cwd=WEB, capture_output=True, text=True, check=False)
    print(done.stdout)
    assert done.returncode == 0, done.stderr
    return Pages(folder, clips)


@pytest.mark.parametrize(("file", "clip"), FOLLOWED)
def test_the_masks_are_those_of_the_python_sdk(
    pages: Pages, file: str, clip: str, capsys: pytest.CaptureFixture[str]
) -> None:
    case = f"{clip}-{file}"
    message = f"2 of 2 frames followed with {file}."
    assert pages.end(case) == {"state": "done", "message": message, "isolated": True, "elsewhere": []}
    first, *later = pages.clips[clip].frames
    session = Segmenter.from_artifact(WEIGHTS / file).start(first, pages.clips[clip].mask)
    for name, frame in zip(FRAMES[1:], later, strict=True):
        result = session.step(frame)
        agreement = np.mean(pages.read(case, name, "mask", np.uint8) == result.mask.ravel())
        probabilities = pages.read(case, name, "probabilities", np.float32)
        error = np.abs(probabilities - result.probabilities.ravel()).max()
        with capsys.disabled():
            print(
                f"\n{clip}, {file}, frame {name}: {agreement:.3%} of the pixels agree, probabilities to {error:.1e}",
                end="",
            )
        assert set(np.unique(result.mask)) == set(np.unique(pages.clips[clip].mask))
        assert agreement >= LEAST_AGREEMENT
        assert error < LARGEST_ERROR


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal[0])
def test_what_cannot_be_used_is_refused_with_a_remedy(pages: Pages, refusal: Refusal) -> None:
    name, _, _, words = refusal
    end = pages.end(name)
    assert end["state"] == "failed"
    assert words in str(end["message"])
