"""Which pixels are distilled: near the boundary of the ground truth, at random, or all (MobileVOS, section 3.3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from mobilevos_sdk.errors import InvalidInputError
from mobilevos_training.losses.segmentation import IGNORE

PIXELS = 512
WIDTH = 1
SOBEL = ((-1.0, 0.0, 1.0), (-2.0, 0.0, 2.0), (-1.0, 0.0, 1.0))


class PixelSample(NamedTuple):
    """Sampled pixels of G frames, padded to the same number P.

    Attributes:
        indices: (G, P) int64 into the H*W pixels of a frame; 0 where not valid.
        valid: (G, P) bool, false where a frame had fewer candidates than P.
    """

    indices: Tensor
    valid: Tensor


class PixelSampler(Protocol):
    """Chooses pixels of frames after their ground truth."""

    def __call__(self, labels: Tensor, generator: torch.Generator) -> PixelSample:
        """Samples pixels.

        Args:
            labels: (G, H, W) int64 classes, 255 where none is known; such pixels are never chosen.
            generator: the only source of chance: the same state gives the same pixels on every device. With one
                generator for each clip, a clip's pixels do not depend on the batch that it is in.
        """
        ...


@dataclass(frozen=True)
class BoundarySampler:
    """At most `pixels` of each frame, drawn uniformly from those within `width` of the Sobel response."""

    pixels: int = PIXELS
    width: int = WIDTH

    def __call__(self, labels: Tensor, generator: torch.Generator) -> PixelSample:
        """Samples near boundaries; a frame without a boundary gives no valid pixel."""
        return _draw(sobel_boundary(labels, self.width), self.pixels, generator)


@dataclass(frozen=True)
class RandomSampler:
    """At most `pixels` of each frame, drawn uniformly from all known ones: the paper's ablation (Figure 5)."""

    pixels: int = PIXELS

    def __call__(self, labels: Tensor, generator: torch.Generator) -> PixelSample:
        """Samples anywhere."""
        return _draw(labels != IGNORE, self.pixels, generator)


@dataclass(frozen=True)
class AllSampler:
    """Every known pixel: for the logit distillation of the ablation; correlations of all pixels would not fit."""

    def __call__(self, labels: Tensor, generator: torch.Generator) -> PixelSample:
        """Takes all; draws nothing from the generator."""
        known = (labels != IGNORE).flatten(1)
        indices = torch.arange(known.shape[1], device=labels.device).expand(known.shape)
        return PixelSample(indices.masked_fill(~known, 0), known)


# What makes each sampler of its number of pixels and its width.
SAMPLERS: dict[str, Callable[[int, int], PixelSampler]] = {
    "boundary": BoundarySampler,
    "random": lambda pixels, width: RandomSampler(pixels),
    "all": lambda pixels, width: AllSampler(),
}


def pixel_sampler(name: str, pixels: int = PIXELS, width: int = WIDTH) -> PixelSampler:
    """Makes a sampler by its name in `SAMPLERS`.

    Args:
        name: `boundary`, `random` or `all`.
        pixels: the most pixels of a frame; `all` has no bound.
        width: of the boundary, see `sobel_boundary`; only `boundary` has one.

    Raises:
        InvalidInputError: the name is unknown, `pixels` is below 1, or `width` is negative.
    """
    if name not in SAMPLERS:
        raise InvalidInputError(f"unknown pixel sampler '{name}'; known samplers: {', '.join(SAMPLERS)}")
    if pixels < 1 or width < 0:
        raise InvalidInputError(f"pixel sampler: needs pixels >= 1 and width >= 0, not {pixels} and {width}")
    return SAMPLERS[name](pixels, width)


def sobel_boundary(labels: Tensor, width: int = WIDTH) -> Tensor:
    """Pixels at and near a change of class: a Sobel filter on the ground truth (MobileVOS, section 3.3).

    The filter runs on the indicator of each class, not on the ids, whose differences could cancel. A neighbour that is
    ignored or outside of the frame is taken to be of the pixel's own class, so it makes no boundary.

    Args:
        labels: (B, H, W) int64 classes, 255 where none is known.
        width: grows the response by so many pixels in all eight directions; 0 leaves the Sobel response itself, one
            pixel on either side of the boundary.

    Returns:
        (B, H, W) bool, false at ignored pixels.
    """
    kernel = torch.tensor(SOBEL, device=labels.device)
    kernels = torch.stack([kernel, kernel.T]).unsqueeze(1)
    known = labels != IGNORE
    weight = F.conv2d(known.float().unsqueeze(1), kernels, padding=1)
    boundary = torch.zeros_like(known)
    # The indicators sum to a constant: wherever the first class changes, another one does.
    for identity in torch.unique(labels[known])[1:]:
        indicator = (labels == identity).float().unsqueeze(1)
        response = F.conv2d(indicator, kernels, padding=1) - indicator * weight
        boundary |= (response != 0).any(1)
    boundary &= known
    grown = F.max_pool2d(boundary.float(), 2 * width + 1, stride=1, padding=width)
    return (grown > 0) & known


def downsample_labels(labels: Tensor, stride: int) -> Tensor:
    """(..., H, W) classes to (..., H/stride, W/stride): the class at the centre of each cell (Eq. 5's downsampling)."""
    return labels[..., stride // 2 :: stride, stride // 2 :: stride]


def gather_pixels(x: Tensor, indices: Tensor) -> Tensor:
    """The sampled pixels of maps: (G, C, H, W) and (G, P) indices into H*W to (G, P, C)."""
    flat = x.flatten(2).transpose(1, 2)
    return flat.gather(1, indices.unsqueeze(-1).expand(-1, -1, flat.shape[-1]))


def _draw(candidates: Tensor, pixels: int, generator: torch.Generator) -> PixelSample:
    """Draws at most `pixels` of the candidates (G, H, W) of each frame, without replacement."""
    flat = candidates.flatten(1)
    draws = torch.rand(flat.shape, generator=generator, device=generator.device).to(flat.device)
    drawn = draws.masked_fill(~flat, -1.0).topk(min(pixels, flat.shape[1]), dim=1)
    valid = drawn.values >= 0
    return PixelSample(drawn.indices.masked_fill(~valid, 0), valid)
