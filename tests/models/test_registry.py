"""What holds for every registered model: its size, its graphs, the numbers of its authors, its export, and tracking.

That is parametrised over the registry; what needs one model of a kind alone names it in a table.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from replay_golden import TOLERANCE, compare, our_name, read_case, replay

from mobilevos_export.exporter import export_model
from mobilevos_export.options import ExportOptions
from mobilevos_models import MODELS, create_model
from mobilevos_models.checkpoints import load_model, save_checkpoint
from mobilevos_models.contract import build_graph, build_spec, default_objects
from mobilevos_models.folding import fold_batch_norms
from mobilevos_models.locality import has_locality
from mobilevos_models.registry import VOSModel, is_exportable
from mobilevos_models.torch_backend import TorchBackend
from mobilevos_sdk import Segmenter
from mobilevos_sdk.masks import read_mask
from mobilevos_sdk.video import open_frames

CLIP = Path(__file__).parents[2] / "samples" / "juggle.mp4"
GOLDENS = Path(__file__).parents[2] / ".." / "shared" / "goldens"
HEIGHT, WIDTH, OBJECTS, QUEUE = 64, 96, 2, 2
# The formats that a model is converted to here. One of each kind of attention goes through both converters, which are
# slow; what the others differ in is not the depth. The students have tests/export for themselves.
EXPORTS = {
    "aot-t": ("onnx", "tflite"),
    "aot-s": ("onnx",),
    "aost": ("onnx",),
    "deaot-t": ("onnx",),
    "deaot-t-deform": ("onnx", "tflite"),
}
# The layers of a scalable model that are exported.
DEPTHS = {"aost": 2}


def golden_cases() -> list[tuple[str, Path]]:
    """The models that their authors' implementations have computed a video with, and that video."""
    found: dict[str, list[Path]] = {name: [] for name in MODELS}
    for path in sorted(GOLDENS.glob("*.json")):
        found[our_name(path.stem.rpartition("_")[0])[0]].append(path)
    return [(name, path) for name in MODELS for path in found[name]]


def nhwc(x: torch.Tensor) -> np.ndarray:
    return x.permute(0, 2, 3, 1).contiguous().numpy()


@pytest.fixture(scope="module", params=MODELS)
def model(request: pytest.FixtureRequest) -> Iterator[VOSModel]:
    torch.manual_seed(0)
    yield create_model(request.param)


def test_parameters_are_within_3_percent_of_the_paper(model: VOSModel) -> None:
    published = getattr(model.config, "paper_parameters", None)
    if published is None:
        pytest.skip("its authors give no number")
    count = sum(parameter.numel() for parameter in model.parameters()) / 1e6
    assert count == pytest.approx(published, rel=0.03)


def test_its_graphs_give_what_the_spec_says(model: VOSModel) -> None:
    spec = build_spec(model, model.config.name, QUEUE, OBJECTS, HEIGHT, WIDTH)
    for graph in spec.graphs:
        inputs = [torch.rand(tensor.shape) for tensor in graph.inputs]
        with torch.no_grad():
            outputs = build_graph(model, spec, graph)(*inputs)
        assert [(name, tuple(x.shape)) for name, x in outputs.items()] == [(t.name, t.shape) for t in graph.outputs]
        assert all(x.isfinite().all() for x in outputs.values())


def test_it_follows_objects_through_a_real_clip(model: VOSModel) -> None:
    frames, mask = list(islice(open_frames(CLIP), 4)), read_mask(CLIP.with_name("juggle-first-mask.png"))
    segmenter = Segmenter.from_backend(TorchBackend(model, QUEUE, OBJECTS, HEIGHT, WIDTH, threads=1))
    results = list(segmenter.track(frames, mask))
    assert [result.index for result in results] == [0, 1, 2, 3]
    for result in results:
        assert result.mask.shape == mask.shape and set(np.unique(result.mask)) <= {0, *np.unique(mask)}
        assert np.isfinite(result.probabilities).all() and result.probabilities.sum(0).max() <= 1.0 + 1e-4
    other = list(segmenter.track(frames, np.roll(mask, 200, 1)))
    assert not np.array_equal(results[1].probabilities, other[1].probabilities), "it must depend on the first mask"


@pytest.mark.parametrize(
    ("name", "path"), golden_cases() or [("none", None)], ids=lambda value: getattr(value, "stem", value)
)
def test_it_gives_its_authors_numbers(name: str, path: Path | None) -> None:
    """Through the import path: official names in, their numbers out."""
    if path is None:
        pytest.skip("needs ../shared/goldens, which is not on this machine")
    golden = read_case(path)
    assert golden.model == name
    errors = dict(compare(golden, replay(golden)))
    assert errors
    assert all(error <= TOLERANCE for error in errors.values()), errors  # a NaN is no pass


@pytest.mark.parametrize("name", [name for name in MODELS if name in EXPORTS])
def test_its_export_agrees_with_pytorch_and_tracks(name: str, tiny_clip: Path, tiny_video: Any, tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="needs onnx: pip install 'mobilevos[export]'")
    assert is_exportable(name)
    options = ExportOptions(
        name,
        height=HEIGHT,
        width=WIDTH,
        formats=EXPORTS[name],
        checkpoint="random",
        out=tmp_path,
        parity_clip=tiny_clip,
        depth=DEPTHS.get(name),
    )
    report = export_model(options)  # raises where a tensor or a mask does not agree
    assert [file.path.suffix for file in report.files] == [f".{kind}" for kind in EXPORTS[name]]
    for file in report.files:
        segmenter = Segmenter.from_artifact(file.path)
        assert segmenter.spec.max_objects == 10 and len(segmenter.spec.graphs) == 3
        assert segmenter.spec.weights["depth"] == DEPTHS.get(name, segmenter.spec.weights["depth"])
        session = segmenter.start(tiny_video.frames[0], tiny_video.mask)
        results = [session.step(frame) for frame in tiny_video.frames[1:4]]
        assert all(set(np.unique(result.mask)) <= {0, 7, 255} for result in results)
        session.remove_objects(7)
        assert session.step(tiny_video.frames[4]).object_ids == (255,)


@pytest.mark.parametrize("name", ["mobilenetv2", "stcn", "aot-t", "deaot-t", "sst-grid"])
def test_folding_its_batch_norms_changes_nothing(name: str, tmp_path: Path) -> None:
    model, generator = create_model(name), torch.Generator().manual_seed(0)
    for module in model.modules():  # statistics that are not those of a fresh norm
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(generator=generator).mul_(0.1)
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, model.state_dict(), {"model": name})
    folded = fold_batch_norms(load_model(path))
    frame, masks = torch.rand(1, 3, HEIGHT, WIDTH, generator=generator) * 255, torch.zeros(1, OBJECTS, HEIGHT, WIDTH)
    masks[:, 0, :32], masks[:, 1, 40:] = 1.0, 1.0
    spec = build_spec(model, name, 1, OBJECTS, HEIGHT, WIDTH)
    got = []
    for each in (model, folded):
        backend = TorchBackend(each, 1, OBJECTS, HEIGHT, WIDTH)
        entry = backend.run(f"start_{OBJECTS}", {"frame": nhwc(frame), "masks": nhwc(masks)})
        memory = {
            tensor.name: np.broadcast_to(entry[tensor.entry], tensor.shape).copy()
            for tensor in spec.graph("segment", OBJECTS).inputs
            if tensor.role == "memory"
        }
        valid = np.ones((1, OBJECTS, 1, 1), np.float32)
        inputs = {"frame": nhwc(frame), "memory_valid": valid, **memory}
        got.append(backend.run(f"segment_{OBJECTS}", inputs)["probabilities"])
    np.testing.assert_allclose(got[0], got[1], atol=1e-3)


@pytest.mark.parametrize("name", ["mobilenetv2", "deaot-t-deform"])
def test_the_locality_prior_can_be_left_out(name: str, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, create_model(name).state_dict(), {"model": name})
    assert has_locality(load_model(path).state_dict())
    assert not has_locality(load_model(path, locality=False).state_dict())
    save_checkpoint(path, create_model(name, locality=False).state_dict(), {"model": name})
    assert not has_locality(load_model(path).state_dict())


@pytest.mark.parametrize("name", ["resnet18", "stcn", "aot-t", "aost", "deaot-t", "deaot-t-deform"])
def test_its_graphs_have_four_axes_at_most(name: str) -> None:
    model = create_model(name)
    spec = build_spec(model, name, QUEUE, default_objects(model), HEIGHT, WIDTH)
    for graph in spec.graphs:
        inputs = tuple(torch.zeros(tensor.shape) for tensor in graph.inputs)
        program = torch.export.export(build_graph(model, spec, graph), inputs)
        ranks = [value.dim() for node in program.graph.nodes if isinstance(value := node.meta.get("val"), torch.Tensor)]
        assert max(ranks) <= 4
