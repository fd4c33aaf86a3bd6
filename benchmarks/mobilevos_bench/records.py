"""Records: frozen dataclasses that go to JSON and come back checked, and their JSON Schema.

A field's type is one of: str, int, float, bool, another record, a tuple of any length, a mapping from str, or one of
these or none. A type that is not among them is a mistake in the program. A field with a default came later than its
record: files may lack it, and it is left out of a file while it has its default.
"""

from __future__ import annotations

import dataclasses
import math
import statistics
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from mobilevos_sdk.errors import InvalidInputError

Record = TypeVar("Record")
_SCALARS: dict[type, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}


@dataclass(frozen=True)
class Spread:
    """The distribution of a measurement.

    Attributes:
        median: the middle.
        p5: a twentieth of the values are below.
        p95: a twentieth of the values are above.
        iqr: the distance between the quartiles.
        count: how many values.
        runs: the values themselves, in the order in which they were measured; none in files that do not keep them.
    """

    median: float
    p5: float
    p95: float
    iqr: float
    count: int
    runs: tuple[float, ...] | None = None

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """The distribution of some values, with percentiles interpolated between neighbours; keeps the values.

        Raises:
            InvalidInputError: there is no value.
        """
        runs = tuple(values)
        ordered = sorted(runs)
        if not ordered:
            raise InvalidInputError("nothing was measured; ask for at least one frame")
        quartiles = _percentile(ordered, 0.75) - _percentile(ordered, 0.25)
        ends = _percentile(ordered, 0.05), _percentile(ordered, 0.95)
        return cls(statistics.median(ordered), *ends, quartiles, len(ordered), runs)


def _percentile(ordered: list[float], share: float) -> float:
    position = share * (len(ordered) - 1)
    low = math.floor(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (position - low) * (ordered[high] - ordered[low])


def encode(record: Any) -> Any:
    """A record as plain JSON values; measured numbers keep five digits, which is more than any clock deserves."""
    if dataclasses.is_dataclass(record) and not isinstance(record, type):
        values = [(field, getattr(record, field.name)) for field in dataclasses.fields(record)]
        return {field.name: encode(value) for field, value in values if value != field.default}
    if isinstance(record, Mapping):
        return {key: encode(value) for key, value in record.items()}
    if isinstance(record, (tuple, list)):
        return [encode(value) for value in record]
    return float(f"{record:.5g}") if isinstance(record, float) else record


def decode(kind: type[Record], data: Any, where: str = "") -> Record:
    """Makes a record from JSON values.

    Args:
        kind: the record's class.
        data: what `json.loads` gave.
        where: names the place in error messages.

    Raises:
        InvalidInputError: a field is missing, unknown or of another type; the message says where.
    """
    value: Record = _decode(kind, data, where or kind.__name__)
    return value


def _decode(kind: Any, data: Any, where: str) -> Any:
    if dataclasses.is_dataclass(kind):
        return _decode_record(kind, data, where)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        inner = next(argument for argument in arguments if argument is not type(None))
        return None if data is None else _decode(inner, data, where)
    if origin is tuple:
        values = _expect(data, list, where)
        return tuple(_decode(arguments[0], value, f"{where}[{index}]") for index, value in enumerate(values))
    if origin is not None:
        return {
            key: _decode(arguments[1], value, f"{where}.{key}") for key, value in _expect(data, dict, where).items()
        }
    if kind is Any:
        return data
    if kind is float and type(data) is int:
        return float(data)
    return _expect(data, kind, where)


def _decode_record(kind: Any, data: Any, where: str) -> Any:
    hints = typing.get_type_hints(kind)
    values = _expect(data, dict, where)
    missing, unknown = _required(kind) - set(values), set(values) - set(hints)
    for problem, found in (("lacks", missing), ("has an unknown", unknown)):
        if found:
            raise InvalidInputError(f"{where} {problem} field '{min(found)}'; measure again with vos-bench")
    return kind(**{name: _decode(hints[name], value, f"{where}.{name}") for name, value in values.items()})


def _required(kind: Any) -> set[str]:
    """The names of a record's fields that every file has."""
    return {field.name for field in dataclasses.fields(kind) if field.default is dataclasses.MISSING}


def _expect(data: Any, kind: type, where: str) -> Any:
    if type(data) is not kind:  # a bool is an int to isinstance
        raise InvalidInputError(
            f"{where} is of type {type(data).__name__}, not {kind.__name__}; measure again with vos-bench"
        )
    return data


def json_schema(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a field's type.

    Args:
        kind: the type.
        definitions: gains the schema of every record in it, under the name of its class; a schema that refers to them
            has them as its `$defs`.
    """
    if dataclasses.is_dataclass(kind):
        return _record_schema(kind, definitions)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return {"anyOf": [json_schema(a, definitions) if a is not type(None) else {"type": "null"} for a in arguments]}
    if origin is tuple:
        return {"type": "array", "items": json_schema(arguments[0], definitions)}
    if origin is not None:
        return {"type": "object", "additionalProperties": json_schema(arguments[1], definitions)}
    return {} if kind is Any else {"type": _SCALARS[kind]}


def _record_schema(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    hints, required = typing.get_type_hints(kind), _required(kind)
    found = {
        "type": "object",
        "properties": {name: json_schema(hint, definitions) for name, hint in hints.items()},
        "required": [name for name in hints if name in required],
        "additionalProperties": False,
    }
    if definitions.setdefault(kind.__name__, found) != found:
        raise TypeError(f"two records are called {kind.__name__}; files that share a schema need two names")
    return {"$ref": f"#/$defs/{kind.__name__}"}


@contextmanager
def reading(where: str, writer: str) -> Iterator[None]:
    """Around the reading of a file that another command wrote, of which only some fields are needed.

    Args:
        where: names the file in messages.
        writer: the command that writes such files.

    Raises:
        InvalidInputError: in the block, a field is missing, of a wrong type, or cannot be used.
    """
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, InvalidInputError) as error:
        raise InvalidInputError(
            f"{where} is not what {writer} writes ({type(error).__name__}: {error}); run {writer} again"
        ) from error
