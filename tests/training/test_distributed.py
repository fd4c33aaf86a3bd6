"""Two processes under torchrun train as one does, and a run goes on when one of them dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from tiny_data import distillation, environment, losses, pack_recipe, trained

from mobilevos_models.checkpoints import read_checkpoint
from mobilevos_sdk.errors import InvalidInputError
from mobilevos_training.data.clips import ClipMaker
from mobilevos_training.data.loader import batches
from mobilevos_training.data.pool import open_pool
from mobilevos_training.distributed import Processes
from mobilevos_training.loop import Trainer
from mobilevos_training.recipe import Recipe
from mobilevos_training.run_options import RunOptions

PATIENCE = 400  # seconds for a run on a busy machine
# Sums of float32 in another order: one rounding a step, which the following steps carry on. Adam divides by the
# gradient's own size, so a weight whose gradient is nothing but rounding may move by the whole learning rate.
TOLERANCE = 1e-4
RATE = 1e-5


@contextmanager
def launched(recipe: Recipe, data: Path, out: Path, *launcher: str) -> Iterator[subprocess.Popen[str]]:
    """Two processes on this machine, whose rendezvous takes a free port; none of them outlives the block."""
    path = out.with_suffix(".yaml")
    path.write_text(yaml.safe_dump(recipe.model_dump(mode="json")))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *launcher]
    command += ["-m", "mobilevos_training.cli", str(path), "--data", str(data / "pack"), "--out", str(out)]
    command += ["--threads", "1", "--workers", "0", "--no-cache", "--device", "cpu", "--precision", "fp32"]
    command += ["--log-every", "1", "--save-every", "1"]
    with subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def finish(process: subprocess.Popen[str]) -> str:
    """What was said on stderr."""
    return process.communicate(timeout=PATIENCE)[1]


def recipe(data: Path, **changes: Any) -> Recipe:
    """Four clips a step, small steps; see `RATE`."""
    options = {"learning_rate": RATE, "ema": 0.5, "kind": "adam"}
    return pack_recipe(**({"batch": 4, "steps": 4, "optimizer": options} | changes))


def assert_same_curve(first: Path, second: Path) -> None:
    one, two = losses(first), losses(second)
    assert [line["step"] for line in two] == [line["step"] for line in one]
    for a, b in zip(one, two, strict=True):
        assert b == pytest.approx(a, rel=TOLERANCE)


def test_the_clips_of_a_step_have_different_numbers_of_targets(tiny_data: Path) -> None:
    """Or the next test would not see what padding does."""
    wanted = recipe(tiny_data)
    pool = open_pool(wanted.data, tiny_data / "pack", None)
    maker = ClipMaker(pool, wanted.data, wanted.seed, wanted.steps)
    shards = [list(batches(maker, Processes(rank, 2).shard(4), 0, 4, workers=0)) for rank in range(2)]
    widths = [[batch.present.shape[1] for batch in shard] for shard in shards]
    assert widths[0] != widths[1]


def test_two_processes_train_as_one(tiny_data: Path, tmp_path: Path) -> None:
    """With every loss of distillation; the test of a restart compares runs without a teacher."""
    wanted = recipe(tiny_data, distill=distillation(tiny_data), memory={"teacher_forcing": 0.5})
    start = Trainer(wanted, RunOptions(tiny_data / "pack", tmp_path / "start")).averaged().state_dict()
    with launched(wanted, tiny_data, tmp_path / "two") as process:
        one = trained(wanted, tiny_data, tmp_path / "one").average.tensors
        said = finish(process)
    assert process.returncode == 0, said
    assert_same_curve(tmp_path / "one", tmp_path / "two")
    two, _ = read_checkpoint(tmp_path / "two/model.safetensors")
    moved = torch.cat([(one[name] - tensor).flatten() for name, tensor in start.items()])
    apart = torch.cat([(one[name] - two[name]).flatten() for name in start])
    assert float(moved.abs().max()) > RATE / 2
    assert float(apart.norm()) < 0.02 * float(moved.norm())  # they went the same way
    assert float(apart.abs().max()) < 2 * RATE * wanted.steps


def test_a_batch_that_cannot_be_split_is_one_clear_line(tiny_data: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"3 clips cannot be split over 2 processes; .*batch=4"):
        Processes(0, 2).shard(3)
    with launched(recipe(tiny_data, batch=3), tiny_data, tmp_path / "out") as process:
        said = finish(process)
    assert process.returncode != 0
    ours = {line for line in said.splitlines() if line.startswith("vos-train: ")}
    assert len(ours) == 1 and "batch=4" in ours.pop()
    assert "mobilevos_training/" not in said  # the launcher's own report may have a traceback, ours none


def test_shards_part_a_batch() -> None:
    assert sorted(index for rank in range(3) for index in Processes(rank, 3).shard(6)) == list(range(6))
    assert Processes().mean({"loss": 2.0}) == {"loss": 2.0}


def children(pid: int) -> list[int]:
    """The processes that a process of ours has started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs Linux's /proc to find the launcher's children")
def test_a_run_goes_on_when_a_process_dies(tiny_data: Path, tmp_path: Path) -> None:
    wanted = recipe(tiny_data, steps=8)
    out = tmp_path / "two"
    with launched(wanted, tiny_data, out, "--max-restarts", "1", "--monitor-interval", "0.5") as process:
        deadline = time.monotonic() + PATIENCE
        while saved_step(out) < 2:
            assert process.poll() is None, finish(process)
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.kill(children(process.pid)[-1], signal.SIGKILL)
        said = finish(process)
    assert process.returncode == 0, said
    assert "going on from step" in said
    trained(wanted, tiny_data, tmp_path / "one")
    assert_same_curve(tmp_path / "one", out)


def saved_step(out: Path) -> int:
    """The step of a run's newest state."""
    path = out / "state.json"
    return int(json.loads(path.read_text())["states"][0]["step"]) if path.is_file() else 0
