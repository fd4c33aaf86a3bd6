"""Decoded frames in one memory-mapped file on disk, which all processes of a machine share.

The file holds every image and mask at the training's working size, one after the other; an index beside it says where.
The index is written last: a cache without one, or of another length than it says, is built again. Every array has a
checksum, which is compared at its first use; a damaged one is decoded from its own files instead.
"""

from __future__ import annotations

import json
import os
import sys
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from filelock import FileLock

from mobilevos_sdk.cli.common import Progress
from mobilevos_sdk.errors import MobileVOSError
from mobilevos_sdk.files import unwritable, write_atomically
from mobilevos_training.data.frames import AnnotatedFrame, Image, load_image, load_mask
from mobilevos_training.data.store import image_name, mask_name

FORMAT = 1
# Arrays decoded ahead of the writer.
CHUNK = 32


class Entry(NamedTuple):
    """Where an array lies in the file of frames.

    Attributes:
        offset: of its first byte.
        shape: (H, W, 3) of an image, (H, W) of a mask.
        checksum: CRC-32 of its bytes.
    """

    offset: int
    shape: tuple[int, ...]
    checksum: int


class FrameCache:
    """Frames on disk; see the module.

    Args:
        data: the file of frames.
        entries: what it holds, by name.
        root: the data folder, which names are relative to.
    """

    def __init__(self, data: Path, entries: dict[str, Entry], root: Path) -> None:
        self._data, self._entries, self._root = data, entries, root
        self._sound: set[str] = set()
        self._bytes: Image | None = None

    def image(self, frame: AnnotatedFrame) -> Image:
        """(H, W, 3) uint8 RGB, read-only."""
        return self._array(image_name(frame, self._root), lambda entry: load_image(frame.image))

    def mask(self, frame: AnnotatedFrame) -> Image:
        """(H, W) uint8 object ids, read-only."""
        return self._array(
            mask_name(frame, self._root), lambda entry: load_mask(frame, (entry.shape[0], entry.shape[1]))
        )

    def _array(self, name: str, decode: Callable[[Entry], Image]) -> Image:
        if self._bytes is None:
            self._bytes = np.memmap(self._data, np.uint8, "r")
        entry = self._entries[name]
        flat = self._bytes[entry.offset : entry.offset + int(np.prod(entry.shape))]
        if name not in self._sound:
            if zlib.crc32(flat.data) != entry.checksum:
                print(f"{self._data} is damaged at '{name}'; reading its own file instead", file=sys.stderr)
                return decode(entry)
            self._sound.add(name)
        return np.asarray(flat).reshape(entry.shape)

    def __getstate__(self) -> dict[str, Any]:
        """What a loader worker gets: not the map, which every process makes for itself."""
        return self.__dict__ | {"_bytes": None}


def open_cache(folder: Path, frames: Sequence[AnnotatedFrame], root: Path, key: str) -> FrameCache:
    """Opens the cache of these frames, and builds it first where it is missing, cut short or unreadable.

    Args:
        folder: holds caches; each data set has two files named after its key.
        frames: all frames.
        root: the data folder.
        key: the frames' fingerprint.

    Raises:
        MobileVOSError: the disk is full, or the folder cannot be written.
        VideoError, InvalidInputError: an image or mask cannot be read.
    """
    data, index = folder / f"{key}.frames", folder / f"{key}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f"{key}.lock"):  # other processes wait until it is built
            entries = _read_index(data, index)
            if entries is None:
                entries = _build(data, index, frames, root)
    except OSError as error:
        raise MobileVOSError(f"{unwritable(folder, error)}, or train without a cache on disk") from error
    return FrameCache(data, entries, root)


def _read_index(data: Path, index: Path) -> dict[str, Entry] | None:
    """The entries of a cache, or none where it cannot be used."""
    try:
        content = json.loads(index.read_text())
        if content["format"] != FORMAT or content["bytes"] != data.stat().st_size:
            return None
        return {name: Entry(offset, tuple(shape), crc) for name, (offset, shape, crc) in content["entries"].items()}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _build(data: Path, index: Path, frames: Sequence[AnnotatedFrame], root: Path) -> dict[str, Entry]:
    """Decodes everything into a temporary file that takes the cache's place when it is complete."""
    index.unlink(missing_ok=True)
    temporary = data.with_name(f"{data.name}.{os.getpid()}.tmp")
    for older in data.parent.glob(f"{data.name}.*.tmp"):  # we hold the lock: their writers are dead
        older.unlink()
    print(f"decoding {len(frames)} frames into {data}, once", file=sys.stderr)
    entries: dict[str, Entry] = {}
    try:
        with temporary.open("xb") as file:
            _write(file, entries, frames, root)
            length = file.tell()
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(data)
    finally:
        temporary.unlink(missing_ok=True)
    write_atomically(index, json.dumps({"format": FORMAT, "bytes": length, "entries": entries}))
    return entries


def _write(file: BinaryIO, entries: dict[str, Entry], frames: Sequence[AnnotatedFrame], root: Path) -> None:
    """Appends the images and masks of all frames, each once; images before masks, which take their size."""
    images = list({image_name(frame, root): frame for frame in frames}.items())
    masks = list({mask_name(frame, root): frame for frame in frames}.items())
    progress = Progress(len(images) + len(masks), "images")

    def mask(frame: AnnotatedFrame) -> Image:
        height, width = entries[image_name(frame, root)].shape[:2]
        return load_mask(frame, (height, width))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for decode, wanted in ((lambda frame: load_image(frame.image), images), (mask, masks)):
            for start in range(0, len(wanted), CHUNK):
                chunk = wanted[start : start + CHUNK]
                for (name, _), array in zip(chunk, pool.map(decode, (frame for _, frame in chunk)), strict=True):
                    content = np.ascontiguousarray(array)
                    entries[name] = Entry(file.tell(), content.shape, zlib.crc32(content.data))
                    file.write(content.data)
                    progress.step()
    progress.close()
