"""Trains recipes with several seeds, scores each, and collects the scores: `python -m mobilevos_training.ablation`."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobilevos_sdk.cli.common import ArgumentParser, UsageError, frame_size, positive_int, run
from mobilevos_sdk.errors import InvalidInputError
from mobilevos_sdk.files import write_atomically

if TYPE_CHECKING:
    from mobilevos_training.recipe import Recipe

PROGRAM = "python -m mobilevos_training.ablation"
EXAMPLE = """example:
  python -m mobilevos_training.ablation training/recipes/ablation/*.yaml --seeds 0,1 --data ../shared/data \\
      --val ../shared/data/davis16/val-open --out runs/ablation --json benchmarks/results/ablation.json

A cell of the table is a recipe with a seed, trained and scored in a folder of its own. Cells that are done are not done
again, and one that was interrupted goes on, so several machines can share the work by their --seeds; --collect makes
the table of the cells that are done. The first recipe is what the others are compared with, seed by seed.
"""
FORMAT = "mobilevos-ablation"
SCORE_FILE = "score.json"


@dataclass(frozen=True)
class Setting:
    """What all cells share.

    Attributes:
        data: the training data.
        validation: the folder that cells are scored on.
        size: height and width of the model's input in scoring.
        out: the folder of the cells.
        threads: CPU threads; None for PyTorch's number.
        arguments: of the command, for the record.
    """

    data: Path
    validation: Path
    size: tuple[int, int]
    out: Path
    threads: int | None
    arguments: tuple[str, ...]


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    result = ArgumentParser(PROGRAM, __doc__ or "", EXAMPLE)
    result.add_argument("recipes", type=Path, nargs="+", help="YAML files; the first one is the baseline")
    result.add_argument("--seeds", type=_seeds, default=(0, 1), help="numbers with commas (default: 0,1)")
    result.add_argument("--data", type=Path, required=True, help="folder that the recipes' sources are relative to")
    result.add_argument("--val", type=Path, required=True, help="folder in DAVIS layout to score on")
    result.add_argument("--val-size", type=frame_size, default=(480, 864), metavar="HxW", help="(default: 480x864)")
    result.add_argument("--out", type=Path, required=True, help="folder of the runs")
    result.add_argument("--collect", action="store_true", help="train nothing; collect the cells that are done")
    result.add_argument("--json", type=Path, help="where the collected scores go")
    result.add_argument("--threads", type=positive_int, help="CPU threads (default: PyTorch's)")
    return result


def main(argv: list[str] | None = None) -> int:
    """Runs the command and returns its exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    return run(PROGRAM, lambda: _main(arguments))


def _main(arguments: list[str]) -> None:
    args = parser().parse_args(arguments)
    from mobilevos_training.recipe import read_recipe

    setting = Setting(args.data, args.val, args.val_size, args.out, args.threads, tuple(arguments))
    recipes = {path.stem: path for path in args.recipes}
    if len(recipes) != len(args.recipes):
        raise UsageError("two recipes have the same name; their runs would share a folder")
    read = {name: read_recipe(path) for name, path in recipes.items()}
    # Seeds outermost: an ablation that is cut short then has whole comparisons.
    cells = [(name, seed) for seed in args.seeds for name in read]
    for number, (name, seed) in enumerate([] if args.collect else cells, start=1):
        print(f"{number} of {len(cells)}: {name}, seed {seed}", file=sys.stderr, flush=True)
        _cell(_folder(setting.out, name, seed), _seeded(read[name], seed), setting)
    rows = list(_rows(read, args.seeds, args.out))
    print(_table(rows))
    if args.json:
        write_atomically(args.json, json.dumps(_document(rows, read, setting), indent=1) + "\n")


def _folder(out: Path, name: str, seed: int) -> Path:
    return out / f"{name}-seed{seed}"


def _seeded(recipe: Recipe, seed: int) -> Recipe:
    return recipe.model_copy(update={"seed": seed})


def _cell(folder: Path, recipe: Recipe, setting: Setting) -> None:
    """Trains and scores one recipe with one seed, unless that is done."""
    import torch

    from mobilevos_sdk.machine import DISTRIBUTIONS, provenance
    from mobilevos_training.distributed import Processes
    from mobilevos_training.loop import Trainer
    from mobilevos_training.run_options import RunOptions, choose_device, default_precision, machine_name
    from mobilevos_training.validation import ValidationOptions, validate, write_preview

    if _score(folder, recipe) is not None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    if setting.threads:
        torch.set_num_threads(setting.threads)
    device = choose_device("auto")
    options = RunOptions(
        data=setting.data,
        out=folder,
        precision=default_precision(device),
        frame_cache=setting.out / "frames",
        teacher_cache=setting.out / "teacher",
        log_every=20,
    )
    trainer = Trainer(recipe, options, Processes(device=device))
    for line in trainer.run():
        print(f"  step {line['step']:.0f} of {recipe.steps}, loss {line['loss']:.3f}", file=sys.stderr, flush=True)
    result = validate(trainer.averaged().to("cpu"), ValidationOptions(setting.validation, size=setting.size))
    write_preview(folder / "validation.png", result.preview)
    score = {
        "J&F": result.mean_jf,
        "J": result.mean_j,
        "F": result.mean_f,
        "sequences": result.per_sequence,
        "recipe": recipe.model_dump(mode="json"),
        "recipe_digest": recipe.digest(),
        "date": datetime.now(timezone.utc).date().isoformat(),
        "machine": f"{machine_name(device)}, {torch.get_num_threads()} threads",
        "torch": torch.__version__,
        "precision": options.precision,
        "origin": provenance(PROGRAM, setting.arguments, (*DISTRIBUTIONS, "torch")).to_dict(),
    }
    write_atomically(folder / SCORE_FILE, json.dumps(score, indent=1))


def _score(folder: Path, recipe: Recipe) -> dict[str, Any] | None:
    """The score of a cell, or None where it is not done.

    Raises:
        InvalidInputError: the cell was done with another recipe of that name.
    """
    if not (folder / SCORE_FILE).is_file():
        return None
    score: dict[str, Any] = json.loads((folder / SCORE_FILE).read_text())
    if not recipe.is_as_written(score.pop("recipe", None)):
        raise InvalidInputError(
            f"{folder} was made with another recipe of that name; remove it, or choose another --out"
        )
    return score


def _rows(recipes: dict[str, Recipe], seeds: Sequence[int], out: Path) -> Iterator[dict[str, Any]]:
    """A row a recipe: its cells that are done, and their distance from the baseline's cells of the same seeds.

    Raises:
        InvalidInputError: a recipe has no cell, or one of a seed that the baseline does not have.
    """
    baseline: dict[int, float] = {}
    for name, recipe in recipes.items():
        found = {seed: _score(_folder(out, name, seed), _seeded(recipe, seed)) for seed in seeds}
        cells = {seed: score for seed, score in found.items() if score is not None}
        baseline = baseline or {seed: cell["J&F"] for seed, cell in cells.items()}
        if not cells or not baseline.keys() >= cells.keys():
            raise InvalidInputError(f"{out} lacks cells to compare '{name}' with; run without --collect")
        gains = [cell["J&F"] - baseline[seed] for seed, cell in cells.items()]
        yield {
            "name": name,
            "about": recipe.about,
            **{key: statistics.mean(cell[key] for cell in cells.values()) for key in ("J&F", "J", "F")},
            "gain": statistics.mean(gains),
            "gains": gains,
            "cells": [{"seed": seed, **cell} for seed, cell in cells.items()],
        }


def _table(rows: Sequence[dict[str, Any]]) -> str:
    lines = [f"{'recipe':<16} {'J&F':>6} {'J':>6} {'F':>6} {'gain':>6}   J&F of each seed"]
    for row in rows:
        seeds = "  ".join(f"{100 * cell['J&F']:.1f}" for cell in row["cells"])
        figures = " ".join(f"{100 * row[key]:6.1f}" for key in ("J&F", "J", "F", "gain"))
        lines.append(f"{row['name']:<16} {figures}   {seeds}")
    return "\n".join(lines)


def _document(rows: Sequence[dict[str, Any]], recipes: dict[str, Recipe], setting: Setting) -> dict[str, Any]:
    first = next(iter(recipes.values()))
    return {
        "format": FORMAT,
        "format_version": 1,
        "model": first.model.name,
        "budget": {"steps": first.steps, "batch": first.batch, "frames": first.data.frames, "crop": first.data.crop},
        "teacher": next((r.distill.teacher.name for r in recipes.values() if r.distill and r.distill.teacher), None),
        "data": {"folder": setting.validation.name, "size": "x".join(str(side) for side in setting.size)},
        "rows": list(rows),
    }


def _seeds(text: str) -> tuple[int, ...]:
    try:
        seeds = tuple(int(part) for part in text.split(","))
    except ValueError:
        seeds = ()
    if not seeds or len(set(seeds)) != len(seeds):
        raise argparse.ArgumentTypeError(f"'{text}' is not a list of different numbers such as 0,1")
    return seeds


if __name__ == "__main__":
    sys.exit(main())
