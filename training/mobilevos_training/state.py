"""The state of a run on disk: tensors as safetensors and a small JSON file that names the last good ones."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mobilevos_models.checkpoints import read_checkpoint, save_checkpoint
from mobilevos_sdk.errors import ArtifactError, InvalidInputError
from mobilevos_sdk.files import write_atomically
from mobilevos_training.recipe import Recipe

STATE_FILE = "state.json"
KEPT = 2  # the last good state and the one before, should a disk spoil the last


@dataclass(frozen=True)
class RunState:
    """Everything that a run needs to go on.

    Attributes:
        step: optimiser steps done.
        recipe: the recipe's text, which a resumed run must share.
        tensors: weights, averages and optimiser moments, named `part.name`.
        numbers: what is not a tensor (the gradient scaler's factor).
    """

    step: int
    recipe: str
    tensors: dict[str, Tensor]
    numbers: dict[str, Any]

    def part(self, name: str) -> dict[str, Tensor]:
        """The tensors of a part, without its prefix."""
        prefix = f"{name}."
        return {key.removeprefix(prefix): value for key, value in self.tensors.items() if key.startswith(prefix)}


def save_state(folder: Path, state: RunState, continues: bool) -> None:
    """Writes tensors first and then, atomically, the file that names them: whenever it is killed, a good state stays.

    Args:
        folder: the run's.
        state: what to save.
        continues: whether the states in the folder are of the same run; those of another are then removed.

    Raises:
        MobileVOSError: the disk is full or cannot be written; the states before are intact.
    """
    name = f"state-{state.step:08d}.safetensors"
    save_checkpoint(folder / name, state.tensors, {"step": str(state.step)})
    entry = {"step": state.step, "file": name, "sha256": _digest(folder / name), "numbers": state.numbers}
    older = _read_index(folder)["states"] if continues else []
    entries = [entry, *(known for known in older if known["step"] < state.step)][:KEPT]
    index = {"recipe": json.loads(state.recipe), "states": entries}
    write_atomically(folder / STATE_FILE, json.dumps(index, indent=1))
    kept = {known["file"] for known in entries}
    for stale in folder.glob("state-*.safetensors"):
        if stale.name not in kept:
            stale.unlink()


def load_state(folder: Path, recipe: Recipe) -> RunState | None:
    """The newest good state of a run's folder, or None where there is none yet. Says on stderr when one is damaged.

    Raises:
        InvalidInputError: the run is of another recipe.
        ArtifactError: there are states but none of them is whole.
    """
    index = _read_index(folder)
    if not index["states"]:
        return None
    if not recipe.is_as_written(index["recipe"]):
        raise InvalidInputError(
            f"{folder} holds a run of another recipe; choose another --out, or --restart to start over"
        )
    for entry in index["states"]:
        path = folder / entry["file"]
        try:
            if _digest(path) != entry["sha256"]:
                raise ArtifactError(f"{path} has changed since it was written")
            tensors, _ = read_checkpoint(path)
            return RunState(entry["step"], recipe.text(), tensors, entry["numbers"])
        except (OSError, ArtifactError) as error:
            print(f"damaged state left out: {error}", file=sys.stderr)
    raise ArtifactError(
        f"no state in {folder} is whole; use --restart to start over (model.safetensors stays until then)"
    )


def _read_index(folder: Path) -> dict[str, Any]:
    """What `STATE_FILE` says: `recipe`, and `states` from the newest to the oldest."""
    path = folder / STATE_FILE
    if not path.is_file():
        return {"recipe": None, "states": []}
    try:
        index = json.loads(path.read_text())
        states = [{name: state[name] for name in ("step", "file", "sha256", "numbers")} for state in index["states"]]
        return {"recipe": index["recipe"], "states": states}
    except (ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"{path} is damaged; use --restart to start over") from error


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The moments of an optimiser, named `optimizer.PARAMETER.MOMENT`."""
    states = optimizer.state_dict()["state"]
    return {f"optimizer.{index}.{key}": value for index, state in states.items() for key, value in state.items()}


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Gives an optimiser the moments that `optimizer_tensors` named, without the `optimizer.` before them."""
    states: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        index, key = name.split(".", 1)
        states.setdefault(int(index), {})[key] = tensor
    optimizer.load_state_dict(optimizer.state_dict() | {"state": states})
