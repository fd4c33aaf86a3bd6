"""A recipe: everything that decides what a training run does, as a YAML file read into frozen dataclasses."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from mobilevos_models.registry import model_config
from mobilevos_sdk.errors import InvalidInputError


@dataclass(frozen=True)
class Recipe:
    """One run.

    Attributes:
        model: a registered name.
        steps: optimiser steps.
        seed: of the data and of fresh weights.
        batch: clips per step.
        crop: side of the square training crops, in pixels.
        frames: frames per clip; the first one comes with its mask.
        learning_rate: of AdamW; the key encoder's is this times `key_encoder_rate`.
        key_encoder_rate: factor on the key encoder's learning rate.
        weight_decay: of AdamW.
        warmup: steps of linear warm-up.
        decay: the share of the run, at its end, in which the learning rate falls linearly to zero.
        ema: decay of the averaged weights, which are the result.
        hardest: share of the pixels that the bootstrapped cross-entropy keeps.
        dice: weight of the Dice loss.
        pair_share: share of the steps in which clips have two targets.
        photo_share: share of the clips made from photos; the others come from videos.
        reference_gap: largest distance in frames from the first frame to the second.
        step_gap: largest distance between later frames.
        teacher_forcing: how often the second frame is memorised with its true mask and not with the prediction.
        scale: smallest and largest size of a crop's pixel against a 480p pixel's.
        quarter_turns: how often a clip is turned by 90 degrees.
        init: a checkpoint to start from, relative to the working folder; none starts from the ImageNet backbones.
    """

    model: str
    steps: int
    seed: int = 0
    batch: int = 4
    crop: int = 256
    frames: int = 4
    learning_rate: float = 4e-4
    key_encoder_rate: float = 0.25
    weight_decay: float = 1e-4
    warmup: int = 100
    decay: float = 0.3
    ema: float = 0.998
    hardest: float = 0.25
    dice: float = 0.5
    pair_share: float = 0.3
    photo_share: float = 0.5
    reference_gap: int = 25
    step_gap: int = 3
    teacher_forcing: float = 0.5
    scale: tuple[float, float] = (0.5, 1.1)
    quarter_turns: float = 0.1
    init: str | None = None

    def __post_init__(self) -> None:
        """Checks the figures, so that a run fails at its start."""
        model_config(self.model)
        if self.crop % 16 or self.crop < 64:
            raise InvalidInputError(f"recipe: crop must be a multiple of 16 and at least 64, not {self.crop}")
        if self.frames < 2 or self.steps < 1 or self.batch < 1:
            raise InvalidInputError("recipe: needs frames >= 2, steps >= 1 and batch >= 1")
        if not 0 < self.hardest <= 1:
            raise InvalidInputError(f"recipe: hardest is a share in (0, 1], not {self.hardest}")


def read_recipe(path: Path, **overrides: Any) -> Recipe:
    """Reads a recipe file.

    Args:
        path: a YAML file with the fields of `Recipe`.
        overrides: fields to replace.

    Raises:
        InvalidInputError: the file is missing, not YAML, or has an unknown or missing field.
    """
    try:
        data = yaml.safe_load(path.read_text())
    except OSError as error:
        raise InvalidInputError(f"cannot read the recipe {path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise InvalidInputError(f"{path} is not YAML: {error}") from error
    known = {field.name for field in fields(Recipe)}
    if not isinstance(data, dict) or not known >= set(data):
        unknown = sorted(set(data) - known) if isinstance(data, dict) else data
        raise InvalidInputError(f"{path}: unknown fields {unknown}; known are {', '.join(sorted(known))}")
    data.update(overrides)
    if "scale" in data:
        data["scale"] = tuple(data["scale"])
    try:
        return Recipe(**data)
    except TypeError as error:
        raise InvalidInputError(f"{path}: {error}") from error


def recipe_hash(path: Path) -> str:
    """The first 12 hex digits of the recipe file's SHA-256."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
