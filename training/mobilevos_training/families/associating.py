"""The families that associate all objects of a frame at once, AOT, AOST and DeAOT: one class of models, one walk."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mobilevos_models.aot.block import Entry, LayerView, State
from mobilevos_models.aot.config import CHANNELS, IDENTITIES, AOTConfig
from mobilevos_models.aot.decoder import resize
from mobilevos_models.aot.memory import AOTMemory, view_queue
from mobilevos_models.aot.model import AOT, FrameFeatures
from mobilevos_models.registry import model_config
from mobilevos_training.families.base import (
    ABSENT_LOGIT,
    Family,
    Prediction,
    Slots,
    Walk,
    WalkOptions,
    join_clips,
    split_times,
)
from mobilevos_training.families.dilation import split_dilated


class AssociatingWalk(Walk[Entry]):
    """A model of the AOT family on clips; see `Walk`.

    The transformers run in float32, whatever convolutions run in. Predictions have no representation: the decoder's
    last features belong to all objects together.
    """

    def __init__(self, model: AOT, frames: Tensor, present: Tensor, options: WalkOptions) -> None:
        super().__init__(options)
        self.model, self.present = model, present
        batch, targets = present.shape
        numbered = torch.arange(1, targets + 1, device=present.device).expand(batch, -1)
        self.identities = numbered if options.identities is None else options.identities
        with self.autocast(frames.device):
            encoded = model.encode_frame(join_clips(frames))
        self.features = [
            FrameFeatures((stride4, stride8, stride16), embedding.float(), encoded.frame_size)
            for stride4, stride8, stride16, embedding in split_times((*encoded.skips, encoded.embedding), batch)
        ]
        self.grown = None if options.gap is None else AOTMemory(options.gap)
        self.outputs: Sequence[Tensor] = ()
        self.state: State = ()

    def entry(self, time: int, masks: Tensor) -> Entry:
        """The entry of the first frame, or of the one that was predicted last."""
        numbered = masks.new_zeros(masks.shape[0], IDENTITIES, *masks.shape[2:])
        numbered = numbered.scatter(1, (self.identities - 1)[..., None, None].expand_as(masks), masks)
        if time:
            return self.model.memorize(self.state, numbered)
        propagation, entry = self.model.refer(self.features[0], numbered)
        self.outputs = propagation.outputs
        return entry

    def memorize(self, time: int, masks: Tensor) -> None:
        if self.grown is None:
            super().memorize(time, masks)
        elif time:
            self.grown.update(self.entry(time, masks))
        else:
            self.grown.reference(self.entry(time, masks))

    def predict(self, time: int) -> list[Prediction]:
        features, outputs = self.features[time], self.outputs
        if time:
            outputs, self.state = self.model.propagate(features, self._view())
        depths = range(1, len(outputs) + 1) if self.options.depths else (len(outputs),)
        return [self._decode(features, outputs[:depth]) for depth in depths]

    def _view(self) -> tuple[LayerView, ...]:
        return view_queue(self.memory) if self.grown is None else self.grown.view()

    def _decode(self, features: FrameFeatures, outputs: Sequence[Tensor]) -> Prediction:
        with self.autocast(features.embedding.device):
            logits = self.model.decode_identities(features, outputs)
        classes = torch.cat([torch.zeros_like(self.identities[:, :1]), self.identities], 1)
        own = logits.float().gather(1, classes[..., None, None].expand(-1, -1, *logits.shape[-2:]))
        absent = ~torch.cat([torch.ones_like(self.present[:, :1]), self.present], 1)[..., None, None]
        # Of DeAOT's two branches, the identification branch comes last.
        readout = outputs[-1][:, None, :, -CHANNELS:]
        return Prediction(own.masked_fill(absent, ABSENT_LOGIT), own.new_zeros(len(own), 0, 1, 1, 1), readout)


class AssociatingFamily(Family[AOT]):
    """AOT and its successors."""

    joint = True
    most_objects = IDENTITIES

    def walk(self, model: AOT, frames: Tensor, present: Tensor, options: WalkOptions) -> AssociatingWalk:
        return AssociatingWalk(model, frames, present, options)

    def log_odds(self, logits: Tensor, size: tuple[int, int]) -> Tensor:
        """Upsampled logits: background and objects compete by a softmax as they are."""
        return resize(logits, size)

    def slots(self, objects: int) -> Slots:
        """Logits of background and objects, no representation, one readout of all objects."""
        return Slots(objects + 1, 0, 1)

    def channels(self, model: AOT) -> int:
        return 0

    def backbones(self, model: AOT) -> dict[str, str]:
        return {"encoder": model.config.backbone}

    def droppable(self, model: AOT) -> tuple[nn.Module, ...]:
        """The transformer (AOT, section 5)."""
        return (model.layers,)

    def prepare(self, model: AOT) -> None:
        split_dilated(model.encoder)

    def has_depths(self, name: str) -> bool:
        config = model_config(name)
        return isinstance(config, AOTConfig) and config.scalable

    def draw_identities(self, present: Tensor, generators: list[torch.Generator]) -> Tensor:
        """Identities at random, so that clips of few objects teach all of them (reference implementation)."""
        targets = present.shape[1]
        drawn = [torch.randperm(IDENTITIES, generator=one, device=one.device)[:targets] + 1 for one in generators]
        return torch.stack(drawn)
