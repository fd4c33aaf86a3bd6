"""In words below a table: on what machine, with what, when, and whether others used it too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mobilevos_bench.results import Machine, Origin
from mobilevos_sdk.machine import BUSY_LIMIT

# What may be told of the versions: the runtimes.
_RUNTIMES = ("torch", "onnxruntime", "ai-edge-litert")


def machine_text(
    machine: Machine, versions: Mapping[str, str], dates: Iterable[str], threads: int | None = None
) -> str:
    """Processor, threads (where they are given), system, versions, and the first and the last of the days."""
    days = sorted(date[:10] for date in dates)
    facts = [
        machine.processor,
        *([] if threads is None else [threads_text(threads)]),
        machine.system,
        f"Python {machine.python}",
        *(f"{name} {versions[name]}" for name in _RUNTIMES if name in versions),
        *dict.fromkeys([*days[:1], *days[-1:]]),
    ]
    return f"{', '.join(facts)}."


def origin_text(origin: Origin, threads: int) -> str:
    """The origin of a measurement, as `machine_text` has it; says so where the machine was busy."""
    return machine_text(origin.machine, origin.versions, [origin.date], threads) + busy_text([origin.busy_cores])


def busy_text(cores: Iterable[float | None]) -> str:
    """A sentence, with a space before it, if others kept more cores busy than they may in one of the measurements."""
    found = [count or 0.0 for count in cores]
    most = max(found, default=0.0)
    up_to = "up to " if len(found) > 1 else ""
    return f" Others kept {up_to}{most:.1f} cores busy." if most > BUSY_LIMIT else ""


def threads_text(count: int) -> str:
    """`1 thread` or `2 threads`."""
    return "1 thread" if count == 1 else f"{count} threads"
