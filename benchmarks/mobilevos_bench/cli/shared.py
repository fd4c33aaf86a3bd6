"""What the commands of `vos-bench` share."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mobilevos_sdk.cli.common import EXIT_OK

if TYPE_CHECKING:
    from mobilevos_bench.formats import Record
    from mobilevos_bench.results import Origin

PROGRAM = "vos-bench"


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
