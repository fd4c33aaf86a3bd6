"""Soups: the greedy choice against its literal recipe, the promise on the best ingredient, averages, and misfits."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from mobilevos_models import create_model
from mobilevos_models.folding import fold_batch_norms
from mobilevos_models.mobilevos import MobileVOS
from mobilevos_sdk.errors import ArtifactError, InvalidInputError, UnknownModelError
from mobilevos_training.soup import Ingredient, average, greedy_soup, read_ingredients, soup_model, uniform_soup

MODEL = "mobilenetv2-noaspp"
OPTIMUM = 0.5


def ingredient(folder: Path, name: str, **tensors: Tensor) -> Ingredient:
    save_file(tensors, folder / name)
    return Ingredient(folder / name, MODEL, name)


@pytest.fixture
def along_a_line(tmp_path: Path) -> Callable[..., list[Ingredient]]:
    """Ingredients of one weight each."""
    return lambda *values: [ingredient(tmp_path, f"{value}", w=torch.tensor([float(value)])) for value in values]


def closeness(members: Sequence[Ingredient]) -> float:
    """A basin: the average is the better the nearer it lies to the optimum."""
    return 1.0 - abs(float(average(members)["w"]) - OPTIMUM)


def two_basins(members: Sequence[Ingredient]) -> float:
    """Two optima with a ridge between them: the average of both is worse than either."""
    return abs(float(average(members)["w"]))


def test_the_greedy_soup_takes_what_helps(along_a_line: Callable[..., list[Ingredient]]) -> None:
    soup = greedy_soup(along_a_line(3, 0.2, 0.9, 0.8), closeness)
    assert [one.ingredient.path.name for one in soup.decisions] == ["0.2", "0.8", "0.9", "3"]
    assert [one.own_score for one in soup.decisions] == pytest.approx([0.7, 0.7, 0.6, -1.5])
    assert [one.let_in for one in soup.decisions] == [True, True, False, False]
    assert [one.trial_score for one in soup.decisions] == pytest.approx([0.7, 1.0, 13 / 15, 1 - 2.5 / 3], abs=1e-6)
    assert [one.soup_score for one in soup.decisions] == pytest.approx([0.7, 1.0, 1.0, 1.0])
    assert float(soup.weights()["w"]) == pytest.approx(0.5)
    assert soup.score == closeness(soup.members)


def test_an_average_that_scores_the_same_is_let_in(along_a_line: Callable[..., list[Ingredient]]) -> None:
    assert len(greedy_soup(along_a_line(0.4, 0.6, 0.5), lambda members: 0.25).members) == 3


def test_a_soup_is_never_worse_than_its_best_ingredient(along_a_line: Callable[..., list[Ingredient]]) -> None:
    ingredients = along_a_line(-0.9, 1.0, -0.8)
    for soup in (greedy_soup(ingredients, two_basins), uniform_soup(ingredients, two_basins)):
        assert [one.path.name for one in soup.members] == ["1.0"]
        assert soup.score == soup.best_score == 1.0
        assert float(soup.weights()["w"]) == 1.0
    assert uniform_soup(ingredients, two_basins).decisions[0].trial_score == pytest.approx(0.7 / 3)


def test_the_uniform_soup_takes_all_where_that_is_no_worse(along_a_line: Callable[..., list[Ingredient]]) -> None:
    soup = uniform_soup(along_a_line(0, 1, 0.2, 0.8), closeness)
    assert len(soup.members) == 4
    assert soup.score == pytest.approx(1.0)
    assert soup.best_score == pytest.approx(0.7)


@pytest.mark.parametrize("seed", range(20))
def test_the_greedy_soup_is_the_recipe_of_the_paper(seed: int) -> None:
    # Any score at all: a random number for every set of ingredients.
    scores: dict[frozenset[str], float] = {}
    generator = random.Random(seed)

    def score(members: Sequence[Ingredient]) -> float:
        return scores.setdefault(frozenset(one.sha256 for one in members), round(generator.random(), 1))

    ingredients = [Ingredient(Path(name), MODEL, name) for name in "abcde"]
    soup = greedy_soup(ingredients, score)
    kept: list[Ingredient] = []
    for candidate in sorted(ingredients, key=lambda one: -score([one])):
        if not kept or score([*kept, candidate]) >= score(kept):
            kept.append(candidate)
    assert list(soup.members) == kept
    assert soup.score == score(kept) >= max(score([one]) for one in ingredients)
    uniform = uniform_soup(ingredients, score)
    assert uniform.score == score(uniform.members) >= soup.best_score


def test_a_soup_of_one_is_that_one(along_a_line: Callable[..., list[Ingredient]]) -> None:
    for make in (greedy_soup, uniform_soup):
        soup = make(along_a_line(0.3), closeness)
        assert soup.score == soup.best_score
        assert len(soup.members) == 1
        with pytest.raises(InvalidInputError, match="at least one"):
            make([], closeness)


def test_averages_are_taken_in_float64(tmp_path: Path) -> None:
    values = [1.0, 2.0**-24, 2.0**-24, 2.0**-24]  # in float32 the small ones would be lost one by one
    parts = [ingredient(tmp_path, f"{index}", w=torch.tensor([value])) for index, value in enumerate(values)]
    result = average(parts)["w"]
    assert result.dtype == torch.float32
    assert float(result) == float(torch.tensor(sum(values) / 4, dtype=torch.float32))


def test_half_precision_comes_out_as_float32_and_counters_as_those_of_the_best(tmp_path: Path) -> None:
    half, count, flag = torch.tensor([1.0], dtype=torch.bfloat16), torch.tensor(7), torch.tensor(True)
    best = ingredient(tmp_path, "best", w=half, count=count, flag=flag)
    other = ingredient(tmp_path, "other", w=half * 2, count=count + 2, flag=~flag)
    result = average([best, other])
    assert result["w"].dtype == torch.float32
    assert float(result["w"]) == 1.5
    assert (result["count"].dtype, int(result["count"]), bool(result["flag"])) == (torch.int64, 7, True)


# Checkpoints of a real model.


@pytest.fixture(scope="module")
def weights() -> dict[str, Tensor]:
    torch.manual_seed(0)
    return fold_batch_norms(create_model(MODEL)).state_dict()


def write(path: Path, weights: dict[str, Tensor], model: str | None = MODEL) -> Path:
    save_file(weights, path, {"model": model} if model else None)
    return path


@pytest.fixture
def first(tmp_path: Path, weights: dict[str, Tensor]) -> Path:
    return write(tmp_path / "first.safetensors", weights)


def test_ingredients_are_read_and_a_model_is_made_of_their_average(
    tmp_path: Path, first: Path, weights: dict[str, Tensor]
) -> None:
    other = write(tmp_path / "other.safetensors", {name: tensor + 0.5 for name, tensor in weights.items()})
    ingredients = read_ingredients([first, other])
    assert [one.path for one in ingredients] == [first, other]
    assert ingredients[0].label == f"{tmp_path.name}/first.safetensors"
    model = soup_model(average(ingredients), MODEL)
    assert isinstance(model, MobileVOS)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in model.modules())
    state = model.state_dict()
    assert "prior.log_width" in state
    for name, tensor in weights.items():
        assert torch.equal(state[name], ((tensor.double() + (tensor + 0.5).double()) / 2).float()), name


def test_batch_norms_that_are_not_folded_make_soup_too(tmp_path: Path, weights: dict[str, Tensor]) -> None:
    torch.manual_seed(0)
    unfolded = create_model(MODEL).state_dict()  # of the same random draw as `weights`
    (one,) = read_ingredients([write(tmp_path / "unfolded.safetensors", unfolded)])
    state = soup_model(average([one]), MODEL).state_dict()
    for name, tensor in weights.items():
        assert torch.allclose(state[name], tensor, atol=1e-6), name


def test_a_model_without_the_locality_prior(tmp_path: Path, weights: dict[str, Tensor]) -> None:
    plain = {name: tensor for name, tensor in weights.items() if not name.startswith("prior.")}
    (one,) = read_ingredients([write(tmp_path / "plain.safetensors", plain)])
    assert soup_model(average([one]), MODEL).prior is None


def test_misfits_are_named_with_their_first_tensor(tmp_path: Path, first: Path, weights: dict[str, Tensor]) -> None:
    other = tmp_path / "other.safetensors"
    lacking = {name: tensor for name, tensor in weights.items() if name != "prediction.bias"}
    for changed, message in (
        (lacking, r"other.*first.*prediction\.bias is missing here and floating-point 1 there"),
        (weights | {"extra": torch.zeros(2)}, r"extra is floating-point 2 here and missing there"),
        (weights | {"prediction.bias": torch.zeros(2)}, r"prediction\.bias is floating-point 2 here"),
        (weights | {"prediction.bias": torch.zeros(1, dtype=torch.int32)}, r"prediction\.bias is int32 1 here"),
    ):
        with pytest.raises(InvalidInputError, match=message):
            read_ingredients([first, write(other, changed)])
    with pytest.raises(InvalidInputError, match="holds 'mobilenetv2' but"):
        read_ingredients([first, write(other, weights, "mobilenetv2")])


def test_folded_and_unfolded_are_not_mixed(tmp_path: Path, first: Path) -> None:
    unfolded = write(tmp_path / "unfolded.safetensors", create_model(MODEL).state_dict())
    for paths in ([first, unfolded], [unfolded, first]):
        with pytest.raises(InvalidInputError, match=r"first\.safetensors has its batch norms folded and .*unfolded"):
            read_ingredients(paths)


def test_what_is_no_ingredient_at_all(tmp_path: Path, first: Path, weights: dict[str, Tensor]) -> None:
    other = tmp_path / "other.safetensors"
    with pytest.raises(InvalidInputError, match="at least one"):
        read_ingredients([])
    with pytest.raises(ArtifactError, match=r"no checkpoint at .*other"):
        read_ingredients([first, other])
    other.write_bytes(first.read_bytes())
    with pytest.raises(InvalidInputError, match="the same checkpoint"):
        read_ingredients([first, other])
    other.write_bytes(first.read_bytes()[:-100])
    with pytest.raises(ArtifactError, match=r"other\.safetensors is truncated"):
        read_ingredients([first, other])
    with pytest.raises(ArtifactError, match="does not say which model"):
        read_ingredients([write(other, weights, None)])
    with pytest.raises(UnknownModelError, match="known models"):
        read_ingredients([write(other, weights, "nope")])
    with pytest.raises(ArtifactError, match=r"prediction\.bias has values that are not finite"):
        read_ingredients([first, write(other, weights | {"prediction.bias": torch.tensor([torch.nan])})])
    with pytest.raises(ArtifactError, match=r"other.*cannot be an ingredient.*does not fit"):
        read_ingredients([write(other, {f"average.{name}": tensor for name, tensor in weights.items()})])
