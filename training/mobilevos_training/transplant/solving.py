"""The heads that fit an encoder best: ridge regression on a donor's outputs, in closed form."""

from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor

from mobilevos_models.mobilevos import SpaceTimeNetwork
from mobilevos_training.transplant.heads import HeadWeights, head_inputs, head_outputs

# Of each column's variance.
RIDGE = 1e-3
KERNEL = 3


@torch.no_grad()
def solve_heads(student: SpaceTimeNetwork, donor: SpaceTimeNetwork, batches: Iterable[Tensor]) -> list[HeadWeights]:
    """The heads, of the donor's widths, with which a student's encoder comes closest to what the donor's heads give.

    Args:
        student: its key encoder is all that is looked at.
        donor: the trained network.
        batches: at least one, of frames (B, 3, H, W) float32 RGB in 0..255; together some hundred crops.
    """
    sums: list[tuple[Tensor, Tensor]] = []
    for frames in batches:
        inputs = head_inputs(student.key_encoder(student.normalise(frames)))
        found = [_normal_equations(x, y) for x, y in zip(inputs, head_outputs(donor, frames), strict=True)]
        sums = [(a + x, b + y) for (a, b), (x, y) in zip(sums, found, strict=True)] if sums else found
    return [_ridge(gram, moments) for gram, moments in sums]


def _normal_equations(features: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """X'X and X'Y of a 3x3 convolution, float64; the last column of X is 1."""
    x = F.unfold(features, KERNEL, padding=KERNEL // 2).transpose(1, 2).flatten(0, 1).double()
    x = torch.cat([x, x.new_ones(len(x), 1)], 1)
    y = targets.flatten(2).transpose(1, 2).flatten(0, 1).double()
    return x.T @ x, x.T @ y


def _ridge(gram: Tensor, moments: Tensor) -> HeadWeights:
    """Ridge regression on standardised columns."""
    count = gram[-1, -1]
    mean, mean_target = gram[-1, :-1] / count, moments[-1] / count
    covariance = gram[:-1, :-1] - count * mean.outer(mean)
    # A channel that never fires has no variance and gets no weight.
    penalty = RIDGE * covariance.diagonal() + torch.finfo(gram.dtype).eps * covariance.diagonal().mean()
    weight = torch.linalg.solve(covariance + penalty.diag(), moments[:-1] - count * mean.outer(mean_target)).T
    bias = mean_target - weight @ mean
    return HeadWeights(weight.unflatten(1, (-1, KERNEL, KERNEL)).float(), bias.float())
