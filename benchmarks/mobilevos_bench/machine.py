"""What the machine says of itself while something is measured: who else is busy, and how much memory this took."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mobilevos_bench.provenance import provenance
from mobilevos_bench.results import Origin
from mobilevos_sdk.errors import RuntimeMissingError

# Long enough for a scheduler's tick to be small, short enough to wait for.
BUSY_SECONDS = 1.0
# Beyond this many cores kept busy by others, latencies are of the machine's load more than of the model.
BUSY_LIMIT = 0.3
_STATUS = Path("/proc/self/status")


def origin(program: str, arguments: list[str]) -> Origin:
    """Describes this run of a command; takes a second to look at the machine's load."""
    facts = provenance(program, arguments)
    return Origin(facts.command, facts.date, facts.machine, facts.versions, busy_cores())


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
