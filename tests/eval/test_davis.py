"""Reading a data set that is laid out like DAVIS: what is found, what is scored, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from mobilevos_sdk.davis import find_sequences
from mobilevos_sdk.errors import InvalidInputError
from mobilevos_sdk.evaluation import score_masks
from mobilevos_sdk.masks import write_mask

SIZE = (24, 32)


def add_sequence(
    data: Path, name: str, frames: int, masks: dict[int, np.ndarray], resolution: str = "", suffix: str = ".jpg"
) -> None:
    folder = data / "JPEGImages" / resolution / name
    folder.mkdir(parents=True)
    for index in range(frames):
        cv2.imwrite(str(folder / f"{index:05d}{suffix}"), np.full((*SIZE, 3), index, np.uint8))
    for index, mask in masks.items():
        write_mask(data / "Annotations" / resolution / name / f"{index:05d}.png", mask)


def mask(*ids: int) -> np.ndarray:
    values = np.zeros(SIZE, np.uint8)
    for position, index in enumerate(ids):
        values[4:12, 6 * position : 6 * position + 5] = index
    return values


@pytest.mark.parametrize(("resolution", "suffix"), [("", ".jpg"), ("", ".webp"), ("480p", ".png")])
def test_layouts(tmp_path: Path, resolution: str, suffix: str):
    for name in ("swan", "bear"):
        add_sequence(tmp_path, name, 4, {index: mask(1, 3) for index in range(4)}, resolution, suffix)
    bear, swan = find_sequences(tmp_path)
    assert (bear.name, swan.name) == ("bear", "swan")
    assert swan.frame_names == ("00000", "00001", "00002", "00003")
    assert (swan.first, swan.scored) == (0, (1, 2))
    assert [frame.shape for frame in swan.frames(1, 3)] == [(*SIZE, 3)] * 2
    assert np.array_equal(swan.first_mask(), mask(1, 3))
    assert [found.name for found in find_sequences(tmp_path, names=["swan"])] == ["swan"]


def test_sparse_ground_truth_begins_at_the_first_mask_and_leaves_out_the_last_frame(tmp_path: Path):
    add_sequence(tmp_path, "kite", 12, {index: mask(1, 2) for index in (3, 7, 10)})
    add_sequence(tmp_path, "cows", 12, {index: mask(1) for index in (0, 5, 11)})
    cows, kite = find_sequences(tmp_path)
    assert (kite.first, kite.scored) == (3, (7, 10))
    assert (cows.first, cows.scored) == (0, (5,))


def test_255_means_the_same_in_all_masks_of_a_sequence(tmp_path: Path):
    """A grey mask that holds 0 and 255 only is ambiguous by itself: the object of DAVIS 2016, or nothing but void."""
    for name, first in (("binary", np.uint8([0, 255])), ("ids", np.uint8([1, 255]))):
        add_sequence(tmp_path, name, 3, {2: mask(1)})
        for index, values in enumerate((first, np.uint8([0, 255]))):
            picture = np.zeros(SIZE, np.uint8)
            picture[:2, :2] = values
            cv2.imwrite(str(tmp_path / "Annotations" / name / f"{index:05d}.png"), picture)
    binary, ids = find_sequences(tmp_path)
    assert binary.truth(1).sum() == 2
    assert (ids.first_mask().sum(), ids.truth(1).sum()) == (2, 0)


def test_backwards_begins_at_the_last_mask_with_an_object(tmp_path: Path):
    add_sequence(tmp_path, "kite", 8, {1: mask(3), 3: mask(1, 2), 5: mask(2), 6: mask()})
    (kite,) = find_sequences(tmp_path)
    back = kite.backwards()
    assert back.frame_names == tuple(f"{index:05d}" for index in (5, 4, 3, 2, 1, 0))
    assert (back.first, back.scored) == (0, (2, 4))
    assert np.array_equal(back.first_mask(), mask(2))
    assert np.array_equal(back.truth(2), mask(1, 2))
    assert [frame.max() for frame in back.frames()] == [5, 4, 3, 2, 1, 0]
    assert back.backwards().frame_names == ("00001", "00002", "00003", "00004", "00005")


def test_the_first_frame_does_not_count_backwards(tmp_path: Path):
    add_sequence(tmp_path, "cows", 4, {index: mask(1) for index in range(4)})
    (cows,) = find_sequences(tmp_path)
    assert [cows.backwards().frame_names[index] for index in cows.backwards().scored] == ["00002", "00001"]


def test_void_alone_in_the_last_mask_is_no_object_backwards(tmp_path: Path):
    add_sequence(tmp_path, "dog", 4, {0: mask(1), 1: mask(1)})
    picture = np.zeros(SIZE, np.uint8)
    picture[:2, :2] = 255
    cv2.imwrite(str(tmp_path / "Annotations" / "dog" / "00003.png"), picture)
    (dog,) = find_sequences(tmp_path)
    assert dog.backwards().frame_names == ("00001", "00000")


def test_void_is_not_an_object_of_the_first_mask(tmp_path: Path):
    add_sequence(tmp_path, "tennis", 4, {0: mask(2, 255), 1: mask(255), 2: mask(2)})
    (tennis,) = find_sequences(tmp_path)
    assert np.array_equal(tennis.first_mask(), mask(2))
    assert not tennis.truth(1).any()


def test_the_open_validation_set(shared_path: Callable[[str], Path]):
    sequences = {
        one.name: one for one in find_sequences(shared_path("data/davis16/val-open"), "AnnotationsMultiObject")
    }
    assert len(sequences) == 10
    kite = sequences["kite-surf"]
    assert (kite.first, kite.scored) == (9, (24, 25, 38, 42))
    assert np.unique(kite.first_mask()).tolist() == [0, 1, 2, 3]
    assert sequences["cows"].scored[-1] == 92  # frame 103 is annotated too, but is the video's last


def test_ground_truth_alone_will_do_when_it_has_no_gap(tmp_path: Path):
    for index in range(3):
        write_mask(tmp_path / "Annotations" / "swan" / f"{index:05d}.png", mask(1))
    (swan,) = find_sequences(tmp_path, need_frames=False)
    assert swan.scored == (1,)
    with pytest.raises(InvalidInputError, match="has no folder JPEGImages, it has Annotations"):
        find_sequences(tmp_path)
    write_mask(tmp_path / "Annotations" / "swan" / "00009.png", mask(1))
    with pytest.raises(InvalidInputError, match="for some frames only"):
        find_sequences(tmp_path, need_frames=False)


def test_what_is_missing_is_named(tmp_path: Path):
    with pytest.raises(InvalidInputError, match=r"no folder .*nowhere"):
        find_sequences(tmp_path / "nowhere")
    with pytest.raises(InvalidInputError, match="has no folder Annotations, it has no folders"):
        find_sequences(tmp_path)
    (tmp_path / "Annotations").mkdir()
    (tmp_path / "JPEGImages").mkdir()
    with pytest.raises(InvalidInputError, match="holds no sequences"):
        find_sequences(tmp_path)
    add_sequence(tmp_path, "swan", 3, {0: mask(1), 1: mask(1)})
    with pytest.raises(InvalidInputError, match="no sequence bear; it has swan"):
        find_sequences(tmp_path, names=["bear"])
    write_mask(tmp_path / "Annotations" / "bear" / "00000.png", mask(1))
    with pytest.raises(InvalidInputError, match=r"no folder .*JPEGImages/bear"):
        find_sequences(tmp_path)
    assert len(find_sequences(tmp_path, names=["swan"])) == 1


def test_a_sequence_that_cannot_be_scored_is_found_but_not_scored(tmp_path: Path):
    add_sequence(tmp_path, "short", 3, {0: mask(1), 2: mask(1)})
    (short,) = find_sequences(tmp_path)
    assert short.scored == ()
    with pytest.raises(InvalidInputError, match="short has no frame to score"):
        score_masks(short, [])


def test_masks_without_a_frame_and_frames_twice_are_refused(tmp_path: Path):
    add_sequence(tmp_path, "swan", 3, {0: mask(1), 1: mask(1), 7: mask(1)})
    with pytest.raises(InvalidInputError, match=r"00007.png belongs to no frame"):
        find_sequences(tmp_path)
    add_sequence(tmp_path, "bear", 3, {0: mask(1), 1: mask(1)})
    cv2.imwrite(str(tmp_path / "JPEGImages/bear/00001.png"), np.zeros((*SIZE, 3), np.uint8))
    with pytest.raises(InvalidInputError, match=r"both 00001.jpg and 00001.png"):
        find_sequences(tmp_path, names=["bear"])


def test_an_empty_first_mask_is_refused(tmp_path: Path):
    add_sequence(tmp_path, "swan", 3, {0: mask(), 1: mask(1)})
    (swan,) = find_sequences(tmp_path)
    with pytest.raises(InvalidInputError, match=r"swan/00000.png has no object"):
        swan.first_mask()
