"""The MobileVOS students (Miles et al., CVPR 2023, section 4.2): STCN with mobile backbones and a bounded memory queue.

A model is three functions on tensors, `start`, `segment` and `memorize`, made of the parts below. The key encoder sees
the frame; the value encoder is a MobileNetV2 that sees the mask and the mask of the other objects, without the frame.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mobilevos_models.aggregation import soft_aggregate
from mobilevos_models.backbones import MobileNetV2, ResNet, ResNet18
from mobilevos_models.blocks import ASPP, FeatureFusion, ResBlock, UpsampleBlock
from mobilevos_models.memory_read import LocalityPrior, MemoryEntry, memory_key, read_memory
from mobilevos_models.normalisation import Normalisation

STRIDE = 16
BACKBONES: dict[str, type[MobileNetV2] | type[ResNet18]] = {"mobilenetv2": MobileNetV2, "resnet18": ResNet18}


@dataclass(frozen=True)
class MobileVOSConfig:
    """Everything that tells one student from another.

    Attributes:
        name: the registered name.
        backbone: the key encoder, a key of `BACKBONES`.
        value_channels: Cv, the width of a value and of the thin value of the frame.
        decoder_channels: widths at strides 16, 8 and 4.
        aspp_channels: the width of the ASPP on the readout; none leaves ASPP out.
        key_channels: Ck.
        locality: whether the read has the locality prior (not in the paper).
        paper_parameters: the count that the paper's table 4 gives, in millions.
    """

    name: str
    backbone: str
    value_channels: int
    decoder_channels: tuple[int, int, int]
    aspp_channels: int | None = None
    key_channels: int = 64
    locality: bool = True
    paper_parameters: float = 0.0


# Widths that give the parameter counts of the paper's table 4.
CONFIGS = (
    MobileVOSConfig("mobilenetv2", "mobilenetv2", 64, (80, 48, 32), aspp_channels=128, paper_parameters=2.5),
    MobileVOSConfig("mobilenetv2-noaspp", "mobilenetv2", 64, (80, 48, 32), paper_parameters=1.9),
    MobileVOSConfig("resnet18", "resnet18", 128, (96, 64, 48), aspp_channels=256, paper_parameters=8.1),
)


class FrameState(NamedTuple):
    """What a frame leaves behind until it is memorised.

    Attributes:
        key: (B, Ck, h, w) keys at stride 16.
        features: (B, C16, h, w) the key encoder's features at stride 16, which the value encoder fuses with the mask.
    """

    key: Tensor
    features: Tensor


class DecoderFeatures(NamedTuple):
    """The parts of a frame that its own segmentation needs: thin value (B, Cv, h, w) and projected skips."""

    thin_value: Tensor
    skip8: Tensor
    skip4: Tensor


@dataclass(frozen=True)
class Widths:
    """The sizes of a network that STCN and its students have in common.

    Attributes:
        key: Ck.
        value: Cv, the width of a value and of the thin value of the frame.
        decoder: widths at strides 16, 8 and 4.
        aspp: the width of the ASPP on the readout; none leaves ASPP out.
    """

    key: int
    value: int
    decoder: tuple[int, int, int]
    aspp: int | None = None


class SpaceTimeNetwork(nn.Module):
    """What STCN and its students have in common: a frame is encoded once, each object is read and decoded on its own.

    The subclass chooses the encoders and says how a frame is memorised.

    Args:
        key_encoder: makes the encoder of frames.
        value_encoder: makes the encoder of masks. Both are made here and not before: what a seed means hangs on the
            order in which layers draw their random numbers.
        widths: of everything else.
        locality: whether the read has the locality prior.
    """

    def __init__(
        self,
        key_encoder: Callable[[], MobileNetV2 | ResNet],
        value_encoder: Callable[[], MobileNetV2 | ResNet],
        widths: Widths,
        locality: bool,
    ) -> None:
        super().__init__()
        value, aspp = widths.value, widths.aspp
        wide, middle, narrow = widths.decoder
        self.key_encoder = key_encoder()
        skip4, skip8, deep = self.key_encoder.channels
        self.key_projection = nn.Conv2d(deep, widths.key, 3, padding=1)
        self.thin_value = nn.Conv2d(deep, value, 3, padding=1)
        self.value_encoder = value_encoder()
        self.fusion = FeatureFusion(self.value_encoder.channels[-1] + deep, value)
        self.prior = LocalityPrior() if locality else None
        self.aspp = ASPP(2 * value, aspp) if aspp else None
        self.compress = ResBlock(aspp or 2 * value, wide)
        self.up16_8 = UpsampleBlock(skip8, wide, middle)
        self.up8_4 = UpsampleBlock(skip4, middle, narrow)
        self.prediction = nn.Conv2d(narrow, 1, 3, padding=1)
        self.normalise = Normalisation()

    def frame_convolutions(self) -> tuple[nn.Conv2d, ...]:
        """The convolutions that see the normalised frame."""
        return (self.key_encoder.stem,)

    def encode_frame(self, frame: Tensor) -> tuple[FrameState, DecoderFeatures]:
        """Encodes frames (B, 3, H, W) once, for reading, decoding and memorising."""
        pyramid = self.key_encoder(self.normalise(frame))
        deep = pyramid.stride16
        decoder = DecoderFeatures(
            self.thin_value(deep), self.up16_8.project(pyramid.stride8), self.up8_4.project(pyramid.stride4)
        )
        return FrameState(self.key_projection(deep), deep), decoder

    def encode_value(self, state: FrameState, masks: Tensor, colours: Sequence[Tensor] = ()) -> Tensor:
        """What the memory keeps of a frame's objects.

        Args:
            state: of the frame.
            masks: (B, N, H, W) of its objects; each object is seen beside the sum of the others.
            colours: (B*N, C, H, W) maps that the value encoder sees before the masks.

        Returns:
            (B, N, h*w, Cv) values.
        """
        batch, objects, height, width = masks.shape
        others = masks.sum(1, keepdim=True) - masks
        # Reshaped before they are joined: a stack would be of rank 5, which phones' GPUs do not take.
        planes = [x.reshape(batch * objects, 1, height, width) for x in (masks, others)]
        mask_features = self.value_encoder(torch.cat([*colours, *planes], 1)).stride16
        value = self.fusion(mask_features, repeat_per_object(state.features, objects))
        return value.flatten(2).transpose(1, 2).reshape(batch, objects, -1, value.shape[1])

    def read(self, query: Tensor, memory: Sequence[MemoryEntry], valid: Tensor | None = None) -> Tensor:
        """Reads the memory for a frame's keys (B, Ck, h, w): (B, N, h*w, Cv)."""
        return read_memory(query, memory, self.prior, valid)

    def decode_features(self, readout: Tensor, features: DecoderFeatures) -> Tensor:
        """Turns readouts (B, N, h*w, Cv) into what the last convolution sees: (B*N, D, H/4, W/4), not negative."""
        batch, objects, _, channels = readout.shape
        height, width = features.thin_value.shape[-2:]
        readout = readout.reshape(batch * objects, height * width, channels).transpose(1, 2)
        readout = readout.reshape(batch * objects, channels, height, width)
        x = torch.cat([readout, repeat_per_object(features.thin_value, objects)], 1)
        x = self.compress(x if self.aspp is None else self.aspp(x))
        x = self.up16_8(x, repeat_per_object(features.skip8, objects))
        return F.relu(self.up8_4(x, repeat_per_object(features.skip4, objects)))

    def decode(self, readout: Tensor, features: DecoderFeatures) -> Tensor:
        """Turns readouts (B, N, h*w, Cv) into logits (B, N, H, W) of the objects, each on its own."""
        logits = upsample_logits(self.prediction(self.decode_features(readout, features)))
        return logits.reshape(*readout.shape[:2], *logits.shape[-2:])

    def segment_logits(
        self, frame: Tensor, memory: Sequence[MemoryEntry], valid: Tensor | None = None
    ) -> tuple[Tensor, FrameState]:
        """Logits (B, N, H, W) of each object before aggregation, and the frame's state."""
        state, features = self.encode_frame(frame)
        readout = self.read(state.key, memory, valid)
        return self.decode(readout, features), state

    def segment(
        self, frame: Tensor, memory: Sequence[MemoryEntry], valid: Tensor | None = None
    ) -> tuple[Tensor, FrameState]:
        """The graph `segment`: probabilities (B, N+1, H, W), background first, and the frame's state."""
        logits, state = self.segment_logits(frame, memory, valid)
        return soft_aggregate(logits, dim=1), state


class MobileVOS(SpaceTimeNetwork):
    """A student: key encoder, value encoder, memory read and decoder.

    Frames are (B, 3, H, W) float32 RGB in 0..255 with H and W multiples of 16; masks are (B, N, H, W) float32 in 0..1.
    """

    def __init__(self, config: MobileVOSConfig) -> None:
        widths = Widths(config.key_channels, config.value_channels, config.decoder_channels, config.aspp_channels)
        super().__init__(BACKBONES[config.backbone], partial(MobileNetV2, inputs=2), widths, config.locality)
        self.config = config

    def memorize(self, state: FrameState, masks: Tensor) -> MemoryEntry:
        """Makes a memory entry of a frame's state and its objects' masks (B, N, H, W)."""
        return MemoryEntry(memory_key(state.key), self.encode_value(state, masks))

    def start(self, frame: Tensor, masks: Tensor) -> MemoryEntry:
        """The graph `start`: the memory entry of a first frame and its objects' masks."""
        state, _ = self.encode_frame(frame)
        return self.memorize(state, masks)


def upsample_logits(logits: Tensor) -> Tensor:
    """Brings logits (B, N, H/4, W/4) to the frame's size (B, N, H, W)."""
    return F.interpolate(logits, scale_factor=4, mode="bilinear", align_corners=False)


def repeat_per_object(x: Tensor, objects: int) -> Tensor:
    """(B, C, h, w) to (B*N, C, h, w): what all objects of a frame share, once for each."""
    if objects == 1:
        return x
    batch, *shape = x.shape
    if batch == 1:  # of rank 4 and without a broadcast, for export
        return torch.cat([x] * objects)
    return x.unsqueeze(1).expand(batch, objects, *shape).reshape(batch * objects, *shape)
