"""What a training step costs, and how much of the machine's convolution ceiling it reaches."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import islice
from typing import Any

import torch
import torch.nn.functional as F

from mobilevos_models.flops import flop_counter
from mobilevos_sdk.errors import InvalidInputError
from mobilevos_sdk.machine import DISTRIBUTIONS, provenance
from mobilevos_training.data.loader import Batch
from mobilevos_training.loop import Trainer
from mobilevos_training.run_options import machine_name
from mobilevos_training.teacher import Clips

FORMAT = "mobilevos-training-profile"
# 3x3 convolutions of the widths that machines do best, at a student's resolution.
CEILING_CHANNELS = (64, 128, 256)
CEILING_SIDE, CEILING_BATCH, CEILING_REPEATS = 64, 4, 10
# The first steps build the caches of the libraries.
WARM_STEPS = 2


@dataclass(frozen=True)
class StepProfile:
    """Figures of some training steps, in this process.

    Attributes:
        steps: how many were measured.
        clips_per_second: made by this process.
        seconds: of a step by phase, means; `data` is the time that the step waited for its clips.
        gflop: of a step, forward and backward, convolutions and matrix products (one multiply-add is two).
        ceiling: GFLOP/s of a 3x3 convolution, forward and backward, at the same precision and number of threads.
    """

    steps: int
    clips_per_second: float
    seconds: dict[str, float]
    gflop: float
    ceiling: float

    @property
    def step_seconds(self) -> float:
        """Of a step, mean."""
        return sum(self.seconds.values())

    @property
    def waiting_share(self) -> float:
        """The share of a step that is spent waiting for data."""
        return self.seconds.get("data", 0.0) / self.step_seconds

    @property
    def ceiling_share(self) -> float:
        """Arithmetic per second against the ceiling."""
        return self.gflop / self.step_seconds / self.ceiling

    def table(self) -> str:
        """The figures for people."""
        rows = [
            f"{name:>10}  {1000 * seconds:9.1f} ms  {seconds / self.step_seconds:6.1%}"
            for name, seconds in self.seconds.items()
        ]
        return "\n".join(
            [
                *rows,
                f"{'step':>10}  {1000 * self.step_seconds:9.1f} ms, mean of {self.steps}",
                f"{self.clips_per_second:.2f} clips/s",
                f"waiting for data {self.waiting_share:.1%} of the time",
                f"{self.gflop:.0f} GFLOP a step, {self.gflop / self.step_seconds:.0f} GFLOP/s, "
                f"{self.ceiling_share:.0%} of the convolution ceiling of {self.ceiling:.0f} GFLOP/s",
            ]
        )


def profile_document(found: StepProfile, trainer: Trainer, arguments: Sequence[str]) -> dict[str, Any]:
    """A profile as JSON, with what was measured and on what machine; the tables of the documentation read it.

    `arguments` are those of the command.
    """
    recipe = trainer.recipe
    return {
        "format": FORMAT,
        "format_version": 1,
        "model": recipe.model.name,
        "setting": {
            "crop": recipe.data.crop,
            "frames": recipe.data.frames,
            "batch": recipe.batch,
            "workers": trainer.options.workers,
            "threads": torch.get_num_threads(),
            "precision": trainer.options.precision,
        },
        "machine": machine_name(trainer.processes.device),
        "torch": torch.__version__,
        "date": datetime.now(timezone.utc).date().isoformat(),
        "steps": found.steps,
        "seconds": found.seconds,
        "clips_per_second": found.clips_per_second,
        "waiting_share": found.waiting_share,
        "gflop": found.gflop,
        "ceiling": found.ceiling,
        "ceiling_share": found.ceiling_share,
        "origin": provenance("vos-train", arguments, (*DISTRIBUTIONS, "torch")).to_dict(),
    }


def profile(trainer: Trainer, steps: int) -> StepProfile:
    """Runs some steps and says where their time went. Nothing is written; the trainer is used up.

    Raises:
        InvalidInputError: the recipe has too few steps.
    """
    needed, left = WARM_STEPS + steps, trainer.recipe.steps - trainer.step
    if left < needed:
        raise InvalidInputError(f"a profile takes {needed} steps and the recipe has {left} left; give steps={needed}")
    batches = trainer.batches()
    for batch in islice(batches, WARM_STEPS):
        trainer.train_step(batch)
    trainer.stopwatch.lap()
    for _ in range(steps):
        with trainer.stopwatch.phase("data"):
            batch = next(batches)
        trainer.train_step(batch)
    seconds = {name: value / steps for name, value in trainer.stopwatch.lap().items()}
    ceiling = convolution_ceiling(trainer.processes.device, trainer.autocast)
    clips = len(trainer.clips) / sum(seconds.values())
    return StepProfile(steps, clips, seconds, step_gflop(trainer, batch), ceiling)


@torch.no_grad()
def step_gflop(trainer: Trainer, batch: Batch) -> float:
    """GFLOP of a step: three times the student's forward pass, two of them for backward, and once the teacher's.

    Backward is not counted itself: PyTorch's counter takes grouped convolutions for dense ones there.
    """
    with flop_counter() as whole:
        trainer.losses(batch)
    with flop_counter() as taught:
        if trainer.teacher:
            trainer.teacher(batch, Clips.of(batch, trainer.processes.device))
    teacher = taught.get_total_flops()
    return float(3 * (whole.get_total_flops() - teacher) + teacher) / 1e9


def convolution_ceiling(device: str, autocast: torch.dtype | None) -> float:
    """GFLOP/s that a dense 3x3 convolution reaches here, forward and backward: the best of some widths and repeats."""
    return max(_convolution(device, autocast or torch.float32, channels) for channels in CEILING_CHANNELS)


def _convolution(device: str, dtype: torch.dtype, channels: int) -> float:
    shape = (CEILING_BATCH, channels, CEILING_SIDE, CEILING_SIDE)
    x, gradient = (torch.randn(shape, device=device, dtype=dtype) for _ in range(2))
    x = x.to(memory_format=torch.channels_last).requires_grad_()
    # Laid out as a real gradient is; that of a plain sum would have to be copied first.
    gradient = gradient.to(memory_format=torch.channels_last)
    weight = torch.randn(channels, channels, 3, 3, device=device, dtype=dtype, requires_grad=True)
    best = float("inf")
    for _ in range(CEILING_REPEATS):
        started = time.perf_counter()
        F.conv2d(x, weight, padding=1).backward(gradient)
        if device.startswith("cuda"):
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - started)
    flop = 3 * 2 * CEILING_BATCH * CEILING_SIDE**2 * channels**2 * 9
    return flop / best / 1e9
