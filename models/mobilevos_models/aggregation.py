"""Soft aggregation of the objects' probabilities: the one place where objects compete for a pixel."""

from __future__ import annotations

import torch
from torch import Tensor

EPSILON = 1e-6


def aggregate_logits(logits: Tensor, dim: int) -> Tensor:
    """The log-odds of background and objects, whose softmax is `soft_aggregate`; distillation tempers them.

    Args:
        logits: one logit per object along `dim`, any range.
        dim: the axis of the objects.

    Returns:
        Log-odds with one more entry along `dim`, background first.
    """
    foreground = logits.sigmoid()
    background = 1.0 - foreground.narrow(dim, 0, 1)
    for index in range(1, logits.shape[dim]):
        background = background * (1.0 - foreground.narrow(dim, index, 1))
    background = background.clamp(EPSILON, 1.0 - EPSILON)
    background_logit = background.log() - (1.0 - background).log()
    return torch.cat([background_logit, logits], dim)


def soft_aggregate(logits: Tensor, dim: int) -> Tensor:
    """Aggregates independent objects into one distribution (STM, Oh et al. 2019, section 3.5; STCN uses the same).

    The background's probability is the product of (1 - p) over the objects; the odds of background and objects are then
    normalised to sum to one. For one object this is `sigmoid(2 * logit)`.

    Args:
        logits: one logit per object along `dim`, any range.
        dim: the axis of the objects.

    Returns:
        Probabilities of background and objects, with one more entry along `dim`, background first.
    """
    return aggregate_logits(logits, dim).softmax(dim)
