"""Re-sampling of features at points that the queries choose ("Self-supervised VOS with Distillation Learning of
Deformable Attention", Truong et al., section 3.2.2, Eq. 3 and 4).

A coarse grid of reference points lies over the picture, one for every `factor` x `factor` cells. An offset network
looks at the queries and shifts each point; the features are read there, bilinearly, and are zero outside the picture.
Two forms of the reading agree for any offset: PyTorch's `grid_sample`, and a product with hat functions, which is
written in operators that phones' GPUs take.

Where the paper is silent, this follows the deformable attention transformer that it builds on (DAT, Xia et al., CVPR
2022): the reference points are the centres of their squares; all groups share one offset network, whose first
convolution is depthwise; group i of the features' channels is read at the points of group i of the queries' channels;
and an offset is bounded by a tanh. Without the bound, points could leave parts of the picture to nobody, or leave the
picture, from where no gradient leads back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from mobilevos_models.aot.layers import to_map, to_sequence
from mobilevos_sdk.errors import InvalidInputError

Size = tuple[int, int]
# Re-samples features (B, 1, h*w, C) of one frame: (B, 1, H_g*W_g, C).
Reader = Callable[[Tensor], Tensor]


def reference_points(cells: int, points: int) -> NDArray[np.float64]:
    """Where the reference points of an axis lie, in cells: (points,), evenly spread over the picture."""
    return (np.arange(points) + 0.5) * cells / points - 0.5


def read_by_grid(offsets: Tensor, size: Size) -> Reader:
    """Eq. 3 with PyTorch's `grid_sample`.

    Args:
        offsets: (B, 2, H_g, W_g) shifts of the reference points in cells, y before x; any size.
        size: h and w.
    """
    axes = (reference_points(*lengths) for lengths in zip(size, offsets.shape[2:], strict=True))
    y, x = (torch.tensor(axis, dtype=offsets.dtype, device=offsets.device) for axis in axes)
    # From cells to the -1..1 of grid_sample, whose ends are the outer edges of the outer cells.
    y = (2.0 * (offsets[:, 0] + y[:, None]) + 1.0) / size[0] - 1.0
    x = (2.0 * (offsets[:, 1] + x) + 1.0) / size[1] - 1.0
    points = torch.stack([x, y], 3)

    def read(features: Tensor) -> Tensor:
        picture = to_map(features.squeeze(1), size)
        return to_sequence(F.grid_sample(picture, points, padding_mode="zeros", align_corners=False)).unsqueeze(1)

    return read


def read_by_hats(offsets: Tensor, size: Size) -> Reader:
    """Eq. 3 as a product with the matrix of Eq. 4, of hats over the rows and over the columns; see `read_by_grid`."""
    batch, _, *grid = offsets.shape
    points = grid[0] * grid[1]
    hats = []
    for axis, distance in enumerate(_distances(size, (grid[0], grid[1]))):
        # Distances are small where they matter, so float16 keeps them; coordinates would not be.
        shift = offsets[:, axis].reshape(batch, 1, points, 1)
        shifted = shift + torch.tensor(distance, dtype=offsets.dtype, device=offsets.device)
        hats.append(F.relu(1.0 - shifted.abs()))
    # An outer product for each point. As a matrix product: phones' GPUs do not broadcast both sides at once.
    matrix = hats[0].reshape(batch, points, size[0], 1) @ hats[1].reshape(batch, points, 1, size[1])
    matrix = matrix.reshape(batch, 1, points, size[0] * size[1])
    return lambda features: matrix @ features


@lru_cache(maxsize=16)
def _distances(size: Size, grid: Size) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """How far each reference point lies from each row and from each column: (1, 1, H_g*W_g, h or w)."""
    rows, columns = (
        reference_points(cells, points)[:, None] - np.arange(cells) for cells, points in zip(size, grid, strict=True)
    )
    shape = (1, 1, grid[0] * grid[1], -1)
    return (
        np.repeat(rows, grid[1], 0).reshape(shape).astype(np.float32),
        np.tile(columns, (grid[0], 1)).reshape(shape).astype(np.float32),
    )


SAMPLINGS: dict[str, Callable[[Tensor, Size], Reader]] = {"hats": read_by_hats, "grid": read_by_grid}


class OffsetNetwork(nn.Module):
    """M of section 3.2.2: two convolutions with a GELU between them; the first one strides from point to point.

    A fresh network gives zero offsets: training begins with attention to the plain coarse grid.

    Args:
        channels: of a group of queries.
        factor: g, the side of a point's square in cells.
        reach: the largest offset along an axis, in cells.
    """

    def __init__(self, channels: int, factor: int, reach: float) -> None:
        super().__init__()
        kernel = (factor | 1) + 2  # DAT: 3, 5 and 7 for factors 1, 2 and 4
        self.reach = reach
        self.observe = nn.Conv2d(channels, channels, kernel, factor, kernel // 2, groups=channels)
        self.decide = nn.Conv2d(channels, 2, 1, bias=False)
        self.reset()

    def reset(self) -> None:
        """Makes all offsets zero."""
        nn.init.zeros_(self.decide.weight)

    def forward(self, query: Tensor) -> Tensor:
        """Queries (B, C, h, w) of a group to offsets (B, 2, ceil(h/g), ceil(w/g)) in cells, y before x."""
        return self.decide(F.gelu(self.observe(query))).tanh() * self.reach


class DeformableSampling(nn.Module):
    """Re-samples features at the points that the queries choose.

    Attributes:
        sampling: the form of the reading, a key of `SAMPLINGS`: `hats` for phones, `grid` with fewer products where
            there is a `grid_sample`. `set_sampling` changes it in a whole model.

    Args:
        channels: of the queries.
        factor: g, the side in cells of the square that belongs to a reference point.
        groups: S, into which the channels of queries and features are divided.
        offset_range: the largest offset along an axis, in distances between reference points.

    Raises:
        InvalidInputError: the channels do not divide into the groups.
    """

    def __init__(self, channels: int, factor: int, groups: int, offset_range: float) -> None:
        super().__init__()
        if channels % groups:
            raise InvalidInputError(f"{channels} channels do not divide into {groups} groups; choose a divisor of them")
        self.groups = groups
        self.offset_network = OffsetNetwork(channels // groups, factor, offset_range * factor)
        self.sampling = "hats"

    def offsets(self, query: Tensor, size: Size) -> tuple[Tensor, ...]:
        """Offsets (B, 2, H_g, W_g) of each group, in cells, y before x, for queries (B, 1, h*w, D)."""
        picture = to_map(query.squeeze(1), size)
        return tuple(self.offset_network(group) for group in cut(picture, 1, picture.shape[1] // self.groups))

    def forward(self, features: Sequence[Tensor], offsets: Sequence[Tensor], size: Size) -> tuple[Tensor, ...]:
        """Re-samples tensors of one or more frames, all at the same points.

        Args:
            features: (B, 1, frames*h*w, C) each.
            offsets: of each group.
            size: h and w.

        Returns:
            (B, 1, frames*H_g*W_g, C) of each.
        """
        readers = [SAMPLINGS[self.sampling](shift, size) for shift in offsets]

        def sample(tensor: Tensor) -> Tensor:
            sampled = []
            for frame in cut(tensor, 2, size[0] * size[1]):
                groups = cut(frame, 3, tensor.shape[3] // self.groups)
                sampled.append(torch.cat([read(group) for read, group in zip(readers, groups, strict=True)], 3))
            return torch.cat(sampled, 2)

        return tuple(sample(tensor) for tensor in features)


def cut(x: Tensor, dim: int, length: int) -> tuple[Tensor, ...]:
    """Cuts a tensor into equal parts. By slices: a split into one part does not convert to LiteRT."""
    return tuple(x.narrow(dim, start, length) for start in range(0, x.shape[dim], length))


def set_sampling(model: nn.Module, sampling: str) -> None:
    """Chooses the form in which a model re-samples features; the results agree.

    Raises:
        InvalidInputError: there is no such form.
    """
    if sampling not in SAMPLINGS:
        raise InvalidInputError(f"unknown sampling '{sampling}'; choose one of {', '.join(SAMPLINGS)}")
    for module in model.modules():
        if isinstance(module, DeformableSampling):
            module.sampling = sampling
