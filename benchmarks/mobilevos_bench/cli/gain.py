"""`vos-bench gain`: its options, and what it does with them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mobilevos_bench.cli.shared import add_json, check_target, give

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from mobilevos_sdk.cli.common import ArgumentParser

HELP = "how much better one evaluation scores than another, with an interval"
DESCRIPTION = """\
J&F of the second evaluation less the first's, for each sequence and for all objects, with a 95 % interval. Models,
runtimes, queues and precisions may differ; sequences, frames and objects may not. The interval says how far other
sequences of the same kind could move the gain. It knows nothing of other seeds, nor of how many models were tried.
example: vos-bench gain benchmarks/results/eval-mobilenetv2-noaspp.json benchmarks/results/eval-mobilenetv2.json"""


def add_parser(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `vos-bench`."""
    parser = commands.add_parser("gain", help=HELP, description=DESCRIPTION)
    parser.add_argument("first", type=Path, metavar="A.json", help="what 'vos-eval --json' wrote")
    parser.add_argument("second", type=Path, metavar="B.json", help="another such file, of the same data")
    add_json(parser)
    parser.set_defaults(body=run_gain)


def run_gain(options: argparse.Namespace, arguments: list[str]) -> int:
    """Compares.

    Raises:
        MobileVOSError: a file cannot be used, or the two cannot be compared.
    """
    from mobilevos_bench.gain import gain, gain_text

    check_target(options.json)
    found = gain(options.first, options.second)
    return give(found, gain_text(found), options.json)
