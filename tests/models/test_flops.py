"""What counting operations must not miss: attention, whichever kernel PyTorch chooses for it."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from mobilevos_models.flops import flop_counter


@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize("with_bias", [False, True])
@pytest.mark.parametrize("inference", [False, True])
@pytest.mark.parametrize("width", [8, 24], ids=["equal", "wide values"])
def test_attention_counts_as_its_two_products(device: str, with_bias: bool, inference: bool, width: int) -> None:
    query, key = torch.zeros(1, 4, 20, 8, device=device), torch.zeros(1, 4, 50, 8, device=device)
    value = torch.zeros(1, 4, 50, width, device=device)
    bias = torch.zeros(1, 1, 1, 50, device=device) if with_bias else None
    with torch.inference_mode(inference), flop_counter() as counter:
        F.scaled_dot_product_attention(query, key, value, bias)
    assert counter.get_total_flops() == 2 * 4 * 20 * 50 * (8 + width)


def test_a_convolution_counts_two_operations_a_multiply_accumulate() -> None:
    with flop_counter() as counter:
        F.conv2d(torch.zeros(1, 6, 5, 7), torch.zeros(4, 6, 1, 1))
    assert counter.get_total_flops() == 2 * 5 * 7 * 4 * 6
