"""Where weights come from at step 0: backbones and checkpoints, their batch norms folded or not."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import pytest
import torch
from tiny_data import random_weights
from torch import Tensor, nn

from mobilevos_models import create_model
from mobilevos_models.aot.encoder import DilatedMobileNetV2
from mobilevos_models.aot.model import AOT
from mobilevos_models.backbones import ResNet18, ResNet50
from mobilevos_models.checkpoints import read_checkpoint, save_checkpoint
from mobilevos_sdk.errors import ArtifactError
from mobilevos_training.families.backbones import BACKBONE_FILES
from mobilevos_training.initial import initial_model
from mobilevos_training.recipe_options import ModelOptions

Norms = TypeVar("Norms", bound=nn.Module)


def test_encoders_start_from_imagenet_and_the_rest_from_a_checkpoint(tiny_data: Path) -> None:
    data = tiny_data / "pack"
    first = initial_model(ModelOptions(name="aot-t"), data).state_dict()
    backbone = load(data / "backbones/mobilenetv2-imagenet-bnfolded.safetensors")
    assert all(torch.equal(first[f"encoder.{name}"], tensor) for name, tensor in backbone.items())
    source = random_weights(tiny_data / "weights", "deaot-t")
    second = initial_model(ModelOptions(name="aot-t", init=str(source)), data).state_dict()
    shared = [name for name in second if name in load(source) and load(source)[name].shape == second[name].shape]
    assert any(name.startswith("encoder.") for name in shared) and len(shared) < len(second)
    assert all(torch.equal(second[name], load(source)[name]) for name in shared)


@pytest.mark.parametrize(
    ("name", "backbones"),
    [("aot-t", ["mobilenetv2"]), ("mobilenetv2", ["mobilenetv2"]), ("stcn", ["resnet50", "resnet18"])],
)
@torch.no_grad()
def test_weights_that_are_not_folded_start_the_same_functions(name: str, backbones: list[str], tmp_path: Path) -> None:
    """Imported files have the norms of their publishers; a start from them is the model that they are."""
    torch.manual_seed(0)
    kinds = {"mobilenetv2": DilatedMobileNetV2, "resnet18": ResNet18, "resnet50": ResNet50}
    encoders = [with_norms(kinds[backbone]()) for backbone in backbones]
    for backbone, encoder in zip(backbones, encoders, strict=True):
        save_checkpoint(tmp_path / "backbones" / BACKBONE_FILES[backbone], encoder.state_dict(), {})
    source = with_norms(create_model(name))
    save_checkpoint(tmp_path / "imported.safetensors", source.state_dict(), {"model": name})
    frame, mask, none = torch.rand(1, 3, 64, 64), torch.rand(1, 1, 64, 64), torch.zeros(1, 1, 64, 64)

    fresh = initial_model(ModelOptions(name=name), tmp_path)
    key_encoder = fresh.encoder if isinstance(fresh, AOT) else fresh.key_encoder
    torch.testing.assert_close(key_encoder(frame)[0], encoders[0](frame)[0], atol=1e-4, rtol=1e-4)
    if not isinstance(fresh, AOT):  # a mask is answered as a grey image is
        seen = torch.cat([0.0 * frame, mask, none], 1)[:, -2 if name == "mobilenetv2" else -5 :]
        grey = encoders[-1](mask.expand(1, 3, -1, -1))[0]
        torch.testing.assert_close(fresh.value_encoder(seen)[0], grey, atol=1e-4, rtol=1e-4)

    again = initial_model(ModelOptions(name=name, init=str(tmp_path / "imported.safetensors")), tmp_path / "none")
    entries = again.start(255 * frame, mask.round()), source.start(255 * frame, mask.round())
    for mine, theirs in zip(*map(tensors_of, entries), strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-3, rtol=1e-3)


def with_norms(model: Norms) -> Norms:
    """Gives batch norms statistics that matter."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0.0, 0.1)
            module.running_var.uniform_(0.5, 2.0)
    return model.eval()


def tensors_of(entry: object) -> list[Tensor]:
    """The tensors in nested tuples."""
    return [entry] if isinstance(entry, Tensor) else [tensor for part in entry for tensor in tensors_of(part)]


def test_only_backbones_of_encoders_that_the_checkpoint_lacks_are_read(tmp_path: Path) -> None:
    source = random_weights(tmp_path / "weights", "mobilenetv2-noaspp")
    backbone = with_norms(ResNet18()).state_dict()
    save_checkpoint(tmp_path / "backbones" / BACKBONE_FILES["resnet18"], backbone, {})  # and no MobileNetV2
    started = initial_model(ModelOptions(name="resnet18", init=str(source)), tmp_path).state_dict()
    values = {name: tensor for name, tensor in load(source).items() if name.startswith("value_encoder.")}
    assert values and all(torch.equal(started[name], tensor) for name, tensor in values.items())


def test_a_missing_backbone_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(
        ArtifactError, match=r"no ImageNet weights at .*resnet50-imagenet.*vos-import --from torchvision"
    ):
        initial_model(ModelOptions(name="stcn"), tmp_path)


def load(path: Path) -> dict[str, Tensor]:
    return read_checkpoint(path)[0]
