"""Soft aggregation of the objects' probabilities: the one place where objects compete for a pixel."""

from __future__ import annotations

import functools
import math

import torch
from torch import Tensor

EPSILON = 1e-6
# The log-odds of 1 - EPSILON, which in float16 is 1.
LARGEST_LOGIT = math.log((1.0 - EPSILON) / EPSILON)


def aggregate_logits(logits: Tensor, dim: int) -> Tensor:
    """The log-odds of background and objects, whose softmax is `soft_aggregate`; distillation tempers them.

    Args:
        logits: one logit per object along `dim`, any range.
        dim: the axis of the objects.

    Returns:
        Log-odds with one more entry along `dim`, background first.
    """
    # The background's odds are 1 / (prod(1 + e^l) - 1). Their logarithm is summed object by object and never leaves the
    # logits' range: a GPU's float16 has no probability between 0.9995 and 1, and a logarithm of 0 is not finite.
    some = logits.narrow(dim, 0, 1)
    for index in range(1, logits.shape[dim]):
        other = logits.narrow(dim, index, 1)
        both = some + other
        largest = torch.maximum(torch.maximum(some, other), both)
        total = (some - largest).exp() + (other - largest).exp() + (both - largest).exp()
        some = largest + total.log()
    background = (-some).clamp(-LARGEST_LOGIT, LARGEST_LOGIT)
    return torch.cat([background, logits], dim)


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


def object_probabilities(logits: Tensor, dim: int) -> Tensor:
    """The objects' part of `soft_aggregate`, as graphs compute it.

    Args:
        logits: one logit per object along `dim`, any range.
        dim: the axis of the objects.

    Returns:
        Probabilities of the objects, in the shape of `logits`.
    """
    if logits.shape[dim] == 1:
        return (2.0 * logits).sigmoid()
    return object_softmax(aggregate_logits(logits, dim), dim)


def object_softmax(log_odds: Tensor, dim: int) -> Tensor:
    """The softmax over background and objects without its first entry, plane by plane.

    Runtimes take a softmax row by row, which at a frame's size is hundreds of thousands of rows of a few channels, and
    far slower than these operators.

    Args:
        log_odds: of background and objects along `dim`, background first.
        dim: the axis of the objects.

    Returns:
        Probabilities of the objects, with one entry less along `dim`.
    """
    parts = log_odds.split(1, dim)
    largest = functools.reduce(torch.maximum, parts)
    background, *objects = [(part - largest).exp() for part in parts]
    total = functools.reduce(torch.add, objects, background)
    return torch.cat([part / total for part in objects], dim)
