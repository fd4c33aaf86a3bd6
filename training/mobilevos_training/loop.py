"""The training loop: steps, averaged weights, and a state on disk from which a killed run goes on."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mobilevos_models.checkpoints import load_backbone, load_weights, read_checkpoint, save_checkpoint
from mobilevos_models.folding import fold_batch_norms
from mobilevos_models.mobilevos import MobileVOS
from mobilevos_models.registry import create_model
from mobilevos_sdk.errors import InvalidInputError
from mobilevos_training.clips import Clip, ClipMaker, Pool
from mobilevos_training.recipe import Recipe
from mobilevos_training.rollout import rollout
from mobilevos_training.sources import davis_videos, photo_stills

STATE_FILE = "state.safetensors"
RESULT_FILE = "model.safetensors"
LOG_FILE = "log.jsonl"
BACKBONE_FILES = {
    "mobilenetv2": "mobilenetv2-imagenet-bnfolded.safetensors",
    "resnet18": "resnet18-imagenet-bnfolded-to-layer3.safetensors",
}


@dataclass(frozen=True)
class RunOptions:
    """Where and how a recipe runs; nothing here changes the result but for rounding.

    Attributes:
        data: the folder with `davis16/train`, `static` and `backbones`.
        out: the run's folder.
        device: a PyTorch device.
        autocast: convolutions in bfloat16.
        save_every: steps between two saved states.
        log_every: steps between two log lines.
        resume: go on from the state in `out`, if there is one.
    """

    data: Path
    out: Path
    device: str = "cpu"
    autocast: bool = True
    save_every: int = 100
    log_every: int = 20
    resume: bool = True


@dataclass
class Trainer:
    """One run of a recipe: the model, its average, the optimiser and the step it stands at."""

    recipe: Recipe
    options: RunOptions
    step: int = 0
    model: MobileVOS = field(init=False)
    average: dict[str, Tensor] = field(init=False)
    optimizer: torch.optim.AdamW = field(init=False)

    def __post_init__(self) -> None:
        """Builds the model from its backbones, from `init`, or from the run's own saved state."""
        torch.manual_seed(self.recipe.seed)
        self.model = fold_batch_norms(initial_model(self.recipe, self.options.data)).to(self.options.device)  # type: ignore[assignment]
        self.model = self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = {name: tensor.detach().clone() for name, tensor in self.model.state_dict().items()}
        encoder = list(self.model.key_encoder.parameters())
        known = {id(parameter) for parameter in encoder}
        rest = [p for p in self.model.parameters() if id(p) not in known]
        groups = [{"params": encoder, "rate": self.recipe.key_encoder_rate}, {"params": rest, "rate": 1.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=self.recipe.learning_rate, weight_decay=self.recipe.weight_decay)
        state = self.options.out / STATE_FILE
        if self.options.resume and state.is_file():
            self.load_state(state)

    def run(self) -> Iterator[dict[str, float]]:
        """Trains to the recipe's last step; yields a log line every `log_every` steps. State is saved on the way."""
        maker = ClipMaker(training_pool(self.options.data), self.recipe)
        sums, since = np.zeros(2), time.perf_counter()
        with ThreadPoolExecutor(1) as loader:
            pending = loader.submit(maker.batch, self.step)
            while self.step < self.recipe.steps:
                clips = pending.result()
                pending = loader.submit(maker.batch, self.step + 1)
                sums += self.train_step(clips)
                self.step += 1
                if self.step % self.options.save_every == 0 or self.step == self.recipe.steps:
                    self.save()
                if self.step % self.options.log_every == 0:
                    seconds = (time.perf_counter() - since) / self.options.log_every
                    yield self.log(sums / self.options.log_every, seconds)
                    sums, since = np.zeros(2), time.perf_counter()

    def train_step(self, clips: list[Clip]) -> tuple[float, float]:
        """One optimiser step; returns cross-entropy and Dice loss."""
        frames, masks = collate(clips, self.options.device)
        rng = np.random.default_rng([self.recipe.seed, self.step, 1])
        coins = torch.from_numpy(rng.random(len(clips)) < self.recipe.teacher_forcing).to(frames.device)
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.learning_rate * group["rate"] * schedule(self.step, self.recipe)
        losses = rollout(self.model, frames, masks, coins, self.recipe, self.options.autocast)
        loss = losses.cross_entropy + self.recipe.dice * losses.dice
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        decay = min(self.recipe.ema, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for name, tensor in self.model.state_dict().items():
                self.average[name].lerp_(tensor, 1 - decay)
        return float(losses.cross_entropy.detach()), float(losses.dice.detach())

    def log(self, means: np.ndarray, seconds: float) -> dict[str, float]:
        """Appends a line to the run's log and returns it."""
        line = {"step": self.step, "cross_entropy": means[0], "dice": means[1], "seconds_per_step": seconds}
        if self.model.prior is not None:
            widths = self.model.prior.log_width.detach().exp().tolist()
            line |= {"reference_width": widths[0], "previous_width": widths[1]}
        with (self.options.out / LOG_FILE).open("a") as file:
            file.write(json.dumps(line) + "\n")
        return line

    def save(self) -> None:
        """Writes the averaged weights (the result) and all that a resumed run needs."""
        about = {"model": self.recipe.model, "steps": str(self.step), "recipe": json.dumps(asdict(self.recipe))}
        save_checkpoint(self.options.out / RESULT_FILE, self.average, about)
        tensors = {f"model.{name}": tensor for name, tensor in self.model.state_dict().items()}
        tensors |= {f"average.{name}": tensor for name, tensor in self.average.items()}
        for index, state in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{key}": value for key, value in state.items()}
        save_checkpoint(self.options.out / STATE_FILE, tensors, about)

    def load_state(self, path: Path) -> None:
        """Goes on from a saved state.

        Raises:
            InvalidInputError: the state is of another recipe.
        """
        tensors, about = read_checkpoint(path)
        if json.loads(about["recipe"]) != json.loads(json.dumps(asdict(self.recipe))):
            raise InvalidInputError(f"{path} is of another recipe; choose another --out, or --restart to start over")
        self.step = int(about["steps"])
        self.model.load_state_dict(_below("model.", tensors))
        self.average = {name: t.to(self.options.device) for name, t in _below("average.", tensors).items()}
        states: dict[int, dict[str, Tensor]] = {}
        for name, tensor in _below("optimizer.", tensors).items():
            index, key = name.split(".", 1)
            states.setdefault(int(index), {})[key] = tensor
        self.optimizer.load_state_dict(self.optimizer.state_dict() | {"state": states})


def _below(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def initial_model(recipe: Recipe, data: Path) -> MobileVOS:
    """The recipe's model with ImageNet backbones, or with the weights of `init` wherever names and shapes agree."""
    model = create_model(recipe.model)
    backbones = data / "backbones"
    if recipe.init is None:
        key_weights = backbones / BACKBONE_FILES[model.config.backbone]
        load_backbone(model, key_weights, backbones / BACKBONE_FILES["mobilenetv2"])
        return model
    fold_batch_norms(model)
    own = model.state_dict()
    state, _ = read_checkpoint(Path(recipe.init))
    fitting = {name: tensor for name, tensor in state.items() if name in own and own[name].shape == tensor.shape}
    load_weights(model, own | fitting, recipe.init)
    return model


def training_pool(data: Path) -> Pool:
    """Everything in the data pack that may be trained on."""
    train = data / "davis16" / "train"
    return Pool(davis_videos(train), davis_videos(train, "AnnotationsMultiObject"), photo_stills(data / "static"))


def collate(clips: list[Clip], device: str) -> tuple[Tensor, Tensor]:
    """Stacks clips into frames (B, T, 3, S, S) float32 and masks (B, T, S, S) int64."""
    frames = torch.from_numpy(np.stack([clip.frames for clip in clips])).to(device)
    masks = torch.from_numpy(np.stack([clip.masks for clip in clips])).to(device)
    return frames.permute(0, 1, 4, 2, 3).float(), masks.long()


def schedule(step: int, recipe: Recipe) -> float:
    """The learning rate's factor: linear warm-up, a plateau, and a linear decay to zero at the end."""
    warm = min((step + 1) / max(recipe.warmup, 1), 1.0)
    remaining = (recipe.steps - step) / max(recipe.steps * recipe.decay, 1.0)
    return min(warm, remaining, 1.0)
