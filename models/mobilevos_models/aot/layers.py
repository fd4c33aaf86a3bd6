"""Normalisation, feed-forward and position embedding, in the form that phones' GPUs take."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

POSITION_TEMPERATURE = 10000.0
EPSILON = 1e-6


class GroupNorm(nn.Module):
    """Group normalisation (Wu and He, 2018) of maps (B, C, h, w).

    PyTorch's own, which is fastest where PyTorch runs, becomes a BROADCAST_TO on export. In an exported graph the
    statistics of a group are made of those of its channels, and end as one scale and one shift for each channel.
    """

    def __init__(self, groups: int, channels: int, epsilon: float = 1e-5) -> None:
        super().__init__()
        self.groups, self.epsilon = groups, epsilon
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, h, w) to the same shape."""
        if not torch.compiler.is_exporting():
            return F.group_norm(x, self.groups, self.weight, self.bias, self.epsilon)
        return self._exported(x)

    def _exported(self, x: Tensor) -> Tensor:
        batch, channels = x.shape[:2]
        grouped = (batch, 1, self.groups, channels // self.groups)
        x = x.permute(0, 2, 3, 1)  # as phones have it, so that no map is transposed for its statistics
        mean = _mean_of_cells(x)
        centred = x - mean
        variance = _mean_of_cells(centred * centred).reshape(grouped)
        means = mean.reshape(grouped)
        mean = means.mean(3, keepdim=True)
        centred = means - mean
        variance = (variance + centred * centred).mean(3, keepdim=True)
        inverse = (variance + self.epsilon).rsqrt()
        both = torch.cat([inverse, mean * inverse], 3).reshape(batch, self.groups, 1, 2).permute(0, 3, 1, 2)
        # A resize, as phones' GPUs do not take a repetition.
        both = F.interpolate(both, size=grouped[2:], mode="nearest").permute(0, 2, 3, 1)
        scale, shift = (both[..., index].reshape(batch, 1, 1, channels) for index in (0, 1))
        return (x * (scale * self.weight) + (self.bias - shift * self.weight)).permute(0, 3, 1, 2)


def _mean_of_cells(x: Tensor) -> Tensor:
    """(B, h, w, C) to (B, 1, 1, C), one axis after the other: ONNX Runtime is slow at both at once."""
    return x.mean(2, keepdim=True).mean(1, keepdim=True)


class FeedForwardActivation(nn.Module):
    """Group norm, GELU and a 5x5 depthwise convolution, which widens the receptive field (AOT, section 5)."""

    def __init__(self, channels: int, groups: int = 32) -> None:
        super().__init__()
        self.gn = GroupNorm(groups, channels)
        self.conv = nn.Conv2d(channels, channels, 5, padding=2, groups=channels, bias=False)

    def forward(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        """(B, h*w, C) to (B, h*w, C)."""
        return to_sequence(self.conv(F.gelu(self.gn(to_map(x, size)))))


class FeedForward(nn.Module):
    """The feed-forward module of a block, with a depthwise convolution in its middle."""

    def __init__(self, channels: int, hidden: int = 1024) -> None:
        super().__init__()
        self.linear1 = nn.Linear(channels, hidden)
        self.activation = FeedForwardActivation(hidden)
        self.linear2 = nn.Linear(hidden, channels)

    def forward(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        """(B, h*w, C) to (B, h*w, C)."""
        return self.linear2(self.activation(self.linear1(x), size))


def to_map(x: Tensor, size: tuple[int, int]) -> Tensor:
    """(B, h*w, C) to (B, C, h, w), without a copy: the channels stay last in memory."""
    return x.reshape(x.shape[0], *size, x.shape[2]).permute(0, 3, 1, 2)


def to_sequence(x: Tensor) -> Tensor:
    """(B, C, h, w) to (B, h*w, C)."""
    return x.permute(0, 2, 3, 1).reshape(x.shape[0], -1, x.shape[1])


def sine_position(size: tuple[int, int], channels: int, like: Tensor) -> Tensor:
    """The sine position embedding of DETR (Carion et al., 2020), with coordinates scaled to 0..2 pi.

    Args:
        size: h and w.
        channels: C, a multiple of four; the first half tells y, the second x.
        like: gives dtype and device.

    Returns:
        (1, h*w, C).
    """
    return torch.tensor(_sine_position(size, channels), dtype=like.dtype, device=like.device)


@lru_cache(maxsize=8)
def _sine_position(size: tuple[int, int], channels: int) -> NDArray[np.float32]:
    half = channels // 2
    frequency = POSITION_TEMPERATURE ** (2 * (np.arange(half) // 2) / half)

    def axis(length: int) -> NDArray[np.float64]:
        angle = np.arange(length) / (length - 1 + EPSILON) * 2 * np.pi
        phase = angle[:, None] / frequency
        return np.where(np.arange(half) % 2 == 0, np.sin(phase), np.cos(phase))

    y = np.broadcast_to(axis(size[0])[:, None], (*size, half))
    x = np.broadcast_to(axis(size[1])[None], (*size, half))
    return np.concatenate([y, x], 2).reshape(1, -1, channels).astype(np.float32)
