"""What the model sees of a frame under zoom: which region, how it changes from frame to frame, and the way back."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mobilevos_sdk import InvalidInputError, Segmenter
from mobilevos_sdk.processing import Fit, Region, fit_frame, fit_masks, label, new_frame_tensor, probability_planes
from mobilevos_sdk.view import EDGE, FORGETTING, KEPT, MAGNIFICATION, MARGIN, NARROWING, UNKNOWN, WIDENING, ZOOM, View

MODEL = (480, 864)
FULL_HD = (1080, 1920)


def mask_of(size: tuple[int, int], *boxes: Region) -> np.ndarray:
    """(H, W) uint8 with the ids 1, 2, ... in boxes."""
    mask = np.zeros(size, np.uint8)
    for number, box in enumerate(boxes, start=1):
        mask[box.window] = number
    return mask


def test_a_view_is_about_twice_the_box_around_all_objects_in_the_middle():
    mask = mask_of(FULL_HD, Region(400, 700, 100, 100), Region(500, 900, 60, 300))
    view = View.whole(FULL_HD, MODEL).around(mask, (1, 2))
    # Of the first object columns 705 to 795 count, of the second 915 to 1185, so from 705 on there are 480.
    width = round(480 * MARGIN)
    assert view.scale == pytest.approx(864 / width)
    assert view.fit.region == Region(405 + (152 - 587) // 2, 705 + (480 - width) // 2, 587, width)
    assert view.fit.content == (480, 864), "the view has the model's shape"


@pytest.mark.parametrize(
    "stray",
    [Region(540, 600, 2, 900), Region(20, 1700, 20, 40), Region(1040, 500, 2, 300)],
    ids=["a strip that touches it", "a spot far away", "a line below"],
)
def test_little_that_sticks_out_or_lies_far_away_hardly_moves_a_view(stray):
    mask = mask_of(FULL_HD, Region(500, 500, 200, 200))
    without = View.whole(FULL_HD, MODEL).around(mask, (1,))
    mask[stray.window] = 1
    view = View.whole(FULL_HD, MODEL).around(mask, (1,))
    assert view.scale == pytest.approx(without.scale, rel=0.08)
    for side in range(2):
        assert abs(view.fit.region[side] - without.fit.region[side]) <= 10


@pytest.mark.parametrize("pixels", [1, 2, 19])
def test_of_few_pixels_each_counts(pixels):
    mask = np.zeros((480, 640), np.uint8)
    mask[200, 100 : 100 + 10 * pixels : 10] = 1
    view = View.whole((480, 640), MODEL).around(mask, (1,))
    assert view.scale == pytest.approx(min(MAGNIFICATION, 864 / (10 * pixels - 9) / MARGIN))


@pytest.mark.parametrize(
    ("size", "box", "scale", "region"),
    [
        (FULL_HD, Region(1000, 1900, 20, 20), ZOOM * 480 / 1080, Region(810, 1434, 270, 486)),  # inside, a quarter
        ((240, 320), Region(100, 100, 9, 9), MAGNIFICATION, Region(44, 0, 120, 216)),  # fourfold at most
        (FULL_HD, Region(0, 0, 1080, 100), 480 / 1080, Region(0, 0, *FULL_HD)),  # as high as the frame
        ((90, 120), Region(40, 40, 5, 5), 480 / 90, Region(0, 0, 90, 120)),  # magnified as a whole already
        ((480, 640), Region(100, 100, 200, 20), 480 / 396, Region(2, 0, 396, 640)),  # wider than the frame: a border
        ((1920, 1080), Region(900, 500, 300, 60), 864 / 594, Region(753, 365, 594, 330)),  # turned
    ],
)
def test_views_stay_inside_the_frame(size, box, scale, region):
    view = View.whole(size, MODEL).around(mask_of(size, box), (1,))
    assert view.scale == pytest.approx(scale)
    assert view.fit.region == region


def test_without_an_object_the_view_widens_step_by_step_to_the_whole_frame():
    mask = mask_of(FULL_HD, Region(500, 500, 200, 200), Region(500, 750, 100, 100))
    view = View.whole(FULL_HD, MODEL).around(mask, (1, 2))
    for gone in (mask, np.where(mask == 2, np.uint8(0), mask)):
        assert view.next(gone, (1, 2)).scale == pytest.approx(view.scale if gone is mask else view.scale / WIDENING)
    for _ in range(20):
        view = view.next(np.zeros_like(mask), (1, 2))
    assert view.fit == Fit.between(FULL_HD, MODEL) and view.fit.is_whole
    back = view.next(mask, (1, 2))
    assert back.scale == pytest.approx(view.scale * NARROWING)


def test_what_recedes_gets_smaller_in_both_directions_and_the_view_follows_it():
    """A car that gets a fifth smaller in ten frames."""
    view = View.whole(FULL_HD, MODEL).around(mask_of(FULL_HD, Region(400, 600, 200, 400)), (1,))
    for step in range(1, 11):
        size = 1.0 - 0.02 * step
        mask = mask_of(FULL_HD, Region(400, 600, round(200 * size), round(400 * size)))
        view = view.next(mask, (1,))
        assert view.scale == pytest.approx(View.whole(FULL_HD, MODEL).around(mask, (1,)).scale, rel=0.03)


def test_what_is_hidden_in_part_has_kept_most_of_its_view_when_it_comes_back():
    """A car that passes behind a tree for a second: a fifth of its length is left in sight."""
    whole, left = Region(400, 600, 200, 400), Region(400, 600, 200, 80)
    start = view = View.whole(FULL_HD, MODEL).around(mask_of(FULL_HD, whole), (1,))
    hidden = mask_of(FULL_HD, left)
    for _ in range(30):
        view = view.next(hidden, (1,))
    assert view.extent == pytest.approx(
        [side / FORGETTING**30 if side > 200 else side for side in start.extent], rel=0.02
    )
    assert view.scale < 1.15 * start.scale
    for _ in range(900):
        view = view.next(hidden, (1,))
    assert view.scale == View.whole(FULL_HD, MODEL).around(hidden, (1,)).scale, "it is as it looks, after half a minute"


def test_what_leaves_the_frame_has_kept_its_view_when_it_comes_back():
    start = view = View.whole(FULL_HD, MODEL).around(mask_of(FULL_HD, Region(400, 600, 200, 200)), (1,))
    for _ in range(100):
        view = view.next(mask_of(FULL_HD, Region(450, 0, 40, 20)), (1,))
    assert view.extent == start.extent and view.scale == pytest.approx(start.scale / KEPT)
    for _ in range(30):
        view = view.next(np.zeros(FULL_HD, np.uint8), (1,))
    assert view.fit.is_whole
    for _ in range(30):
        view = view.next(mask_of(FULL_HD, Region(400, 1720, 200, 200)), (1,))
    assert view.extent == start.extent and view.scale == start.scale


@pytest.mark.parametrize(
    "size", [MODEL, FULL_HD, (1920, 1080), (90, 120)], ids=["as the model", "hd", "turned", "small"]
)
@pytest.mark.parametrize("side", ["top", "left", "bottom", "right"])
def test_what_the_border_may_cut_is_taken_to_be_no_smaller(size, side):
    height, width = size
    view = View.whole(size, MODEL).around(mask_of(size, Region(height // 4, width // 4, height // 3, width // 3)), (1,))
    reach = math.ceil(EDGE / view.scale)

    def extent_after(distance):
        """With a small object so many pixels from that side."""
        top = {"top": distance, "bottom": height - 6 - distance}.get(side, height // 2)
        left = {"left": distance, "right": width - 6 - distance}.get(side, width // 2)
        return view.next(mask_of(size, Region(top, left, 6, 6)), (1,)).extent

    assert extent_after(0) == extent_after(reach - 1) == view.extent
    assert extent_after(reach) == pytest.approx([length / NARROWING for length in view.extent])


def test_what_is_forgotten_does_not_hold_a_view():
    start = View.whole(FULL_HD, MODEL).around(mask_of(FULL_HD, Region(400, 200, 200, 1000)), (1,))
    small = mask_of(FULL_HD, Region(400, 200, 200, 300))
    assert start.next(small, (1,)).scale < start.scale * NARROWING
    assert start.forget_extent().next(small, (1,)).scale == pytest.approx(start.scale * NARROWING)


@pytest.mark.parametrize("change", ["remove_objects", "correct"])
def test_when_objects_leave_or_were_wrong_their_extent_is_forgotten(tiny_backend, video, change):
    frames, _ = video
    mask = mask_of((360, 480), Region(100, 60, 64, 96), Region(100, 300, 64, 96))
    session = Segmenter.from_backend(tiny_backend).start(frames[0], mask)
    assert session._view.extent[1] > 300
    if change == "remove_objects":
        session.remove_objects(2)
    else:
        session.correct(np.where(mask == 1, mask, 0))
    assert session._view.extent == UNKNOWN


def test_one_object_at_the_border_is_enough_and_what_grows_there_widens_the_view():
    view = View.whole(FULL_HD, MODEL).around(
        mask_of(FULL_HD, Region(300, 0, 300, 300), Region(500, 400, 80, 80)), (1, 2)
    )
    shrunk = mask_of(FULL_HD, Region(400, 0, 100, 100), Region(450, 300, 60, 60))
    assert view.next(shrunk, (1, 2)).extent == view.extent
    grown = view.next(mask_of(FULL_HD, Region(100, 0, 800, 800), Region(500, 900, 80, 80)), (1, 2))
    assert grown.scale == pytest.approx(view.scale / WIDENING) and grown.extent > view.extent


def test_what_a_view_holds():
    view = View.whole(FULL_HD, MODEL).around(mask_of(FULL_HD, Region(500, 500, 100, 100)), (1,))
    rows, columns = view.fit.region.window
    assert view.holds(mask_of(FULL_HD, Region(rows.start, columns.stop - 10, 10, 10)))
    assert not view.holds(mask_of(FULL_HD, Region(rows.start, columns.stop - 10, 10, 11)))


@pytest.mark.parametrize("size", [FULL_HD, (1920, 1080), (480, 640)])
def test_masks_come_back_where_they_were(size):
    mask = mask_of(size, Region(150, 200, 50, 40), Region(170, 260, 40, 60))
    fit = View.whole(size, MODEL).around(mask, (1, 2)).fit
    assert not fit.is_whole
    masks = fit_masks(mask, (1, 2), fit)
    back = label(masks, (1, 2), fit)
    assert back.shape == size and back.dtype == np.uint8
    assert np.count_nonzero(back != mask) <= 0.01 * np.count_nonzero(mask)
    planes = probability_planes(masks, fit)
    assert planes.shape == (2, *size)
    outside = np.ones(size, bool)
    outside[fit.region.window] = False
    assert not planes[:, outside].any()


def test_a_tensor_that_is_used_again_has_its_border_where_the_new_view_has_one():
    frame = np.full((480, 640, 3), 200, np.uint8)
    filled = Fit.between((480, 640), MODEL, Region(100, 100, 240, 432))
    bordered = Fit.between((480, 640), MODEL, Region(0, 0, 400, 640))
    tensor = new_frame_tensor(filled, (1, 2, 3))
    fit_frame(frame, filled, tensor, (1, 2, 3))
    assert (tensor == 200).all()
    fit_frame(frame, bordered, tensor, (1, 2, 3))
    inside = np.zeros(MODEL, bool)
    inside[bordered.window] = True
    assert (tensor[0, inside] == 200).all() and (tensor[0, ~inside] == (1, 2, 3)).all()
    assert not inside.all()


class Watch:
    """A backend that remembers what the graphs were given."""

    def __init__(self, backend):
        self.backend, self.spec, self.name, self.calls = backend, backend.spec, backend.name, []

    def run(self, graph, inputs):
        self.calls.append((graph, {name: array.copy() for name, array in inputs.items()}))
        return self.backend.run(graph, inputs)

    def close(self):
        self.backend.close()

    def last(self, role, tensor):
        return next(inputs[tensor] for graph, inputs in reversed(self.calls) if graph.startswith(role))


@pytest.fixture
def video(tiny_video):
    """Frames of 360x480 pixels, and a small object in them."""
    frames = [np.kron(frame, np.ones((4, 4, 1), np.uint8)) for frame in tiny_video.frames[:4]]
    return frames, mask_of((360, 480), Region(60, 60, 64, 96))


def test_the_model_sees_the_object_and_what_is_around_it(tiny_backend, video):
    frames, mask = video
    watch = Watch(tiny_backend)
    session = Segmenter.from_backend(watch).start(frames[0], mask)
    seen = watch.last("start", "frame")
    view = View.whole((360, 480), (64, 96)).around(mask, (1,))
    expected = new_frame_tensor(view.fit, watch.spec.pad_rgb)
    fit_frame(frames[0], view.fit, expected)
    np.testing.assert_array_equal(seen, expected)
    assert watch.last("start", "masks")[0, ..., 0].sum() == pytest.approx(64 * 96 * view.scale**2, rel=0.01)
    result = session.step(frames[1])
    assert result.mask.shape == (360, 480)
    whole = Segmenter.from_backend(watch, zoom=False).start(frames[0], mask)
    assert watch.last("start", "masks")[0, ..., 0].sum() < 64 * 96 * view.scale**2 / 5
    np.testing.assert_array_equal(whole.first_result.mask, session.first_result.mask)


@pytest.mark.parametrize("change", ["add_objects", "correct"])
def test_what_joins_outside_the_view_is_brought_into_it(tiny_backend, video, change):
    frames, mask = video
    far = mask_of((360, 480), Region(300, 400, 40, 40))
    given = far * np.uint8(9 if change == "add_objects" else 1)
    results = []
    for reuse in (False, True):
        watch = Watch(tiny_backend)
        session = Segmenter.from_backend(watch).start(frames[0], mask)
        camera = frames[1].copy()
        session.step(camera)
        if reuse:
            camera[:] = 0  # as a camera does; the session has a copy
        result = getattr(session, change)(given)
        np.testing.assert_array_equal(result.mask == given.max(), given > 0)
        assert watch.last("start", "masks")[0, ..., -1 if change == "add_objects" else 0].sum() > 0
        seen = View.whole((360, 480), (64, 96)).around(result.mask, session.object_ids).fit
        expected = new_frame_tensor(seen, watch.spec.pad_rgb)
        fit_frame(frames[1], seen, expected)
        if change == "add_objects":
            np.testing.assert_array_equal(watch.last("start", "frame"), expected)
        results.append(session.step(frames[2]))
    np.testing.assert_array_equal(results[0].probabilities, results[1].probabilities)


def test_the_memory_of_others_is_made_anew_when_the_view_jumps(tiny_backend, video):
    frames, mask = video
    session = Segmenter.from_backend(tiny_backend).start(frames[0], mask)
    session.step(frames[1])
    before = {name: array.copy() for name, array in session._bank.inputs().items()}
    near = mask_of((360, 480), Region(80, 100, 10, 10)) * np.uint8(8)
    session.add_objects(near)
    after = session._bank.inputs()
    for name in ("memory_value_0", "memory_value_1"):
        np.testing.assert_array_equal(before[name][:, :1], after[name][:, :1])
    session.add_objects(mask_of((360, 480), Region(300, 400, 40, 40)) * np.uint8(9))
    jumped = session._bank.inputs()
    np.testing.assert_array_equal(before["memory_value_0"][:, :1], jumped["memory_value_0"][:, :1])
    assert not np.array_equal(before["memory_value_1"][:, :1], jumped["memory_value_1"][:, :1])
    assert session.step(frames[2]).object_ids == (1, 8, 9)


def test_a_mask_that_is_refused_leaves_the_view(tiny_backend, video):
    frames, mask = video
    session, other = (Segmenter.from_backend(tiny_backend).start(frames[0], mask) for _ in range(2))
    far = mask_of((360, 480), Region(300, 400, 40, 40))
    with pytest.raises(InvalidInputError, match="followed already"):
        session.add_objects(far)
    with pytest.raises(InvalidInputError, match="not followed"):
        session.correct(far * np.uint8(7))
    np.testing.assert_array_equal(session.step(frames[1]).probabilities, other.step(frames[1]).probabilities)


@pytest.mark.parametrize("change", ["add_objects", "correct"])
def test_a_graph_that_fails_as_the_view_jumps_leaves_the_session(tiny_backend, video, change):
    frames, mask = video
    watch = Watch(tiny_backend)
    session, other = (Segmenter.from_backend(backend).start(frames[0], mask) for backend in (watch, tiny_backend))
    far = mask_of((360, 480), Region(300, 400, 40, 40)) * np.uint8(9 if change == "add_objects" else 1)
    for following in (session, other):
        following.step(frames[1])
    run, watch.run = watch.run, broken
    with pytest.raises(RuntimeError, match="out of memory"):
        getattr(session, change)(far)
    watch.run = run
    np.testing.assert_array_equal(session.step(frames[2]).probabilities, other.step(frames[2]).probabilities)


def broken(graph, inputs):
    raise RuntimeError("out of memory")
