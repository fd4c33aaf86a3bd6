"""A student with a larger encoder that starts as the smaller one it was transplanted from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tiny_data import assert_same_weights, losses, pack_recipe, trained
from torch import Tensor

from mobilevos_models.folding import fold_batch_norms
from mobilevos_models.mobilevos import MobileVOS, MobileVOSConfig
from mobilevos_models.registry import model_config
from mobilevos_sdk.errors import InvalidInputError
from mobilevos_training.data.loader import Batch
from mobilevos_training.loop import Trainer
from mobilevos_training.recipe import Recipe, read_recipe
from mobilevos_training.run_options import RunOptions
from mobilevos_training.transplant.fit import misfit
from mobilevos_training.transplant.heads import head_outputs, head_weights
from mobilevos_training.transplant.solving import solve_heads
from mobilevos_training.transplant.widening import widen

STEPS = 6


def follow(model: MobileVOS) -> Tensor:
    """The logits of a second frame, whose memory is the first one with two objects."""
    generator = torch.Generator().manual_seed(0)
    frames = torch.rand(2, 1, 3, 64, 96, generator=generator) * 255
    masks = torch.rand(1, 2, 64, 96, generator=generator).round()
    state, _ = model.encode_frame(frames[0])
    return model.segment_logits(frames[1], [model.memorize(state, masks)])[0]


def students(name: str, aspp: int | None) -> tuple[MobileVOS, MobileVOS]:
    """A student and a wider one with the same encoders, both with random weights."""
    torch.manual_seed(1)
    config = model_config(name)
    assert isinstance(config, MobileVOSConfig)
    wider = replace(config, value_channels=128, decoder_channels=(96, 64, 48), aspp_channels=aspp)
    smaller, larger = (fold_batch_norms(MobileVOS(one)).eval() for one in (config, wider))
    assert isinstance(smaller, MobileVOS) and isinstance(larger, MobileVOS)
    return smaller, larger


@pytest.mark.parametrize(("name", "aspp"), [("mobilenetv2", 256), ("mobilenetv2-noaspp", None)])
@torch.no_grad()
def test_a_wider_network_computes_what_the_narrow_one_does(name: str, aspp: int | None) -> None:
    smaller, larger = students(name, aspp)
    larger.key_encoder.load_state_dict(smaller.key_encoder.state_dict())
    assert not torch.allclose(follow(larger), follow(smaller), atol=0.01)
    widen(larger, smaller, head_weights(smaller), torch.Generator().manual_seed(2))
    torch.testing.assert_close(follow(larger), follow(smaller), atol=1e-4, rtol=1e-4)


def test_channels_that_repeat_another_learn_something_else() -> None:
    smaller, larger = students("mobilenetv2", 256)
    larger.key_encoder.load_state_dict(smaller.key_encoder.state_dict())
    widen(larger, smaller, head_weights(smaller), torch.Generator().manual_seed(2))
    follow(larger).square().mean().backward()
    for name in ("fusion.block2.conv2", "thin_value", "aspp.local", "up8_4.out_conv.conv2"):
        gradient = larger.get_submodule(name).weight.grad
        assert isinstance(gradient, Tensor)
        old = smaller.get_submodule(name).weight.shape[0]  # type: ignore[union-attr]
        assert not torch.allclose(gradient[old:], gradient[: len(gradient) - old], rtol=0.01, atol=0), name


@torch.no_grad()
def test_heads_solved_for_an_encoder_that_holds_the_answer_find_it() -> None:
    """The student's encoder is the donor's: with the best heads it gives what the donor gives."""
    smaller, larger = students("mobilenetv2", 256)
    larger.key_encoder.load_state_dict(smaller.key_encoder.state_dict())
    frames = torch.rand(8, 3, 256, 256) * 255
    widen(larger, smaller, solve_heads(larger, smaller, [frames[:4], frames[4:]]), torch.Generator().manual_seed(2))
    for found, wanted in zip(head_outputs(larger, frames), head_outputs(smaller, frames), strict=True):
        error = (found[:, : wanted.shape[1]] - wanted).square().mean() / wanted.var((0, 2, 3)).mean()
        assert error < 0.05


def total(trainer: Trainer, batch: Batch) -> float:
    """The loss on a batch."""
    return sum(float(part.detach()) for part in trainer.losses(batch).values())


def recipe() -> Recipe:
    """A ResNet18 with the trunk of the shipped MobileNetV2 student: what random weights give hardly varies."""
    return pack_recipe(
        model={"name": "resnet18"},
        transplant={"donor": "mobilenetv2", "solved": 4},
        optimizer={"learning_rate": 1e-5, "encoder_rate": 1.0, "ema": 0.0},
        steps=STEPS,
    )


def test_an_encoder_of_another_kind_learns_what_the_donor_gives(tiny_data: Path, tmp_path: Path) -> None:
    trainer = Trainer(recipe(), RunOptions(tiny_data / "pack", tmp_path, log_every=1))
    start = {name: tensor.clone() for name, tensor in trainer.student.state_dict().items()}
    first = next(trainer.batches())
    before = total(trainer, first)
    for line in trainer.run():
        assert line["step"] <= STEPS
    assert total(trainer, first) < before
    learned = {name for name, tensor in trainer.student.state_dict().items() if not torch.equal(tensor, start[name])}
    parts = ("key_encoder", "key_projection", "thin_value", "fusion.block1", "up16_8.skip_conv", "up8_4.skip_conv")
    assert learned and all(name.startswith(parts) for name in learned)
    assert not any("block1.conv2" in name for name in learned)
    kept = start["fusion.block1.conv1.weight"][:, :96]  # what sees the mask
    torch.testing.assert_close(
        trainer.student.state_dict()["fusion.block1.conv1.weight"][:, :96], kept, atol=1e-5, rtol=0
    )


def test_a_transplant_that_was_stopped_goes_on_where_it_was(tiny_data: Path, tmp_path: Path) -> None:
    whole = trained(recipe(), tiny_data, tmp_path / "whole")
    stopped = Trainer(recipe(), RunOptions(tiny_data / "pack", tmp_path / "halves", log_every=1, save_every=3))
    for line in stopped.run():
        if line["step"] == 4:
            break
    again = trained(recipe(), tiny_data, tmp_path / "halves")
    assert_same_weights(whole.task.state_dict(), again.task.state_dict())
    assert losses(tmp_path / "whole") == losses(tmp_path / "halves")


@pytest.mark.parametrize(
    ("student", "donor", "reason"),
    [
        ("resnet18", "mobilenetv2", None),
        ("resnet18", "mobilenetv2-noaspp", "ASPP"),
        ("mobilenetv2", "resnet18", "multiple"),
        ("deaot-t-deform", "mobilenetv2", "family"),
    ],
)
def test_who_fits_whom(student: str, donor: str, reason: str | None) -> None:
    found = misfit(model_config(student), model_config(donor))
    assert found is None if reason is None else found is not None and reason in found


def test_what_cannot_be_copied_does_not_fit() -> None:
    donor, student = model_config("mobilenetv2"), model_config("resnet18")
    assert isinstance(donor, MobileVOSConfig) and isinstance(student, MobileVOSConfig)
    assert "residual" in str(misfit(replace(student, decoder_channels=(96, 64, 64)), donor))
    assert "wider" in str(misfit(replace(student, decoder_channels=(64, 56, 48)), donor))
    assert "keys" in str(misfit(replace(student, key_channels=32), donor))


def test_a_recipe_says_what_is_wrong_with_its_donor(tmp_path: Path) -> None:
    path = Path(__file__).parents[2] / "training/recipes/resnet18-transplant.yaml"
    assert read_recipe(path).transplant
    with pytest.raises(InvalidInputError, match=r"transplant\.donor: 'mobilenetv2-noaspp' has an ASPP"):
        read_recipe(path, ["transplant.donor=mobilenetv2-noaspp"])
    with pytest.raises(InvalidInputError, match=r"set model\.locality to true"):
        read_recipe(path, ["model.locality=false"])
    with pytest.raises(InvalidInputError, match="leave out distill"):
        read_recipe(path, ["distill={teacher: {name: mobilenetv2}}"])
