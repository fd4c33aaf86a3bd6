"""Blocks that the space-time memory networks share: residual block, CBAM, feature fusion, upsampling block and ASPP."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ResBlock(nn.Module):
    """Pre-activation residual block of two 3x3 convolutions without batch norm (STCN supplement, F.2)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.downsample = nn.Conv2d(inputs, outputs, 3, padding=1) if inputs != outputs else None
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        residual = self.conv2(F.relu(self.conv1(F.relu(x))))
        return residual + (x if self.downsample is None else self.downsample(x))


class ChannelAttention(nn.Module):
    """CBAM's channel gate (Woo et al., 2018): a shared perceptron on the mean and the maximum of each channel."""

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        hidden = max(channels // reduction, 1)
        self.reduce = nn.Conv2d(channels, hidden, 1)
        self.expand = nn.Conv2d(hidden, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean((2, 3), keepdim=True)
        peak = F.max_pool2d(x, x.shape[-2:])
        gate = self.expand(F.relu(self.reduce(mean))) + self.expand(F.relu(self.reduce(peak)))
        return x * gate.sigmoid()


class SpatialAttention(nn.Module):
    """CBAM's spatial gate: a 7x7 convolution on the maximum and the mean over channels."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 1, 7, padding=3)

    def forward(self, x: Tensor) -> Tensor:
        pooled = torch.cat([x.amax(1, keepdim=True), x.mean(1, keepdim=True)], 1)
        return x * self.conv(pooled).sigmoid()


class FeatureFusion(nn.Module):
    """Fuses features of a mask and of its frame into a value: ResBlock, CBAM, ResBlock (STCN supplement, F.2)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.block1 = ResBlock(inputs, outputs)
        self.attention = nn.Sequential(ChannelAttention(outputs), SpatialAttention())
        self.block2 = ResBlock(outputs, outputs)

    def forward(self, mask_features: Tensor, frame_features: Tensor) -> Tensor:
        x = self.block1(torch.cat([mask_features, frame_features], 1))
        return self.block2(x + self.attention(x))


class UpsampleBlock(nn.Module):
    """Doubles the resolution and adds the projected skip features of that stride, then refines."""

    def __init__(self, skip: int, inputs: int, outputs: int) -> None:
        super().__init__()
        self.skip_conv = nn.Conv2d(skip, inputs, 3, padding=1)
        self.out_conv = ResBlock(inputs, outputs)

    def project(self, skip: Tensor) -> Tensor:
        """Projects the frame's features; independent of the object, so it is done once per frame."""
        return self.skip_conv(skip)

    def forward(self, x: Tensor, projected: Tensor) -> Tensor:
        up = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        return self.out_conv(up + projected)


class ASPP(nn.Module):
    """Atrous spatial pyramid pooling (Chen et al., 2017): 1x1, 3x3 at three rates, image pooling, 1x1 projection."""

    def __init__(self, inputs: int, outputs: int, rates: tuple[int, ...] = (6, 12, 18)) -> None:
        super().__init__()
        self.local = nn.Conv2d(inputs, outputs, 1)
        self.atrous = nn.ModuleList(nn.Conv2d(inputs, outputs, 3, padding=r, dilation=r) for r in rates)
        self.pooled = nn.Conv2d(inputs, outputs, 1)
        self.project = nn.Conv2d(outputs * (len(rates) + 2), outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        size = x.shape[-2:]
        image = F.interpolate(F.relu(self.pooled(x.mean((2, 3), keepdim=True))), size=size, mode="nearest")
        branches = [self.local(x), *(conv(x) for conv in self.atrous)]
        return self.project(torch.cat([*(F.relu(b) for b in branches), image], 1))
