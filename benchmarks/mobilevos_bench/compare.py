"""Compares two results files: the ratio of every figure that both have, and how sure it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mobilevos_bench.accuracy_report import FORMAT as ACCURACY
from mobilevos_bench.comparable import BOOTSTRAP, NONE, Comparable, Figure, comparable
from mobilevos_bench.compare_results import Comparison, Ratio
from mobilevos_bench.compare_settings import differences
from mobilevos_bench.formats import FORMATS, from_data, read_json
from mobilevos_sdk.errors import InvalidInputError

RESAMPLES = 4000
SEED = 0
LEVEL = 0.95
# What 95 % of a normal distribution are between, in standard deviations.
_NORMAL_ENDS = 1.96


def compare(first: Path, second: Path) -> Comparison:
    """Compares two files.

    Raises:
        InvalidInputError: a file is no results file, or they are of different formats or settings.
        OSError: a file cannot be read.
    """
    name, one = _read(first)
    other_name, other = _read(second)
    if name != other_name:
        raise InvalidInputError(f"{first} is a {name}, {second} a {other_name}; compare two files of one kind")
    differ = differences(one.setting, other.setting)
    if differ:
        remedy = "set scores against each other with 'vos-bench gain'" if name == ACCURACY else "measure both in one"
        raise InvalidInputError(
            f"{first} and {second} were measured in different settings: {', '.join(differ)}; {remedy}"
        )
    shared = [figure for figure in one.figures if figure in other.figures]
    return Comparison(
        compared=name,
        first=first.name,
        second=second.name,
        setting={key: str(value) for key, value in one.setting.items()},
        machines=tuple(_machine_differences(one, other)),
        versions=tuple(differences(one.versions, other.versions)),
        ratios=tuple(ratio_of(figure, one.figures[figure], other.figures[figure]) for figure in shared),
        only_first=tuple(figure for figure in one.figures if figure not in other.figures),
        only_second=tuple(figure for figure in other.figures if figure not in one.figures),
    )


def ratio_of(name: str, first: Figure, second: Figure) -> Ratio:
    """The ratio of two figures, with its 95 % interval.

    Where both keep their runs, medians of resampled runs make it. Otherwise the logarithm of the ratio is taken for
    normal, with the standard errors of the figures. Either way runs are taken for independent, so what changes slowly,
    such as the clock or the load of the machine, is not in it.
    """
    ratio = second.value / first.value if first.value else None
    if ratio is None or first.error is None or second.error is None:
        return Ratio(name, first.value, second.value, ratio, None, None, NONE)
    if first.runs and second.runs:
        low, high = _bootstrap(first.runs, second.runs)
        return Ratio(name, first.value, second.value, ratio, low, high, BOOTSTRAP)
    factor = math.exp(_NORMAL_ENDS * math.hypot(first.error, second.error))
    method = " and ".join(dict.fromkeys((first.method, second.method)))
    return Ratio(name, first.value, second.value, ratio, ratio / factor, ratio * factor, method)


def comparison_text(comparison: Comparison) -> str:
    """A table with a line for every figure."""
    header = ["figure", comparison.first, comparison.second, "ratio", "95 % interval", "from"]
    rows = [header, *(_row(ratio) for ratio in comparison.ratios)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
    lines = ["  ".join(_cells(row, widths)).rstrip() for row in rows]
    for name, figures in ((comparison.first, comparison.only_first), (comparison.second, comparison.only_second)):
        if figures:
            lines.append(f"only in {name}: {'; '.join(figures)}")
    return "\n".join(lines)


def _read(path: Path) -> tuple[str, Comparable]:
    """The name of a file's format, and what can be compared in it."""
    data = read_json(path)
    found = comparable(from_data(data, str(path)))
    name = str(data["format"])
    if found is None:
        raise InvalidInputError(f"{path} is a {name}, which cannot be compared; known are {', '.join(FORMATS)}")
    return name, found


def _machine_differences(one: Comparable, other: Comparable) -> list[str]:
    """Older files do not have the processor's flags, which is no difference."""
    names = [name for name in one.machine if one.machine[name] is not None and other.machine.get(name) is not None]
    return differences({name: one.machine[name] for name in names}, {name: other.machine[name] for name in names})


def _bootstrap(first: Sequence[float], second: Sequence[float]) -> tuple[float, float]:
    generator = np.random.default_rng(SEED)
    one, other = (
        np.median(generator.choice(np.asarray(runs), (RESAMPLES, len(runs))), axis=1) for runs in (first, second)
    )
    low, high = np.quantile(other / one, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _row(ratio: Ratio) -> list[str]:
    interval = "" if ratio.low is None or ratio.high is None else f"{ratio.low:.3f} to {ratio.high:.3f}"
    value = "" if ratio.ratio is None else f"{ratio.ratio:.3f}"
    return [ratio.figure, f"{ratio.first:.5g}", f"{ratio.second:.5g}", value, interval, ratio.method]


def _cells(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [
        cell.ljust(width) if column in (0, len(row) - 1) else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
