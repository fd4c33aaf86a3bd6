"""Markdown tables, and numbers in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mobilevos_bench.records import Spread

RUNTIME_NAMES = {"onnx": "ONNX Runtime", "litert": "LiteRT", "torch": "PyTorch"}


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]], left: int) -> str:
    """A Markdown table whose first `left` columns are text and whose others are numbers."""
    rule = ["---" if column < left else "---:" for column in range(len(header))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, rule, *rows))


def spread_text(spread: Spread) -> str:
    """The median, and what nine tenths of the values are between."""
    return f"**{spread.median:.1f}** ({spread.p5:.1f} to {spread.p95:.1f})"


def percent(value: float | None) -> str:
    """A share in percent; nothing where there is none."""
    return "" if value is None else f"{100 * value:.0f} %"


def number(value: float | None, form: str) -> str:
    """A number in a format; nothing where there is none."""
    return "" if value is None else format(value, form)


def runtime_name(name: str) -> str:
    """A runtime as its makers write it."""
    return RUNTIME_NAMES.get(name, name)


def percent_score(value: float) -> str:
    """A score of 0 to 1 in percent, without the sign."""
    return f"{100 * value:.1f}"
