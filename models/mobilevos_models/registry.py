"""The registry: every model by its name."""

from __future__ import annotations

from dataclasses import replace

from mobilevos_models.mobilevos import MobileVOS, MobileVOSConfig
from mobilevos_sdk.errors import UnknownModelError

# Widths that give the parameter counts of the paper's table 4.
MODELS: dict[str, MobileVOSConfig] = {
    config.name: config
    for config in (
        MobileVOSConfig("mobilenetv2", "mobilenetv2", 64, (80, 48, 32), aspp_channels=128, paper_parameters=2.5),
        MobileVOSConfig("mobilenetv2-noaspp", "mobilenetv2", 64, (80, 48, 32), paper_parameters=1.9),
        MobileVOSConfig("resnet18", "resnet18", 128, (96, 64, 64), aspp_channels=256, paper_parameters=8.1),
    )
}


def model_config(name: str) -> MobileVOSConfig:
    """The config of a registered model.

    Raises:
        UnknownModelError: the name is not registered; the message lists those that are.
    """
    try:
        return MODELS[name]
    except KeyError:
        raise UnknownModelError(f"unknown model '{name}'; known models: {', '.join(MODELS)}") from None


def create_model(name: str, locality: bool = True) -> MobileVOS:
    """Builds a model with fresh weights, in evaluation mode (batch norms stay frozen in training too).

    Args:
        name: a registered name.
        locality: False leaves out the locality prior, for the read as the paper has it.

    Raises:
        UnknownModelError: the name is not registered.
    """
    return MobileVOS(replace(model_config(name), locality=locality)).eval()
