"""Where and how a recipe runs: what is the machine's and not the recipe's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from mobilevos_sdk.errors import InvalidInputError
from mobilevos_training.validation import ValidationOptions

PRECISIONS = {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class RunOptions:
    """Where and how a recipe runs; nothing here changes the result but for rounding.

    Attributes:
        data: the folder that the recipe's sources and backbones are relative to.
        out: the run's folder.
        precision: of convolutions: `fp32`, `bf16`, or `fp16` with gradient scaling.
        workers: processes that make clips; 0 makes them in this one.
        frame_cache: where decoded frames are kept, memory-mapped; None decodes into RAM.
        teacher_cache: where a teacher's outputs are kept; None computes them at every step.
        save_every: steps between two saved states.
        log_every: steps between two log lines.
        keep_every: steps between two averaged checkpoints that are kept, for soups; None keeps none.
        validation: what the averaged weights are scored on; None does not score.
        validate_every: steps between two validations.
        resume: go on from the state in `out`, if there is one.
        exact_phases: wait for the GPU at the end of every phase, to tell their times apart.
    """

    data: Path
    out: Path
    precision: str = "fp32"
    workers: int = 0
    frame_cache: Path | None = None
    teacher_cache: Path | None = None
    save_every: int = 100
    log_every: int = 20
    keep_every: int | None = None
    validation: ValidationOptions | None = None
    validate_every: int = 500
    resume: bool = True
    exact_phases: bool = False


def choose_device(wanted: str) -> str:
    """A PyTorch device: `auto` is a GPU if there is one.

    Raises:
        InvalidInputError: a GPU was asked for and there is none.
    """
    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if wanted == "cuda" and not torch.cuda.is_available():
        raise InvalidInputError("there is no CUDA device here; leave out --device, or install a PyTorch with CUDA")
    return wanted


def default_precision(device: str) -> str:
    """The fastest precision of convolutions that trains well on a device."""
    if device.startswith("cuda"):
        return "fp16"
    # Without the instructions, bfloat16 is emulated and slower than float32.
    return "bf16" if torch.cpu.get_capabilities().get("avx512_bf16") else "fp32"


def machine_name(device: str) -> str:
    """What a device calls itself."""
    if device.startswith("cuda"):
        return torch.cuda.get_device_name(device)
    return str(torch.cpu.get_capabilities().get("cpu_name", "unknown CPU"))
