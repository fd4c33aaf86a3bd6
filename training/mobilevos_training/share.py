"""A share of the way from a start to an end: of what further training has learned, as much as does good.

Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022. A model that has learned new videos may have
forgotten others; between its weights before and after lie some that know both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar

from mobilevos_sdk.errors import InvalidInputError
from mobilevos_training.soup import Ingredient, Weights, average

ShareScore = Callable[[float], float]
"""Scores the weights at a share of the way, 0 the start and 1 the end; more is better."""


@dataclass(frozen=True)
class Stop:
    """A place on the way.

    Attributes:
        share: of the way, 0 to 1.
        score: of the weights there.
    """

    share: float
    score: float


@dataclass(frozen=True)
class Way:
    """The way from one checkpoint to another.

    Attributes:
        start: the checkpoint that a training began with.
        end: the one that it ended with.
        stops: what was scored, start and end among it, in the order of their shares.
    """

    start: Ingredient
    end: Ingredient
    stops: tuple[Stop, ...]
    kind: ClassVar[str] = "share"

    @property
    def model(self) -> str:
        """The registered model."""
        return self.start.model

    @property
    def score(self) -> float:
        """That of the best stop, never less than `best_score`."""
        return self.best.score

    @property
    def best_score(self) -> float:
        """The score of the start or the end, whichever is better."""
        return max(self.stops[0].score, self.stops[-1].score)

    @property
    def best(self) -> Stop:
        """The stop that scores highest; of equals the one nearest to the start."""
        return max(self.stops, key=lambda stop: stop.score)

    def weights(self) -> Weights:
        """Those of the best stop, the very weights that were scored."""
        return average((self.start, self.end), portions(self.best.share))


def best_share(start: Ingredient, end: Ingredient, shares: Iterable[float], score: ShareScore) -> Way:
    """Scores the start, the end, and shares of the way between them.

    Args:
        start: one of two ingredients that `read_ingredients` has checked.
        end: the other one.
        shares: between 0 and 1; these two are scored in any case.
        score: of a share.

    Raises:
        InvalidInputError: a share is not from 0 to 1.
    """
    wanted = sorted({0.0, 1.0, *shares})
    for share in wanted:
        if not 0.0 <= share <= 1.0:
            raise InvalidInputError(f"a share of the way is from 0 to 1, not {share:g}")
    return Way(start, end, tuple(Stop(share, score(share)) for share in wanted))


def portions(share: float) -> tuple[float, float]:
    """How much of the start and of the end there is in the weights at a share of the way."""
    return 1.0 - share, share
