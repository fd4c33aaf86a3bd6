"""STCN (Cheng et al., NeurIPS 2021), which the MobileVOS students are made from: the teacher's and the baseline's size.

Four things tell it from a student: the key encoder is a ResNet50, the value encoder sees the frame beside the masks,
every memorised frame may stay in memory, and a query reads only the `top_k` cells that match it best.

Where the papers are silent this follows the reference implementation: the value encoder's five channels are the
colours, the mask and the sum of the other masks; a key's similarity is divided by sqrt(Ck). Its convolutions that have
a bias before a batch norm lose it on import, into the norm's mean (`importing.py`).

Export: no phone's delegate has a top-k, so the contract's graphs read the whole of a bounded queue, whatever `top_k`
is. `memorize` needs the frame too, so its graph takes `frame` as one more input.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from torch import Tensor, nn

from mobilevos_models.backbones import ResNet18, ResNet50
from mobilevos_models.memory_read import MemoryEntry, Similarity, memory_key, read_memory
from mobilevos_models.mobilevos import FrameState, SpaceTimeNetwork, Widths, repeat_per_object
from mobilevos_sdk.errors import InvalidInputError


@dataclass(frozen=True)
class STCNConfig:
    """Everything that tells one STCN from another.

    Attributes:
        name: the registered name.
        similarity: `l2` (Algorithm 1 of the supplement) or `dot`, STM's dot product.
        top_k: the cells of the memory that a query reads; none reads all, as the contract's graphs do.
        key_channels: Ck.
        value_channels: Cv, the width of a value and of the thin value of the frame.
        decoder_channels: widths at strides 16, 8 and 4.
        paper_parameters: the published count in millions.

    Raises:
        InvalidInputError: a similarity or a `top_k` that cannot be used.
    """

    name: str
    similarity: Similarity = "l2"
    top_k: int | None = 20
    key_channels: int = 64
    value_channels: int = 512
    decoder_channels: tuple[int, int, int] = (512, 256, 256)
    paper_parameters: float = 54.4

    def __post_init__(self) -> None:
        if self.similarity not in ("l2", "dot"):
            raise InvalidInputError(f"unknown similarity '{self.similarity}'; choose l2 or dot")
        if self.top_k is not None and self.top_k < 1:
            raise InvalidInputError(f"top_k must be 1 or more, not {self.top_k}; None reads the whole memory")


CONFIGS = (STCNConfig("stcn"),)


class STCN(SpaceTimeNetwork):
    """Key encoder, value encoder, memory read and decoder of STCN.

    Frames are (B, 3, H, W) float32 RGB in 0..255 with H and W multiples of 16; masks are (B, N, H, W) float32 in 0..1.

    Args:
        config: widths, similarity and top-k. The weights do not depend on the latter two.
    """

    def __init__(self, config: STCNConfig) -> None:
        widths = Widths(config.key_channels, config.value_channels, config.decoder_channels)
        super().__init__(ResNet50, partial(ResNet18, inputs=5), widths, locality=False)
        self.config = config

    def frame_convolutions(self) -> tuple[nn.Conv2d, ...]:
        """The convolutions that see the normalised frame: the value encoder does, too."""
        return (*super().frame_convolutions(), self.value_encoder.stem)

    def read(self, query: Tensor, memory: Sequence[MemoryEntry], valid: Tensor | None = None) -> Tensor:
        """Reads the memory for a frame's keys (B, Ck, h, w): (B, N, h*w, Cv)."""
        return read_memory(query, memory, None, valid, self.config.top_k)

    def memorize(self, state: FrameState, masks: Tensor, frame: Tensor) -> MemoryEntry:
        """The graph `memorize`: the entry of a frame (B, 3, H, W), of its state and its objects' masks (B, N, H, W)."""
        colours = repeat_per_object(self.normalise(frame), masks.shape[1])
        value = self.encode_value(state, masks, [colours])
        return MemoryEntry(memory_key(state.key, self.config.similarity), value)

    def start(self, frame: Tensor, masks: Tensor) -> MemoryEntry:
        """The graph `start`: the memory entry of a first frame and its objects' masks."""
        state, _ = self.encode_frame(frame)
        return self.memorize(state, masks, frame)
