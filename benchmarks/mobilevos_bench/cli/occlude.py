"""`vos-bench occlude`: its options, and what it does with them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mobilevos_sdk.cli.common import EXIT_OK
from mobilevos_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from mobilevos_sdk.cli.common import ArgumentParser

HELP = "a copy of a data set in which strips pass in front of the objects"
DESCRIPTION = """\
Writes a copy of a data set in DAVIS layout for 'vos-eval', in which strips of its other videos, as high as the frame,
pass in front of the objects a fourth, a half and three fourths through each video. What they cover is background in the
ground truth. It says whether what was hidden is found again.
example: vos-bench occlude --data DAVIS --out occluded --seed 1"""


def add_parser(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `vos-bench`."""
    parser = commands.add_parser("occlude", help=HELP, description=DESCRIPTION)
    parser.add_argument("--data", type=Path, required=True, help="folder with JPEGImages and the ground truth")
    parser.add_argument(
        "--annotations", default="Annotations", metavar="FOLDER", help="the ground truth's folder (%(default)s)"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="gets the same folders; new or empty")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the strips (%(default)s)")
    parser.set_defaults(body=run_occlude)


def run_occlude(options: argparse.Namespace, arguments: list[str]) -> int:
    """Writes the copy.

    Raises:
        MobileVOSError: the data cannot be read, or the copy not be written, or something is there already.
    """
    from mobilevos_bench.occlusion import write_occluded
    from mobilevos_sdk.davis import find_sequences

    sequences = find_sequences(options.data, options.annotations)
    if options.out.is_dir() and any(options.out.iterdir()):
        raise InvalidInputError(f"{options.out} is not empty; give a new folder, so that no two data sets are mixed")
    for name, strips in write_occluded(sequences, options.annotations, options.out, options.seed):
        print(f"{name}: {strips} strip{'' if strips == 1 else 's'}", flush=True)
    return EXIT_OK
