"""What differs between the settings, machines or versions of two results."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any


def fields_of(record: Any) -> dict[str, Any]:
    """The fields of a record, which may be the settings of a measurement."""
    return {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}


def differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    """A few words for each name whose values are not the same: `threads 1 and 2`."""
    names = dict.fromkeys((*first, *second))
    return [
        f"{name} {_text(first.get(name))} and {_text(second.get(name))}"
        for name in names
        if first.get(name) != second.get(name)
    ]


def _text(value: Any) -> str:
    if value is None:
        return "unknown"
    return " ".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)
