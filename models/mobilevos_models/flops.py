"""Counting operations: PyTorch's counter, and the attention of its CPU kernels, which that counter does not know."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode, sdpa_flop_count


def flop_counter() -> FlopCounterMode:
    """A context that counts the operations of convolutions and matrix products, two for a multiply-accumulate.

    Forward passes only: PyTorch's counter takes grouped convolutions for dense ones on the way back.

    Example:
        >>> with flop_counter() as counter:
        ...     _ = torch.ones(2, 3) @ torch.ones(3, 4)
        >>> counter.get_total_flops()
        48
    """
    attention = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
    return FlopCounterMode(display=False, custom_mapping={attention: _attention_flops})


def _attention_flops(query: Any, key: Any, value: Any, *_: Any, **__: Any) -> int:
    """Of shapes (B, heads, T, D), (B, heads, M, D) and (B, heads, M, Dv)."""
    return int(sdpa_flop_count(query, key, value))
