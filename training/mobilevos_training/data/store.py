"""Where decoded frames are kept while clips are made from them, and how they are named."""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from mobilevos_training.data.frames import SHORTER_SIDE, AnnotatedFrame, Image, load_image, load_mask

# What a process without a cache on disk keeps in memory. Loader workers are processes, too.
MEMORY_BYTES = 2 << 30


class FrameStore(Protocol):
    """Gives the arrays of frames. They may be read-only."""

    def image(self, frame: AnnotatedFrame) -> Image:
        """(H, W, 3) uint8 RGB with a shorter side of 480."""

    def mask(self, frame: AnnotatedFrame) -> Image:
        """(H, W) uint8 object ids at the image's size, 255 = ignore."""


class MemoryStore:
    """Decodes at first use and keeps what was used last, up to a number of bytes."""

    def __init__(self, limit: int = MEMORY_BYTES) -> None:
        self._limit = limit
        self._held = 0
        self._arrays: OrderedDict[AnnotatedFrame | Path, Image] = OrderedDict()

    def image(self, frame: AnnotatedFrame) -> Image:
        return (
            self._known(frame.image) if frame.image in self._arrays else self._add(frame.image, load_image(frame.image))
        )

    def mask(self, frame: AnnotatedFrame) -> Image:
        if frame in self._arrays:
            return self._known(frame)
        height, width = self.image(frame).shape[:2]
        return self._add(frame, load_mask(frame, (height, width)))

    def _known(self, key: AnnotatedFrame | Path) -> Image:
        self._arrays.move_to_end(key)
        return self._arrays[key]

    def _add(self, key: AnnotatedFrame | Path, array: Image) -> Image:
        self._arrays[key] = array
        self._held += array.nbytes
        while self._held > self._limit and len(self._arrays) > 1:
            self._held -= self._arrays.popitem(last=False)[1].nbytes
        return array


def image_name(frame: AnnotatedFrame, root: Path) -> str:
    """The name of a frame's image in caches and fingerprints: its path from the data folder."""
    return f"image {_relative(frame.image, root)}"


def mask_name(frame: AnnotatedFrame, root: Path) -> str:
    """The name of a frame's mask; what its values mean is a part of it."""
    return f"mask {frame.kind} {_relative(frame.mask, root)}"


def fingerprint(frames: Iterable[AnnotatedFrame], root: Path) -> str:
    """20 hex digits that change with the names, order or sizes of the files, and not with where or when they were put.

    Raises:
        FileNotFoundError: a file went away since it was listed.
    """
    digest = hashlib.sha256(f"shorter side {SHORTER_SIDE}\n".encode())
    for frame in frames:
        sizes = f"{frame.image.stat().st_size} {frame.mask.stat().st_size}"
        digest.update(f"{image_name(frame, root)}\0{mask_name(frame, root)}\0{sizes}\n".encode())
    return digest.hexdigest()[:20]


def _relative(path: Path, root: Path) -> str:
    return Path(os.path.relpath(path, root)).as_posix()
