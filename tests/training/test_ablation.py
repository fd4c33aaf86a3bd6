"""Ablations: cells are trained once, compared seed by seed, and never mixed with those of another recipe."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from data_sets import write_video
from tiny_data import pack_recipe

from mobilevos_bench.formats import from_data, schema
from mobilevos_training import loop
from mobilevos_training.ablation import main


@pytest.fixture
def command(tiny_data: Path, tmp_path: Path) -> list[str]:
    """A baseline and one more recipe, of a single step."""
    recipes = []
    for name, rate in (("first", 1e-4), ("second", 1e-3)):
        recipe = pack_recipe(steps=1, batch=1, optimizer={"learning_rate": rate, "ema": 0.0})
        recipes.append(tmp_path / f"{name}.yaml")
        recipes[-1].write_text(yaml.safe_dump(recipe.model_dump(mode="json")))
    write_video(tmp_path / "val/JPEGImages/cat", tmp_path / "val/Annotations/cat", 3)
    folders = ["--data", str(tiny_data / "pack"), "--val", str(tmp_path / "val"), "--out", str(tmp_path / "out")]
    return [*map(str, recipes), *folders, "--val-size", "64x80", "--threads", "1"]


def test_cells_are_trained_once_and_compared(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--seeds", "3"]) == 0
    assert (tmp_path / "out/second-seed3/validation.png").is_file()
    monkeypatch.setattr(loop, "Trainer", None)  # from here on nothing may be trained
    result = tmp_path / "result.json"
    assert main([*command, "--seeds", "3", "--json", str(result)]) == 0
    document = json.loads(result.read_text())
    scores = [row["cells"][0]["J&F"] for row in document["rows"]]
    assert [row["gain"] for row in document["rows"]] == [0, pytest.approx(scores[1] - scores[0])]
    assert document["rows"][1]["cells"][0]["seed"] == 3
    assert document["rows"][1]["cells"][0]["origin"]["command"].endswith("--seeds 3")
    assert len({row["cells"][0]["recipe_digest"] for row in document["rows"]}) == 2
    assert from_data(document, "").rows[1].name == "second"  # what the tables read
    pytest.importorskip("jsonschema", reason="another program checks the file").validate(document, schema())
    collected = tmp_path / "collected.json"
    assert main([*command, "--seeds", "3,4", "--collect", "--json", str(collected)]) == 0  # seed 4 is not done
    assert collected.read_text() == result.read_text()
    score = tmp_path / "out/second-seed3/score.json"
    older = json.loads(score.read_text())
    del older["recipe"]["memory"]  # a version in which it had no options
    score.write_text(json.dumps(older))
    assert main([*command, "--seeds", "3", "--collect", "--json", str(collected)]) == 0
    assert collected.read_text() == result.read_text()
    Path(command[1]).write_text(Path(command[1]).read_text().replace("steps: 1", "steps: 2"))
    capsys.readouterr()
    assert main([*command, "--seeds", "3"]) == 1
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert "second-seed3 was made with another recipe of that name" in said


@pytest.mark.parametrize(
    ("more", "message", "code"),
    [
        (["--collect"], "lacks cells to compare 'first' with", 1),
        (["--seeds", "1,1"], "'1,1' is not a list of different numbers", 2),
    ],
)
def test_what_cannot_be_compared_is_one_line(
    command: list[str], more: list[str], message: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        found = main([*command, *more])
    except SystemExit as request:  # argparse
        found = int(request.code or 0)
    assert found == code
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and message in lines[0]
