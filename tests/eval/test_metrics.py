"""J and F: the toolkit's numbers, a slow and obvious version of the same, and the cases in which the toolkit fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mobilevos_sdk.errors import InvalidInputError
from mobilevos_sdk.metrics import (
    Scores,
    SequenceScorer,
    Statistics,
    boundary_measure,
    evaluate_sequence,
    mean_scores,
    region_similarity,
    statistics,
)


def named(scores: Scores) -> dict[str, float]:
    region, boundary = scores.region, scores.boundary
    return {
        "J_M": region.mean,
        "J_R": region.recall,
        "J_D": region.decay,
        "F_M": boundary.mean,
        "F_R": boundary.recall,
        "F_D": boundary.decay,
    }


def test_equals_the_official_toolkit_on_synthetic_masks(shared_path: Callable[[str], Path]):
    folder = shared_path("goldens/davis_eval")
    masks = np.load(folder / "synthetic.npz")
    expected = json.loads((folder / "synthetic.json").read_text())["objects"]
    sequences = {name.rsplit("_", 1)[0] for name in masks}
    found = {
        f"{name}_{scores.object_id}": named(scores)
        for name in sequences
        for scores in evaluate_sequence(masks[f"{name}_prediction"], masks[f"{name}_truth"])
    }
    assert found.keys() == expected.keys()
    for name, numbers in expected.items():
        assert found[name] == pytest.approx(numbers, abs=1e-6), name


def blob(seed: int, size: tuple[int, int] = (90, 121)) -> np.ndarray:
    """A few random rectangles, some of which touch the border."""
    random = np.random.default_rng(seed)
    mask = np.zeros(size, bool)
    for _ in range(random.integers(1, 4)):
        top, left = random.integers(0, size[0]), random.integers(0, size[1])
        mask[top : top + random.integers(1, 50), left : left + random.integers(1, 60)] = True
    return mask


def slow_boundary(mask: np.ndarray) -> list[tuple[int, int]]:
    """Pixels that differ from their neighbour to the east, south or south-east, inside the picture."""
    height, width = mask.shape
    return [
        (y, x)
        for y in range(height)
        for x in range(width)
        if any(
            mask[y, x] != mask[min(y + down, height - 1), min(x + right, width - 1)]
            for down, right in ((0, 1), (1, 0), (1, 1))
        )
    ]


def slow_boundary_measure(prediction: np.ndarray, truth: np.ndarray) -> float:
    radius = np.ceil(0.008 * np.hypot(*prediction.shape))
    first, second = np.array(slow_boundary(prediction)), np.array(slow_boundary(truth))
    if not len(first) or not len(second):
        return float(len(first) == len(second))
    near = ((first[:, None] - second[None]) ** 2).sum(-1) <= radius**2
    precision, recall = near.any(1).mean(), near.any(0).mean()
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


@pytest.mark.parametrize("seed", range(8))
def test_equals_a_slow_and_obvious_version(seed: int):
    prediction, truth = blob(2 * seed), blob(2 * seed + 1)
    assert boundary_measure(prediction, truth) == pytest.approx(slow_boundary_measure(prediction, truth), abs=1e-12)
    expected = (prediction & truth).sum() / (prediction | truth).sum()
    assert region_similarity(prediction, truth) == pytest.approx(expected, abs=1e-12)


def test_empty_and_full_masks():
    empty, full, some = np.zeros((40, 50), bool), np.ones((40, 50), bool), blob(3, (40, 50))
    assert (region_similarity(empty, empty), boundary_measure(empty, empty)) == (1.0, 1.0)
    assert (region_similarity(full, empty), boundary_measure(full, empty)) == (0.0, 1.0)
    assert (region_similarity(some, empty), boundary_measure(some, empty)) == (0.0, 0.0)
    assert (region_similarity(empty, some), boundary_measure(empty, some)) == (0.0, 0.0)


def test_any_value_but_zero_is_the_object():
    mask = blob(5)
    assert region_similarity(mask * np.uint8(255), mask) == 1.0
    assert boundary_measure(mask.astype(np.int64) * 7, mask) == 1.0


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 5, 48, 255, 256, 257, 300, 1000])
def test_decay_is_right_for_any_length(frames: int):
    falling = np.linspace(1, 0, frames) if frames > 1 else np.array([1.0])
    found = statistics(list(falling))
    quarter = np.round(np.linspace(1, frames, 5) + 1e-10).astype(np.int64) - 1
    expected = falling[: quarter[1] + 1].mean() - falling[quarter[3] :].mean()
    assert found.decay == pytest.approx(expected, abs=1e-12)
    assert found.mean == pytest.approx(falling.mean())
    assert frames < 4 or found.decay == pytest.approx(0.75, abs=0.26)


def test_recall_is_strictly_above_one_half():
    assert statistics([0.5, 0.5, 0.51, 0.2]).recall == 0.25


def video(frames: int = 5) -> np.ndarray:
    masks = np.zeros((frames, 48, 64), np.uint8)
    for index in range(frames):
        masks[index, 10:30, 5 + index : 25 + index] = 1
        masks[index, 32:46, 30:60] = 4
    return masks


def test_objects_keep_their_ids_and_gaps_are_allowed():
    truth = video()
    wrong = truth.copy()
    wrong[wrong == 4] = 0
    one, four = evaluate_sequence(wrong, truth)
    assert (one.object_id, four.object_id) == (1, 4)
    assert (one.j_and_f, four.j_and_f) == (1.0, 0.0)
    assert len(one.region_frames) == len(one.boundary_frames) == 3
    assert mean_scores([one, four]).j_and_f == 0.5


def test_first_and_last_frame_do_not_count():
    truth = video()
    prediction = truth.copy()
    prediction[0] = prediction[-1] = 0
    assert all(scores.j_and_f == 1.0 for scores in evaluate_sequence(prediction, truth))


def test_void_is_background():
    truth = video()
    prediction = truth.copy()
    truth[2, 32:46, 30:60] = 255
    _, four = evaluate_sequence(prediction, truth)
    assert four.region_frames == (1.0, 0.0, 1.0)
    prediction[2, 32:46, 30:60] = 0
    assert evaluate_sequence(prediction, truth)[1].j_and_f == 1.0


def test_an_object_that_comes_later_is_dropped():
    truth = video()
    prediction = truth.copy()
    prediction[prediction == 4] = 0
    truth[0][truth[0] == 4] = 0
    assert [scores.object_id for scores in evaluate_sequence(prediction, truth)] == [1]


def test_an_extra_id_is_an_error():
    truth = video()
    prediction = truth.copy()
    prediction[2, :4, :4] = 9
    with pytest.raises(InvalidInputError, match=r"object 9, but the first mask only 1, 4"):
        evaluate_sequence(prediction, truth)


def test_sizes_must_agree():
    with pytest.raises(InvalidInputError, match="32x48 but the ground truth is 64x48"):
        evaluate_sequence(video()[:, :, :32], video())
    for measure in (region_similarity, boundary_measure):
        with pytest.raises(InvalidInputError, match="64x48"):
            measure(video()[0], video()[0][:-1])


def test_what_cannot_be_scored_is_said():
    with pytest.raises(InvalidInputError, match="5 predictions for 6 frames"):
        evaluate_sequence(video(5), video(6))
    with pytest.raises(InvalidInputError, match="3 or more"):
        evaluate_sequence(video(2), video(2))
    with pytest.raises(InvalidInputError, match="no frame to score"):
        SequenceScorer(video()[0]).scores()
    with pytest.raises(InvalidInputError, match="only void"):
        SequenceScorer(np.full((4, 4), 255))
    with pytest.raises(InvalidInputError, match="no scores"):
        mean_scores([])


def test_mean_is_over_objects():
    high, low = Statistics(1.0, 1.0, 0.5), Statistics(0.0, 0.5, -0.5)
    mean = mean_scores([Scores(high, low), Scores(high, high), Scores(low, low)])
    assert mean.region == Statistics(pytest.approx(2 / 3), pytest.approx(5 / 6), pytest.approx(1 / 6))
    assert mean.j_and_f == pytest.approx((2 / 3 + 1 / 3) / 2)
