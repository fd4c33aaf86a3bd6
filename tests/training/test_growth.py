"""A larger student that starts as the smaller one it grew from."""

from __future__ import annotations

from pathlib import Path

import torch
from tiny_data import random_weights

from mobilevos_models.blocks import ASPP
from mobilevos_models.checkpoints import load_model
from mobilevos_models.folding import fold_batch_norms
from mobilevos_models.mobilevos import MobileVOS
from mobilevos_training.growth import pass_through
from mobilevos_training.initial import initial_model
from mobilevos_training.recipe_options import ModelOptions


def test_an_aspp_returns_what_it_is_given_and_learns_with_all_of_its_branches() -> None:
    torch.manual_seed(0)
    aspp = ASPP(6, 6)
    x = torch.randn(2, 6, 24, 24)
    assert not torch.allclose(aspp(x), x, atol=0.1)
    pass_through(aspp)
    torch.testing.assert_close(aspp(x), x, atol=1e-6, rtol=1e-6)
    optimizer = torch.optim.SGD(aspp.parameters(), lr=0.1)
    before = {name: parameter.detach().clone() for name, parameter in aspp.named_parameters()}
    for _ in range(2):  # the branches without a weight in the projection learn from the second step on
        optimizer.zero_grad()
        (aspp(x) - x.roll(6, -1).square()).square().mean().backward()
        optimizer.step()
    for name, parameter in aspp.named_parameters():
        assert not torch.equal(parameter, before[name]), name


@torch.no_grad()
def test_a_student_with_aspp_starts_as_the_one_without(tiny_data: Path, tmp_path: Path) -> None:
    start = random_weights(tiny_data / "weights", "mobilenetv2-noaspp")
    smaller = fold_batch_norms(load_model(start)).eval()
    larger = initial_model(ModelOptions(name="mobilenetv2", init=str(start)), tmp_path / "no-backbones").eval()
    assert isinstance(smaller, MobileVOS) and isinstance(larger, MobileVOS)
    torch.manual_seed(0)
    frames, masks = torch.rand(2, 1, 3, 64, 96) * 255, torch.rand(1, 2, 64, 96).round()
    found = []
    for model in (smaller, larger):
        state, _ = model.encode_frame(frames[0])
        found.append(model.segment(frames[1], [model.memorize(state, masks)])[0])
    torch.testing.assert_close(found[1], found[0], atol=1e-5, rtol=1e-5)


def test_an_aspp_of_the_checkpoint_is_kept(tiny_data: Path, tmp_path: Path) -> None:
    start = random_weights(tiny_data / "weights", "mobilenetv2")
    model = initial_model(ModelOptions(name="mobilenetv2", init=str(start)), tmp_path / "no-backbones")
    kept = fold_batch_norms(load_model(start)).state_dict()
    assert all(torch.equal(tensor, kept[name]) for name, tensor in model.state_dict().items())
