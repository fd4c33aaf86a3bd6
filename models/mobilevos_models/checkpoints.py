"""Checkpoints as safetensors files. Never a pickle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn

from mobilevos_models.folding import unfold_state
from mobilevos_models.locality import has_locality, is_locality
from mobilevos_models.registry import VOSModel, create_model
from mobilevos_sdk.errors import ArtifactError
from mobilevos_sdk.files import write_atomically

WEIGHTS = Path(__file__).parent / "weights"


def save_checkpoint(path: Path, state: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Writes tensors and their metadata (model name, recipe, steps) atomically.

    Raises:
        MobileVOSError: the disk is full or the folder cannot be written; an older file is as it was.
    """
    write_atomically(path, save({name: tensor.contiguous() for name, tensor in state.items()}, dict(metadata)))


def read_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Reads the tensors and the metadata of a safetensors file.

    Raises:
        ArtifactError: the file is missing, truncated or not a safetensors file.
    """
    if not path.is_file():
        raise ArtifactError(f"no checkpoint at {path}")
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
        return load_file(path), metadata
    except (SafetensorError, OSError) as error:
        raise ArtifactError(f"{path} is truncated or not a safetensors checkpoint: {error}") from error


def load_weights(model: nn.Module, state: Mapping[str, Tensor], source: str) -> None:
    """Loads a state dict, folded or not, into a model that is not folded, or a folded one into a folded model.

    Raises:
        ArtifactError: names or shapes do not fit the model; the message names the first that does not.
    """
    try:
        result = model.load_state_dict(unfold_state(model, dict(state)), strict=False)
    except RuntimeError as error:
        raise ArtifactError(f"{source} does not fit this model: {str(error).splitlines()[1].strip()}") from error
    if result.missing_keys or result.unexpected_keys:
        missing, unexpected = result.missing_keys[:1], result.unexpected_keys[:1]
        raise ArtifactError(f"{source} does not fit this model: missing {missing}, unexpected {unexpected}")


def load_model(path: Path, name: str | None = None, locality: bool | None = None) -> VOSModel:
    """Builds the model that a checkpoint was saved from and loads its weights.

    Args:
        path: a checkpoint of this project, whose metadata names the model.
        name: the expected model, or the model of a checkpoint that does not name one.
        locality: whether the model has the locality prior; none takes what the checkpoint has.

    Raises:
        ArtifactError: the checkpoint cannot be read, is of another model or does not fit.
    """
    state, metadata = read_checkpoint(path)
    found = metadata.get("model")
    if name and found and name != found:
        raise ArtifactError(f"{path} holds '{found}', not '{name}'; pass --model {found}")
    if not (found or name):
        raise ArtifactError(f"{path} does not say which model it holds; pass the model's name")
    has_prior = has_locality(state)
    wants_prior = has_prior if locality is None else locality
    model = create_model(found or name or "", locality=wants_prior)
    if has_prior and not wants_prior:
        state = {key: value for key, value in state.items() if not is_locality(key)}
    load_weights(model, state, str(path))
    return model


def shipped_checkpoint(name: str) -> Path:
    """The file of the weights that this project ships for a model; it may ship none."""
    return WEIGHTS / f"{name}.safetensors"
