"""A phone's measurements as text for the terminal, and as a table in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from mobilevos_bench.markdown import markdown
from mobilevos_bench.phone.device import Warmth
from mobilevos_bench.phone.results import GraphLatency, PhoneResult

# A graph's types of operators that the terminal shows.
_MOST_OPERATORS = 5


def phone_text(result: PhoneResult) -> str:
    """The device, a line a graph, and what a frame takes."""
    setting, device = result.setting, result.device
    lines = [
        f"{setting.model}, queue {setting.queue}, {setting.height}x{setting.width} {setting.precision}, "
        f"objects {setting.objects}, threads {setting.threads}",
        ", ".join(filter(None, (device.name, device.system, device.chip, device.gpu, device.abi))),
    ]
    if not result.is_phone:
        lines.append(f"platform {device.platform}: no phone, so tables leave this result out")
    lines.append(f"  {'ms':14}{'on':5}{'mean':>9}{'std':>9}{'min':>9}{'max':>9}{'runs':>7}{'first':>9}{'init':>9}")
    for graph in result.graphs:
        ms = graph.ms
        figures = "".join(f"{value:9.2f}" for value in (ms.mean, ms.std, ms.minimum, ms.maximum))
        lines.append(
            f"  {graph.graph:14}{graph.delegate:5}{figures}{ms.count:7d}{graph.first_ms:9.1f}{graph.init_ms:9.1f}"
        )
        lines += _operator_lines(graph)
    for delegate in dict.fromkeys(graph.delegate for graph in result.graphs):
        frame = result.frame_ms(delegate)
        if frame is not None:
            lines.append(f"  a frame on {delegate}: {frame:.1f} ms, without pre- and post-processing")
    return "\n".join(lines)


def phone_rows(results: Sequence[PhoneResult]) -> str:
    """A row for every model and delegate on every phone; what was not measured on a phone is left out."""
    phones = [result for result in results if result.is_phone]
    if not phones:
        return ""
    roles = list(dict.fromkeys(graph.role for result in phones for graph in result.graphs))
    header = (
        "phone", "model", "on", "objects", "threads", *roles, "ms per frame", "first run ms", "peak MB", "battery C"
    )  # fmt: skip
    rows = [_row(result, delegate, roles) for result in phones for delegate in _delegates(result)]
    notes = dict.fromkeys(_note(result) for result in phones)
    return "\n\n".join([markdown(header, rows, left=3), *notes])


def _delegates(result: PhoneResult) -> list[str]:
    return list(dict.fromkeys(graph.delegate for graph in result.graphs))


def _row(result: PhoneResult, delegate: str, roles: Sequence[str]) -> list[str]:
    setting, graphs = result.setting, result.on(delegate)
    frame = result.frame_ms(delegate)
    used = list(graphs.values())
    peaks = [graph.peak_mb for graph in used if graph.peak_mb is not None]
    times = [f"{graphs[role].ms.mean:.1f} ± {graphs[role].ms.std:.1f}" if role in graphs else "" for role in roles]
    return [
        result.device.name,
        f"`{setting.model}`, queue {setting.queue}, {setting.height}x{setting.width}, {setting.precision}",
        delegate.upper(),
        str(setting.objects),
        str(setting.threads),
        *times,
        "" if frame is None else f"**{frame:.1f}**",
        f"{max(graph.first_ms for graph in graphs.values()):.0f}",
        f"{max(peaks):.0f}" if peaks else "",
        warming(used[0].before, used[-1].after),
    ]


def warming(before: Warmth, after: Warmth) -> str:
    """The battery's temperatures before and after; nothing where the device gives none."""

    def degrees(warmth: Warmth) -> str:
        return "?" if warmth.battery_c is None else f"{warmth.battery_c:.0f}"

    first, last = degrees(before), degrees(after)
    return "" if first == last == "?" else f"{first} to {last}"


def _note(result: PhoneResult) -> str:
    device = result.device
    facts = [device.name, device.system, device.chip, device.gpu, f"benchmark tool {result.tool.api}"]
    counts = sorted({graph.ms.count for graph in result.graphs})
    runs = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    missing = " Some graphs are missing: the measurement failed there." if result.failure else ""
    return f"{', '.join(filter(None, facts))}, {result.origin.date[:10]}; means of {runs} runs.{missing}"


def _operator_lines(graph: GraphLatency) -> list[str]:
    slowest = (graph.operators or ())[:_MOST_OPERATORS]
    return [f"    {operator.kind:40}{operator.count:5d} x {operator.ms:9.2f} ms" for operator in slowest]
