"""The formats of results files: who writes them, how they are read, and the JSON Schema of them all.

Every file of `benchmarks/results` begins with the name and the version of its format. Those that `vos-bench` writes are
records; those of other commands are read as far as the tables need them, and have a schema of their own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from mobilevos_bench import foreign_schema
from mobilevos_bench.accuracy_report import FORMAT as ACCURACY_FORMAT
from mobilevos_bench.accuracy_results import AccuracyResult, MasksAccuracy, read_accuracy
from mobilevos_bench.agreement_results import AgreementResult
from mobilevos_bench.attention_results import AttentionResult, read_attention
from mobilevos_bench.compare_results import Comparison
from mobilevos_bench.cost_results import CostResult, read_cost
from mobilevos_bench.frame_work import FrameWorkResult
from mobilevos_bench.gain_results import Gain
from mobilevos_bench.gpu_results import GpuResult, read_gpu
from mobilevos_bench.phone.app_results import AppResult
from mobilevos_bench.phone.results import PhoneResult
from mobilevos_bench.queue_results import QueueResult
from mobilevos_bench.records import decode, encode, json_schema, reading
from mobilevos_bench.results import LatencyResult, MemoryResult
from mobilevos_bench.training_results import AblationResult, TrainingProfile, read_ablation, read_profile
from mobilevos_sdk.errors import InvalidInputError

Record: TypeAlias = (
    LatencyResult
    | MemoryResult
    | QueueResult
    | PhoneResult
    | AppResult
    | FrameWorkResult
    | Comparison
    | Gain
    | AgreementResult
)
Foreign: TypeAlias = (
    AccuracyResult | MasksAccuracy | CostResult | AttentionResult | GpuResult | AblationResult | TrainingProfile
)
Result: TypeAlias = Record | Foreign
SCHEMA_NAME = "mobilevos-result"
# A list of numbers, which `json.dumps` gives a line each.
_NUMBERS = re.compile(r"\[\s+([-+.\deE]+(?:,\s+[-+.\deE]+)*)\s+\]")


@dataclass(frozen=True)
class ResultFormat:
    """A kind of results file.

    Attributes:
        name: what its `format` says.
        writer: the command that writes it.
        read: makes a result from what is in the file; takes the content and the file's name.
        schema: of the content; adds what it refers to to the definitions that it gets.
        version: what its `format_version` says.
        kind: the record that the file holds; none where another package writes the file.
    """

    name: str
    writer: str
    read: Callable[[dict[str, Any], str], Result]
    schema: Callable[[dict[str, Any]], dict[str, Any]]
    version: int = 1
    kind: type[Record] | None = None


def _record(name: str, writer: str, kind: type[Record]) -> ResultFormat:
    def read(data: dict[str, Any], where: str) -> Result:
        content = {key: value for key, value in data.items() if key not in ("format", "format_version")}
        return decode(kind, content, where)

    def schema(definitions: dict[str, Any]) -> dict[str, Any]:
        json_schema(kind, definitions)
        content: dict[str, Any] = definitions.pop(kind.__name__)  # the name is the format's, with a head before it
        return content

    return ResultFormat(name, writer, read, schema, kind=kind)


def _foreign(
    name: str, writer: str, read: Callable[[dict[str, Any]], Result], schema: Callable[[dict[str, Any]], dict[str, Any]]
) -> ResultFormat:
    def guarded(data: dict[str, Any], where: str) -> Result:
        with reading(where, writer):
            return read(data)

    return ResultFormat(name, writer, guarded, schema)


_ALL = (
    _record("mobilevos-latency", "vos-bench run", LatencyResult),
    _record("mobilevos-memory", "vos-bench memory", MemoryResult),
    _record("mobilevos-queue", "vos-bench queue", QueueResult),
    _record("mobilevos-phone", "vos-bench phone", PhoneResult),
    _record("mobilevos-app", "the Android app", AppResult),
    _record("mobilevos-frame-work", "android_demo/tools/benchmark_core.sh", FrameWorkResult),
    _record("mobilevos-comparison", "vos-bench compare", Comparison),
    _record("mobilevos-gain", "vos-bench gain", Gain),
    _record("mobilevos-agreement", "vos-bench agree", AgreementResult),
    _foreign(ACCURACY_FORMAT, "vos-eval", read_accuracy, foreign_schema.accuracy),
    _foreign("mobilevos-cost", "python -m mobilevos_models.cost", read_cost, foreign_schema.cost),
    _foreign(
        "mobilevos-attention-cost",
        "python -m mobilevos_export.attention_cost",
        read_attention,
        foreign_schema.attention_cost,
    ),
    _foreign("mobilevos-gpu-check", "python -m mobilevos_export.gpu_check", read_gpu, foreign_schema.gpu_check),
    _foreign("mobilevos-ablation", "python -m mobilevos_training.ablation", read_ablation, foreign_schema.ablation),
    _foreign("mobilevos-training-profile", "vos-train --profile", read_profile, foreign_schema.profile),
)
FORMATS: dict[str, ResultFormat] = {found.name: found for found in _ALL}


def to_text(record: Record) -> str:
    """A record as the text of its file."""
    found = next(one for one in _ALL if one.kind is type(record))
    head = {"format": found.name, "format_version": found.version}
    text = json.dumps({**head, **encode(record)}, indent=1)
    return _NUMBERS.sub(lambda match: f"[{' '.join(match[1].split())}]", text) + "\n"


def from_data(data: dict[str, Any], where: str) -> Result:
    """Makes a result from what `json.loads` gave.

    Args:
        data: what the file holds.
        where: names the file in messages.

    Raises:
        InvalidInputError: not of a format that is known here, of another version, or with wrong fields.
    """
    found = FORMATS.get(str(data.get("format")))
    if found is None:
        raise InvalidInputError(f"{where} is of format {data.get('format')!r}; known are {', '.join(FORMATS)}")
    if data.get("format_version") != found.version:
        raise InvalidInputError(
            f"{where} has format version {data.get('format_version')}, this release reads {found.version}; "
            f"run {found.writer} again"
        )
    return found.read(data, where)


def read_result(path: Path) -> Result:
    """Reads a results file.

    Raises:
        InvalidInputError: it is not one; see `from_data`.
        OSError: the file cannot be read.
    """
    return from_data(read_json(path), str(path))


def read_json(path: Path) -> dict[str, Any]:
    """The content of a results file.

    Raises:
        InvalidInputError: it is not a JSON object.
        OSError: the file cannot be read.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InvalidInputError(f"{path} is not JSON ({error}); measure again or delete it") from error
    if not isinstance(data, dict):
        raise InvalidInputError(f"{path} is not a JSON object; measure again or delete it")
    return data


def read_folder(folder: Path) -> Iterator[Result]:
    """Yields the results of a folder in the order of their files' names; see `read_result`."""
    yield from map(read_result, sorted(folder.glob("*.json")))


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of all results files: what follows from the `format` of each."""
    definitions: dict[str, Any] = {}
    branches = []
    for found in _ALL:
        content = found.schema(definitions)
        head = {"format": {"const": found.name}, "format_version": {"const": found.version}}
        definitions[found.name] = {
            **content,
            "properties": {**head, **content["properties"]},
            "required": [*head, *content["required"]],
        }
        branches.append(
            {"if": {"properties": {"format": {"const": found.name}}}, "then": {"$ref": f"#/$defs/{found.name}"}}
        )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SCHEMA_NAME,
        "type": "object",
        "properties": {"format": {"enum": list(FORMATS)}},
        "required": ["format", "format_version"],
        "allOf": branches,
        "$defs": definitions,
    }
