"""What a propagation block is, and the tensors that it exchanges with the memory."""

from __future__ import annotations

from abc import abstractmethod
from typing import NamedTuple

from torch import Tensor, nn


class LayerMemory(NamedTuple):
    """What one layer remembers of one frame, or of several frames that are joined on the third axis.

    All objects of a frame share it: the identity embedding holds them.

    Attributes:
        key: (B, 1, h*w, Ck).
        value: (B, 1, h*w, Cv).
    """

    key: Tensor
    value: Tensor


class LayerState(NamedTuple):
    """What one layer keeps of a frame until its masks are known; `Block.fuse` makes a `LayerMemory` of it.

    Attributes:
        key: (B, 1, h*w, C).
        value: (B, 1, h*w, C).
    """

    key: Tensor
    value: Tensor


Entry = tuple[LayerMemory, ...]
State = tuple[LayerState, ...]


class LayerView(NamedTuple):
    """The memory as one layer sees it.

    Attributes:
        long_term: the frames of the long-term memory, joined: key (B, 1, M, Ck) with M = frames * h*w.
        short_term: the previous frame.
        bias: (B, 1, 1, M) is added to the logits of the long-term attention, to silence empty slots; none is zero.
    """

    long_term: LayerMemory
    short_term: LayerMemory
    bias: Tensor | None = None


class Block(nn.Module):
    """One layer between encoder and decoder.

    A frame passes through it as `project`, then `propagate`. The reference frame has no memory yet: what `project`
    leaves is fused with its own masks and serves as both memories.

    Attributes:
        output_channels: the width of what `propagate` returns.
    """

    output_channels: int

    @abstractmethod
    def project(self, x: Tensor, position: Tensor) -> tuple[Tensor, LayerState]:
        """What the layer does before it needs a memory.

        Args:
            x: (B, h*w, C) the embedding of the frame, or the output of the layer before.
            position: (1, h*w, C) position embedding.

        Returns:
            The embedding (B, h*w, C), and the state that the frame is matched and memorised by.
        """

    @abstractmethod
    def fuse(self, state: LayerState, identity: Tensor) -> LayerMemory:
        """Gives a frame's state the identities (B, h*w, C) of its objects."""

    @abstractmethod
    def propagate(self, x: Tensor, state: LayerState, memory: LayerView, size: tuple[int, int]) -> Tensor:
        """Reads the memory.

        Args:
            x: (B, h*w, C) of `project`.
            state: of `project`.
            memory: what to read.
            size: h and w.

        Returns:
            (B, h*w, output_channels).
        """

    @abstractmethod
    def output_norm(self) -> nn.Module:
        """A fresh normalisation of (B, h*w, output_channels), which the decoder's inputs pass."""

    def reset(self) -> None:
        """Sets what must not begin at random; a model calls it after it has drawn the weights of all its parts."""
