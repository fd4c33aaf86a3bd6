"""Damage to the masks that a model memorises in training, so that it learns to find back to the object.

Clips of a few frames hardly show a model the errors that add up over a hundred: a piece of the background that was
taken once and stays, a side that was left out and is never taken again. So a piece of a memorised mask is lost, or
one beside it added, while the loss of the next frames asks for the true mask.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mobilevos_training.recipe_options import DamageOptions

# Radii of the ellipse that is lost or added, as a share of the root of the object's area.
SIZES = (0.15, 0.7)


class Damage:
    """Damages soft masks.

    Args:
        options: how often a target's mask is damaged in a frame.
        generators: one for each clip, on the masks' device.
    """

    def __init__(self, options: DamageOptions, generators: list[torch.Generator]) -> None:
        self._share = options.lost + options.added
        self._lost_share = options.lost / self._share
        self._generators = generators

    def __call__(self, soft: Tensor) -> Tensor:
        """Damages the masks (B, N, H, W), 0..1, of one frame; those of a pixel still add up to 1 at most."""
        return torch.stack([self._clip(*pair) for pair in zip(soft, self._generators, strict=True)])

    def _clip(self, soft: Tensor, generator: torch.Generator) -> Tensor:
        """(N, H, W) likewise. Nothing waits for the device: what is not damaged is only not chosen."""
        hit, kind, *figures = torch.rand(5, len(soft), 1, 1, generator=generator, device=soft.device)
        piece = self._piece(soft.detach(), figures, generator)
        damaged = torch.where(kind < self._lost_share, soft * (1 - piece), torch.maximum(soft, piece))
        damaged = torch.where(hit < self._share, damaged, soft)
        return damaged / damaged.sum(0, keepdim=True).clamp(min=1)

    @staticmethod
    def _piece(soft: Tensor, figures: list[Tensor], generator: torch.Generator) -> Tensor:
        """(N, H, W) 0 or 1: an ellipse about a random pixel of each object, empty where there is none."""
        inside = (soft > 0.5).float()
        height, width = soft.shape[-2:]
        noise = torch.rand(soft.shape, generator=generator, device=soft.device)
        place = (noise * inside).flatten(1).argmax(1).view(-1, 1, 1)
        y = torch.arange(height, device=soft.device).view(1, -1, 1) - place // width
        x = torch.arange(width, device=soft.device).view(1, 1, -1) - place % width
        low, high = (math.log(size) for size in SIZES)
        root = inside.sum((1, 2), keepdim=True).sqrt()
        along, across = (root * torch.exp(low + (high - low) * figure) + 1e-6 for figure in figures[:2])
        angle = figures[2] * math.pi
        u, v = x * angle.cos() + y * angle.sin(), y * angle.cos() - x * angle.sin()
        return ((u / along).square() + (v / across).square() <= 1).float() * (root > 0)
