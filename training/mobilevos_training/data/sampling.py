"""Which frames of a video a clip takes: their distances in time, and how these grow and shrink with the training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from mobilevos_training.data.options import CurriculumSampling, SessionSampling

Sampling = SessionSampling | CurriculumSampling
Gaps = NDArray[np.int64]
T = TypeVar("T")


def largest_distance(sampling: CurriculumSampling, progress: float) -> int:
    """The largest distance between neighbouring frames of a clip (STCN supplement F.4).

    Args:
        sampling: the curriculum.
        progress: the share of the training's steps that are done, 0 to 1.
    """
    stage = int(np.searchsorted(sampling.starts, progress + 1e-9, side="right")) - 1
    return sampling.distances[stage]


def draw_gaps(rng: np.random.Generator, sampling: Sampling, frames: int, progress: float) -> Gaps:
    """The distances (T-1,) from each frame of a clip to the next, in frames, all at least 1."""
    if isinstance(sampling, CurriculumSampling):
        return rng.integers(1, largest_distance(sampling, progress) + 1, frames - 1)
    first = rng.integers(1, sampling.reference_gap + 1, 1)
    return np.concatenate([first, rng.integers(1, sampling.step_gap + 1, frames - 2)])


def gaps_for(sampling: Sampling, gaps: Gaps, length: int, sparse: bool) -> Gaps:
    """The distances that a video has room for.

    Args:
        sampling: the session sampling goes from one annotated frame of a sparse video to the next; a curriculum counts
            annotated frames as they are.
        gaps: as drawn.
        length: the video's number of annotated frames.
        sparse: whether frames without annotation lie between these.

    Returns:
        (T-1,) distances in annotated frames. Where the video is too short, the longest ones are shortened; where it has
        fewer frames than the clip, its last one is repeated.
    """
    fitting = np.ones_like(gaps) if sparse and isinstance(sampling, SessionSampling) else gaps.copy()
    while fitting.sum() > length - 1 and fitting.max() > 1:
        fitting[fitting.argmax()] -= 1
    return np.diff(np.minimum(np.cumsum(fitting), length - 1), prepend=0)


def pick(rng: np.random.Generator, frames: Sequence[T], gaps: Gaps, reverse: float) -> list[T]:
    """The frames of a clip: at a random place, and backwards with probability `reverse`."""
    positions = np.concatenate([[0], np.cumsum(gaps)])
    start = int(rng.integers(len(frames) - positions[-1]))
    chosen = [frames[start + int(position)] for position in positions]
    return chosen[::-1] if rng.random() < reverse else chosen
