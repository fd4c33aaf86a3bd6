"""A Session's promises, on the tiny model in PyTorch: ids, memory, changes in mid-video, and input that is refused."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from mobilevos_sdk import InvalidInputError, Segmenter, SessionStateError


@pytest.fixture
def segmenter(tiny_backend):
    return Segmenter.from_backend(tiny_backend)


def test_track_equals_start_and_step(segmenter, tiny_video):
    tracked = list(segmenter.track(iter(tiny_video.frames), tiny_video.mask))
    session = segmenter.start(tiny_video.frames[0], tiny_video.mask)
    stepped = [session.first_result, *(session.step(frame) for frame in tiny_video.frames[1:])]
    assert [result.index for result in tracked] == list(range(len(tiny_video.frames)))
    for left, right in zip(tracked, stepped, strict=True):
        np.testing.assert_array_equal(left.mask, right.mask)
        np.testing.assert_array_equal(left.probabilities, right.probabilities)


def test_results_follow_the_frame_and_the_mask(segmenter, tiny_video):
    results = list(segmenter.track(tiny_video.frames, tiny_video.mask))
    np.testing.assert_array_equal(results[0].mask, tiny_video.mask)
    assert not np.array_equal(results[1].mask, results[2].mask)
    other = list(segmenter.track(tiny_video.frames, np.roll(tiny_video.mask, 20, 1)))
    assert not np.array_equal(results[1].mask, other[1].mask), "the masks must depend on the first one"


def test_a_result_is_complete(segmenter, tiny_video):
    result = list(segmenter.track(tiny_video.frames[:2], tiny_video.mask))[1]
    assert result.mask.shape == (90, 120) and result.mask.dtype == np.uint8
    assert result.object_ids == (7, 255)
    assert result.probabilities.shape == (2, 90, 120) and result.probabilities.dtype == np.float32
    assert result.probabilities is result.probabilities, "computed once"
    stages = result.latency
    assert min(stages.preprocess, stages.segment, stages.memorize, stages.postprocess) > 0
    assert stages.total == pytest.approx(stages.preprocess + stages.segment + stages.memorize + stages.postprocess)


def test_the_mask_is_the_most_probable_of_background_and_objects(segmenter, tiny_video):
    result = list(segmenter.track(tiny_video.frames[:3], tiny_video.mask))[2]
    background = 1.0 - result.probabilities.sum(0, keepdims=True)
    winner = np.concatenate([background, result.probabilities]).argmax(0)
    np.testing.assert_array_equal(result.mask, np.array([0, 7, 255], np.uint8)[winner])


def test_shuffled_ids_give_shuffled_masks(segmenter, tiny_video):
    swapped = np.zeros_like(tiny_video.mask)
    swapped[tiny_video.mask == 7] = 200
    swapped[tiny_video.mask == 255] = 3  # now the other object has the lower id, and the first place
    # Sums run in another order, and a model of random weights doubles such a difference with every frame.
    frames = tiny_video.frames[:6]
    for left, right in zip(segmenter.track(frames, tiny_video.mask), segmenter.track(frames, swapped), strict=True):
        renamed = np.zeros_like(left.mask)
        renamed[left.mask == 7], renamed[left.mask == 255] = 200, 3
        assert np.mean(renamed == right.mask) > 0.999
        np.testing.assert_allclose(left.probabilities, right.probabilities[::-1], atol=1e-3)


def test_a_boolean_or_wide_mask_is_taken(segmenter, tiny_video):
    frame = tiny_video.frames[0]
    assert segmenter.start(frame, tiny_video.mask > 0).object_ids == (1,)
    assert segmenter.start(frame, tiny_video.mask.astype(np.int64)).object_ids == (7, 255)


def test_an_object_that_vanishes_keeps_its_id(segmenter, tiny_video):
    mask = tiny_video.mask.copy()
    mask[mask == 7] = 0
    mask[0, 0] = 7  # one pixel of 120x90 is less than a cell, and soon lost
    results = list(segmenter.track(tiny_video.frames, mask))
    assert all(result.object_ids == (7, 255) for result in results)


def test_removing_an_object_leaves_the_memory_of_others(segmenter, tiny_video):
    session = segmenter.start(tiny_video.frames[0], tiny_video.mask)
    session.step(tiny_video.frames[1])
    before = {name: array.copy() for name, array in session._bank.inputs().items()}
    session.remove_objects(7)
    after = session._bank.inputs()
    for name, array in before.items():
        np.testing.assert_array_equal(array[:, 1:], after[name])
    assert session.step(tiny_video.frames[2]).object_ids == (255,)


def test_adding_an_object_leaves_the_memory_of_others(segmenter, tiny_video):
    session = segmenter.start(tiny_video.frames[0], tiny_video.mask)
    for frame in tiny_video.frames[1:4]:
        session.step(frame)
    before = {name: array.copy() for name, array in session._bank.inputs().items()}
    new = np.zeros_like(tiny_video.mask)
    new[60:85, 5:30] = 2
    result = session.add_objects(new)
    after = session._bank.inputs()
    for name, array in before.items():
        np.testing.assert_array_equal(array, after[name][:, :2])
    np.testing.assert_array_equal(after["memory_valid"][0, 2, 0], [1, 0, 0])
    assert result.object_ids == (7, 255, 2) and result.index == 3
    assert (result.mask[60:85, 5:30] == 2).all()
    assert session.last_result is result
    assert session.step(tiny_video.frames[4]).object_ids == (7, 255, 2)


def test_the_reference_of_a_new_object_is_the_frame_it_joined_on(segmenter, tiny_video):
    session = segmenter.start(tiny_video.frames[0], tiny_video.mask)
    session.step(tiny_video.frames[1])
    session.remove_objects(7, 255)
    session.add_objects(tiny_video.mask)
    fresh = segmenter.start(tiny_video.frames[1], tiny_video.mask)
    np.testing.assert_array_equal(session.step(tiny_video.frames[2]).mask, fresh.step(tiny_video.frames[2]).mask)


def test_a_correction_counts(segmenter, tiny_video):
    session = segmenter.start(tiny_video.frames[0], tiny_video.mask)
    session.step(tiny_video.frames[1])
    untouched = {name: array[:, 1:].copy() for name, array in session._bank.inputs().items()}
    correction = np.zeros_like(tiny_video.mask)
    correction[20:60, 20:60] = 7
    result = session.correct(correction)
    np.testing.assert_array_equal(result.mask == 7, correction == 7)
    after = session._bank.inputs()
    for name, array in untouched.items():
        np.testing.assert_array_equal(array, after[name][:, 1:])
    np.testing.assert_array_equal(after["memory_value_0"][:, :1], after["memory_value_1"][:, :1])
    np.testing.assert_array_equal(after["memory_valid"][0, 0, 0], [1, 1, 0])
    plain = segmenter.start(tiny_video.frames[0], tiny_video.mask)
    plain.step(tiny_video.frames[1])
    assert not np.array_equal(plain.step(tiny_video.frames[2]).mask, session.step(tiny_video.frames[2]).mask)


def test_without_objects_a_step_is_refused_until_one_is_added(segmenter, tiny_video):
    session = segmenter.start(tiny_video.frames[0], tiny_video.mask)
    session.remove_objects(*session.object_ids)
    with pytest.raises(SessionStateError, match="add_objects"):
        session.step(tiny_video.frames[1])
    session.add_objects(tiny_video.mask)
    assert session.step(tiny_video.frames[1]).object_ids == (7, 255)


def test_a_refused_frame_leaves_the_session_as_it_was(segmenter, tiny_video):
    session = segmenter.start(tiny_video.frames[0], tiny_video.mask)
    other = segmenter.start(tiny_video.frames[0], tiny_video.mask)
    with pytest.raises(InvalidInputError, match="began with 120x90"):
        session.step(tiny_video.frames[1][:80])
    with pytest.raises(InvalidInputError, match="uint8"):
        session.step(tiny_video.frames[1] / 255.0)
    result = session.step(tiny_video.frames[1])
    assert result.index == 1
    np.testing.assert_array_equal(result.mask, other.step(tiny_video.frames[1]).mask)


def test_objects_that_cannot_be_followed_are_refused(segmenter, tiny_video):
    frame, mask = tiny_video.frames[0], tiny_video.mask
    many = mask.copy()
    many[0, :5] = [1, 2, 3, 4, 5]
    with pytest.raises(InvalidInputError, match=r"there are 7 objects to follow.* 3 at most.*--objects 7"):
        segmenter.start(frame, many)
    with pytest.raises(InvalidInputError, match="empty"):
        segmenter.start(frame, np.zeros_like(mask))
    with pytest.raises(InvalidInputError, match="80x90 but the frame is 120x90"):
        segmenter.start(frame, mask[:, :80])
    session = segmenter.start(frame, mask)
    with pytest.raises(InvalidInputError, match=r"object 7 is followed already.*correct"):
        session.add_objects(mask)
    with pytest.raises(InvalidInputError, match=r"object 9 is not followed.*add_objects"):
        session.correct(np.full_like(mask, 9))
    with pytest.raises(InvalidInputError, match="object 1 is not followed"):
        session.remove_objects(255, 1)
    assert session.object_ids == (7, 255), "nothing is removed when one id is wrong"


def test_memory_does_not_grow_with_the_video(tiny_model, tiny_video):
    from mobilevos_models.torch_backend import TorchBackend

    segmenter = Segmenter.from_backend(TorchBackend(tiny_model, 3, 1, 64, 64, threads=1))
    session = segmenter.start(tiny_video.frames[0], tiny_video.mask == 7)
    sizes = []
    tracemalloc.start()
    for index in range(61):
        session.step(tiny_video.frames[index % 12])
        if index in (20, 60):
            sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert sizes[1] - sizes[0] < 50_000, "a frame of 64x64 floats alone is 49 kB"


def test_the_callers_arrays_are_left_alone(segmenter, tiny_video):
    frame, mask = tiny_video.frames[0].copy(), tiny_video.mask.copy()
    session = segmenter.start(frame, mask)
    first = session.first_result
    frame[:], mask[:] = 0, 0
    np.testing.assert_array_equal(first.mask, tiny_video.mask)
    np.testing.assert_array_equal(first.probabilities[0], tiny_video.mask == 7)
    session.add_objects(np.where(tiny_video.mask == 0, 1, 0))
    np.testing.assert_array_equal(first.mask, tiny_video.mask)


@pytest.mark.parametrize("size", [(16, 16), (200, 40), (90, 120), (64, 96), (33, 517)])
def test_any_size_and_orientation(segmenter, size):
    frame = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    mask = np.zeros(size, np.uint8)
    mask[: size[0] // 2, : size[1] // 2] = 4
    for result in segmenter.track([frame, frame], mask):
        assert result.mask.shape == size and result.probabilities.shape == (1, *size)


def test_a_queue_of_one_never_memorises(tiny_model, tiny_video):
    from mobilevos_models.torch_backend import TorchBackend

    session = Segmenter.from_backend(TorchBackend(tiny_model, 1, 2, 64, 96, threads=1)).start(
        tiny_video.frames[0], tiny_video.mask
    )
    before = {name: array.copy() for name, array in session._bank.inputs().items()}
    session.step(tiny_video.frames[1])
    for name, array in before.items():
        np.testing.assert_array_equal(array, session._bank.inputs()[name])
    session.correct(tiny_video.mask)
    assert session.step(tiny_video.frames[2]).index == 2


def probabilities(session, frames):
    return [session.step(frame).probabilities for frame in frames]


def test_a_shared_memory_tracks_with_the_callers_ids(associating, tiny_video):
    result = list(associating.track(tiny_video.frames[:3], tiny_video.mask))[-1]
    assert result.object_ids == (7, 255) and result.probabilities.shape == (2, 90, 120)
    assert set(np.unique(result.mask)) <= {0, 7, 255}


def test_the_others_do_not_notice_that_an_object_leaves_a_shared_memory(associating, tiny_video):
    frames = tiny_video.frames
    alone, before = (associating.start(frames[0], tiny_video.mask) for _ in range(2))
    alone.step(frames[1])
    before.step(frames[1])
    alone.remove_objects(7)
    assert alone.object_ids == (255,)
    for frame in frames[2:5]:
        left, right = alone.step(frame), before.step(frame)
        np.testing.assert_array_equal(left.probabilities[0], right.probabilities[1])
        np.testing.assert_array_equal(left.mask, np.where(right.mask == 255, 255, 0))


def test_an_object_that_has_left_a_shared_memory_still_competes_for_its_pixels(associating, tiny_video):
    """A pixel that the other object won from three stays its own when one of them leaves."""
    segmenter = Segmenter.from_backend(associating._backend, zoom=False)  # all pixels of the frame are the model's
    session = segmenter.start(tiny_video.frames[0], tiny_video.mask)
    session.remove_objects(7)
    graphs, rows = session._graphs, (1, 64, 96, 1)
    planes = np.concatenate([np.full(rows, share, np.float32) for share in (0.25, 0.4, 0.0, 0.0)], 3)
    run = graphs.segment
    graphs.segment = lambda *inputs: (planes, run(*inputs)[1])
    assert (session.step(tiny_video.frames[1]).mask == 255).all()


def test_objects_join_and_are_corrected_in_a_shared_memory(associating, tiny_video):
    frames = tiny_video.frames
    session = associating.start(frames[0], tiny_video.mask)
    session.step(frames[1])
    session.remove_objects(255)
    new = np.zeros_like(tiny_video.mask)
    new[10:40, 20:60] = 3
    session.add_objects(new)
    assert session.object_ids == (7, 3)
    # From here on it is a video that began with this frame and these masks.
    other = associating.start(frames[1], session.last_result.mask)
    assert other.object_ids == (3, 7)
    for left, right in zip(probabilities(session, frames[2:4]), probabilities(other, frames[2:4]), strict=True):
        assert left.shape == right.shape
    corrected = session.correct(new)
    np.testing.assert_array_equal(corrected.mask == 3, new == 3)
    with pytest.raises(InvalidInputError, match="follows 4 at most"):
        session.add_objects(np.where(new > 0, np.arange(120) % 4 + 10, 0))


def test_an_id_that_comes_again_does_not_bring_its_old_pixels_back(segmenter, tiny_video):
    session = segmenter.start(tiny_video.frames[0], tiny_video.mask)
    session.remove_objects(7)
    corner = np.zeros_like(tiny_video.mask)
    corner[:8, :8] = 7
    result = session.add_objects(corner)
    np.testing.assert_array_equal(result.mask == 7, corner == 7)
    np.testing.assert_array_equal(result.mask == 255, tiny_video.mask == 255)


def test_a_session_of_a_shared_memory_can_empty_and_begin_again(associating, tiny_video):
    session = associating.start(tiny_video.frames[0], tiny_video.mask)
    session.remove_objects(7, 255)
    with pytest.raises(SessionStateError):
        session.step(tiny_video.frames[1])
    session.add_objects(tiny_video.mask)
    assert session.step(tiny_video.frames[1]).object_ids == (7, 255)
