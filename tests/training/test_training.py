"""Training: losses against their definitions, clips, and a run that is killed and goes on as if it had not been."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from mobilevos_models import create_model
from mobilevos_models.checkpoints import load_model, read_checkpoint, save_checkpoint
from mobilevos_models.folding import fold_batch_norms
from mobilevos_sdk.errors import InvalidInputError
from mobilevos_training.clips import ClipMaker, Pool
from mobilevos_training.loop import RunOptions, Trainer, schedule, training_pool
from mobilevos_training.losses import bootstrapped_cross_entropy, dice_loss
from mobilevos_training.recipe import Recipe, read_recipe
from mobilevos_training.sources import photo_stills

RECIPES = sorted((Path(__file__).parents[2] / "training" / "recipes").glob("*.yaml"))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small data pack in the layout of the real one: a red disk moves over noise."""
    root = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    folders = ["JPEGImages/disk", "Annotations/disk", "AnnotationsMultiObject/disk"]
    for folder in [*(f"davis16/train/{f}" for f in folders), "static/disks/images", "static/disks/masks"]:
        (root / folder).mkdir(parents=True)
    for index in range(8):
        image = rng.integers(0, 120, (240, 320, 3), np.uint8)
        mask = np.zeros((240, 320), np.uint8)
        cv2.circle(mask, (100 + 10 * index, 120), 50, 1, -1)
        image[mask > 0] = (20, 20, 220)
        name = f"{index:05d}.png"
        cv2.imwrite(str(root / "davis16/train/JPEGImages/disk" / name), image)
        cv2.imwrite(str(root / "davis16/train/Annotations/disk" / name), mask * 255)
        cv2.imwrite(str(root / "davis16/train/AnnotationsMultiObject/disk" / name), mask)
        cv2.imwrite(str(root / "static/disks/images" / name), image)
        cv2.imwrite(str(root / "static/disks/masks" / name), mask)
    return root


def test_bootstrapped_cross_entropy_is_the_mean_of_the_hardest_pixels() -> None:
    generator = torch.Generator().manual_seed(0)
    probabilities = torch.rand(2, 3, 4, 5, generator=generator).softmax(1)
    target = torch.randint(0, 3, (2, 4, 5), generator=generator)
    expected = []
    for b in range(2):
        losses = sorted(
            (-float(probabilities[b, target[b, y, x], y, x].log()) for y in range(4) for x in range(5)), reverse=True
        )
        expected += losses[:5]
    assert float(bootstrapped_cross_entropy(probabilities, target, 0.25)) == pytest.approx(np.mean(expected), rel=1e-5)


def test_ignored_pixels_cost_nothing() -> None:
    probabilities = torch.tensor([0.9, 0.1]).view(1, 2, 1, 1).expand(1, 2, 4, 4)
    target = torch.full((1, 4, 4), 255)
    assert float(bootstrapped_cross_entropy(probabilities, target, 1.0)) == 0
    target[0, 0, 0] = 1
    assert float(dice_loss(probabilities, target)) == pytest.approx(1 - (2 * 0.1 + 1) / (0.1 + 1 + 1), rel=1e-5)


def test_a_clip_is_a_function_of_its_seed(data: Path) -> None:
    recipe = Recipe("mobilenetv2-noaspp", steps=1, batch=2, crop=64)
    pool = training_pool(data)
    first, again = ClipMaker(pool, recipe).batch(7), ClipMaker(pool, recipe).batch(7)
    for a, b in zip(first, again, strict=True):
        assert np.array_equal(a.frames, b.frames)
        assert np.array_equal(a.masks, b.masks)
        assert a.masks[0].max() in (1, 2)
    assert not np.array_equal(first[0].frames, ClipMaker(pool, recipe).batch(8)[0].frames)


def test_a_missing_data_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="davis16"):
        training_pool(tmp_path)
    with pytest.raises(InvalidInputError, match="no photos"):
        photo_stills(tmp_path)


def test_the_learning_rate_warms_up_stays_and_decays() -> None:
    recipe = Recipe("mobilenetv2", steps=100, warmup=10, decay=0.2)
    assert schedule(0, recipe) == pytest.approx(0.1)
    assert schedule(50, recipe) == 1.0
    assert schedule(90, recipe) == pytest.approx(0.5)
    assert schedule(100, recipe) == 0.0


def trainer(data: Path, out: Path, steps: int) -> Trainer:
    init = out.parent / "init.safetensors"
    if not init.exists():
        torch.manual_seed(0)
        model = fold_batch_norms(create_model("mobilenetv2-noaspp"))
        save_checkpoint(init, model.state_dict(), {"model": "mobilenetv2-noaspp"})
    out.mkdir(exist_ok=True)
    recipe = Recipe("mobilenetv2-noaspp", steps=4, batch=1, crop=64, frames=3, warmup=1, init=str(init))
    run = Trainer(recipe, RunOptions(data, out, autocast=False, save_every=2, log_every=1))
    for line in run.run():
        if line["step"] == steps:
            break
    return run


def test_a_killed_run_goes_on_to_the_same_weights(data: Path, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    whole = trainer(data, tmp_path / "whole", 4)
    trainer(data, tmp_path / "killed", 3)  # its last saved state is that of step 2
    resumed = trainer(data, tmp_path / "killed", 4)
    assert resumed.step == 4
    for name, tensor in whole.model.state_dict().items():
        assert torch.allclose(resumed.model.state_dict()[name], tensor, atol=1e-6), name
    assert load_model(tmp_path / "killed" / "model.safetensors").config.name == "mobilenetv2-noaspp"
    assert read_checkpoint(tmp_path / "killed" / "model.safetensors")[1]["steps"] == "4"


def test_a_state_of_another_recipe_is_refused(data: Path, tmp_path: Path) -> None:
    trainer(data, tmp_path / "run", 2)
    recipe = Recipe("mobilenetv2-noaspp", steps=9, crop=64, init=str(tmp_path / "init.safetensors"))
    with pytest.raises(InvalidInputError, match="another recipe"):
        Trainer(recipe, RunOptions(data, tmp_path / "run"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_is_valid(path: Path) -> None:
    assert read_recipe(path).steps > 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model: nope\nsteps: 1", "known models"),
        ("model: resnet18", "steps"),
        ("model: resnet18\nsteps: 1\nlr: 3", "unknown fields"),
        ("model: resnet18\nsteps: 1\ncrop: 250", "multiple of 16"),
        ("model: [", "not YAML"),
    ],
)
def test_a_bad_recipe_is_one_clear_error(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    with pytest.raises(Exception, match=message) as error:
        read_recipe(path)
    assert type(error.value).__module__ == "mobilevos_sdk.errors"


def test_a_clip_with_no_targets_in_any_layer_is_never_made(data: Path) -> None:
    recipe = Recipe("mobilenetv2-noaspp", steps=1, batch=1, crop=64, pair_share=1.0)
    pool = training_pool(data)
    maker = ClipMaker(Pool(pool.videos, [], pool.photos), recipe)
    for step in range(5):
        clip = maker.batch(step)[0]
        assert set(np.unique(clip.masks[0])) >= {1, 2}
