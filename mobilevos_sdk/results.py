"""What a Session gives for each frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Latency:
    """Wall-clock time of one frame's stages in milliseconds.

    Attributes:
        preprocess: checking the frame and fitting it to the model's size.
        segment: the graph `segment`; 0 for a frame whose mask was given.
        memorize: the graph `memorize` (or `start`) and the memory bank; next to nothing with a queue of 1 and where all
            objects are hidden.
        postprocess: from the model's probabilities to the mask at the frame's size.
    """

    preprocess: float = 0.0
    segment: float = 0.0
    memorize: float = 0.0
    postprocess: float = 0.0

    @property
    def total(self) -> float:
        """The sum of the stages in milliseconds."""
        return self.preprocess + self.segment + self.memorize + self.postprocess

    @classmethod
    def sum_of(cls, results: Sequence[FrameResult], postprocess: float = 0.0) -> Latency:
        """The stages of several results of a frame added up, and further milliseconds of postprocessing."""
        stages = [result.latency for result in results]
        return cls(
            sum(stage.preprocess for stage in stages),
            sum(stage.segment for stage in stages),
            sum(stage.memorize for stage in stages),
            sum(stage.postprocess for stage in stages) + postprocess,
        )


@dataclass(frozen=True, eq=False)
class FrameResult:
    """The objects of one frame.

    Whoever collects the results of a long video should keep `mask` and let the result go: it holds on to the model's
    output until `probabilities` may be asked for.

    Attributes:
        index: the frame's number, 0 for the first.
        mask: (H, W) uint8 object ids at the frame's own size, 0 where there is none.
        object_ids: all objects that are followed, also those with no pixel in this frame.
        latency: what the frame cost.
        probability_source: makes `probabilities` when they are asked for.
    """

    index: int
    mask: npt.NDArray[np.uint8]
    object_ids: tuple[int, ...]
    latency: Latency
    probability_source: Callable[[], npt.NDArray[np.float32]] = field(repr=False)

    @cached_property
    def probabilities(self) -> npt.NDArray[np.float32]:
        """(N, H, W) float32 probability of each object, in the order of `object_ids`, at the frame's own size.

        The background's is 1 minus their sum. Computed when first asked for.
        """
        return self.probability_source()
