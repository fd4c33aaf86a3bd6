"""Segmentation losses on soft-aggregated probabilities: bootstrapped cross-entropy and Dice."""

from __future__ import annotations

import torch
from torch import Tensor

EPSILON = 1e-6


def bootstrapped_cross_entropy(probabilities: Tensor, target: Tensor, hardest: float, ignore: int = 255) -> Tensor:
    """Mean cross-entropy of the hardest pixels of each clip (hard pixel mining, STCN supplement F.5).

    Args:
        probabilities: (B, N+1, H, W) in 0..1, background first, summing to 1.
        target: (B, H, W) int64 class of each pixel, `ignore` where none is known.
        hardest: the share of the pixels to keep, in (0, 1].
        ignore: the class of pixels that do not count.
    """
    known = target != ignore
    chosen = probabilities.gather(1, torch.where(known, target, 0).unsqueeze(1)).squeeze(1)
    loss = -chosen.clamp_min(EPSILON).log() * known
    flat = loss.flatten(1)
    kept = max(int(flat.shape[1] * hardest), 1)
    return flat.topk(kept, dim=1).values.mean()


def dice_loss(probabilities: Tensor, target: Tensor, ignore: int = 255) -> Tensor:
    """1 minus the soft Dice coefficient of each object, averaged (Milletari et al., 2016).

    Args:
        probabilities: (B, N+1, H, W), background first.
        target: (B, H, W) int64 class of each pixel.
        ignore: the class of pixels that do not count.
    """
    known = (target != ignore).unsqueeze(1)
    objects = probabilities[:, 1:] * known
    classes = torch.arange(1, probabilities.shape[1], device=target.device).view(1, -1, 1, 1)
    truth = (target.unsqueeze(1) == classes).to(objects.dtype)
    overlap = (objects * truth).sum((2, 3))
    total = objects.sum((2, 3)) + truth.sum((2, 3))
    return (1 - (2 * overlap + 1) / (total + 1)).mean()
