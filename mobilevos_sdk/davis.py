"""Finding and reading the sequences of a data set that is laid out like DAVIS.

    DATA/JPEGImages/SEQUENCE/00000.jpg      frames (.jpg, .webp, .png, .bmp)
    DATA/Annotations/SEQUENCE/00000.png     masks, for every frame or only for some

DAVIS's own archives have a folder for the resolution in between (`JPEGImages/480p/SEQUENCE`); both forms are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from mobilevos_sdk.errors import InvalidInputError
from mobilevos_sdk.masks import Mask, is_binary, read_mask
from mobilevos_sdk.metrics import VOID
from mobilevos_sdk.video_in import IMAGE_SUFFIXES, natural_key, read_image

FRAMES = "JPEGImages"
ANNOTATIONS = "Annotations"
# Folders for the resolution in DAVIS's archives; the benchmark is defined at 480p, so that one goes first.
RESOLUTIONS = ("480p", "1080p", "Full-Resolution")


@dataclass(frozen=True)
class DavisSequence:
    """One video and its ground truth.

    Attributes:
        name: the name of its folders.
        frame_names: the frames' names without a suffix, in the order in which they are followed.
        frame_files: the frames, in the same order; empty where only the ground truth is there.
        annotations: the mask of each annotated frame, by the frame's index.
    """

    name: str
    frame_names: tuple[str, ...]
    frame_files: tuple[Path, ...]
    annotations: Mapping[int, Path]

    @property
    def first(self) -> int:
        """The index of the first annotated frame: its mask is given, and tracking begins there."""
        return min(self.annotations)

    @property
    def scored(self) -> tuple[int, ...]:
        """The indices of the frames that count: annotated, after the given one, and not the video's last (DAVIS)."""
        return tuple(sorted(index for index in self.annotations if self.first < index < len(self.frame_names) - 1))

    @cached_property
    def _binary(self) -> bool:
        """What 255 means in this sequence: the one object (DAVIS 2016), or void. One answer for all of its masks.

        It is that of the earliest mask, in both directions: the last may have nothing but void.
        """
        return is_binary(min(self.annotations.values(), key=lambda path: natural_key(path.name)))

    def truth(self, index: int) -> Mask:
        """The ground truth of an annotated frame: (H, W) uint8 object ids, with void as background.

        Raises:
            VideoError, InvalidInputError: the file is damaged, or is no mask.
        """
        mask = read_mask(self.annotations[index], binary=self._binary)
        return np.where(mask == VOID, np.uint8(0), mask)

    def first_mask(self) -> Mask:
        """The mask that a tracker is given, (H, W) uint8.

        Raises:
            VideoError, InvalidInputError: the file is damaged, is no mask, or has no object.
        """
        mask = self.truth(self.first)
        if not mask.any():
            raise InvalidInputError(f"{self.annotations[self.first]} has no object; a video begins with at least one")
        return mask

    def backwards(self) -> DavisSequence:
        """The same video from its end to its beginning: another start, other sides that come into view.

        It begins with the last mask that has an object; what is behind that is left out.

        Raises:
            VideoError, InvalidInputError: a mask is damaged, or is no mask.
        """
        annotated = sorted(self.annotations, reverse=True)
        last = next((index for index in annotated if self.truth(index).any()), annotated[0])
        return DavisSequence(
            self.name,
            self.frame_names[last::-1],
            self.frame_files[last::-1],
            {last - index: path for index, path in self.annotations.items() if index <= last},
        )

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[np.ndarray]:
        """Yields the frames `start` to `stop` (without it: to the end), (H, W, 3) uint8 RGB, one at a time.

        Raises:
            VideoError: a frame cannot be read.
        """
        return map(read_image, self.frame_files[start:stop])


def find_sequences(
    data: str | Path,
    annotations: str = ANNOTATIONS,
    names: Iterable[str] | None = None,
    need_frames: bool = True,
) -> tuple[DavisSequence, ...]:
    """Finds the sequences of a data set.

    Args:
        data: the folder that holds `JPEGImages` and the ground truth.
        annotations: the ground truth's folder in `data`, such as `Annotations` or `AnnotationsMultiObject`.
        names: the sequences to take, in this order; all that have ground truth when left out.
        need_frames: False where the ground truth alone will do; its files then stand for the frames if there are none.

    Returns:
        The sequences, each with at least one mask. With few masks `scored` may be empty: nothing can be said there.

    Raises:
        InvalidInputError: a folder, a sequence or a frame is missing.
    """
    root = Path(data)
    if not root.is_dir():
        raise InvalidInputError(f"no folder {root}; give the one that holds {FRAMES} and {ANNOTATIONS}")
    truth_root = _resolution_folder(root, annotations)
    frames_root = _resolution_folder(root, FRAMES) if need_frames or (root / FRAMES).is_dir() else None
    known = sorted(entry.name for entry in truth_root.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    wanted = known if names is None else list(dict.fromkeys(names))
    if not wanted:
        raise InvalidInputError(f"{truth_root} holds no sequences; expected a folder of PNG masks for each")
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise InvalidInputError(f"{truth_root} has no sequence {', '.join(unknown)}; it has {', '.join(known)}")
    return tuple(_sequence(truth_root / name, frames_root and frames_root / name) for name in wanted)


def _resolution_folder(root: Path, name: str) -> Path:
    folder = root / name
    if not folder.is_dir():
        folders = ", ".join(sorted(entry.name for entry in root.iterdir() if entry.is_dir())) or "no folders"
        raise InvalidInputError(f"{root} has no folder {name}, it has {folders}; check the path or the folder's name")
    return next((folder / resolution for resolution in RESOLUTIONS if (folder / resolution).is_dir()), folder)


def _sequence(truth: Path, frames: Path | None) -> DavisSequence:
    masks = _images(truth, (".png",))
    files = _images(frames, IMAGE_SUFFIXES) if frames else {}
    names = tuple(files) or tuple(masks)
    if not files:
        _check_gapless(truth, names)
    stray = [name for name in masks if name not in set(names)]
    if stray:
        raise InvalidInputError(f"{masks[stray[0]]} belongs to no frame in {frames}; check that both are of one video")
    index = {name: position for position, name in enumerate(names)}
    annotations = {index[name]: path for name, path in masks.items()}
    return DavisSequence(truth.name, names, tuple(files.values()), annotations)


def _images(folder: Path, suffixes: tuple[str, ...]) -> dict[str, Path]:
    """The images of a folder by their names without suffix, in natural order."""
    if not folder.is_dir():
        raise InvalidInputError(f"no folder {folder}; each sequence needs one for its frames and one for its masks")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir(), key=lambda entry: natural_key(entry.name)):
        if path.name.startswith(".") or path.suffix.lower() not in suffixes:
            continue
        if path.stem in found:
            raise InvalidInputError(f"{folder} holds both {found[path.stem].name} and {path.name}; keep one of them")
        found[path.stem] = path
    if not found:
        raise InvalidInputError(f"{folder} holds no images; expected files ending in {', '.join(suffixes)}")
    return found


def _check_gapless(truth: Path, names: tuple[str, ...]) -> None:
    """Masks may stand for the frames only if none is missing: the last frame of the video must be known."""
    numbers = [int(name) for name in names if name.isdecimal()]
    if len(numbers) != len(names) or numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        raise InvalidInputError(
            f"{truth} has masks for some frames only, so the video's length is unknown; "
            f"put the frames into the folder {FRAMES}"
        )
