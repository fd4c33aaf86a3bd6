"""`vos-bench failures`: its options, and what it does with them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mobilevos_sdk.cli.common import EXIT_OK, positive_int
from mobilevos_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from mobilevos_sdk.cli.common import ArgumentParser

HELP = "pictures of the sequences that score lowest"
DESCRIPTION = """\
Draws masks that 'vos-eval --save' kept against the ground truth: a picture for each of the sequences that score lowest,
with the worst frame of each sixth of the video. Green is right, orange is missed, blue is too much, and violet has the
wrong object. Sequences without predictions are left out.
example: vos-bench failures --predictions masks --data DAVIS --out pictures --worst 3"""


def add_parser(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `vos-bench`."""
    parser = commands.add_parser("failures", help=HELP, description=DESCRIPTION)
    parser.add_argument("--predictions", type=Path, required=True, metavar="DIR", help="DIR/SEQUENCE/FRAME.png")
    parser.add_argument("--data", type=Path, required=True, help="folder with JPEGImages and the ground truth")
    parser.add_argument(
        "--annotations", default="Annotations", metavar="FOLDER", help="the ground truth's folder (%(default)s)"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="gets SEQUENCE.png")
    parser.add_argument("--worst", type=positive_int, default=3, metavar="N", help="how many sequences (%(default)s)")
    parser.add_argument(
        "--backwards", action="store_true", help="the masks are of 'vos-eval --backwards': frames in that order"
    )
    parser.add_argument("--no-frames", action="store_true", help="colours alone, without the frames behind them")
    parser.set_defaults(body=run_failures)


def run_failures(options: argparse.Namespace, arguments: list[str]) -> int:
    """Draws.

    Raises:
        MobileVOSError: a mask or a frame is missing or cannot be read, or a picture cannot be written.
    """
    from mobilevos_bench.failures import draw_failures
    from mobilevos_sdk.davis import find_sequences

    with_frames = not options.no_frames
    found = find_sequences(options.data, options.annotations, None, need_frames=with_frames)
    if options.backwards:
        found = tuple(sequence.backwards() for sequence in found)
    sequences = [one for one in found if one.scored and (options.predictions / one.name).is_dir()]
    if not sequences:
        raise InvalidInputError(
            f"{options.predictions} has masks of no sequence in {options.data}; keep them with 'vos-eval --save'"
        )
    for failure in draw_failures(options.predictions, sequences, options.out, options.worst, with_frames):
        frames = ", ".join(failure.frames)
        print(f"{failure.path}: J&F {100 * failure.scores.mean.j_and_f:.1f}, frames {frames}")
    return EXIT_OK
