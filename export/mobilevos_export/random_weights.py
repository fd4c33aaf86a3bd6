"""Random weights in place of trained ones, to check an export with: no parameter keeps a value that hides an operator.

A fresh model begins with biases of 0, norms of scale 1 and offsets of 0. A converter or a phone's GPU that loses such a
term, or adds it in the wrong place, gives the right result all the same.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

# The magnitudes of weights, in deviations that keep the scale of what passes: their mean square is 1.
WEIGHTS = (0.5, 1.4)
# How far every other parameter is from the value that its layer begins with: what is 0 is then neither 0 nor large.
SHIFTS = (0.05, 0.15)


@torch.no_grad()
def draw_weights(model: nn.Module, seed: int) -> None:
    """Draws all parameters and statistics of a fresh model, in place.

    The weights of convolutions and linear layers have a deviation of `1 / sqrt(fan-in)`. Biases, norms, their running
    statistics and all else get a shift from what they are. Both have either sign.
    """
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in model.state_dict().items():  # without constants, such as the mean of images
        if not tensor.is_floating_point():
            continue  # a counter of batches
        parent, _, leaf = name.rpartition(".")
        if leaf == "weight" and isinstance(model.get_submodule(parent), nn.Conv2d | nn.Linear):
            tensor.copy_(_draw(tensor, WEIGHTS, generator) * tensor[0].numel() ** -0.5)
        else:
            tensor.add_(_draw(tensor, SHIFTS, generator))


def _draw(like: Tensor, magnitudes: tuple[float, float], generator: torch.Generator) -> Tensor:
    size = torch.empty(like.shape).uniform_(*magnitudes, generator=generator)
    return torch.where(torch.rand(like.shape, generator=generator) < 0.5, -size, size)
