"""The variants of SST: which connectivity pattern each encoder layer has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mobilevos_sdk.errors import InvalidInputError

Pattern = Literal["local", "grid", "strided"]
# A sine and a cosine for each of time, row and column.
LEAST_CHANNELS = 6


@dataclass(frozen=True)
class SSTConfig:
    """Everything that tells one SST from another.

    Attributes:
        name: the registered name.
        patterns: the connectivity pattern of each encoder layer, the first layer first.
        kernel: h of the paper: a local layer connects cells less than h apart, a strided one those a multiple of h
            apart. About the square root of the feature map's width (section 4).
        channels: C of the encoder, 6 or more.
        heads: of each attention; they share the channels.
        decoder_channels: widths at strides 16, 8 and 4.

    Raises:
        InvalidInputError: there is no layer, a pattern is unknown, or numbers do not go together.
    """

    name: str
    patterns: tuple[Pattern, ...]
    kernel: int = 8
    channels: int = 128
    heads: int = 8
    decoder_channels: tuple[int, int, int] = (128, 96, 64)

    def __post_init__(self) -> None:
        unknown = set(self.patterns) - {"local", "grid", "strided"}
        if unknown or not self.patterns:
            raise InvalidInputError(f"the patterns are {self.patterns}; give one or more of local, grid and strided")
        if self.channels < LEAST_CHANNELS:
            raise InvalidInputError(f"the channels must be {LEAST_CHANNELS} or more, not {self.channels}")
        if self.heads < 1 or self.channels % self.heads:
            raise InvalidInputError(f"{self.channels} channels do not divide into {self.heads} heads; change one")
        if self.kernel < 1:
            raise InvalidInputError(f"the kernel must be 1 or more, not {self.kernel}")


# Two layers each, as the variants of the paper's table 6 (grid attention's best, too).
CONFIGS: tuple[SSTConfig, ...] = (
    SSTConfig("sst-local", ("local", "local")),
    SSTConfig("sst-grid", ("grid", "grid")),
    SSTConfig("sst-strided", ("strided", "strided")),
    SSTConfig("sst-local-strided", ("local", "strided")),
)
