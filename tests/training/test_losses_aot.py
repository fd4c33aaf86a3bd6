"""The supervision of the AOT family against its formulas."""

from __future__ import annotations

import pytest
import torch
from losses_twin import assert_twins, random_probabilities, random_tensor
from torch import Tensor

from mobilevos_sdk.errors import InvalidInputError
from mobilevos_training.losses import aot_loss, auxiliary_reference_loss, scalable_supervision

SHARE = 0.5


def target() -> Tensor:
    return torch.randint(0, 3, (2, 3, 4), generator=torch.Generator().manual_seed(1))


def literal_aot(probabilities: Tensor) -> Tensor:
    clips = []
    for p, truth in zip(probabilities, target(), strict=True):
        pixels = [(y, x) for y in range(3) for x in range(4)]
        entropies = sorted((-torch.log(p[int(truth[y, x]), y, x]) for y, x in pixels), key=lambda e: -float(e.detach()))
        hardest = entropies[: round(SHARE * len(pixels))]
        jaccards = []
        for number in (1, 2):
            overlap = sum(p[number, y, x] * float(truth[y, x] == number) for y, x in pixels)
            union = sum(p[number, y, x] + float(truth[y, x] == number) for y, x in pixels) - overlap
            jaccards.append(1 - (overlap + 1) / (union + 1))
        clips.append(0.5 * sum(hardest) / len(hardest) + 0.5 * sum(jaccards) / 2)
    return torch.stack(clips)


def test_the_aot_loss_is_half_and_half() -> None:
    assert_twins(lambda p: aot_loss(p, target(), SHARE), literal_aot, random_probabilities(0, 2, 3, 3, 4))


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


def test_the_reference_loss_is_the_same_loss_with_a_weight() -> None:
    assert_twins(
        lambda p: auxiliary_reference_loss(p, target(), SHARE, 0.3),
        lambda p: 0.3 * literal_aot(p),
        random_probabilities(0, 2, 3, 3, 4),
    )
