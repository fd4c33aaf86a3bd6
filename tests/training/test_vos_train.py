"""`vos-train`: what it prints, what it writes, and one line for everything that is wrong."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import cv2
import pytest
import yaml
from data_sets import write_video
from tiny_data import distillation, losses, pack_recipe

from mobilevos_bench.formats import schema
from mobilevos_training import profiling, teacher
from mobilevos_training.cli import EXAMPLE, main, parser


@pytest.fixture
def recipe(tiny_data: Path, tmp_path: Path) -> str:
    """A recipe file with a teacher."""
    path = tmp_path / "small.yaml"
    wanted = pack_recipe(distill=distillation(tiny_data), steps=2, batch=1)
    path.write_text(yaml.safe_dump(wanted.model_dump(mode="json")))
    return str(path)


@pytest.fixture
def common(tiny_data: Path, tmp_path: Path) -> list[str]:
    folders = ["--data", str(tiny_data / "pack"), "--out", str(tmp_path / "out")]
    return [*folders, "--workers", "0", "--no-cache", "--device", "cpu", "--log-every", "1", "--threads", "1"]


def one_line(capfd: pytest.CaptureFixture[str]) -> str:
    """What the command said on stderr: one line that starts with its name."""
    lines = capfd.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("vos-train: "), lines
    return lines[0]


def test_a_run_tells_how_it_goes(
    recipe: str, common: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_video(tmp_path / "val/JPEGImages/cat", tmp_path / "val/Annotations/cat", 3)
    scoring = ["--val", str(tmp_path / "val"), "--val-size", "64x80", "--val-every", "2"]
    assert main([recipe, *common, "optimizer.learning_rate=1e-5", *scoring, "seed=3"]) == 0  # overrides anywhere
    said = capsys.readouterr()
    assert said.out == f"{tmp_path / 'out'}: step 2 of 2\n"
    lines = said.err.splitlines()
    number = r"-?\d+\.\d+"
    parts = ("loss", "cross_entropy", "dice", "logit", "representation", "attention", "relation")
    progress = "  ".join(f"{part} {number}" for part in parts)
    assert re.fullmatch(rf"step 1/2  {progress}  {number} s a step, \d+ min left", lines[0])
    assert re.fullmatch(rf"step 2/2  validation J&F {number}", lines[-1])
    assert losses(tmp_path / "out")[0]["learning_rate"] == pytest.approx(1e-5)


def test_the_teacher_s_cache_is_filled_ahead(
    recipe: str,
    common: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    cache = ["--cache-teacher", str(tmp_path / "teacher")]
    assert main([recipe, *common, *cache, "--cache-only"]) == 0
    assert "teacher: 2 of 2 steps" in capsys.readouterr().err
    assert len(list((tmp_path / "teacher").rglob("*.safetensors"))) == 2
    assert not (tmp_path / "out" / "model.safetensors").exists()
    monkeypatch.delattr(teacher, "load_model")  # a full cache needs no teacher
    assert main([recipe, *common, *cache]) == 0


def test_a_profile_is_printed(
    recipe: str, common: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("mobilevos_training.cli.PROFILE_STEPS", 1)
    monkeypatch.setattr(profiling, "CEILING_SIDE", 8)
    written = tmp_path / "profile.json"
    assert main([recipe, *common, "--profile", "--json", str(written), "steps=3"]) == 0
    document = json.loads(written.read_text())
    pytest.importorskip("jsonschema", reason="another program checks the file").validate(document, schema())
    assert document["origin"]["command"].startswith(f"vos-train {recipe} --data ")
    printed = capsys.readouterr().out
    for word in ("data", "teacher", "forward", "backward", "clips/s", "waiting for data", "of the convolution ceiling"):
        assert word in printed


def test_a_batch_is_drawn(recipe: str, common: list[str], tmp_path: Path) -> None:
    picture = tmp_path / "batch.png"
    assert main([recipe, *common, "--show-batch", str(picture)]) == 0
    image = cv2.imread(str(picture))
    assert image is not None and image.std() > 10
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("more", "code", "message"),
    [
        (["--resume", "--restart"], 2, "exclude each other"),
        (["--resume"], 2, "no state in .*; leave out --resume"),
        (["--cache-only"], 2, "--cache-only needs --cache-teacher DIR"),
        (["--profile"], 1, "recipe has 2 left; give steps=12"),
        (["steps"], 1, "'steps' is not KEY=VALUE"),
        (["loss.dyce=1"], 1, "unknown name 'loss.dyce'; did you mean 'dice'"),
        (["model.init=none.safetensors"], 1, r"no checkpoint at none\.safetensors"),
        (["distill.teacher.checkpoint=none.safetensors"], 1, r"no checkpoint at none\.safetensors"),
        (["data.sources=[{layout: davis2017, path: x}]"], 1, r"pack/x/.*layout davis2017"),
        (["optimizer.slow=[head]"], 1, "no part 'head'"),
        (["--val", "nowhere"], 1, "nowhere"),
        (["--val-size", "60x80"], 0, ""),  # only read with --val
        (["--val", ".", "--val-size", "60x80"], 1, "multiples of 16"),
    ],
)
def test_what_is_wrong_is_one_line(
    recipe: str, common: list[str], capfd: pytest.CaptureFixture[str], more: list[str], code: int, message: str
) -> None:
    assert main([recipe, *common, *more]) == code
    if code:
        assert re.search(message, one_line(capfd))


@pytest.mark.parametrize("arguments", [["--workers", "-1"], ["--threads", "0"], ["--precision", "fp8"], ["--nope"]])
def test_wrong_usage_exits_with_two(
    recipe: str, common: list[str], capfd: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([recipe, *common, *arguments])
    assert stopped.value.code == 2
    assert one_line(capfd)


def test_the_examples_are_commands() -> None:
    commands = [shlex.split(line) for line in EXAMPLE.splitlines() if line.startswith("  ")]
    assert len(commands) > 3
    for command in commands:
        arguments = command[command.index("-m") + 2 :] if command[0] == "torchrun" else command[1:]
        assert parser().parse_intermixed_args(arguments).recipe.name == "trunk.yaml"


def test_help_needs_no_torch() -> None:
    script = (
        "import sys; from mobilevos_training.cli import parser; parser().format_help(); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
