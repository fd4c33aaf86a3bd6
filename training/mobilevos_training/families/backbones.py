"""ImageNet weights for the encoders of all families: files by name below `DATA/backbones`."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from mobilevos_models.checkpoints import load_weights, read_checkpoint

# Safetensors with torchvision's names, batch norms folded or not; later stages and classifiers are left out.
BACKBONE_FILES = {
    "mobilenetv2": "mobilenetv2-imagenet-bnfolded.safetensors",
    "resnet18": "resnet18-imagenet-bnfolded-to-layer3.safetensors",
    "resnet50": "resnet50-imagenet.safetensors",
}


def load_encoder(encoder: nn.Module, folder: Path, backbone: str, first: str | None = None) -> None:
    """Starts an encoder from the ImageNet weights of its backbone.

    Args:
        encoder: with torchvision's parameter names, its batch norms folded or not.
        folder: the folder of the backbones.
        backbone: a key of `BACKBONE_FILES`.
        first: the weight of the first convolution of an encoder that sees masks beside the colours: a mask's filter is
            the mean over the colours, scaled so that a full mask is answered as a white image is; other objects' masks
            have the negative of it.

    Raises:
        ArtifactError: the file is missing or does not fit.
    """
    path = folder / BACKBONE_FILES[backbone]
    state = {name: tensor for name, tensor in read_checkpoint(path)[0].items() if _has(encoder, name)}
    if first is not None:
        colours = state[first]
        mask = 3.0 * colours.mean(1, keepdim=True)
        state[first] = torch.cat([colours, mask, -mask], 1)
    load_weights(encoder, state, str(path))


def _has(encoder: nn.Module, name: str) -> bool:
    """Whether an encoder has the module that a tensor belongs to: it may lack the last stages and the classifier."""
    try:
        encoder.get_submodule(name.rpartition(".")[0])
    except AttributeError:
        return False
    return True
