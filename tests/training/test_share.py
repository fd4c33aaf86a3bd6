"""A share of the way between two checkpoints: the weights there, and the choice of the best."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from mobilevos_sdk.errors import InvalidInputError
from mobilevos_training.share import Way, best_share, portions
from mobilevos_training.soup import Ingredient, average

MODEL = "mobilenetv2-noaspp"


@pytest.fixture
def ends(tmp_path: Path) -> tuple[Ingredient, Ingredient]:
    """A start and an end of one weight and one counter each."""
    made = []
    for name, value in (("start", 2.0), ("end", 6.0)):
        save_file({"w": torch.tensor([value]), "count": torch.tensor(int(value))}, tmp_path / name)
        made.append(Ingredient(tmp_path / name, MODEL, name))
    return made[0], made[1]


def weight(way: Way) -> float:
    return float(way.weights()["w"])


@pytest.mark.parametrize(("share", "expected"), [(0.0, 2.0), (0.25, 3.0), (0.3, 3.2), (1.0, 6.0)])
def test_the_weights_at_a_share(ends: tuple[Ingredient, Ingredient], share: float, expected: float) -> None:
    made = average(ends, portions(share))
    assert float(made["w"]) == float(torch.tensor(expected))
    assert int(made["count"]) == 2


def test_the_best_share_is_taken_and_both_ends_are_scored(ends: tuple[Ingredient, Ingredient]) -> None:
    way = best_share(*ends, [0.5, 0.25, 0.5], lambda share: 1.0 - abs(share - 0.3))
    assert [stop.share for stop in way.stops] == [0.0, 0.25, 0.5, 1.0]
    assert [stop.score for stop in way.stops] == pytest.approx([0.7, 0.95, 0.8, 0.3])
    assert (way.best.share, way.score, way.best_score) == (0.25, pytest.approx(0.95), pytest.approx(0.7))
    assert (way.model, weight(way)) == (MODEL, 3.0)


@pytest.mark.parametrize(
    ("score", "share"), [(lambda share: 0.5, 0.0), (lambda share: share, 1.0), (lambda share: -share, 0.0)]
)
def test_the_nearest_to_the_start_wins_a_tie_and_the_ends_may_win(
    ends: tuple[Ingredient, Ingredient], score: Callable[[float], float], share: float
) -> None:
    way = best_share(*ends, [0.5], score)
    assert way.best.share == share
    assert way.score == way.best_score
    assert weight(way) == 2.0 + 4.0 * share


@pytest.mark.parametrize("share", [-0.1, 1.1, math.inf, math.nan])
def test_a_share_out_of_range_is_an_error(ends: tuple[Ingredient, Ingredient], share: float) -> None:
    with pytest.raises(InvalidInputError, match="from 0 to 1"):
        best_share(*ends, [share], lambda _: 0.0)
