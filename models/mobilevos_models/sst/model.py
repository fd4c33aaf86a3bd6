"""SST: attention over a buffer of frames, whose weights carry the objects' masks to the current frame.

A frame is embedded once. To segment one, the sparse encoder runs over the buffer of the memory's frames and the current
one; the decoder sees, for each object, the current embedding, what the encoder made of it and the object's affinities.

The paper leaves the decoder to CFBI's and embeds frames with a ResNet-101; no code of the model is public. Here the
backbone is a ResNet50 up to stride 16, the decoder is the one of the space-time memory networks of this project, and
objects compete in soft aggregation. This model is for PyTorch: it has tensors of rank 6 and more, which phones' GPUs do
not take.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mobilevos_models.aggregation import soft_aggregate
from mobilevos_models.backbones import ResNet50
from mobilevos_models.blocks import ResBlock, UpsampleBlock
from mobilevos_models.memory_read import SILENT_LOGIT
from mobilevos_models.mobilevos import STRIDE, repeat_per_object, upsample_logits
from mobilevos_models.normalisation import Normalisation
from mobilevos_models.sst.config import SSTConfig
from mobilevos_models.sst.encoder import Frames, SparseEncoder
from mobilevos_models.sst.positions import positional_encoding


class SSTEntry(NamedTuple):
    """One memorised frame, which all of its objects share.

    Attributes:
        embedding: (B, 1, h*w, C) of the frame, without positions.
        owners: (B, N, h*w, 1) the share of each cell that belongs to an object, 0..1.
    """

    embedding: Tensor
    owners: Tensor


class SSTState(NamedTuple):
    """What a frame leaves behind until it is memorised: its embedding (B, C, h, w)."""

    embedding: Tensor


class Skips(NamedTuple):
    """The decoder's own features of the current frame: projected, (B, D, H/8, W/8) and (B, D, H/4, W/4)."""

    skip8: Tensor
    skip4: Tensor


class SST(nn.Module):
    """A sparse spatiotemporal transformer.

    Frames are (B, 3, H, W) float32 RGB in 0..255 with H and W multiples of 16; masks are (B, N, H, W) float32 in 0..1.
    A memory of Q slots is a buffer of Q + 1 frames: tau = 3 of the paper is a queue of 2.
    """

    def __init__(self, config: SSTConfig) -> None:
        super().__init__()
        self.config = config
        self.key_encoder = ResNet50()
        skip4, skip8, deep = self.key_encoder.channels
        wide, middle, narrow = config.decoder_channels
        self.embedding = nn.Conv2d(deep, config.channels, 1)
        self.encoder = SparseEncoder(config)
        # An object's own affinity and the strongest other one, in each layer.
        self.compress = ResBlock(2 * config.channels + 2 * len(config.patterns), wide)
        self.up16_8 = UpsampleBlock(skip8, wide, middle)
        self.up8_4 = UpsampleBlock(skip4, middle, narrow)
        self.prediction = nn.Conv2d(narrow, 1, 3, padding=1)
        self.normalise = Normalisation()

    def frame_convolutions(self) -> tuple[nn.Conv2d, ...]:
        """The convolutions that see the normalised frame."""
        return (self.key_encoder.stem,)

    def encode_frame(self, frame: Tensor) -> tuple[SSTState, Skips]:
        """Encodes frames (B, 3, H, W) once, for attention, decoding and memorising."""
        pyramid = self.key_encoder(self.normalise(frame))
        skips = Skips(self.up16_8.project(pyramid.stride8), self.up8_4.project(pyramid.stride4))
        return SSTState(self.embedding(pyramid.stride16)), skips

    def memorize(self, state: SSTState, masks: Tensor) -> SSTEntry:
        """Makes a memory entry of a frame's state and its objects' masks (B, N, H, W)."""
        owners = F.avg_pool2d(masks, STRIDE)
        return SSTEntry(state.embedding.flatten(2).transpose(1, 2).unsqueeze(1), owners.flatten(2).unsqueeze(3))

    def propagate(self, state: SSTState, memory: Sequence[SSTEntry], valid: Tensor | None = None) -> Tensor:
        """Runs the encoder over the buffer.

        Args:
            state: of the current frame.
            memory: slots of the queue: the reference frame first, then the others from the newest to the oldest.
            valid: (B, 1 or N, 1, slots), 1 where a slot holds a frame of an object and 0 where it does not; none
                means that all do. A frame is attended to if any object has it.

        Returns:
            (B*N, 2C+2L, h, w): for each object the embedding, its context (T_L of Eq. 3), and for each layer the
            affinity with the object and the largest one with any other, background included.
        """
        frames = self._buffer(state.embedding, memory, valid)
        context, affinities = self.encoder(frames)
        shared = torch.cat([state.embedding, context.permute(0, 3, 1, 2)], 1)
        generalised = torch.stack(affinities, 2)  # B, N+1, L, h, w
        objects = generalised.shape[1] - 1
        others = [
            torch.cat([generalised[:, : index + 1], generalised[:, index + 2 :]], 1).amax(1) for index in range(objects)
        ]
        own = generalised[:, 1:].flatten(0, 1)
        rival = torch.stack(others, 1).flatten(0, 1)
        return torch.cat([repeat_per_object(shared, objects), own, rival], 1)

    def decode_features(self, propagated: Tensor, skips: Skips) -> Tensor:
        """Turns what `propagate` returns into what the last convolution sees: (B*N, D, H/4, W/4), not negative."""
        objects = propagated.shape[0] // skips.skip8.shape[0]
        x = self.up16_8(self.compress(propagated), repeat_per_object(skips.skip8, objects))
        return F.relu(self.up8_4(x, repeat_per_object(skips.skip4, objects)))

    def segment_logits(
        self, frame: Tensor, memory: Sequence[SSTEntry], valid: Tensor | None = None
    ) -> tuple[Tensor, SSTState]:
        """Logits (B, N, H, W) of each object before aggregation, and the frame's state."""
        state, skips = self.encode_frame(frame)
        logits = upsample_logits(self.prediction(self.decode_features(self.propagate(state, memory, valid), skips)))
        return logits.reshape(frame.shape[0], -1, *logits.shape[-2:]), state

    def start(self, frame: Tensor, masks: Tensor) -> SSTEntry:
        """The memory entry of a first frame and its objects' masks."""
        state, _ = self.encode_frame(frame)
        return self.memorize(state, masks)

    def segment(
        self, frame: Tensor, memory: Sequence[SSTEntry], valid: Tensor | None = None
    ) -> tuple[Tensor, SSTState]:
        """Probabilities (B, N+1, H, W), background first, and the frame's state."""
        logits, state = self.segment_logits(frame, memory, valid)
        return soft_aggregate(logits, dim=1), state

    def _buffer(self, embedding: Tensor, memory: Sequence[SSTEntry], valid: Tensor | None) -> Frames:
        """The slots and then the current frame, with positions and with the objects that own their cells."""
        channels, height, width = embedding.shape[1:]
        past = torch.stack([entry.embedding[:, 0] for entry in memory], 1).unflatten(2, (height, width))
        features = torch.cat([past, embedding.permute(0, 2, 3, 1).unsqueeze(1)], 1)
        positions = positional_encoding(frame_ages(len(memory), embedding), height, width, channels)
        owners = torch.stack([entry.owners[..., 0] for entry in memory], 2)  # B, N, Q, h*w
        filled = torch.ones_like(owners[:, 0, :, 0])
        if valid is not None:
            owners = owners * valid[:, :, 0, :, None]
            filled = valid[:, :, 0].amax(1)
        background = (1.0 - owners.sum(1, keepdim=True)).clamp(min=0.0) * filled[:, None, :, None]
        generalised = torch.cat([background, owners], 1)
        # Nobody owns the current frame yet, so no affinity comes from it.
        generalised = F.pad(generalised, (0, 0, 0, 1)).unflatten(3, (height, width))
        return Frames(features + positions, F.pad((1.0 - filled) * SILENT_LOGIT, (0, 1)), generalised)


def frame_ages(slots: int, like: Tensor) -> Tensor:
    """(slots + 1,) positions in time: how long ago a slot's frame was, the current one's 0 last.

    The first slot holds the reference frame, which does not move: it counts as the oldest, whatever its age. Ages stay
    small in long videos, of which training has none.
    """
    return torch.tensor([slots, *range(1, slots), 0], dtype=like.dtype, device=like.device)
