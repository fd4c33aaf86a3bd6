"""What `python -m mobilevos_export.gpu_check` writes, and its table: artifacts on LiteRT's GPU accelerator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mobilevos_bench.markdown import markdown, number
from mobilevos_bench.origin_text import machine_text
from mobilevos_bench.records import decode
from mobilevos_bench.results import Machine

ARITHMETICS = ("fp32", "fp16")


@dataclass(frozen=True)
class GpuFigures:
    """An artifact in one arithmetic.

    Attributes:
        status: `passed`, `failed` or `skipped`.
        adapter: the GPU as its driver names it; none where there was none.
        error: the largest one of a tensor, of the tensor's largest value.
        frames: followed of the clip, without the first; none where it was not followed to its end.
        agreement: share of their pixels with the CPU's label.
        worst: the same in the worst frame.
    """

    status: str
    adapter: str | None
    error: float
    frames: int | None
    agreement: float | None
    worst: float | None


@dataclass(frozen=True)
class GpuResult:
    """One file: the artifact, the clip's name, machine, versions and date, and the figures by arithmetic."""

    model: str
    queue: int
    size: str
    precision: str
    objects: int
    clip: str
    machine: Machine
    versions: dict[str, str]
    date: str
    figures: dict[str, GpuFigures]


def read_gpu(data: dict[str, Any]) -> GpuResult:
    """Reads a file.

    Raises:
        KeyError, TypeError, ValueError, AttributeError, InvalidInputError: it is not one.
    """
    artifact = data["artifact"]
    height, width = artifact["size"]
    return GpuResult(
        model=str(artifact["model"]),
        queue=int(artifact["queue"]),
        size=f"{height}x{width}",
        precision=str(artifact["precision"]),
        objects=int(artifact["max_objects"]),
        clip=str(data["clip"]),
        machine=decode(Machine, data["machine"]),
        versions=dict(data["versions"]),
        date=str(data["date"]),
        figures={str(run["arithmetic"]): _figures(run) for run in data["runs"]},
    )


def gpu_rows(results: Sequence[GpuResult]) -> str:
    """A row for each file; empty without any."""
    if not results:
        return ""
    header = (
        "artifact", "gate fp32 / fp16", "objects", "fp32: largest error", "fp16: largest error",
        "fp16: pixels as on the CPU", "in the worst frame",
    )  # fmt: skip
    rows = [_row(result) for result in results]
    return "\n\n".join([markdown(header, rows, left=2), *dict.fromkeys(_note(result) for result in results)])


def _figures(run: dict[str, Any]) -> GpuFigures:
    masks = run["masks"] or {}
    return GpuFigures(
        status=str(run["status"]),
        adapter=run["adapter"],
        error=float(run["worst_error"]),
        frames=masks.get("frames"),
        agreement=masks.get("mean"),
        worst=masks.get("worst"),
    )


def _row(result: GpuResult) -> list[str]:
    single, half = (result.figures.get(arithmetic) for arithmetic in ARITHMETICS)
    return [
        f"`{result.model}`, queue {result.queue}, {result.size}, {result.precision}",
        " / ".join("not run" if found is None else found.status for found in (single, half)),
        str(result.objects),
        *(number(None if found is None else found.error, ".1e") for found in (single, half)),
        *(number(found, ".3%") for found in ((half.agreement, half.worst) if half else (None, None))),
    ]


def _note(result: GpuResult) -> str:
    drivers = ", ".join(f"{arithmetic} on {found.adapter}" for arithmetic, found in result.figures.items())
    frames = max((found.frames or 0 for found in result.figures.values()), default=0)
    origin = machine_text(result.machine, result.versions, [result.date])
    clip = f"{frames} frames of `{result.clip}` after the first"
    return f"{clip}; {drivers}. Errors are of a tensor's largest value. {origin}"
