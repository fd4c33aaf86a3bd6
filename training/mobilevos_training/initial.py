"""Where a student's weights come from at step 0: ImageNet backbones, then whatever fits of a checkpoint."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from mobilevos_models.checkpoints import load_backbone, load_weights, read_checkpoint
from mobilevos_models.folding import fold_batch_norms
from mobilevos_models.mobilevos import MobileVOS
from mobilevos_models.registry import create_model
from mobilevos_sdk.errors import ArtifactError
from mobilevos_training.recipe_options import ModelOptions, weights_path

# What ImageNet weights are for.
ENCODERS = ("key_encoder.", "value_encoder.")
BACKBONE_FILES = {
    "mobilenetv2": "mobilenetv2-imagenet-bnfolded.safetensors",
    "resnet18": "resnet18-imagenet-bnfolded-to-layer3.safetensors",
}


def initial_model(options: ModelOptions, data: Path) -> MobileVOS:
    """A student at step 0, with its batch norms folded, and thereby frozen.

    Args:
        options: the recipe's model.
        data: the folder with `backbones`, which are read where the checkpoint does not have all of the encoders.

    Raises:
        ArtifactError: a backbone or the checkpoint is missing or does not fit.
    """
    model = create_model(options.name, locality=options.locality)
    fold_batch_norms(model)
    fitting = _fitting(model, weights_path(options.init, options.name)) if options.init is not None else {}
    if any(name.startswith(ENCODERS) and name not in fitting for name in model.state_dict()):
        backbones = data / "backbones"
        key_weights = backbones / BACKBONE_FILES[model.config.backbone]
        load_backbone(model, key_weights, backbones / BACKBONE_FILES["mobilenetv2"])
    load_weights(model, model.state_dict() | fitting, str(options.init))
    return model


def _fitting(model: MobileVOS, path: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint that a model has too, in the same shape."""
    own = model.state_dict()
    state, _ = read_checkpoint(path)
    fitting = {name: tensor for name, tensor in state.items() if name in own and own[name].shape == tensor.shape}
    if not fitting:
        raise ArtifactError(f"nothing in {path} fits '{model.config.name}'; give a checkpoint of one of our models")
    return fitting
