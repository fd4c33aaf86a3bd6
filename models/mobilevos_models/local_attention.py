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
    def window(self) -> int:
        """Cells on a side of what a query sees."""
        return 2 * self.radius + 1

    @property
    def key_height(self) -> int:
        """Rows of keys that a block reads."""
        return self.height + 2 * self.radius

    @property
    def key_width(self) -> int:
        """Columns of keys that a block reads."""
        return self.width + 2 * self.radius

    @property
    def keys(self) -> int:
        """How many keys a block reads."""
        return self.key_height * self.key_width


def local_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    position_keys: Tensor,
    size: tuple[int, int],
    window: int,
    position_values: Tensor | None = None,
) -> Tensor:
    """Attention of each cell to the window around it (AOT, section 4.2; Table 2b of the paper has its worth).

    With offsets o in row-major order, dy first, from -(window // 2) to window // 2, a cell p gets
    `sum_o a_o (v[p + o] + r_o)`, where `a = softmax_o(q[p] . k[p + o] + (q[p], 1) . s_o)` over the offsets that stay in
    the picture, s are the position keys and r the position values.

    Args:
        query: (B, heads, h*w, D), scaled.
        key: (B, heads, h*w, D).
        value: (B, heads, h*w, Dv).
        position_keys: (heads, window**2, D + 1), the last channel a bias.
        size: h and w.
        window: cells on a side, odd.
        position_values: (heads, window**2, Dv).

    Returns:
        (B, heads, h*w, Dv).
    """
    shape = (*query.shape[:3], value.shape[3])
    blocks = query_blocks(size, window)
    query, key, value = (_to_map(x, size) for x in (query, key, value))
    query = _pad_queries(torch.cat([query, torch.ones_like(query[..., :1])], 3), blocks, size)
    key, value = _pad_keys(key, blocks, size), _pad_keys(value, blocks, size)
    key = torch.cat([key, _outside(size, blocks, key)], 3)
    position_keys = _widen(position_keys, blocks, SILENT_LOGIT).mT
    if position_values is not None:
        position_values = _widen(position_values, blocks, 0.0)
    bands = []
    for top in range(0, query.shape[1], blocks.height):  # a row of blocks at a time: what is at work stays in the cache
        own, seen = slice(top, top + blocks.height), slice(top, top + blocks.key_height)
        bands.append(_read(query[:, own], key[:, seen], value[:, seen], position_keys, position_values, blocks))
    return torch.cat(bands, 1)[:, : size[0], : size[1]].reshape(shape)


def local_attention_macs(size: tuple[int, int], window: int, key_channels: int, value_channels: int) -> int:
    """Multiply-accumulates of the definition over all heads: each cell with its whole window."""
    return size[0] * size[1] * window**2 * (key_channels + value_channels)


@cache
def query_blocks(size: tuple[int, int], window: int) -> Blocks:
    """The blocks that cost least: large ones multiply in vain, small ones gather the same keys again and again."""
    radius = window // 2

    def cost(blocks: Blocks) -> int:
        return blocks.rows * blocks.columns * blocks.keys * (blocks.height * blocks.width + GATHER_COST)

    candidates = (
        Blocks(height, width, -(-size[0] // height), -(-size[1] // width), radius)
        for height in range(1, size[0] + 1)
        for width in range(1, size[1] + 1)
    )
    return min(candidates, key=cost)


def _read(
    query: Tensor, key: Tensor, value: Tensor, position_keys: Tensor, position_values: Tensor | None, blocks: Blocks
) -> Tensor:
    """What a row of blocks reads, (G, height, columns*width, Dv).

    Args:
        query: (G, height, columns*width, D + 1).
        key: (G, key_height, columns*width + 2*radius, D + 1), what these blocks see.
        value: likewise, (..., Dv).
        position_keys: (heads, D + 1, keys of a block + 1).
        position_values: (heads, keys of a block + 1, Dv).
        blocks: of which there is one row here.
    """
    queries = _cut(query, blocks, blocks.width)
    products = [q @ k.mT for q, k in zip(queries, _cut(key, blocks, blocks.key_width), strict=True)]
    attention = (_to_windows(products, blocks) + _by_head(torch.cat(queries, 1), position_keys)).softmax(-1)
    values = _cut(value, blocks, blocks.key_width)
    read = torch.cat([a @ v for a, v in zip(_to_keys(attention, blocks), values, strict=True)], 1)
    if position_values is not None:
        read = read + _by_head(attention, position_values)
    return _join(read, blocks)


def _by_head(x: Tensor, weight: Tensor) -> Tensor:
    """(B*heads, T, D) times (heads, D, N), each head with its own: (B*heads, T, N)."""
    groups, tokens, channels = x.shape
    return (x.reshape(-1, weight.shape[0], tokens, channels) @ weight).reshape(groups, tokens, -1)


def _to_map(x: Tensor, size: tuple[int, int]) -> Tensor:
    """(B, heads, h*w, D) to (B*heads, h, w, D)."""
    return x.reshape(x.shape[0] * x.shape[1], *size, x.shape[3])


def _pad_queries(x: Tensor, blocks: Blocks, size: tuple[int, int]) -> Tensor:
    """(G, h, w, D) with zeros below and on the right, up to whole blocks."""
    missing = (blocks.rows * blocks.height - size[0], blocks.columns * blocks.width - size[1])
    return F.pad(x, (0, 0, 0, missing[1], 0, missing[0])) if any(missing) else x


def _pad_keys(x: Tensor, blocks: Blocks, size: tuple[int, int]) -> Tensor:
    """(G, h, w, D) with zeros around the picture, as far as any block sees."""
    below = blocks.rows * blocks.height - size[0] + blocks.radius
    right = blocks.columns * blocks.width - size[1] + blocks.radius
    return F.pad(x, (0, 0, blocks.radius, right, blocks.radius, below))


def _outside(size: tuple[int, int], blocks: Blocks, like: Tensor) -> Tensor:
    """One more channel for padded keys (G, H, W, D): 0 in the picture, `SILENT_LOGIT` around it."""
    rows, columns = (
        torch.tensor(_outside_cells(length, padded, blocks.radius), dtype=like.dtype, device=like.device)
        for length, padded in zip(size, like.shape[1:3], strict=True)
    )
    border = torch.minimum(rows[:, None], columns[None]).reshape(1, *like.shape[1:3], 1)
    return torch.cat([border] * like.shape[0])  # phones' GPUs do not broadcast


def _outside_cells(length: int, padded: int, radius: int) -> list[float]:
    """For each cell of a padded axis: 0 in the picture, `SILENT_LOGIT` outside."""
    return [0.0 if radius <= cell < radius + length else SILENT_LOGIT for cell in range(padded)]


def _widen(x: Tensor, blocks: Blocks, last: float) -> Tensor:
    """Of each offset (heads, window**2, D) to what `_to_windows` has: (heads, keys of a block + 1, D).

    What enters is zero but for the last channel.
    """
    heads, offsets, channels = x.shape
    window = blocks.window
    spare = x.new_zeros(heads, blocks.keys + 1 - offsets, channels - 1)
    spare = torch.cat([spare, torch.full_like(spare[..., :1], last)], 2)
    beside = window * (blocks.key_width - window)
    rows = [x.reshape(heads, window, -1, channels), spare[:, :beside].reshape(heads, window, -1, channels)]
    return torch.cat([torch.cat(rows, 2).reshape(heads, -1, channels), spare[:, beside:]], 1)


def _cut(x: Tensor, blocks: Blocks, width: int) -> list[Tensor]:
    """What each block of a row has of a map (G, rows, columns, D): (G, rows*width, D), `blocks.width` columns apart."""
    lefts = range(0, blocks.columns * blocks.width, blocks.width)
    return [x[:, :, left : left + width].reshape(x.shape[0], -1, x.shape[3]) for left in lefts]


def _join(x: Tensor, blocks: Blocks) -> Tensor:
    """The blocks of a row (G, columns*height*width, D) as a map (G, height, columns*width, D)."""
    groups, _, channels = x.shape
    x = x.reshape(groups, blocks.columns, blocks.height, blocks.width * channels).transpose(1, 2)
    return x.reshape(groups, blocks.height, blocks.columns * blocks.width, channels)


def _to_windows(products: list[Tensor], blocks: Blocks) -> Tensor:
    """Products of each block, (G, height*width, keys), to (G, blocks*height*width, keys + 1): from its window on.

    Query (y, x) of a block sees the rectangle from key (y, x) on. So its window begins `key_width` further right for
    each row of queries, and by one for each column: in rows that are longer by that, all begin in one column. After the
    window come keys of others, in no order that matters.
    """
    groups, longer = products[0].shape[0], blocks.keys + 1
    spare = products[0].new_zeros(1, groups, blocks.height, blocks.key_width)
    rows = [part for x in products for part in (x.reshape(1, groups, -1, blocks.key_width), spare)]
    x = torch.cat(rows, 2).reshape(groups, len(products) * blocks.height, -1)
    return x[:, :, : blocks.width * longer].reshape(groups, -1, longer)


def _to_keys(x: Tensor, blocks: Blocks) -> list[Tensor]:
    """The inverse of `_to_windows`, for what is zero outside each query's window."""
    groups, queries = x.shape[0], blocks.height * blocks.width
    x = F.pad(x.reshape(1, groups, blocks.columns * blocks.height, -1), (0, blocks.key_width - blocks.width))
    x = x.reshape(1, groups, -1, blocks.key_width)
    rows = queries * blocks.key_height
    firsts = range(0, x.shape[2], rows + blocks.height)
    return [x[:, :, first : first + rows].reshape(groups, queries, blocks.keys) for first in firsts]
