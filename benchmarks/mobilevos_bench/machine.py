"""The origin of a measurement: how it was made, and whether the machine was idle."""

from __future__ import annotations

from mobilevos_bench.records import decode
from mobilevos_bench.results import Machine, Origin
from mobilevos_sdk.machine import BUSY_LIMIT, busy_cores, peak_memory_mb, provenance

__all__ = ["BUSY_LIMIT", "origin", "peak_memory_mb"]


def origin(program: str, arguments: list[str]) -> Origin:
    """Describes this run of a command; takes a second to look at the machine's load."""
    facts = provenance(program, arguments)
    machine = decode(Machine, facts.machine)
    return Origin(facts.command, facts.date, machine, facts.versions, busy_cores(), facts.commit)
