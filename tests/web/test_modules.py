"""The modules of web/ that need no browser: masks and frames are read and fitted as the Python SDK does it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from mobilevos_sdk.masks import DAVIS_PALETTE, read_mask
from mobilevos_sdk.processing import Fit, fit_frame, fit_masks, label, new_frame_tensor, probability_planes

SOURCES = Path(__file__).parents[2] / "web" / "src"
MODEL = (96, 176)
BORDER = (124, 116, 104)

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs node: 'bash scripts/install_browser.sh'")


def node(program: str, given: object) -> Any:
    """What a program gives for `given`; it is the body of an asynchronous function that may import from `src`."""
    script = f"""
    import {{ readFileSync }} from "node:fs";
    const given = JSON.parse(readFileSync(0, "utf-8"));
    const src = (name) => import({json.dumps(SOURCES.as_uri())} + "/" + name);
    console.log(JSON.stringify(await (async () => {{ {program} }})()));
    """
    command = ["node", "--input-type=module", "--eval", script]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def masks(folder: Path) -> list[Path]:
    """Masks in every kind of PNG that may hold them, by every filter."""
    generator = np.random.default_rng(0)
    noise = generator.integers(0, 256, (30, 63), np.uint8)
    binary = Image.fromarray(noise // 128 * 255)
    binary.save(folder / "binary.png")
    binary.convert("1").save(folder / "one-bit.png")
    for bits in (1, 2, 4, 8):
        palette = Image.fromarray(noise % np.uint8(2**bits - 1) + np.uint8(1))
        palette.putpalette(DAVIS_PALETTE.tobytes())
        palette.save(folder / f"palette-{bits}.png", bits=bits)
    cv2.imwrite(str(folder / "filters.png"), noise, [cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_ALL_FILTERS])
    return sorted(folder.glob("*.png"))


def test_masks_of_every_kind(tmp_path: Path) -> None:
    paths = masks(tmp_path)
    program = """
    const { readMask } = await src("images.js");
    const open = (path) => Object.assign(new Blob([readFileSync(path)]), { name: path });
    return Promise.all(given.map(async (path) => [...(await readMask(open(path))).ids]));
    """
    for path, ids in zip(paths, node(program, [str(path) for path in paths]), strict=True):
        assert ids == read_mask(path).ravel().tolist(), path.name


# Frames (height, width) that shrink, stay, grow, and have borders at their sides or above and below.
@pytest.mark.parametrize(
    "size", [(144, 264), (180, 320), (192, 352), (96, 176), (97, 200), (60, 80), (33, 57), (200, 201)]
)
def test_frames_masks_and_labels(size: tuple[int, int]) -> None:
    generator = np.random.default_rng(1)
    frame = generator.integers(0, 256, (*size, 3), np.uint8)
    mask = np.kron(generator.integers(0, 3, (4, 4)), np.ones((size[0] // 4 + 1, size[1] // 4 + 1)))
    mask = np.where(mask == 2, 9, mask)[: size[0], : size[1]].astype(np.uint8)
    probabilities = generator.random((1, *MODEL, 3), np.float32) / 2
    program = """
    const { Fit, label } = await src("fit.js");
    const [height, width] = given.size;
    const fit = new Fit({ width, height }, { width: given.model[1], height: given.model[0] });
    const planes = fit.planes(Float32Array.from(given.probabilities), 2);
    return {
      content: [fit.content.height, fit.content.width],
      frame: [...fit.frameTensor({ width, height, data: given.rgba }, given.border)],
      masks: [...fit.maskTensor({ width, height, ids: Uint8Array.from(given.mask) }, [1, 9], 3)],
      planes: planes.map((plane) => [...plane]),
      label: [...label(planes, [1, 9])],
    };
    """
    rgba = np.dstack([frame, np.full(size, 255, np.uint8)])
    found = node(
        program,
        {
            "size": size,
            "model": MODEL,
            "border": BORDER,
            "rgba": rgba.ravel().tolist(),
            "mask": mask.ravel().tolist(),
            "probabilities": probabilities.ravel().tolist(),
        },
    )
    fit = Fit.between(size, MODEL)
    assert not fit.rotated
    assert found["content"] == list(fit.content)
    tensor = new_frame_tensor(fit, BORDER)
    fit_frame(frame, fit, tensor)
    # Where frames grow, OpenCV mixes bytes with weights of 11 bits; at half the size it rounds ties up.
    scale = fit.content[0] / size[0]
    np.testing.assert_allclose(found["frame"], tensor.ravel(), rtol=0, atol=1 if scale > 1 or scale == 0.5 else 0)
    masks = np.reshape(found["masks"], (1, *MODEL, 3))
    np.testing.assert_allclose(masks[..., :2], fit_masks(mask, (1, 9), fit), rtol=0, atol=1e-6)
    assert not masks[..., 2].any()
    planes = probability_planes(probabilities[..., :2], fit)
    np.testing.assert_allclose(np.reshape(found["planes"], planes.shape), planes, rtol=0, atol=1e-6)
    assert np.mean(np.ravel(label(probabilities, (1, 9), fit)) == found["label"]) > 0.9999
