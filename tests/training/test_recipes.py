"""Every recipe in the repository is read, and trains for three steps on small data in its own layouts."""

from __future__ import annotations

import math
from itertools import islice
from pathlib import Path

import pytest
from tiny_data import SMALL, random_weights

from mobilevos_training.loop import Trainer
from mobilevos_training.recipe import Recipe, read_recipe
from mobilevos_training.run_options import RunOptions
from mobilevos_training.transplant.heads import HEADS

FOLDER = Path(__file__).parents[2] / "training" / "recipes"
RECIPES = sorted(FOLDER.rglob("*.yaml"))


def expected_parts(recipe: Recipe) -> set[str]:
    """The names under which a recipe's losses are logged."""
    if recipe.transplant:
        return {head.name for head in HEADS}
    loss, distill = recipe.loss, recipe.distill
    parts = {name for name in ("cross_entropy", "dice", "jaccard", "reference") if getattr(loss, name)}
    if distill is None:
        return parts
    parts |= {name for name in ("logit", "representation") if getattr(distill, name)}
    relations = distill.relations
    return parts | {name for name in ("attention", "relation") if relations and getattr(relations, name)}


def data_folder(path: Path, data: Path) -> Path:
    if path.parent.name == "published":
        return data / "published"
    return data / ("own" if path.stem == "finetune" else "pack")


def test_there_are_recipes() -> None:
    assert len(RECIPES) > 30


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.relative_to(FOLDER).with_suffix("").as_posix())
def test_a_recipe_trains(path: Path, tiny_data: Path, tmp_path: Path) -> None:
    whole = read_recipe(path)
    overrides = list(SMALL)
    if path.stem == "finetune":  # the one that must do without ImageNet weights
        overrides[-1] = f"model.init={tiny_data}/weights/{whole.model.name}.safetensors"
    if whole.distill and whole.distill.teacher:
        name = whole.distill.teacher.name
        overrides.append(f"distill.teacher.checkpoint={random_weights(tiny_data / 'weights', name)}")
    if whole.transplant:
        donor = random_weights(tiny_data / "weights", whole.transplant.donor)
        overrides += [f"transplant.checkpoint={donor}", "transplant.solved=2"]
    trainer = Trainer(read_recipe(path, overrides), RunOptions(data_folder(path, tiny_data), tmp_path, log_every=1))
    before = {name: tensor.clone() for name, tensor in trainer.student.state_dict().items()}
    lines = list(islice(trainer.run(), 3))
    assert [line["step"] for line in lines] == [1, 2, 3]
    parts = expected_parts(whole)
    for line in lines:
        assert parts <= line.keys()
        assert all(math.isfinite(value) for value in line.values()), line
        assert line["loss"] == pytest.approx(sum(line[part] for part in parts))
    after = trainer.student.state_dict()
    assert any((after[name] != tensor).any() for name, tensor in before.items())
