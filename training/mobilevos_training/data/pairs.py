"""Sets of images with masks: two patterns say where images lie and how their masks are called."""

from __future__ import annotations

import glob
import re
from dataclasses import dataclass
from pathlib import Path

from mobilevos_sdk.errors import InvalidInputError
from mobilevos_training.data.frames import AnnotatedFrame
from mobilevos_training.data.options import MaskKind, SourceOptions

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


@dataclass(frozen=True)
class Pairs:
    """Where a set's images and masks lie below its folder.

    Attributes:
        images: a pattern; `*` is any part of a name, `**/` any folders. {split} is filled in.
        masks: the same for the masks: each `*` or `**/` stands for what the one of its rank matched in `images`.
        kind: what the values of masks mean.
        splits: what a split's name becomes in the patterns.
    """

    images: str
    masks: str
    kind: MaskKind
    splits: tuple[tuple[str, str], ...] = ()


# ECSSD: Shi et al., TPAMI 2015. DUTS: Wang et al., CVPR 2017. FSS-1000: Li et al., CVPR 2020.
# HRSOD: Zeng et al., ICCV 2019. BIG: Cheng et al. (CascadePSP), CVPR 2020.
PRESETS = {
    "static": Pairs("images/*.*", "masks/*.png", "auto"),
    "ecssd": Pairs("images/*.jpg", "ground_truth_mask/*.png", "binary"),
    "duts": Pairs(
        "DUTS-{split}/DUTS-{split}-Image/*.jpg",
        "DUTS-{split}/DUTS-{split}-Mask/*.png",
        "binary",
        (("train", "TR"), ("test", "TE")),
    ),
    "fss1000": Pairs("*/*.jpg", "*/*.png", "binary"),
    "hrsod": Pairs("HRSOD_{split}/*.jpg", "HRSOD_{split}_mask/*.png", "binary", (("train", "train"), ("test", "test"))),
    "big": Pairs("**/*_im.jpg", "**/*_gt.png", "binary"),
    "image-mask-pairs": Pairs("", "", "auto"),
}


def read_pairs(options: SourceOptions, root: Path) -> list[tuple[str, AnnotatedFrame]]:
    """Lists the images of a set with their masks.

    Args:
        options: a source of one of the layouts in `PRESETS`; its `path` may be a glob for several sets.
        root: the data folder.

    Returns:
        (name, frame) of each image, sorted.

    Raises:
        InvalidInputError: there is no such folder or no image in it, or an image has no mask.
    """
    preset = PRESETS[options.layout]
    images, masks = options.images or preset.images, options.masks or preset.masks
    expected = f"layout {options.layout}: {images} with masks {masks}"
    places = sorted(glob.glob(options.path, root_dir=root))  # noqa: PTH207 - Path.glob refuses "." and absolute paths
    folders = [root / place for place in places if (root / place).is_dir()]
    if not folders:
        raise InvalidInputError(f"no folder {root / options.path}; {expected}")
    found: list[tuple[str, AnnotatedFrame]] = []
    for folder in folders:
        for split in _splits(options, preset):
            pattern = images.replace("{split}", split)
            matches = _match(folder, pattern)
            if not matches:
                raise InvalidInputError(f"no image {folder / pattern}; {expected}")
            for image, parts in matches:
                mask = folder / _fill(masks.replace("{split}", split), parts)
                if not mask.is_file():
                    raise InvalidInputError(f"no mask {mask} of {image}; {expected}")
                frame = AnnotatedFrame(image, mask, options.kind or preset.kind)
                found.append((image.relative_to(root).as_posix() if image.is_relative_to(root) else str(image), frame))
    return found


def _splits(options: SourceOptions, preset: Pairs) -> list[str]:
    """What {split} stands for; `all` takes every split of the set."""
    known = dict(preset.splits)
    if not known:
        return [""]
    if options.split == "all":
        return list(known.values())
    if options.split not in known:
        raise InvalidInputError(f"{options.layout} has no split {options.split!r}; take {', '.join(known)} or all")
    return [known[options.split]]


def _match(folder: Path, pattern: str) -> list[tuple[Path, tuple[str, ...]]]:
    """The images that fit a pattern, and what each of its wildcards stands for."""
    pieces = re.split(r"(\*\*/|\*)", pattern)
    wildcards = {"**/": "((?:[^/]+/)*)", "*": "([^/]*)"}
    expression = re.compile("".join(wildcards.get(piece, re.escape(piece)) for piece in pieces))
    matches = []
    for path in sorted(folder.glob(pattern)):
        match = expression.fullmatch(path.relative_to(folder).as_posix())
        if match and path.suffix.lower() in IMAGE_SUFFIXES:
            matches.append((path, match.groups()))
    return matches


def _fill(pattern: str, parts: tuple[str, ...]) -> str:
    left = iter(parts)
    return re.sub(r"\*\*/|\*", lambda wildcard: next(left, wildcard.group()), pattern)
