"""What `track` takes for frames, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mobilevos_sdk import InvalidInputError, Segmenter


@pytest.fixture
def segmenter(tiny_backend):
    return Segmenter.from_backend(tiny_backend)


def test_frames_may_come_from_any_iterable_and_are_taken_one_at_a_time(segmenter, tiny_video):
    taken = []

    def frames():
        for index, frame in enumerate(tiny_video.frames):
            taken.append(index)
            yield frame

    results = segmenter.track(frames(), tiny_video.mask)
    next(results), next(results)
    assert taken == [0, 1]
    with pytest.raises(InvalidInputError, match="no frame"):
        next(segmenter.track([], tiny_video.mask))


def test_frames_may_come_from_a_reader_that_can_only_be_indexed(segmenter, tiny_video):
    class Reader:
        def __getitem__(self, index):
            return tiny_video.frames[index]

    assert len(list(segmenter.track(Reader(), tiny_video.mask))) == len(tiny_video.frames)


@pytest.mark.parametrize(
    ("frames", "remedy"),
    [
        ("clip.mp4", r"open_frames\('clip.mp4'\)"),
        (Path("clip.mp4"), r"open_frames\('clip.mp4'\)"),
        (["00000.jpg", "00001.jpg"], "open_frames reads files"),
        (np.zeros((64, 64, 3), np.uint8), "put it into a list"),
        (None, "iterable of arrays, not NoneType"),
    ],
)
def test_what_is_often_given_in_place_of_frames_is_refused_with_a_remedy(segmenter, tiny_video, frames, remedy):
    with pytest.raises(InvalidInputError, match=remedy):
        next(segmenter.track(frames, tiny_video.mask))
