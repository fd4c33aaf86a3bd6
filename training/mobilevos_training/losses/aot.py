"""How the depths of the AOT family are supervised together (AOST, Yang et al., section 4.3)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from mobilevos_sdk.errors import InvalidInputError


def scalable_supervision(losses: Sequence[Tensor], alpha: float = 2.0) -> Tensor:
    """The loss of all depths of a scalable transformer (AOST, Eq. 4).

    `L = sum_l alpha^l L_l / sum_l alpha^l`, l = 1..L: with alpha above 1, deeper sub-networks weigh more.

    Args:
        losses: of the sub-networks with 1, 2, ..., L layers, all of one shape.
        alpha: above 0.

    Raises:
        InvalidInputError: there is no loss, or alpha is not positive.
    """
    if not losses or alpha <= 0:
        raise InvalidInputError("scalable supervision: needs the loss of one depth or more, and alpha above 0")
    weights = [alpha**depth for depth in range(1, len(losses) + 1)]
    weighted = [weight * loss for weight, loss in zip(weights, losses, strict=True)]
    return sum(weighted[1:], weighted[0]) / sum(weights)
