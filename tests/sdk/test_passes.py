"""More objects than a model follows at once."""

from __future__ import annotations

import numpy as np
import pytest

from mobilevos_sdk import InvalidInputError, Segmenter
from mobilevos_sdk.passes import Passes


@pytest.fixture
def segmenter(tiny_backend):
    return Segmenter.from_backend(tiny_backend)


@pytest.fixture
def crowd(tiny_video):
    """Seven objects, for a model that follows three."""
    mask = np.zeros_like(tiny_video.mask)
    for index in range(7):
        mask[10:70, 5 + 16 * index : 15 + 16 * index] = 10 * (index + 1)
    return mask


def test_any_number_of_objects_is_followed(segmenter, tiny_video, crowd):
    results = list(Passes(segmenter).track(tiny_video.frames[:3], crowd))
    assert [result.index for result in results] == [0, 1, 2]
    np.testing.assert_array_equal(results[0].mask, crowd)
    for result in results[1:]:
        assert result.object_ids == (10, 20, 30, 40, 50, 60, 70)
        assert result.probabilities.shape == (7, *crowd.shape)
        background = 1.0 - result.probabilities.sum(0, keepdims=True)
        assert background.min() > -1e-5
        winner = np.concatenate([background, result.probabilities]).argmax(0)
        assert np.mean(winner * 10 == result.mask) > 0.999  # but for ties


def test_a_pass_is_what_the_model_makes_of_its_own_objects(segmenter, tiny_video, crowd):
    result = list(Passes(segmenter).track(tiny_video.frames[:2], crowd))[1]
    alone = list(segmenter.track(tiny_video.frames[:2], np.where(crowd <= 30, crowd, 0)))[1].probabilities
    own, joint = 1.0 - alone.sum(0), 1.0 - result.probabilities.sum(0)
    clear = np.minimum(own, joint) > 1e-2  # where odds can be told
    assert clear.mean() > 0.01
    together = result.probabilities[:3, clear] / joint[clear]
    np.testing.assert_allclose(together, alone[:, clear] / own[clear], rtol=1e-2)


def test_few_objects_are_one_pass(segmenter, tiny_video):
    plain = list(segmenter.track(tiny_video.frames[:3], tiny_video.mask))
    for left, right in zip(plain, Passes(segmenter).track(tiny_video.frames[:3], tiny_video.mask), strict=True):
        np.testing.assert_array_equal(left.mask, right.mask)
        np.testing.assert_allclose(left.probabilities, right.probabilities, atol=1e-6)


def test_a_wrong_frame_leaves_the_session_as_it_was(segmenter, tiny_video, crowd):
    session = Passes(segmenter).start(tiny_video.frames[0], crowd)
    with pytest.raises(InvalidInputError):
        session.step(tiny_video.frames[1][:40])
    assert session.step(tiny_video.frames[1]).index == 1
    with pytest.raises(InvalidInputError, match="object"):
        Passes(segmenter).start(tiny_video.frames[0], np.zeros_like(crowd))


def test_the_error_of_one_pass_names_the_remedy(segmenter, tiny_video, crowd):
    with pytest.raises(InvalidInputError, match=r"7 objects.*3 at most.*--passes"):
        segmenter.start(tiny_video.frames[0], crowd)
