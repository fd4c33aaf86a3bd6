"""The memory loop in training: a student follows the targets of a batch of clips with a queue of 2, and is scored."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mobilevos_models.aggregation import soft_aggregate
from mobilevos_models.memory_read import MemoryEntry, read_memory
from mobilevos_models.mobilevos import DecoderFeatures, FrameState, MobileVOS
from mobilevos_training.losses import bootstrapped_cross_entropy, dice_loss
from mobilevos_training.recipe import Recipe


@dataclass(frozen=True)
class RolloutLosses:
    """The parts of a clip's loss, each a mean over its predicted frames."""

    cross_entropy: Tensor
    dice: Tensor


def rollout(
    model: MobileVOS, frames: Tensor, masks: Tensor, true_second: Tensor, recipe: Recipe, autocast: bool
) -> RolloutLosses:
    """Follows the targets through the clips, with the student's own soft masks in memory.

    Args:
        model: the student.
        frames: (B, T, 3, H, W) RGB in 0..255.
        masks: (B, T, H, W) int64: 0 background, 1..N targets, 255 = ignore.
        true_second: (B,) bool: clips whose second frame is memorised with its true mask.
        recipe: weights of the losses.
        autocast: whether convolutions run in bfloat16; the memory read never does.

    Returns:
        The losses, not yet weighted.
    """
    batch, length = frames.shape[:2]
    targets = int(masks[:, 0].masked_fill(masks[:, 0] == 255, 0).max())
    with torch.autocast(frames.device.type, torch.bfloat16, enabled=autocast):
        flat = frames.flatten(0, 1).contiguous(memory_format=torch.channels_last)
        states, features = model.encode_frame(flat)
    reference = _memorize(model, _at(states, batch, 0), one_hot(masks[:, 0], targets), autocast)
    memory = [reference]
    entropy, dice = [], []
    for time in range(1, length):
        state = FrameState(*_at(states, batch, time))
        readout = read_memory(state.key.float(), memory, model.prior)
        with torch.autocast(frames.device.type, torch.bfloat16, enabled=autocast):
            logits = model.decode(readout, DecoderFeatures(*_at(features, batch, time)))
        probabilities = soft_aggregate(logits.float(), dim=1)
        entropy.append(bootstrapped_cross_entropy(probabilities, masks[:, time], recipe.hardest))
        dice.append(dice_loss(probabilities, masks[:, time]))
        if time + 1 < length:
            memorised = probabilities[:, 1:]
            if time == 1:
                truth = one_hot(masks[:, 1], targets)
                memorised = torch.where(true_second.view(-1, 1, 1, 1), truth, memorised)
            memory = [reference, _memorize(model, _at(states, batch, time), memorised, autocast)]
    return RolloutLosses(torch.stack(entropy).mean(), torch.stack(dice).mean())


def one_hot(masks: Tensor, targets: int) -> Tensor:
    """(B, H, W) classes to (B, targets, H, W) float32 masks."""
    classes = torch.arange(1, targets + 1, device=masks.device).view(1, -1, 1, 1)
    return (masks.unsqueeze(1) == classes).float()


def _at(parts: tuple[Tensor, ...], batch: int, time: int) -> tuple[Tensor, ...]:
    """The parts of one frame of each clip, of tensors (B*T, ...)."""
    return tuple(part.unflatten(0, (batch, -1))[:, time] for part in parts)


def _memorize(model: MobileVOS, state: tuple[Tensor, ...], masks: Tensor, autocast: bool) -> MemoryEntry:
    with torch.autocast(masks.device.type, torch.bfloat16, enabled=autocast):
        entry = model.memorize(FrameState(state[0].float(), state[1]), masks)
    return MemoryEntry(entry.key.float(), entry.value.float())
