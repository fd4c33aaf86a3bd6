"""The kinds of propagation blocks by the names that `AOTConfig.block` has for them."""

from __future__ import annotations

from collections.abc import Callable

from mobilevos_models.aot.block import Block
from mobilevos_models.aot.config import AOTConfig
from mobilevos_models.aot.deformable_block import DeformableBlock
from mobilevos_models.aot.gated_block import GatedBlock
from mobilevos_models.aot.lstt import LSTTBlock
from mobilevos_models.aot.lstt_v2 import LSTTBlockV2

# Each makes a fresh block for layer `index` of a model, counted from 0.
BLOCKS: dict[str, Callable[[AOTConfig, int], Block]] = {
    "lstt": lambda config, index: LSTTBlock(),
    "lstt_v2": lambda config, index: LSTTBlockV2(),
    "gated": lambda config, index: GatedBlock(first=index == 0),
    "gated_deform": lambda config, index: DeformableBlock(config.deformation, first=index == 0),
}
