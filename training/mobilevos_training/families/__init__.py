"""The families of models that training can drive, each behind the interface of `base.Family`."""

from __future__ import annotations

from typing import Any

from torch import nn

from mobilevos_models.aot.config import AOTConfig
from mobilevos_models.mobilevos import MobileVOSConfig
from mobilevos_models.registry import model_config
from mobilevos_models.sst.config import SSTConfig
from mobilevos_models.stcn import STCNConfig
from mobilevos_sdk.errors import InvalidInputError
from mobilevos_training.families.associating import AssociatingFamily
from mobilevos_training.families.base import ABSENT_LOGIT, Family, Prediction, Slots, Walk, WalkOptions
from mobilevos_training.families.matching import MobileVOSFamily, STCNFamily
from mobilevos_training.families.sparse import SparseFamily

__all__ = ["ABSENT_LOGIT", "Family", "Prediction", "Slots", "Walk", "WalkOptions", "family_named", "family_of"]

# The family of a model by the class of its config.
FAMILIES: dict[type, Family[Any]] = {
    MobileVOSConfig: MobileVOSFamily(),
    STCNConfig: STCNFamily(),
    AOTConfig: AssociatingFamily(),
    SSTConfig: SparseFamily(),
}


def family_of(model: nn.Module) -> Family[Any]:
    """The family of a model.

    Raises:
        InvalidInputError: training does not know its family.
    """
    return _family(model.config)


def family_named(name: str) -> Family[Any]:
    """The family of a registered model.

    Raises:
        UnknownModelError: the name is not registered.
        InvalidInputError: training does not know its family.
    """
    return _family(model_config(name))


def _family(config: Any) -> Family[Any]:
    try:
        return FAMILIES[type(config)]
    except KeyError:
        known = ", ".join(sorted(kind.__name__.removesuffix("Config") for kind in FAMILIES))
        raise InvalidInputError(f"'{config.name}' cannot be trained here; the families that can are {known}") from None
