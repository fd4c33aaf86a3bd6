"""The one reduction that all losses share: a mean over the entries that count."""

from __future__ import annotations

import torch
from torch import Tensor


def masked_mean(values: Tensor, mask: Tensor, dim: int = -1) -> Tensor:
    """Mean over `dim` of the values where `mask` is true; zero, with a zero gradient, where it never is.

    Args:
        values: any shape, floating point.
        mask: bool, of a shape that broadcasts to that of `values` and has the whole of `dim`.
        dim: the axis to average over.

    Returns:
        `values` without that axis.
    """
    return torch.where(mask, values, 0.0).sum(dim) / mask.sum(dim).clamp_min(1)
