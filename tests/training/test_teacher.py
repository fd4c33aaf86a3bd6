"""Teachers, and the cache of their outputs: the same with and without, and keyed by what they depend on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_data import STUDENT, assert_same_weights, distillation, pack_recipe, trained

from mobilevos_models.checkpoints import load_model, save_checkpoint
from mobilevos_sdk.errors import ArtifactError
from mobilevos_training import teacher as teacher_module
from mobilevos_training.data.clips import ClipMaker
from mobilevos_training.data.loader import Batch, batches
from mobilevos_training.data.pool import Pool, open_pool
from mobilevos_training.families import ABSENT_LOGIT
from mobilevos_training.recipe import Recipe
from mobilevos_training.recipe_options import TeacherOptions
from mobilevos_training.teacher import CachedTeacher, Clips, ModelTeacher, cache_folder

LONG = {"sources": [{"layout": "davis", "path": "davis16/train"}], "frames": 5, "crop": 64}


def recipe(folder: Path, **changes: Any) -> Recipe:
    return pack_recipe(distill=distillation(folder), **changes)


def teacher_options(wanted: Recipe) -> TeacherOptions:
    assert wanted.distill is not None and wanted.distill.teacher is not None
    return wanted.distill.teacher


@pytest.fixture(scope="module")
def pool(tiny_data: Path) -> Pool:
    return open_pool(recipe(tiny_data).data, tiny_data / "pack", None)


@pytest.fixture(scope="module")
def batch(tiny_data: Path, pool: Pool) -> Batch:
    """A step whose clips have different numbers of targets."""
    wanted = recipe(tiny_data, steps=40)
    found = batches(ClipMaker(pool, wanted.data, 0, 40), range(3), 0, 40, workers=0)
    return next(batch for batch in found if len(set(batch.present.sum(1).tolist())) > 1)


@pytest.fixture
def teacher(tiny_data: Path) -> ModelTeacher:
    return ModelTeacher(teacher_options(recipe(tiny_data)), "cpu", None)


def test_a_teacher_has_no_gradient_and_a_memory_of_its_own(tiny_data: Path, teacher: ModelTeacher, pool: Pool) -> None:
    wanted = recipe(tiny_data, data=LONG)
    long = next(batches(ClipMaker(pool, wanted.data, 0, 4), [0], 0, 4, workers=0))
    clips = Clips.of(long, "cpu")
    assert clips.frames.shape[1] == 5
    unbounded = teacher(long, clips)
    assert not any(part.requires_grad for part in unbounded)
    assert not any(parameter.requires_grad for parameter in teacher.model.parameters())
    options = teacher.options.model_copy(update={"queue": 2})
    bounded = ModelTeacher(options, "cpu", None)(long, clips)
    assert torch.equal(bounded.logits[:, :2], unbounded.logits[:, :2])  # up to the second frame both hold the same
    assert not torch.equal(bounded.logits[:, 2:], unbounded.logits[:, 2:])


def test_the_cache_gives_what_is_computed(batch: Batch, teacher: ModelTeacher, tmp_path: Path) -> None:
    clips = Clips.of(batch, "cpu")
    cached = CachedTeacher(teacher, tmp_path)
    computed, read = cached(batch, clips), cached(batch, clips)
    direct = teacher(batch, clips)
    assert len(list(tmp_path.rglob("*.safetensors"))) == len(batch.clips)
    present = clips.present[:, None].expand(-1, direct.logits.shape[1], -1)
    for first, second, exact in zip(computed, read, direct, strict=True):
        assert torch.equal(first, second)
        assert first.dtype == torch.float32 and first.shape == exact.shape
        assert torch.equal(first[present], exact[present].half().float())  # kept as float16
    assert bool((read.logits[~present] == ABSENT_LOGIT).all())
    assert not bool(read.representation[~present].any())


def test_a_full_cache_needs_no_model(
    batch: Batch, teacher: ModelTeacher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = Clips.of(batch, "cpu")
    expected = CachedTeacher(teacher, tmp_path)(batch, clips)

    def refuse(*arguments: object) -> None:
        raise AssertionError("the teacher was loaded")

    monkeypatch.setattr(teacher_module, "load_model", refuse)
    fresh = ModelTeacher(teacher.options, "cpu", None)
    assert torch.equal(CachedTeacher(fresh, tmp_path)(batch, clips).logits, expected.logits)
    with pytest.raises(AssertionError):
        CachedTeacher(fresh, tmp_path / "empty")(batch, clips)


@pytest.mark.parametrize("damage", ["cut", "other", "missing"])
def test_a_damaged_file_is_computed_anew(batch: Batch, teacher: ModelTeacher, tmp_path: Path, damage: str) -> None:
    clips = Clips.of(batch, "cpu")
    cached = CachedTeacher(teacher, tmp_path)
    expected = cached(batch, clips)
    path = sorted(tmp_path.rglob("*.safetensors"))[1]
    content = path.read_bytes()
    {
        "cut": lambda: path.write_bytes(content[: len(content) // 2]),
        "other": lambda: save_checkpoint(path, {"weight": torch.ones(1)}, {}),
        "missing": path.unlink,
    }[damage]()
    assert torch.equal(cached(batch, clips).logits, expected.logits)
    assert path.read_bytes() == content


def test_the_cache_is_keyed_by_what_the_outputs_depend_on(tiny_data: Path, tmp_path: Path) -> None:
    def folder(fingerprint: str = "a", **changes: Any) -> Path:
        return cache_folder(tmp_path, recipe(tiny_data, **changes), fingerprint)

    def with_teacher(**changes: Any) -> dict[str, Any]:
        options = teacher_options(recipe(tiny_data)).model_dump() | changes
        return distillation(tiny_data) | {"teacher": options}

    def of(distill: dict[str, Any], **changes: Any) -> Path:
        return cache_folder(tmp_path, pack_recipe(distill=distill, **changes), "a")

    same = folder()
    # The student, its losses, its optimiser and the number of clips in a batch change nothing.
    assert folder(model={"name": "resnet18"}, loss={"cross_entropy": 2.0}, optimizer={"learning_rate": 1.0}) == same
    assert folder(batch=7, memory={"queue": 1}) == same
    assert of(distillation(tiny_data) | {"logit": None, "pixels": 5}) == same
    # The seed, the data, the run's length (a curriculum goes by it), the memory and the weights do.
    others = {
        folder("b"),
        folder(seed=1),
        folder(steps=9),
        folder(data=LONG),
        of(with_teacher(queue=2)),
    }
    weights = tmp_path / "other.safetensors"
    state = load_model(tiny_data / "weights/mobilenetv2.safetensors").state_dict()
    save_checkpoint(weights, state | {"prediction.bias": state["prediction.bias"] + 1}, {"model": "mobilenetv2"})
    others.add(of(with_teacher(checkpoint=str(weights))))
    assert len(others) == 6 and same not in others
    copied = tmp_path / "copied.safetensors"
    copied.write_bytes((tiny_data / "weights/mobilenetv2.safetensors").read_bytes())
    assert of(with_teacher(checkpoint=str(copied))) == same  # by content and not by name


def test_a_run_is_the_same_with_the_cache_cold_and_warm(tiny_data: Path, tmp_path: Path) -> None:
    wanted = recipe(tiny_data, steps=2, model={"name": STUDENT, "stochastic_depth": 0.9})
    cold = trained(wanted, tiny_data, tmp_path / "cold", teacher_cache=tmp_path / "cache")
    warm = trained(wanted, tiny_data, tmp_path / "warm", teacher_cache=tmp_path / "cache")
    assert_same_weights(cold.task.state_dict(), warm.task.state_dict())


def test_what_is_missing_is_named(tiny_data: Path, tmp_path: Path, batch: Batch) -> None:
    with pytest.raises(ArtifactError, match=r"no teacher .*give distill\.teacher"):
        cache_folder(tmp_path, pack_recipe(), "a")
    absent = TeacherOptions(name="resnet18", checkpoint=str(tmp_path / "none.safetensors"))
    with pytest.raises(ArtifactError, match=r"none\.safetensors"):
        cache_folder(tmp_path, pack_recipe(distill={"teacher": absent.model_dump()}), "a")
    with pytest.raises(ArtifactError, match=r"none\.safetensors"):
        ModelTeacher(absent, "cpu", None)(batch, Clips.of(batch, "cpu"))
