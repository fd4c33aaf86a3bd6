"""The app's screens, drawn from its layouts: all there, nothing in them clipped, faint or too small to touch."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np

DEMO = Path(__file__).parents[2] / "android_demo"
RES = DEMO / "app" / "src" / "main" / "res"
UPRIGHT, TURNED = (2340, 1080), (1080, 2340)
SIZES = {
    "bench": UPRIGHT,
    "camera-following": UPRIGHT,
    "camera-landscape": TURNED,
    "camera-painting": UPRIGHT,
    "camera-permission": UPRIGHT,
    "camera-preview": UPRIGHT,
    "settings": UPRIGHT,
    "video-choosing": UPRIGHT,
    "video-following": UPRIGHT,
    "video-marking": UPRIGHT,
}


def draw(environment: dict[str, str], out: Path, res: Path = RES) -> subprocess.CompletedProcess[str]:
    command = ["bash", str(DEMO / "tools" / "draw_screens.sh"), str(out), str(res)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def changed(tmp_path: Path, name: str, old: str, new: str) -> Path:
    """The app's resources with one word of one file replaced."""
    res = tmp_path / "res"
    shutil.copytree(RES, res)
    text = (res / name).read_text()
    assert old in text
    (res / name).write_text(text.replace(old, new, 1))
    return res


def test_each_screen_is_drawn_and_every_text_fits(android_environment: dict[str, str], tmp_path: Path) -> None:
    run = draw(android_environment, tmp_path)
    assert run.returncode == 0, run.stderr[-4000:]  # names each text that does not fit its box

    assert {picture.stem for picture in tmp_path.glob("*.png")} == set(SIZES)
    for name, size in SIZES.items():
        picture = cv2.imread(str(tmp_path / f"{name}.png"))
        assert picture.shape[:2] == size, name
        colours = len(np.unique(picture[::8, ::8].reshape(-1, 3), axis=0))
        assert colours > 16, f"{name} has {colours} colours"


def test_a_text_that_does_not_fit_is_named(android_environment: dict[str, str], tmp_path: Path) -> None:
    word = "Measurements-of-everything"
    res = changed(tmp_path, "values/strings.xml", ">Bench<", f">{word}<")

    run = draw(android_environment, tmp_path / "out", res)

    assert run.returncode == 1
    assert f"bench: <RadioButton @+id/tab_bench>: '{word}' is " in run.stderr


def test_an_attribute_that_cannot_be_drawn_is_named(android_environment: dict[str, str], tmp_path: Path) -> None:
    res = changed(tmp_path, "layout/tab_bench.xml", "<TextView", '<TextView android:rotation="3"')

    run = draw(android_environment, tmp_path / "out", res)

    assert run.returncode == 1
    assert 'draw_screens: <TextView> has rotation="3", which is not drawn here' in run.stderr
