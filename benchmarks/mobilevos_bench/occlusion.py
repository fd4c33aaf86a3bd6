"""A harder copy of a data set in DAVIS layout: strips of other videos, as high as the frame, pass in front of objects.

Benchmarks of whole objects say little about what happens when one goes behind a post: whether it is found again. Here
that happens to all, and the ground truth is known. What a strip covers is background in it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mobilevos_sdk.davis import FRAMES, DavisSequence
from mobilevos_sdk.errors import InvalidInputError, VideoError
from mobilevos_sdk.files import write_atomically
from mobilevos_sdk.masks import Mask, write_mask
from mobilevos_sdk.video_in import read_image

# When strips pass, as shares of the video.
TIMES = (0.25, 0.5, 0.75)
# A strip is so many times as wide as the objects there, within bounds in pixels and in shares of the frame's width.
WIDTHS = (0.5, 1.1)
LEAST_WIDTH, MOST_WIDTH = 24, 0.22
# Frames from when a strip begins to cover the objects to when it has left them, if they stay where they are.
FRAMES_TO_PASS = (8.0, 16.0)
JPEG_QUALITY = 92


@dataclass(frozen=True, eq=False)
class Strip:
    """What passes.

    Attributes:
        picture: (H, w, 3) uint8 RGB.
        frame: the index of the frame in which it is in the middle of the objects.
        centre: where that is, in pixels from the left.
        speed: pixels a frame, to the right.
    """

    picture: np.ndarray
    frame: int
    centre: float
    speed: float

    def columns(self, index: int) -> tuple[int, int]:
        """Its left and right end in a frame; they may lie outside."""
        left = round(self.centre + self.speed * (index - self.frame) - self.picture.shape[1] / 2)
        return left, left + self.picture.shape[1]


def write_occluded(
    sequences: Sequence[DavisSequence], annotations: str, out: Path, seed: int
) -> Iterator[tuple[str, int]]:
    """Writes the copy: frames as JPEG, masks of the annotated frames as PNG, each file whole or not at all.

    Args:
        sequences: two or more, as the strips of one are cut from the others.
        annotations: the name of the ground truth's folder in `out`.
        out: the new data set.
        seed: of where strips are cut, how wide they are and how they move.

    Yields:
        Name and number of strips of each sequence that has been written.

    Raises:
        InvalidInputError: there is one sequence only, or a mask or a frame cannot be used.
        VideoError: a file cannot be read or written.
    """
    if len(sequences) < 2:
        raise InvalidInputError("the strips that cover one video are cut from others; give two sequences or more")
    for sequence in sequences:
        # A generator for each: what one sequence draws does not change the others.
        generator = random.Random(f"{seed} {sequence.name}")
        others = [one for one in sequences if one is not sequence]
        strips = list(_strips(sequence, others, generator))
        for index, frame in enumerate(sequence.frames()):
            name = sequence.frame_names[index]
            hidden = np.zeros(frame.shape[1], bool)
            for strip in strips:
                hidden[_put(strip, index, frame)] = True
            _write_frame(out / FRAMES / sequence.name / f"{name}.jpg", frame)
            if index in sequence.annotations:
                truth = sequence.truth(index)
                truth[:, hidden] = 0
                write_mask(out / annotations / sequence.name / f"{name}.png", truth)
        yield sequence.name, len(strips)


def _strips(sequence: DavisSequence, others: Sequence[DavisSequence], generator: random.Random) -> Iterator[Strip]:
    """Strips that cover the objects at the three times, but for those that would cover them in the given frame too."""
    first = sequence.first_mask()
    height, width = first.shape
    given = _span(first)
    for share in TIMES:
        wanted = round(share * len(sequence.frame_names))
        index = min(sequence.annotations, key=lambda one: (abs(one - wanted), one))
        truth = sequence.truth(index)
        if index == sequence.first or not truth.any():
            continue
        begin, end = _span(truth)
        most = max(MOST_WIDTH * width, 1)
        size = (height, int(min(max((end - begin) * generator.uniform(*WIDTHS), LEAST_WIDTH), most)))
        picture = _texture(generator.choice(others), generator, size)
        speed = generator.choice((-1, 1)) * (end - begin + size[1]) / generator.uniform(*FRAMES_TO_PASS)
        strip = Strip(picture, index, (begin + end) / 2, speed)
        left, right = strip.columns(sequence.first)
        if right <= given[0] or left >= given[1]:
            yield strip


def _texture(sequence: DavisSequence, generator: random.Random, size: tuple[int, int]) -> np.ndarray:
    """A part of a random frame, (height, width), as high as the frame."""
    frame = read_image(generator.choice(sequence.frame_files))
    height, width = size
    scaled = cv2.resize(frame, (max(round(frame.shape[1] * height / frame.shape[0]), width), height))
    left = generator.randint(0, scaled.shape[1] - width)
    return np.asarray(scaled[:, left : left + width], np.uint8)


def _put(strip: Strip, index: int, frame: np.ndarray) -> slice:
    """Draws what of a strip lies in a frame into it, and gives the columns."""
    left, right = strip.columns(index)
    begin, end = (min(max(side, 0), frame.shape[1]) for side in (left, right))
    frame[:, begin:end] = strip.picture[:, begin - left : end - left]
    return slice(begin, end)


def _span(mask: Mask) -> tuple[int, int]:
    """The columns from the first to behind the last with an object; there must be one."""
    columns = np.flatnonzero(mask.any(0))
    return int(columns[0]), int(columns[-1]) + 1


def _write_frame(path: Path, frame: np.ndarray) -> None:
    done, data = cv2.imencode(".jpg", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise VideoError(f"{path} cannot be encoded as JPEG")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, data.tobytes(), error=VideoError)
