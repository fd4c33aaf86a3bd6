"""A profile says where the time of a step goes, and how near it is to what the machine can do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from tiny_data import distillation, pack_recipe

from mobilevos_sdk.errors import InvalidInputError
from mobilevos_training import profiling
from mobilevos_training.loop import Trainer
from mobilevos_training.profiling import StepProfile, convolution_ceiling, profile
from mobilevos_training.run_options import RunOptions


@pytest.fixture(autouse=True)
def small_ceiling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiling, "CEILING_SIDE", 8)
    monkeypatch.setattr(profiling, "CEILING_REPEATS", 2)


def trainer(data: Path, out: Path, steps: int) -> Trainer:
    recipe = pack_recipe(batch=1, steps=steps, distill=distillation(data))
    return Trainer(recipe, RunOptions(data / "pack", out))


def test_a_profile_of_real_steps(tiny_data: Path, tmp_path: Path) -> None:
    found = profile(trainer(tiny_data, tmp_path, 4), steps=2)
    assert set(found.seconds) == {"data", "teacher", "forward", "backward", "optimizer"}
    assert all(seconds > 0 for seconds in found.seconds.values())
    assert found.clips_per_second == pytest.approx(1 / found.step_seconds)
    # A frame of 64x64 takes the student some 0.1 GFLOP; three frames, backward and a teacher are beside it.
    assert 0.1 < found.gflop < 20
    assert 0 < found.waiting_share < 1
    assert found.ceiling > 0
    assert not list(tmp_path.iterdir())  # nothing is written


def test_the_table_has_every_figure() -> None:
    found = StepProfile(10, 2.0, {"data": 0.1, "forward": 0.3, "backward": 0.6}, gflop=50.0, ceiling=200.0)
    assert found.step_seconds == pytest.approx(1.0)
    assert found.waiting_share == pytest.approx(0.1)
    assert found.ceiling_share == pytest.approx(0.25)
    table = found.table()
    for figure in (
        r"data +100\.0 ms +10\.0%",
        r"backward +600\.0 ms +60\.0%",
        r"step +1000\.0 ms, mean of 10",
        r"2\.00 clips/s",
        r"waiting for data 10\.0% of the time",
        r"50 GFLOP a step, 50 GFLOP/s, 25% of the convolution ceiling of 200 GFLOP/s",
    ):
        assert re.search(figure, table), figure


def test_a_recipe_with_too_few_steps_is_one_clear_error(tiny_data: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"takes 12 steps and the recipe has 3 left; give steps=12"):
        profile(trainer(tiny_data, tmp_path, 3), steps=10)


def test_the_ceiling_runs_in_half_precision_too() -> None:
    assert convolution_ceiling("cpu", torch.bfloat16) > 0
