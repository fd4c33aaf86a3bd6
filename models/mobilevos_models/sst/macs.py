"""What SST's attention costs, against table 1 of the paper; `python -m mobilevos_models.sst.table_1` prints it.

The paper does not say what its numbers count, nor the feature stride. Four counts are made:

- products: the two matrix products of attention (Q K^T and A V), over exactly the connected pairs of cells, 2 C
  multiply-accumulates a pair;
- one projection: the same and one C x C matrix for every cell in every layer;
- all: the same with all six of them (query, key, value, output, two of the feed-forward part);
- executed: what the code of this package does for all of it, padding and masked pairs included.

A feature stride of 8 (59 x 59 cells of a 465 x 465 frame), h = 8, and windows that end at the picture's edge bring the
second count within 4 % of the table for local, strided and grid attention. Two things do not fit. Full attention is
twice our count, as if a multiply-accumulate were two operations there and one in the other rows (then it is within
1 %). And the 0.3 M parameters take six projections, of which the table's costs can hold only one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast, get_args

import torch
from torch.utils.flop_counter import FlopCounterMode

from mobilevos_models.sst.config import Pattern, SSTConfig
from mobilevos_models.sst.encoder import EncoderLayer, Frames

# Table 1, in 1e9.
PAPER = {"local": 5.34, "strided": 1.89, "grid": 1.45, "full": 170.1}
PROJECTIONS = 6


@dataclass(frozen=True)
class Setting:
    """What table 1 is for.

    Attributes:
        side: of a square frame in pixels.
        stride: of the feature map.
        frames: of the buffer.
        channels: C.
        layers: of the encoder.
        kernel: h.
    """

    side: int = 465
    stride: int = 8
    frames: int = 3
    channels: int = 128
    layers: int = 3
    kernel: int = 8

    @property
    def cells(self) -> int:
        """The side of the feature map, as strided convolutions with padding leave it."""
        return -(-self.side // self.stride)


@dataclass(frozen=True)
class Macs:
    """Multiply-accumulates of the encoder by the counts of this module; `executed` is none for full attention."""

    products: int
    one_projection: int
    all_projections: int
    executed: int | None


def connected_pairs(pattern: str, frames: int, height: int, width: int, kernel: int) -> int:
    """How many pairs of cells a pattern connects (the sum of |I_p|), or all pairs for `full`."""
    cells = frames * height * width
    if pattern == "full":
        return cells * cells
    if pattern == "grid":
        return cells * (frames + height + width - 2)
    reach = _near if pattern == "local" else _aligned
    return frames * frames * reach(height, kernel) * reach(width, kernel)


def count(pattern: str, setting: Setting) -> Macs:
    """The costs of an encoder all of whose layers have one pattern."""
    side, channels = setting.cells, setting.channels
    pairs = connected_pairs(pattern, setting.frames, side, side, setting.kernel)
    products = setting.layers * pairs * 2 * channels
    projection = setting.layers * setting.frames * side * side * channels * channels
    executed = _executed(cast(Pattern, pattern), setting) if pattern in get_args(Pattern) else None
    return Macs(products, products + projection, products + PROJECTIONS * projection, executed)


def table(setting: Setting) -> str:
    """All counts beside the paper's, in GMAC."""
    lines = [f"{'':>8}  {'paper':>7}  {'products':>8}  {'+ 1 projection':>14}  {'+ all':>7}  {'executed':>8}"]
    for pattern, published in PAPER.items():
        macs = count(pattern, setting)
        ran = "" if macs.executed is None else f"{macs.executed / 1e9:8.2f}"
        lines.append(
            f"{pattern:>8}  {published:7.2f}  {macs.products / 1e9:8.2f}  {macs.one_projection / 1e9:14.2f}  "
            f"{macs.all_projections / 1e9:7.2f}  {ran:>8}"
        )
    return "\n".join(lines)


def _executed(pattern: Pattern, setting: Setting) -> int:
    """Multiply-accumulates that the operators and their layers do, counted on shapes without numbers."""
    heads = SSTConfig.heads if setting.channels % SSTConfig.heads == 0 else 1
    shape = (1, setting.frames, setting.cells, setting.cells)
    with torch.device("meta"), torch.no_grad(), FlopCounterMode(display=False) as counter:
        layer = EncoderLayer(pattern, setting.kernel, setting.channels, heads)
        frames = Frames(torch.zeros(*shape, setting.channels), torch.zeros(shape[:2]), torch.zeros(1, *shape))
        layer(frames, setting.frames)
    return setting.layers * int(counter.get_total_flops()) // 2


def _near(side: int, kernel: int) -> int:
    """Pairs of positions on a line that are less than the kernel apart."""
    return sum(min(position + kernel, side) - max(position - kernel + 1, 0) for position in range(side))


def _aligned(side: int, kernel: int) -> int:
    """Pairs of positions on a line that are a multiple of the kernel apart."""
    return sum(len(range(position % kernel, side, kernel)) for position in range(side))
