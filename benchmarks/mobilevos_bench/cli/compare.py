"""`vos-bench compare`: its options, and what it does with them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mobilevos_bench.cli.shared import add_json, check_target, give, tell

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from mobilevos_sdk.cli.common import ArgumentParser

HELP = "ratios of every figure of two results files"
DESCRIPTION = """\
The second file's figures over the first's, with 95 % intervals: by resampling the runs where both files keep them, from
medians and quartiles where they do not. Files of different kinds or settings are refused; different machines are said.
example: vos-bench compare benchmarks/results/latency-mobilenetv2.json latency-now.json"""


def add_parser(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `vos-bench`."""
    parser = commands.add_parser("compare", help=HELP, description=DESCRIPTION)
    parser.add_argument("first", type=Path, metavar="A.json", help="a results file")
    parser.add_argument("second", type=Path, metavar="B.json", help="another one, of the same kind and setting")
    add_json(parser)
    parser.set_defaults(body=run_compare)


def run_compare(options: argparse.Namespace, arguments: list[str]) -> int:
    """Compares.

    Raises:
        MobileVOSError: a file cannot be used, or the two cannot be compared.
    """
    from mobilevos_bench.compare import compare, comparison_text

    check_target(options.json)
    found = compare(options.first, options.second)
    if found.machines:
        tell(f"the machines differ ({'; '.join(found.machines)}), so the ratios are the machines' too")
    if found.versions:
        tell(f"versions differ: {'; '.join(found.versions)}")
    return give(found, comparison_text(found), options.json)
