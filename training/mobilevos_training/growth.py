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
    first = aspp.atrous[0]
    assert isinstance(first, nn.Conv2d)
    for parameter in (*aspp.local.parameters(), *first.parameters(), *aspp.project.parameters()):
        parameter.zero_()
    positive, negative = aspp.project.weight.split(aspp.local.out_channels, 1)[:2]
    for part in (aspp.local.weight, first.weight, positive, negative):
        nn.init.dirac_(part)
    first.weight.neg_()
    negative.neg_()
