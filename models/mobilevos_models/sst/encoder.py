"""SST's encoder: layers of sparse multi-head attention and a feed-forward part, each with a skip and a norm (Eq. 3)."""

from __future__ import annotations

from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from mobilevos_models.sst.attention import ATTENTIONS, Buffer
from mobilevos_models.sst.config import Pattern, SSTConfig


class Frames(NamedTuple):
    """T frames of one video, the current one last.

    Attributes:
        features: (B, T, h, w, C) positioned embeddings, or what a layer has made of them.
        bias: (B, T) added to the logits of a frame's cells; see `Buffer`.
        owners: (B, O, T, h, w) how much of a cell belongs to each object; see `Buffer`.
    """

    features: Tensor
    bias: Tensor
    owners: Tensor


class SparseAttention(nn.Module):
    """Multi-head attention with one connectivity pattern; every cell sends a query, a key and a value."""

    def __init__(self, pattern: Pattern, kernel: int, channels: int, heads: int) -> None:
        super().__init__()
        self.attend = ATTENTIONS[pattern]
        self.kernel, self.heads = kernel, heads
        self.query = nn.Linear(channels, channels)
        self.key = nn.Linear(channels, channels)
        self.value = nn.Linear(channels, channels)
        self.output = nn.Linear(channels, channels)

    def forward(self, frames: Frames, queries: int) -> tuple[Tensor, Tensor]:
        """Attends from the last `queries` frames: (B, queries, h, w, C), and affinities (B, O, h, w)."""
        key, value = self._split(self.key(frames.features)), self._split(self.value(frames.features))
        query = self._split(self.query(frames.features[:, -queries:]))
        found = self.attend(query, Buffer(key, value, frames.bias, frames.owners), self.kernel)
        return self.output(found.values.permute(0, 2, 3, 4, 1, 5).flatten(4)), found.affinity

    def _split(self, x: Tensor) -> Tensor:
        """(B, T, h, w, C) to (B, heads, T, h, w, C/heads)."""
        return x.unflatten(4, (self.heads, -1)).permute(0, 4, 1, 2, 3, 5)


class EncoderLayer(nn.Module):
    """g_l of Eq. 3, with the norms after the skips as in Vaswani et al.

    The feed-forward part is as wide as the layer: so three layers of 128 channels have the 0.3 M of table 1.
    """

    def __init__(self, pattern: Pattern, kernel: int, channels: int, heads: int) -> None:
        super().__init__()
        self.attention = SparseAttention(pattern, kernel, channels, heads)
        self.attention_norm = nn.LayerNorm(channels)
        self.expand = nn.Linear(channels, channels)
        self.contract = nn.Linear(channels, channels)
        self.feedforward_norm = nn.LayerNorm(channels)

    def forward(self, frames: Frames, queries: int) -> tuple[Tensor, Tensor]:
        """The last `queries` frames (B, queries, h, w, C), and affinities (B, O, h, w) of the current one."""
        read, affinity = self.attention(frames, queries)
        x = self.attention_norm(frames.features[:, -queries:] + read)
        return self.feedforward_norm(x + self.contract(F.relu(self.expand(x)))), affinity


class SparseEncoder(nn.Module):
    """All layers of a config."""

    def __init__(self, config: SSTConfig) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            EncoderLayer(pattern, config.kernel, config.channels, config.heads) for pattern in config.patterns
        )

    def forward(self, frames: Frames) -> tuple[Tensor, list[Tensor]]:
        """Context of the current frame (B, h, w, C), and its affinities (B, O, h, w) of each layer.

        Nothing reads what the last layer would make of past frames, so it makes the current one only.
        """
        affinities = []
        for index, layer in enumerate(self.layers):
            queries = 1 if index == len(self.layers) - 1 else frames.features.shape[1]
            features, affinity = layer(frames, queries)
            frames = frames._replace(features=features)
            affinities.append(affinity)
        return frames.features[:, -1], affinities
