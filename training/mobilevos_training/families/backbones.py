"""ImageNet weights for the encoders of all families: files by name below `DATA/backbones`."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from mobilevos_models.checkpoints import load_weights, read_checkpoint
from mobilevos_sdk.errors import ArtifactError

# Safetensors with torchvision's names, batch norms folded or not; later stages and classifiers are left out.
BACKBONE_FILES = {
    "mobilenetv2": "mobilenetv2-imagenet-bnfolded.safetensors",
    "resnet18": "resnet18-imagenet-bnfolded-to-layer3.safetensors",
    "resnet50": "resnet50-imagenet.safetensors",
}
COLOURS = 3


def load_encoder(encoder: nn.Module, folder: Path, backbone: str) -> None:
    """Starts an encoder from the ImageNet weights of its backbone.

    An encoder of masks sees the colours and two masks, an object's own and the others', or the two masks alone. A
    mask's filter is the mean over the colours, scaled so that a full mask is answered as a white image is; the others'
    has the negative of it.

    Args:
        encoder: with torchvision's parameter names, its batch norms not folded yet.
        folder: the folder of the backbones.
        backbone: a key of `BACKBONE_FILES`.

    Raises:
        ArtifactError: the file is missing or does not fit.
    """
    path = folder / BACKBONE_FILES[backbone]
    if not path.is_file():
        raise ArtifactError(
            f"no ImageNet weights at {path}; make them of torchvision's {backbone} with "
            f"'vos-import --from torchvision FILE --out {path}'"
        )
    state = {name: tensor for name, tensor in read_checkpoint(path)[0].items() if _has(encoder, name)}
    first, convolution = next((n, m) for n, m in encoder.named_modules() if isinstance(m, nn.Conv2d))
    colours = state.get(f"{first}.weight")
    if colours is not None and convolution.in_channels != COLOURS:
        mask = COLOURS * colours.mean(1, keepdim=True)
        state[f"{first}.weight"] = torch.cat([colours, mask, -mask], 1)[:, -convolution.in_channels :]
    load_weights(encoder, state, str(path))


def _has(encoder: nn.Module, name: str) -> bool:
    """Whether an encoder has the module that a tensor belongs to: it may lack the last stages and the classifier."""
    try:
        encoder.get_submodule(name.rpartition(".")[0])
    except AttributeError:
        return False
    return True
