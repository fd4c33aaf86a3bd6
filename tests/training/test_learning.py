"""Models learn: after a run on one clip of a moving square, from random weights, the SDK follows the square."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from data_sets import write_ids, write_image
from tiny_data import losses
from torch import nn

from mobilevos_models.aot.encoder import DilatedMobileNetV2
from mobilevos_models.backbones import ResNet50
from mobilevos_models.checkpoints import load_model, save_checkpoint
from mobilevos_models.folding import fold_batch_norms
from mobilevos_models.registry import VOSModel
from mobilevos_models.torch_backend import TorchBackend
from mobilevos_sdk.davis import find_sequences
from mobilevos_sdk.evaluation import evaluate
from mobilevos_sdk.segmenter import Segmenter
from mobilevos_training.families.backbones import BACKBONE_FILES
from mobilevos_training.initial import initial_model
from mobilevos_training.loop import Trainer
from mobilevos_training.recipe import Recipe
from mobilevos_training.run_options import RunOptions

SIDE, FRAMES, STEPS = 64, 6, 25
# Each random encoder, and how much of its norms' work its weights do: without, a deep one's features grow.
ENCODERS = {"mobilenetv2": (DilatedMobileNetV2, 1.0), "resnet50": (ResNet50, 0.4)}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One clip in DAVIS layout: a red square that moves over noise. Beside it, random encoders."""
    root, generator = tmp_path_factory.mktemp("clip"), np.random.default_rng(0)
    for time in range(FRAMES):
        image = generator.integers(60, 120, (SIDE, SIDE, 3), np.uint8)
        ids = np.zeros((SIDE, SIDE), np.uint8)
        ids[6 + 4 * time : 32 + 4 * time, 14 + 2 * time : 40 + 2 * time] = 1
        image[ids == 1] = (220, 60, 30)
        write_image(root / f"JPEGImages/square/{time:05d}.png", image)
        write_ids(root / f"Annotations/square/{time:05d}.png", ids)
    torch.manual_seed(0)
    for name, (make, gain) in ENCODERS.items():
        encoder = make()
        for module in encoder.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                module.weight.data.mul_(gain)
        save_checkpoint(root / "backbones" / BACKBONE_FILES[name], fold_batch_norms(encoder).state_dict(), {})
    return root


def overlap(model: VOSModel, clip: Path) -> float:
    """Mean intersection over union of the square, followed by the SDK from its first mask."""
    (sequence,) = find_sequences(clip)
    return evaluate(Segmenter.from_backend(TorchBackend(model, 2, 1, SIDE, SIDE, threads=1)), sequence).mean.region.mean


@pytest.mark.parametrize(("name", "encoder"), [("sst-local", "key_encoder"), ("aot-t", "encoder")])
def test_a_model_learns_to_follow_a_square(name: str, encoder: str, clip: Path, tmp_path: Path) -> None:
    still = {"area": (1, 1), "ratio": (1, 1), "rotation": 0, "shear": 0}
    recipe = Recipe.model_validate(
        {
            "model": {"name": name},
            "data": {
                "sources": [{"layout": "davis", "path": "."}],
                "frames": 3,
                "crop": SIDE,
                "augment": {"style": "supplement", "video": still},
            },
            "steps": STEPS,
            "batch": 2,
            "schedule": {"warmup": 5},
            "optimizer": {"learning_rate": 1e-3, "frozen": [encoder], "slow": [], "ema": 0.0},
            "loss": {"cross_entropy": 0.5, "jaccard": 0.5, "reference": 1.0, "bootstrap": {"share": 1.0}},
        }
    )
    torch.manual_seed(0)
    assert overlap(initial_model(recipe.model, clip), clip) < 0.4
    for _ in Trainer(recipe, RunOptions(clip, tmp_path, log_every=1)).run():
        pass
    assert losses(tmp_path)[-1]["jaccard"] < 0.5 * losses(tmp_path)[0]["jaccard"]
    assert overlap(load_model(tmp_path / "model.safetensors"), clip) > 0.7
