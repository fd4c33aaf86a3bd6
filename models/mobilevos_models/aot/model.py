"""AOT and its successors: encoder, identity bank, a stack of propagation blocks with a memory, decoder.

Any number of objects from 1 to 10 costs the same: they share one embedding (AOT, section 4.1). A model is three
functions on tensors, `start`, `segment` and `memorize`, made of the parts below.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from mobilevos_models.aot.block import Block, Entry, LayerView, State
from mobilevos_models.aot.blocks import BLOCKS
from mobilevos_models.aot.config import CHANNELS, IDENTITIES, AOTConfig
from mobilevos_models.aot.decoder import FPNDecoder, resize
from mobilevos_models.aot.encoder import ENCODERS, encode, encoder_channels
from mobilevos_models.aot.identity import IdentityBank, check_objects
from mobilevos_models.aot.layers import sine_position, to_map, to_sequence
from mobilevos_models.aot.memory import view_queue
from mobilevos_models.memory_read import SILENT_LOGIT
from mobilevos_models.normalisation import Normalisation
from mobilevos_sdk.errors import InvalidInputError


class FrameFeatures(NamedTuple):
    """A frame, encoded once.

    Attributes:
        skips: the encoder's features at strides 4, 8 and 16.
        embedding: (B, C, h, w) the projected deepest features, at stride 16.
        frame_size: H and W.
    """

    skips: tuple[Tensor, Tensor, Tensor]
    embedding: Tensor
    frame_size: tuple[int, int]


class Propagation(NamedTuple):
    """What the blocks make of a frame.

    Attributes:
        outputs: of each layer that was run, normalised for the decoder, (B, h*w, Cout).
        state: what `memorize` needs.
    """

    outputs: tuple[Tensor, ...]
    state: State


class AOT(nn.Module):
    """A model of the family.

    Frames are (B, 3, H, W) float32 RGB in 0..255 of any size from 17x17; masks are (B, N, H, W) float32 in 0..1 with
    N <= 10. A memory entry belongs to the frame, not to an object.

    Attributes:
        depth: how many layers are run; a scalable model (AOST) may have it lowered between frames.
    """

    def __init__(self, config: AOTConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = ENCODERS[config.backbone]()
        *skips, deep = encoder_channels(self.encoder)
        self.encoder_projector = nn.Conv2d(deep, CHANNELS, 1)
        blocks = [BLOCKS[config.block](config, index) for index in range(config.layers)]
        self.layers = nn.ModuleList(blocks)
        normed = blocks if config.decodes_all_layers else blocks[-1:]
        self.norms = nn.ModuleList(block.output_norm() for block in normed)
        self.decoder = FPNDecoder(_decoder_inputs(config, blocks), skips)
        self.identity_bank = IdentityBank(CHANNELS, normalize=config.block != "lstt")
        self.depth = config.layers
        for part in (self.encoder_projector, self.layers, self.decoder):
            _initialise(part)
        for block in blocks:
            block.reset()
        self.normalise = Normalisation()

    def frame_convolutions(self) -> tuple[nn.Conv2d, ...]:
        """The convolutions that see the normalised frame."""
        return (self.encoder.stem,)

    def set_depth(self, depth: int) -> None:
        """Chooses how many layers run from the next frame on (AOST, section 4.3).

        Entries that were made with fewer layers do not fit a greater depth: choose it before `start`, or lower it.

        Raises:
            InvalidInputError: the model is not scalable, or has not so many layers.
        """
        if depth != self.config.layers and not (self.config.scalable and 1 <= depth <= self.config.layers):
            known = f"1 to {self.config.layers}" if self.config.scalable else f"{self.config.layers} only"
            raise InvalidInputError(f"{self.config.name} has no depth {depth}; choose {known}")
        self.depth = depth

    def encode_frame(self, frame: Tensor) -> FrameFeatures:
        """Encodes frames (B, 3, H, W)."""
        # Depthwise convolutions are three times as fast with the channels last in memory, also on a CPU.
        features = encode(self.encoder, self.normalise(frame).contiguous(memory_format=torch.channels_last))
        height, width = frame.shape[-2:]
        return FrameFeatures(
            (features.stride4, features.stride8, features.stride16),
            self.encoder_projector(features.deep),
            (height, width),
        )

    def propagate(self, features: FrameFeatures, memory: Sequence[LayerView]) -> Propagation:
        """Runs the blocks on a frame.

        Args:
            features: of the frame.
            memory: what each layer sees.

        Raises:
            InvalidInputError: the memory was made at a smaller depth.
        """
        if len(memory) < self.depth:
            raise InvalidInputError(f"the memory has {len(memory)} of {self.depth} layers; choose depth {len(memory)}")
        x, position, size = _sequence(features)
        outputs, states = [], []
        for block, layer_view in zip(self._blocks(), memory, strict=False):
            x, state = block.project(x, position)
            x = block.propagate(x, state, layer_view, size)
            outputs.append(x)
            states.append(state)
        return Propagation(self._normalise(outputs), tuple(states))

    def refer(self, features: FrameFeatures, masks: Tensor) -> tuple[Propagation, Entry]:
        """Runs the blocks on a reference frame, which has its own masks (B, N, H, W) as its memory (AOT, section 4.2).

        Raises:
            InvalidInputError: more than 10 objects.
        """
        identity = self.identity_bank(masks)
        x, position, size = _sequence(features)
        outputs, states, entry = [], [], []
        for block in self._blocks():
            x, state = block.project(x, position)
            memory = block.fuse(state, identity)
            x = block.propagate(x, state, LayerView(memory, memory), size)
            outputs.append(x)
            states.append(state)
            entry.append(memory)
        return Propagation(self._normalise(outputs), tuple(states)), tuple(entry)

    def decode(self, features: FrameFeatures, outputs: Sequence[Tensor], exists: Tensor) -> Tensor:
        """Decodes what the blocks made of a frame.

        Args:
            features: of the frame.
            outputs: of the layers, from the first one on; fewer than there are for a shallower sub-transformer of AOST.
            exists: (B, N, 1, 1), 1 for identities that have an object and 0 for those that have none.

        Returns:
            Logits (B, 1 + N, H, W) of background and objects, to be compared by a softmax; those of absent identities
            are silenced.
        """
        check_objects(exists.shape[1])
        logits = self.decode_identities(features, outputs)[:, : 1 + exists.shape[1]]
        absent = torch.cat([torch.zeros_like(exists[:, :1]), (1.0 - exists) * SILENT_LOGIT], 1)
        return resize(logits + absent, features.frame_size)

    def decode_identities(self, features: FrameFeatures, outputs: Sequence[Tensor]) -> Tensor:
        """Logits (B, 1 + 10, H/4, W/4) of background and all identities; see `decode`, which upsamples them."""
        height, width = features.embedding.shape[-2:]
        size = (height, width)
        if self.config.decodes_all_layers:
            embeddings = [features.embedding, *(to_map(output, size) for output in outputs)]
        else:
            embeddings = [to_map(outputs[-1], size)]
        return self.decoder(embeddings, features.skips, len(outputs))

    def memorize(self, state: State, masks: Tensor) -> Entry:
        """The graph `memorize`: the entry of a segmented frame and its masks (B, N, H, W).

        Raises:
            InvalidInputError: more than 10 objects.
        """
        identity = self.identity_bank(masks)
        return tuple(block.fuse(part, identity) for block, part in zip(self._blocks(), state, strict=False))

    def start(self, frame: Tensor, masks: Tensor) -> Entry:
        """The graph `start`: the entry of a first frame and its objects' masks (B, N, H, W).

        Raises:
            InvalidInputError: more than 10 objects.
        """
        return self.refer(self.encode_frame(frame), masks)[1]

    def start_logits(self, frame: Tensor, masks: Tensor, exists: Tensor | None = None) -> tuple[Tensor, Entry]:
        """`start`, with the reference frame's own logits (B, 1 + N, H, W) (auxiliary reference loss, section 5)."""
        features = self.encode_frame(frame)
        propagation, entry = self.refer(features, masks)
        exists = _all_exist(frame, masks.shape[1]) if exists is None else exists
        return self.decode(features, propagation.outputs, exists), entry

    def segment_view(self, frame: Tensor, memory: Sequence[LayerView], exists: Tensor) -> tuple[Tensor, State]:
        """Logits (B, 1 + N, H, W), background first, and the frame's state; `exists` is (B, N, 1, 1) of 0 or 1."""
        features = self.encode_frame(frame)
        propagation = self.propagate(features, memory)
        return self.decode(features, propagation.outputs, exists), propagation.state

    def segment_logits(
        self, frame: Tensor, memory: Sequence[Entry], valid: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """Logits (B, 1 + N, H, W) of background and objects, and the frame's state.

        Args:
            frame: (B, 3, H, W).
            memory: the slots of the queue, see `view_queue`.
            valid: (B, N, 1, slots) of 0 or 1. Object n exists if it is in the reference frame: `valid[:, n, 0, 0]`.
                None means that all slots hold a frame and that all 10 identities have an object.
        """
        exists = _all_exist(frame, IDENTITIES) if valid is None else valid[..., :1]
        return self.segment_view(frame, view_queue(memory, valid), exists)

    def segment(self, frame: Tensor, memory: Sequence[Entry], valid: Tensor | None = None) -> tuple[Tensor, State]:
        """The graph `segment`: probabilities (B, 1 + N, H, W), background first, and the frame's state."""
        logits, state = self.segment_logits(frame, memory, valid)
        return logits.softmax(1), state

    def _blocks(self) -> Iterator[Block]:
        return (layer for layer in self.layers[: self.depth] if isinstance(layer, Block))

    def _normalise(self, outputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Normalises what the decoder sees: the outputs of all layers, or the last one."""
        if self.config.decodes_all_layers:
            return tuple(norm(x) for norm, x in zip(self.norms, outputs, strict=False))
        return (*outputs[:-1], self.norms[-1](outputs[-1]))


def _sequence(features: FrameFeatures) -> tuple[Tensor, Tensor, tuple[int, int]]:
    """The embedding (B, h*w, C), its position embedding (1, h*w, C), and h and w."""
    height, width = features.embedding.shape[-2:]
    x = to_sequence(features.embedding)
    return x, sine_position((height, width), CHANNELS, x), (height, width)


def _all_exist(like: Tensor, objects: int) -> Tensor:
    return torch.ones(like.shape[0], objects, 1, 1, dtype=like.dtype, device=like.device)


def _decoder_inputs(config: AOTConfig, blocks: Sequence[Block]) -> int | list[int]:
    """The channels that the decoder joins; for a scalable model, at each depth."""
    if not config.decodes_all_layers:
        return blocks[-1].output_channels
    joined = [CHANNELS + sum(block.output_channels for block in blocks[: index + 1]) for index in range(len(blocks))]
    return joined if config.scalable else joined[-1]


def _initialise(module: nn.Module) -> None:
    """Xavier's initialisation of all weights (reference implementation)."""
    for parameter in module.parameters():
        if parameter.dim() > 1:
            nn.init.xavier_uniform_(parameter)
