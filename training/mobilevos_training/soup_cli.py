"""`vos-soup`: averages checkpoints into a model that is at least as good as the best of them on the selection data."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobilevos_sdk.cli.common import ArgumentParser, Progress, UsageError, frame_size, positive_int, run
from mobilevos_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from mobilevos_sdk.davis import DavisSequence
    from mobilevos_training.share import Way
    from mobilevos_training.soup import Ingredient, Soup
    from mobilevos_training.validation import ValidationOptions

PROGRAM = "vos-soup"
EPILOG = """\
examples:
  vos-soup runs/omega*/model.safetensors --data DAVIS --out soup.safetensors
  vos-soup runs/noaspp/checkpoints/*.safetensors --uniform --data DAVIS --size 240x432
  vos-soup before.safetensors runs/finetuned/model.safetensors --shares 0.25,0.5,0.75 --data DAVIS

The greedy soup begins with the best checkpoint and lets each other in, from the best to the worst, where the average
does not score worse for it. --shares goes from one checkpoint to what it became by more training, and stops where that
scores best. Scores are kept in OUT.scores.json, so that the same command goes on where it was stopped.
Choose on data that is not reported on: training videos, or a part of the validation set that is left out of the report.
"""


def main(argv: list[str] | None = None) -> int:
    """Runs the command.

    Returns:
        0 done, 1 failed, 2 wrong usage, 130 interrupted.
    """
    return run(PROGRAM, lambda: _make(_parser().parse_args(argv)))


def _parser() -> ArgumentParser:
    parser = ArgumentParser(PROGRAM, "Averages checkpoints of one model: a model soup, or a share of the way.", EPILOG)
    parser.add_argument("checkpoints", nargs="+", type=Path, metavar="CKPT", help="checkpoints of one model")
    parser.add_argument("--data", type=Path, required=True, help="what is scored: JPEGImages and ground truth")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--uniform", action="store_true", help="average all of them, such as those of one run")
    kind.add_argument(
        "--shares", type=_shares, metavar="S,S", help="the best share of the way from the first to the second, 0 to 1"
    )
    parser.add_argument(
        "--annotations", default="Annotations", metavar="NAME", help="the ground truth's folder (%(default)s)"
    )
    parser.add_argument(
        "--size", type=frame_size, default=(480, 864), metavar="HxW", help="the model's input, in pixels (480x864)"
    )
    parser.add_argument("--sequences", type=_names, metavar="A,B", help="sequences to score (default: all with masks)")
    parser.add_argument(
        "--out", type=Path, default=Path("soup.safetensors"), metavar="FILE", help="the soup (%(default)s)"
    )
    parser.add_argument("--json", metavar="FILE|-", help="write the decisions as JSON; '-' is the standard output")
    parser.add_argument("--threads", type=positive_int, metavar="N", help="CPU threads (default: PyTorch's)")
    return parser


def _names(text: str) -> tuple[str, ...]:
    """An argparse type: names separated by commas."""
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise argparse.ArgumentTypeError(f"'{text}' names no sequence")
    return names


def _shares(text: str) -> tuple[float, ...]:
    """An argparse type: shares of a way, separated by commas."""
    try:
        shares = tuple(float(share) for share in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not numbers with commas between them") from None
    if not all(0.0 <= share <= 1.0 for share in shares):
        raise argparse.ArgumentTypeError(f"'{text}': a share of the way is from 0 to 1")
    return shares


def _make(options: argparse.Namespace) -> None:
    _check(options)
    import torch

    from mobilevos_models.checkpoints import save_checkpoint
    from mobilevos_sdk.files import write_atomically
    from mobilevos_training.soup import read_ingredients
    from mobilevos_training.soup_report import describe, table, verdict
    from mobilevos_training.validation import ValidationOptions, select_sequences

    validation = ValidationOptions(options.data, options.annotations, options.size, options.sequences)
    if options.threads:
        torch.set_num_threads(options.threads)
    ingredients = read_ingredients(options.checkpoints)
    sequences = select_sequences(validation)
    scorer = Scorer(validation, sequences, options.out.with_name(f"{options.out.name}.scores.json"))
    soup = _choose(ingredients, scorer, options)
    report = describe(soup, validation, sequences)
    save_checkpoint(options.out, soup.weights(), {"model": report["model"], "soup": json.dumps(report)})
    told = f"{table(soup)}\n{verdict(soup, options.out)}"
    print(told, file=sys.stderr if options.json == "-" else sys.stdout)
    if options.json:
        text = json.dumps(report, indent=1) + "\n"
        sys.stdout.write(text) if options.json == "-" else write_atomically(options.json, text)


def _choose(ingredients: Sequence[Ingredient], scorer: Scorer, options: argparse.Namespace) -> Soup | Way:
    """Makes the soup; whoever interrupts it is told that nothing is lost."""
    from mobilevos_training.share import best_share, portions
    from mobilevos_training.soup import greedy_soup, uniform_soup

    try:
        if options.shares:
            start, end = ingredients
            return best_share(start, end, options.shares, lambda share: scorer((start, end), portions(share)))
        return (uniform_soup if options.uniform else greedy_soup)(ingredients, scorer)
    except KeyboardInterrupt:
        print(f"{PROGRAM}: the same command goes on with the scores in {scorer.file}", file=sys.stderr)
        raise


def _check(options: argparse.Namespace) -> None:
    """Makes sure that the outputs can be written, and that none would replace an ingredient or another output."""
    from mobilevos_sdk.files import check_writable

    if options.shares and len(options.checkpoints) != 2:
        raise UsageError(f"--shares needs two checkpoints, a start and an end, not {len(options.checkpoints)}")
    inputs = {path.resolve() for path in options.checkpoints}
    outputs = [options.out.resolve()]
    outputs += [Path(options.json).resolve()] if options.json not in (None, "-") else []
    for path in outputs:
        if path in inputs:
            raise UsageError(f"{path.name} is an ingredient and would be replaced; choose another name for the output")
    if len(set(outputs)) < len(outputs):
        raise UsageError("--out and --json are one file; choose two names")
    for path in outputs:
        check_writable(path)


@dataclass
class Scorer:
    """Scores averages of ingredients, each once: scores are kept in a file and found there by the next run.

    Attributes:
        options: what is scored on.
        sequences: the same, read from the disk; other data gives other keys.
        file: where scores are kept.

    Raises:
        InvalidInputError: the file exists and holds something else.
    """

    options: ValidationOptions
    sequences: Sequence[DavisSequence]
    file: Path
    _known: dict[str, float] = field(init=False)
    _extents: list[Any] = field(init=False)

    def __post_init__(self) -> None:
        """Reads the scores of an earlier run."""
        self._known = _read_scores(self.file)
        self._extents = [_extent(one) for one in self.sequences]

    def __call__(self, members: Sequence[Ingredient], portions: Sequence[float] | None = None) -> float:
        """J&F, 0 to 1, of the average of some ingredients, by default of as much of one as of another."""
        # By contents alone: a name may come to mean another file.
        settings = [list(self.options.size), self.options.slots(members[0].model), self._extents]
        identity = [[member.sha256 for member in members], settings, *([list(portions)] if portions else [])]
        key = hashlib.sha256(json.dumps(identity).encode()).hexdigest()
        name = _name(members, portions)
        if key in self._known:
            print(f"{name}: J&F {self._known[key]:.4f}, from {self.file.name}", file=sys.stderr)
        else:
            self._known[key] = self._score(members, portions)
            self._save()
            print(f"{name}: J&F {self._known[key]:.4f}", file=sys.stderr)
        return self._known[key]

    def _score(self, members: Sequence[Ingredient], portions: Sequence[float] | None) -> float:
        from mobilevos_training.soup import average, soup_model
        from mobilevos_training.validation import count_frames, validate

        progress, weights = Progress(count_frames(self.sequences)), average(members, portions)
        try:
            return validate(soup_model(weights, members[0].model), self.options, progress.step).mean_jf
        finally:
            progress.close()

    def _save(self) -> None:
        from mobilevos_sdk.files import write_atomically

        write_atomically(self.file, json.dumps({"scores": self._known}, indent=1) + "\n")


def _name(members: Sequence[Ingredient], portions: Sequence[float] | None) -> str:
    """What is scored, for people."""
    if portions is None:
        return members[0].label if len(members) == 1 else f"average of {len(members)}"
    used = [(portion, member.label) for portion, member in zip(portions, members, strict=True) if portion]
    return used[0][1] if len(used) == 1 else " + ".join(f"{portion:g} {label}" for portion, label in used)


def _read_scores(file: Path) -> dict[str, float]:
    if not file.exists():
        return {}
    try:
        scores = json.loads(file.read_text())["scores"]
        return {str(key): float(value) for key, value in scores.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidInputError(
            f"{file} does not hold scores of {PROGRAM}; delete it or choose another --out"
        ) from error


def _extent(sequence: DavisSequence) -> list[Any]:
    """A sequence's name and the sizes of its files in bytes: enough to notice that a data set was changed."""
    masks = [[index, path.stat().st_size] for index, path in sorted(sequence.annotations.items())]
    return [sequence.name, [path.stat().st_size for path in sequence.frame_files], masks]


if __name__ == "__main__":
    sys.exit(main())
