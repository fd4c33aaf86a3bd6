"""`vos-bench record` and `vos-bench agree`: their options, and what they do with them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mobilevos_bench.cli.shared import PROGRAM, add_json, add_workload, check_target, chosen_workload, give, tell
from mobilevos_sdk.cli.common import EXIT_OK, Progress, positive_int
from mobilevos_sdk.errors import MobileVOSError

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from mobilevos_sdk.cli.common import ArgumentParser

RECORD = """\
Follows the first frames of the clip on each runtime, and keeps masks and probabilities in a folder of recordings, to
set them against another machine's. Recordings of the same commit, machine and setting are kept and not made again.
example: vos-bench record here --model mobilenetv2 --frames 4 --objects 2"""
AGREE = """\
Compares the masks of two machines, each with a folder of recordings; exits with 1 if a frame is below a limit.
example: vos-bench agree x86 arm --json agreement.json"""


def add_parsers(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds both commands to those of `vos-bench`."""
    parser = commands.add_parser("record", help="masks of this machine, for 'vos-bench agree'", description=RECORD)
    parser.add_argument("folder", type=Path, metavar="DIR", help="a folder for the recordings of this machine")
    add_workload(parser)
    parser.add_argument(
        "--frames", type=positive_int, default=4, metavar="N", help="frames after the first (%(default)s)"
    )
    parser.add_argument("--label", default="", metavar="TEXT", help="what the machine cannot say, such as its emulator")
    parser.set_defaults(body=run_record)

    parser = commands.add_parser("agree", help="whether two machines give the same masks", description=AGREE)
    parser.add_argument("first", type=Path, metavar="A", help="the recordings of a machine")
    parser.add_argument("second", type=Path, metavar="B", help="those of another one")
    add_json(parser)
    parser.set_defaults(body=run_agree)


def run_record(options: argparse.Namespace, arguments: list[str]) -> int:
    """Records.

    Raises:
        MobileVOSError: a model, clip or mask cannot be used, or a file cannot be written.
    """
    workload = chosen_workload(options)
    from mobilevos_bench.machine import origin
    from mobilevos_bench.recording import record, recording_name

    found = origin(PROGRAM, arguments)
    for runtime in workload.artifacts:
        name = recording_name(workload, runtime)
        tell(f"{name}: {options.frames} frames")
        progress = Progress(options.frames)
        try:
            made = record(workload, runtime, options.frames, options.folder, found, options.label, progress.step)
        finally:
            progress.close()
        if not made:
            tell(f"{name} is there already")
    return EXIT_OK


def run_agree(options: argparse.Namespace, arguments: list[str]) -> int:
    """Compares.

    Raises:
        MobileVOSError: recordings cannot be compared, or they do not agree.
    """
    from mobilevos_bench.agreement import LEAST_EQUAL_SHARE, LEAST_IOU, agree
    from mobilevos_bench.agreement_report import agreement_text

    check_target(options.json)
    result = agree(options.first, options.second, LEAST_EQUAL_SHARE, LEAST_IOU)
    give(result, agreement_text(result), options.json)
    if result.failures:
        raise MobileVOSError(
            f"the machines do not agree: {', '.join(result.failures)}; "
            "look at the masks of 'vos-track --masks' on both, and at their versions"
        )
    return EXIT_OK
