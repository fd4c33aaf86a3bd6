"""LSTT block V2, of AOTv2 and AOST (AOST, section 4.3)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mobilevos_models.aot.attention import HEADS, merge_heads, split_heads
from mobilevos_models.aot.block import LayerMemory, LayerState
from mobilevos_models.aot.config import CHANNELS
from mobilevos_models.aot.lstt import LSTTBlock


class LSTTBlockV2(LSTTBlock):
    """The block whose every layer projects the identity for itself, and gates the memory's keys with it.

    The paper gates with one number for each cell; the reference implementation with one for each cell and head, as
    here, so that its weights load.
    """

    def build_projections(self) -> None:
        """Adds the layers of `project_state` and `fuse`."""
        self.linear_QV = nn.Linear(CHANNELS, 2 * CHANNELS)
        self.linear_ID_KV = nn.Linear(CHANNELS, HEADS + CHANNELS)

    def project_state(self, x: Tensor) -> LayerState:
        """Normalised embeddings (B, h*w, C) to keys, which are the queries too, and values."""
        key, value = self.linear_QV(x).unsqueeze(1).split(CHANNELS, -1)
        return LayerState(key, value)

    def fuse(self, state: LayerState, identity: Tensor) -> LayerMemory:
        """K * (1 + tanh(E W_G)) and V + E W_ID (AOST, section 4.3)."""
        gate, shift = self.linear_ID_KV(identity).split((HEADS, CHANNELS), -1)
        key = split_heads(state.key.squeeze(1), HEADS) * split_heads(1.0 + torch.tanh(gate), HEADS)
        return LayerMemory(merge_heads(key).unsqueeze(1), state.value + shift.unsqueeze(1))
