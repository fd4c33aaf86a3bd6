"""`vos-train`: runs a recipe; a run that was killed goes on where its last saved state stands."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mobilevos_sdk.cli.common import ArgumentParser, UsageError, frame_size, positive_int, run

if TYPE_CHECKING:
    from mobilevos_training.distributed import Processes
    from mobilevos_training.loop import Trainer
    from mobilevos_training.recipe import Recipe
    from mobilevos_training.run_options import RunOptions

EXAMPLE = """examples:
  vos-train training/recipes/trunk.yaml --data ../shared/data --out runs/trunk
  vos-train training/recipes/trunk.yaml optimizer.learning_rate=1e-4 seed=3 --data ../shared/data
  vos-train training/recipes/trunk.yaml --data ../shared/data --show-batch batch.png
  torchrun --nproc-per-node 2 -m mobilevos_training.cli training/recipes/trunk.yaml --data ../shared/data --out runs/t
"""
PROGRAM = "vos-train"
PROFILE_STEPS = 10


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    result = ArgumentParser(PROGRAM, __doc__ or "", EXAMPLE)
    result.add_argument("recipe", type=Path, help="a YAML file, see training/recipes")
    result.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="values of the recipe to replace, with dots")
    result.add_argument("--data", type=Path, required=True, help="folder that the recipe's sources are relative to")
    result.add_argument("--out", type=Path, help="the run's folder (default: runs/RECIPE)")
    result.add_argument("--resume", action="store_true", help="go on from a saved state; fail where there is none")
    result.add_argument("--restart", action="store_true", help="do not go on from a saved state: start over")
    machine = result.add_argument_group("machine")
    machine.add_argument(
        "--device", choices=("auto", "cpu", "cuda"), default="auto", help="(default: cuda if there is one)"
    )
    machine.add_argument("--precision", choices=("auto", "fp32", "bf16", "fp16"), default="auto", help=_PRECISION)
    machine.add_argument("--threads", type=positive_int, help="CPU threads (default: PyTorch's)")
    machine.add_argument(
        "--workers", type=_count, default=2, help="processes that make clips; 0: in this one (default: 2)"
    )
    machine.add_argument("--frame-cache", type=Path, help="folder of decoded frames (default: OUT/../frame-cache)")
    machine.add_argument("--no-cache", action="store_true", help="decode frames into RAM instead")
    teacher = result.add_argument_group("teacher")
    teacher.add_argument(
        "--cache-teacher", type=Path, metavar="DIR", help="keep the teacher's outputs there, and use them"
    )
    teacher.add_argument("--cache-only", action="store_true", help="fill the teacher's cache and stop")
    saving = result.add_argument_group("saving and scoring")
    saving.add_argument("--save-every", type=positive_int, default=100, metavar="STEPS", help="between states (100)")
    saving.add_argument(
        "--keep-every", type=positive_int, metavar="STEPS", help="keep averaged checkpoints, for vos-soup"
    )
    saving.add_argument("--log-every", type=positive_int, default=20, metavar="STEPS", help="between log lines (20)")
    saving.add_argument("--val", type=Path, help="folder in DAVIS layout to score the averaged weights on")
    saving.add_argument("--val-every", type=positive_int, default=500, metavar="STEPS", help="between scores (500)")
    saving.add_argument(
        "--val-size", type=frame_size, default=(480, 864), metavar="HxW", help="model input for scoring (480x864)"
    )
    saving.add_argument("--val-frames", type=positive_int, help="score only the first frames of each sequence")
    looking = result.add_argument_group("looking")
    looking.add_argument("--show-batch", type=Path, metavar="PNG", help="draw the first batches and stop")
    looking.add_argument("--json", type=Path, metavar="FILE", help="where --profile writes its figures, too")
    looking.add_argument("--profile", action="store_true", help=f"time {PROFILE_STEPS} steps and stop")
    looking.add_argument("--show-recipe", action="store_true", help="print the recipe in full, as YAML, and stop")
    return result


_PRECISION = "of convolutions (default: fp16 with gradient scaling on a GPU, bf16 on a CPU that has it, else fp32)"


def main(argv: list[str] | None = None) -> int:
    """Runs the command and returns its exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    args = parser().parse_intermixed_args(arguments)  # overrides may stand between options
    args.arguments = arguments
    return run(PROGRAM, lambda: train(args))


def train(args: argparse.Namespace) -> int:
    """Trains, or draws a batch, or profiles."""
    if args.resume and args.restart:
        raise UsageError("--resume and --restart exclude each other")
    if args.json and not args.profile:
        raise UsageError("--json takes the figures of --profile; give both")
    from mobilevos_training.recipe import read_recipe

    recipe = read_recipe(args.recipe, args.overrides)
    if args.show_recipe:
        import yaml

        print(yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False), end="")
        return 0
    if args.show_batch:
        _show_batch(args, recipe)
        return 0
    return _run(args, recipe)


def _show_batch(args: argparse.Namespace, recipe: Recipe) -> None:
    from mobilevos_training.data.clips import ClipMaker
    from mobilevos_training.data.pool import open_pool
    from mobilevos_training.preview import save_preview

    pool = open_pool(recipe.data, args.data, args.frame_cache)
    save_preview(args.show_batch, ClipMaker(pool, recipe.data, recipe.seed, recipe.steps))
    print(f"wrote {args.show_batch}")


def _run(args: argparse.Namespace, recipe: Recipe) -> int:
    import torch

    from mobilevos_training.distributed import join_processes, leave_processes
    from mobilevos_training.loop import Trainer
    from mobilevos_training.run_options import choose_device

    if args.threads:
        torch.set_num_threads(args.threads)
    processes = join_processes(choose_device(args.device))
    try:
        options = _run_options(args, processes)
        trainer = Trainer(recipe, options, processes)
        if args.resume and not trainer.step:
            raise UsageError(f"there is no state in {options.out} to go on from; leave out --resume")
        if args.profile:
            _profile(args, trainer)
        elif args.cache_only:
            _fill_cache(args, trainer)
        else:
            _train(trainer, options)
    finally:
        leave_processes()
    return 0


def _profile(args: argparse.Namespace, trainer: Trainer) -> None:
    import json

    from mobilevos_sdk.files import write_atomically
    from mobilevos_training.profiling import profile, profile_document

    found = profile(trainer, PROFILE_STEPS)
    if trainer.processes.first:
        print(found.table())
        if args.json:
            write_atomically(args.json, json.dumps(profile_document(found, trainer, args.arguments), indent=1) + "\n")


def _train(trainer: Trainer, options: RunOptions) -> None:
    first = trainer.processes.first
    if trainer.step and first:
        print(f"going on from step {trainer.step}", file=sys.stderr)
    for line in trainer.run():
        if first:
            print(_progress(line, trainer.recipe.steps), file=sys.stderr, flush=True)
    if first:
        print(f"{options.out}: step {trainer.step} of {trainer.recipe.steps}")


def _progress(line: dict[str, float], steps: int) -> str:
    """One line for people."""
    head = f"step {line['step']:.0f}/{steps}"
    if "validation_jf" in line:
        return f"{head}  validation J&F {100 * line['validation_jf']:.1f}"
    left = (steps - line["step"]) * line["seconds_per_step"] / 60
    shown = (
        "learning_rate",
        "seconds_per_step",
        "clips_per_second",
        "waiting_share",
        "reference_width",
        "previous_width",
    )
    parts = "  ".join(f"{name} {value:.3f}" for name, value in line.items() if name not in ("step", *shown))
    return f"{head}  {parts}  {line['seconds_per_step']:.2f} s a step, {left:.0f} min left"


def _fill_cache(args: argparse.Namespace, trainer: Trainer) -> None:
    from mobilevos_training.teacher import Clips

    if trainer.teacher is None or args.cache_teacher is None:
        raise UsageError("--cache-only needs --cache-teacher DIR and a recipe with a teacher")
    for count, batch in enumerate(trainer.batches(), start=trainer.step + 1):
        trainer.teacher(batch, Clips.of(batch, trainer.processes.device))
        if trainer.processes.first and (count % args.log_every == 0 or count == trainer.recipe.steps):
            print(f"teacher: {count} of {trainer.recipe.steps} steps", file=sys.stderr, flush=True)


def _count(text: str) -> int:
    """An argparse type: a whole number from 0 on."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from 0 on")
    return int(text)


def _run_options(args: argparse.Namespace, processes: Processes) -> RunOptions:
    from mobilevos_training.distributed import restarted
    from mobilevos_training.run_options import RunOptions, default_precision
    from mobilevos_training.validation import ValidationOptions, select_sequences

    out = args.out or Path("runs") / args.recipe.stem
    if processes.first:
        out.mkdir(parents=True, exist_ok=True)
    processes.wait()
    validation = None
    if args.val:
        validation = ValidationOptions(args.val, size=args.val_size, max_frames=args.val_frames)
        select_sequences(validation)  # what cannot be scored is said now, and not at the first score
    return RunOptions(
        data=args.data,
        out=out,
        precision=default_precision(processes.device) if args.precision == "auto" else args.precision,
        workers=args.workers,
        frame_cache=None if args.no_cache else args.frame_cache or out.parent / "frame-cache",
        teacher_cache=args.cache_teacher,
        save_every=args.save_every,
        log_every=args.log_every,
        keep_every=args.keep_every,
        validation=validation,
        validate_every=args.val_every,
        resume=not args.profile and (not args.restart or restarted()),
        exact_phases=args.profile,
    )


if __name__ == "__main__":
    sys.exit(main())
