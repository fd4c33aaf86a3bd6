"""What the machine says of itself, for results that can be made again: who it is, who else is busy, memory taken."""

from __future__ import annotations

import os
import platform
import shlex
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
_CPU_INFO = Path("/proc/cpuinfo")
_STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Provenance:
    """How a result was made.

    Attributes:
        command: the command line.
        date: when, in UTC, ISO 8601.
        machine: processor, number of cores that this process may use, system and Python.
        versions: versions of the installed distributions that matter.
    """

    command: str
    date: str
    machine: dict[str, Any]
    versions: dict[str, str]

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
        },
        versions=_versions(distributions),
    )


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
    try:
        lines = _CPU_INFO.read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _versions(distributions: Sequence[str]) -> dict[str, str]:
    versions = {}
    for name in distributions:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions
