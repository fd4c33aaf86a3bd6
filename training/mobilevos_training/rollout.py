"""The memory loop in training: a model follows the targets of a batch of clips, with its own soft masks in memory."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from mobilevos_models.aggregation import soft_aggregate
from mobilevos_models.memory_read import MemoryEntry, read_memory
from mobilevos_models.mobilevos import DecoderFeatures, FrameState, MobileVOS, upsample_logits

# The logit of an object that a clip of the batch does not have: it gets no probability and passes no gradient.
ABSENT_LOGIT = -1e4


class Followed(NamedTuple):
    """What a model makes of the F predicted frames of clips. All float32.

    Attributes:
        logits: (B, F, N, H/4, W/4) logits of each object before upsampling and aggregation; `ABSENT_LOGIT` where a
            clip has no such object.
        representation: (B, F, N, D, H/4, W/4) what the last convolution sees.
        readout: (B, F, N, h*w, Cv) what the memory read returns.
    """

    logits: Tensor
    representation: Tensor
    readout: Tensor

    def frames(self, first: int, stop: int | None = None) -> Followed:
        """Some of the predicted frames."""
        return Followed(*(part[:, first:stop] for part in self))


def follow(
    model: MobileVOS,
    frames: Tensor,
    masks: Tensor,
    present: Tensor,
    queue: int | None,
    forced: Tensor | None = None,
    autocast: torch.dtype | None = None,
    reference: bool = False,
) -> Followed:
    """Follows the targets through the clips, all frames but the first.

    Args:
        model: any student.
        frames: (B, T, 3, H, W) RGB in 0..255, float32.
        masks: (B, T, H, W) int64: 0 background, 1..N targets. The first frame's is read, and the second's where forced.
        present: (B, N) bool: the targets that a clip has.
        queue: slots of the memory: the first frame stays, the others are first in, first out. None keeps all.
        forced: (B,) bool: clips whose second frame is memorised with its true mask and not with the prediction.
        autocast: the dtype of convolutions; the memory read is always in float32. None runs all in float32.
        reference: whether the first frame is predicted too, from its own memory; it is then the first of the result.
    """
    batch, length = frames.shape[:2]
    targets = present.shape[1]
    with torch.autocast(frames.device.type, autocast, enabled=autocast is not None):
        states, features = model.encode_frame(frames.flatten(0, 1).contiguous(memory_format=torch.channels_last))
    memory = [_memorize(model, _at(states, batch, 0), one_hot(masks[:, 0], targets), autocast)]
    steps: list[tuple[Tensor, Tensor, Tensor]] = []
    for time in range(0 if reference else 1, length):
        state = _at(states, batch, time)
        readout = read_memory(state[0].float(), memory, model.prior)
        with torch.autocast(frames.device.type, autocast, enabled=autocast is not None):
            representation = model.decode_features(readout, DecoderFeatures(*_at(features, batch, time)))
            logits = model.prediction(representation)
        logits = logits.float().view(batch, targets, *logits.shape[-2:])
        logits = logits.masked_fill(~present[..., None, None], ABSENT_LOGIT)
        steps.append((logits, representation.float().unflatten(0, (batch, targets)), readout))
        if 0 < time < length - 1 and queue != 1:
            soft = soft_aggregate(upsample_logits(logits), dim=1)[:, 1:]
            if time == 1 and forced is not None:
                soft = torch.where(forced.view(-1, 1, 1, 1), one_hot(masks[:, 1], targets), soft)
            entry = _memorize(model, state, soft, autocast)
            memory = [memory[0], entry, *memory[1:]][:queue]
    return Followed(*(torch.stack(parts, 1) for parts in zip(*steps, strict=True)))


def one_hot(masks: Tensor, targets: int) -> Tensor:
    """(B, H, W) classes to (B, targets, H, W) float32 masks."""
    classes = torch.arange(1, targets + 1, device=masks.device).view(1, -1, 1, 1)
    return (masks.unsqueeze(1) == classes).float()


def _at(parts: tuple[Tensor, ...], batch: int, time: int) -> tuple[Tensor, ...]:
    """The parts of one frame of each clip, of tensors (B*T, ...)."""
    return tuple(part.unflatten(0, (batch, -1))[:, time] for part in parts)


def _memorize(model: MobileVOS, state: tuple[Tensor, ...], masks: Tensor, autocast: torch.dtype | None) -> MemoryEntry:
    with torch.autocast(masks.device.type, autocast, enabled=autocast is not None):
        entry = model.memorize(FrameState(state[0].float(), state[1]), masks)
    return MemoryEntry(entry.key.float(), entry.value.float())
