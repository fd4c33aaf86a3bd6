"""Sparse attention over the cells of several frames (SST, Eq. 6), and the objects' affinities in it (Eq. 4).

Each operator equals full attention in which a query cell p only sees the cells of its connectivity pattern I_p. In
space, with h the kernel:

- local: the cells less than h rows and less than h columns away;
- strided: the cells a multiple of h rows and a multiple of h columns away;
- grid: the cells of the same frame in the same row or column, and the same cell of the other frames.

Local and strided patterns hold those cells of every frame of the buffer. The paper's formulas limit time to h as well:
for the local one this says nothing, as a buffer is shorter than h, and for the strided one it would leave the query's
own frame only, so nothing could come from the past; the authors' published settings call that axis dense.

No tensor of all cells times all cells is made: what is stored grows with the number of cells times that of a pattern.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from mobilevos_models.memory_read import SILENT_LOGIT

# The side of a tile of local attention. Small tiles waste less on keys that few queries see; large ones make larger
# matrix products. At h = 8 a query meets 324 keys of a frame, of which its window has 225.
TILE = 4


class Buffer(NamedTuple):
    """What is attended to: T frames of H x W cells, the current frame last.

    Attributes:
        key: (B, heads, T, H, W, d).
        value: (B, heads, T, H, W, d).
        bias: (B, T) added to the logits of a frame's cells: 0, or `SILENT_LOGIT` for a frame that is not there.
        owners: (B, O, T, H, W) how much of a cell belongs to each object, 0..1; all 0 in the current frame, which
            makes the affinities causal.
    """

    key: Tensor
    value: Tensor
    bias: Tensor
    owners: Tensor


class Attended(NamedTuple):
    """What queries of some frames have found.

    Attributes:
        values: (B, heads, Tq, H, W, d) read values.
        affinity: (B, O, H, W) of the current frame's cells with each object, 0..1: the largest weight, over the
            heads and over the pattern's cells of past frames that belong to the object (Eq. 4).
    """

    values: Tensor
    affinity: Tensor


Attention = Callable[[Tensor, Buffer, int], Attended]


def attend_strided(query: Tensor, buffer: Buffer, kernel: int) -> Attended:
    """Strided attention: cells of the same row and column modulo the kernel are a group, in which all see all.

    Args:
        query: (B, heads, Tq, H, W, d) of the buffer's last Tq frames.
        buffer: what is attended to.
        kernel: h.
    """
    height, width = query.shape[3:5]
    key, value, bias, owners = (_residues(x, kernel, fill) for x, fill in _parts(buffer))
    read, weights = _attend(_residues(query, kernel), key, value, bias.transpose(3, 4))
    cells = weights.shape[3] // query.shape[2]
    affinity = _affinity(weights[..., -cells:, :], owners)
    return Attended(
        _from_residues(read, kernel, height, width), _from_residues(affinity, kernel, height, width)[:, :, 0, ..., 0]
    )


def attend_local(query: Tensor, buffer: Buffer, kernel: int) -> Attended:
    """Local attention: the map is cut into square tiles of queries, each with the keys in reach of any of them.

    A tile's keys are those of its queries' windows together; a constant mask leaves each query its own. The frames of
    the queries are taken one after the other, which bounds the memory.

    Args:
        query: (B, heads, Tq, H, W, d) of the buffer's last Tq frames.
        buffer: what is attended to.
        kernel: h.
    """
    height, width = query.shape[3:5]
    key, value, bias, owners = (_tiles(x, TILE, kernel - 1, fill) for x, fill in _parts(buffer))
    window = _window_bias(kernel, query).repeat(1, buffer.key.shape[2])
    bias = bias.transpose(3, 4) + window
    reads = []
    for frame in query.split(1, 2):
        read, weights = _attend(_tiles(frame, TILE, 0), key, value, bias)
        reads.append(_from_tiles(read, TILE, height, width))
    affinity = _from_tiles(_affinity(weights, owners), TILE, height, width)
    return Attended(torch.cat(reads, 2), affinity[:, :, 0, ..., 0])


def attend_grid(query: Tensor, buffer: Buffer, kernel: int) -> Attended:
    """Grid attention: row, column and time axis have logits of their own and one softmax, T + H + W - 2 cells.

    Args:
        query: (B, heads, Tq, H, W, d) of the buffer's last Tq frames.
        buffer: what is attended to.
        kernel: makes no difference.
    """
    frames, height, width = query.shape[2:5]
    total = buffer.key.shape[2]
    key, value = buffer.key[:, :, -frames:], buffer.value[:, :, -frames:]
    row = query @ key.transpose(-1, -2)
    column = _swap(_swap(query) @ _swap(key).transpose(-1, -2))
    time = torch.einsum("bctyxd,bcsyxd->bctyxs", query, buffer.key) + buffer.bias[:, None, None, None, None]
    row = row + buffer.bias[:, None, -frames:, None, None, None]
    # The query's own cell is in its row; in its column and on its time axis it must not count again.
    column = column + buffer.bias[:, None, -frames:, None, None, None] + _diagonal(height, query)[:, None]
    time = time + _diagonal(total, query)[-frames:, None, None]
    weights = torch.cat([row, column, time], -1).softmax(-1)
    in_row, in_column, in_time = weights.split([width, height, total], -1)
    read = in_row @ value + _swap(_swap(in_column) @ _swap(value))
    read = read + torch.einsum("bctyxs,bcsyxd->bctyxd", in_time, buffer.value)
    peak = in_time[:, :, -1].amax(1).permute(0, 3, 1, 2).unsqueeze(1)
    return Attended(read, (peak * buffer.owners).amax(2))


ATTENTIONS: dict[str, Attention] = {"local": attend_local, "grid": attend_grid, "strided": attend_strided}


def _attend(query: Tensor, key: Tensor, value: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """Full attention inside groups: (B, G, heads, q, d) read, and the weights (B, G, heads, q, k).

    The logits are not scaled by the channels: section 3 found the scaling harmful. `bias` is (B, G, 1, 1 or q, k).
    """
    logits = query @ key.transpose(-1, -2)
    logits += bias  # in place: this is the largest tensor of the model
    weights = logits.softmax(-1)
    return weights @ value, weights


def _affinity(weights: Tensor, owners: Tensor) -> Tensor:
    """(B, G, O, q, 1) affinities from weights (B, G, heads, q, k) and owners (B, G, O, k, 1)."""
    peak = weights.amax(2).unsqueeze(2)
    return (peak * owners.transpose(-1, -2)).amax(-1, keepdim=True)


def _parts(buffer: Buffer) -> tuple[tuple[Tensor, float], ...]:
    """Key, value, bias and owners, each (B, c, T, H, W, d), with what stands for cells outside the picture."""
    height, width = buffer.key.shape[3:5]
    bias = buffer.bias[:, None, :, None, None, None].expand(-1, -1, -1, height, width, -1)
    return (buffer.key, 0.0), (buffer.value, 0.0), (bias, SILENT_LOGIT), (buffer.owners.unsqueeze(-1), 0.0)


def _padded(x: Tensor, multiple: int, halo: int, fill: float) -> Tensor:
    """Pads rows and columns of (B, c, T, H, W, d) to a multiple, and by a halo on every side."""
    below, right = -x.shape[3] % multiple, -x.shape[4] % multiple
    return F.pad(x, (0, 0, halo, halo + right, halo, halo + below), value=fill)


def _residues(x: Tensor, step: int, fill: float = 0.0) -> Tensor:
    """(B, c, T, H, W, d) to (B, step*step, c, T*n, d): cells by their row and column modulo the step."""
    x = _padded(x, step, 0, fill)
    x = x.unflatten(4, (-1, step)).unflatten(3, (-1, step))  # B, c, T, n_y, step, n_x, step, d
    return x.permute(0, 4, 6, 1, 2, 3, 5, 7).flatten(4, 6).flatten(1, 2)


def _from_residues(x: Tensor, step: int, height: int, width: int) -> Tensor:
    """The way back from `_residues`, without the padding."""
    rows, columns = -(-height // step), -(-width // step)
    x = x.unflatten(3, (-1, rows, columns)).unflatten(1, (step, step))  # B, step, step, c, T, n_y, n_x, d
    return x.permute(0, 3, 4, 5, 1, 6, 2, 7).flatten(5, 6).flatten(3, 4)[..., :height, :width, :]


def _tiles(x: Tensor, side: int, halo: int, fill: float = 0.0) -> Tensor:
    """(B, c, T, H, W, d) to (B, tiles, c, T*(side+2*halo)^2, d): tiles that overlap by their halo."""
    x = _padded(x, side, halo, fill)
    x = x.unfold(3, side + 2 * halo, side).unfold(4, side + 2 * halo, side)  # B, c, T, n_y, n_x, d, k, k
    return x.permute(0, 3, 4, 1, 2, 6, 7, 5).flatten(4, 6).flatten(1, 2)


def _from_tiles(x: Tensor, side: int, height: int, width: int) -> Tensor:
    """The way back from `_tiles` without a halo, without the padding."""
    rows, columns = -(-height // side), -(-width // side)
    x = x.unflatten(3, (-1, side, side)).unflatten(1, (rows, columns))  # B, n_y, n_x, c, T, side, side, d
    return x.permute(0, 3, 4, 1, 5, 2, 6, 7).flatten(5, 6).flatten(3, 4)[..., :height, :width, :]


def _window_bias(kernel: int, like: Tensor) -> Tensor:
    """(TILE^2, (TILE+2h-2)^2) 0 where a tile's key is in a query's window, `SILENT_LOGIT` where it is not."""
    queries = torch.arange(TILE, device=like.device)
    keys = torch.arange(TILE + 2 * kernel - 2, device=like.device) - (kernel - 1)
    near = (keys[None] - queries[:, None]).abs() < kernel
    both = near[:, None, :, None] & near[None, :, None, :]
    return (~both).to(like.dtype).flatten(2).flatten(0, 1) * SILENT_LOGIT


def _diagonal(size: int, like: Tensor) -> Tensor:
    """(size, size) `SILENT_LOGIT` on the diagonal, 0 elsewhere."""
    return torch.eye(size, dtype=like.dtype, device=like.device) * SILENT_LOGIT


def _swap(x: Tensor) -> Tensor:
    """Swaps rows and columns of (B, c, T, H, W, d)."""
    return x.transpose(3, 4)
