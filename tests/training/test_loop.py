"""The loop: seeds, validation, what a run writes, and runs that end with one clear error and their state intact."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import pytest
import torch
from data_sets import write_video
from tiny_data import STUDENT, assert_same_weights, distillation, losses, pack_recipe, read_log, trained

from mobilevos_models.checkpoints import load_model, read_checkpoint
from mobilevos_sdk.errors import ArtifactError, VideoError
from mobilevos_training.initial import initial_model
from mobilevos_training.loop import Trainer, TrainingError
from mobilevos_training.recipe import Recipe
from mobilevos_training.recipe_options import ModelOptions
from mobilevos_training.run_options import RunOptions
from mobilevos_training.state import load_state
from mobilevos_training.validation import ValidationOptions


def demanding(data: Path, **changes: Any) -> Recipe:
    """A recipe that draws everything that is random: depth, teacher forcing, pixels of distillation, targets."""
    return pack_recipe(
        **{
            "model": {"name": STUDENT, "stochastic_depth": 0.5},
            "memory": {"queue": 2, "teacher_forcing": 0.5},
            "distill": distillation(data),
            "steps": 3,
        }
        | changes
    )


@pytest.fixture(scope="module")
def whole(tiny_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Trainer:
    """A demanding run of three steps."""
    return trained(demanding(tiny_data), tiny_data, tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize("workers", [0, 2])
def test_a_run_repeats_to_the_bit(whole: Trainer, tiny_data: Path, tmp_path: Path, workers: int) -> None:
    torch.manual_seed(99)  # a run does not depend on what came before it
    again = trained(demanding(tiny_data), tiny_data, tmp_path, workers=workers)
    assert_same_weights(whole.task.state_dict(), again.task.state_dict())
    assert_same_weights(whole.average.tensors, again.average.tensors)
    assert losses(whole.options.out) == losses(tmp_path)


def test_a_frame_cache_and_another_seed(whole: Trainer, tiny_data: Path, tmp_path: Path) -> None:
    cached = trained(demanding(tiny_data), tiny_data, tmp_path / "a", frame_cache=tmp_path / "frames")
    assert_same_weights(whole.task.state_dict(), cached.task.state_dict())
    other = trained(demanding(tiny_data, seed=1, steps=1), tiny_data, tmp_path / "b")
    assert losses(other.options.out)[0]["loss"] != losses(whole.options.out)[0]["loss"]


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to validate on."""
    root = tmp_path_factory.mktemp("videos")
    write_video(root / "JPEGImages/cat", root / "Annotations/cat", 4)
    return root


def test_validation_changes_nothing_and_leaves_its_marks(
    whole: Trainer, tiny_data: Path, videos: Path, tmp_path: Path
) -> None:
    scored = trained(
        demanding(tiny_data),
        tiny_data,
        tmp_path,
        validation=ValidationOptions(videos, size=(64, 80)),
        validate_every=2,
        keep_every=2,
    )
    assert_same_weights(whole.task.state_dict(), scored.task.state_dict())
    assert losses(tmp_path) == losses(whole.options.out)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    scores = {line["step"]: line["validation_jf"] for line in lines if "validation_jf" in line}
    assert list(scores) == [2, 3]
    assert all(0 <= score <= 1 for score in scores.values())
    for step in scores:
        assert cv2.imread(str(tmp_path / f"validation/step-{int(step):08d}.png")) is not None
    assert next((tmp_path / "tensorboard").glob("events.*")).stat().st_size > 10_000  # pictures and all
    best = max(scores.values())
    assert float(read_checkpoint(tmp_path / "best.safetensors")[1]["validation_jf"]) == pytest.approx(best, abs=1e-6)
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["step-00000002.safetensors"]
    state = load_state(tmp_path, scored.recipe)
    assert state is not None and state.numbers["best"] == best  # a resumed run knows what it has to beat


def test_the_result_is_the_average_and_says_where_it_is_from(whole: Trainer) -> None:
    path = whole.options.out / "model.safetensors"
    tensors, about = read_checkpoint(path)
    assert_same_weights(tensors, whole.average.tensors)
    assert about["model"] == STUDENT and about["steps"] == "3"
    assert about["recipe_digest"] == whole.recipe.digest()
    assert Recipe.model_validate_json(about["recipe"]) == whole.recipe
    assert not any(name.startswith("criterion") for name in tensors)  # the embedding is for training only
    assert load_model(path).config.name == STUDENT
    assert any((tensors[name] != tensor).any() for name, tensor in whole.student.state_dict().items())


def test_log_lines_are_means_and_tell_the_rate(whole: Trainer, tiny_data: Path, tmp_path: Path) -> None:
    each = losses(whole.options.out)
    trained(demanding(tiny_data), tiny_data, tmp_path, log_every=2)
    coarse = losses(tmp_path)
    assert [line["step"] for line in coarse] == [2, 3]
    assert coarse[0]["loss"] == pytest.approx((each[0]["loss"] + each[1]["loss"]) / 2)
    assert coarse[1]["logit"] == each[2]["logit"]
    line = read_log(tmp_path)[0]
    assert line["learning_rate"] == pytest.approx(4e-4)
    assert line["clips_per_second"] * line["seconds_per_step"] == pytest.approx(2)
    assert 0 <= line["waiting_share"] <= 1


@pytest.mark.parametrize("where", ["loss", "gradient"])
def test_a_loss_that_is_not_finite_ends_the_run_with_its_state_intact(
    tiny_data: Path, tmp_path: Path, where: str
) -> None:
    recipe = pack_recipe()
    trainer = Trainer(recipe, RunOptions(tiny_data / "pack", tmp_path, save_every=1, log_every=1))
    steps = trainer.run()
    next(steps)
    next(steps)
    if where == "loss":
        trainer.task.criterion.register_forward_hook(lambda module, inputs, parts: parts | {"dice": parts["dice"] / 0})
    else:
        trainer.student.prediction.bias.register_hook(lambda gradient: gradient / 0)
    name = "dice inf" if where == "loss" else "gradient (nan|inf)"
    with pytest.raises(TrainingError, match=rf"not finite at step 2 \({name}\).*Lower optimizer\.learning_rate"):
        list(steps)
    assert trainer.step == 2
    state = load_state(tmp_path, recipe)
    assert state is not None and state.step == 2
    assert all(bool(tensor.isfinite().all()) for tensor in state.tensors.values())
    assert all(bool(parameter.isfinite().all()) for parameter in trainer.task.parameters())


@pytest.mark.parametrize("workers", [0, 2])
def test_an_image_that_turns_bad_is_named(tmp_path: Path, tiny_data: Path, workers: int) -> None:
    write_video(tmp_path / "data/JPEGImages/cat", tmp_path / "data/Annotations/cat", 4)
    (tmp_path / "data/backbones").symlink_to(tiny_data / "weights")
    sources = {"sources": [{"layout": "davis", "path": "."}], "frames": 3, "crop": 64}
    trainer = Trainer(pack_recipe(data=sources), RunOptions(tmp_path / "data", tmp_path / "out", workers=workers))
    for image in (tmp_path / "data/JPEGImages/cat").iterdir():
        image.write_bytes(image.read_bytes()[:100])
    with pytest.raises(VideoError, match=r"unreadable training image: .*JPEGImages/cat/0000\d\.jpg; fetch it again"):
        list(trainer.run())


def test_a_model_starts_from_what_fits(tiny_data: Path, tmp_path: Path) -> None:
    start = tiny_data / "weights/mobilenetv2-noaspp.safetensors"
    state, _ = read_checkpoint(start)
    whole = initial_model(ModelOptions(name=STUDENT, init=str(start)), tmp_path / "no-backbones")
    assert_same_weights(whole.state_dict(), state)
    larger = initial_model(ModelOptions(name="mobilenetv2", init=str(start)), tmp_path / "no-backbones").state_dict()
    assert torch.equal(larger["prediction.weight"], state["prediction.weight"])
    assert any(name.startswith("aspp.") for name in larger)
    fresh = initial_model(ModelOptions(name=STUDENT, locality=False), tiny_data / "pack")
    backbone, _ = read_checkpoint(tiny_data / "weights/mobilenetv2-imagenet-bnfolded.safetensors")
    for name, tensor in fresh.key_encoder.state_dict().items():
        assert torch.equal(tensor, backbone[name]), name
    assert fresh.prior is None


def test_a_start_that_cannot_be_used_is_named(tiny_data: Path, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"no ImageNet weights at .*backbones/mobilenetv2"):
        initial_model(ModelOptions(name=STUDENT), tmp_path)
    with pytest.raises(ArtifactError, match=r"no checkpoint at .*none\.safetensors"):
        initial_model(ModelOptions(name=STUDENT, init=str(tmp_path / "none.safetensors")), tmp_path)
    backbone = tiny_data / "weights/mobilenetv2-imagenet-bnfolded.safetensors"
    with pytest.raises(ArtifactError, match=f"nothing in .* fits '{STUDENT}'"):
        initial_model(ModelOptions(name=STUDENT, init=str(backbone)), tmp_path)
