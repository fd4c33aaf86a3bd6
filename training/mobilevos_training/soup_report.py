"""What a soup is made of and why: for JSON, and for people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mobilevos_sdk.davis import DavisSequence
from mobilevos_training.share import Way
from mobilevos_training.soup import Ingredient, Soup
from mobilevos_training.validation import ValidationOptions


def describe(soup: Soup | Way, options: ValidationOptions, sequences: Sequence[DavisSequence]) -> dict[str, Any]:
    """What went into a soup and why, ready for JSON; scores are J&F from 0 to 1, paths are left out."""
    return {
        "model": soup.model,
        "soup": soup.kind,
        "score": soup.score,
        "best_ingredient_score": soup.best_score,
        "selection": {
            "data": options.data.resolve().name,
            "annotations": options.annotations,
            "size": "x".join(map(str, options.size)),
            "queue": options.slots(soup.model),
            "sequences": [sequence.name for sequence in sequences],
        },
        **(_way(soup) if isinstance(soup, Way) else _decisions(soup)),
    }


def _decisions(soup: Soup) -> dict[str, Any]:
    return {
        "ingredients": [
            {
                **_identity(decision.ingredient),
                "own_score": decision.own_score,
                "score_with_it": decision.trial_score,
                "let_in": decision.let_in,
                "score_after": decision.soup_score,
            }
            for decision in soup.decisions
        ]
    }


def _way(way: Way) -> dict[str, Any]:
    return {
        "share": way.best.share,
        "shares": [{"share": stop.share, "score": stop.score} for stop in way.stops],
        "ingredients": [
            {**_identity(ingredient), "own_score": stop.score}
            for ingredient, stop in ((way.start, way.stops[0]), (way.end, way.stops[-1]))
        ],
    }


def _identity(ingredient: Ingredient) -> dict[str, str]:
    return {"file": ingredient.label, "sha256": ingredient.sha256[:12]}


def table(soup: Soup | Way) -> str:
    """One line for every ingredient: its own J&F, that of the soup with it, whether it is in, and the soup's then.

    Of a way, one line for every stop: its share and J&F.
    """
    if isinstance(soup, Way):
        return "\n".join(["share       J&F", *(f"{stop.share:<8g}{stop.score:7.4f}" for stop in soup.stops)])
    width = max(len("ingredient"), *(len(decision.ingredient.label) for decision in soup.decisions))
    lines = [f"{'ingredient':{width}}  {'own J&F':>8}  {'with it':>8}  {'let in':>6}  {'soup':>8}"]
    for one in soup.decisions:
        numbers = (
            f"{one.own_score:8.4f}  {one.trial_score:8.4f}  {'yes' if one.let_in else 'no':>6}  {one.soup_score:8.4f}"
        )
        lines.append(f"{one.ingredient.label:{width}}  {numbers}")
    return "\n".join(lines)


def verdict(soup: Soup | Way, path: Path) -> str:
    """What the soup is in the end, in one line."""
    if isinstance(soup, Way):
        way = f"from {soup.start.label} to {soup.end.label}"
        return f"{path}: {soup.best.share:g} of the way {way}, J&F {soup.score:.4f} (start and end {_ends(soup)})"
    count, total = len(soup.members), len(soup.decisions)
    if soup.kind == "uniform" and count < total:
        trial = soup.decisions[0].trial_score
        return (
            f"the average of all {total} scores {trial:.4f}, worse than the best ingredient: "
            f"{path} holds {soup.members[0].label} alone, J&F {soup.score:.4f}"
        )
    return f"{path}: {count} of {total} let in, J&F {soup.score:.4f} (best ingredient {soup.best_score:.4f})"


def _ends(way: Way) -> str:
    return f"{way.stops[0].score:.4f} and {way.stops[-1].score:.4f}"
