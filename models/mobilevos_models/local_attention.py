"""Local attention with relative positions, without unfold: blocks of queries, and skewing by padding and reshaping.

AOT's short-term attention (Yang et al., section 4.2) lets a cell see a window of the previous frame. The window differs
from cell to cell, so the plain form gathers `window**2` keys for each of them, which is slow on a CPU and not possible
on a phone's GPU. Here the picture is cut into blocks of queries; a block reads one rectangle of keys, in two matrix
products, and each query's window is a shifted part of that rectangle. The shift is a change of the row length:
with rows of length n, element `i + j` of row i lies where element j of row i lies with rows of length n + 1.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from mobilevos_models.memory_read import SILENT_LOGIT

# What gathering a key costs, in products with a query: an estimate, to choose a block by.
GATHER_COST = 16


class Blocks(NamedTuple):
    """How a map is cut into blocks of queries.

    Attributes:
        height, width: of a block, in cells.
        rows, columns: how many there are. They may reach beyond the map's lower and right border.
        radius: how far a query sees.
    """

    height: int
    width: int
    rows: int
    columns: int
    radius: int

    @property
    def key_height(self) -> int:
        """Rows of keys that a block reads."""
        return self.height + 2 * self.radius

    @property
    def key_width(self) -> int:
        """Columns of keys that a block reads."""
        return self.width + 2 * self.radius


def local_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    position_logits: Tensor,
    size: tuple[int, int],
    window: int,
    position_values: Tensor | None = None,
) -> Tensor:
    """Attention of each cell to the window around it (AOT, section 4.2; Table 2b of the paper has its worth).

    With offsets o in row-major order, dy first, from -(window // 2) to window // 2, a cell p gets
    `sum_o a_o (v[p + o] + r_o)`, where `a = softmax_o(q[p] . k[p + o] + position_logits[p, o])` over the offsets that
    stay in the picture and r are the position values.

    Args:
        query: (B, heads, h*w, D), scaled.
        key: (B, heads, h*w, D).
        value: (B, heads, h*w, Dv).
        position_logits: (B, heads, h*w, window**2).
        size: h and w.
        window: cells on a side, odd.
        position_values: (heads, window**2, Dv).

    Returns:
        (B, heads, h*w, Dv).
    """
    batch, heads = query.shape[:2]
    blocks = query_blocks(size, window)
    query, key, value, logits = (_to_map(x, size) for x in (query, key, value, position_logits))
    logits = logits + _outside(size, window, logits)
    key, value = _pad_keys(key, blocks, size), _pad_keys(value, blocks, size)
    bands = []
    for top in range(0, size[0], blocks.height):  # one row of blocks after another: what is at work stays in the cache
        rows, seen = slice(top, top + blocks.height), slice(top, top + blocks.key_height)
        own = _cut_queries(query[:, rows], blocks) @ _cut_keys(key[:, seen], blocks).mT
        band = logits[:, rows]
        attention = (_join(_to_windows(own, blocks), blocks, band.shape) + band).softmax(-1)
        read = _to_keys(_cut_queries(attention, blocks), blocks) @ _cut_keys(value[:, seen], blocks)
        band = _join(read, blocks, (*band.shape[:3], value.shape[3])).reshape(batch, heads, -1, value.shape[3])
        if position_values is not None:
            band = band + attention.reshape(batch, heads, -1, window**2) @ position_values
        bands.append(band)
    return torch.cat(bands, 2)


def local_attention_macs(size: tuple[int, int], window: int, key_channels: int, value_channels: int) -> int:
    """Multiply-accumulates of the definition over all heads: each cell with its whole window."""
    return size[0] * size[1] * window**2 * (key_channels + value_channels)


@cache
def query_blocks(size: tuple[int, int], window: int) -> Blocks:
    """The blocks that cost least: large ones multiply in vain, small ones gather the same keys again and again."""
    radius = window // 2

    def cost(blocks: Blocks) -> int:
        keys = blocks.key_height * blocks.key_width
        return blocks.rows * blocks.columns * keys * (blocks.height * blocks.width + GATHER_COST)

    candidates = (
        Blocks(height, width, -(-size[0] // height), -(-size[1] // width), radius)
        for height in range(1, size[0] + 1)
        for width in range(1, size[1] + 1)
    )
    return min(candidates, key=cost)


def _to_map(x: Tensor, size: tuple[int, int]) -> Tensor:
    """(B, heads, h*w, D) to (B*heads, h, w, D)."""
    return x.reshape(x.shape[0] * x.shape[1], *size, x.shape[3])


def _pad_keys(x: Tensor, blocks: Blocks, size: tuple[int, int]) -> Tensor:
    """(G, h, w, D) with zeros around the picture, as far as any block sees."""
    below = blocks.rows * blocks.height - size[0] + blocks.radius
    right = blocks.columns * blocks.width - size[1] + blocks.radius
    return F.pad(x, (0, 0, blocks.radius, right, blocks.radius, below))


def _cut_queries(x: Tensor, blocks: Blocks) -> Tensor:
    """A row of blocks (G, <= height, w, D) to (columns*G, height*width, D), zeros beyond the map."""
    groups, height, width, channels = x.shape
    missing = (blocks.height - height, blocks.columns * blocks.width - width)
    if any(missing):
        x = F.pad(x, (0, 0, 0, missing[1], 0, missing[0]))
    lefts = range(0, blocks.columns * blocks.width, blocks.width)
    parts = [x[:, :, left : left + blocks.width] for left in lefts]
    return torch.cat(parts).reshape(blocks.columns * groups, -1, channels)


def _cut_keys(x: Tensor, blocks: Blocks) -> Tensor:
    """What a row of blocks sees, (G, key_height, columns*width + 2*radius, D), to (columns*G, keys of a block, D)."""
    lefts = range(0, blocks.columns * blocks.width, blocks.width)
    parts = [x[:, :, left : left + blocks.key_width] for left in lefts]
    return torch.cat(parts).reshape(len(parts) * x.shape[0], -1, x.shape[3])


def _join(x: Tensor, blocks: Blocks, shape: tuple[int, ...]) -> Tensor:
    """The inverse of `_cut_queries`, to (G, <= height, w, D) of a given shape."""
    x = x.reshape(-1, blocks.height, blocks.width, shape[3])
    parts = [x[first : first + shape[0]] for first in range(0, x.shape[0], shape[0])]
    return torch.cat(parts, 2)[:, : shape[1], : shape[2]]


def _to_windows(x: Tensor, blocks: Blocks) -> Tensor:
    """(N, height*width, keys of a block) to (N, height*width, window**2): each query's own window of the rectangle."""
    count, area = x.shape[0], blocks.key_height * blocks.key_width
    window = 2 * blocks.radius + 1
    # By one cell more for each column of the block, then by one row of keys more for each row of the block.
    x = _longer_rows(x.reshape(count * blocks.height, blocks.width, area), 1)
    x = _longer_rows(x.reshape(count, blocks.height, blocks.width * area), blocks.key_width)
    x = x.reshape(count * blocks.height * blocks.width, blocks.key_height, blocks.key_width)
    return x[:, :window, :window].reshape(count, blocks.height * blocks.width, window**2)


def _to_keys(x: Tensor, blocks: Blocks) -> Tensor:
    """The inverse of `_to_windows`, zero outside each query's window."""
    count, area = x.shape[0], blocks.key_height * blocks.key_width
    window = 2 * blocks.radius + 1
    x = x.reshape(1, count * blocks.height * blocks.width, window, window)
    x = F.pad(x, (0, blocks.width - 1, 0, blocks.height - 1))
    x = _shorter_rows(x.reshape(count, blocks.height, blocks.width * area), blocks.key_width)
    x = _shorter_rows(x.reshape(count * blocks.height, blocks.width, area), 1)
    return x.reshape(count, blocks.height * blocks.width, area)


def _longer_rows(x: Tensor, shift: int) -> Tensor:
    """(N, rows, n): row i moves left by `i * shift`; what enters on the right is not meant to be read."""
    count, rows, length = x.shape
    if rows == 1:
        return x
    # With four axes: LiteRT's GPU accelerator refuses to pad two of them, and pads three in the wrong place.
    flat = F.pad(x.reshape(1, count, 1, rows * length), (0, rows * shift))
    return flat.reshape(count, rows, length + shift)[:, :, :length]


def _shorter_rows(x: Tensor, shift: int) -> Tensor:
    """(N, rows, n): row i moves right by `i * shift`; zeros enter on the left, what leaves on the right is zero."""
    count, rows, length = x.shape
    if rows == 1:
        return x
    flat = F.pad(x.reshape(1, count, rows, length), (0, shift)).reshape(count, rows * (length + shift))
    return flat[:, : rows * length].reshape(count, rows, length)


@cache
def _outside_rows(length: int, window: int) -> tuple[tuple[float, ...], ...]:
    """For each cell of an axis and each offset: 0 in the picture, `SILENT_LOGIT` outside."""
    radius = window // 2
    offsets = range(-radius, radius + 1)
    return tuple(tuple(0.0 if 0 <= cell + o < length else SILENT_LOGIT for o in offsets) for cell in range(length))


def _outside(size: tuple[int, int], window: int, like: Tensor) -> Tensor:
    """(h, w, window**2) logits of the picture's border, for a map (G, h, w, window**2)."""
    rows, columns = (torch.tensor(_outside_rows(length, window), dtype=like.dtype) for length in size)
    border = torch.minimum(rows[:, None, :, None], columns[None, :, None, :])
    return border.reshape(*size, window**2).to(like.device)
