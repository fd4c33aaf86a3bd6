"""The record that `vos-bench compare` makes of two results files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """One figure of both files.

    Attributes:
        figure: what it is, with its unit.
        first: in the first file; the median of the runs, or their mean where the file tells no more.
        second: in the second file.
        ratio: second over first; none where the first is 0.
        low: lower end of the ratio's 95 % interval; none where there is no way to tell.
        high: upper end.
        method: how the interval was found: `bootstrap` of the runs, which both files keep; `quartiles`, from medians
            and quartiles, taken for those of normal distributions; `deviation`, from means and standard deviations; or
            `none`.
    """

    figure: str
    first: float
    second: float
    ratio: float | None
    low: float | None
    high: float | None
    method: str


@dataclass(frozen=True)
class Comparison:
    """Two files of one format, measured in the same setting.

    Attributes:
        compared: the format of both.
        first: the first file's name.
        second: the second file's name.
        setting: what both have in common, as text by name.
        machines: what differs between the machines; nothing where they are the same as far as the files say.
        versions: what differs between the versions.
        ratios: all figures that both have.
        only_first: figures of the first file alone.
        only_second: figures of the second file alone.
    """

    compared: str
    first: str
    second: str
    setting: dict[str, str]
    machines: tuple[str, ...]
    versions: tuple[str, ...]
    ratios: tuple[Ratio, ...]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]
