"""Compares a loss with its slow, literal version: values and gradients, in both precisions."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Loss = Callable[..., Tensor]
TOLERANCES = {torch.float32: 2e-4, torch.float64: 2e-6}


def random_tensor(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def random_probabilities(seed: int, *shape: int) -> Tensor:
    """Probabilities along axis 1."""
    return random_tensor(seed, *shape).softmax(1)


def value_and_gradients(loss: Loss, inputs: tuple[Tensor, ...], dtype: torch.dtype) -> list[Tensor]:
    """The loss's values and its gradients with respect to each input, each value with a weight of its own."""
    leaves = [x.detach().to(dtype).clone().requires_grad_() for x in inputs]
    values = loss(*leaves)
    weights = torch.linspace(1.0, 2.0, values.numel(), dtype=dtype)
    gradients = torch.autograd.grad((values.flatten() * weights).sum(), leaves)
    return [values.detach(), *gradients]


def assert_twins(product: Loss, literal: Loss, *inputs: Tensor) -> None:
    """Both are functions of the inputs alone; the literal one runs in float64 and returns values of the same shape."""
    expected = value_and_gradients(literal, inputs, torch.float64)
    assert all(bool((gradient != 0).any()) for gradient in expected[1:]), "a gradient of zero would prove nothing"
    for dtype, tolerance in TOLERANCES.items():
        for actual, wanted in zip(value_and_gradients(product, inputs, dtype), expected, strict=True):
            assert actual.dtype == dtype
            scale = float(wanted.abs().max())
            torch.testing.assert_close(actual.double(), wanted, rtol=tolerance, atol=tolerance * scale)
