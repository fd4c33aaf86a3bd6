"""A run that is killed goes on to the very weights and losses of a run that was never stopped."""

from __future__ import annotations

import json
import random
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest
import yaml
from tiny_data import STUDENT, assert_same_weights, distillation, losses, pack_recipe, vos_train

from mobilevos_models.checkpoints import read_checkpoint
from mobilevos_training.cli import main

STEPS = 6
PATIENCE = 400  # seconds for a process to come to its next step on a busy machine


@pytest.fixture(scope="module")
def recipe(tiny_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe file that draws everything that is random."""
    wanted = pack_recipe(
        model={"name": STUDENT, "stochastic_depth": 0.3},
        memory={"teacher_forcing": 0.5},
        distill=distillation(tiny_data) | {"relations": None},
        schedule={"kind": "polynomial"},
        steps=STEPS,
    )
    path = tmp_path_factory.mktemp("recipe") / "recipe.yaml"
    path.write_text(yaml.safe_dump(wanted.model_dump(mode="json")))
    return path


def arguments(recipe: Path, data: Path, out: Path, *more: str) -> list[str]:
    common = ["--save-every", "2", "--log-every", "1", "--threads", "1", "--workers", "0", "--no-cache"]
    return [str(recipe), "--data", str(data / "pack"), "--out", str(out), "--device", "cpu", *common, *more]


@pytest.fixture(scope="module")
def whole(recipe: Path, tiny_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that was never stopped."""
    out = tmp_path_factory.mktemp("whole")
    assert main(arguments(recipe, tiny_data, out)) == 0
    return out


def assert_same_run(first: Path, second: Path) -> None:
    """Logged losses and all tensors of the last state, the optimiser's moments among them, are equal to the bit."""
    assert [line["step"] for line in losses(second)] == list(range(1, STEPS + 1))  # none twice
    assert losses(first) == losses(second)
    for name in ("model.safetensors", f"state-{STEPS:08d}.safetensors"):
        assert_same_weights(read_checkpoint(first / name)[0], read_checkpoint(second / name)[0])


def kill_after(process: subprocess.Popen[str], out: Path, step: int, delay: float) -> None:
    """Kills a run a while after its log has a step."""
    log, deadline = out / "log.jsonl", time.monotonic() + PATIENCE
    while not log.is_file() or len(log.read_text().splitlines()) < step:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.communicate()


@pytest.mark.parametrize("seed", [0, 1])
def test_a_killed_run_goes_on_to_the_same_end(
    recipe: Path, whole: Path, tiny_data: Path, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    process = vos_train(*arguments(recipe, tiny_data, tmp_path))
    kill_after(process, tmp_path, chance.randint(2, STEPS - 2), chance.uniform(0, 0.3))
    assert process.returncode == -signal.SIGKILL
    assert main(arguments(recipe, tiny_data, tmp_path)) == 0
    assert_same_run(whole, tmp_path)


@pytest.fixture
def stopped(whole: Path, tmp_path: Path) -> Path:
    """A run's folder as it stood at its last step, with the state before it."""
    out = tmp_path / "out"
    out.mkdir()
    for path in [*whole.glob("state*"), whole / "log.jsonl"]:
        (out / path.name).write_bytes(path.read_bytes())
    return out


NEWEST, BEFORE = (f"state-{step:08d}.safetensors" for step in (STEPS, STEPS - 2))


def test_a_finished_run_has_nothing_left_to_do(
    recipe: Path, stopped: Path, tiny_data: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in stopped.glob("*.safetensors")}
    assert main(arguments(recipe, tiny_data, stopped, "--resume")) == 0
    assert f"going on from step {STEPS}" in capfd.readouterr().err
    assert {path.name: path.stat().st_mtime_ns for path in stopped.glob("*.safetensors")} == before


def test_a_damaged_state_costs_steps_and_not_the_run(
    recipe: Path, whole: Path, stopped: Path, tiny_data: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (stopped / NEWEST).write_bytes((stopped / NEWEST).read_bytes()[:1000])
    assert main(arguments(recipe, tiny_data, stopped, "--resume")) == 0
    said = capfd.readouterr().err
    assert said.count("damaged state left out") == 1 and NEWEST in said
    assert f"going on from step {STEPS - 2}" in said
    assert_same_run(whole, stopped)


def test_what_cannot_be_resumed_is_one_line(
    recipe: Path, stopped: Path, tiny_data: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def said(code: int, out: Path, *more: str) -> str:
        capfd.readouterr()
        assert main(arguments(recipe, tiny_data, out, *more)) == code
        lines = [line for line in capfd.readouterr().err.splitlines() if line.startswith("vos-train: ")]
        assert len(lines) == 1
        return lines[0]

    assert "no state in" in said(2, tmp_path / "new", "--resume")
    assert "a run of another recipe" in said(1, stopped, "seed=7")
    for path in stopped.glob("*.safetensors"):
        path.write_bytes(b"damaged")
    assert "is whole; use --restart" in said(1, stopped)


def test_a_restart_begins_anew(recipe: Path, stopped: Path, tiny_data: Path) -> None:
    assert main(arguments(recipe, tiny_data, stopped, "--restart", "steps=2")) == 0
    assert [line["step"] for line in losses(stopped)] == [1, 2]
    assert [entry["step"] for entry in json.loads((stopped / "state.json").read_text())["states"]] == [2]


def limit_files() -> None:
    """Lets this process write files of 12 MB at most: weights fit, a whole state does not."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (12_000_000, 12_000_000))


def test_a_state_that_cannot_be_written_is_one_line(
    recipe: Path, whole: Path, stopped: Path, tiny_data: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (stopped / NEWEST).unlink()  # so the run goes on from the one before
    process = vos_train(*arguments(recipe, tiny_data, stopped), preexec_fn=limit_files)
    said = process.communicate(timeout=PATIENCE)[1]
    assert process.returncode == 1
    assert said.splitlines()[-1].startswith(f"vos-train: cannot write {stopped / NEWEST}: ")
    assert "Traceback" not in said
    assert not list(stopped.glob(".*"))
    assert (stopped / BEFORE).is_file()
    assert main(arguments(recipe, tiny_data, stopped)) == 0
    assert f"going on from step {STEPS - 2}" in capfd.readouterr().err
    assert_same_run(whole, stopped)
