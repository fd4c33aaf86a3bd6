"""Net2WiderNet (Chen et al., Net2Net, ICLR 2016) for space-time memory networks: wider, and the same function.

A new channel repeats an old one; whoever reads both divides the old one's weight between them. Net2Net breaks the tie
between the two by noise; here the shares are random, so that their gradients differ while the function stays.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mobilevos_models.mobilevos import SpaceTimeNetwork
from mobilevos_training.transplant.heads import HEADS, HeadWeights, convolution

# The convolutions behind the heads, and of how many parts of one width, side by side, each reads.
READERS = {
    "fusion.block1.conv2": 1,
    "fusion.attention.0.reduce": 1,
    "fusion.attention.0.expand": 1,
    "fusion.block2.conv1": 1,
    "fusion.block2.conv2": 1,
    "compress.conv2": 1,
    "up16_8.out_conv.downsample": 1,
    "up16_8.out_conv.conv1": 1,
    "up16_8.out_conv.conv2": 1,
    "up8_4.out_conv.downsample": 1,
    "up8_4.out_conv.conv1": 1,
    "up8_4.out_conv.conv2": 1,
    "prediction": 1,
}
# `compress` reads readout and thin value, or an ASPP that reads both.
ENTRANCE = ("compress.downsample", "compress.conv1")
READ_PARTS = 2
ASPP_BRANCHES = ("aspp.local", "aspp.atrous.0", "aspp.atrous.1", "aspp.atrous.2", "aspp.pooled")
# A new channel and the one that it repeats share a weight: each gets between a quarter and three quarters of it.
SHARES = (0.5, 1.5)
# What both networks have in the same shape.
SAME = ("value_encoder.", "fusion.attention.1.", "prior.")


@torch.no_grad()
def widen(
    student: SpaceTimeNetwork,
    donor: SpaceTimeNetwork,
    heads: Sequence[HeadWeights],
    generator: torch.Generator | None = None,
) -> None:
    """Gives a student everything but its key encoder from a trained network that is nowhere wider.

    Args:
        student: gets new weights, in place. With `heads` that make of its features what the donor's make of the
            donor's, it computes what the donor computes.
        donor: the trained network. Both have an ASPP or neither has, and the same keys and value encoder.
        heads: for the student's features, of the donor's widths, in the order of `HEADS`.
        generator: draws the shares.
    """
    for head, fitted in zip(HEADS, heads, strict=True):
        original, target = convolution(donor, head.name), convolution(student, head.name)
        rows = repeats(original.out_channels, target.out_channels)
        masks = target.in_channels - fitted.weight.shape[1]
        _set(target, torch.cat([original.weight[:, :masks], fitted.weight], 1)[rows], fitted.bias[rows])
    for name, parts in (READERS | _entrance(donor)).items():
        original, target = convolution(donor, name), convolution(student, name)
        assert original.bias is not None
        rows = repeats(original.out_channels, target.out_channels)
        columns = repeats(original.in_channels, target.in_channels, parts)
        _set(target, _divided(original.weight[rows], columns, generator), original.bias[rows])
    state = student.state_dict()
    for name, tensor in donor.state_dict().items():
        if name.startswith(SAME):
            state[name].copy_(tensor)


def repeats(old: int, new: int, parts: int = 1) -> Tensor:
    """The old channel of each of `new` ones, in each of some parts that lie side by side."""
    old, new = old // parts, new // parts
    return torch.cat([torch.arange(new) % old + part * old for part in range(parts)])


def _entrance(network: SpaceTimeNetwork) -> dict[str, int]:
    """The convolutions between what is read and the decoder, with their parts."""
    if network.aspp is None:
        return dict.fromkeys(ENTRANCE, READ_PARTS)
    branches = dict.fromkeys(ASPP_BRANCHES, READ_PARTS)
    return branches | {"aspp.project": len(ASPP_BRANCHES)} | dict.fromkeys(ENTRANCE, 1)


def _divided(weight: Tensor, columns: Tensor, generator: torch.Generator | None) -> Tensor:
    """Columns of a weight (O, I, h, w) repeated, with random shares that add up to each old one."""
    shares = torch.empty(len(weight), len(columns)).uniform_(*SHARES, generator=generator)
    index = columns.expand_as(shares)
    totals = torch.zeros(weight.shape[:2]).scatter_add_(1, index, shares)
    shares = (shares / totals.gather(1, index)).to(weight.device)  # drawn on the CPU, the same everywhere
    return weight[:, columns] * shares[..., None, None]


def _set(target: nn.Conv2d, weight: Tensor, bias: Tensor) -> None:
    assert target.bias is not None
    target.weight.copy_(weight)
    target.bias.copy_(bias)
