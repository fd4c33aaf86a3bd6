"""Training clips. Each is a function of the recipe, the seed, the step and its index in the step, and of nothing else.

So a resumed run sees the data that it would have seen, and any number of processes and loader workers share the work.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mobilevos_sdk.errors import InvalidInputError
from mobilevos_training.data.augment_options import HouseAugment
from mobilevos_training.data.frames import IGNORE, Image
from mobilevos_training.data.geometry import Random
from mobilevos_training.data.house import HouseStyle
from mobilevos_training.data.merge import merge
from mobilevos_training.data.options import DataOptions
from mobilevos_training.data.pool import Pool
from mobilevos_training.data.readers import Item, Source
from mobilevos_training.data.sampling import draw_gaps, gaps_for, pick
from mobilevos_training.data.scene import Scene, Shot, Style
from mobilevos_training.data.supplement import SupplementStyle

# After so many scenes with too few targets, styles that can are asked for more objects; after so many more, give up.
PATIENCE = 12
ATTEMPTS = 100


@dataclass(frozen=True)
class Clip:
    """A training clip.

    Attributes:
        frames: (T, S, S, 3) uint8 RGB.
        masks: (T, S, S) uint8: 0 background, 1..n the targets, 255 = ignore.
        targets: n, the number of targets. All of them show in the first frame.
    """

    frames: Image
    masks: Image
    targets: int


class ClipMaker:
    """Makes clips from a pool after a recipe.

    Args:
        pool: sources and frames.
        options: the recipe's data.
        seed: the recipe's seed.
        steps: of the whole training, which a curriculum goes by.
    """

    def __init__(self, pool: Pool, options: DataOptions, seed: int, steps: int) -> None:
        self.pool = pool
        self.options = options
        self._seed = seed
        self.steps = steps
        augment = options.augment
        self._style: Style = (
            HouseStyle(pool, augment, options.crop)
            if isinstance(augment, HouseAugment)
            else SupplementStyle(pool, augment, options.crop)
        )

    def clip(self, step: int, index: int) -> Clip:
        """The clip of a step, counted from 0, with an index among all clips of the step.

        Raises:
            InvalidInputError: no object of the sources is large enough, or a mask is none.
            VideoError: an image cannot be read.
        """
        rng = np.random.default_rng([self._seed, step, index])
        several = self._several(step)
        least, most = self._style.least(several), self.options.targets.most if several else 1
        for attempt in range(ATTEMPTS):
            scene = self._scene(rng, step, crowd=attempt >= PATIENCE, most=most)
            chosen = self._choose(rng, scene.ids, most)
            if len(chosen) >= least:
                return _clip(scene, chosen)
        raise InvalidInputError(
            f"{ATTEMPTS} draws in a row showed fewer than {least} objects that cover {self._smallest():.0f} pixels of "
            "their first frame; lower data.targets.smallest, or look at the masks with --show-batch"
        )

    def _several(self, step: int) -> bool:
        """Whether the clips of a step have several targets: the same for all of its clips, in all processes."""
        targets = self.options.targets
        return targets.most > 1 and bool(np.random.default_rng([self._seed, step]).random() < targets.several)

    def _scene(self, rng: Random, step: int, crowd: bool, most: int) -> Scene:
        """A scene, perhaps with the objects of another one over it."""
        source, item = self.pool.draw(rng)
        scene = self._simple_scene(rng, step, crowd, source, item)
        if rng.random() >= self.options.merge:
            return scene
        other_source, other = self.pool.draw(rng)
        for _ in range(PATIENCE):  # another sequence, if there is one
            if other is not item:
                break
            other_source, other = self.pool.draw(rng)
        return merge(rng, scene, self._simple_scene(rng, step, crowd, other_source, other), most)

    def _simple_scene(self, rng: Random, step: int, crowd: bool, source: Source, item: Item) -> Scene:
        """A scene of one video or photo."""
        sampling, count = self.options.sampling, self.options.frames
        gaps = draw_gaps(rng, sampling, count, step / self.steps)
        times = np.concatenate([[0.0], np.cumsum(gaps)])
        if source.still:
            shot = Shot([item.frames[0]] * count, times, still=True)
        else:
            fitting = gaps_for(sampling, gaps, len(item.frames), source.options.sparse)
            shot = Shot(pick(rng, item.frames, fitting, sampling.reverse), times, still=False)
        return self._style.scene(rng, shot, crowd)

    def _choose(self, rng: Random, ids: Image, most: int) -> list[int]:
        """Targets among the objects that are large enough in the first frame, in random order."""
        counts = np.bincount(ids[0].ravel(), minlength=256)[:IGNORE]
        visible = np.flatnonzero(counts >= max(self._smallest(), 1))
        return [int(i) for i in rng.permutation(visible[visible > 0])[:most]]

    def _smallest(self) -> float:
        """The fewest pixels of a target in the first frame."""
        smallest = self.options.targets.smallest
        return smallest if smallest >= 1 else smallest * self.options.crop**2


def _clip(scene: Scene, chosen: list[int]) -> Clip:
    """Numbers the chosen objects 1..n; the others become background."""
    table = np.zeros(256, np.uint8)
    table[IGNORE] = IGNORE
    table[chosen] = np.arange(1, len(chosen) + 1)
    return Clip(scene.frames, table[scene.ids], len(chosen))
