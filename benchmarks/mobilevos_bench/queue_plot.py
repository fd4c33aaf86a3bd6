"""The plot of a sweep: milliseconds and J&F over the length of the memory queue, as MobileVOS's figure 4 has them."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobilevos_bench.markdown import percent_score, runtime_name
from mobilevos_bench.queue_results import UNBOUNDED, QueueResult
from mobilevos_sdk.errors import InvalidInputError, RuntimeMissingError
from mobilevos_sdk.files import check_writable, write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SUFFIXES = (".png", ".svg")
SIZE_INCHES = (7.0, 4.5)
DOTS_PER_INCH = 150
MARKERS = "*^Dosv"
# Graphs of a frame beside the whole of it, thinner and paler.
PARTS = {"segment": "--", "memorize": ":"}


def check_plot(path: Path) -> None:
    """Makes sure, before anything is measured, that a plot can be drawn and written.

    Raises:
        InvalidInputError: a suffix that is not of a picture.
        RuntimeMissingError: there is no matplotlib.
        MobileVOSError: the file cannot be written.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InvalidInputError(f"a plot is {' or '.join(SUFFIXES)}, not '{path.suffix}'; give --plot another name")
    if importlib.util.find_spec("matplotlib") is None:
        raise RuntimeMissingError("a plot needs matplotlib; install it with 'pip install mobilevos[bench]'")
    check_writable(path)


def write_plot(path: Path, sweeps: Sequence[QueueResult]) -> None:
    """Draws sweeps into one picture, a colour for each; the whole file is written, or nothing.

    Bars are the quartiles' distance around the median; J&F is drawn against the axis on the right, that of an unbounded
    memory as a line across.

    Args:
        path: the file; its suffix is one of SUFFIXES.
        sweeps: of one model each.

    Raises:
        MobileVOSError: the file cannot be written.
    """
    import matplotlib
    from matplotlib.figure import Figure

    # Without a date and random ids the same figures make the same file.
    with matplotlib.rc_context({"svg.hashsalt": "mobilevos", "svg.fonttype": "none"}):
        figure = Figure(SIZE_INCHES, layout="constrained")
        axes = figure.add_subplot()
        scored = axes.twinx() if any(sweep.scores for sweep in sweeps) else None
        for index, sweep in enumerate(sweeps):
            style = {"color": f"C{index}", "marker": MARKERS[index % len(MARKERS)]}
            _draw_times(axes, sweep, style)
            if scored is not None:
                _draw_scores(scored, sweep, style)
        _label(axes, scored, sweeps)
        figure.legend(fontsize=7, loc="outside lower center", ncols=3)  # beside the axes: curves reach every corner
        buffer = io.BytesIO()
        form = path.suffix.lower().removeprefix(".")
        metadata = {"Date": None} if form == "svg" else {}
        figure.savefig(buffer, format=form, dpi=DOTS_PER_INCH, metadata=metadata)
    write_atomically(path, buffer.getvalue())


def _draw_times(axes: Axes, sweep: QueueResult, style: dict[str, Any]) -> None:
    queues = [point.queue for point in sweep.points]
    totals = [point.stages.total for point in sweep.points]
    bars = [total.iqr / 2 for total in totals]
    setting = sweep.setting
    name = f"{setting.model}, {runtime_name(setting.runtime)}"
    axes.errorbar(queues, [total.median for total in totals], yerr=bars, capsize=3, label=f"{name}, ms", **style)
    for part, line in PARTS.items():
        medians = [getattr(point.stages, part).median for point in sweep.points]
        axes.plot(queues, medians, line, color=style["color"], alpha=0.5, linewidth=1, label=f"{name}, {part}")


def _draw_scores(axes: Axes, sweep: QueueResult, style: dict[str, Any]) -> None:
    bounded = [(score.queue, 100 * score.j_and_f) for score in sweep.scores if score.queue is not None]
    queues, values = [queue for queue, _ in bounded], [value for _, value in bounded]
    axes.plot(queues, values, "-.", markerfacecolor="none", alpha=0.8, **style)
    unbounded = sweep.score(None)
    if unbounded is not None:
        value = 100 * unbounded.j_and_f
        text = f"{sweep.setting.model}, {UNBOUNDED} {percent_score(unbounded.j_and_f)}"
        axes.axhline(value, color=style["color"], linestyle=(0, (1, 3)), linewidth=1, label=text)


def _label(axes: Axes, scored: Axes | None, sweeps: Sequence[QueueResult]) -> None:
    setting, origin = sweeps[0].setting, sweeps[0].origin
    queues = sorted({queue for sweep in sweeps for queue in sweep.lengths if queue is not None})
    axes.set_title(f"{setting.height}x{setting.width}, threads {setting.threads}, {origin.machine.processor}", size=9)
    axes.set_xlabel("length of the memory queue, frames")
    axes.set_ylabel("ms per frame, median and quartiles' distance")
    axes.set_xticks(queues)
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    if scored is not None:
        names = ", ".join(dict.fromkeys(score.data for sweep in sweeps for score in sweep.scores))
        scored.set_ylabel(f"J&F on {names} (dash-dotted)")
