"""Gated propagation: attention with a gate on its readout (DeAOT, Yang & Yang, NeurIPS 2022, section 4.2).

`GP(U, Q, K, V) = conv(U * softmax(Q K' / sqrt(d)) V) W`, where `*` is element-wise and `conv` is depthwise. Values and
gates hold the visual branch in their first half of channels and the identification branch in the second, so one
attention map serves both branches. There is one head.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mobilevos_models.aot.attention import WINDOW, RelativeKeys, attend
from mobilevos_models.aot.layers import to_map, to_sequence
from mobilevos_models.local_attention import local_attention

# The depthwise convolution's side (reference implementation).
KERNEL = 5


class GatedReadout(nn.Module):
    """What every gated propagation does with its readout: gate, depthwise convolution, projection.

    Args:
        inner: channels of readout and gate, both branches together.
        outputs: channels of the result, both branches together.
    """

    def __init__(self, inner: int, outputs: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(inner, inner, KERNEL, padding=KERNEL // 2, groups=inner, bias=False)
        self.projection = nn.Linear(inner, outputs)

    def finish(self, readout: Tensor, gate: Tensor, size: tuple[int, int]) -> Tensor:
        """Turns a readout (B, 1, h*w, inner) and a gate (B, h*w, inner) into (B, h*w, outputs)."""
        gated = readout.squeeze(1) * gate
        return self.projection(to_sequence(self.depthwise(to_map(gated, size))))


class GlobalPropagation(GatedReadout):
    """Gated propagation from all cells of any number of frames: the long-term branch."""

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, gate: Tensor, size: tuple[int, int], bias: Tensor | None = None
    ) -> Tensor:
        """Reads a memory.

        Args:
            query: (B, 1, h*w, D).
            key: (B, 1, M, D).
            value: (B, 1, M, inner).
            gate: (B, h*w, inner).
            size: h and w.
            bias: (B, 1, 1, M) to add to the logits.

        Returns:
            (B, h*w, outputs).
        """
        return self.finish(attend(query, key, value, bias), gate, size)


class LocalPropagation(GatedReadout):
    """Gated propagation from the window around each cell of one frame: the short-term branch.

    Every offset in the window has a logit that is linear in the query (reference implementation).
    """

    def __init__(self, key_channels: int, inner: int, outputs: int) -> None:
        super().__init__(inner, outputs)
        self.relative_emb_k = RelativeKeys(key_channels, 1, WINDOW)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, gate: Tensor, size: tuple[int, int]) -> Tensor:
        """As `GlobalPropagation`, with a memory of one frame: M = h*w."""
        scaled = query * query.shape[-1] ** -0.5
        read = local_attention(scaled, key, value, self.relative_emb_k(), size, WINDOW)
        return self.finish(read, gate, size)


class SelfPropagation(GatedReadout):
    """Gated propagation within a frame: both branches make the queries, which are the keys too, and their own values.

    Args:
        width: channels of one branch.
        key_channels: D.
        inner: channels of the values, both branches together.
    """

    def __init__(self, width: int, key_channels: int, inner: int) -> None:
        super().__init__(inner, 2 * width)
        self.linear_QK = nn.Linear(2 * width, key_channels)
        self.linear_V1 = nn.Linear(width, inner // 2)
        self.linear_V2 = nn.Linear(width, inner // 2)
        self.linear_U1 = nn.Linear(width, inner // 2)
        self.linear_U2 = nn.Linear(width, inner // 2)

    def value(self, x: Tensor) -> Tensor:
        """Embeddings (B, M, 2*width) to values (B, 1, M, inner)."""
        visual, identification = x.chunk(2, 2)
        return F.silu(torch.cat([self.linear_V1(visual), self.linear_V2(identification)], 2)).unsqueeze(1)

    def gate(self, x: Tensor) -> Tensor:
        """Embeddings (B, h*w, 2*width) to gates (B, h*w, inner)."""
        visual, identification = x.chunk(2, 2)
        return F.silu(torch.cat([self.linear_U1(visual), self.linear_U2(identification)], 2))

    def forward(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        """Both branches of a frame, (B, h*w, 2*width), to the same shape."""
        query = self.linear_QK(x).unsqueeze(1)
        return self.finish(attend(query, query, self.value(x)), self.gate(x), size)
