"""What `python -m mobilevos_export.attention_cost` writes, and its table: attentions beside their arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mobilevos_bench.markdown import markdown, runtime_name, spread_text
from mobilevos_bench.origin_text import machine_text
from mobilevos_bench.records import Spread, decode
from mobilevos_bench.results import Machine


@dataclass(frozen=True)
class AttentionCost:
    """What one attention costs on one runtime.

    Attributes:
        runtime: `onnx` or `litert`.
        part: which attention, or the convolutions that are the ceiling.
        gflop: 1e9 floating point operations of its definition.
        milliseconds: of a run.
        excess: how many times as long it takes as its arithmetic would at the ceiling's speed.
    """

    runtime: str
    part: str
    gflop: float
    milliseconds: Spread
    excess: float


@dataclass(frozen=True)
class AttentionResult:
    """One file: the size of the model's input (`480x864`), threads, machine, versions, date, and what was measured."""

    size: str
    threads: int
    machine: Machine
    versions: dict[str, str]
    date: str
    costs: tuple[AttentionCost, ...]


def read_attention(data: dict[str, Any]) -> AttentionResult:
    """Reads a file.

    Raises:
        KeyError, TypeError, ValueError, AttributeError, InvalidInputError: it is not one.
    """
    setting = data["setting"]
    return AttentionResult(
        size=f"{setting['height']}x{setting['width']}",
        threads=int(setting["threads"]),
        machine=decode(Machine, data["machine"]),
        versions=dict(data["versions"]),
        date=str(data["date"]),
        costs=tuple(_cost(cell) for cell in data["cells"]),
    )


def attention_rows(results: Sequence[AttentionResult]) -> str:
    """A row for each attention and runtime of every file."""
    header = ("attention", "runtime", "GFLOP", "ms (5 to 95 %)", "times its arithmetic at the ceiling")
    parts = []
    for result in results:
        rows = [_row(cost) for cost in result.costs]
        rounds = result.costs[0].milliseconds.count
        origin = machine_text(result.machine, result.versions, [result.date], result.threads)
        parts += [markdown(header, rows, left=2), f"Model input {result.size}; medians of {rounds} rounds. {origin}"]
    return "\n\n".join(parts)


def _cost(cell: dict[str, Any]) -> AttentionCost:
    return AttentionCost(
        runtime=str(cell["runtime"]),
        part=str(cell["part"]),
        gflop=float(cell["gflop"]),
        milliseconds=Spread.of(float(value) for value in cell["milliseconds"]),
        excess=float(cell["excess"]),
    )


def _row(cost: AttentionCost) -> list[str]:
    time = spread_text(cost.milliseconds)
    return [cost.part, runtime_name(cost.runtime), f"{cost.gflop:.2f}", time, f"{cost.excess:.1f}"]
