"""Reads what `python -m mobilevos_models.cost` writes: the costs of all models, measured in one setting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mobilevos_bench.records import Spread, decode
from mobilevos_bench.results import Machine


@dataclass(frozen=True)
class Cost:
    """What one model costs on one runtime with one number of objects.

    Attributes:
        model: its registered name.
        runtime: `torch`, `onnx` or `litert`.
        objects: how many were followed.
        parameters: how many the model has; none where its artifact does not say.
        gflop: 1e9 floating point operations a frame; none where its artifact does not say.
        milliseconds: of a frame, segmenting and memorising.
        peak_mb: peak of the resident memory of the process, in 1e6 bytes.
        busy_cores: that others kept busy just after; none where the system cannot tell.
    """

    model: str
    runtime: str
    objects: int
    parameters: int | None
    gflop: float | None
    milliseconds: Spread
    peak_mb: float
    busy_cores: float | None


@dataclass(frozen=True)
class CostResult:
    """One file of costs.

    Attributes:
        size: of the model's input: `480x864`.
        queue: slots of the memory.
        threads: of the runtime.
        machine: what measured.
        versions: of the distributions that may change a number.
        dates: of the measurements: a file is gone on with on other days.
        costs: the measurements.
    """

    size: str
    queue: int
    threads: int
    machine: Machine
    versions: dict[str, str]
    dates: tuple[str, ...]
    costs: tuple[Cost, ...]

    @property
    def models(self) -> tuple[str, ...]:
        """The names of all models, in the order of the file."""
        return tuple(dict.fromkeys(cost.model for cost in self.costs))

    @property
    def objects(self) -> tuple[int, ...]:
        """All numbers of objects, the smallest first."""
        return tuple(sorted({cost.objects for cost in self.costs}))

    def find(self, model: str, runtime: str | None = None) -> dict[int, Cost]:
        """A model's costs by the number of objects, on one runtime or on the first that there is."""
        found: dict[int, Cost] = {}
        for cost in self.costs:
            if cost.model == model and runtime in (None, cost.runtime):
                found.setdefault(cost.objects, cost)
        return found


def read_cost(data: dict[str, Any]) -> CostResult:
    """Reads a file of costs.

    Raises:
        KeyError, TypeError, ValueError, AttributeError, InvalidInputError: it is not one.
    """
    setting, cells = data["setting"], data["cells"]
    return CostResult(
        size=f"{setting['height']}x{setting['width']}",
        queue=int(setting["queue"]),
        threads=int(setting["threads"]),
        machine=decode(Machine, data["machine"]),
        versions=dict(data["versions"]),
        dates=tuple(str(cell["date"]) for cell in cells),
        costs=tuple(_cost(cell) for cell in cells),
    )


def _cost(cell: dict[str, Any]) -> Cost:
    parameters, gflop, busy = cell["parameters"], cell["gflop"], cell["busy_cores"]
    return Cost(
        model=str(cell["model"]),
        runtime=str(cell["runtime"]),
        objects=int(cell["objects"]),
        parameters=None if parameters is None else int(parameters),
        gflop=None if gflop is None else float(gflop),
        milliseconds=Spread.of(float(value) for value in cell["milliseconds"]),
        peak_mb=float(cell["peak_mb"]),
        busy_cores=None if busy is None else float(busy),
    )
