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
    from mobilevos_training.soup import Ingredient, Soup
    from mobilevos_training.validation import ValidationOptions

PROGRAM = "vos-soup"
EPILOG = """\
examples:
  vos-soup runs/omega*/model.safetensors --data DAVIS --out soup.safetensors
  vos-soup runs/noaspp/checkpoints/*.safetensors --uniform --data DAVIS --size 240x432

The greedy soup begins with the best checkpoint and lets each other in, from the best to the worst, where the average
does not score worse for it. Scores are kept in OUT.scores.json, so that the same command goes on where it was stopped.
Choose on data that is not reported on: training videos, or a part of the validation set that is left out of the report.
"""


def main(argv: list[str] | None = None) -> int:
    """Runs the command.

    Returns:
        0 done, 1 failed, 2 wrong usage, 130 interrupted.
    """
    return run(PROGRAM, lambda: _make(_parser().parse_args(argv)))


def _parser() -> ArgumentParser:
    parser = ArgumentParser(PROGRAM, "Averages checkpoints of one model: a greedy or uniform model soup.", EPILOG)
    parser.add_argument("checkpoints", nargs="+", type=Path, metavar="CKPT", help="checkpoints of one model")
    parser.add_argument("--data", type=Path, required=True, help="what is scored: JPEGImages and ground truth")
    parser.add_argument("--uniform", action="store_true", help="average all of them, such as those of one run")
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


def _make(options: argparse.Namespace) -> None:
    _check(options)
    import torch

    from mobilevos_models.checkpoints import save_checkpoint
    from mobilevos_sdk.files import write_atomically
    from mobilevos_training.soup import read_ingredients
    from mobilevos_training.validation import ValidationOptions, select_sequences

    validation = ValidationOptions(options.data, options.annotations, options.size, options.sequences)
    if options.threads:
        torch.set_num_threads(options.threads)
    ingredients = read_ingredients(options.checkpoints)
    sequences = select_sequences(validation)
    scorer = Scorer(validation, sequences, options.out.with_name(f"{options.out.name}.scores.json"))
    soup = _choose(ingredients, scorer, options.uniform)
    report = describe(soup, options.uniform, validation, sequences)
    save_checkpoint(options.out, soup.weights(), {"model": report["model"], "soup": json.dumps(report)})
    told = f"{table(soup)}\n{verdict(soup, options.uniform, options.out)}"
    print(told, file=sys.stderr if options.json == "-" else sys.stdout)
    if options.json:
        text = json.dumps(report, indent=1) + "\n"
        sys.stdout.write(text) if options.json == "-" else write_atomically(options.json, text)


def _choose(ingredients: Sequence[Ingredient], scorer: Scorer, uniform: bool) -> Soup:
    """Makes the soup; whoever interrupts it is told that nothing is lost."""
    from mobilevos_training.soup import greedy_soup, uniform_soup

    try:
        return (uniform_soup if uniform else greedy_soup)(ingredients, scorer)
    except KeyboardInterrupt:
        print(f"{PROGRAM}: the same command goes on with the scores in {scorer.file}", file=sys.stderr)
        raise


def _check(options: argparse.Namespace) -> None:
    """Makes sure that the outputs can be written, and that none would replace an ingredient or another output."""
    from mobilevos_sdk.files import check_writable

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
    _settings: list[Any] = field(init=False)

    def __post_init__(self) -> None:
        """Reads the scores of an earlier run."""
        self._known = _read_scores(self.file)
        self._settings = [list(self.options.size), self.options.queue, [_extent(one) for one in self.sequences]]

    def __call__(self, members: Sequence[Ingredient]) -> float:
        """J&F, 0 to 1, of the average of some ingredients."""
        # By contents alone: a name may come to mean another file.
        identity = [[member.sha256 for member in members], self._settings]
        key = hashlib.sha256(json.dumps(identity).encode()).hexdigest()
        name = members[0].label if len(members) == 1 else f"average of {len(members)}"
        if key in self._known:
            print(f"{name}: J&F {self._known[key]:.4f}, from {self.file.name}", file=sys.stderr)
        else:
            self._known[key] = self._score(members)
            self._save()
            print(f"{name}: J&F {self._known[key]:.4f}", file=sys.stderr)
        return self._known[key]

    def _score(self, members: Sequence[Ingredient]) -> float:
        from mobilevos_training.soup import average, soup_model
        from mobilevos_training.validation import count_frames, validate

        progress = Progress(count_frames(self.sequences))
        try:
            return validate(soup_model(average(members), members[0].model), self.options, progress.step).mean_jf
        finally:
            progress.close()

    def _save(self) -> None:
        from mobilevos_sdk.files import write_atomically

        write_atomically(self.file, json.dumps({"scores": self._known}, indent=1) + "\n")


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


def describe(
    soup: Soup, uniform: bool, options: ValidationOptions, sequences: Sequence[DavisSequence]
) -> dict[str, Any]:
    """What went into a soup and why, ready for JSON; scores are J&F from 0 to 1, paths are left out."""
    return {
        "model": soup.members[0].model,
        "soup": "uniform" if uniform else "greedy",
        "score": soup.score,
        "best_ingredient_score": soup.best_score,
        "selection": {
            "data": options.data.resolve().name,
            "annotations": options.annotations,
            "size": "x".join(map(str, options.size)),
            "queue": options.queue,
            "sequences": [sequence.name for sequence in sequences],
        },
        "ingredients": [
            {
                "file": decision.ingredient.label,
                "sha256": decision.ingredient.sha256[:12],
                "own_score": decision.own_score,
                "score_with_it": decision.trial_score,
                "let_in": decision.let_in,
                "score_after": decision.soup_score,
            }
            for decision in soup.decisions
        ],
    }


def table(soup: Soup) -> str:
    """One line for every ingredient: its own J&F, that of the soup with it, whether it is in, and the soup's then."""
    width = max(len("ingredient"), *(len(decision.ingredient.label) for decision in soup.decisions))
    lines = [f"{'ingredient':{width}}  {'own J&F':>8}  {'with it':>8}  {'let in':>6}  {'soup':>8}"]
    for one in soup.decisions:
        numbers = (
            f"{one.own_score:8.4f}  {one.trial_score:8.4f}  {'yes' if one.let_in else 'no':>6}  {one.soup_score:8.4f}"
        )
        lines.append(f"{one.ingredient.label:{width}}  {numbers}")
    return "\n".join(lines)


def verdict(soup: Soup, uniform: bool, path: Path) -> str:
    """What the soup is in the end, in one line."""
    count, total = len(soup.members), len(soup.decisions)
    if uniform and count < total:
        trial = soup.decisions[0].trial_score
        return (
            f"the average of all {total} scores {trial:.4f}, worse than the best ingredient: "
            f"{path} holds {soup.members[0].label} alone, J&F {soup.score:.4f}"
        )
    return f"{path}: {count} of {total} let in, J&F {soup.score:.4f} (best ingredient {soup.best_score:.4f})"


if __name__ == "__main__":
    sys.exit(main())
