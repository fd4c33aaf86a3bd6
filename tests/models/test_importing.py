"""Importing published checkpoints: what is read and refused, and how tensors find their places."""

from __future__ import annotations

import os
from collections import OrderedDict
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn

from mobilevos_models import importing
from mobilevos_models.checkpoints import save_checkpoint
from mobilevos_models.import_families import FAMILIES, Family, rename_stcn
from mobilevos_models.importing import import_state, metadata, read_published
from mobilevos_models.stcn import CONFIGS, STCN
from mobilevos_sdk.errors import ArtifactError, InvalidInputError

WEIGHTS = {"a": torch.arange(3.0), "b.weight": torch.ones(2, 2)}


class Toy(nn.Module):
    """A convolution with a norm behind it, and a 1x1 convolution that is a linear layer elsewhere."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.head = nn.Conv2d(4, width, 1)


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    """A family of three models, two of which have the same weights."""
    models = {"small": partial(Toy, 2), "big": partial(Toy, 5), "big-too": partial(Toy, 5)}
    family = Family("toy", lambda: models, lambda name: None if name == "junk" else name.removeprefix("toy."), "here")
    monkeypatch.setitem(FAMILIES, "toy", family)


def official(width: int = 2) -> dict[str, torch.Tensor]:
    """Weights of a toy as its publisher would have them: a bias before the norm, a linear layer, no counter."""
    torch.manual_seed(0)
    shapes = {
        "conv.weight": (4, 3, 3, 3),
        "conv.bias": (4,),
        "norm.weight": (4,),
        "norm.bias": (4,),
        "norm.running_mean": (4,),
        "norm.running_var": (4,),
        "head.weight": (width, 4),
        "head.bias": (width,),
        "junk": (7,),
    }
    return {name if name == "junk" else f"toy.{name}": torch.rand(shape) for name, shape in shapes.items()}


def without(state: dict[str, torch.Tensor], *names: str) -> dict[str, torch.Tensor]:
    return {name: tensor for name, tensor in state.items() if name not in names}


class Malicious:
    """Makes a file when it is unpickled by a reader that lets it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize(
    "content",
    [
        WEIGHTS,
        OrderedDict(WEIGHTS),
        {f"module.{name}": tensor for name, tensor in WEIGHTS.items()},
        {"state_dict": WEIGHTS, "optimizer": {"lr": 0.1}, "epoch": 3},
        {"it": 5, "network": {f"module.{name}": tensor for name, tensor in WEIGHTS.items()}},
        {"model": {"net": WEIGHTS}},
        {"state_dict": {"a": torch.zeros(9)}, "state_dict_ema": WEIGHTS},
        {"ema": {"n_averaged": torch.tensor(3), **{f"module.module.{k}": tensor for k, tensor in WEIGHTS.items()}}},
    ],
    ids=["plain", "ordered", "parallel", "state_dict", "network", "nested", "averaged", "swa"],
)
@pytest.mark.parametrize("archive", [True, False])
def test_wrappings_are_taken_off(content: object, archive: bool, tmp_path: Path):
    torch.save(content, tmp_path / "x.pth", _use_new_zipfile_serialization=archive)
    state = read_published(tmp_path / "x.pth")
    assert state.keys() == WEIGHTS.keys()
    assert all(torch.equal(state[name], WEIGHTS[name]) for name in WEIGHTS)


def test_safetensors_are_unwrapped_too(tmp_path: Path):
    save_checkpoint(tmp_path / "x.safetensors", {f"module.{name}": tensor for name, tensor in WEIGHTS.items()}, {})
    assert read_published(tmp_path / "x.safetensors").keys() == WEIGHTS.keys()


@pytest.mark.parametrize("archive", [True, False])
def test_code_in_a_file_is_not_run(archive: bool, tmp_path: Path):
    trap = tmp_path / "ran"
    content = {"state_dict": WEIGHTS, "extra": Malicious(trap)}
    torch.save(content, tmp_path / "x.pth", _use_new_zipfile_serialization=archive)
    with pytest.raises(ArtifactError, match=r"would run code from it, so it was not read.*torch\.save"):
        read_published(tmp_path / "x.pth")
    assert not trap.exists()
    torch.load(tmp_path / "x.pth", weights_only=False)
    assert trap.exists()  # it is a real one


def test_a_whole_module_is_refused(tmp_path: Path):
    torch.save(nn.Linear(2, 2), tmp_path / "x.pth")
    with pytest.raises(ArtifactError, match="save its state dict alone"):
        read_published(tmp_path / "x.pth")


@pytest.mark.parametrize("archive", [True, False])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_a_truncated_file_is_said(archive: bool, share: float, tmp_path: Path):
    path = tmp_path / "x.pth"
    torch.save({"state_dict": WEIGHTS}, path, _use_new_zipfile_serialization=archive)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ArtifactError, match="truncated or no PyTorch checkpoint; fetch it again"):
        read_published(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<html>404</html>", "no PyTorch checkpoint"),
        ([torch.zeros(1)], "holds a list and no state dict"),
        ({}, "it holds nothing"),
        ({"epoch": 3, "best": 0.5}, "it holds epoch, best"),
        ({"a": torch.zeros(1), "module.a": torch.ones(1)}, "both with and without 'module.'"),
        ({"decay": 0.9, "shadow_params": [torch.zeros(1)]}, "averaged weights without names"),
    ],
)
def test_other_contents_are_said(content: object, message: str, tmp_path: Path):
    path = tmp_path / "x.pth"
    path.write_bytes(content) if isinstance(content, bytes) else torch.save(content, path)
    with pytest.raises(ArtifactError, match=message):
        read_published(path)


def test_a_file_that_is_missing_is_said(tmp_path: Path):
    with pytest.raises(ArtifactError, match="no file at"):
        read_published(tmp_path / "none.pth")


@pytest.mark.usefixtures("toys")
def test_the_function_stays_the_same():
    weights = official()
    state = import_state(weights, "toy").state
    model = Toy(2).eval()
    model.load_state_dict(state)
    reference = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).eval()
    names = {"conv.": "0.", "norm.": "1."}
    renamed = {name.removeprefix("toy."): tensor for name, tensor in weights.items()}
    reference.load_state_dict(
        {new + n.removeprefix(old): t for n, t in renamed.items() for old, new in names.items() if n.startswith(old)},
        strict=False,
    )
    x = torch.rand(1, 3, 8, 8)
    hidden = reference(x)
    assert torch.allclose(model.norm(model.conv(x)), hidden, atol=1e-6)
    linear = (hidden.permute(0, 2, 3, 1) @ weights["toy.head.weight"].T + weights["toy.head.bias"]).permute(0, 3, 1, 2)
    assert torch.allclose(model.head(hidden), linear, atol=1e-6)


@pytest.mark.usefixtures("toys")
def test_the_model_is_found_by_its_shapes_or_asked_for():
    assert import_state(official(2), "toy").model == "small"
    with pytest.raises(InvalidInputError, match="fit big, big-too, which differ in how they run; pass --model"):
        import_state(official(5), "toy")
    assert import_state(official(5), "toy", "big-too").model == "big-too"


@pytest.mark.usefixtures("toys")
@pytest.mark.parametrize(
    ("change", "problems"),
    [
        (lambda s: without(s, "toy.head.bias", "toy.norm.weight"), ["missing: norm.weight, head.bias"]),
        (lambda s: {**s, "extra.one": torch.zeros(1), "two": torch.zeros(1)}, ["left over: extra.one, two"]),
        (
            lambda s: {**s, "toy.conv.weight": torch.zeros(4, 5, 3, 3), "x": torch.zeros(1)},
            ["left over: x", r"of another shape: toy.conv.weight \(4, 5, 3, 3\) instead of \(4, 3, 3, 3\)"],
        ),
    ],
)
def test_everything_that_does_not_fit_is_listed(change, problems: list[str]):
    with pytest.raises(ArtifactError, match=f"no 'small' of toy: {'; '.join(problems)}; check --from and --model"):
        import_state(change(official()), "toy")


@pytest.mark.usefixtures("toys")
def test_the_nearest_model_is_the_one_that_is_compared():
    weights = without(official(5), "toy.norm.weight", "toy.norm.bias")
    with pytest.raises(ArtifactError, match=r"no 'big' of toy: missing: norm.weight, norm.bias; check"):
        import_state(weights, "toy")


@pytest.mark.usefixtures("toys")
def test_two_tensors_of_one_name_are_an_error():
    with pytest.raises(ArtifactError, match="the file mixes two models"):
        import_state({**official(), "conv.weight": torch.zeros(4, 3, 3, 3)}, "toy")


@pytest.mark.usefixtures("toys")
def test_unknown_families_and_models_are_said():
    with pytest.raises(InvalidInputError, match="choose one of small, big, big-too"):
        import_state(official(), "toy", "huge")
    with pytest.raises(InvalidInputError, match="unknown family 'xmem'; choose one of stcn, aot, deaot"):
        import_state(official(), "xmem")


def test_another_family_is_said():
    with pytest.raises(ArtifactError, match=r"no 'stcn' of stcn: missing: key_encoder\.conv1\.weight"):
        import_state(official(), "stcn")


def test_every_name_of_stcn_is_found():
    """The inverse of the table, written from the official state dict, is no copy of it."""
    with torch.device("meta"):
        ours = STCN(CONFIGS[0]).state_dict()
    samples = {
        "key_encoder.conv1.weight": "key_encoder.conv1.weight",
        "key_encoder.res2.1.bn3.running_var": "key_encoder.layer1.1.bn3.running_var",
        "value_encoder.layer2.0.downsample.0.weight": "value_encoder.layer2.0.downsample.0.weight",
        "value_encoder.fuser.attention.ChannelGate.mlp.1.bias": "fusion.attention.0.reduce.bias",
        "value_encoder.fuser.attention.ChannelGate.mlp.3.weight": "fusion.attention.0.expand.weight",
        "value_encoder.fuser.attention.SpatialGate.spatial.conv.weight": "fusion.attention.1.conv.weight",
        "value_encoder.fuser.block1.downsample.bias": "fusion.block1.downsample.bias",
        "key_proj.key_proj.bias": "key_projection.bias",
        "key_comp.weight": "thin_value.weight",
        "decoder.compress.conv1.weight": "compress.conv1.weight",
        "decoder.up_16_8.out_conv.downsample.weight": "up16_8.out_conv.downsample.weight",
        "decoder.up_8_4.skip_conv.bias": "up8_4.skip_conv.bias",
        "decoder.pred.weight": "prediction.weight",
    }
    assert {name: rename_stcn(name) for name in samples} == samples
    assert set(samples.values()) <= set(ours)


def test_metadata_name_the_source(tmp_path: Path):
    torch.save(WEIGHTS, tmp_path / "x.pth")
    imported = importing.Imported("stcn", FAMILIES["stcn"], {})
    said = metadata(imported, tmp_path / "x.pth")
    assert (said["model"], said["imported"], said["source"]) == ("stcn", "stcn", "x.pth")
    assert len(said["source_sha256"]) == 64 and "github.com/hkchengrex/STCN" in said["licence"]
