"""All that clips are made of: the listed sources, how often each is drawn, and their decoded frames."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mobilevos_sdk.errors import InvalidInputError, VideoError
from mobilevos_training.data.cache import open_cache
from mobilevos_training.data.frames import AnnotatedFrame, Image
from mobilevos_training.data.options import DataOptions
from mobilevos_training.data.readers import Item, Source, read_source
from mobilevos_training.data.store import FrameStore, MemoryStore, fingerprint


class Pool:
    """Sources and their frames.

    Args:
        sources: what was listed.
        root: the data folder, for names.
        store: gives decoded frames.
    """

    def __init__(self, sources: tuple[Source, ...], root: Path, store: FrameStore) -> None:
        self.sources = sources
        self._root = root
        self._store = store
        self._odds = source_odds(sources)

    def draw(self, rng: np.random.Generator) -> tuple[Source, Item]:
        """A random source by its share or weight, and a random item of it."""
        source = self.sources[int(rng.choice(len(self.sources), p=self._odds))]
        return source, source.items[int(rng.integers(len(source.items)))]

    def draw_frame(self, rng: np.random.Generator, still: bool) -> AnnotatedFrame:
        """A random frame of a photo, or of a densely annotated video; of the other where there is none."""
        choices = self._frame_sources[still]
        odds = np.array([self._odds[index] for index in choices])
        source = self.sources[choices[int(rng.choice(len(choices), p=odds / odds.sum()))]]
        item = source.items[int(rng.integers(len(source.items)))]
        return item.frames[int(rng.integers(len(item.frames)))]

    def image(self, frame: AnnotatedFrame) -> Image:
        """(H, W, 3) uint8 RGB with a shorter side of 480; it may be read-only."""
        return self._store.image(frame)

    def mask(self, frame: AnnotatedFrame) -> Image:
        """(H, W) uint8 object ids at the image's size, 255 = ignore; it may be read-only."""
        return self._store.mask(frame)

    def fingerprint(self) -> str:
        """20 hex digits that change when the names or sizes of the files do."""
        return self._fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        return _fingerprint(self.sources, self._root)

    @cached_property
    def _frame_sources(self) -> dict[bool, list[int]]:
        """Indices of the sources that cut-outs are taken from: photos, and videos."""
        every = range(len(self.sources))
        stills = [index for index in every if self.sources[index].still]
        videos = [index for index in every if not self.sources[index].still]
        dense = [index for index in videos if not self.sources[index].options.sparse] or videos
        return {True: stills or dense, False: dense or stills}


def open_pool(options: DataOptions, root: Path, cache: Path | None) -> Pool:
    """Lists the sources of a recipe and opens the cache of their frames, which is built where it is missing.

    Args:
        options: the recipe's data.
        root: the data folder.
        cache: the folder of caches; None decodes frames at their first use and keeps some in memory.

    Raises:
        InvalidInputError: a folder or file is missing, or a mask is none.
        VideoError: an image cannot be read.
        MobileVOSError: the cache cannot be written.
    """
    if not root.is_dir():
        raise InvalidInputError(f"no data folder {root}; give the one that the recipe's sources lie in")
    sources = tuple(read_source(source, root) for source in options.sources)
    if cache is None:
        return Pool(sources, root, MemoryStore())
    store = open_cache(cache, _frames(sources), root, _fingerprint(sources, root))
    return Pool(sources, root, store)


def source_odds(sources: tuple[Source, ...]) -> NDArray[np.float64]:
    """The probability of each source: its share, or its part of what the shares leave, by weight times items."""
    shares = np.array([source.options.share or 0.0 for source in sources])
    free = np.array([source.options.share is None for source in sources])
    weights = np.array([source.options.weight * len(source.items) for source in sources]) * free
    odds = shares + (weights / weights.sum() * (1 - shares.sum()) if free.any() else 0.0)
    return np.asarray(odds / odds.sum())


def _frames(sources: tuple[Source, ...]) -> list[AnnotatedFrame]:
    return [frame for source in sources for item in source.items for frame in item.frames]


def _fingerprint(sources: tuple[Source, ...], root: Path) -> str:
    try:
        return fingerprint(_frames(sources), root)
    except OSError as error:
        raise VideoError(f"cannot read {error.filename}: {error.strerror}; was the data folder changed?") from error
