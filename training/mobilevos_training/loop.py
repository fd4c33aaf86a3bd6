"""The training loop: steps over one process or many, averaged weights, validation, and a state that survives a kill."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from mobilevos_models.checkpoints import save_checkpoint
from mobilevos_models.registry import VOSModel
from mobilevos_sdk.errors import MobileVOSError
from mobilevos_training.criterion import Criterion
from mobilevos_training.damage import Damage
from mobilevos_training.data.clips import ClipMaker
from mobilevos_training.data.loader import Batch, batches
from mobilevos_training.data.pool import open_pool
from mobilevos_training.distributed import Processes
from mobilevos_training.families import WalkOptions, family_of
from mobilevos_training.initial import initial_model
from mobilevos_training.journal import Journal
from mobilevos_training.optim import AveragedWeights, add_stochastic_depth, build_optimizer, rate_factor
from mobilevos_training.recipe import Recipe
from mobilevos_training.rollout import Followed, follow
from mobilevos_training.run_options import PRECISIONS, RunOptions
from mobilevos_training.state import RunState, load_state, optimizer_tensors, restore_optimizer, save_state
from mobilevos_training.stopwatch import Stopwatch
from mobilevos_training.teacher import CachedTeacher, Clips, ModelTeacher, Teacher, cache_folder
from mobilevos_training.transplant.task import TransplantTask
from mobilevos_training.validation import ValidationOptions, ValidationResult, validate

RESULT_FILE = "model.safetensors"
BEST_FILE = "best.safetensors"
KEPT_FOLDER = "checkpoints"


class TrainingError(MobileVOSError):
    """A run that cannot go on; its last good state is on disk."""


class TrainingTask(nn.Module):
    """A student and its criterion as one module, so that PyTorch can average their gradients over processes."""

    def __init__(self, student: VOSModel, recipe: Recipe) -> None:
        super().__init__()
        self.student = student
        self.family = family_of(student)
        self.criterion = Criterion(recipe, self.family.channels(student))
        self.memory = recipe.memory
        self.reference = recipe.loss.reference > 0
        self.depths = recipe.loss.depths > 0

    def forward(
        self,
        clips: Clips,
        teacher: Followed | None,
        forced: Tensor,
        step: int,
        generators: list[torch.Generator],
        autocast: torch.dtype | None,
    ) -> dict[str, Tensor]:
        """The weighted parts of the loss on a batch of clips."""
        identities = self.family.draw_identities(clips.present, generators)
        options = WalkOptions(
            self.memory.queue,
            autocast,
            identities,
            self.memory.gap,
            self.depths,
            through_masks=self.memory.through_masks,
        )
        damage = Damage(self.memory.damage, generators) if self.memory.damage else None
        *shallower, student = follow(self.student, *clips, options, forced, self.reference, damage)
        return self.criterion(student, teacher, clips.masks, clips.present, step, generators, shallower)


class Trainer:
    """One run of a recipe, in this process: the student, its average, the optimiser and the step it stands at."""

    def __init__(self, recipe: Recipe, options: RunOptions, processes: Processes | None = None) -> None:
        """Builds the student from its recipe, or from the run's own saved state."""
        self.recipe = recipe
        self.options = options
        self.processes = processes or Processes()
        self.step = 0
        self.best = -math.inf
        self.clips = self.processes.shard(recipe.batch)
        device = self.processes.device
        cv2.setNumThreads(1)  # OpenCV's threads do not survive the fork of a loader worker, which would wait for them
        self.autocast = PRECISIONS[options.precision]
        torch.manual_seed(recipe.seed)
        self.task = _task(initial_model(recipe.model, options.data), recipe)
        self.task.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.student = self.task.student
        self.task.family.prepare(self.student)
        if recipe.model.stochastic_depth:
            add_stochastic_depth(self.task.family.droppable(self.student), recipe.model.stochastic_depth)
        state = load_state(options.out, recipe) if options.resume else None
        self.pool = open_pool(recipe.data, options.data, options.frame_cache)
        if isinstance(self.task, TransplantTask) and state is None:
            self._begin(self.task)
        self.average = AveragedWeights(self.student, recipe.optimizer.ema)
        self.optimizer = build_optimizer(self.student, self.task.criterion, recipe.optimizer)
        self.scaler = torch.amp.GradScaler(device.split(":")[0], enabled=options.precision == "fp16")
        self.stopwatch = Stopwatch(device, options.exact_phases)
        self._continues = options.resume
        if state is not None:
            self._restore(state)
        self.teacher = self._open_teacher()
        self.module = self._spread()

    def run(self) -> Iterator[dict[str, float]]:
        """Trains to the recipe's last step; yields log lines, the same for all processes. State is saved on the way.

        Raises:
            TrainingError: the loss is not finite.
        """
        options, first = self.options, self.processes.first
        with Journal(options.out, self.step) if first else nullcontext() as journal:
            sums: dict[str, float] = {}
            started, steps = time.perf_counter(), 0
            for batch in self._timed(self.batches()):
                for name, value in self.train_step(batch).items():
                    sums[name] = sums.get(name, 0.0) + value
                steps += 1
                if self._due(options.log_every):
                    line = self._line(sums, steps, time.perf_counter() - started)
                    if journal:
                        journal.line(line)
                    yield line
                    sums, started, steps = {}, time.perf_counter(), 0
                if options.validation and self._due(options.validate_every):
                    paused = time.perf_counter()
                    yield from self._validate(options.validation, journal)
                    started += time.perf_counter() - paused
                if options.keep_every and first and self.step % options.keep_every == 0:
                    self._save_average(options.out / KEPT_FOLDER / f"step-{self.step:08d}.safetensors")
                # Last, so that a state never stands at a step whose scores are missing.
                if first and self._due(options.save_every):
                    self.save()

    def _due(self, every: int) -> bool:
        """Whether it is the turn of what is done every so many steps, and after the last."""
        return self.step % every == 0 or self.step == self.recipe.steps

    def batches(self) -> Iterator[Batch]:
        """The batches of this process, from the step that the run stands at to its last."""
        return batches(self._maker(), list(self.clips), self.step, self.recipe.steps, self.options.workers)

    def _maker(self) -> ClipMaker:
        return ClipMaker(self.pool, self.recipe.data, self.recipe.seed, self.recipe.steps)

    def _begin(self, task: TransplantTask) -> None:
        """Starts a transplant on clips of the steps after the last, which is the same in all processes."""
        recipe = self.recipe
        assert recipe.transplant is not None
        last, workers = recipe.steps + recipe.transplant.solved, self.options.workers
        clips = batches(self._maker(), range(recipe.batch), recipe.steps, last, workers)
        task.begin((batch.frames for batch in clips), torch.Generator().manual_seed(recipe.seed))

    def train_step(self, batch: Batch) -> dict[str, float]:
        """One optimiser step; returns the weighted parts of this process's loss.

        Raises:
            TrainingError: the loss or its gradient is not finite; the weights were not changed.
        """
        parts = self.losses(batch)
        with self.stopwatch.phase("forward"):
            loss = torch.stack(list(parts.values())).sum()
            values = {name: float(part.detach()) for name, part in parts.items()}
        self._check_finite(values)
        with self.stopwatch.phase("backward"):
            self.optimizer.zero_grad(set_to_none=True)
            self.scaler.scale(loss).backward()
        with self.stopwatch.phase("optimizer"):
            self._update()
        self.step += 1
        return values

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """The weighted parts of the loss on this process's clips, at the step that the run stands at."""
        device = self.processes.device
        clips = Clips.of(batch, device)
        with self.stopwatch.phase("teacher"):
            teacher = self.teacher(batch, clips) if self.teacher else None
        with self.stopwatch.phase("forward"):
            # After the teacher, which may have been loaded, and drawn its first weights, in this very step.
            torch.manual_seed(_seed(self.recipe.seed, self.step, self.processes.rank))
            forced = torch.tensor([self._forced(index) for index in batch.clips], device=device)
            generators = [self._generator(index) for index in batch.clips]
            parts: dict[str, Tensor] = self.module(clips, teacher, forced, self.step, generators, self.autocast)
        return parts

    def _update(self) -> None:
        options = self.recipe.optimizer
        factor = rate_factor(self.step, self.recipe.steps, self.recipe.schedule)
        for group in self.optimizer.param_groups:
            group["lr"] = options.learning_rate * group["rate"] * factor
        self.scaler.unscale_(self.optimizer)
        norm = nn.utils.clip_grad_norm_(self.task.parameters(), options.clip_norm or math.inf)
        if not self.scaler.is_enabled():  # which leaves out such a step, and lowers its factor
            self._check_finite({"gradient": float(norm)})
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.average.update(self.student, self.step)

    def save(self) -> None:
        """Writes the averaged weights (the result) and all that a resumed run needs."""
        self._save_average(self.options.out / RESULT_FILE)
        tensors = {f"task.{name}": tensor for name, tensor in self.task.state_dict().items()}
        tensors |= {f"average.{name}": tensor for name, tensor in self.average.tensors.items()}
        tensors |= optimizer_tensors(self.optimizer)
        numbers = {"scaler": self.scaler.state_dict(), "best": self.best if math.isfinite(self.best) else None}
        save_state(self.options.out, RunState(self.step, self.recipe.text(), tensors, numbers), self._continues)
        self._continues = True

    def averaged(self) -> VOSModel:
        """A copy of the student with the averaged weights."""
        model = copy.deepcopy(self.student)
        model.load_state_dict(self.average.tensors)
        return model

    def _restore(self, state: RunState) -> None:
        self.step = state.step
        self.task.load_state_dict(state.part("task"))
        device = self.processes.device
        self.average.tensors = {name: tensor.to(device) for name, tensor in state.part("average").items()}
        restore_optimizer(self.optimizer, state.part("optimizer"))
        self.scaler.load_state_dict(state.numbers["scaler"])
        self.best = -math.inf if state.numbers["best"] is None else float(state.numbers["best"])

    def _open_teacher(self) -> Teacher | None:
        options = self.recipe.distill.teacher if self.recipe.distill else None
        if options is None:
            return None
        model = ModelTeacher(options, self.processes.device, self.autocast)
        if self.options.teacher_cache is None:
            return model
        return CachedTeacher(model, cache_folder(self.options.teacher_cache, self.recipe, self.pool.fingerprint()))

    def _spread(self) -> nn.Module:
        """The task, whose gradients are averaged where there are several processes."""
        if self.processes.count == 1:
            return self.task
        # The shallower depths of a scalable model have weights of their own, which the deepest does not use.
        unused = self.task.family.has_depths(self.recipe.model.name) and not self.task.depths
        return DistributedDataParallel(self.task, find_unused_parameters=unused)

    def _timed(self, source: Iterator[Batch]) -> Iterator[Batch]:
        while True:
            with self.stopwatch.phase("data"):
                batch = next(source, None)
            if batch is None:
                return
            yield batch

    def _line(self, sums: dict[str, float], steps: int, seconds: float) -> dict[str, float]:
        """A log line: means over the steps and the processes since the last one."""
        means = self.processes.mean({name: value / steps for name, value in sums.items()})
        line = {"step": float(self.step), "loss": sum(means.values()), **means}
        line["learning_rate"] = self.optimizer.param_groups[-1]["lr"] / self.optimizer.param_groups[-1]["rate"]
        line |= {"seconds_per_step": seconds / steps, "clips_per_second": self.recipe.batch * steps / seconds}
        line["waiting_share"] = self.stopwatch.lap().get("data", 0.0) / seconds
        return line | self.task.family.learned_figures(self.student)

    def _validate(self, options: ValidationOptions, journal: Journal | None) -> Iterator[dict[str, float]]:
        if journal:
            result = validate(self.averaged().to("cpu"), options)
            journal.validation(self.step, result)
            self._keep_best(result)
            yield {"step": float(self.step), "validation_jf": result.mean_jf}
        self.processes.wait()

    def _keep_best(self, result: ValidationResult) -> None:
        if result.mean_jf > self.best:
            self.best = result.mean_jf
            self._save_average(self.options.out / BEST_FILE, {"validation_jf": f"{result.mean_jf:.6f}"})

    def _save_average(self, path: Path, more: dict[str, str] | None = None) -> None:
        about = {"model": self.recipe.model.name, "steps": str(self.step), "recipe": self.recipe.text()}
        save_checkpoint(path, self.average.tensors, about | {"recipe_digest": self.recipe.digest()} | (more or {}))

    def _forced(self, index: int) -> int:
        """How many frames of a clip are memorised with their true masks."""
        memory = self.recipe.memory
        draw = np.random.default_rng([self.recipe.seed, self.step, index, 1]).random()
        if draw >= memory.teacher_forcing:
            return 0
        return self.recipe.data.frames if memory.forced_frames is None else memory.forced_frames

    def _generator(self, index: int) -> torch.Generator:
        generator = torch.Generator(self.processes.device)
        return generator.manual_seed(_seed(self.recipe.seed, self.step, index, 2))

    def _check_finite(self, values: dict[str, float]) -> None:
        bad = ", ".join(f"{name} {value}" for name, value in values.items() if not math.isfinite(value))
        if bad:
            raise TrainingError(
                f"the loss is not finite at step {self.step} ({bad}); states of before are in {self.options.out}. "
                "Lower optimizer.learning_rate or optimizer.clip_norm, or run with --precision fp32, and start again"
            )


def _task(student: VOSModel, recipe: Recipe) -> TrainingTask | TransplantTask:
    """What a recipe trains its student on."""
    return TransplantTask(student, recipe.transplant) if recipe.transplant else TrainingTask(student, recipe)


def _seed(*parts: int) -> int:
    """A seed of 63 bits that differs with every part."""
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0] >> np.uint64(1))
