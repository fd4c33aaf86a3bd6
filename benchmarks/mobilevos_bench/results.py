"""The records that `vos-bench run` and `vos-bench memory` write, and those that other records have parts of.

`formats.py` puts the name and the version of a format before a record, which makes it a results file.
"""

from __future__ import annotations

from dataclasses import dataclass

from mobilevos_bench.ceiling import Ceiling
from mobilevos_bench.records import Spread
from mobilevos_sdk.machine import Commit


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
class Machine:
    """Where a result was made.

    Attributes:
        processor: its name.
        cores: that the process may use; none where the system does not tell.
        system: operating system and architecture.
        python: the version of Python.
        flags: the processor's instructions that runtimes choose kernels by, as Linux names them: `avx512_vnni`.
    """

    processor: str
    cores: int | None
    system: str
    python: str
    flags: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Origin:
    """How a result was made.

    Attributes:
        command: the command line.
        date: UTC, ISO 8601.
        machine: where.
        versions: of the distributions that may change a number.
        busy_cores: cores that other programs kept busy just before; none where the system cannot tell. Numbers of a
            busy machine are not worth keeping.
        commit: of the source code; none where it is not in a git repository.
    """

    command: str
    date: str
    machine: Machine
    versions: dict[str, str]
    busy_cores: float | None
    commit: Commit | None = None


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
