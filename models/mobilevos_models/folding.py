"""Merging frozen batch norms into their convolutions, for training (they never change there) and for export."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor, nn


def conv_norm_pairs(model: nn.Module) -> Iterator[tuple[str, str]]:
    """Names of each convolution and of the batch norm that directly follows it in its parent's order."""
    for prefix, parent in model.named_modules():
        children = list(parent.named_children())
        for (conv_name, conv), (norm_name, norm) in pairwise(children):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d | nn.Identity):
                dot = f"{prefix}." if prefix else ""
                yield dot + conv_name, dot + norm_name


@torch.no_grad()
def fold_batch_norms(model: nn.Module) -> nn.Module:
    """Folds every batch norm of `model` into the convolution before it, in place.

    The convolution gets a bias, the norm becomes an identity: names of the weights stay as they are.

    Returns:
        The same module.
    """
    for conv_name, norm_name in list(conv_norm_pairs(model)):
        conv, norm = model.get_submodule(conv_name), model.get_submodule(norm_name)
        if not isinstance(conv, nn.Conv2d) or not isinstance(norm, nn.BatchNorm2d):
            continue
        mean, variance = norm.get_buffer("running_mean"), norm.get_buffer("running_var")
        scale = norm.weight / (variance + norm.eps).sqrt()
        conv.weight.mul_(scale.view(-1, 1, 1, 1))
        conv.bias = nn.Parameter(norm.bias - mean * scale)
        model.set_submodule(norm_name, nn.Identity())
    return model


def unfold_state(model: nn.Module, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Rewrites a folded state dict for a model that has batch norms.

    A convolution's bias becomes its norm's shift, with scale 1, mean 0 and variance 1 - eps: the same function. A
    state dict that is not folded comes back as it is.
    """
    result = dict(state)
    for conv_name, norm_name in conv_norm_pairs(model):
        norm = model.get_submodule(norm_name)
        bias = result.get(f"{conv_name}.bias")
        if not isinstance(norm, nn.BatchNorm2d) or bias is None:
            continue
        del result[f"{conv_name}.bias"]
        result[f"{norm_name}.weight"] = torch.ones_like(bias)
        result[f"{norm_name}.bias"] = bias
        result[f"{norm_name}.running_mean"] = torch.zeros_like(bias)
        result[f"{norm_name}.running_var"] = torch.full_like(bias, 1.0 - norm.eps)
        result[f"{norm_name}.num_batches_tracked"] = torch.zeros((), dtype=torch.long)
    return result
