"""Masks with a memory of all frames: as many slots as frames, a run that goes on, and masks that vos-eval can score."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import pytest

pytest.importorskip("torch", reason="needs PyTorch: pip install 'mobilevos[train]'")

from mobilevos_models import torch_backend, unbounded
from mobilevos_models.checkpoints import save_checkpoint
from mobilevos_sdk.masks import read_mask, write_mask


@pytest.fixture
def davis(tmp_path: Path, tiny_video) -> Path:
    """Two sequences in DAVIS layout, of 5 and 6 frames."""
    for name, count in (("one", 5), ("two", 6)):
        for index, frame in enumerate(tiny_video.frames[:count]):
            path = tmp_path / "davis" / "JPEGImages" / name / f"{index:05d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), frame[..., ::-1])
            write_mask(tmp_path / "davis" / "Annotations" / name / f"{index:05d}.png", (tiny_video.mask == 7) * 3)
    return tmp_path / "davis"


@pytest.fixture
def checkpoint(tmp_path: Path, tiny_model) -> Path:
    path = tmp_path / "tiny.safetensors"
    save_checkpoint(path, tiny_model.state_dict(), {"model": "mobilenetv2-noaspp"})
    return path


def follow(davis: Path, checkpoint: Path, save: Path, *options: str) -> int:
    fixed = ["--model", "mobilenetv2-noaspp", "--checkpoint", str(checkpoint), "--size", "64x96", "--threads", "1"]
    return unbounded.main([*fixed, "--data", str(davis), "--save", str(save), *options])


def test_nothing_is_forgotten_and_a_run_goes_on(davis: Path, checkpoint: Path, tmp_path: Path, monkeypatch, capsys):
    valid: list[int] = []
    run = torch_backend.TorchBackend.run

    def spy(self, graph, inputs):
        if graph.startswith("segment"):
            valid.append(int(inputs["memory_valid"].sum()))
        return run(self, graph, inputs)

    monkeypatch.setattr(torch_backend.TorchBackend, "run", spy)
    save = tmp_path / "masks"
    assert follow(davis, checkpoint, save) == 0
    assert valid == [1, 2, 3, 1, 2, 3, 4]  # the last frame of a video is not scored
    masks = sorted(path.relative_to(save).as_posix() for path in save.rglob("*.png"))
    assert masks == [f"one/0000{i}.png" for i in (1, 2, 3)] + [f"two/0000{i}.png" for i in (1, 2, 3, 4)]
    assert read_mask(save / "two" / "00004.png").shape == (90, 120)

    (save / "two" / "00002.png").unlink()
    assert follow(davis, checkpoint, save) == 0
    assert len(valid) == 7 + 4 and "1 of 2 sequences are done already" in capsys.readouterr().err


def test_vos_eval_scores_the_masks(davis: Path, checkpoint: Path, tmp_path: Path):
    from mobilevos_bench.cli.eval import main as evaluate

    scores = tmp_path / "scores.json"
    assert follow(davis, checkpoint, tmp_path / "masks") == 0
    assert evaluate(["--predictions", str(tmp_path / "masks"), "--data", str(davis), "--json", str(scores)]) == 0
    assert json.loads(scores.read_text())["overall"]["scored_frames"] == 7


def test_masks_of_something_else_are_not_mixed_in(davis: Path, checkpoint: Path, tmp_path: Path, capsys):
    save = tmp_path / "masks"
    save.mkdir()
    (save / "other.txt").touch()
    assert follow(davis, checkpoint, save) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "holds something else" in line and "choose another folder" in line
    assert follow(davis, tmp_path / "none.safetensors", tmp_path / "new") == 1
    assert "no checkpoint at" in capsys.readouterr().err
