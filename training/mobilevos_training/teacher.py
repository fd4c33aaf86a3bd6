"""Teachers: a model that follows the student's clips with a memory of its own, and a cache of what it made of them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn

from mobilevos_models.checkpoints import load_model, read_checkpoint, save_checkpoint
from mobilevos_models.folding import fold_batch_norms
from mobilevos_sdk.errors import ArtifactError
from mobilevos_training.data.loader import Batch
from mobilevos_training.families import ABSENT_LOGIT, Slots, WalkOptions, family_named
from mobilevos_training.recipe import Recipe
from mobilevos_training.recipe_options import TeacherOptions, weights_path
from mobilevos_training.rollout import Followed, follow


class Clips(NamedTuple):
    """A batch of clips as a model takes them, on its device.

    Attributes:
        frames: (B, T, 3, H, W) float32 RGB in 0..255.
        masks: (B, T, H, W) int64.
        present: (B, N) bool.
    """

    frames: Tensor
    masks: Tensor
    present: Tensor

    @classmethod
    def of(cls, batch: Batch, device: str) -> Clips:
        """The clips of a loaded batch."""
        return cls(batch.frames.to(device).float(), batch.masks.to(device).long(), batch.present.to(device))


class Teacher(Protocol):
    """Says what a model makes of clips that a student is given."""

    def __call__(self, batch: Batch, clips: Clips) -> Followed:
        """Follows the clips; nothing of it has a gradient."""

    def slots(self, objects: int) -> Slots:
        """How many maps of each kind its outputs have for a number of objects."""


@dataclass
class ModelTeacher:
    """A teacher that is run, loaded at its first use: with a full cache it never is.

    Attributes:
        options: the recipe's teacher.
        device: where it runs.
        autocast: the dtype of its convolutions; None for float32.
    """

    options: TeacherOptions
    device: str
    autocast: torch.dtype | None

    @cached_property
    def model(self) -> nn.Module:
        """The model with its weights, frozen."""
        model = (
            fold_batch_norms(load_model(weights_path(self.options.checkpoint, self.options.name), self.options.name))
            .eval()
            .requires_grad_(False)
        )
        moved: nn.Module = model.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        return moved

    @torch.no_grad()
    def __call__(self, batch: Batch, clips: Clips) -> Followed:
        walk = WalkOptions(self.options.queue, self.autocast, gap=self.options.gap, as_tested=True)
        return follow(self.model, *clips, walk)[-1]

    def slots(self, objects: int) -> Slots:
        return family_named(self.options.name).slots(objects)


@dataclass
class CachedTeacher:
    """Keeps a teacher's outputs on disk as float16, one file a clip, and asks the teacher for those that are missing.

    Attributes:
        source: the teacher.
        folder: of this teacher on these clips; see `cache_folder`.
    """

    source: Teacher
    folder: Path

    def __call__(self, batch: Batch, clips: Clips) -> Followed:
        """Reads the clips' outputs, or computes and keeps them. Computed ones are rounded alike: both are the same."""
        found = [self._read(self._path(batch.step, index)) for index in batch.clips]
        if any(clip is None for clip in found):
            computed = self.source(batch, clips)
            targets = clips.present.sum(1).tolist()
            for row, index in enumerate(batch.clips):
                if found[row] is None:
                    own = self.slots(targets[row])
                    kept = (part[row, :, :count].half() for part, count in zip(computed, own, strict=True))
                    found[row] = Followed(*kept)
                    self._write(self._path(batch.step, index), found[row])
        slots = self.slots(clips.present.shape[1])
        return _joined([clip for clip in found if clip is not None], slots, clips.frames.device)

    def slots(self, objects: int) -> Slots:
        return self.source.slots(objects)

    def _path(self, step: int, index: int) -> Path:
        return self.folder / f"{step // 1000:05d}" / f"{step:08d}-{index:03d}.safetensors"

    @staticmethod
    def _read(path: Path) -> Followed | None:
        if not path.is_file():
            return None
        try:
            tensors, _ = read_checkpoint(path)
        except ArtifactError:  # a damaged file is computed anew
            return None
        return Followed(**tensors) if tensors.keys() == set(Followed._fields) else None

    @staticmethod
    def _write(path: Path, clip: Followed | None) -> None:
        if clip is not None:
            save_checkpoint(path, {name: part.cpu() for name, part in clip._asdict().items()}, {})


def _joined(rows: list[Followed], slots: Slots, device: torch.device) -> Followed:
    """Stacks clips of different numbers of targets: absent ones have the absent logit and zeros."""

    def stacked(parts: list[Tensor], count: int, fill: float) -> Tensor:
        shape = (len(parts), parts[0].shape[0], count, *parts[0].shape[2:])
        result = torch.full(shape, fill, device=device)
        for row, part in enumerate(parts):
            result[row, :, : part.shape[1]] = part.to(device, torch.float32)
        return result

    return Followed(
        stacked([row.logits for row in rows], slots.logits, ABSENT_LOGIT),
        stacked([row.representation for row in rows], slots.representation, 0.0),
        stacked([row.readout for row in rows], slots.readout, 0.0),
    )


def cache_folder(root: Path, recipe: Recipe, fingerprint: str) -> Path:
    """The folder of a teacher's outputs on a recipe's clips: named by its weights, its memory and the data.

    Args:
        root: where caches of several recipes lie side by side.
        recipe: a recipe with a teacher. Recipes that differ in the student, its losses or its optimiser share a folder.
        fingerprint: of the data pool.
    """
    options = recipe.distill.teacher if recipe.distill else None
    if options is None:
        raise ArtifactError("this recipe has no teacher whose outputs could be cached; give distill.teacher")
    path = weights_path(options.checkpoint, options.name)
    try:
        weights = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ArtifactError(f"cannot read the teacher's weights {path}: {error.strerror}") from error
    facts = [
        options.name,
        options.queue,
        options.gap,
        weights,
        recipe.data.model_dump(mode="json"),
        recipe.seed,
        recipe.steps,
    ]
    key = hashlib.sha256(json.dumps([*facts, fingerprint], sort_keys=True).encode()).hexdigest()
    return root / f"{options.name}-{key[:16]}"
