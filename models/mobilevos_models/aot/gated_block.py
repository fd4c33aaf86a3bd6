"""The block of DeAOT: gated propagation in two branches that share their attention (DeAOT, section 4.2).

The visual branch matches frames; the identification branch carries the identities along the same attention maps. In the
reference implementation, which this follows, the projection after an attention mixes the branches. Embeddings of both
are joined on their channels, the visual one first. The first layer is given the visual branch alone and starts the
other one.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mobilevos_models.aot.block import Block, LayerMemory, LayerState, LayerView
from mobilevos_models.aot.config import CHANNELS
from mobilevos_models.aot.gated import GlobalPropagation, LocalPropagation, SelfPropagation
from mobilevos_models.aot.layers import GroupNorm

# Channels of queries and keys, of the values of one branch, and of values and embeddings of both (reference
# implementation).
KEY_CHANNELS = CHANNELS // 2
VALUE_CHANNELS = 2 * CHANNELS
INNER, OUTPUTS = 2 * VALUE_CHANNELS, 2 * CHANNELS


def join(*parts: Tensor) -> Tensor:
    """Joins tensors on their last axis, without the empty ones: an exported graph should not have any."""
    present = [part for part in parts if part.shape[-1]]
    return torch.cat(present, -1) if len(present) > 1 else present[0]


class BranchNorm(nn.Module):
    """Normalises each branch of embeddings (B, h*w, 2C) over its cells and channels: a group norm of two groups."""

    def __init__(self) -> None:
        super().__init__()
        self.gn = GroupNorm(2, OUTPUTS)

    def forward(self, x: Tensor) -> Tensor:
        return self.gn(x.transpose(1, 2).unsqueeze(3)).squeeze(3).transpose(1, 2)


class DualBranchBlock(Block):
    """What the gated propagation modules have in common; there is no feed-forward.

    Args:
        first: whether this is the first layer, which has no identification branch yet.
        self_attn: the self-propagation of both branches.
    """

    output_channels = OUTPUTS

    def __init__(self, first: bool, self_attn: SelfPropagation) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(CHANNELS)
        self.id_norm1 = None if first else nn.LayerNorm(CHANNELS)
        self.linear_U = nn.Linear(CHANNELS, VALUE_CHANNELS)
        self.linear_ID_U = None if first else nn.Linear(CHANNELS, VALUE_CHANNELS)
        self.linear_ID_V = nn.Linear(CHANNELS if first else 2 * CHANNELS, VALUE_CHANNELS)
        self.norm2 = nn.LayerNorm(CHANNELS)
        self.id_norm2 = nn.LayerNorm(CHANNELS)
        self.self_attn = self_attn

    def normalise(self, x: Tensor) -> Tensor:
        """Embeddings (B, h*w, 256 or 512) to the features that are matched and memorised, of the same shape."""
        visual = self.norm1(x[..., :CHANNELS])
        return visual if self.id_norm1 is None else torch.cat([visual, self.id_norm1(x[..., CHANNELS:])], 2)

    def gate(self, features: Tensor) -> Tensor:
        """Features (B, h*w, 256 or 512) to gates (B, h*w, 1024); a branch that begins is let through."""
        visual = F.silu(self.linear_U(features[..., :CHANNELS]))
        if self.linear_ID_U is None:
            return torch.cat([visual, torch.ones_like(visual)], 2)
        return torch.cat([visual, F.silu(self.linear_ID_U(features[..., CHANNELS:]))], 2)

    def add(self, x: Tensor, read: Tensor, size: tuple[int, int]) -> Tensor:
        """Adds what was read from the memory, (B, h*w, 512), then what self-propagation makes of both branches."""
        visual = x[..., :CHANNELS] + read[..., :CHANNELS]
        identification = read[..., CHANNELS:]
        if self.id_norm1 is not None:
            identification = x[..., CHANNELS:] + identification
        normalised = torch.cat([self.norm2(visual), self.id_norm2(identification)], 2)
        return torch.cat([visual, identification], 2) + self.self_attn(normalised, size)

    def output_norm(self) -> nn.Module:
        """See `Block.output_norm`."""
        return BranchNorm()


class GatedBlock(DualBranchBlock):
    """DeAOT's gated propagation module: long-term, short-term and self-propagation.

    A state's key is the key (B, 1, h*w, 128), its value the visual value and, after the first layer, the features of
    the identification branch: (B, 1, h*w, 512 or 768). A memory's value joins the values of both branches, 1024 wide.

    Args:
        first: whether this is the first layer.
    """

    def __init__(self, first: bool) -> None:
        super().__init__(first, SelfPropagation(CHANNELS, KEY_CHANNELS, INNER))
        self.linear_QV = nn.Linear(CHANNELS, KEY_CHANNELS + VALUE_CHANNELS)
        self.long_term_attn = GlobalPropagation(INNER, OUTPUTS)
        self.short_term_attn = LocalPropagation(KEY_CHANNELS, INNER, OUTPUTS)

    def project(self, x: Tensor, position: Tensor) -> tuple[Tensor, LayerState]:
        """See `Block.project`; the position embedding is not used (reference implementation)."""
        features = self.normalise(x)
        key, value = self.linear_QV(features[..., :CHANNELS]).split([KEY_CHANNELS, VALUE_CHANNELS], 2)
        value = join(F.silu(value), features[..., CHANNELS:])
        return x, LayerState(key.unsqueeze(1), value.unsqueeze(1))

    def fuse(self, state: LayerState, identity: Tensor) -> LayerMemory:
        """See `Block.fuse`."""
        visual, own = state.value[..., :VALUE_CHANNELS], state.value[..., VALUE_CHANNELS:]
        source = join(own, identity.unsqueeze(1))
        return LayerMemory(state.key, join(visual, F.silu(self.linear_ID_V(source))))

    def propagate(self, x: Tensor, state: LayerState, memory: LayerView, size: tuple[int, int]) -> Tensor:
        """See `Block.propagate`."""
        gate = self.gate(self.normalise(x))
        read = self.long_term_attn(state.key, *memory.long_term, gate, size, memory.bias)
        return self.add(x, read + self.short_term_attn(state.key, *memory.short_term, gate, size), size)
