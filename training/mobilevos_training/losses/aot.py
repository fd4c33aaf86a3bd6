"""How the AOT family is supervised (AOT/AOST, Yang et al., sections 4.3 and 5); one value per clip."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from mobilevos_sdk.errors import InvalidInputError
from mobilevos_training.losses.segmentation import bootstrapped_cross_entropy, soft_jaccard_loss


def aot_loss(probabilities: Tensor, target: Tensor, share: float, present: Tensor | None = None) -> Tensor:
    """`0.5 * bootstrapped cross-entropy + 0.5 * soft Jaccard` (section 5, training details).

    Args:
        probabilities: (B, N+1, H, W) in 0..1, background first, summing to 1.
        target: (B, H, W) int64 class of each pixel, 255 where none is known.
        share: of the pixels that the cross-entropy keeps, in (0, 1].
        present: (B, N) bool, the objects that exist; none means all.

    Returns:
        (B,) losses.
    """
    entropy = bootstrapped_cross_entropy(probabilities, target, share)
    return 0.5 * entropy + 0.5 * soft_jaccard_loss(probabilities, target, present)


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


def auxiliary_reference_loss(
    reference_probabilities: Tensor, reference_mask: Tensor, share: float, weight: float, present: Tensor | None = None
) -> Tensor:
    """`weight * aot_loss` on the reference frame's own prediction (section 5, auxiliary reference loss).

    Args:
        reference_probabilities: (B, N+1, H, W), what the decoder makes of the reference frame's own memory.
        reference_mask: (B, H, W) int64, the very mask that was memorised.
        share: of the pixels that the cross-entropy keeps, in (0, 1].
        weight: 1 is the plain reading of the paper, which gives none.
        present: (B, N) bool, the objects that exist; none means all.

    Returns:
        (B,) losses, to be added to those of the predicted frames.
    """
    return weight * aot_loss(reference_probabilities, reference_mask, share, present)
