"""Scoring whole sets: the published masks of STM, a Segmenter, the folder of saved masks, the table and the JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from mobilevos_bench.accuracy import Evaluation, frames_to_do, score_model, score_predictions
from mobilevos_bench.accuracy_report import to_json, to_table
from mobilevos_bench.mask_store import NOTE, MaskStore
from mobilevos_bench.provenance import provenance
from mobilevos_sdk.davis import DavisSequence, find_sequences
from mobilevos_sdk.errors import InvalidInputError, VideoError
from mobilevos_sdk.evaluation import evaluate, score_masks, track_sequence
from mobilevos_sdk.masks import read_mask, write_mask
from mobilevos_sdk.results import FrameResult, Latency
from mobilevos_sdk.segmenter import Segmenter

SETTINGS = {"model": "tiny", "annotations": "Annotations"}


@pytest.fixture
def data(tmp_path: Path, tiny_video) -> Path:
    """Two sequences of the tiny video: `all` with every mask, `some` with masks of frames 2, 5, 9 and 11 (the last)."""
    root = tmp_path / "data"
    for name, annotated in (("all", range(12)), ("some", (2, 5, 9, 11))):
        (root / "JPEGImages" / name).mkdir(parents=True)
        for index, frame in enumerate(tiny_video.frames):
            cv2.imwrite(str(root / "JPEGImages" / name / f"{index:05d}.png"), frame[..., ::-1])
        for index in annotated:
            write_mask(root / "Annotations" / name / f"{index:05d}.png", shifted(tiny_video.mask, index))
    return root


def shifted(mask: np.ndarray, index: int) -> np.ndarray:
    moved = np.roll(mask, index, axis=1)
    return np.where(moved == 255, 9, moved)  # 255 is void in ground truth


class Still:
    """A tracker that takes every object for motionless: its scores can be worked out by hand."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def track(self, frames: Iterable[np.ndarray], first_mask: np.ndarray) -> Iterator[FrameResult]:
        for index, frame in enumerate(frames):
            assert frame.shape[:2] == first_mask.shape
            self.seen.append(index)
            latency = Latency(segment=0.0 if index == 0 else 10.0 * index)
            yield FrameResult(index, first_mask, (7, 9), latency, lambda: np.zeros(0, np.float32))


def test_stm_masks_have_their_official_scores(shared_path: Callable[[str], Path]):
    masks = shared_path("goldens/davis_eval/stm_masks")
    expected = json.loads(shared_path("goldens/davis_eval/stm_davis16_open.json").read_text())["sequences"]
    chosen = ("car-shadow", "motocross-jump", "kite-surf")
    for result in score_predictions(masks, find_sequences(shared_path("data/davis16/val-open"), names=chosen)):
        region, boundary = result.scores.mean.region, result.scores.mean.boundary
        found = {
            "J_mean": region.mean,
            "J_recall": region.recall,
            "J_decay": region.decay,
            "F_mean": boundary.mean,
            "F_recall": boundary.recall,
            "F_decay": boundary.decay,
        }
        wanted = {key: expected[result.scores.name][key] for key in found}
        assert found == pytest.approx(wanted, abs=1e-6), result.scores.name


def test_tracking_begins_at_the_first_mask_and_ends_with_the_last_scored_frame(data: Path):
    every, some = find_sequences(data)
    tracker = Still()
    indices = [index for index, _ in track_sequence(tracker, some)]
    assert indices == list(range(2, 10))
    assert [index for index, _ in track_sequence(tracker, some, to_end=True)] == list(range(2, 12))
    assert evaluate(tracker, some).frames == 2
    assert evaluate(tracker, every).frames == 10


def test_scores_of_a_motionless_prediction(data: Path):
    _, some = find_sequences(data)
    scores = evaluate(Still(), some)
    assert [one.object_id for one in scores.objects] == [7, 9]
    seven = scores.objects[0]  # 45 pixels wide, moved by 3 and by 7
    assert seven.region_frames == pytest.approx([42 / 48, 38 / 52])


def test_a_segmenter_is_scored_as_its_saved_masks_are(data: Path, tmp_path: Path, tiny_backend):
    sequences = find_sequences(data)
    segmenter = Segmenter.from_backend(tiny_backend)
    store = MaskStore.open(tmp_path / "masks", SETTINGS, sequences, resume=False)
    direct = list(score_model(segmenter, sequences, store))
    assert [result.scores for result in score_predictions(tmp_path / "masks", sequences)] == [
        result.scores for result in direct
    ]
    assert all(result.milliseconds > 0 for result in direct)
    assert sorted(path.name for path in (tmp_path / "masks" / "some").iterdir()) == [
        f"{index:05d}.png" for index in range(2, 12)
    ]
    assert np.array_equal(read_mask(tmp_path / "masks/some/00002.png"), sequences[1].first_mask())


def test_median_time_leaves_out_the_given_frame(data: Path):
    _, some = find_sequences(data)
    (result,) = score_model(Still(), [some])
    assert result.milliseconds == 40.0  # 10, 20 ... 70


def test_resuming_tracks_only_what_is_not_complete(data: Path, tmp_path: Path):
    sequences = find_sequences(data)
    folder = tmp_path / "masks"
    store = MaskStore.open(folder, SETTINGS, sequences, resume=False)
    whole = list(score_model(Still(), sequences, store))
    (folder / "some" / "00011.png").unlink()
    again = MaskStore.open(folder, SETTINGS, sequences, resume=True)
    tracker = Still()
    assert frames_to_do(sequences, again) == 10 + 10
    resumed = list(score_model(tracker, sequences, again))
    assert len(tracker.seen) == 10
    assert [result.scores for result in resumed] == [result.scores for result in whole]
    assert resumed[0].milliseconds is None


def test_masks_on_disk_are_not_overwritten_or_mixed(data: Path, tmp_path: Path):
    sequences = find_sequences(data)
    list(score_model(Still(), sequences, MaskStore.open(tmp_path / "masks", SETTINGS, sequences, resume=False)))
    with pytest.raises(InvalidInputError, match=r"has masks of all, some already; pass --resume"):
        MaskStore.open(tmp_path / "masks", SETTINGS, sequences, resume=False)
    with pytest.raises(InvalidInputError, match="made with another model"):
        MaskStore.open(tmp_path / "masks", {**SETTINGS, "model": "other"}, sequences, resume=True)
    (tmp_path / "masks" / NOTE).unlink()
    with pytest.raises(InvalidInputError, match="made with another model"):
        MaskStore.open(tmp_path / "masks", SETTINGS, sequences, resume=True)


def saved(data: Path, tmp_path: Path) -> tuple[tuple[DavisSequence, ...], Path]:
    sequences = find_sequences(data)
    folder = tmp_path / "masks"
    list(score_model(Still(), sequences, MaskStore.open(folder, SETTINGS, sequences, resume=False)))
    return sequences, folder


def test_missing_predictions_are_found_before_scoring(data: Path, tmp_path: Path):
    sequences, folder = saved(data, tmp_path)
    (folder / "some" / "00011.png").unlink()  # the last frame does not count
    assert len(list(score_predictions(folder, sequences))) == 2
    (folder / "some" / "00009.png").unlink()
    with pytest.raises(InvalidInputError, match=r"1 of 12 predictions are missing.*some/00009.png"):
        next(score_predictions(folder, sequences))
    with pytest.raises(InvalidInputError, match="no folder"):
        next(score_predictions(folder / "none", sequences))
    with pytest.raises(InvalidInputError, match="has no prediction for frame 00009"):
        score_masks(sequences[1], [(5, sequences[1].truth(5))])


def test_unfit_predictions_name_sequence_and_frame(data: Path, tmp_path: Path):
    sequences, folder = saved(data, tmp_path)
    write_mask(folder / "all" / "00004.png", np.ones((10, 10), np.uint8))
    with pytest.raises(InvalidInputError, match=r"all, frame 00004: the prediction is 10x10 but .* 120x90"):
        next(score_predictions(folder, sequences))
    write_mask(folder / "all" / "00004.png", np.full((90, 120), 3, np.uint8))
    with pytest.raises(InvalidInputError, match=r"all, frame 00004: the prediction has object 3"):
        next(score_predictions(folder, sequences))
    (folder / "all" / "00004.png").write_bytes(b"\x89PNG")
    with pytest.raises(VideoError, match=r"all/00004.png"):
        next(score_predictions(folder, sequences))


def test_frames_of_another_size_than_the_masks_name_the_sequence(data: Path, tiny_backend):
    _, some = find_sequences(data)
    cv2.imwrite(str(some.frame_files[2]), np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(InvalidInputError, match=r"^some: "):
        evaluate(Segmenter.from_backend(tiny_backend), some)


def test_report_is_complete_in_both_forms(data: Path):
    evaluation = Evaluation(tuple(score_model(Still(), find_sequences(data))))
    report = to_json(evaluation, {"folder": "data"}, {"model": "still"}, provenance("vos-eval", ["--data", "a b"]))
    parsed = json.loads(json.dumps(report))
    assert parsed["command"] == "vos-eval --data 'a b'"
    assert parsed["overall"]["objects"] == 4
    assert parsed["overall"]["scored_frames"] == 12
    objects = [one for sequence in parsed["sequences"].values() for one in sequence["objects"].values()]
    for measure in ("J", "F"):
        for key in ("mean", "recall", "decay"):
            mean = np.mean([one[measure][key] for one in objects])
            assert parsed["overall"][measure][key] == pytest.approx(mean)
    assert {"processor", "cores", "system", "python"} <= parsed["machine"].keys()
    table = to_table(evaluation).splitlines()
    assert [line.split()[:2] for line in table[2:-2]] == [
        [name, which] for name in ("all", "some") for which in ("7", "9", "mean")
    ]
    assert f"{100 * evaluation.overall.j_and_f:.1f}" in table[-1].split()
