"""The tool's table of operators, as CSV of v1 or as columns between tabs of v2: what takes the time."""

from __future__ import annotations

from dataclasses import dataclass

from mobilevos_bench.phone.adb import PhoneError

# The tables of a graph come after this line; those before it are of its initialisation. v2 has no such line.
_RUNS = "Operator-wise Profiling Info"
_TABLE, _END = "Run Order", "=============================="
_KIND, _MS, _TIMES = "node type", "avg ms", "times called"


@dataclass(frozen=True)
class OperatorTime:
    """All operators of one type: their name, how many there are, and their milliseconds a run."""

    kind: str
    count: int
    ms: float


def parse_profile(text: str) -> tuple[OperatorTime, ...]:
    """Sums up the table of a graph's operators, the slowest type first.

    The tool's own summary rounds each type to a microsecond, so it is made anew from the single operators.

    Raises:
        PhoneError: there is no such table.
    """
    lines = iter((text.partition(_RUNS)[2] or text).splitlines())
    if not any(_TABLE in line for line in lines):
        raise PhoneError("the benchmark tool gave no table of operators; measure without --profile")
    header = next(lines, "")
    separator = "\t" if "\t" in header else ","
    columns = [name.strip().strip("[]").replace("_", " ").lower() for name in header.split(separator)]
    totals: dict[str, tuple[int, float]] = {}
    try:
        kind, ms, times = (columns.index(name) for name in (_KIND, _MS, _TIMES))
        for line in lines:
            if not line.strip() or _END in line:
                break
            cells = [cell.strip() for cell in line.split(separator)]
            count, total = totals.get(cells[kind], (0, 0.0))
            totals[cells[kind]] = count + 1, total + float(cells[ms]) * float(cells[times])
    except (ValueError, IndexError) as error:
        raise PhoneError(f"the table of operators cannot be read ({error}); measure without --profile") from error
    ordered = sorted(totals.items(), key=lambda item: -item[1][1])
    return tuple(OperatorTime(name, count, total) for name, (count, total) in ordered)
