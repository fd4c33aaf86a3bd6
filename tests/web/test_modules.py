"""The modules of web/ that need no browser: masks and frames are read and fitted as the Python SDK does it."""

from __future__ import annotations

import json
import shutil
import subprocess
from itertools import product
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from mobilevos_sdk import InvalidInputError, constants
from mobilevos_sdk.masks import DAVIS_PALETTE, read_mask
from mobilevos_sdk.memory import MemoryBank
from mobilevos_sdk.processing import (
    ROTATION_GAIN,
    Fit,
    Region,
    check_frame,
    fit_frame,
    fit_masks,
    label,
    new_frame_tensor,
    probability_planes,
)
from mobilevos_sdk.spec import ArtifactSpec, GraphSpec, TensorSpec
from mobilevos_sdk.view import View
from mobilevos_sdk.visibility import Areas, areas_of, hidden_objects, recent_areas

SOURCES = Path(__file__).parents[2] / "web" / "src"
MODEL = (96, 176)
BORDER = (124, 116, 104)
# OpenCV scales floats in another way where its build has not Intel's IPP, as on Arm.
PLANE_ERROR = 2e-7 if cv2.ipp.useIPP() else 1e-4

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


# Frames (height, width) that shrink, stay, grow, have borders at their sides or above and below, and are turned.
SIZES = (
    (144, 264),
    (180, 320),
    (192, 352),  # OpenCV has code of its own for whole ratios
    (288, 528),
    (384, 704),
    (96, 176),
    (97, 200),
    (95, 175),
    (60, 80),
    (33, 57),
    (200, 201),
    (264, 144),
    (241, 137),
    (352, 192),
    (528, 288),
    (1056, 576),
    (176, 96),
    (80, 60),
    (57, 33),
    (320, 20),
)
# Only on a model of more than a thousand columns may a cell cover so little of a pixel that OpenCV leaves it out.
WIDE = ((24, 1502), (16, 1001))
# Parts of frames that shrink, grow, have a border, and are turned.
PARTS = (
    ((288, 528), Region(31, 200, 150, 275)),
    ((288, 528), Region(100, 0, 60, 110)),
    ((192, 352), Region(0, 52, 192, 300)),
    ((528, 288), Region(300, 17, 211, 115)),
    ((528, 288), Region(478, 258, 50, 30)),
)
FITS = [*((size, MODEL, None) for size in SIZES), (*WIDE, None), *((size, MODEL, part) for size, part in PARTS)]


@pytest.mark.parametrize(("size", "model", "region"), FITS, ids=str)
def test_frames_masks_and_labels(size: tuple[int, int], model: tuple[int, int], region: Region | None) -> None:
    generator = np.random.default_rng(1)
    frame = generator.integers(0, 256, (*size, 3), np.uint8)
    mask = np.kron(generator.integers(0, 3, (4, 4)), np.ones((size[0] // 4 + 1, size[1] // 4 + 1)))
    mask = np.where(mask == 2, 9, mask)[: size[0], : size[1]].astype(np.uint8)
    probabilities = generator.random((1, *model, 3), np.float32) / 2
    program = """
    const { Fit, label } = await src("fit.js");
    const [height, width] = given.size;
    const model = { width: given.model[1], height: given.model[0] };
    const fit = new Fit({ width, height }, model, given.region ?? undefined);
    const planes = fit.planes(Float32Array.from(given.probabilities), 2);
    return {
      frame: [...fit.frameTensor({ width, height, data: Uint8ClampedArray.from(given.rgba) }, given.border)],
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
            "model": model,
            "region": region and region._asdict(),
            "border": BORDER,
            "rgba": rgba.ravel().tolist(),
            "mask": mask.ravel().tolist(),
            "probabilities": probabilities.ravel().tolist(),
        },
    )
    fit = Fit.between(size, model, region)
    tensor = new_frame_tensor(fit, BORDER)
    fit_frame(frame, fit, tensor)
    np.testing.assert_array_equal(np.reshape(found["frame"], tensor.shape), tensor)
    masks = np.reshape(found["masks"], (1, *model, 3))
    np.testing.assert_allclose(masks[..., :2], fit_masks(mask, (1, 9), fit), rtol=0, atol=PLANE_ERROR)
    assert not masks[..., 2].any()
    planes = probability_planes(probabilities[..., :2], fit)
    np.testing.assert_allclose(np.reshape(found["planes"], planes.shape), planes, rtol=0, atol=PLANE_ERROR)
    assert np.mean(np.ravel(label(probabilities[..., :2], (1, 9), fit)) == found["label"]) > 0.9999


@pytest.mark.parametrize("objects", [1, 2, 4])
def test_labels_where_background_and_objects_are_about_as_probable(objects: int) -> None:
    generator = np.random.default_rng(2)
    probabilities = generator.random((1, *MODEL, objects), np.float32) / objects
    # The last object's is half of what the others leave, or differs from it by the least.
    half = (1 - probabilities[..., :-1].sum(-1)) / 2
    probabilities[..., -1] = np.nextafter(half, half + generator.integers(-1, 2, half.shape), dtype=np.float32)
    program = """
    const { label } = await src("fit.js");
    return [...label(given.planes.map((plane) => Float32Array.from(plane)), given.ids)];
    """
    ids = list(range(1, objects + 1))
    planes = [probabilities[..., object_].ravel().tolist() for object_ in range(objects)]
    expected = label(probabilities, ids, Fit.between(MODEL, MODEL))
    assert node(program, {"planes": planes, "ids": ids}) == expected.ravel().tolist()


@pytest.mark.parametrize("model", [MODEL, MODEL[::-1], (480, 864)], ids=lambda size: f"{size[1]}x{size[0]}")
def test_the_place_of_frames_of_many_sizes(model: tuple[int, int]) -> None:
    sides = (*range(16, 70), *range(70, 2000, 55))
    # Those that are just long enough to be turned, or just not.
    border = [(round(ROTATION_GAIN * side) + more, side) for side in range(16, 700, 4) for more in (-1, 0, 1)]
    sizes = [*product(sides, sides), *border, *(size[::-1] for size in border)]
    program = """
    const { Fit } = await src("fit.js");
    const model = { width: given.model[1], height: given.model[0] };
    return given.sizes.map(([height, width]) => {
      const { rotated, content, top, left } = new Fit({ width, height }, model);
      return [rotated, [content.height, content.width], [top, left]];
    });
    """
    found = node(program, {"model": model, "sizes": sizes})
    fits = [Fit.between(size, model) for size in sizes]
    assert found == [[fit.rotated, list(fit.content), list(fit.offset)] for fit in fits]


@pytest.mark.parametrize(
    "size", [(240, 320), (480, 854), (720, 404), (300, 305)], ids=lambda size: f"{size[1]}x{size[0]}"
)
def test_views_of_masks_that_move_grow_and_vanish(size: tuple[int, int]) -> None:
    generator = np.random.default_rng(3)
    masks = []
    for _ in range(25):
        mask = np.zeros(size, np.uint8)
        for object_id in (1, 9):
            area = generator.random() ** 2 * size[0] * size[1] / 6 * (generator.random() > 0.1)
            # Close enough to the middle for the border to cut some of them, and not each pair.
            centre, axes = generator.uniform(0.2, 0.8, 2) * size[::-1], np.sqrt(area) * generator.uniform(0.5, 1, 2)
            cv2.ellipse(mask, (tuple(centre), tuple(axes), generator.uniform(0, 180)), object_id, -1)
            mask[tuple((generator.uniform(0.1, 0.9, (2, 5)) * np.array(size)[:, None]).astype(int))] = object_id
        masks.append(mask)
    program = """
    const { View } = await src("view.js");
    const [height, width] = given.size;
    const mask = (ids) => ({ width, height, ids: Uint8Array.from(ids) });
    const shown = ({ fit: { region: { top, left, height, width }, isWhole }, scale }) =>
      [top, left, height, width, isWhole, scale];
    let view = View.whole({ width, height }, { width: given.model[1], height: given.model[0] });
    const around = given.masks.map((ids) => shown(view.around(mask(ids), [1, 9])));
    return [...around, ...given.masks.map((ids) => shown((view = view.next(mask(ids), [1, 9]))))];
    """
    found = node(program, {"size": size, "model": MODEL, "masks": [mask.ravel().tolist() for mask in masks]})
    view = View.whole(size, MODEL)
    views = [view.around(mask, (1, 9)) for mask in masks]
    for mask in masks:
        view = view.next(mask, (1, 9))
        views.append(view)
    assert found == [[*view.fit.region, view.fit.is_whole, view.scale] for view in views]
    assert 10 < sum(not view.fit.is_whole for view in views) < len(views)


def test_objects_that_are_hidden() -> None:
    generator = np.random.default_rng(4)
    masks = [generator.choice([0, 3, 200], (8, 20), p=[1 - a - b, a, b]) for a, b in generator.random((40, 2)) ** 3 / 2]
    program = """
    const { areasOf, hiddenPositions, recentAreas } = await src("visibility.js");
    let recent = new Map([[3, 60], [200, 40], [7, 0]]);
    return given.map((ids) => {
      const seen = areasOf({ width: 20, height: 8, ids: Uint8Array.from(ids) }, [3, 200, 7]);
      const hidden = hiddenPositions(seen, recent);
      recent = recentAreas(seen, recent);
      return [hidden, [...recent.values()]];
    });
    """
    expected = []
    recent: Areas = {3: 60.0, 200: 40.0, 7: 0.0}
    for mask in masks:
        seen = areas_of(mask.astype(np.uint8), (3, 200, 7))
        hidden = hidden_objects(seen, recent)
        recent = recent_areas(seen, recent)
        positions = [position for position, object_id in enumerate((3, 200, 7)) if object_id in hidden]
        expected.append([positions, list(recent.values())])
    assert node(program, [mask.ravel().tolist() for mask in masks]) == expected
    assert len({tuple(positions) for positions, _ in expected}) > 2


@pytest.mark.parametrize("queue", [2, 3, 4])
def test_the_memory_of_objects_that_are_hidden(queue: int) -> None:
    memory = [
        TensorSpec(f"memory_{entry}_{slot}", "memory", shape, entry, slot, 1)
        for slot in range(queue)
        for entry, shape in (("key", (1, 3, 2, 3)), ("value", (1, 3, 5)))
    ]
    tensors = (*memory, TensorSpec("memory_valid", "valid", (1, 3, 1, queue)))
    # Python asks a spec for the graph of one object to know whether a memory is shared.
    graphs = tuple(GraphSpec(f"segment_{objects}", "segment", objects, tensors, ()) for objects in (1, 3))
    spec = ArtifactSpec("test", queue, 3, 64, 96, "fp32", (0, 0, 0), graphs)
    generator = np.random.default_rng(5)
    entries = [
        {"key": generator.random((1, 1, 2, 3), np.float32), "value": generator.random((1, 3, 5), np.float32)}
        for _ in range(7)
    ]
    hidden: list[list[int]] = [[], [], [1], [0, 2], [], [2]]
    program = """
    const { MemoryBank } = await src("memory.js");
    const [reference, ...entries] = given.entries.map((entry) =>
      Object.fromEntries(Object.entries(entry).map(([name, values]) => [name, Float32Array.from(values)])),
    );
    const bank = new MemoryBank(given.spec, 3, reference);
    return entries.map((entry, index) => {
      bank.push(entry, given.hidden[index]);
      return Object.fromEntries(Object.entries(bank.inputs()).map(([name, values]) => [name, [...values]]));
    });
    """
    given = {
        "spec": json.loads(spec.to_json()),
        "entries": [{name: array.ravel().tolist() for name, array in entry.items()} for entry in entries],
        "hidden": hidden,
    }
    bank = MemoryBank(spec)
    bank.reset(entries[0], 3)
    for entry, positions, found in zip(entries[1:], hidden, node(program, given), strict=True):
        bank.push(entry, positions)
        expected = {name: array.ravel().tolist() for name, array in bank.inputs().items()}
        assert found == expected


def test_a_frame_of_a_browser_has_its_sides_from_its_prototype() -> None:
    program = """
    const { Fit } = await src("fit.js");
    const frame = Object.create({ get width() { return given[1]; }, get height() { return given[0]; } });
    const { region, content } = new Fit(frame, { width: 176, height: 96 });
    return [region, content];
    """
    region = {"top": 0, "left": 0, "width": 480, "height": 270}
    assert node(program, (270, 480)) == [region, {"width": 171, "height": 96}]


@pytest.mark.parametrize("size", [(15, 640), (640, 15), (16, 16)], ids=str)
def test_frames_that_are_too_small_are_refused_in_the_sdks_words(size: tuple[int, int]) -> None:
    program = """
    const { Fit } = await src("fit.js");
    const [height, width] = given;
    try {
      new Fit({ width, height }, { width: 176, height: 96 });
    } catch (error) {
      return [error.constructor.name, error.message];
    }
    return null;
    """
    try:
        check_frame(np.zeros((*size, 3), np.uint8))
        expected = None
    except InvalidInputError as error:
        expected = ["InvalidInputError", str(error)]
    assert node(program, size) == expected


def test_the_constants_of_the_page_are_the_sdks() -> None:
    path = SOURCES / "constants.json"
    assert path.read_text() == constants.as_json(), f"run 'python -m mobilevos_sdk.constants {path}'"
