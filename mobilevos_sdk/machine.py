"""What the machine says of itself, for results that can be made again: who it is, who else is busy, memory taken."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any

from mobilevos_sdk.errors import RuntimeMissingError

# Distributions whose version may change a number.
DISTRIBUTIONS = ("mobilevos", "numpy", "opencv-python-headless", "onnxruntime", "ai-edge-litert")
# Long enough for a scheduler's tick to be small, short enough to wait for.
BUSY_SECONDS = 1.0
# Beyond this many cores kept busy by others, latencies are of the machine's load more than of the model.
BUSY_LIMIT = 0.3
# Instructions that runtimes choose their kernels by, as Linux names them: `asimd` is Arm's NEON.
CPU_FLAGS = (
    "avx", "avx2", "fma", "f16c", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16",
    "amx_tile", "amx_int8", "amx_bf16",
    "neon", "asimd", "asimdhp", "asimddp", "i8mm", "bf16", "sve", "sve2",
)  # fmt: skip
# Results are written while others are being made: they say nothing of the code.
_NOT_CODE = ":(exclude,top)benchmarks/results"
_CPU_INFO = Path("/proc/cpuinfo")
_STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Commit:
    """The state of the source code.

    Attributes:
        hash: of the commit that is checked out, in hex.
        dirty: whether a tracked file, results left out, is not as the commit has it.
    """

    hash: str
    dirty: bool


@dataclass(frozen=True)
class Provenance:
    """How a result was made.

    Attributes:
        command: the command line.
        date: when, in UTC, ISO 8601.
        machine: processor, those of its `flags` that are in CPU_FLAGS (none where the system does not tell), number of
            cores that this process may use, system and Python.
        versions: versions of the installed distributions that matter.
        commit: of the source code; none where it is not in a git repository.
    """

    command: str
    date: str
    machine: dict[str, Any]
    versions: dict[str, str]
    commit: Commit | None = None

    def to_dict(self) -> dict[str, Any]:
        """The fields, ready for JSON."""
        return asdict(self)


def provenance(program: str, arguments: Sequence[str], distributions: Sequence[str] = DISTRIBUTIONS) -> Provenance:
    """Describes this run of a command."""
    return Provenance(
        command=shlex.join([*program.split(), *arguments]),
        date=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        machine={
            "processor": _processor(),
            "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            "system": f"{platform.system()} {platform.machine()}",
            "python": platform.python_version(),
            "flags": cpu_flags(),
        },
        versions=_versions(distributions),
        commit=source_commit(),
    )


def cpu_flags() -> list[str] | None:
    """Those of CPU_FLAGS that the processor has; none where the system does not tell."""
    for line in _cpu_info():
        name, _, values = line.partition(":")
        if name.strip() in ("flags", "Features"):
            found = set(values.split())
            return [flag for flag in CPU_FLAGS if flag in found]
    return None


def source_commit(file: Path = Path(__file__)) -> Commit | None:
    """The commit that a source file belongs to; none if it is not tracked by git, or there is no git."""
    folder = file.parent
    if _git(folder, "ls-files", "--error-unmatch", file.name) is None:
        return None  # installed somewhere, perhaps inside a repository of another project
    commit = _git(folder, "rev-parse", "HEAD")
    changes = _git(folder, "status", "--porcelain", "--untracked-files=no", "--", ":/", _NOT_CODE)
    return None if commit is None or changes is None else Commit(commit, bool(changes))


def busy_cores(seconds: float = BUSY_SECONDS) -> float | None:
    """Cores that other programs keep busy while this one sleeps; none without psutil (extra `bench`)."""
    try:
        import psutil
    except ImportError:
        return None
    return float(psutil.cpu_percent(interval=seconds)) / 100.0 * (os.cpu_count() or 1)


def peak_memory_mb() -> float:
    """The most resident memory that this process has had, in MB (1e6 bytes).

    Linux keeps it for the program that runs now. `getrusage` also counts what the process was before it loaded the
    program, which is a copy of its parent, so it is only asked where there is nothing better.

    Raises:
        RuntimeMissingError: on Windows without psutil.
    """
    if sys.platform == "win32":
        try:
            import psutil
        except ImportError as error:
            raise RuntimeMissingError(
                "memory needs psutil here; install it with 'pip install mobilevos[bench]'"
            ) from error
        return float(psutil.Process().memory_info().peak_wset) / 1e6
    if _STATUS.is_file():
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def _processor() -> str:
    names = [line.split(":", 1)[1].strip() for line in _cpu_info() if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _cpu_info() -> list[str]:
    try:
        return _CPU_INFO.read_text().splitlines()
    except OSError:
        return []


def _git(folder: Path, *arguments: str) -> str | None:
    """What git prints; none where it fails. It takes no locks, so that it is in nobody's way."""
    command = ["git", "--no-optional-locks", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _versions(distributions: Sequence[str]) -> dict[str, str]:
    versions = {}
    for name in distributions:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions
