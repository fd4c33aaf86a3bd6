"""The memory loop in training: a model follows the targets of a batch of clips, with its own soft masks in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from mobilevos_training.families import Family, WalkOptions, family_of


class Followed(NamedTuple):
    """What a model makes of the F predicted frames of clips: its family's `Prediction`s. All float32.

    Attributes:
        logits: (B, F, K, h, w).
        representation: (B, F, R, D, h, w).
        readout: (B, F, R, n, C).
    """

    logits: Tensor
    representation: Tensor
    readout: Tensor

    def frames(self, first: int, stop: int | None = None) -> Followed:
        """Some of the predicted frames."""
        return Followed(*(part[:, first:stop] for part in self))


def follow(
    model: nn.Module,
    frames: Tensor,
    masks: Tensor,
    present: Tensor,
    options: WalkOptions,
    forced: Tensor | None = None,
    reference: bool = False,
    damage: Callable[[Tensor], Tensor] | None = None,
) -> list[Followed]:
    """Follows the targets through the clips, all frames but the first.

    Args:
        model: any model of a family that training knows.
        frames: (B, T, 3, H, W) RGB in 0..255, float32.
        masks: (B, T, H, W) int64: 0 background, 1..N targets. The first frame's is read, and those of forced frames.
        present: (B, N) bool: the targets that a clip has.
        options: the memory, and what else differs between training and teaching.
        forced: (B,) int64: how many frames of a clip, from the second on, are memorised with true masks and not with
            predictions; none forces nothing.
        reference: whether the first frame is predicted too, from its own memory; it is then the first of the result.
        damage: what becomes of predicted masks (B, N, H, W) before they are memorised.

    Returns:
        What each depth that the options ask for predicts, the deepest last; its masks are those in memory.
    """
    family, (length, targets) = family_of(model), (frames.shape[1], present.shape[1])
    walk = family.walk(model, frames, present, options)
    walk.memorize(0, one_hot(masks[:, 0], targets))
    # What no later frame reads is not memorised.
    steps, last = [], 1 if options.queue == 1 and options.gap is None else length - 1
    for time in range(0 if reference else 1, length):
        steps.append(walk.predict(time))
        if 0 < time < last:
            soft = soft_masks(family, steps[-1][-1].logits, frames.shape[-2:])
            if not options.through_masks:
                soft = soft.detach()
            if damage is not None:
                soft = damage(soft)
            if forced is not None:
                soft = torch.where((forced >= time).view(-1, 1, 1, 1), one_hot(masks[:, time], targets), soft)
            walk.memorize(time, soft)
    depths = zip(*steps, strict=True)
    return [Followed(*(torch.stack(parts, 1) for parts in zip(*depth, strict=True))) for depth in depths]


def soft_masks(family: Family[nn.Module], logits: Tensor, size: tuple[int, ...]) -> Tensor:
    """The probabilities (B, N, H, W) of the objects of one frame."""
    height, width = size
    return family.log_odds(logits, (height, width)).softmax(1)[:, 1:]


def one_hot(masks: Tensor, targets: int) -> Tensor:
    """(B, H, W) classes to (B, targets, H, W) float32 masks."""
    classes = torch.arange(1, targets + 1, device=masks.device).view(1, -1, 1, 1)
    return (masks.unsqueeze(1) == classes).float()
