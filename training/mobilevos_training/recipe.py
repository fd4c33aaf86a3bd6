"""A recipe: everything that decides what a training run does, as a YAML file read into frozen, typed options."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError, model_validator

from mobilevos_models.registry import model_config
from mobilevos_sdk.errors import InvalidInputError
from mobilevos_training.data.options import DataOptions
from mobilevos_training.explain import explain
from mobilevos_training.families import family_named
from mobilevos_training.options import Options
from mobilevos_training.recipe_options import (
    DistillOptions,
    LossOptions,
    MemoryOptions,
    ModelOptions,
    OptimizerOptions,
    ScheduleOptions,
    TransplantOptions,
)
from mobilevos_training.transplant.fit import misfit


class Recipe(Options):
    """One run.

    Attributes:
        about: what the recipe is for, and its source.
        model: the student.
        data: videos, photos, sampling and augmentation.
        steps: optimiser steps.
        seed: of the data, the pixel samplers and fresh weights.
        batch: clips per step, over all processes.
        memory: the memory loop.
        optimizer: the optimiser.
        schedule: of the learning rate.
        loss: against the ground truth.
        distill: what a teacher adds; None trains without one.
        transplant: fits the encoder to another student's, frame by frame; `memory` and `loss` go unread.
    """

    about: str = ""
    model: ModelOptions
    data: DataOptions
    steps: int = Field(ge=1)
    seed: int = 0
    batch: int = Field(4, ge=1)
    memory: MemoryOptions = MemoryOptions()
    optimizer: OptimizerOptions = OptimizerOptions()
    schedule: ScheduleOptions = ScheduleOptions()
    loss: LossOptions = LossOptions()
    distill: DistillOptions | None = None
    transplant: TransplantOptions | None = None

    @model_validator(mode="after")
    def _check_self_supervised(self) -> Recipe:
        if self.distill is not None and self.distill.self_supervised and self.memory.teacher_forcing:
            raise ValueError("distill.self_supervised reads no mask but the first; set memory.teacher_forcing to 0")
        return self

    @model_validator(mode="after")
    def _check_families(self) -> Recipe:
        distill = self.distill or DistillOptions()
        names = [self.model.name, *([distill.teacher.name] if distill.teacher else [])]
        single, joint = ([name for name in names if family_named(name).joint is kind] for kind in (False, True))
        if distill.representation and joint:
            raise ValueError(
                f"distill.representation compares features of single objects, and '{joint[0]}' decodes all objects "
                "together; set distill.representation to null"
            )
        if distill.relations and distill.relations.attention and single and joint:
            raise ValueError(
                f"distill.relations.attention compares what two models read for a frame, and only '{joint[0]}' reads "
                "for all objects together; set distill.relations.attention to 0"
            )
        if single and self.data.crop % 16:
            raise ValueError(f"data.crop: '{single[0]}' takes multiples of 16; set it to {self.data.crop - 1}")
        return self

    @model_validator(mode="after")
    def _check_student(self) -> Recipe:
        name, family = self.model.name, family_named(self.model.name)
        if self.loss.depths and not family.has_depths(name):
            raise ValueError(f"loss.depths is for models whose depth can be chosen, which '{name}' is not; set it to 0")
        return self

    @model_validator(mode="after")
    def _check_transplant(self) -> Recipe:
        if self.transplant is None:
            return self
        if self.distill is not None:
            raise ValueError("transplant: the donor is the teacher; leave out distill")
        if not self.model.locality:
            raise ValueError("transplant: the donor's memory read has the locality prior; set model.locality to true")
        if reason := misfit(model_config(self.model.name), model_config(self.transplant.donor)):
            raise ValueError(f"transplant.donor: '{self.transplant.donor}' {reason}")
        return self

    @model_validator(mode="after")
    def _check_memories(self) -> Recipe:
        parts: list[tuple[str, str, int | None]] = [("memory", self.model.name, self.memory.gap)]
        if self.distill and self.distill.teacher:
            parts.append(("distill.teacher", self.distill.teacher.name, self.distill.teacher.gap))
        for part, name, gap in parts:
            family = family_named(name)
            if gap and not family.joint:
                raise ValueError(f"{part}.gap is for the AOT family; '{name}' has {part}.queue")
            if family.most_objects is not None and self.data.targets.most > family.most_objects:
                raise ValueError(f"data.targets.most: '{name}' follows at most {family.most_objects} objects at once")
        return self

    def text(self) -> str:
        """The recipe as JSON, in full and in a fixed order: two runs with the same text do the same."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True)

    def digest(self) -> str:
        """The first 12 hex digits of the SHA-256 of `text`."""
        return hashlib.sha256(self.text().encode()).hexdigest()[:12]

    def is_as_written(self, written: object) -> bool:
        """Whether what a `text` said, of this version or of an older one, is this recipe.

        An option that came after it was written counts as its default, so that runs outlive an update.

        Args:
            written: the JSON of a `text`, parsed.
        """
        try:
            return Recipe.model_validate(written) == self
        except ValidationError:  # of another program, or with an option that is gone
            return False


def read_recipe(path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """Reads a recipe file.

    Args:
        path: a YAML file. `base: other.yaml`, relative to it, takes all that it does not say from another recipe.
        overrides: `KEY=VALUE` with dots for parts (`optimizer.learning_rate=1e-4`); values are YAML.

    Raises:
        InvalidInputError: the file is missing, not YAML, or a name or value is wrong; the message says which, and the
            nearest known name.
    """
    data = _read_yaml(path)
    for override in overrides:
        _apply(data, override)
    try:
        return Recipe.model_validate(data)
    except ValidationError as error:
        raise InvalidInputError(f"{path}: {explain(error, Recipe)}") from error


def _read_yaml(path: Path, seen: tuple[Path, ...] = ()) -> dict[str, Any]:
    if path.resolve() in seen:
        raise InvalidInputError(f"{path}: recipes name each other as their base")
    try:
        data = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"cannot read the recipe {path}: {error}") from error
    except yaml.YAMLError as error:
        raise InvalidInputError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(data, dict):
        raise InvalidInputError(f"{path} is not a recipe: it has no 'model:' and 'steps:'; see training/recipes")
    base = data.pop("base", None)
    if base is None:
        return data
    if not isinstance(base, str):
        raise InvalidInputError(f"{path}: 'base' is the path of another recipe, not {base!r}")
    return _merged(_read_yaml(path.parent / base, (*seen, path.resolve())), data)


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`base` with the values of `over`; parts are merged name by name, lists are replaced."""
    result = dict(base)
    for name, value in over.items():
        both = isinstance(value, dict) and isinstance(result.get(name), dict)
        # A part of another kind (another augmentation, say) has other names: it replaces and does not merge.
        same = both and all(value.get(tag, result[name].get(tag)) == result[name].get(tag) for tag in ("kind", "style"))
        result[name] = _merged(result[name], value) if same else value
    return result


def _apply(data: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise InvalidInputError(f"'{override}' is not KEY=VALUE, for example optimizer.learning_rate=1e-4")
    try:
        value = _number(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise InvalidInputError(f"the value of '{override}' is not YAML") from error
    *parents, last = key.strip().split(".")
    part: Any = data
    for name in parents:
        place = _place(part, name, key)
        if (isinstance(part, dict) and place not in part) or not isinstance(part[place], dict | list):
            part[place] = {}
        part = part[place]
    part[_place(part, last, key)] = value


def _place(part: Any, name: str, key: str) -> int | str:
    """What a name in a key means in a part: itself, or a place in a list."""
    if not isinstance(part, list):
        return name
    if name.isdecimal() and int(name) < len(part):
        return int(name)
    raise InvalidInputError(f"'{key}': '{name}' is no place in a list of {len(part)}; places count from 0")


def _number(value: Any) -> Any:
    """YAML 1.1 reads 1e-4, without a dot, as text; a person who writes it means the number."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value
