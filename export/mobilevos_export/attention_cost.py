"""`python -m mobilevos_export.attention_cost`: what the attentions of the AOT family cost beside their arithmetic.

Each attention is exported on its own and timed in the runtimes of the artifacts, in turn with a chain of dense 3x3
convolutions. How fast a runtime does those is what the machine could do. `excess` is how many times as long a part
takes as its arithmetic would at that speed: 1 if nothing but products cost time.

The arithmetic of an attention is that of its definition: blocks of queries multiply more, and that is their own affair.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobilevos_sdk.cli.common import EXIT_OK, ArgumentParser, UsageError, frame_size, positive_int, run
from mobilevos_sdk.files import write_atomically
from mobilevos_sdk.machine import DISTRIBUTIONS, provenance

if TYPE_CHECKING:
    from mobilevos_export.attention_parts import Part

PROGRAM = "python -m mobilevos_export.attention_cost"
FORMAT, FORMAT_VERSION = "mobilevos-attention-cost", 1
RUNTIMES = ("onnx", "litert")
WARMUP = 2
# The part that the others are measured against.
CEILING = "convolutions"
EPILOG = """examples:
  python -m mobilevos_export.attention_cost --json benchmarks/results/attention-cost.json
  python -m mobilevos_export.attention_cost --size 240x432 --runtimes onnx --repeats 5 --json attention.json

Measure on an idle machine. exit codes: 0 done, 1 something failed, 2 wrong usage"""


def main(argv: list[str] | None = None) -> int:
    """Runs the command and returns its exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    return run(PROGRAM, lambda: _main(arguments))


def build_parser() -> ArgumentParser:
    """The options of the command."""
    parser = ArgumentParser(PROGRAM, "Time the attentions of the AOT family beside their arithmetic.", EPILOG)
    add = parser.add_argument
    add("--size", type=frame_size, default=(480, 864), help="model input; its cells are a sixteenth (default 480x864)")
    add("--runtimes", default=",".join(RUNTIMES), metavar="A,B", help="of onnx, litert (default both)")
    add("--threads", type=positive_int, default=1, help="of the runtime (default 1)")
    add("--repeats", type=positive_int, default=20, help="rounds through all parts (default 20)")
    add("--json", type=Path, required=True, metavar="FILE", help="where the results go")
    return parser


def _main(arguments: list[str]) -> int:
    options = build_parser().parse_args(arguments)
    runtimes = tuple(options.runtimes.split(","))
    if unknown := set(runtimes) - set(RUNTIMES):
        raise UsageError(f"unknown runtime '{min(unknown)}'; choose from {', '.join(RUNTIMES)}")
    from mobilevos_export.attention_parts import make_parts

    parts = make_parts((options.size[0] // 16, options.size[1] // 16))
    made = provenance(PROGRAM, arguments, (*DISTRIBUTIONS, "torch")).to_dict()
    cells = [cell for runtime in runtimes for cell in measure(parts, runtime, options.threads, options.repeats)]
    setting = {"height": options.size[0], "width": options.size[1], "threads": options.threads}
    document = {"format": FORMAT, "format_version": FORMAT_VERSION, **made, "setting": setting, "cells": cells}
    write_atomically(options.json, json.dumps(document, indent=1) + "\n")
    print("\n".join(_line(cell) for cell in cells))
    return EXIT_OK


def measure(parts: Sequence[Part], runtime: str, threads: int, repeats: int) -> list[dict[str, Any]]:
    """Times parts in turn, so that all of them see the same clock rate.

    Args:
        parts: what to time; one of them is the `CEILING`.
        runtime: `onnx` or `litert`.
        threads: of the runtime.
        repeats: rounds.

    Returns:
        For each part: runtime, part, gflop, milliseconds of every round, and excess over the ceiling's speed.
    """
    from mobilevos_export.attention_parts import compile_part

    calls: dict[str, Callable[[], None]] = {}
    for part in parts:
        print(f"{runtime}: converting {part.name}", file=sys.stderr, flush=True)
        calls[part.name] = compile_part(part, runtime, threads)
    times: dict[str, list[float]] = {part.name: [] for part in parts}
    for turn in range(WARMUP + repeats):
        for name, call in calls.items():
            began = time.perf_counter()
            call()
            if turn >= WARMUP:
                times[name].append((time.perf_counter() - began) * 1e3)
    rate = {part.name: part.gflop / statistics.median(times[part.name]) for part in parts}
    return [
        {
            "runtime": runtime,
            "part": part.name,
            "gflop": part.gflop,
            "milliseconds": times[part.name],
            "excess": rate[CEILING] / rate[part.name],
        }
        for part in parts
    ]


def _line(cell: dict[str, Any]) -> str:
    first, _, third = statistics.quantiles(cell["milliseconds"], n=4)
    return (
        f"{cell['runtime']:7} {cell['part']:32} {cell['gflop']:6.2f} GFLOP "
        f"{statistics.median(cell['milliseconds']):7.2f} ms ({first:.2f} to {third:.2f})  {cell['excess']:5.2f} times"
    )


if __name__ == "__main__":
    sys.exit(main())
