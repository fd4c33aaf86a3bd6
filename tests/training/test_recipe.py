"""Reading recipes: bases, overrides, and one line that names the place and the nearest name for what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from mobilevos_sdk.errors import InvalidInputError, MobileVOSError
from mobilevos_training.cli import main
from mobilevos_training.data.options import SessionSampling
from mobilevos_training.recipe import read_recipe

RECIPES = Path(__file__).parents[2] / "training" / "recipes"
MINIMAL = """
model: {name: mobilenetv2}
data: {sources: [{layout: davis, path: .}, {layout: static, path: 'static/*'}]}
steps: 10
"""


@pytest.fixture
def minimal(tmp_path: Path) -> Path:
    path = tmp_path / "minimal.yaml"
    path.write_text(MINIMAL)
    return path


def test_overrides_replace_values_of_any_depth(minimal: Path) -> None:
    recipe = read_recipe(
        minimal,
        [
            "optimizer.learning_rate=1e-4",
            "optimizer.clip_norm=null",
            "schedule.kind=step",
            "schedule.at=[3, 7]",
            "optimizer.slow=[key_encoder, value_encoder]",
            "data.sources.1.weight=5",
            "data.augment.style=supplement",
            "data.augment.still.spline=0.5",
            "distill.representation.omega=0",
            "about=x = y",
        ],
    )
    assert recipe.optimizer.learning_rate == pytest.approx(1e-4)
    assert recipe.optimizer.clip_norm is None
    assert recipe.schedule.at == (3, 7)
    assert recipe.optimizer.slow == ("key_encoder", "value_encoder")
    assert [source.weight for source in recipe.data.sources] == [1.0, 5.0]
    assert recipe.data.augment.still.spline == 0.5  # type: ignore[union-attr]
    assert recipe.distill is not None and recipe.distill.representation is not None
    assert recipe.about == "x = y"


@pytest.mark.parametrize(
    ("override", "place", "near"),
    [
        ("step=3", "step", "steps"),
        ("optimizer.learning_rat=1", "optimizer.learning_rat", "learning_rate"),
        ("loss.bootstrap.full_step=1", "loss.bootstrap.full_step", "full_steps"),
        ("distill.logit.temprature=1", "distill.logit.temprature", "temperature"),
        ("distill.teacher={name: resnet18, check_point: x}", "distill.teacher.check_point", "checkpoint"),
        ("data.targets.moist=2", "data.targets.moist", "most"),
        ("data.sources.0.pth=x", "data.sources.0.pth", "path"),
        ("data.sampling={kind: session, step_gab: 1}", "data.sampling.step_gab", "step_gap"),
        ("data.sampling={kind: curriculum, distance: [1]}", "data.sampling.distance", "distances"),
        ("data.augment={style: house, cutout: {}}", "data.augment.cutout", "cutouts"),
        ("data.augment={style: house, cutouts: {photo: 0}}", "data.augment.cutouts.photo", "photos"),
        ("data.augment={style: supplement, still: {splines: 1}}", "data.augment.still.splines", "spline"),
    ],
)
def test_an_unknown_name_is_named_with_the_nearest(minimal: Path, override: str, place: str, near: str) -> None:
    with pytest.raises(InvalidInputError) as error:
        read_recipe(minimal, [override])
    assert f"unknown name '{place}'; did you mean '{near}'?" in str(error.value)


def test_only_names_of_the_chosen_kind_are_offered(minimal: Path) -> None:
    with pytest.raises(InvalidInputError) as error:
        read_recipe(minimal, ["data.augment={style: house, still: {}}"])
    message = str(error.value)
    assert "'data.augment.still'" in message
    assert "'still'?" not in message  # the other style has it
    with pytest.raises(InvalidInputError, match=r"unknown name 'optimizer\.qqqq'; known are clip_norm, ema, "):
        read_recipe(minimal, ["optimizer.qqqq=1"])


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("steps=many", r"steps: .*integer"),
        ("steps=0", r"steps: .*greater than or equal to 1"),
        ("optimizer.learning_rate=-1", r"optimizer\.learning_rate: .*greater than 0"),
        ("optimizer.kind=sgd", r"optimizer\.kind: .*'adam' or 'adamw'"),
        ("optimizer=3", r"optimizer: "),
        ("data.crop=100", r"data\.crop: .*multiple of 16"),
        ("data.augment.style=wild", r"data\.augment: .*'house', 'supplement'"),
        ("data.augment={style: house, scale: [2, 1]}", r"data\.augment\.scale: a range is \[smallest, largest\]"),
        ("model.name=nope", "unknown model 'nope'; known models: mobilenetv2"),
        ("model={}", r"model\.name: Field required"),
        ("distill.logit={}", r"distill: these losses need a teacher; give distill\.teacher\.name"),
        ("memory.forced_frames=null", r"memory\.forced_frames: no clip is forced; set memory\.teacher_forcing"),
        ("data.sources.2.path=x", r"'data\.sources\.2\.path': '2' is no place in a list of 2"),
        ("steps", "'steps' is not KEY=VALUE"),
        ("=3", "'=3' is not KEY=VALUE"),
        ("steps=[", r"the value of 'steps=\[' is not YAML"),
    ],
)
def test_a_wrong_value_is_one_clear_line(minimal: Path, override: str, message: str) -> None:
    with pytest.raises(MobileVOSError, match=message) as error:
        read_recipe(minimal, [override])
    assert "\n" not in str(error.value)


def test_self_supervision_reads_no_second_mask(minimal: Path) -> None:
    distill = "distill={teacher: {name: resnet18}, self_supervised: true}"
    assert read_recipe(minimal, [distill]).distill
    with pytest.raises(InvalidInputError, match=r"set memory\.teacher_forcing to 0"):
        read_recipe(minimal, [distill, "memory.teacher_forcing=0.5"])


def test_a_recipe_builds_on_another(minimal: Path) -> None:
    middle, top = minimal.with_name("middle.yaml"), minimal.parent / "deep/top.yaml"
    middle.write_text(
        "base: minimal.yaml\ndata: {crop: 64, augment: {style: supplement, flip: 0.1}}\nschedule: {warmup: 3}\n"
        "loss: {dice: 0.5, bootstrap: {share: 0.5}}"
    )
    top.parent.mkdir()
    top.write_text(
        "base: ../middle.yaml\nschedule: {tail: 0.5}\ndata: {augment: {style: house, scale: [1, 1]}}\n"
        "loss: {bootstrap: {full_steps: 7}}"
    )
    recipe = read_recipe(top)
    assert recipe.steps == 10
    assert recipe.data.crop == 64
    assert (recipe.schedule.warmup, recipe.schedule.tail) == (3, 0.5)
    assert (recipe.loss.dice, recipe.loss.bootstrap.share, recipe.loss.bootstrap.full_steps) == (0.5, 0.5, 7)
    assert recipe.data.augment.style == "house"  # another kind replaces and does not merge
    assert isinstance(recipe.data.sampling, SessionSampling)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("base: recipe.yaml", "name each other as their base"),
        ("base: other.yaml", "name each other as their base"),
        ("base: none.yaml", r"cannot read the recipe .*none\.yaml"),
        ("base: 3", "'base' is the path of another recipe, not 3"),
        ("model: [", "not YAML"),
        ("- 1", "is not a recipe"),
        ("", "is not a recipe"),
        ("steps: 1", r"model: Field required \(and 1 more\)"),
    ],
)
def test_a_file_that_is_no_recipe_is_one_clear_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    (tmp_path / "other.yaml").write_text("base: recipe.yaml")
    with pytest.raises(InvalidInputError, match=message) as error:
        read_recipe(path)
    assert "\n" not in str(error.value)


def test_a_missing_recipe_and_bytes_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="cannot read the recipe"):
        read_recipe(tmp_path / "none.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(InvalidInputError, match=r"bytes\.yaml"):
        read_recipe(tmp_path / "bytes.yaml")


@pytest.mark.parametrize("name", ["trunk", "published/self-supervised-main", "ablation/omega-1", "published/aot-main"])
def test_a_shown_recipe_reads_back(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = RECIPES / f"{name}.yaml"
    overrides = ["optimizer.weight_decay=1e-7", "optimizer.clip_norm=null"]
    assert main([str(path), "--data", "nowhere", "--show-recipe", *overrides]) == 0
    shown = tmp_path / "shown.yaml"
    shown.write_text(capsys.readouterr().out)
    first, again = read_recipe(path, overrides), read_recipe(shown)
    assert again == first
    assert again.digest() == first.digest()
    assert read_recipe(path).digest() != first.digest()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            ["distill={representation: {omega: 0.0}}"],
            r"'aot-t' decodes all objects together; set distill\.",
        ),
        (
            ["distill={teacher: {name: mobilenetv2}, relations: {}}"],
            r"only 'aot-t' reads .*\.relations\.attention",
        ),
        (["distill={teacher: {name: mobilenetv2}, logit: {}}", "data.crop=65"], r"'mobilenetv2' takes multiples of 16"),
        (["data.crop=70"], r"data\.crop: 70 is neither a multiple of 16 nor one more"),
        (["loss.depths=2"], r"loss\.depths is for models whose depth can be chosen"),
        (["data.targets.most=11"], r"'aot-t' follows at most 10 objects"),
        (["model.name=mobilenetv2", "memory.gap=2"], r"memory\.gap is for the AOT family"),
        (
            ["distill={teacher: {name: stcn, gap: 5}, logit: {}}", "data.crop=64"],
            r"distill\.teacher\.gap is for the AOT family; 'stcn' has distill\.teacher\.queue",
        ),
        (
            ["model.name=stcn", "data.crop=64", "data.targets.most=11", "distill={teacher: {name: aot-t}, logit: {}}"],
            r"'aot-t' follows at most 10 objects",
        ),
    ],
)
def test_what_a_family_cannot_do_fails_when_the_recipe_is_read(minimal: Path, changes: list[str], message: str) -> None:
    family = ["model.name=aot-t", "optimizer.slow=[]"]
    read_recipe(minimal, [*family, "data.crop=65", "memory.gap=2"])
    with pytest.raises(InvalidInputError, match=message):
        read_recipe(minimal, [*family, *changes])
