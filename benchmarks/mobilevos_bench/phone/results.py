"""The record that `vos-bench phone` writes; `formats.py` makes a results file of it."""

from __future__ import annotations

from dataclasses import dataclass

from mobilevos_bench.phone.device import ANDROID, Device, Warmth
from mobilevos_bench.phone.profile import OperatorTime
from mobilevos_bench.phone.tool_output import Timing
from mobilevos_bench.results import ArtifactFile, Origin


@dataclass(frozen=True)
class PhoneSetting:
    """What was run.

    Attributes:
        model: the model's registered name.
        queue: slots of its memory.
        height: of its input, in pixels.
        width: of its input, in pixels.
        precision: of its weights: `fp32` or `fp16`.
        parameters: how many it has; none where the artifact does not say.
        objects: how many objects the graphs are for.
        threads: of the CPU.
        runs: at least so many of each graph.
    """

    model: str
    queue: int
    height: int
    width: int
    precision: str
    parameters: int | None
    objects: int
    threads: int
    runs: int


@dataclass(frozen=True)
class Tool:
    """The benchmark tool.

    Attributes:
        name: its file or URL.
        sha256: hex SHA-256 of the file.
        api: its generation: `v1` (Interpreter) or `v2` (CompiledModel).
    """

    name: str
    sha256: str
    api: str


@dataclass(frozen=True)
class GraphLatency:
    """One graph on one delegate, on random inputs.

    Attributes:
        graph: its name in the artifact.
        role: `segment`, `memorize` and the like.
        delegate: `cpu` (XNNPACK) or `gpu`, which has the whole graph.
        ms: of a run after warm-up.
        init_ms: loading the artifact and preparing the delegate.
        first_ms: the first run of all.
        peak_mb: peak of the tool's memory in MB (2**20 bytes); none where it does not say.
        before: how warm the device was.
        after: how warm it became.
        operators: what takes the time, in a run of its own; none unless asked for.
    """

    graph: str
    role: str
    delegate: str
    ms: Timing
    init_ms: float
    first_ms: float
    peak_mb: float | None
    before: Warmth
    after: Warmth
    operators: tuple[OperatorTime, ...] | None


@dataclass(frozen=True)
class PhoneResult:
    """What `vos-bench phone` measures.

    Attributes:
        setting: what was run.
        origin: how the result was made, on the computer that the device is connected to.
        device: what was measured; a phone only where its platform is `android`.
        tool: what measured.
        artifact: the model's file.
        graphs: those that were measured to the end.
        failure: why the others are missing; none where there are no others.
    """

    setting: PhoneSetting
    origin: Origin
    device: Device
    tool: Tool
    artifact: ArtifactFile
    graphs: tuple[GraphLatency, ...]
    failure: str | None

    @property
    def is_phone(self) -> bool:
        """Whether the figures may be called a phone's."""
        return self.device.platform == ANDROID

    def on(self, delegate: str) -> dict[str, GraphLatency]:
        """The graphs that were measured on a delegate, by their roles."""
        return {graph.role: graph for graph in self.graphs if graph.delegate == delegate}

    def frame_ms(self, delegate: str) -> float | None:
        """Mean milliseconds of a frame's graphs, one after the other; none where one of them is missing.

        A queue of one never memorises.
        """
        graphs = self.on(delegate)
        roles = ("segment", "memorize") if self.setting.queue > 1 else ("segment",)
        if any(role not in graphs for role in roles):
            return None
        return sum(graphs[role].ms.mean for role in roles)
