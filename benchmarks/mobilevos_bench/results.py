"""The results files: what `vos-bench run` and `vos-bench memory` write, and what the tables are made from.

A file is the record of one measurement with a format name and a version before it. `vos-eval` writes files of a format
of its own (`accuracy_report.py`), which `accuracy_results.py` reads.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from mobilevos_bench.ceiling import Ceiling
from mobilevos_bench.records import Spread, decode, encode, json_schema
from mobilevos_sdk.errors import InvalidInputError

FORMAT_VERSION = 1
LATENCY_FORMAT = "mobilevos-latency"
MEMORY_FORMAT = "mobilevos-memory"
Result = TypeVar("Result")


@dataclass(frozen=True)
class Setting:
    """What was run, on what.

    Attributes:
        model: the model's registered name.
        queue: slots of its memory.
        height: of its input, in pixels.
        width: of its input, in pixels.
        precision: of its weights: `fp32` or `fp16`.
        parameters: how many it has; none where the artifact does not say.
        objects: how many were followed.
        threads: of the runtime.
        clip: the video's file name.
        clip_height: of the video's frames, in pixels.
        clip_width: of the video's frames, in pixels.
    """

    model: str
    queue: int
    height: int
    width: int
    precision: str
    parameters: int | None
    objects: int
    threads: int
    clip: str
    clip_height: int
    clip_width: int


@dataclass(frozen=True)
class Origin:
    """How a result was made.

    Attributes:
        command: the command line.
        date: UTC, ISO 8601.
        machine: processor, cores that the process may use, system and Python.
        versions: of the distributions that may change a number.
        busy_cores: cores that other programs kept busy just before; none where the system cannot tell. Numbers of a
            busy machine are not worth keeping.
    """

    command: str
    date: str
    machine: dict[str, Any]
    versions: dict[str, str]
    busy_cores: float | None


@dataclass(frozen=True)
class ArtifactFile:
    """The measured file: its runtime, name, size in bytes and hex SHA-256."""

    runtime: str
    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Stages:
    """Milliseconds a frame, stage by stage; `Latency` of the SDK says what belongs to which.

    Attributes:
        preprocess: from the caller's frame to the model's input.
        segment: the graph `segment`.
        memorize: the graph `memorize` and the memory bank.
        postprocess: from the model's probabilities to the caller's mask.
        model: segment and memorize together.
        total: all of them.
    """

    preprocess: Spread
    segment: Spread
    memorize: Spread
    postprocess: Spread
    model: Spread
    total: Spread


@dataclass(frozen=True)
class RuntimeLatency:
    """One artifact on one runtime.

    Attributes:
        artifact: the file.
        stages: milliseconds a frame after warm-up.
        fit_share: pre- and post-processing as a share of the model's time, of the medians.
        gflop: 1e9 floating point operations a frame (two for a multiply-accumulate) in segment and memorize; none where
            the artifact does not say.
        gflop_per_s: those over the median time of the model.
        ceiling_share: gflop_per_s as a share of the machine's ceiling.
        start_ms: from the start of a fresh process to the first mask that the model makes, in milliseconds.
    """

    artifact: ArtifactFile
    stages: Stages
    fit_share: float
    gflop: float | None
    gflop_per_s: float | None
    ceiling_share: float | None
    start_ms: Spread


@dataclass(frozen=True)
class LatencyResult:
    """What `vos-bench run` measures.

    Attributes:
        setting: what was run.
        origin: how the result was made.
        warmup: frames of each runtime that were run and not counted.
        ceiling: the machine's ceiling in GFLOP/s: the best runtime's median in dense convolutions.
        ceilings: every runtime's convolutions, measured in turn with the model's frames.
        runtimes: the artifacts.
    """

    setting: Setting
    origin: Origin
    warmup: int
    ceiling: float
    ceilings: tuple[Ceiling, ...]
    runtimes: tuple[RuntimeLatency, ...]


@dataclass(frozen=True)
class MemoryPoint:
    """The peak of the resident memory, in MB (1e6 bytes), of a process that has followed so many frames."""

    frames: int
    peak_mb: float


@dataclass(frozen=True)
class RuntimeMemory:
    """One artifact on one runtime.

    Attributes:
        artifact: the file.
        points: peaks of one and the same process, from the fewest frames to the most.
        growth_mb: from the first point to the last.
    """

    artifact: ArtifactFile
    points: tuple[MemoryPoint, ...]
    growth_mb: float


@dataclass(frozen=True)
class MemoryResult:
    """What `vos-bench memory` measures."""

    setting: Setting
    origin: Origin
    runtimes: tuple[RuntimeMemory, ...]


FORMATS: dict[str, type[LatencyResult] | type[MemoryResult]] = {
    LATENCY_FORMAT: LatencyResult,
    MEMORY_FORMAT: MemoryResult,
}


def to_text(result: LatencyResult | MemoryResult) -> str:
    """A result as the text of its file."""
    name = next(name for name, kind in FORMATS.items() if isinstance(result, kind))
    return json.dumps({"format": name, "format_version": FORMAT_VERSION, **encode(result)}, indent=1) + "\n"


def from_data(data: dict[str, Any], where: str) -> LatencyResult | MemoryResult:
    """Makes a result from what `json.loads` gave.

    Raises:
        InvalidInputError: not of a format that is known here, of a newer version, or with wrong fields.
    """
    rest = {key: value for key, value in data.items() if key not in ("format", "format_version")}
    kind = FORMATS.get(str(data.get("format")))
    if kind is None:
        raise InvalidInputError(f"{where} is of format {data.get('format')!r}; known are {', '.join(FORMATS)}")
    if data.get("format_version") != FORMAT_VERSION:
        raise InvalidInputError(
            f"{where} has format version {data.get('format_version')}, this release reads {FORMAT_VERSION}; "
            "measure again with vos-bench"
        )
    return decode(kind, rest, where)


def read_json_files(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yields the results files of a folder in the order of their names.

    Raises:
        InvalidInputError: a file is not a JSON object.
        OSError: a file cannot be read.
    """
    for path in sorted(folder.glob("*.json")):
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise InvalidInputError(f"{path} is not JSON ({error}); measure again or delete it") from error
        if not isinstance(data, dict):
            raise InvalidInputError(f"{path} is not a JSON object; measure again or delete it")
        yield path, data


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of a format of this module."""
    body = json_schema(FORMATS[name])
    head = {"format": {"const": name}, "format_version": {"const": FORMAT_VERSION}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": name,
        **body,
        "properties": {**head, **body["properties"]},
        "required": [*head, *body["required"]],
    }
