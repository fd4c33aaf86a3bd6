"""Where a result comes from: machine, date, command and versions, so that it can be made again."""

from __future__ import annotations

import hashlib
import os
import platform
import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any

# Distributions whose version may change a number.
_DISTRIBUTIONS = ("mobilevos", "numpy", "opencv-python-headless", "onnxruntime", "ai-edge-litert")
_CPU_INFO = Path("/proc/cpuinfo")


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


def provenance(program: str, arguments: Sequence[str]) -> Provenance:
    """Describes this run of a command."""
    return Provenance(
        command=shlex.join([program, *arguments]),
        date=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        machine={
            "processor": _processor(),
            "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            "system": f"{platform.system()} {platform.machine()}",
            "python": platform.python_version(),
        },
        versions=_versions(),
    )


def file_sha256(path: str | Path) -> str:
    """The hex SHA-256 of a file."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _processor() -> str:
    try:
        lines = _CPU_INFO.read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _versions() -> dict[str, str]:
    versions = {}
    for name in _DISTRIBUTIONS:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions
