"""Losses on the masks themselves: (bootstrapped, poly) cross-entropy, Dice and soft Jaccard, one value per clip.

None of them averages over the batch: a clip's value does not depend on the clips beside it, so the mean over any number
of processes is the mean over one large batch.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from mobilevos_sdk.errors import InvalidInputError
from mobilevos_training.losses.reduction import masked_mean

# The class of pixels that no loss may look at.
IGNORE = 255
# Probabilities are clamped here before their logarithm; the soft aggregation has the same floor.
EPSILON = 1e-6
# Pixels added to both sides of a ratio of areas, so that an object that is out of sight has a defined, small loss.
SMOOTHING = 1.0


def bootstrap_share(step: int, full_steps: int = 20_000, ramp_steps: int = 50_000, final_share: float = 0.15) -> float:
    """The share of the pixels that the bootstrapped cross-entropy keeps (STCN supplement, F.5).

    Args:
        step: optimiser steps done so far.
        full_steps: for so long, all pixels count.
        ramp_steps: then the share falls linearly from 1 to `final_share` in so many steps.
        final_share: where it stays, in (0, 1].

    Raises:
        InvalidInputError: a number of steps is negative, or `final_share` is not a share.
    """
    if min(step, full_steps, ramp_steps) < 0 or not 0 < final_share <= 1:
        raise InvalidInputError("bootstrap schedule: steps must be 0 or more and the final share in (0, 1]")
    if step < full_steps:
        return 1.0
    progress = min((step - full_steps) / ramp_steps, 1.0) if ramp_steps else 1.0
    return 1.0 - progress * (1.0 - final_share)


def bootstrapped_cross_entropy(
    probabilities: Tensor, target: Tensor, share: float, poly_epsilon: float = 0.0
) -> Tensor:
    """Mean (poly) cross-entropy of the hardest known pixels of each clip.

    `l_i = -ln p_i + poly_epsilon * (1 - p_i)` with `p_i` the probability of pixel i's true class; the clip's loss is
    the mean of its `max(1, round(share * known))` largest `l_i`. Bootstrapping: STCN supplement, F.5. The second term
    is Poly-1 (Leng et al., 2022), which MobileVOS uses with an epsilon of 1 (section 4).

    Args:
        probabilities: (B, N+1, H, W) in 0..1, background first, summing to 1.
        target: (B, H, W) int64 class of each pixel, 255 where none is known.
        share: of each clip's known pixels to keep, in (0, 1].
        poly_epsilon: weight of the linear term; 0 is cross-entropy.

    Returns:
        (B,) losses; 0 for a clip without a known pixel.

    Raises:
        InvalidInputError: `share` is not in (0, 1].
    """
    if not 0 < share <= 1:
        raise InvalidInputError(f"bootstrapped cross-entropy: the share must be in (0, 1], not {share}")
    known = target != IGNORE
    true = probabilities.gather(1, torch.where(known, target, 0).unsqueeze(1)).squeeze(1)
    losses = -true.clamp_min(EPSILON).log() + poly_epsilon * (1.0 - true)
    counts = known.flatten(1).sum(1)
    kept = (counts * share).round().long().clamp_min(1)
    # Unknown pixels come last in the order, and a clip that has no others keeps none of them.
    hardest = losses.masked_fill(~known, -torch.inf).flatten(1).topk(int(kept.max()), dim=1).values
    ranks = torch.arange(hardest.shape[1], device=target.device)
    return masked_mean(hardest, ranks < torch.minimum(kept, counts).unsqueeze(1))


def dice_loss(probabilities: Tensor, target: Tensor, present: Tensor | None = None) -> Tensor:
    """1 minus the soft Dice coefficient, averaged over the objects of each clip (Milletari et al., 2016).

    `1 - (2 sum_i p_i y_i + 1) / (sum_i p_i + sum_i y_i + 1)` over the known pixels i, for each object.

    Args:
        probabilities: (B, N+1, H, W) in 0..1, background first.
        target: (B, H, W) int64 class of each pixel, 255 where none is known.
        present: (B, N) bool, the objects that exist; none means all. Padded objects do not count.

    Returns:
        (B,) losses in 0..1; 0 for a clip without objects.
    """
    areas = _areas(probabilities, target)
    dice = (2 * areas.overlap + SMOOTHING) / (areas.predicted + areas.true + SMOOTHING)
    return _mean_over_objects(1.0 - dice, present)


def soft_jaccard_loss(probabilities: Tensor, target: Tensor, present: Tensor | None = None) -> Tensor:
    """1 minus the soft intersection over union, averaged over the objects of each clip (AOT, section 5).

    `1 - (sum_i p_i y_i + 1) / (sum_i p_i + sum_i y_i - sum_i p_i y_i + 1)` over the known pixels i, for each object.

    Args:
        probabilities: (B, N+1, H, W) in 0..1, background first.
        target: (B, H, W) int64 class of each pixel, 255 where none is known.
        present: (B, N) bool, the objects that exist; none means all. Padded objects do not count.

    Returns:
        (B,) losses in 0..1; 0 for a clip without objects.
    """
    areas = _areas(probabilities, target)
    union = areas.predicted + areas.true - areas.overlap
    return _mean_over_objects(1.0 - (areas.overlap + SMOOTHING) / (union + SMOOTHING), present)


class _Areas(NamedTuple):
    """Soft areas of each object in pixels, all (B, N)."""

    overlap: Tensor
    predicted: Tensor
    true: Tensor


def _areas(probabilities: Tensor, target: Tensor) -> _Areas:
    known = (target != IGNORE).unsqueeze(1)
    predicted = probabilities[:, 1:] * known
    classes = torch.arange(1, probabilities.shape[1], device=target.device).view(1, -1, 1, 1)
    true = (target.unsqueeze(1) == classes).to(predicted.dtype)
    return _Areas((predicted * true).sum((2, 3)), predicted.sum((2, 3)), true.sum((2, 3)))


def _mean_over_objects(losses: Tensor, present: Tensor | None) -> Tensor:
    return masked_mean(losses, torch.ones_like(losses, dtype=torch.bool) if present is None else present)
