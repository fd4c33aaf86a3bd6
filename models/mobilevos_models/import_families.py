"""The published model families that can be imported: what their tensors are called there and what they are here.

A family is data: its models, and a renaming from the publisher's name of a tensor to ours, which says explicitly what
we have no use for. What is done with it is the same for all of them (`importing.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from torch import nn

from mobilevos_models.aot.config import CONFIGS as AOT_CONFIGS
from mobilevos_models.aot.model import AOT
from mobilevos_models.aot.official_names import rename as rename_aot
from mobilevos_models.backbones import MobileNetV2, ResNet18, ResNet50
from mobilevos_models.stcn import CONFIGS as STCN_CONFIGS
from mobilevos_models.stcn import STCN

Renames = Sequence[tuple[str, str]]
Builders = Mapping[str, Callable[[], nn.Module]]
NOTHING = re.compile(r"(?!)")


@dataclass(frozen=True)
class Family:
    """A family of published checkpoints.

    Attributes:
        name: as `vos-import --from` takes it.
        models: what builds each registered model of the family.
        rename: the publisher's name of a tensor to ours, or none for a tensor that is dropped.
        origin: where the files come from, for the metadata.
        holds: what a file of the family is, the key of its name in the metadata: a `model` or a `backbone` of one.
        unused_by_model: names of ours that the model does not have but the imported file keeps, such as the later
            stages of a backbone.
    """

    name: str
    models: Callable[[], Builders]
    rename: Callable[[str], str | None]
    origin: str
    holds: str = "model"
    unused_by_model: re.Pattern[str] = NOTHING


# Names of hkchengrex/STCN's state dict, in order: later patterns see what earlier ones made.
STCN_RENAMES: Renames = (
    (r"^key_encoder\.res2\.", "key_encoder.layer1."),
    (r"^key_proj\.key_proj\.", "key_projection."),
    (r"^key_comp\.", "thin_value."),
    (r"\.ChannelGate\.mlp\.1\.", ".0.reduce."),
    (r"\.ChannelGate\.mlp\.3\.", ".0.expand."),
    (r"\.SpatialGate\.spatial\.", ".1."),
    (r"^value_encoder\.fuser\.", "fusion."),
    (r"^decoder\.pred\.", "prediction."),
    (r"^decoder\.up_(\d+)_(\d+)\.", r"up\1_\2."),
    (r"^decoder\.", ""),
)


def rename_stcn(official_name: str) -> str:
    """Our name of a tensor of STCN's official state dict.

    Example:
        >>> rename_stcn("decoder.up_16_8.skip_conv.weight")
        'up16_8.skip_conv.weight'
    """
    name = official_name
    for pattern, replacement in STCN_RENAMES:
        name = re.sub(pattern, replacement, name)
    return name


def rename_torchvision(name: str) -> str | None:
    """Backbones have torchvision's names; only the classifier is dropped."""
    return None if re.match(r"(classifier|fc)\.", name) else name


def _stcn_models() -> Builders:
    return {config.name: partial(STCN, config) for config in STCN_CONFIGS}


def _aot_models(*blocks: str) -> Builders:
    return {config.name: partial(AOT, config) for config in AOT_CONFIGS if config.block in blocks}


def _backbones() -> Builders:
    return {"mobilenetv2": MobileNetV2, "resnet18": ResNet18, "resnet50": ResNet50}


AOT_ORIGIN = "github.com/yoxu515/aot-benchmark"
FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        Family("stcn", _stcn_models, rename_stcn, "github.com/hkchengrex/STCN"),
        Family("aot", partial(_aot_models, "lstt", "lstt_v2"), rename_aot, AOT_ORIGIN),
        Family("deaot", partial(_aot_models, "gated"), rename_aot, AOT_ORIGIN),
        Family(
            "torchvision",
            _backbones,
            rename_torchvision,
            "download.pytorch.org/models",
            holds="backbone",
            # AOT's encoder has them; whoever has not leaves them out when the file is loaded.
            unused_by_model=re.compile(r"(features\.1[4-8]|layer4)\."),
        ),
    )
}
