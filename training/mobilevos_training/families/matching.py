"""Families that match and decode each object on its own and then let objects compete: MobileVOS and STCN."""

from __future__ import annotations

from abc import abstractmethod
from typing import Generic, TypeVar

from torch import Tensor, nn

from mobilevos_models.aggregation import aggregate_logits
from mobilevos_models.memory_read import MemoryEntry, read_memory
from mobilevos_models.mobilevos import DecoderFeatures, FrameState, MobileVOS, SpaceTimeNetwork, upsample_logits
from mobilevos_models.stcn import STCN
from mobilevos_training.families.base import (
    ABSENT_LOGIT,
    Family,
    Model,
    Prediction,
    Slots,
    Walk,
    WalkOptions,
    join_clips,
    split_times,
)

Network = TypeVar("Network", bound=SpaceTimeNetwork)


def object_prediction(logits: Tensor, representation: Tensor, readout: Tensor, present: Tensor) -> Prediction:
    """The prediction of objects that were decoded one by one.

    Args:
        logits: (B*N, 1, h, w).
        representation: (B*N, D, h, w).
        readout: (B, N, n, C).
        present: (B, N) bool.
    """
    own = logits.float().view(*present.shape, *logits.shape[-2:])
    silenced = own.masked_fill(~present[..., None, None], ABSENT_LOGIT)
    return Prediction(silenced, representation.float().unflatten(0, present.shape), readout)


class MatchingWalk(Walk[MemoryEntry], Generic[Network]):
    """A space-time memory network on clips; see `Walk`."""

    def __init__(self, model: Network, frames: Tensor, present: Tensor, options: WalkOptions) -> None:
        super().__init__(options)
        self.model, self.frames, self.present = model, frames, present
        with self.autocast(frames.device):
            states, features = model.encode_frame(join_clips(frames))
        batch = len(present)
        self.states = [FrameState(key.float(), deep) for key, deep in split_times(states, batch)]
        self.features = [DecoderFeatures(*parts) for parts in split_times(features, batch)]

    def entry(self, time: int, masks: Tensor) -> MemoryEntry:
        with self.autocast(masks.device):
            entry = self.make_entry(self.states[time], masks, time)
        return MemoryEntry(entry.key.float(), entry.value.float())

    def predict(self, time: int) -> list[Prediction]:
        readout = self.read(self.states[time].key)
        with self.autocast(readout.device):
            representation = self.model.decode_features(readout, self.features[time])
            logits = self.model.prediction(representation)
        return [object_prediction(logits, representation, readout, self.present)]

    @abstractmethod
    def make_entry(self, state: FrameState, masks: Tensor, time: int) -> MemoryEntry:
        """The model's own `memorize`."""

    def read(self, query: Tensor) -> Tensor:
        """Reads the memory for keys (B, Ck, h, w): (B, N, h*w, Cv)."""
        return read_memory(query, self.memory, self.model.prior)


class MobileVOSWalk(MatchingWalk[MobileVOS]):
    """A student, which memorises masks without the frame."""

    def make_entry(self, state: FrameState, masks: Tensor, time: int) -> MemoryEntry:
        return self.model.memorize(state, masks)


class STCNWalk(MatchingWalk[STCN]):
    """STCN, which learns from the whole memory and reads the cells that match best where it is a teacher."""

    def make_entry(self, state: FrameState, masks: Tensor, time: int) -> MemoryEntry:
        return self.model.memorize(state, masks, self.frames[:, time])

    def read(self, query: Tensor) -> Tensor:
        return self.model.read(query, self.memory) if self.options.as_tested else super().read(query)


class ObjectFamily(Family[Model]):
    """What the families share whose objects are decoded one by one."""

    joint = False

    def log_odds(self, logits: Tensor, size: tuple[int, int]) -> Tensor:
        """Upsamples the objects' logits and aggregates them (STM, section 3.5)."""
        return aggregate_logits(upsample_logits(logits), dim=1)

    def slots(self, objects: int) -> Slots:
        """One map of each kind for each object."""
        return Slots(objects, objects, objects)


class MatchingFamily(ObjectFamily[Network]):
    """What MobileVOS and STCN share."""

    def channels(self, model: Network) -> int:
        return model.prediction.in_channels

    def learned_figures(self, model: Network) -> dict[str, float]:
        """The widths of the locality prior, in cells."""
        if model.prior is None:
            return {}
        reference, previous = model.prior.log_width.detach().exp().tolist()
        return {"reference_width": reference, "previous_width": previous}

    def droppable(self, model: Network) -> tuple[nn.Module, ...]:
        return model.key_encoder, model.get_submodule("value_encoder")


class MobileVOSFamily(MatchingFamily[MobileVOS]):
    """The students of this project."""

    def walk(self, model: MobileVOS, frames: Tensor, present: Tensor, options: WalkOptions) -> MobileVOSWalk:
        return MobileVOSWalk(model, frames, present, options)

    def backbones(self, model: MobileVOS) -> dict[str, str]:
        return {"key_encoder": model.config.backbone, "value_encoder": "mobilenetv2"}


class STCNFamily(MatchingFamily[STCN]):
    """Their ancestor."""

    def walk(self, model: STCN, frames: Tensor, present: Tensor, options: WalkOptions) -> STCNWalk:
        return STCNWalk(model, frames, present, options)

    def backbones(self, model: STCN) -> dict[str, str]:
        return {"key_encoder": "resnet50", "value_encoder": "resnet18"}
