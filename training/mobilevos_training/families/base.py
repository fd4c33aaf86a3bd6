"""What training must know of a family of models: how a model walks through clips, and what its outputs mean."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

import torch
from torch import Tensor, nn

# The logit of an object that a clip of the batch does not have: it gets no probability and passes no gradient.
ABSENT_LOGIT = -1e4
Entry = TypeVar("Entry")
Model = TypeVar("Model", bound=nn.Module)


class Prediction(NamedTuple):
    """What a model makes of one frame of B clips. All float32; `Slots` says what lies along the second axis.

    Attributes:
        logits: (B, K, h, w) before they are brought to the frame's size; `ABSENT_LOGIT` for absent objects.
        representation: (B, R, D, h, w) what the last convolution sees.
        readout: (B, R, n, C) what the memory read returns, n cells of stride 16.
    """

    logits: Tensor
    representation: Tensor
    readout: Tensor


class Slots(NamedTuple):
    """How many maps of each kind a prediction has for a number of objects."""

    logits: int
    representation: int
    readout: int


@dataclass(frozen=True)
class WalkOptions:
    """How a model walks through clips.

    Attributes:
        queue: slots of the memory: the first frame stays, the others are first in, first out. None keeps all.
        autocast: the dtype of convolutions; the memory read is always in float32. None runs all in float32.
        identities: (B, N) int64, the identity from 1 on that each target has in the model, for families that tell
            objects apart by one; None numbers them 1..N.
        gap: how many frames apart frames join a memory that grows, for the AOT family; None has the queue.
        depths: whether sub-networks of fewer layers predict as well, for families that have them.
        as_tested: whether the memory is read as when the model is tested, where it learns from another read (STCN:
            from the whole memory, and not from the best cells alone).
        through_masks: whether the gradient of later frames goes through the masks that are memorised.
    """

    queue: int | None
    autocast: torch.dtype | None = None
    identities: Tensor | None = None
    gap: int | None = None
    depths: bool = False
    as_tested: bool = False
    through_masks: bool = True


class Walk(ABC, Generic[Entry]):
    """A model on its way through a batch of clips: all frames are encoded at once, some are in its memory.

    Attributes:
        memory: the slots: the first frame, then the others from the newest on.
    """

    def __init__(self, options: WalkOptions) -> None:
        self.options = options
        self.memory: list[Entry] = []

    def memorize(self, time: int, masks: Tensor) -> None:
        """Puts a frame with its objects' masks (B, N, H, W), 0..1, into the memory."""
        entry = self.entry(time, masks)
        self.memory = [*self.memory[:1], entry, *self.memory[1:]][: self.options.queue]

    @abstractmethod
    def entry(self, time: int, masks: Tensor) -> Entry:
        """What the memory keeps of a frame with its objects' masks (B, N, H, W)."""

    @abstractmethod
    def predict(self, time: int) -> list[Prediction]:
        """Segments a frame from the memory: one prediction for each depth that is asked for, the deepest last."""

    def autocast(self, device: torch.device) -> AbstractContextManager[object]:
        """The context in which convolutions run."""
        wanted = self.options.autocast
        return torch.autocast(device.type, wanted, enabled=wanted is not None)


class Family(ABC, Generic[Model]):
    """A family of models, without state.

    Attributes:
        joint: whether all objects of a frame are decoded together, so that only logits belong to single objects.
        most_objects: how many objects a model can follow at once; None for any number.
    """

    joint: ClassVar[bool]
    most_objects: ClassVar[int | None] = None

    @abstractmethod
    def walk(self, model: Model, frames: Tensor, present: Tensor, options: WalkOptions) -> Walk[Any]:
        """Encodes all frames (B, T, 3, H, W) of clips that have the objects `present` (B, N), and is at their start."""

    @abstractmethod
    def log_odds(self, logits: Tensor, size: tuple[int, int]) -> Tensor:
        """Logits (B, K, h, w) as log-odds (B, N+1, H, W) of background and objects at the frame's size."""

    @abstractmethod
    def slots(self, objects: int) -> Slots:
        """How many maps a prediction has."""

    @abstractmethod
    def channels(self, model: Model) -> int:
        """D, the width of a model's representation."""

    @abstractmethod
    def backbones(self, model: Model) -> dict[str, str]:
        """The encoders that start from ImageNet weights: the backbone, as `BACKBONE_FILES` has it, of each child."""

    @abstractmethod
    def droppable(self, model: Model) -> tuple[nn.Module, ...]:
        """The chains of blocks that stochastic depth may thin out."""

    def has_depths(self, name: str) -> bool:
        """Whether a registered model of the family has sub-networks of fewer layers."""
        return False

    def prepare(self, model: Model) -> None:
        """Makes a model of folded batch norms faster to train; what it computes and its weights' names stay."""

    def learned_figures(self, model: Model) -> dict[str, float]:
        """What a log should tell of a model's own few learned numbers."""
        return {}

    def draw_identities(self, present: Tensor, generators: list[torch.Generator]) -> Tensor | None:
        """Identities for the targets of clips in training, one generator a clip; None where objects have none."""
        return None


def join_clips(frames: Tensor) -> Tensor:
    """Clips (B, T, 3, H, W) as frames (T*B, 3, H, W), in the memory format that convolutions are fastest in."""
    return frames.transpose(0, 1).flatten(0, 1).contiguous(memory_format=torch.channels_last)


def split_times(parts: Sequence[Tensor], batch: int) -> list[tuple[Tensor, ...]]:
    """The parts of each frame of clips, (B, ...), of tensors (T*B, ...)."""
    return list(zip(*(part.split(batch) for part in parts), strict=True))
