"""Where a student's weights come from at step 0: ImageNet backbones, then whatever fits of a checkpoint."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from mobilevos_models.blocks import ASPP
from mobilevos_models.checkpoints import load_weights, read_checkpoint
from mobilevos_models.folding import fold_batch_norms, unfold_state
from mobilevos_models.registry import VOSModel, create_model
from mobilevos_sdk.errors import ArtifactError
from mobilevos_training.families import family_of
from mobilevos_training.families.backbones import load_encoder
from mobilevos_training.growth import pass_through
from mobilevos_training.recipe_options import ModelOptions, weights_path


def initial_model(options: ModelOptions, data: Path) -> VOSModel:
    """A student at step 0, with its batch norms folded, and thereby frozen.

    Args:
        options: the recipe's model.
        data: the folder with `backbones`, of which those are read whose encoder the checkpoint does not have whole.

    Raises:
        ArtifactError: a backbone or the checkpoint is missing or does not fit.
    """
    model = create_model(options.name, locality=options.locality)
    fitting = _fitting(model, options) if options.init is not None else {}
    for part, backbone in family_of(model).backbones(model).items():
        if any(name.startswith(f"{part}.") and name not in fitting for name in model.state_dict()):
            load_encoder(model.get_submodule(part), data / "backbones", backbone)
    _grow(model, fitting)
    load_weights(model, model.state_dict() | fitting, str(options.init))
    # Last: weights that are not folded yet, such as imported ones, have to meet the norms that they belong to.
    fold_batch_norms(model)
    return model


def _grow(model: nn.Module, fitting: dict[str, Tensor]) -> None:
    """Lets the parts that a smaller trained model lacks pass on what they get, where what follows them is trained."""
    aspp = getattr(model, "aspp", None)
    follows = any(name.startswith("compress.") for name in fitting)
    if isinstance(aspp, ASPP) and follows and not any(name.startswith("aspp.") for name in fitting):
        pass_through(aspp)


def _fitting(model: nn.Module, options: ModelOptions) -> dict[str, Tensor]:
    """The tensors of the checkpoint to start from that a model, not folded, has too, in the same shape."""
    path, own = weights_path(options.init or "", options.name), model.state_dict()
    state = unfold_state(model, read_checkpoint(path)[0])
    fitting = {name: tensor for name, tensor in state.items() if name in own and own[name].shape == tensor.shape}
    if not fitting:
        raise ArtifactError(f"nothing in {path} fits '{options.name}'; give a checkpoint of one of our models")
    return fitting
