"""What the commands of `vos-bench` share."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mobilevos_sdk.cli.common import EXIT_OK, ArgumentParser, positive_int

if TYPE_CHECKING:
    from mobilevos_bench.formats import Record
    from mobilevos_bench.results import Origin
    from mobilevos_bench.workload import Workload

PROGRAM = "vos-bench"
RUNTIMES = ("onnx", "litert")


def tell(line: str) -> None:
    """Prints a remark of the program to the standard error."""
    print(f"{PROGRAM}: {line}", file=sys.stderr, flush=True)


def measured_origin(arguments: list[str]) -> Origin:
    """The origin of a measurement that begins now; says so if the machine is busy, for which it looks for a second."""
    from mobilevos_bench.machine import BUSY_LIMIT, origin

    found = origin(PROGRAM, arguments)
    if found.busy_cores is not None and found.busy_cores > BUSY_LIMIT:
        tell(f"other programs keep {found.busy_cores:.1f} cores busy, so times will be too long")
    return found


def check_target(target: str | None) -> None:
    """Makes sure, before anything is measured, that `--json` can be written.

    Raises:
        MobileVOSError: it cannot.
    """
    from mobilevos_sdk.files import check_writable

    if target not in (None, "-"):
        check_writable(target)


def give(record: Record, text: str, target: str | None) -> int:
    """Prints a result for people, and writes it to the file of `--json` or, as `-`, to the standard output."""
    from mobilevos_bench.formats import to_text
    from mobilevos_sdk.files import write_atomically

    print(text, file=sys.stderr if target == "-" else sys.stdout)
    if target == "-":
        sys.stdout.write(to_text(record))
    elif target:
        write_atomically(target, to_text(record))
    return EXIT_OK


def add_json(parser: ArgumentParser) -> None:
    """Adds `--json`, which `check_target` and `give` take."""
    parser.add_argument("--json", metavar="FILE|-", help="write the result as JSON; '-' is the standard output")


def add_workload(parser: ArgumentParser) -> None:
    """Adds the options that say what is run; `chosen_workload` reads them."""
    add = parser.add_argument
    add("--model", required=True, metavar="NAME|FILE", help="an embedded model, or an .onnx or .tflite artifact")
    add("--runtime", type=_runtimes, metavar="A,B", help="onnx, litert or both (default: all that there is a file for)")
    add("--threads", type=positive_int, metavar="N", help="threads of the runtime (default: the SDK's)")
    add("--objects", type=positive_int, default=1, metavar="N", help="objects of the mask to follow (%(default)s)")
    add("--clip", type=Path, metavar="FILE", help="video file or folder of frames (default: the repository's sample)")
    add("--mask", type=Path, metavar="FILE", help="its first mask (default: NAME-first-mask.png beside the clip)")


def _runtimes(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    unknown = [name for name in names if name not in RUNTIMES]
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown runtime '{unknown[0]}'; choose from {', '.join(RUNTIMES)}")
    return names


def chosen_workload(options: argparse.Namespace) -> Workload:
    """Opens what the options of `add_workload` name.

    Raises:
        MobileVOSError: a model, clip or mask is missing or cannot be used.
    """
    from mobilevos_bench.workload import WorkloadOptions, open_workload

    return open_workload(
        WorkloadOptions(options.model, options.runtime, options.threads, options.objects, options.clip, options.mask)
    )
