"""Gated deformable attention (Truong et al., "Self-supervised VOS with Distillation Learning of Deformable Attention",
Eq. 5 to 7): gated propagation from features that were re-sampled at the points that the queries choose.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from mobilevos_models.aot.attention import attend
from mobilevos_models.aot.block import LayerMemory
from mobilevos_models.aot.config import Deformation
from mobilevos_models.aot.deformable import DeformableSampling, Size, cut, reference_points
from mobilevos_models.aot.gated import GatedReadout, SelfPropagation
from mobilevos_models.memory_read import OLDER_LOGIT

# Makes keys (B, 1, M, D) and values (B, 1, M, inner) of sampled features: W_k and W_v of Eq. 5.
Projection = Callable[[LayerMemory], LayerMemory]
# The widths in cells that the locality priors start with: of the long-term and of the short-term propagation.
REFERENCE_WIDTH, PREVIOUS_WIDTH = 7.0, 4.0


class DeformablePropagation(GatedReadout):
    """Gated propagation from sampled features of memorised frames.

    Args:
        key_channels: D of the queries.
        inner: channels of the values, both branches together.
        outputs: channels of the result, both branches together.
        factor: g, the grid-size factor.
        deformation: the other numbers.
        width: in cells, of the prior on the distance between a query and a point, if the deformation has one.
    """

    def __init__(
        self,
        key_channels: int,
        inner: int,
        outputs: int,
        factor: int,
        deformation: Deformation,
        width: float,
    ) -> None:
        super().__init__(inner, outputs)
        self.sampling = DeformableSampling(key_channels, factor, deformation.groups, deformation.offset_range)
        self.locality = PointLocality(width) if deformation.locality else None

    def forward(
        self,
        query: Tensor,
        features: LayerMemory,
        project: Projection,
        gate: Tensor,
        size: Size,
        bias: Tensor | None = None,
    ) -> Tensor:
        """Reads a memory of features X.

        Args:
            query: (B, 1, h*w, D).
            features: of the visual branch, (B, 1, frames*h*w, C), and of the identification branch.
            project: W_k and W_v.
            gate: sigma(U), (B, h*w, inner).
            size: h and w.
            bias: (B, 1, 1, frames*h*w) to add to the logits, one number for each frame.

        Returns:
            (B, h*w, outputs).
        """
        offsets = self.sampling.offsets(query, size)
        sampled = project(LayerMemory(*self.sampling(features, offsets, size)))
        if bias is not None:
            points = offsets[0].shape[2] * offsets[0].shape[3]
            bias = torch.cat([frame[..., :points] for frame in cut(bias, 3, size[0] * size[1])], 3)
        if self.locality is not None:
            prior = self.locality(offsets, size)  # the first frame's; the short-term memory has one frame alone
            frames = features.key.shape[2] // (size[0] * size[1])
            if frames > 1:
                prior = torch.cat([prior, *[prior + OLDER_LOGIT] * (frames - 1)], 3)
            bias = prior if bias is None else prior + bias
        return self.finish(attend(query, *sampled, bias), gate, size)


class DeformableSelfPropagation(SelfPropagation):
    """Gated propagation within a frame, from sampled features of both branches.

    Args:
        width: channels of one branch.
        key_channels: D.
        inner: channels of the values, both branches together.
        deformation: g and the other numbers.
    """

    def __init__(self, width: int, key_channels: int, inner: int, deformation: Deformation) -> None:
        super().__init__(width, key_channels, inner)
        self.sampling = DeformableSampling(
            key_channels, deformation.self_attention, deformation.groups, deformation.offset_range
        )

    def forward(self, x: Tensor, size: Size) -> Tensor:
        """See `SelfPropagation`."""
        query = self.linear_QK(x).unsqueeze(1)
        branches = x.unsqueeze(1).chunk(2, 3)
        sampled = torch.cat(self.sampling(branches, self.sampling.offsets(query, size), size), 3).squeeze(1)
        key = self.linear_QK(sampled).unsqueeze(1)
        return self.finish(attend(query, key, self.value(sampled)), self.gate(x), size)


class PointLocality(nn.Module):
    """A Gaussian of learned width on the distance between a query and a sampled point, as a term of the logits.

    Beyond the paper; `memory_read.LocalityPrior` does the same for cells. With several groups, it is the mean over the
    group's points. What does not depend on the point is left out: softmax does not see it.

    Args:
        width: that training starts with, in cells.
    """

    def __init__(self, width: float) -> None:
        super().__init__()
        self.log_width = nn.Parameter(torch.tensor(width).log())

    def forward(self, offsets: Sequence[Tensor], size: Size) -> Tensor:
        """Offsets (B, 2, H_g, W_g) of each group to logits (B, 1, h*w, H_g*W_g)."""
        precision = (-2.0 * self.log_width).exp()
        like = offsets[0]
        grid = _centred(size, size, like).unsqueeze(1)
        reference = _centred(size, (like.shape[2], like.shape[3]), like)
        points = [(reference + shift.flatten(2)).unsqueeze(1) for shift in offsets]
        mean = sum(points[1:], points[0]) * (precision / len(points))
        squares = [(point * point).sum(2, keepdim=True) for point in points]
        squared = sum(squares[1:], squares[0]) * (-0.5 * precision / len(points))
        # The constant stands on the right: phones' GPUs multiply a tensor by a constant, and not the other way round.
        return (mean.transpose(2, 3) @ grid).transpose(2, 3) + squared


def _centred(size: Size, grid: Size, like: Tensor) -> Tensor:
    """(1, 2, H_g*W_g) coordinates y, x of a grid's points, from the picture's centre, so that float16 keeps them."""
    y, x = (reference_points(*lengths) - (lengths[0] - 1) / 2 for lengths in zip(size, grid, strict=True))
    points = np.stack(np.meshgrid(y, x, indexing="ij")).reshape(1, 2, -1)
    return torch.tensor(points, dtype=like.dtype, device=like.device)
