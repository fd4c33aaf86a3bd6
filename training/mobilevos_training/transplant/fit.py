"""Which students may take over another one's trunk."""

from __future__ import annotations

from itertools import pairwise

from mobilevos_models.mobilevos import MobileVOSConfig
from mobilevos_models.registry import ModelConfig


def misfit(student: ModelConfig, donor: ModelConfig) -> str | None:
    """Why a student cannot start as a wider copy of a donor; None if it can.

    A value's channels are averaged, so each has to be repeated as often as the others; a residual block adds its input
    as it is where that has its output's width, which only a block of the same kind can copy.
    """
    if not (isinstance(student, MobileVOSConfig) and isinstance(donor, MobileVOSConfig)):
        return "is not of a family whose key encoder can be exchanged, or the student is not"
    if (student.aspp_channels is None) != (donor.aspp_channels is None):
        return "has an ASPP and the student has none, or the other way round"
    if student.key_channels != donor.key_channels or student.locality != donor.locality:
        return f"has other keys than '{student.name}'"
    if student.value_channels % donor.value_channels:
        return f"has values of {donor.value_channels} channels, of which {student.value_channels} is no multiple"
    if any(new < old for new, old in zip(_widths(student), _widths(donor), strict=True)):
        return f"is wider than '{student.name}'"
    if _shortcuts(student) != _shortcuts(donor):
        return f"has residual blocks of another kind than '{student.name}'"
    return None


def _widths(config: MobileVOSConfig) -> tuple[int, ...]:
    """Of the values, the ASPP and the decoder."""
    return config.value_channels, config.aspp_channels or 0, *config.decoder_channels


def _shortcuts(config: MobileVOSConfig) -> list[bool]:
    """Which of the decoder's residual blocks keep their width."""
    entrance = config.aspp_channels or 2 * config.value_channels
    widths = (entrance, *config.decoder_channels)
    return [one == next_one for one, next_one in pairwise(widths)]
