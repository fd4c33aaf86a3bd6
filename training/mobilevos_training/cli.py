"""`vos-train`: runs a recipe; a run that was killed goes on where its last saved state stands."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mobilevos_sdk.cli.common import run

EXAMPLE = """example:
  vos-train training/recipes/mobilenetv2-noaspp.yaml --data ../shared/data --out runs/noaspp
  vos-train training/recipes/mobilenetv2-noaspp.yaml --data ../shared/data --show-batch batch.png
"""


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    result = argparse.ArgumentParser(
        "vos-train", description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    result.add_argument("recipe", type=Path, help="a YAML file, see training/recipes")
    result.add_argument("--data", type=Path, required=True, help="folder with davis16/train, static and backbones")
    result.add_argument("--out", type=Path, help="the run's folder (default: runs/RECIPE)")
    result.add_argument("--device", default="cpu", help="a PyTorch device (default: cpu)")
    result.add_argument("--threads", type=int, help="CPU threads (default: PyTorch's)")
    result.add_argument("--fp32", action="store_true", help="no bfloat16")
    result.add_argument("--steps", type=int, help="instead of the recipe's number of steps")
    result.add_argument("--save-every", type=int, default=100, metavar="STEPS", help="between saved states")
    result.add_argument("--restart", action="store_true", help="do not go on from a saved state: start over")
    result.add_argument("--show-batch", type=Path, metavar="PNG", help="draw the first batches and stop")
    return result


def main(argv: list[str] | None = None) -> int:
    """Runs the command and returns its exit code."""
    args = parser().parse_args(argv)
    return run("vos-train", lambda: train(args))


def train(args: argparse.Namespace) -> int:
    """Trains, or draws a batch."""
    import cv2
    import torch

    from mobilevos_training.loop import RunOptions, Trainer
    from mobilevos_training.recipe import read_recipe

    recipe = read_recipe(args.recipe, **({"steps": args.steps} if args.steps else {}))
    cv2.setNumThreads(1)
    if args.show_batch:
        from mobilevos_training.preview import save_preview

        save_preview(args.show_batch, recipe, args.data)
        print(f"wrote {args.show_batch}")
        return 0
    if args.threads:
        torch.set_num_threads(args.threads)
    out = args.out or Path("runs") / args.recipe.stem
    out.mkdir(parents=True, exist_ok=True)
    options = RunOptions(args.data, out, args.device, not args.fp32, args.save_every, resume=not args.restart)
    trainer = Trainer(recipe, options)
    if trainer.step:
        print(f"going on from step {trainer.step}", file=sys.stderr)
    for line in trainer.run():
        left = (recipe.steps - line["step"]) * line["seconds_per_step"] / 60
        print(
            f"step {line['step']:.0f}/{recipe.steps}  cross-entropy {line['cross_entropy']:.3f}  "
            f"dice {line['dice']:.3f}  {line['seconds_per_step']:.2f} s a step, {left:.0f} min left",
            file=sys.stderr,
            flush=True,
        )
    print(f"{out}: step {trainer.step} of {recipe.steps}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
