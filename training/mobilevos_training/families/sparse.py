"""SST: objects are decoded on their own, from attention over a buffer of frames that they share."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mobilevos_models.sst.model import SST, Skips, SSTEntry, SSTState
from mobilevos_training.families.base import Prediction, Walk, WalkOptions, join_clips, split_times
from mobilevos_training.families.matching import ObjectFamily, object_prediction


class SparseWalk(Walk[SSTEntry]):
    """A sparse spatiotemporal transformer on clips; see `Walk`. Its readout is what the encoder gives the decoder."""

    def __init__(self, model: SST, frames: Tensor, present: Tensor, options: WalkOptions) -> None:
        super().__init__(options)
        self.model, self.present = model, present
        with self.autocast(frames.device):
            state, skips = model.encode_frame(join_clips(frames))
        batch = len(present)
        self.states = [SSTState(embedding.float()) for (embedding,) in split_times(state, batch)]
        self.skips = [Skips(*parts) for parts in split_times(skips, batch)]

    def entry(self, time: int, masks: Tensor) -> SSTEntry:
        return self.model.memorize(self.states[time], masks)

    def predict(self, time: int) -> list[Prediction]:
        # An empty slot is no absent one: the reference frame's position in time is the size of the queue.
        empty = max((self.options.queue or 0) - len(self.memory), 0)
        valid = torch.tensor([1.0] * len(self.memory) + [0.0] * empty, device=self.present.device)
        valid = valid.expand(len(self.present), 1, 1, -1)
        propagated = self.model.propagate(self.states[time], [*self.memory, *self.memory[:1] * empty], valid)
        with self.autocast(propagated.device):
            representation = self.model.decode_features(propagated, self.skips[time])
            logits = self.model.prediction(representation)
        readout = propagated.flatten(2).transpose(1, 2).unflatten(0, self.present.shape)
        return [object_prediction(logits, representation, readout, self.present)]


class SparseFamily(ObjectFamily[SST]):
    """SST of any pattern."""

    def walk(self, model: SST, frames: Tensor, present: Tensor, options: WalkOptions) -> SparseWalk:
        return SparseWalk(model, frames, present, options)

    def channels(self, model: SST) -> int:
        return model.prediction.in_channels

    def backbones(self, model: SST) -> dict[str, str]:
        return {"key_encoder": "resnet50"}

    def droppable(self, model: SST) -> tuple[nn.Module, ...]:
        return (model.key_encoder,)
