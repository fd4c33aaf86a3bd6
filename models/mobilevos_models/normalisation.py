"""How frames are brought to what the encoders were trained on: of ImageNet's mean and deviation."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

# ImageNet statistics in the 0..255 range, as torchvision's backbones were trained with.
IMAGE_MEAN = (123.675, 116.28, 103.53)
IMAGE_STD = (58.395, 57.12, 57.375)


class Normalisation(nn.Module):
    """Frames (B, 3, H, W) float32 RGB in 0..255, less the mean, divided by the deviation.

    The mean is no part of a convolution: its padding is 0, which is the mean's place. The division can be.
    """

    mean: Tensor
    std: Tensor | None

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(IMAGE_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGE_STD).view(1, 3, 1, 1), persistent=False)

    def forward(self, frame: Tensor) -> Tensor:
        """The normalised frames."""
        centred = frame - self.mean
        return centred if self.std is None else centred / self.std

    @torch.no_grad()
    def fold_into(self, convolutions: Sequence[nn.Conv2d], width: int) -> None:
        """Prepares graphs, in place: the division moves into the convolutions, the mean becomes a row of the frame.

        Runtimes subtract whole rows of the frame far faster than three channels from each pixel.

        Args:
            convolutions: those that see the frame, in their first three channels.
            width: of the frames.
        """
        if self.std is None:
            return
        for convolution in convolutions:
            convolution.weight[:, :3] /= self.std
        self.std = None
        self.mean = self.mean.repeat(1, 1, 1, width)
