"""Learning rates, groups, averaged weights and stochastic depth against their definitions."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mobilevos_models import create_model
from mobilevos_models.folding import fold_batch_norms
from mobilevos_models.mobilevos import MobileVOS
from mobilevos_sdk.errors import InvalidInputError
from mobilevos_training.families import family_of
from mobilevos_training.optim import AveragedWeights, add_stochastic_depth, build_optimizer, rate_factor
from mobilevos_training.recipe_options import OptimizerOptions, ScheduleOptions


@pytest.fixture
def model() -> MobileVOS:
    torch.manual_seed(0)
    folded = fold_batch_norms(create_model("mobilenetv2-noaspp"))
    assert isinstance(folded, MobileVOS)
    return folded


def test_a_warm_up_rises_to_the_whole_rate() -> None:
    options = ScheduleOptions(warmup=4)
    assert [rate_factor(step, 100, options) for step in (0, 1, 3, 4, 99)] == [0.25, 0.5, 1.0, 1.0, 1.0]


def test_steps_decay_where_they_are_placed() -> None:
    options = ScheduleOptions(kind="step", at=(10, 20), gamma=0.1)
    factors = [rate_factor(step, 30, options) for step in (9, 10, 19, 20, 29)]
    assert factors == pytest.approx([1.0, 0.1, 0.1, 0.01, 0.01])


def test_the_polynomial_falls_from_one_to_its_end() -> None:
    options = ScheduleOptions(kind="polynomial", power=0.9, final=0.05)
    assert rate_factor(0, 100, options) == 1.0
    assert rate_factor(50, 100, options) == pytest.approx(0.05 + 0.95 * 0.5**0.9)
    assert rate_factor(100, 100, options) == pytest.approx(0.05)
    # The figures of aot-static.yaml: from 4e-4 to 2e-5 at the last of 100 k steps.
    assert 4e-4 * rate_factor(99_999, 100_000, options) == pytest.approx(2e-5, rel=1e-3)


def test_the_plateau_falls_to_zero_over_its_tail() -> None:
    options = ScheduleOptions(kind="plateau", tail=0.4)
    factors = [rate_factor(step, 100, options) for step in (0, 60, 80, 99, 100)]
    assert factors == pytest.approx([1.0, 1.0, 0.5, 0.025, 0.0])


def rates(optimizer: torch.optim.Optimizer, module: nn.Module) -> set[float]:
    """The factors on the learning rate of a module's parameters."""
    own = {id(parameter) for parameter in module.parameters()}
    return {g["rate"] for g in optimizer.param_groups if own & {id(parameter) for parameter in g["params"]}}


@pytest.mark.parametrize(
    ("kind", "expected"), [("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW)], ids=["adam", "adamw"]
)
def test_parts_learn_at_rates_of_their_own(model: MobileVOS, kind: str, expected: type) -> None:
    extra = nn.Linear(2, 2)
    options = OptimizerOptions(kind=kind, encoder_rate=0.25, prior_rate=3.0, weight_decay=0.07, learning_rate=1e-3)
    optimizer = build_optimizer(model, extra, options)
    assert type(optimizer) is expected
    assert rates(optimizer, model.key_encoder) == {0.25}
    assert rates(optimizer, model.value_encoder) == rates(optimizer, extra) == {1.0}
    assert model.prior is not None and rates(optimizer, model.prior) == {3.0}
    known = [id(parameter) for group in optimizer.param_groups for parameter in group["params"]]
    assert sorted(known) == sorted(id(p) for p in [*model.parameters(), *extra.parameters()])  # each once
    assert all(group["weight_decay"] == 0.07 and group["lr"] == 1e-3 for group in optimizer.param_groups)


def test_a_rate_of_zero_freezes(model: MobileVOS) -> None:
    optimizer = build_optimizer(model, nn.Identity(), OptimizerOptions(encoder_rate=0, slow=("value_encoder",)))
    assert rates(optimizer, model.value_encoder) == set()
    assert not any(parameter.requires_grad for parameter in model.value_encoder.parameters())
    assert all(parameter.requires_grad for parameter in model.key_encoder.parameters())


def test_a_part_that_is_not_there_is_named(model: MobileVOS) -> None:
    with pytest.raises(InvalidInputError, match=r"optimizer\.slow: the model has no part 'encoder'; it has key_enc"):
        build_optimizer(model, nn.Identity(), OptimizerOptions(slow=("encoder",)))


def test_averaged_weights_start_warm() -> None:
    module = nn.Linear(1, 1, bias=False)
    module.register_buffer("count", torch.tensor(0))
    module.weight.data.fill_(0.0)
    average, expected = AveragedWeights(module, decay=0.3), 0.0
    for step, decay in enumerate([1 / 10, 2 / 11, 3 / 12, 0.3, 0.3]):  # min(0.3, (1 + step) / (10 + step))
        module.weight.data.fill_(step + 1.0)
        module.count += 1
        average.update(module, step)
        expected = decay * expected + (1 - decay) * (step + 1)
        assert float(average.tensors["weight"]) == pytest.approx(expected)
    assert int(average.tensors["count"]) == 5  # what is not a fraction is copied
    assert module.weight.item() == 5.0


def test_without_decay_the_average_is_the_last() -> None:
    module = nn.Linear(3, 2)
    average = AveragedWeights(module, decay=0.0)
    module.weight.data.normal_()
    average.update(module, 7)
    assert torch.equal(average.tensors["weight"], module.weight)


@pytest.mark.parametrize("name", ["mobilenetv2-noaspp", "resnet18"])
def test_stochastic_depth_drops_only_in_training(name: str) -> None:
    torch.manual_seed(0)
    encoder = fold_batch_norms(create_model(name)).key_encoder
    names = list(encoder.state_dict())
    frames = torch.rand(1, 3, 64, 64)
    whole = encoder(frames).stride16
    add_stochastic_depth([encoder], 0.9)
    assert list(encoder.state_dict()) == names
    with torch.no_grad():
        assert torch.equal(encoder(frames).stride16, whole)
    with torch.inference_mode():
        assert torch.equal(encoder(frames).stride16, whole)
    drawn = [encoder(frames).stride16 for _ in range(3)]
    assert not torch.equal(drawn[0], drawn[1]) or not torch.equal(drawn[1], drawn[2])


def test_stochastic_depth_keeps_the_mean_and_grows_linearly() -> None:
    encoder = create_model("mobilenetv2").key_encoder
    branches = [block.conv for block in encoder.features if getattr(block, "skip", False)]
    add_stochastic_depth([encoder], 0.4)
    torch.manual_seed(0)
    shares, means = [], []
    for branch in branches:
        (hook,) = branch._forward_hooks.values()
        out = hook(branch, (), torch.ones(4000, 1, 1, 1))
        shares.append(float((out == 0).float().mean()))
        means.append(float(out.mean()))
    expected = [0.4 * index / len(branches) for index in range(1, len(branches) + 1)]
    assert shares == pytest.approx(expected, abs=0.03)
    assert means == pytest.approx([1.0] * len(branches), abs=0.06)


def test_frozen_parts_do_not_learn_and_biases_may_be_left_out_of_the_decay(model: MobileVOS) -> None:
    options = OptimizerOptions(
        frozen=("key_encoder.features.1", "prediction"), weight_decay=0.03, weight_decay_of="matrices"
    )
    optimizer = build_optimizer(model, nn.Linear(2, 2), options)
    learning = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    frozen = {name for name, _ in model.named_parameters()} - learning
    assert frozen and all(name.startswith(("key_encoder.features.1.", "prediction.")) for name in frozen)
    assert "key_encoder.features.10.conv.2.weight" in learning  # not below features.1
    decays = {id(one): group["weight_decay"] for group in optimizer.param_groups for one in group["params"]}
    for name, parameter in model.named_parameters():
        if name in learning:
            assert decays[id(parameter)] == (0.03 if parameter.ndim > 1 else 0.0), name
    with pytest.raises(InvalidInputError, match=r"optimizer\.frozen: no parameter is below 'predict'"):
        build_optimizer(model, nn.Linear(2, 2), OptimizerOptions(frozen=("predict",)))
    everything = OptimizerOptions(frozen=tuple({name.split(".")[0] for name, _ in model.named_parameters()}))
    with pytest.raises(InvalidInputError, match="no parameter learns"):
        build_optimizer(model, nn.Module(), everything)


@pytest.mark.parametrize(
    ("name", "expected"), [("aot-s", 4), ("aost", 6), ("deaot-s", 2), ("deaot-t-deform", 1), ("sst-local", 13)]
)
def test_the_branches_of_every_family_drop_out(name: str, expected: int) -> None:
    """Self-attention and feed-forward of LSTT (AOT, section 5), self-propagation of DeAOT, the blocks of a ResNet."""
    model = create_model(name)
    chains = family_of(model).droppable(model)
    add_stochastic_depth(chains, 0.5)
    hooked = [module for chain in chains for module in chain.modules() if module._forward_hooks]
    assert len(hooked) == expected
    rates = [next(iter(module._forward_hooks.values())).rate for module in hooked]
    assert rates == pytest.approx([0.5 * index / expected for index in range(1, expected + 1)])
