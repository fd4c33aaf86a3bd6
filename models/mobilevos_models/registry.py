"""The registry: every model by its name, whatever its family."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mobilevos_models import mobilevos, stcn
from mobilevos_models.aot import config as aot
from mobilevos_models.aot.model import AOT
from mobilevos_models.sst import config as sst
from mobilevos_models.sst.model import SST
from mobilevos_sdk.errors import UnknownModelError

ModelConfig = mobilevos.MobileVOSConfig | stcn.STCNConfig | aot.AOTConfig | sst.SSTConfig
VOSModel = mobilevos.MobileVOS | stcn.STCN | AOT | SST

# How a family builds a model from a config of its own.
_BUILDERS: dict[type, Callable[[Any], VOSModel]] = {
    mobilevos.MobileVOSConfig: mobilevos.MobileVOS,
    stcn.STCNConfig: stcn.STCN,
    aot.AOTConfig: AOT,
    sst.SSTConfig: SST,
}

_CONFIGS: tuple[ModelConfig, ...] = (*mobilevos.CONFIGS, *stcn.CONFIGS, *aot.CONFIGS, *sst.CONFIGS)
MODELS: dict[str, ModelConfig] = {config.name: config for config in _CONFIGS}

# The first frame and the previous one, and for some models the one before that.
_QUEUE, _QUEUES = 2, {"resnet18": 3, "deaot-t-deform": 3}


def model_config(name: str) -> ModelConfig:
    """The config of a registered model.

    Raises:
        UnknownModelError: the name is not registered; the message lists those that are.
    """
    try:
        return MODELS[name]
    except KeyError:
        raise UnknownModelError(f"unknown model '{name}'; known models: {', '.join(MODELS)}") from None


def memory_slots(name: str, wanted: int | None = None) -> int:
    """How many slots the memory of a registered model has: those that are wanted, or those that it is best with.

    The latter were chosen by J&F of the shipped weights (docs/what-helped.md).
    """
    return _QUEUES.get(name, _QUEUE) if wanted is None else wanted


def is_exportable(name: str) -> bool:
    """Whether a registered model can become an artifact. SST's tensors are of a rank that no phone's GPU takes.

    Raises:
        UnknownModelError: the name is not registered.
    """
    return not isinstance(model_config(name), sst.SSTConfig)


def create_model(name: str, locality: bool = True) -> VOSModel:
    """Builds a model with fresh weights, in evaluation mode (batch norms stay frozen in training too).

    Args:
        name: a registered name.
        locality: False leaves out the locality prior of a MobileVOS student or of a deformable model, for the read as
            the paper has it. Models without one do not mind.

    Raises:
        UnknownModelError: the name is not registered.
    """
    config = model_config(name)
    if isinstance(config, mobilevos.MobileVOSConfig):
        config = replace(config, locality=locality)
    if isinstance(config, aot.AOTConfig):
        config = replace(config, deformation=replace(config.deformation, locality=locality))
    return _BUILDERS[type(config)](config).eval()
