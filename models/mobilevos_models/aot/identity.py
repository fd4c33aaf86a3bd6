"""The identification mechanism: soft masks of several objects become one embedding per cell (AOT, section 4.1)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mobilevos_models.aot.config import IDENTITIES
from mobilevos_models.aot.layers import to_sequence
from mobilevos_sdk.errors import InvalidInputError

# The patch of an identity is one cell wide with a pixel of overlap, as feature maps are aligned by their corners.
PATCH, STRIDE, PADDING = 17, 16, 8


class IdentityBank(nn.Module):
    """The patch-wise identity bank: a vector for each identity, background included, at each place of a patch.

    Args:
        channels: C.
        normalize: layer norm on the sum of the identities (AOTv2, AOST, DeAOT).
    """

    def __init__(self, channels: int, normalize: bool) -> None:
        super().__init__()
        self.bank = nn.Conv2d(1 + IDENTITIES, channels, PATCH, STRIDE, PADDING)
        self.norm = nn.LayerNorm(channels) if normalize else None
        nn.init.orthogonal_(self.bank.weight.detach().view(channels, -1), gain=PATCH**-2)

    def forward(self, masks: Tensor) -> Tensor:
        """Embeds the identities of N <= 10 objects.

        Args:
            masks: (B, N, H, W) in 0..1, hard or soft; an object that is absent has a mask of zeros.

        Returns:
            (B, h*w, C).

        Raises:
            InvalidInputError: more objects than identities.
        """
        check_objects(masks.shape[1])
        background = F.relu(1.0 - masks.sum(1, keepdim=True))
        weight = self.bank.weight[:, : 1 + masks.shape[1]]  # identities without an object add nothing
        x = F.conv2d(torch.cat([background, masks], 1), weight, self.bank.bias, STRIDE, PADDING)
        identity = to_sequence(x)
        return identity if self.norm is None else self.norm(identity)


def check_objects(objects: int) -> None:
    """Raises an error if one pass cannot follow so many objects.

    Raises:
        InvalidInputError: the number is not in 1..10.
    """
    if not 1 <= objects <= IDENTITIES:
        raise InvalidInputError(
            f"this model has {IDENTITIES} identities and cannot follow {objects} objects at once; "
            f"follow them in several passes of 1 to {IDENTITIES} objects"
        )
