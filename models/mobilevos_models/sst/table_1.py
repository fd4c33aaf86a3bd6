"""`python -m mobilevos_models.sst.table_1`: what SST's attention costs, beside table 1 of the paper."""

from __future__ import annotations

import sys

from mobilevos_sdk.cli.common import ArgumentParser, positive_int, run

PROGRAM = "python -m mobilevos_models.sst.table_1"
EPILOG = """examples:
  python -m mobilevos_models.sst.table_1
  python -m mobilevos_models.sst.table_1 --input 480 --stride 16 --layers 2

exit codes: 0 done, 2 wrong usage"""


def main(argv: list[str] | None = None) -> int:
    """Runs the command and returns its exit code."""
    return run(PROGRAM, lambda: _main(argv))


def build_parser() -> ArgumentParser:
    """The options of the command."""
    parser = ArgumentParser(PROGRAM, "Print what SST's sparse attention costs, against the paper's table 1.", EPILOG)
    add = parser.add_argument
    add("--input", type=positive_int, default=465, help="side of the square frame in pixels (default 465)")
    add("--stride", type=positive_int, default=8, help="of the feature map (default 8)")
    add("--frames", type=positive_int, default=3, help="of the buffer (default 3)")
    add("--channels", type=positive_int, default=128, help="of the encoder (default 128)")
    add("--layers", type=positive_int, default=3, help="of the encoder (default 3)")
    add("--kernel", type=positive_int, default=8, help="h of local and strided attention (default 8)")
    return parser


def _main(argv: list[str] | None) -> int:
    given = build_parser().parse_args(argv)
    from mobilevos_models.sst.macs import Setting, table

    setting = Setting(given.input, given.stride, given.frames, given.channels, given.layers, given.kernel)
    print(
        f"GMAC of {setting.layers} layers, {setting.channels} channels, {setting.frames} frames of "
        f"{setting.cells}x{setting.cells} cells, h = {setting.kernel}"
    )
    print(table(setting))
    return 0


if __name__ == "__main__":
    sys.exit(main())
