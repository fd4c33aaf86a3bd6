"""Pictures of failures: each pixel has the colour of what it is, and the frames shown are the worst ones."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from mobilevos_bench.cli.bench import main
from mobilevos_bench.failures import (
    BACKGROUND,
    CAPTION_HEIGHT,
    COLOURS,
    EXTRA,
    GAP,
    MISSED,
    MIXED_UP,
    PANEL_WIDTH,
    RIGHT,
    error_map,
    lowest_of_each_part,
)
from mobilevos_sdk.masks import write_mask

HEIGHT, WIDTH, FRAMES = 60, 80, 14


def square(left: int, object_id: int = 1) -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[20:40, left : left + 20] = object_id
    return mask


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two sequences whose object stands still; a prediction drifts away in `lost` and hardly in `good`."""
    for name, drift in (("lost", 1), ("good", 0)):
        (tmp_path / "JPEGImages" / name).mkdir(parents=True)
        for index in range(FRAMES):
            cv2.imwrite(
                str(tmp_path / "JPEGImages" / name / f"{index:05d}.png"), np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
            )
            write_mask(tmp_path / "Annotations" / name / f"{index:05d}.png", square(10))
            write_mask(tmp_path / "masks" / name / f"{index:05d}.png", square(10 + drift * index + (index > 7)))
    return tmp_path


def draw(data: Path, *options: str) -> int:
    paths = ["--predictions", str(data / "masks"), "--data", str(data), "--out", str(data / "out")]
    return main(["failures", *paths, *options])


def test_every_pixel_is_one_kind():
    truth = np.array([[0, 0, 1, 1, 1, 2, 255, 3]], np.uint8)
    prediction = np.array([[0, 1, 1, 0, 2, 2, 0, 1]], np.uint8)
    expected = [[BACKGROUND, EXTRA, RIGHT, MISSED, MIXED_UP, RIGHT, BACKGROUND, EXTRA]]
    assert error_map(prediction, truth, [1, 2]).tolist() == expected  # 3 came later and is not scored, 255 is void


def test_the_lowest_of_each_part():
    assert lowest_of_each_part([0.9, 0.1, 0.8, 0.2, 0.3, 0.4], 3) == (1, 3, 4)
    assert lowest_of_each_part([0.5, 0.4], 6) == (0, 1)


def test_the_worst_sequence_is_drawn_with_its_worst_frames(data: Path, capsys):
    assert draw(data, "--worst", "1", "--no-frames") == 0
    printed = capsys.readouterr().out
    # Of twelve scored frames, two in each sixth; the later one has drifted further.
    assert "lost.png" in printed and "frames 00002, 00004, 00006, 00008, 00010, 00012" in printed
    assert [path.name for path in (data / "out").iterdir()] == ["lost.png"]
    picture = cv2.imread(str(data / "out" / "lost.png"))[..., ::-1]
    panel = PANEL_WIDTH * HEIGHT // WIDTH
    assert picture.shape == (2 * (CAPTION_HEIGHT + panel) + GAP, 3 * PANEL_WIDTH + 2 * GAP, 3)
    scale = PANEL_WIDTH // WIDTH
    first = picture[CAPTION_HEIGHT:, :PANEL_WIDTH]  # frame 2: the square has gone two pixels to the right
    for column, kind in ((5, BACKGROUND), (10, MISSED), (20, RIGHT), (31, EXTRA)):
        assert first[30 * scale, column * scale + scale // 2].tolist() == COLOURS[kind].tolist()


def test_frames_are_seen_behind_the_colours(data: Path):
    assert draw(data) == 0
    picture = cv2.imread(str(data / "out" / "good.png"))
    assert picture[CAPTION_HEIGHT + 10, 10].tolist() == [90, 90, 90]
    assert len(list((data / "out").iterdir())) == 2


def test_masks_of_the_video_backwards_are_drawn_from_its_end(data: Path, capsys):
    (data / "masks" / "good" / f"{FRAMES - 1:05d}.png").unlink()  # the given frame has no prediction
    (data / "masks" / "lost" / f"{FRAMES - 1:05d}.png").unlink()
    assert draw(data, "--backwards", "--worst", "1", "--no-frames") == 0
    assert "frames 00012, 00010, 00008, 00006, 00004, 00002" in capsys.readouterr().out


def test_predictions_of_nothing_are_refused(data: Path, capsys):
    (data / "masks").rename(data / "others")
    assert draw(data) == 1
    assert "keep them with 'vos-eval --save'" in capsys.readouterr().err
    (data / "masks" / "lost").mkdir(parents=True)
    assert draw(data) == 1
    assert "12 of 12 predictions are missing" in capsys.readouterr().err
