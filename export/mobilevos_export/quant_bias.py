"""Corrects biases for what the rounding of weights adds to a layer's output on average.

A depthwise layer has nine weights for a channel, so their rounding errors do not cancel; behind a ReLU all its inputs
are positive, and the errors become a shift of the channel. The shift is known: the rounding errors times the mean
inputs. It is taken off the bias (Nagel et al., 2019, section 4.2).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

# The quantisers store a weight as -127 to 127 times the scale of its output channel.
LARGEST_WEIGHT = 127


@torch.no_grad()
def correct_bias(layer: nn.Conv2d, means: Tensor) -> None:
    """Takes the mean error of a layer in 8 bits off its bias.

    Args:
        layer: the layer, in float32; its weights stay as they are.
        means: (C,) the mean of each channel that it reads.
    """
    own = means.view(layer.groups, -1).repeat_interleave(layer.out_channels // layer.groups, 0)
    shift = (rounding_errors(layer.weight).sum((2, 3)) * own).sum(1)
    layer.bias = nn.Parameter(-shift if layer.bias is None else layer.bias - shift, requires_grad=False)


def rounding_errors(weight: Tensor) -> Tensor:
    """What 8 bits with a scale for each output channel add to the weights of a convolution."""
    step = weight.abs().amax((1, 2, 3), keepdim=True) / LARGEST_WEIGHT
    step = torch.where(step > 0, step, torch.ones_like(step))
    return (weight / step).round() * step - weight
