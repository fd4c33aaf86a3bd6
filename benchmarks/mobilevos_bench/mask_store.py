"""The folder of predicted masks that `vos-eval --save` writes: one folder a sequence, and a note of what made them.

The note lets a run that was cut short go on: masks of another model or of other ground truth are never mixed in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mobilevos_sdk.davis import DavisSequence
from mobilevos_sdk.errors import InvalidInputError
from mobilevos_sdk.files import write_atomically
from mobilevos_sdk.masks import Mask, read_mask, write_mask

NOTE = "vos-eval.json"


@dataclass(frozen=True)
class MaskStore:
    """Predicted masks on disk, as `FOLDER/SEQUENCE/FRAME.png` with the DAVIS palette."""

    folder: Path

    @classmethod
    def open(
        cls, folder: Path, settings: Mapping[str, Any], sequences: Iterable[DavisSequence], resume: bool
    ) -> MaskStore:
        """Opens a folder for writing.

        Args:
            folder: made when it is missing.
            settings: what the masks depend on: model, runtime, ground truth.
            sequences: those that will be written.
            resume: whether to go on with masks that are there.

        Raises:
            InvalidInputError: there are masks already and `resume` is off, or they were made with other settings.
            MobileVOSError: the folder cannot be written.
        """
        note = folder / NOTE
        taken = [sequence.name for sequence in sequences if any((folder / sequence.name).glob("*.png"))]
        if taken and not resume:
            raise InvalidInputError(
                f"{folder} has masks of {', '.join(taken)} already; pass --resume to go on, or choose another folder"
            )
        if taken and _read_note(note) != json.loads(json.dumps(settings)):
            raise InvalidInputError(
                f"the masks in {folder} were made with another model, runtime or ground truth (see {NOTE} in it); "
                "choose another folder"
            )
        write_atomically(note, json.dumps(settings, indent=1) + "\n")
        return cls(folder)

    def path(self, sequence: DavisSequence, index: int) -> Path:
        """The file of a frame's mask."""
        return self.folder / sequence.name / f"{sequence.frame_names[index]}.png"

    def is_complete(self, sequence: DavisSequence) -> bool:
        """Whether every frame from the given mask on is there. Files are written whole, so being there is enough."""
        return all(self.path(sequence, index).is_file() for index in _tracked(sequence))

    def write(self, sequence: DavisSequence, index: int, mask: Mask) -> None:
        """Writes a frame's mask.

        Raises:
            VideoError: the file cannot be written; those before it are whole.
        """
        write_mask(self.path(sequence, index), mask)

    def read(self, sequence: DavisSequence) -> Iterator[tuple[int, Mask]]:
        """Yields index and mask of the frames that count, one at a time.

        Raises:
            VideoError, InvalidInputError: a file is missing, damaged or no mask.
        """
        for index in sequence.scored:
            yield index, read_mask(self.path(sequence, index))

    def check(self, sequences: Iterable[DavisSequence]) -> None:
        """Makes sure that the masks of all frames that count are there, before any time is spent.

        Raises:
            InvalidInputError: the first missing file, and how many there are.
        """
        if not self.folder.is_dir():
            raise InvalidInputError(f"no folder {self.folder}; give the one that holds a folder of PNGs a sequence")
        files = [self.path(sequence, index) for sequence in sequences for index in sequence.scored]
        missing = [file for file in files if not file.is_file()]
        if missing:
            raise InvalidInputError(
                f"{len(missing)} of {len(files)} predictions are missing, the first is {missing[0]}; "
                "write one PNG for each frame under the frame's own name, or choose sequences with --sequences"
            )


def _tracked(sequence: DavisSequence) -> range:
    return range(sequence.first, len(sequence.frame_names))


def _read_note(path: Path) -> object:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None
