"""Taking over published checkpoints: official names in, our model's state dict out, nothing lost and nothing guessed.

A `.pth` file is a pickle, which can run any code when it is read. It is read with PyTorch's restricted unpickler, which
knows tensors and plain containers only; a file that needs more is refused.
"""

from __future__ import annotations

import hashlib
import pickle
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from mobilevos_models.checkpoints import read_checkpoint
from mobilevos_models.folding import conv_norm_pairs
from mobilevos_models.import_families import FAMILIES, Family
from mobilevos_sdk.errors import ArtifactError, InvalidInputError

# Where trainers put the weights in their files, the averaged ones first: published results come from those.
WRAPPERS = ("state_dict_ema", "model_ema", "ema_state_dict", "ema", "state_dict", "model", "network", "net")
# What data parallelism and averaging put in front of every name.
PREFIX = "module."
# Beside the weights in the state dict of an averaged model (torch.optim.swa_utils): a counter.
COUNTERS = ("n_averaged",)
BATCH_COUNT = ".num_batches_tracked"
# What PyTorch's restricted unpickler says where a file asks for a class or a function that is none of a tensor's.
_NEEDS_CODE = re.compile(r"unsupported global|unrecognized function|but got <class|but got [\w.]+\(", re.IGNORECASE)


@dataclass(frozen=True)
class Imported:
    """A published checkpoint as one of our models.

    Attributes:
        model: the registered name.
        family: the family that it was published as.
        state: our names to tensors.
    """

    model: str
    family: Family
    state: dict[str, Tensor]


def read_published(path: Path) -> dict[str, Tensor]:
    """Reads the state dict out of a publisher's file, `.safetensors` or a PyTorch file, without its wrappings.

    Raises:
        ArtifactError: the file is missing, damaged, needs code to be run, or holds no named tensors.
    """
    content = read_checkpoint(path)[0] if path.suffix == ".safetensors" else _unpickle(path)
    return unwrapped(content, path.name)


def _unpickle(path: Path) -> object:
    if not path.is_file():
        raise ArtifactError(f"no file at {path}; give the checkpoint that the authors published")
    try:
        content: object = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # damage shows as UnpicklingError, RuntimeError, EOFError, UnicodeDecodeError and others
        if isinstance(error, pickle.UnpicklingError) and _NEEDS_CODE.search(str(error)):
            raise ArtifactError(
                f"{path} holds more than tensors, and reading that would run code from it, so it was not read; where "
                "you trust the file, save its state dict alone: torch.save(model.state_dict(), FILE)"
            ) from error
        raise ArtifactError(f"{path} is truncated or no PyTorch checkpoint; fetch it again") from error
    return content


def unwrapped(content: object, source: str) -> dict[str, Tensor]:
    """The named tensors in what a publisher saved, without the prefix `module.`.

    Args:
        content: a state dict, or dictionaries around one under the usual names; averaged weights are preferred.
        source: the file's name, for messages.

    Raises:
        ArtifactError: there are no named tensors, or some are there twice; the message says what there is.
    """
    while isinstance(content, Mapping):
        wrapper = next((name for name in WRAPPERS if isinstance(content.get(name), Mapping)), None)
        if wrapper is None:
            break
        content = content[wrapper]
    if not isinstance(content, Mapping):
        raise ArtifactError(f"{source} holds a {type(content).__name__} and no state dict; give one with named tensors")
    if "shadow_params" in content:
        raise ArtifactError(f"{source} has averaged weights without names; give the checkpoint that was saved with it")
    others = [str(name) for name, value in content.items() if not (isinstance(name, str) and torch.is_tensor(value))]
    if others or not content:
        listing = ", ".join(others[:8]) or "nothing"
        raise ArtifactError(f"{source} is not a state dict: it holds {listing}; give the file with the model's weights")
    names = [name for name in content if name not in COUNTERS]
    state = {_bare(name): content[name] for name in names}
    if len(state) != len(names):
        raise ArtifactError(f"{source} has names both with and without '{PREFIX}'; the file mixes two models")
    return state


def _bare(name: str) -> str:
    while name.startswith(PREFIX):
        name = name[len(PREFIX) :]
    return name


def import_state(official: Mapping[str, Tensor], family: str, model: str | None = None) -> Imported:
    """Makes a published state dict one of our models'.

    Args:
        official: the publisher's names to tensors.
        family: a key of `FAMILIES`.
        model: the registered name; none finds it by the shapes.

    Raises:
        InvalidInputError: the family or the model is not known, or the shapes fit several models.
        ArtifactError: tensors are missing, left over or of another shape; the message has all of them.
    """
    if family not in FAMILIES:
        raise InvalidInputError(f"unknown family '{family}'; choose one of {', '.join(FAMILIES)}")
    chosen = FAMILIES[family]
    builders = chosen.models()
    if model is not None and model not in builders:
        raise InvalidInputError(f"'{model}' is no model of {family}; choose one of {', '.join(builders)}")
    names = _our_names(official, chosen)
    fits = {name: _fit(official, names, _skeleton(chosen, name), chosen) for name in ([model] if model else builders)}
    found = [name for name, fit in fits.items() if not fit.problems]
    if not found:
        name, fit = max(fits.items(), key=lambda item: item[1].placed)
        raise ArtifactError(f"this is no '{name}' of {family}: {'; '.join(fit.problems)}; check --from and --model")
    if len(found) > 1:
        raise InvalidInputError(f"the weights fit {', '.join(found)}, which differ in how they run; pass --model NAME")
    return Imported(found[0], chosen, fits[found[0]].state)


@dataclass(frozen=True)
class _Fit:
    """Our state dict, how many of its tensors found their place, and what to say of the others."""

    state: dict[str, Tensor]
    placed: int
    problems: list[str]


def _our_names(official: Mapping[str, Tensor], family: Family) -> dict[str, str]:
    """Our name of each tensor that is kept, and the publisher's."""
    result: dict[str, str] = {}
    for name in official:
        ours = family.rename(name)
        if ours is None:
            continue
        if ours in result:
            raise ArtifactError(f"'{result[ours]}' and '{name}' are both '{ours}' here; the file mixes two models")
        result[ours] = name
    return result


def _skeleton(family: Family, name: str) -> nn.Module:
    """A model without storage, for its names and shapes."""
    with torch.device("meta"):
        return family.models()[name]()


def _fit(official: Mapping[str, Tensor], names: Mapping[str, str], model: nn.Module, family: Family) -> _Fit:
    """Brings tensors into a model's shapes and says what is missing, left over or of another shape."""
    state = _without_conv_biases(model, {ours: official[name] for ours, name in names.items()})
    expected = model.state_dict()
    for name, wanted in expected.items():
        if name not in state and name.endswith(BATCH_COUNT):  # older files lack it, and nothing reads it
            state[name] = torch.zeros(wanted.shape, dtype=wanted.dtype)
        elif name in state and tuple(wanted.shape) == (*state[name].shape, 1, 1):  # a linear layer, here a 1x1 conv
            state[name] = state[name][..., None, None]
    found = {
        "missing": [name for name in expected if name not in state],
        "left over": [names[n] for n in state if n not in expected and not family.unused_by_model.match(n)],
        "of another shape": [
            f"{names[name]} {tuple(state[name].shape)} instead of {tuple(wanted.shape)}"
            for name, wanted in expected.items()
            if name in state and state[name].shape != wanted.shape
        ],
    }
    problems = [f"{what}: {', '.join(which)}" for what, which in found.items() if which]
    placed = sum(name in state and state[name].shape == wanted.shape for name, wanted in expected.items())
    return _Fit(state, placed, problems)


def _without_conv_biases(model: nn.Module, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Moves the bias of a convolution that has a batch norm behind it into the norm's mean: the same function."""
    result = dict(state)
    for conv, norm in conv_norm_pairs(model):
        bias, mean = f"{conv}.bias", f"{norm}.running_mean"
        if bias in result and mean in result:
            result[mean] = result[mean] - result.pop(bias)
    return result


def metadata(imported: Imported, source: Path) -> dict[str, str]:
    """What a checkpoint says of its origin: the model, the family, and the publisher's file by name and SHA-256."""
    digest = hashlib.sha256()
    with source.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return {
        imported.family.holds: imported.model,
        "imported": imported.family.name,
        "origin": imported.family.origin,
        "source": source.name,
        "source_sha256": digest.hexdigest(),
        "licence": f"the weights are under the terms of their publisher ({imported.family.origin})",
    }
