"""Corrects biases for what the rounding of weights adds to a layer's output on average.

A depthwise layer has nine weights for a channel, so their rounding errors do not cancel; behind a ReLU all its inputs
are positive, and the errors become a shift of the channel. The shift is known: the rounding errors times the mean
inputs. It is taken off the bias (Nagel et al., 2019, section 4.2).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


@torch.no_grad()
def correct_bias(layer: nn.Conv2d, means: Tensor, largest: int) -> None:
    """Takes the mean error of a layer whose weights are integers off its bias.

    Args:
        layer: the layer, in float32; its weights stay as they are.
        means: (C,) the mean of each channel that it reads.
        largest: the integer that stands for the largest weight of an output channel.
    """
    own = means.view(layer.groups, -1).repeat_interleave(layer.out_channels // layer.groups, 0)
    shift = (rounding_errors(layer.weight, largest).sum((2, 3)) * own).sum(1)
    layer.bias = nn.Parameter(-shift if layer.bias is None else layer.bias - shift, requires_grad=False)


def rounding_errors(weight: Tensor, largest: int) -> Tensor:
    """What integers up to `largest`, with a scale for each output channel, add to the weights of a convolution."""
    step = weight.abs().amax((1, 2, 3), keepdim=True) / largest
    step = torch.where(step > 0, step, torch.ones_like(step))
    return (weight / step).round() * step - weight
