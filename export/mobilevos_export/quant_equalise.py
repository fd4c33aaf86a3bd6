"""Rescales channels between two convolutions, so that 8 bits for a whole tensor serve every channel of it.

A tensor has one scale, and a channel whose values are small gets few of the 256 steps. Behind a ReLU a positive factor
can be moved: the channel is divided by s where it is written (weights and bias of the first convolution), and
multiplied where it is read (weights of the second). The model stays the same function; cross-layer equalisation (Nagel
et al., 2019) with the activations' ranges in place of the first layer's weights, as SmoothQuant (Xiao et al., 2023) has
it for linear layers: weights have a scale for each output channel, so nothing is lost where a channel is written.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from mobilevos_models.aot.encoder import DilatedMobileNetV2
from mobilevos_models.backbones import BasicBlock, Bottleneck, InvertedResidual, MobileNetV2
from mobilevos_models.blocks import ResBlock

# No channel is enlarged more: what it holds on other frames is not known that well.
LARGEST_FACTOR = 8.0
# On other frames a channel may hold values so many times larger, and no ReLU6 cuts them that did not before.
HEADROOM = 1.5
RELU6_CUT = 6.0


@dataclass(frozen=True, eq=False)
class ConvPair:
    """Two convolutions with nothing but a ReLU between them.

    Attributes:
        first: writes the channels.
        second: the only one that reads them.
        cut: the largest value that the ReLU lets through.
    """

    first: nn.Conv2d
    second: nn.Conv2d
    cut: float = math.inf

    @torch.no_grad()
    def rescale(self, peaks: Tensor) -> Tensor:
        """Makes the channels more alike; the model stays the same function for values up to `HEADROOM` times the peaks.

        Args:
            peaks: (C,) the largest value of each channel.

        Returns:
            (C,) what each channel was multiplied by.
        """
        factors = self._factors((HEADROOM * peaks).clamp(0.0, self.cut))
        self.first.weight.mul_(factors.view(-1, 1, 1, 1))
        if self.first.bias is not None:
            self.first.bias.mul_(factors)
        self.second.weight.div_(factors.view((-1, 1, 1, 1) if self._is_depthwise else (1, -1, 1, 1)))
        return factors

    @property
    def _is_depthwise(self) -> bool:
        return self.second.groups == self.second.in_channels

    def _factors(self, peaks: Tensor) -> Tensor:
        """What each channel is multiplied by: the largest peak stays, and none becomes larger."""
        if self._is_depthwise:  # a scale of its own for each channel here too, so all may become alike
            wanted = torch.ones_like(peaks)
        else:  # a small channel that becomes large makes its weights small: half of it each, on a logarithmic scale
            wanted = (peaks * self.second.weight.abs().amax((0, 2, 3))).sqrt()
        factors = (peaks.max() / wanted.max() * wanted / peaks).clamp(1.0 / LARGEST_FACTOR, LARGEST_FACTOR)
        fixed = (peaks <= 0.0) | (peaks >= self.cut)  # nothing is known of it; or it is cut, and the cut would move
        return torch.where(fixed, torch.ones_like(factors), factors)


def conv_pairs(model: nn.Module) -> Iterator[ConvPair]:
    """All such pairs of a model whose batch norms are folded."""
    for module in model.modules():
        if isinstance(module, InvertedResidual):
            yield from (ConvPair(*pair, RELU6_CUT) for pair in pairwise(_convolutions(module.conv)))
        elif isinstance(module, MobileNetV2 | DilatedMobileNetV2):
            stem, block = (next(_convolutions(module.features[index])) for index in range(2))
            yield ConvPair(stem, block, RELU6_CUT)
        elif isinstance(module, BasicBlock | ResBlock):
            yield ConvPair(module.conv1, module.conv2)
        elif isinstance(module, Bottleneck):
            yield from (ConvPair(*pair) for pair in pairwise((module.conv1, module.conv2, module.conv3)))


def _convolutions(module: nn.Module) -> Iterator[nn.Conv2d]:
    return (child for child in module.modules() if isinstance(child, nn.Conv2d))
