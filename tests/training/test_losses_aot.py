"""The supervision of the AOT family against its formulas."""

from __future__ import annotations

import pytest
import torch
from losses_twin import assert_twins, random_tensor
from torch import Tensor

from mobilevos_sdk.errors import InvalidInputError
from mobilevos_training.losses import scalable_supervision


def test_scalable_supervision_is_equation_4() -> None:
    def literal(*depths: Tensor) -> Tensor:
        total, weights = torch.zeros(2, dtype=torch.float64), 0.0
        for depth, loss in enumerate(depths, start=1):
            total, weights = total + 2.0**depth * loss, weights + 2.0**depth
        return total / weights

    losses = [random_tensor(seed, 2) for seed in range(3)]
    assert_twins(lambda *depths: scalable_supervision(depths), literal, *losses)


def test_deeper_sub_networks_weigh_more() -> None:
    shallow, deep = torch.tensor(0.0), torch.tensor(1.0)
    assert float(scalable_supervision([shallow, deep])) == pytest.approx(2 / 3)
    assert float(scalable_supervision([shallow, deep], alpha=1.0)) == pytest.approx(1 / 2)
    assert float(scalable_supervision([deep])) == 1.0


@pytest.mark.parametrize(("losses", "alpha"), [([], 2.0), ([torch.tensor(1.0)], 0.0)])
def test_no_depth_or_no_weight_is_refused(losses: list[Tensor], alpha: float) -> None:
    with pytest.raises(InvalidInputError, match="scalable supervision"):
        scalable_supervision(losses, alpha)
