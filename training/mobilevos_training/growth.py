"""A trained network that grows by a part which changes nothing at first, so that it goes on where it was."""

from __future__ import annotations

import torch
from torch import nn

from mobilevos_models.blocks import ASPP


@torch.no_grad()
def pass_through(aspp: ASPP) -> None:
    """Makes an ASPP return what it is given (function-preserving growth; Chen et al., Net2Net, 2016).

    A rectified branch carries one sign alone: the 1x1 branch keeps `relu(x)`, the centre of the first atrous branch
    `relu(-x)`, and the projection takes their difference. It gives the other branches no weight; they keep the random
    weights that they were made with, so that a gradient reaches the projection, and then them.

    Args:
        aspp: with as many outputs as inputs.
    """
    identity = torch.eye(aspp.local.in_channels)
    first = aspp.atrous[0]
    assert isinstance(first, nn.Conv2d)
    for convolution in (aspp.local, first, aspp.project):
        convolution.weight.zero_()
        if convolution.bias is not None:
            convolution.bias.zero_()
    aspp.local.weight[..., 0, 0] = identity
    first.weight[..., 1, 1] = -identity
    aspp.project.weight[:, : 2 * len(identity), 0, 0] = torch.cat([identity, -identity], 1)
