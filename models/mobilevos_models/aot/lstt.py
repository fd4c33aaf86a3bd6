"""The block of the long short-term transformer (AOT, section 4.2)."""

from __future__ import annotations

from torch import Tensor, nn

from mobilevos_models.aot.attention import LongTermAttention, SelfAttention, ShortTermAttention
from mobilevos_models.aot.block import Block, LayerMemory, LayerState, LayerView
from mobilevos_models.aot.config import CHANNELS
from mobilevos_models.aot.layers import FeedForward


class LSTTBlock(Block):
    """Self-attention; long-term plus short-term attention; feed-forward. Each with layer norm before it and a skip.

    Queries and keys are one projection: matching is siamese. The value is the normalised embedding itself until `fuse`
    adds the identity.
    """

    output_channels = CHANNELS

    def __init__(self) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(CHANNELS)
        self.self_attn = SelfAttention(CHANNELS)
        self.norm2 = nn.LayerNorm(CHANNELS)
        self.build_projections()
        self.long_term_attn = LongTermAttention(CHANNELS)
        self.short_term_attn = ShortTermAttention(CHANNELS)
        self.norm3 = nn.LayerNorm(CHANNELS)
        self.feed_forward = FeedForward(CHANNELS)

    def build_projections(self) -> None:
        """Adds the layers of `project_state` and `fuse`."""
        self.linear_Q = nn.Linear(CHANNELS, CHANNELS)
        self.linear_V = nn.Linear(CHANNELS, CHANNELS)

    def project_state(self, x: Tensor) -> LayerState:
        """Normalised embeddings (B, h*w, C) to keys, which are the queries too, and values."""
        return LayerState(self.linear_Q(x).unsqueeze(1), x.unsqueeze(1))

    def fuse(self, state: LayerState, identity: Tensor) -> LayerMemory:
        """Key and (value + identity) W_V (AOT, Eq. 3)."""
        return LayerMemory(state.key, self.linear_V(state.value + identity.unsqueeze(1)))

    def project(self, x: Tensor, position: Tensor) -> tuple[Tensor, LayerState]:
        """See `Block.project`."""
        x = x + self.self_attn(self.norm1(x), position)
        return x, self.project_state(self.norm2(x))

    def propagate(self, x: Tensor, state: LayerState, memory: LayerView, size: tuple[int, int]) -> Tensor:
        """See `Block.propagate`."""
        query = state.key.squeeze(1)
        long_key, long_value = (tensor.squeeze(1) for tensor in memory.long_term)
        short_key, short_value = (tensor.squeeze(1) for tensor in memory.short_term)
        long_term = self.long_term_attn(query, long_key, long_value, memory.bias)
        x = x + long_term + self.short_term_attn(query, short_key, short_value, size)
        return x + self.feed_forward(self.norm3(x), size)

    def output_norm(self) -> nn.Module:
        """Layer norm."""
        return nn.LayerNorm(CHANNELS)
