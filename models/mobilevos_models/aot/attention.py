"""Attention with heads, over all cells of a memory (self-attention, long-term) or over a window (short-term)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mobilevos_models.local_attention import local_attention

HEADS = 8
# Cells on a side of the window of the short-term attention (lambda of section 5).
WINDOW = 15


def split_heads(x: Tensor, heads: int) -> Tensor:
    """(B, T, heads*D) to (B, heads, T, D)."""
    batch, tokens, channels = x.shape
    return x.reshape(batch, tokens, heads, channels // heads).transpose(1, 2)


def merge_heads(x: Tensor) -> Tensor:
    """(B, heads, T, D) to (B, T, heads*D)."""
    batch, heads, tokens, channels = x.shape
    return x.transpose(1, 2).reshape(batch, tokens, heads * channels)


def attend(query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None = None) -> Tensor:
    """Scaled dot-product attention (AOT, Eq. 1).

    Args:
        query: (B, heads, T, D).
        key: (B, heads, M, D).
        value: (B, heads, M, Dv).
        bias: (B, 1, 1, M) to add to the logits.

    Returns:
        (B, heads, T, Dv).
    """
    if not torch.compiler.is_exporting():  # four times as fast; an exported graph has the products and the softmax
        return F.scaled_dot_product_attention(query, key, value, bias)
    logits = (query * query.shape[-1] ** -0.5) @ key.transpose(2, 3)
    if bias is not None:
        logits = logits + bias
    return logits.softmax(-1) @ value


class SelfAttention(nn.Module):
    """Multi-head attention of a frame to itself; queries and keys know their position, values do not."""

    def __init__(self, channels: int, heads: int = HEADS) -> None:
        super().__init__()
        self.heads = heads
        self.linear_Q = nn.Linear(channels, channels)
        self.linear_K = nn.Linear(channels, channels)
        self.linear_V = nn.Linear(channels, channels)
        self.projection = nn.Linear(channels, channels)

    def forward(self, x: Tensor, position: Tensor) -> Tensor:
        """Embeddings (B, T, C) and their positions (1, T, C) to (B, T, C)."""
        placed = x + position
        parts = (self.linear_Q(placed), self.linear_K(placed), self.linear_V(x))
        query, key, value = (split_heads(part, self.heads) for part in parts)
        return self.projection(merge_heads(attend(query, key, value)))


class LongTermAttention(nn.Module):
    """Multi-head attention to all cells of the long-term memory (AOT, section 4.2)."""

    def __init__(self, channels: int, heads: int = HEADS) -> None:
        super().__init__()
        self.heads = heads
        self.projection = nn.Linear(channels, channels)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None = None) -> Tensor:
        """Query (B, T, C), key and value (B, M, C), bias (B, 1, 1, M) on the logits, to (B, T, C)."""
        query, key, value = (split_heads(x, self.heads) for x in (query, key, value))
        return self.projection(merge_heads(attend(query, key, value, bias)))


class RelativeKeys(nn.Module):
    """For each offset in the window a key that every query meets there, and a bias."""

    def __init__(self, channels: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads = heads
        # As the reference implementation has them: a 1x1 convolution of unscaled queries, whose groups are the heads.
        self.weight = nn.Parameter(torch.zeros(heads * window**2, channels // heads, 1, 1))
        self.bias = nn.Parameter(torch.zeros(heads * window**2))

    def forward(self) -> Tensor:
        """(heads, window**2, D + 1) for scaled queries of D channels, with the bias in the last channel."""
        channels = self.weight.shape[1]
        weight = self.weight.reshape(self.heads, -1, channels) * channels**0.5
        return torch.cat([weight, self.bias.reshape(self.heads, -1, 1)], 2)


class ShortTermAttention(nn.Module):
    """Multi-head attention to a window of the previous frame, with relative positions (AOT, section 4.2)."""

    def __init__(self, channels: int, heads: int = HEADS, window: int = WINDOW) -> None:
        super().__init__()
        self.heads, self.window = heads, window
        self.relative_emb_k = RelativeKeys(channels, heads, window)
        self.relative_emb_v = nn.Parameter(torch.zeros(heads, channels // heads, window**2))
        self.projection = nn.Linear(channels, channels)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, size: tuple[int, int]) -> Tensor:
        """Query, key and value (B, h*w, C) of maps of `size` to (B, h*w, C)."""
        query, key, value = (split_heads(x, self.heads) for x in (query, key, value))
        read = local_attention(
            query * query.shape[-1] ** -0.5,
            key,
            value,
            self.relative_emb_k(),
            size,
            self.window,
            self.relative_emb_v.transpose(1, 2),
        )
        return self.projection(merge_heads(read))
