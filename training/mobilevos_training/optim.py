"""Optimisers, learning-rate schedules, averaged weights and stochastic depth, as recipes ask for them."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from mobilevos_models.aot.gated_block import DualBranchBlock
from mobilevos_models.aot.lstt import LSTTBlock
from mobilevos_models.backbones import BasicBlock, Bottleneck, InvertedResidual
from mobilevos_models.locality import is_locality
from mobilevos_sdk.errors import InvalidInputError
from mobilevos_training.recipe_options import OptimizerOptions, ScheduleOptions


def build_optimizer(model: nn.Module, extra: nn.Module, options: OptimizerOptions) -> torch.optim.Optimizer:
    """Adam or AdamW over a student and what trains beside it.

    Each group carries its `rate`, the factor on the recipe's learning rate.

    Args:
        model: the student; the children that `options.slow` names learn at `encoder_rate`, its locality prior at
            `prior_rate`, and what `options.frozen` names does not learn.
        extra: modules that are dropped after training.
        options: the recipe's.

    Raises:
        InvalidInputError: `options.slow` or `options.frozen` names a part that the model does not have, or nothing is
            left that learns.
    """
    _check_parts(model, options)
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        part = name.split(".", 1)[0]
        rate = options.encoder_rate if part in options.slow else options.prior_rate if is_locality(name) else 1.0
        if rate and not _is_below(name, options.frozen):
            decay = 0.0 if options.weight_decay_of == "matrices" and parameter.ndim < 2 else options.weight_decay
            groups.setdefault((rate, decay), []).append(parameter)
        else:
            parameter.requires_grad_(False)
    groups.setdefault((1.0, options.weight_decay), []).extend(extra.parameters())
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[options.kind]
    listed = [
        {"params": parameters, "rate": rate, "weight_decay": decay}
        for (rate, decay), parameters in groups.items()
        if parameters
    ]
    if not listed:
        raise InvalidInputError(
            "optimizer: no parameter learns; shorten optimizer.frozen, or raise encoder_rate above 0"
        )
    return kind(listed, lr=options.learning_rate)


def _check_parts(model: nn.Module, options: OptimizerOptions) -> None:
    """Raises InvalidInputError where the options name parts that the model does not have."""
    children = [name for name, _ in model.named_children()]
    for part in options.slow:
        if part not in children:
            raise InvalidInputError(f"optimizer.slow: the model has no part '{part}'; it has {', '.join(children)}")
    names = [name for name, _ in model.named_parameters()]
    for part in options.frozen:
        if not any(_is_below(name, (part,)) for name in names):
            raise InvalidInputError(f"optimizer.frozen: no parameter is below '{part}'; one is called '{names[0]}'")


def _is_below(name: str, parts: Iterable[str]) -> bool:
    """Whether a parameter is one of some parts, or in one of them."""
    return any(f"{name}.".startswith(f"{part}.") for part in parts)


def rate_factor(step: int, steps: int, options: ScheduleOptions) -> float:
    """The factor on the learning rate of a step (from 0) of a run of `steps`."""
    warm = min((step + 1) / options.warmup, 1.0) if options.warmup else 1.0
    progress = step / steps
    match options.kind:
        case "constant":
            factor = 1.0
        case "step":
            factor = options.gamma ** sum(step >= at for at in options.at)
        case "polynomial":
            factor = options.final + (1.0 - options.final) * (1.0 - progress) ** options.power
        case "plateau":
            factor = min((1.0 - progress) / options.tail, 1.0)
    return warm * factor


class AveragedWeights:
    """An exponential moving average of a module's weights, which counts its first steps evenly."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self.tensors = {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}

    @torch.no_grad()
    def update(self, module: nn.Module, step: int) -> None:
        """Takes in the weights after a step (from 0)."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, tensor in module.state_dict().items():
            if tensor.is_floating_point():
                self.tensors[name].lerp_(tensor, 1 - decay)
            else:
                self.tensors[name].copy_(tensor)


def add_stochastic_depth(chains: Iterable[nn.Module], rate: float) -> None:
    """Lets the residual branches of chains of blocks drop out, sample by sample, in training (Huang et al., 2016).

    The rate grows linearly over the branches of a chain up to `rate` at the last one. Nothing is dropped where no
    gradient is computed, so validation sees the whole network, and no weight or name of the model changes.
    """
    for chain in chains:
        branches = [branch for block in chain.modules() for branch in _residual_branches(block)]
        for index, branch in enumerate(branches, start=1):
            branch.register_forward_hook(_DropPath(rate * index / len(branches)))


def _residual_branches(block: nn.Module) -> tuple[nn.Module, ...]:
    if isinstance(block, InvertedResidual) and block.skip:
        return (block.conv,)
    if isinstance(block, LSTTBlock):
        return block.self_attn, block.feed_forward
    if isinstance(block, DualBranchBlock):
        return (block.self_attn,)
    if isinstance(block, Bottleneck):
        return (block.bn3,)
    return (block.bn2,) if isinstance(block, BasicBlock) else ()


class _DropPath:
    """A forward hook that zeroes the branch of some samples and scales the others, so that the mean stays."""

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def __call__(self, module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        if not torch.is_grad_enabled() or self.rate == 0:
            return output
        keep = 1.0 - self.rate
        kept = torch.rand(output.shape[0], *[1] * (output.ndim - 1), device=output.device) < keep
        return output * kept / keep
