"""What a Session does where objects are hidden: they keep what they remembered."""

from __future__ import annotations

import numpy as np
import pytest

from mobilevos_sdk import Segmenter


class Covering:
    """A backend that sees nothing of some objects, by their positions; it counts the frames that are memorised."""

    def __init__(self, backend) -> None:
        self._backend, self.name, self.spec = backend, backend.name, backend.spec
        self.covered: list[int] = []
        self.memorised = 0

    def run(self, graph, inputs):
        outputs = self._backend.run(graph, inputs)
        self.memorised += graph.startswith("memorize")
        if "probabilities" in outputs:
            outputs["probabilities"] = outputs["probabilities"].copy()
            outputs["probabilities"][..., self.covered] = 0.0
        return outputs


@pytest.fixture
def covering(tiny_backend):
    return Covering(tiny_backend)


def remembered(session):
    """Copies of the memory, for each object."""
    inputs = {name: array.copy() for name, array in session._bank.inputs().items()}
    return [{name: array[:, position] for name, array in inputs.items()} for position in range(len(session.object_ids))]


def test_a_hidden_object_keeps_what_it_remembers(covering, tiny_video):
    session = Segmenter.from_backend(covering).start(tiny_video.frames[0], tiny_video.mask)
    assert session.step(tiny_video.frames[1]).mask.any()
    before = remembered(session)
    covering.covered = [1]
    for frame in tiny_video.frames[2:5]:
        result = session.step(frame)
    assert 7 in result.mask and 255 not in result.mask, "the one that is seen goes on"
    seen, hidden = remembered(session)
    assert any(not np.array_equal(seen[name], before[0][name]) for name in seen)
    for name, array in hidden.items():
        np.testing.assert_array_equal(array, before[1][name])
    new = np.zeros_like(tiny_video.mask)
    new[60:85, 5:30] = 2
    session.add_objects(new)
    for name, array in remembered(session)[1].items():
        np.testing.assert_array_equal(array, before[1][name])


def test_a_frame_that_hides_all_objects_is_not_memorised(covering, tiny_video):
    session = Segmenter.from_backend(covering).start(tiny_video.frames[0], tiny_video.mask)
    session.step(tiny_video.frames[1])
    covering.covered = [0, 1]
    session.step(tiny_video.frames[2])
    assert covering.memorised == 1
    covering.covered = []
    session.step(tiny_video.frames[3])
    assert covering.memorised == 2


def test_a_hidden_object_that_is_corrected_remembers_that(covering, tiny_video):
    session = Segmenter.from_backend(covering).start(tiny_video.frames[0], tiny_video.mask)
    covering.covered = [1]
    session.step(tiny_video.frames[1])
    given = np.where(tiny_video.mask == 255, np.uint8(255), np.uint8(0))
    session.correct(given)
    corrected = remembered(session)[1]
    assert corrected["memory_valid"].ravel().tolist() == [1.0, 1.0, 0.0]
    covering.covered = []
    session.step(tiny_video.frames[2])
    assert any(not np.array_equal(array, corrected[name]) for name, array in remembered(session)[1].items())


def test_a_shared_memory_takes_frames_in_that_hide_all_objects(associating, tiny_video):
    backend = Covering(associating._backend)
    session = Segmenter.from_backend(backend).start(tiny_video.frames[0], tiny_video.mask)
    backend.covered = [0, 1]
    assert not session.step(tiny_video.frames[1]).mask.any()
    assert backend.memorised == 1
