"""A copy of a data set with strips in front of the objects: what they cover is not in its ground truth."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from mobilevos_bench.cli.bench import main
from mobilevos_sdk.davis import find_sequences
from mobilevos_sdk.masks import write_mask

HEIGHT, WIDTH, FRAMES = 60, 200, 40
SHADES = {"bright": 200, "dark": 60, "grey": 120}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three sequences, each of one shade, whose two objects rest; every second frame is annotated."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[20:40, 90:100], mask[20:40, 100:110] = 1, 4
    for name, shade in SHADES.items():
        (tmp_path / "JPEGImages" / name).mkdir(parents=True)
        for index in range(FRAMES):
            frame = np.full((HEIGHT, WIDTH, 3), shade, np.uint8)
            cv2.imwrite(str(tmp_path / "JPEGImages" / name / f"{index:05d}.png"), frame)
            if index % 2 == 0:
                write_mask(tmp_path / "Truth" / name / f"{index:05d}.png", mask)
    return tmp_path


def occlude(data: Path, out: str, *options: str) -> int:
    return main(["occlude", "--data", str(data), "--annotations", "Truth", "--out", str(data / out), *options])


def test_strips_of_other_videos_hide_the_objects(data, capsys):
    assert occlude(data, "out") == 0
    assert capsys.readouterr().out.splitlines() == [f"{name}: 3 strips" for name in sorted(SHADES)]
    before = find_sequences(data, "Truth")
    after = find_sequences(data / "out", "Truth")
    for old, new in zip(before, after, strict=True):
        assert (new.name, new.frame_names, new.annotations.keys()) == (
            old.name,
            old.frame_names,
            old.annotations.keys(),
        )
        np.testing.assert_array_equal(new.first_mask(), old.first_mask(), "what is given is seen whole")
        hidden = []
        for index, frame in enumerate(new.frames()):
            changed = np.abs(frame.astype(int) - SHADES[old.name]).max(2) > 30
            shades = {name for name, shade in SHADES.items() if (np.abs(frame.astype(int) - shade) < 4).any()}
            assert changed.any() == (len(shades) > 1), "what is in front is of other videos"
            if index in new.annotations:
                truth, whole = new.truth(index), old.truth(index)
                np.testing.assert_array_equal(truth, np.where(changed, 0, whole))
                hidden.append((truth != whole).sum() / (whole > 0).sum())
        assert max(hidden) == 1.0 and min(hidden) == 0.0, "covered and seen again"
        assert hidden[-1] == 0.0


def test_a_seed_says_it_all(data):
    for out, seed in (("one", "1"), ("again", "1"), ("other", "2")):
        assert occlude(data, out, "--seed", seed) == 0
    files = [path.relative_to(data / "one") for path in sorted((data / "one").rglob("*.*"))]
    assert all((data / "one" / file).read_bytes() == (data / "again" / file).read_bytes() for file in files)
    assert any((data / "one" / file).read_bytes() != (data / "other" / file).read_bytes() for file in files)


def test_a_folder_with_something_in_it_is_left_alone(data, capsys):
    (data / "out").mkdir()
    (data / "out" / "mine.txt").write_text("mine")
    assert occlude(data, "out") == 1
    assert "is not empty; give a new folder" in capsys.readouterr().err
    assert [path.name for path in (data / "out").iterdir()] == ["mine.txt"]


def test_one_sequence_has_no_other_to_cut_from(data, capsys):
    for name in ("dark", "grey"):
        for index in range(0, FRAMES, 2):
            (data / "Truth" / name / f"{index:05d}.png").unlink()
        (data / "Truth" / name).rmdir()
    assert occlude(data, "out") == 1
    assert "give two sequences or more" in capsys.readouterr().err
