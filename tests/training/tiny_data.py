"""A data folder of every layout that recipes name, random weights, and recipes that are small enough for a test."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import torch
from data_sets import write_pack, write_video
from test_data_readers import bl30k, davis2017, pairs, youtube_vos

from mobilevos_models import create_model
from mobilevos_models.aot.encoder import DilatedMobileNetV2
from mobilevos_models.backbones import ResNet18, ResNet50
from mobilevos_models.checkpoints import save_checkpoint
from mobilevos_models.folding import fold_batch_norms
from mobilevos_training.families.backbones import BACKBONE_FILES
from mobilevos_training.journal import LOG_FILE
from mobilevos_training.loop import Trainer
from mobilevos_training.recipe import Recipe
from mobilevos_training.run_options import RunOptions

STUDENT = "mobilenetv2-noaspp"
# The published static sets, where `published/static.yaml` looks for them.
STATIC_SETS = {
    "ECSSD": pairs("images/000{}.jpg", "ground_truth_mask/000{}.png"),
    "FSS-1000": pairs("ab_wheel/{}.jpg", "ab_wheel/{}.png"),
    "HRSOD": pairs("HRSOD_train/{}.jpg", "HRSOD_train_mask/{}.png"),
    "BIG": pairs("val/2007_{}_im.jpg", "val/2007_{}_gt.png"),
}
# What makes any recipe small. Tests that need several clips in a batch say so.
SMALL = ("data.crop=64", "data.frames=3", "batch=1", "steps=3", "model.init=null")


def write_data(root: Path) -> Path:
    """Three folders for `--data`: `pack` as the shared data, `published` as publishers ship, `own` with own videos."""
    pack, published, own = root / "pack", root / "published", root / "own"
    write_pack(root / "round")
    (pack / "davis16").mkdir(parents=True)
    (root / "round/davis").rename(pack / "davis16/train")
    (pack / "davis16/train/AnnotationsMultiObject").symlink_to("Annotations")
    (root / "round/static").rename(pack / "static")
    for name, write in STATIC_SETS.items():
        write(published / "static" / name)
    for split in ("TR", "TE"):
        folder = f"DUTS-{split}/DUTS-{split}"
        pairs(f"{folder}-Image/{{}}.jpg", f"{folder}-Mask/{{}}.png")(published / "static/DUTS")
    youtube_vos(published / "YouTube")
    davis2017(published / "DAVIS/2017/trainval")
    bl30k(published / "BL30K")
    write_video(own / "JPEGImages/cat", own / "Annotations/cat", 6)
    write_weights(root / "weights")
    for folder in (pack, published):
        (folder / "backbones").symlink_to(root / "weights", target_is_directory=True)
    return root


def write_weights(folder: Path) -> None:
    """Random backbones under the names of the ImageNet ones, and weights of the students."""
    torch.manual_seed(0)
    for name in ("mobilenetv2-noaspp", "mobilenetv2", "resnet18"):
        random_weights(folder, name)
    # AOT's encoder has all the stages of a MobileNetV2, of which the students leave some out.
    encoders = {"mobilenetv2": DilatedMobileNetV2(), "resnet18": ResNet18(), "resnet50": ResNet50()}
    for backbone, encoder in encoders.items():
        save_checkpoint(folder / BACKBONE_FILES[backbone], fold_batch_norms(encoder).state_dict(), {})


def random_weights(folder: Path, name: str) -> Path:
    """`NAME.safetensors` of a registered model; it is written when it is first asked for."""
    path = folder / f"{name}.safetensors"
    if not path.exists():
        save_checkpoint(path, fold_batch_norms(create_model(name)).state_dict(), {"model": name})
    return path


def pack_recipe(**changes: object) -> Recipe:
    """A recipe for the folder `pack`, whose clips have one to three targets; every part may be given another value."""
    data = {
        "model": {"name": STUDENT},
        "data": {
            "sources": [
                {"layout": "davis", "path": "davis16/train", "share": 0.3},
                {"layout": "static", "path": "static/*"},
            ],
            "frames": 3,
            "crop": 64,
            "targets": {"most": 3, "several": 1, "smallest": 20},
            "augment": {"style": "supplement"},
        },
        "steps": 4,
        "batch": 2,
        "optimizer": {"ema": 0.5},
        "loss": {"cross_entropy": 1.0, "dice": 0.5},
    }
    return Recipe.model_validate(data | changes)


def distillation(data: Path) -> dict[str, object]:
    """Every loss of distillation, by a random teacher."""
    return {
        "teacher": {"name": "mobilenetv2", "checkpoint": str(data / "weights/mobilenetv2.safetensors")},
        "logit": {"temperature": 0.5},
        "representation": {"omega": 0.5, "embedding": 8},
        "relations": {},
        "pixels": 64,
    }


def trained(recipe: Recipe, data: Path, out: Path, **options: object) -> Trainer:
    """A trainer that has run a recipe on the folder `pack` to its end, with a log line for every step."""
    trainer = Trainer(recipe, RunOptions(data / "pack", out, **({"log_every": 1} | options)))
    for line in trainer.run():
        assert all(math.isfinite(value) for value in line.values()), line
    return trainer


def assert_same_weights(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> None:
    assert first.keys() == second.keys()
    different = [name for name, tensor in first.items() if not torch.equal(tensor, second[name])]
    assert not different


def read_log(out: Path) -> list[dict[str, float]]:
    """The lines of a run's log that tell of steps."""
    lines = [json.loads(line) for line in (out / LOG_FILE).read_text().splitlines()]
    return [line for line in lines if "loss" in line]


def losses(out: Path) -> list[dict[str, float]]:
    """The steps of a run with what does not depend on the clock."""
    clock = ("seconds_per_step", "clips_per_second", "waiting_share")
    return [{name: value for name, value in line.items() if name not in clock} for line in read_log(out)]


def environment() -> dict[str, str]:
    """For a command in a process of its own: one thread, and no launcher's variables."""
    kept = {name: value for name, value in os.environ.items() if name not in ("RANK", "WORLD_SIZE", "LOCAL_RANK")}
    return kept | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}


def vos_train(*arguments: object, **options: object) -> subprocess.Popen[str]:
    """Starts `vos-train` in a process of its own."""
    command = [sys.executable, "-m", "mobilevos_training.cli", *map(str, arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(), **options
    )
