"""Dilated depthwise convolutions for training: as plain ones on the interleaved parts of a map, which are the same."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn


def split_dilated(model: nn.Module) -> None:
    """Lets depthwise convolutions of dilation 2 run on the four maps of every second row and column.

    A dilated kernel never mixes them, so the result is the same. PyTorch's CPU library has no fast gradient
    for dilated depthwise convolutions: three of them took a fifth of a training step of AOT-T, and a fortieth so.
    Names and weights of the model do not change.
    """
    for module in model.modules():
        if isinstance(module, nn.Conv2d) and module.groups > 1 and _is_dilated(module):
            module.dilation = module.padding = (1, 1)
            sizes: list[tuple[int, int]] = []
            module.register_forward_pre_hook(partial(_split, sizes))
            module.register_forward_hook(partial(_join, sizes))


def _is_dilated(module: nn.Conv2d) -> bool:
    """Whether it is a 3x3 convolution of dilation 2 that keeps the size: for others the parts would not fit."""
    form = module.kernel_size, module.stride, module.padding, module.dilation
    return form == ((3, 3), (1, 1), (2, 2), (2, 2))


def _split(sizes: list[tuple[int, int]], module: nn.Module, inputs: tuple[Any, ...]) -> Tensor:
    """(B, C, h, w) to (4 B, C, h/2, w/2), with a row and a column of zeros where h and w are odd."""
    (x,) = inputs
    height, width = x.shape[-2:]
    sizes.append((height, width))
    x = F.pad(x, (0, width % 2, 0, height % 2)).permute(0, 2, 3, 1)
    parts = x.unflatten(2, (-1, 2)).unflatten(1, (-1, 2)).permute(2, 4, 0, 1, 3, 5)
    return parts.flatten(0, 2).permute(0, 3, 1, 2)


def _join(sizes: list[tuple[int, int]], module: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> Tensor:
    """(4 B, C, h/2, w/2) back to (B, C, h, w)."""
    height, width = sizes.pop()
    parts = output.permute(0, 2, 3, 1).unflatten(0, (2, 2, -1)).permute(2, 3, 0, 4, 1, 5)
    x = parts.flatten(3, 4).flatten(1, 2)
    return x[:, :height, :width].permute(0, 3, 1, 2)
