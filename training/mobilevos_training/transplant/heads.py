"""The first convolutions that see a frame's features: all that the rest of a network knows of its key encoder."""

from __future__ import annotations

from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from mobilevos_models.backbones import Pyramid
from mobilevos_models.mobilevos import SpaceTimeNetwork


class Head(NamedTuple):
    """One of these convolutions.

    Attributes:
        name: its place in the network.
        level: of the pyramid that it sees, an index of `Pyramid`.
        rectified: whether the network rectifies the features before it.
        joint: whether it sees a mask's features before the frame's: its part for the frame is the head, with its bias.
    """

    name: str
    level: int
    rectified: bool = False
    joint: bool = False


STRIDE4, STRIDE8, STRIDE16 = range(3)
HEADS = (
    Head("key_projection", STRIDE16),
    Head("thin_value", STRIDE16),
    Head("fusion.block1.downsample", STRIDE16, joint=True),
    Head("fusion.block1.conv1", STRIDE16, rectified=True, joint=True),
    Head("up16_8.skip_conv", STRIDE8),
    Head("up8_4.skip_conv", STRIDE4),
)


class HeadWeights(NamedTuple):
    """A head's weight (O, C, 3, 3) and bias (O,)."""

    weight: Tensor
    bias: Tensor


def convolution(module: nn.Module, name: str) -> nn.Conv2d:
    """The convolution at a place of a network."""
    found = module.get_submodule(name)
    assert isinstance(found, nn.Conv2d)
    return found


def head_weights(network: SpaceTimeNetwork) -> list[HeadWeights]:
    """A network's own, in the order of `HEADS`: views, through which gradients reach the convolutions."""
    channels, found = network.key_encoder.channels, []
    for head in HEADS:
        whole = convolution(network, head.name)
        assert whole.bias is not None
        found.append(HeadWeights(whole.weight[:, -channels[head.level] :], whole.bias))
    return found


def head_inputs(pyramid: Pyramid) -> list[Tensor]:
    """What each head sees of frames' features."""
    return [F.relu(pyramid[head.level]) if head.rectified else pyramid[head.level] for head in HEADS]


def head_outputs(network: SpaceTimeNetwork, frames: Tensor) -> list[Tensor]:
    """What each head of a network gives for frames (B, 3, H, W) float32 RGB in 0..255: (B, O, h, w)."""
    inputs = head_inputs(network.key_encoder(network.normalise(frames)))
    return [F.conv2d(x, *head, padding=1) for x, head in zip(inputs, head_weights(network), strict=True)]
