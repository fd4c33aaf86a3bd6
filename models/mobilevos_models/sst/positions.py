"""Sinusoidal positions in time and space (SST, Eq. 2; Vaswani et al. 2017, section 3.5)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

# The slowest wave is this many times 2 pi long, as in Vaswani et al.
SLOWEST = 10000.0


def sinusoids(positions: Tensor, channels: int) -> Tensor:
    """(n, channels) sines and cosines of positions (n,), an even number of channels."""
    waves = torch.arange(0, channels, 2, dtype=positions.dtype, device=positions.device)
    angles = positions[:, None] * torch.exp(waves * (-math.log(SLOWEST) / channels))
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)


def positional_encoding(times: Tensor, height: int, width: int, channels: int) -> Tensor:
    """P of Eq. 2: an even third of the channels for each of time, row and column, the rest 0.

    The paper says that all axes have sinusoids and not how they share the channels.

    Args:
        times: (T,) float32 positions of the frames.
        height: rows of cells.
        width: columns of cells.
        channels: C, 6 or more.

    Returns:
        (1, T, height, width, C).
    """
    share = channels // 6 * 2
    rows = torch.arange(height, dtype=times.dtype, device=times.device)
    columns = torch.arange(width, dtype=times.dtype, device=times.device)
    shape = (1, len(times), height, width)
    return torch.cat(
        [
            sinusoids(times, share)[None, :, None, None].expand(*shape, -1),
            sinusoids(rows, share)[None, None, :, None].expand(*shape, -1),
            sinusoids(columns, share)[None, None, None].expand(*shape, -1),
            times.new_zeros(*shape, channels - 3 * share),
        ],
        -1,
    )
