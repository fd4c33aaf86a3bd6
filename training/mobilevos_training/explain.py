"""What is wrong with a recipe, in one line: the place with dots, and the nearest name that is known there."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, Literal, get_args, get_origin

from pydantic import ValidationError

from mobilevos_training.options import Options


def explain(error: ValidationError, root: type[Options]) -> str:
    """One line for the first of a validation's errors, and how many more there are.

    Args:
        error: what pydantic raised.
        root: the options that were validated.
    """
    first = error.errors()[0]
    names, known = _walk(root, first["loc"])
    place = ".".join(names)
    more = len(error.errors()) - 1
    end = f" (and {more} more)" if more else ""
    if first["type"] == "extra_forbidden":
        near = get_close_matches(names[-1], known, 1, cutoff=0.4)
        hint = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(sorted(known))}"
        return f"unknown name '{place}'; {hint}{end}"
    message = first["msg"].removeprefix("Value error, ")
    return (f"{place}: {message}" if place else message) + end


def _walk(root: type[Options], place: tuple[int | str, ...]) -> tuple[list[str], list[str]]:
    """The names on the way to a place, and those that its part may have.

    Where a part is one of several kinds, pydantic's place names the kind as well, which a recipe does not.
    """
    parts, names = [root], []
    last = len(place) - 1
    for index, step in enumerate(place):
        tagged = [part for part in parts if len(parts) > 1 and step in _tags(part)]
        if tagged:
            parts = tagged
            continue
        names.append(str(step))
        if index < last and not isinstance(step, int):
            fields = [part.model_fields[step].annotation for part in parts if step in part.model_fields]
            parts = [found for annotation in fields for found in _options_in(annotation)]
    return names, sorted({name for part in parts for name in part.model_fields})


def _tags(part: type[Options]) -> set[str]:
    """The values of the fields that tell this kind of part from others."""
    annotations = [field.annotation for field in part.model_fields.values()]
    return {
        value
        for one in annotations
        if get_origin(one) is Literal and len(get_args(one)) == 1
        for value in get_args(one)
    }


def _options_in(annotation: Any) -> Iterator[type[Options]]:
    if isinstance(annotation, type) and issubclass(annotation, Options):
        yield annotation
    for argument in get_args(annotation):
        yield from _options_in(argument)
