"""The decoder of AOT: a feature pyramid network with group norm (AOT, section 5)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mobilevos_models.aot.config import CHANNELS, IDENTITIES
from mobilevos_models.aot.layers import GroupNorm


class ConvGN(nn.Module):
    """Convolution, group norm and ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2)
        self.gn = GroupNorm(8, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.gn(self.conv(x)))


class FPNDecoder(nn.Module):
    """Brings embeddings from stride 16 to logits of background and identities at stride 4.

    Args:
        inputs: channels of the joined embeddings; several numbers for a decoder that can take transformers of several
            depths, each with a first convolution of its own (AOST, reference implementation).
        skips: channels of the encoder's features at strides 4, 8 and 16.
    """

    def __init__(self, inputs: int | Sequence[int], skips: Sequence[int]) -> None:
        super().__init__()
        half = CHANNELS // 2
        self.conv_in: nn.Module = (
            ConvGN(inputs, CHANNELS, 1)
            if isinstance(inputs, int)
            else nn.ModuleList(ConvGN(channels, CHANNELS, 1) for channels in inputs)
        )
        self.conv_16x = ConvGN(CHANNELS, CHANNELS, 3)
        self.conv_8x = ConvGN(CHANNELS, half, 3)
        self.conv_4x = ConvGN(half, half, 3)
        self.adapter_16x = nn.Conv2d(skips[2], CHANNELS, 1)
        self.adapter_8x = nn.Conv2d(skips[1], CHANNELS, 1)
        self.adapter_4x = nn.Conv2d(skips[0], half, 1)
        self.conv_out = nn.Conv2d(half, 1 + IDENTITIES, 1)

    def forward(self, embeddings: Sequence[Tensor], skips: Sequence[Tensor], depth: int) -> Tensor:
        """Decodes.

        Args:
            embeddings: (B, C, h, w) each, to be joined.
            skips: the encoder's features at strides 4, 8 and 16.
            depth: how many layers the embeddings come from, 1 or more; used by a decoder for several depths.

        Returns:
            Logits (B, 1 + 10, H/4, W/4), background first.
        """
        conv_in = self.conv_in[depth - 1] if isinstance(self.conv_in, nn.ModuleList) else self.conv_in
        x = conv_in(torch.cat(list(embeddings), 1))
        x = self.conv_16x(self.adapter_16x(skips[2]) + x)
        x = self.conv_8x(self.adapter_8x(skips[1]) + resize(x, skips[1].shape[-2:]))
        x = self.conv_4x(self.adapter_4x(skips[0]) + resize(x, skips[0].shape[-2:]))
        return self.conv_out(x)


def resize(x: Tensor, size: Sequence[int]) -> Tensor:
    """Bilinear, with aligned corners, as everything in AOT."""
    return F.interpolate(x, size=tuple(size), mode="bilinear", align_corners=True)
