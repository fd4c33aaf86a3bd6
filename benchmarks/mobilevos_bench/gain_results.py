"""The record that `vos-bench gain` makes of two evaluations."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SequenceGain:
    """One sequence in both evaluations; J&F is 0 to 1.

    Attributes:
        name: of the sequence.
        objects: how many were scored in it.
        first: its J&F in the first evaluation.
        second: in the second one.
    """

    name: str
    objects: int
    first: float
    second: float

    @property
    def gain(self) -> float:
        """What the second evaluation has more."""
        return self.second - self.first


@dataclass(frozen=True)
class Gain:
    """How much better one evaluation scores than another, on the same objects; J&F is 0 to 1.

    Attributes:
        data: what both were scored on.
        first: the first file's name.
        second: the second file's name.
        first_score: J&F of the first, the mean over all objects.
        second_score: of the second.
        low: lower end of the gain's 95 % interval; none where there is but one sequence.
        high: upper end.
        sequences: every sequence.
    """

    data: str
    first: str
    second: str
    first_score: float
    second_score: float
    low: float | None
    high: float | None
    sequences: tuple[SequenceGain, ...]

    @property
    def gain(self) -> float:
        """What the second evaluation has more, over all objects."""
        return self.second_score - self.first_score

    @property
    def ahead(self) -> int:
        """Sequences in which the second evaluation scores higher."""
        return sum(sequence.gain > 0 for sequence in self.sequences)
