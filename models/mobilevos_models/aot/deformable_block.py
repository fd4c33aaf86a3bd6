"""The block of deaot-t-deform: DeAOT's, with deformable attention (Truong et al., "Self-supervised VOS with
Distillation Learning of Deformable Attention", section 3).

Section 3.1 replaces "the Gated Attention function, used in the GPM" by the gated deformable attention function. DeAOT's
gated propagation module (GPM) uses that function three times: for long-term, short-term and self-propagation. So all
three are deformable here, each with an offset network and a grid-size factor of its own. The memory holds the features
X that Eq. 3 samples, of the visual and of the identification branch, instead of keys and values: W_k and W_v come after
the sampling (Eq. 5), at the points alone. W_q and W_k are one matrix, as in DeAOT.

Both memories may have a prior on the distance, which is beyond the paper. In the short-term propagation the relative
positions of the local attention that it replaces are gone, and nothing else tells near from far; in the long-term one
an object seldom is at the other end of what is seen, while things that look like it are.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mobilevos_models.aot.block import LayerMemory, LayerState, LayerView
from mobilevos_models.aot.config import CHANNELS, Deformation
from mobilevos_models.aot.deformable import OffsetNetwork
from mobilevos_models.aot.deformable_gated import (
    PREVIOUS_WIDTH,
    REFERENCE_WIDTH,
    DeformablePropagation,
    DeformableSelfPropagation,
)
from mobilevos_models.aot.gated_block import INNER, KEY_CHANNELS, OUTPUTS, VALUE_CHANNELS, DualBranchBlock, join


class DeformableBlock(DualBranchBlock):
    """A gated propagation module whose attentions are deformable.

    A state is the features of the branches that there are, cut into two halves: of (B, 1, h*w, 128) in the first layer,
    of 256 channels after it. A memory's key is the features of the visual branch, 256 wide; its value is those of the
    identification branch with the identities, 256 or 512 wide.

    Args:
        deformation: the numbers of the deformable attention.
        first: whether this is the first layer.
    """

    def __init__(self, deformation: Deformation, first: bool) -> None:
        super().__init__(first, DeformableSelfPropagation(CHANNELS, KEY_CHANNELS, INNER, deformation))
        self.linear_Q = nn.Linear(CHANNELS, KEY_CHANNELS)
        self.linear_V = nn.Linear(CHANNELS, VALUE_CHANNELS)
        channels = KEY_CHANNELS, INNER, OUTPUTS
        self.long_term_attn = DeformablePropagation(*channels, deformation.long_term, deformation, REFERENCE_WIDTH)
        self.short_term_attn = DeformablePropagation(*channels, deformation.short_term, deformation, PREVIOUS_WIDTH)

    def reset(self) -> None:
        """Begins with offsets of zero."""
        for module in self.modules():
            if isinstance(module, OffsetNetwork):
                module.reset()

    def project(self, x: Tensor, position: Tensor) -> tuple[Tensor, LayerState]:
        """See `Block.project`; the position embedding is not used (DeAOT's reference implementation)."""
        return x, LayerState(*self.normalise(x).unsqueeze(1).chunk(2, 3))

    def fuse(self, state: LayerState, identity: Tensor) -> LayerMemory:
        """See `Block.fuse`."""
        features = torch.cat(state, 3)
        identification = join(features[..., CHANNELS:], identity.unsqueeze(1))
        return LayerMemory(features[..., :CHANNELS], identification)

    def propagate(self, x: Tensor, state: LayerState, memory: LayerView, size: tuple[int, int]) -> Tensor:
        """See `Block.propagate`."""
        features = torch.cat(state, 3)
        query = self.linear_Q(features[..., :CHANNELS])
        gate = self.gate(features.squeeze(1))
        read = self.long_term_attn(query, memory.long_term, self.project_memory, gate, size, memory.bias)
        return self.add(x, read + self.short_term_attn(query, memory.short_term, self.project_memory, gate, size), size)

    def project_memory(self, features: LayerMemory) -> LayerMemory:
        """Eq. 5: keys (B, 1, M, 128) and values (B, 1, M, 1024) of sampled features."""
        values = torch.cat([self.linear_V(features.key), self.linear_ID_V(features.value)], 3)
        return LayerMemory(self.linear_Q(features.key), F.silu(values))
