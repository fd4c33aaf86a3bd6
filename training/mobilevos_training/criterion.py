"""What a student is scored by: the recipe's losses against the ground truth and against its teacher, as named parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mobilevos_training import losses
from mobilevos_training.families import Family, family_named
from mobilevos_training.losses import IGNORE, PixelSample, PixelSampler, downsample_labels, gather_pixels, pixel_sampler
from mobilevos_training.recipe import Recipe
from mobilevos_training.recipe_options import DistillOptions, LogitOptions, RelationOptions, RepresentationOptions
from mobilevos_training.rollout import Followed

# A pixel of the representation is so many pixels of the frame on a side.
REPRESENTATION_STRIDE = 4


class Criterion(nn.Module):
    """The losses of a recipe, and the embedding layer that representation distillation trains beside the student.

    Every part is a mean over clips, so that processes that hold parts of a batch average to the whole.
    """

    def __init__(self, recipe: Recipe, channels: int) -> None:
        """Builds the losses for a student whose representation has that many channels."""
        super().__init__()
        self.loss = recipe.loss
        self.distill = recipe.distill or DistillOptions()
        teacher = self.distill.teacher
        self.family = family_named(recipe.model.name)
        self.teacher_family = family_named(teacher.name) if teacher else self.family
        wanted = self.distill.representation
        self.embedding = losses.EmbeddingHead(channels, wanted.embedding) if wanted else None

    def forward(
        self,
        student: Followed,
        teacher: Followed | None,
        masks: Tensor,
        present: Tensor,
        step: int,
        generators: list[torch.Generator],
        shallower: Sequence[Followed] = (),
    ) -> dict[str, Tensor]:
        """The weighted parts of the loss; their sum is what is minimised.

        Args:
            student: what the student made of the clips, the reference frame first where the recipe has a loss for it.
            teacher: what the teacher made of them.
            masks: (B, T, H, W) int64 ground truth.
            present: (B, N) bool.
            step: the optimiser step, for the bootstrapping.
            generators: one for each clip, for the pixel samplers.
            shallower: what sub-networks of fewer layers made of the clips, the shallowest first.
        """
        size = masks.shape[-2:]
        depths = [_log_odds(self.family, depth, size) for depth in (*shallower, student)]
        taught = None if teacher is None else _log_odds(self.teacher_family, teacher, size)
        labels = taught.argmax(2) if self.distill.self_supervised and taught is not None else masks[:, 1:]
        reference = []
        if self.loss.reference:
            reference, depths = [odds[:, :1] for odds in depths], [odds[:, 1:] for odds in depths]
            student = student.frames(1)
        odds = depths[-1]
        parts = self._segmentation(depths, labels, present, step)
        if reference:
            own = self._segmentation(reference, masks[:, :1], present, step)
            parts["reference"] = self.loss.reference * torch.stack(list(own.values())).sum()
        if self.distill.logit and taught is not None:
            parts["logit"] = self._logit(self.distill.logit, (odds, taught), labels, present, generators)
        if self.distill.representation and self.embedding:
            pair = self.embedding, student, teacher
            parts["representation"] = self._representation(
                self.distill.representation, pair, labels, present, generators
            )
        if self.distill.relations and teacher is not None and taught is not None:
            parts |= _relations(self.distill.relations, (student.readout, teacher.readout), (odds, taught), present)
        return parts

    def _segmentation(self, depths: Sequence[Tensor], labels: Tensor, present: Tensor, step: int) -> dict[str, Tensor]:
        """Of the log-odds of each depth, the deepest last."""
        found = [self._of_one_depth(odds, labels, present, step) for odds in depths]
        if len(found) == 1:
            return found[0]
        scaled = {name: [parts[name] for parts in found] for name in found[0]}
        return {name: losses.scalable_supervision(values, self.loss.depths) for name, values in scaled.items()}

    def _of_one_depth(self, odds: Tensor, labels: Tensor, present: Tensor, step: int) -> dict[str, Tensor]:
        options, frames = self.loss, odds.shape[1]
        probabilities, target = odds.softmax(2).flatten(0, 1), labels.flatten(0, 1)
        objects = present.repeat_interleave(frames, 0)
        share = losses.bootstrap_share(
            step, options.bootstrap.full_steps, options.bootstrap.ramp_steps, options.bootstrap.share
        )
        parts = {}
        if options.cross_entropy:
            entropy = losses.bootstrapped_cross_entropy(probabilities, target, share, options.poly_epsilon)
            parts["cross_entropy"] = options.cross_entropy * entropy.mean()
        if options.dice:
            parts["dice"] = options.dice * losses.dice_loss(probabilities, target, objects).mean()
        if options.jaccard:
            parts["jaccard"] = options.jaccard * losses.soft_jaccard_loss(probabilities, target, objects).mean()
        return parts

    def _logit(
        self,
        options: LogitOptions,
        odds: tuple[Tensor, Tensor],
        labels: Tensor,
        present: Tensor,
        generators: list[torch.Generator],
    ) -> Tensor:
        """Of the log-odds of student and teacher."""
        sampler = self._sampler(options.sampler)
        values = []
        # Clip by clip: the floor of the loss would give the classes that a clip does not have a probability.
        for clip, classes in enumerate((present.sum(1) + 1).tolist()):
            drawn = sampler(labels[clip], generators[clip])
            pixels = [gather_pixels(x[clip, :, :classes].log_softmax(1), drawn.indices) for x in odds]
            values.append(losses.logit_distillation_loss(pixels[0], pixels[1], options.temperature, drawn.valid))
        return options.weight * torch.stack(values).mean()

    def _representation(
        self,
        options: RepresentationOptions,
        pair: tuple[losses.EmbeddingHead, Followed, Followed | None],
        labels: Tensor,
        present: Tensor,
        generators: list[torch.Generator],
    ) -> Tensor:
        """Of the student, seen through its embedding, and the teacher, if there is one."""
        embedding, student, teacher = pair
        binary = _object_labels(labels, present.shape[1])
        drawn = _sample(self._sampler(options.sampler), binary, present, generators)
        embedded = embedding(gather_pixels(student.representation.flatten(0, 2), drawn.indices))
        target = gather_pixels(teacher.representation.flatten(0, 2), drawn.indices) if teacher else None
        classes = binary.flatten(0, 2).flatten(1).gather(1, drawn.indices)
        values = losses.representation_loss(embedded, target, classes, options.omega, drawn.valid)
        return options.weight * _mean_over_objects(values, present)

    def _sampler(self, name: str) -> PixelSampler:
        return pixel_sampler(name, self.distill.pixels, self.distill.boundary_width)


def _relations(
    options: RelationOptions, readouts: tuple[Tensor, Tensor], odds: tuple[Tensor, Tensor], present: Tensor
) -> dict[str, Tensor]:
    """Of the readouts and the log-odds of student and teacher; a part without weight is left out."""
    parts = {}
    if options.attention:
        attention = losses.cka_loss(*(readout.flatten(0, 2) for readout in readouts))
        parts["attention"] = options.attention * _mean_over_objects(attention, _readouts_present(readouts[0], present))
    if options.relation:
        student, teacher = (x.softmax(2).flatten(0, 1).flatten(2).mT for x in odds)
        exists = torch.cat([torch.ones_like(present[:, :1]), present], 1).repeat_interleave(odds[0].shape[1], 0)
        relation = losses.object_relation_loss(student, teacher, present=exists)
        parts["relation"] = options.relation * relation.mean()
    return parts


def _readouts_present(readout: Tensor, present: Tensor) -> Tensor:
    """Which of a frame's readouts count: (B, N) those of present objects, or (B, 1) the one of all objects together."""
    return present if readout.shape[2] == present.shape[1] else torch.ones_like(present[:, :1])


def _log_odds(family: Family[Any], followed: Followed, size: torch.Size) -> Tensor:
    """(B, F, N+1, H, W) log-odds of background and objects at the frames' size."""
    batch, (height, width) = followed.logits.shape[0], size
    return family.log_odds(followed.logits.flatten(0, 1), (height, width)).unflatten(0, (batch, -1))


def _object_labels(labels: Tensor, targets: int) -> Tensor:
    """(B, T-1, H, W) classes to (B, T-1, N, H/4, W/4): 1 where the object is, 0 elsewhere, 255 where none is known."""
    cells = downsample_labels(labels.flatten(0, 1), REPRESENTATION_STRIDE).unsqueeze(1)
    classes = torch.arange(1, targets + 1, device=labels.device).view(1, -1, 1, 1)
    return torch.where(cells == IGNORE, IGNORE, (cells == classes).long()).unflatten(0, labels.shape[:2])


def _sample(sampler: PixelSampler, labels: Tensor, present: Tensor, generators: list[torch.Generator]) -> PixelSample:
    """Samples pixels of (B, F, N, H, W) labels: B*F*N groups, those of absent objects without a valid pixel.

    Each clip draws from its own generator and for its own objects, so that the clips beside it change nothing.
    """
    frames, most = labels.shape[1:3]
    indices, valid = [], []
    for clip, count, generator in zip(labels, present.sum(1).tolist(), generators, strict=True):
        drawn = sampler(clip[:, :count].flatten(0, 1), generator)
        padding = (0, 0, 0, most - count)
        indices.append(F.pad(drawn.indices.unflatten(0, (frames, count)), padding))
        valid.append(F.pad(drawn.valid.unflatten(0, (frames, count)), padding))
    return PixelSample(torch.cat(indices).flatten(0, 1), torch.cat(valid).flatten(0, 1))


def _mean_over_objects(values: Tensor, present: Tensor) -> Tensor:
    """The mean over clips of each clip's mean over its frames and its own objects; values are (B*(T-1)*N,)."""
    grouped = values.view(present.shape[0], -1, present.shape[1]).mean(1)
    return ((grouped * present).sum(1) / present.sum(1).clamp_min(1)).mean()
