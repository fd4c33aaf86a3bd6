"""Readers of data sets in the folder layouts that their publishers ship. They list files; images are decoded later."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from mobilevos_sdk.errors import InvalidInputError
from mobilevos_training.data.frames import AnnotatedFrame
from mobilevos_training.data.options import MaskKind, SourceOptions
from mobilevos_training.data.pairs import IMAGE_SUFFIXES, PRESETS, read_pairs


@dataclass(frozen=True)
class Item:
    """What a clip is made from.

    Attributes:
        name: of the video or image, unique within its source.
        frames: the annotated frames in time; one for an image.
    """

    name: str
    frames: tuple[AnnotatedFrame, ...]


@dataclass(frozen=True)
class Source:
    """A data set that was listed.

    Attributes:
        options: as in the recipe.
        items: its videos or images.
    """

    options: SourceOptions
    items: tuple[Item, ...]

    @property
    def still(self) -> bool:
        """Whether its items are single images, which augmentation has to move."""
        return self.options.layout in PRESETS


@dataclass(frozen=True)
class _VideoLayout:
    expected: str
    kind: MaskKind
    read: Callable[[SourceOptions, Path, MaskKind], list[Item]]


def read_source(options: SourceOptions, root: Path) -> Source:
    """Lists a source's files.

    Args:
        options: the source.
        root: the data folder, which `options.path` is relative to.

    Raises:
        InvalidInputError: a folder or file is missing; the message names it and the layout that was expected.
    """
    if options.layout in PRESETS:
        items = [Item(name, (frame,)) for name, frame in read_pairs(options, root)]
    else:
        layout = VIDEO_LAYOUTS[options.layout]
        try:
            items = layout.read(options, root / options.path, options.kind or layout.kind)
        except FileNotFoundError as error:
            raise InvalidInputError(f"no {error.args[0]}; layout {options.layout}: {layout.expected}") from error
    if not items:
        raise InvalidInputError(f"{root / options.path} has no annotated frames; check the layout {options.layout}")
    return Source(options, tuple(items))


def _davis(options: SourceOptions, folder: Path, kind: MaskKind) -> list[Item]:
    """`JPEGImages/SEQUENCE/*` and `ANNOTATIONS/SEQUENCE/*.png`, where not every frame needs a mask."""
    return _sequences(folder / "JPEGImages", folder / options.annotations, kind)


def _davis2016(options: SourceOptions, folder: Path, kind: MaskKind) -> list[Item]:
    """DAVIS 2016: the split's file lists an image and its mask on every line, from the data set's root."""
    videos: dict[str, list[AnnotatedFrame]] = {}
    for line in _lines(folder / "ImageSets" / "480p" / f"{options.split}.txt"):
        image, mask = (folder / name.lstrip("/") for name in line.split()[:2])
        for path in (image, mask):
            if not path.is_file():
                raise FileNotFoundError(path)
        videos.setdefault(image.parent.name, []).append(AnnotatedFrame(image, mask, kind))
    return [Item(name, tuple(frames)) for name, frames in sorted(videos.items())]


def _davis2017(options: SourceOptions, folder: Path, kind: MaskKind) -> list[Item]:
    """DAVIS 2017: the split's file lists the names of sequences."""
    names = _lines(folder / "ImageSets" / "2017" / f"{options.split}.txt")
    return _sequences(folder / "JPEGImages" / "480p", folder / "Annotations" / "480p", kind, names)


def _youtube_vos(options: SourceOptions, folder: Path, kind: MaskKind) -> list[Item]:
    """YouTube-VOS 2018 and 2019: `meta.json` names the videos; only annotated frames, every fifth, are used."""
    split = folder / options.split
    meta = split / "meta.json"
    if not meta.is_file():
        raise FileNotFoundError(meta)
    try:
        names = sorted(json.loads(meta.read_text())["videos"])
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInputError(f"{meta} is not the JSON of YouTube-VOS ({error!r}); fetch it again") from error
    return _sequences(split / "JPEGImages", split / "Annotations", kind, names)


VIDEO_LAYOUTS = {
    "davis": _VideoLayout("JPEGImages/SEQUENCE/*.jpg and ANNOTATIONS/SEQUENCE/*.png", "auto", _davis),
    "davis2016": _VideoLayout(
        "JPEGImages/480p, Annotations/480p, and ImageSets/480p/SPLIT.txt with pairs of paths", "binary", _davis2016
    ),
    "davis2017": _VideoLayout(
        "JPEGImages/480p, Annotations/480p, and ImageSets/2017/SPLIT.txt with names of sequences", "ids", _davis2017
    ),
    "youtube-vos": _VideoLayout(
        "SPLIT/JPEGImages/VIDEO/*.jpg, SPLIT/Annotations/VIDEO/*.png and SPLIT/meta.json", "ids", _youtube_vos
    ),
    "bl30k": _VideoLayout("JPEGImages/VIDEO/*.jpg and Annotations/VIDEO/*.png", "ids", _davis),
}


def _sequences(images: Path, masks: Path, kind: MaskKind, names: Iterable[str] | None = None) -> list[Item]:
    """One item for each sequence's folder of masks."""
    for folder in (images, masks):
        if not folder.is_dir():
            raise FileNotFoundError(folder)
    if names is None:
        names = sorted(path.name for path in masks.iterdir() if path.is_dir())
    return [Item(name, _frames(images / name, masks / name, kind)) for name in names]


def _frames(images: Path, masks: Path, kind: MaskKind) -> tuple[AnnotatedFrame, ...]:
    """The frames of a sequence that have a mask."""
    for folder in (images, masks):
        if not folder.is_dir():
            raise FileNotFoundError(folder)
    pictures = {path.stem: path for path in images.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES}
    frames = []
    for mask in sorted(masks.glob("*.png"), key=lambda path: _natural(path.stem)):
        if mask.stem not in pictures:
            raise FileNotFoundError(images / f"{mask.stem}.jpg")
        frames.append(AnnotatedFrame(pictures[mask.stem], mask, kind))
    if not frames:
        raise FileNotFoundError(masks / "*.png")
    return tuple(frames)


def _natural(stem: str) -> list[tuple[int, str]]:
    """A key that sorts 2 before 10, for frames without leading zeros."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", stem) if part]


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        raise FileNotFoundError(path)
    return [line.strip() for line in path.read_text().splitlines() if line.strip()]
