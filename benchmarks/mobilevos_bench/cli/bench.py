"""`vos-bench`: what a model costs on this machine, and the results tables of README, docs and model cards."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mobilevos_bench.cli import agree, compare, failures, gain, occlude, phone, queue
from mobilevos_bench.cli.shared import (
    PROGRAM,
    add_json,
    add_workload,
    check_target,
    chosen_workload,
    give,
    measured_origin,
)
from mobilevos_sdk.cli.common import EXIT_OK, ArgumentParser, Progress, positive_int, run
from mobilevos_sdk.errors import MobileVOSError

if TYPE_CHECKING:
    from mobilevos_bench.workload import Workload

EPILOG = """\
examples:
  vos-bench run --model mobilenetv2 --json benchmarks/results/latency-mobilenetv2.json
  vos-bench run --model out/mobilenetv2-q2-480x864.onnx --runtime onnx --threads 1
  vos-bench memory --model mobilenetv2 --frames 20,2000
  vos-bench queue --model mobilenetv2-noaspp --json queue.json --plot queue.svg
  vos-bench phone mobilenetv2 --tool android_aarch64_benchmark_model --gpu --json phone.json
  vos-bench compare before.json after.json
  vos-bench gain eval-one.json eval-other.json
  vos-bench failures --predictions masks --data DAVIS --out pictures
  vos-bench occlude --data DAVIS --out occluded
  vos-bench record here --model mobilenetv2      on each of two machines, and then:
  vos-bench agree here there
  vos-bench table            check that README, docs and model cards show the committed results
  vos-bench table --write    make them do so

Measure on an idle machine; a busy one is said so. exit codes: 0 done, 1 failed, 2 wrong usage
"""
RUN = """\
Milliseconds a frame of pre-processing, segment, memorize and post-processing on each runtime, with their spread; GFLOP,
and the share of the convolution ceiling, which is measured in turn with the frames; start-up time and file size.
example: vos-bench run --model mobilenetv2 --threads 1"""
MEMORY = """\
Peak resident memory of a fresh process that follows the clip, again and again, after each number of frames.
example: vos-bench memory --model mobilenetv2 --frames 20,2000"""
TABLE = """\
Checks that the tables of README.md, docs/ and models/cards/, and the schema of the results, are as benchmarks/results
and the code have them; exits with 1 if not.
example: vos-bench table --write"""


def main(argv: list[str] | None = None) -> int:
    """Runs the command.

    Returns:
        0 done, 1 failed or (of `table`) out of date, 2 wrong usage, 130 interrupted.
    """
    arguments = sys.argv[1:] if argv is None else argv
    return run(PROGRAM, lambda: _main(arguments))


def _main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    body: Callable[[argparse.Namespace, list[str]], int] = options.body
    return body(options, arguments)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(PROGRAM, "What a model costs on this machine, and tables of the results.", EPILOG)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    latency = commands.add_parser("run", help="milliseconds a frame, stage by stage", description=RUN)
    add_workload(latency)
    latency.add_argument(
        "--frames", type=positive_int, default=60, metavar="N", help="measured frames for each runtime (%(default)s)"
    )
    add_json(latency)
    latency.set_defaults(body=_run)

    memory = commands.add_parser("memory", help="peak memory of a process that follows a video", description=MEMORY)
    add_workload(memory)
    memory.add_argument(
        "--frames", type=_counts, default=(20, 2000), metavar="N,M", help="report after so many frames (20,2000)"
    )
    add_json(memory)
    memory.set_defaults(body=_memory)

    queue.add_parser(commands)
    phone.add_parser(commands)
    compare.add_parser(commands)
    gain.add_parser(commands)
    failures.add_parser(commands)
    occlude.add_parser(commands)
    agree.add_parsers(commands)

    table = commands.add_parser("table", help="the results tables of README, docs and model cards", description=TABLE)
    table.add_argument("--write", action="store_true", help="write what is out of date (default: only check)")
    table.add_argument("--root", type=Path, metavar="DIR", help="the repository (default: the one of this program)")
    table.set_defaults(body=_table)
    return parser


def _counts(text: str) -> tuple[int, ...]:
    return tuple(positive_int(part.strip()) for part in text.split(","))


def _run(options: argparse.Namespace, arguments: list[str]) -> int:
    workload = _prepare(options)
    from mobilevos_bench.latency import LatencyOptions, measure_latency
    from mobilevos_bench.report import latency_text

    wanted = LatencyOptions(frames=options.frames)
    progress = Progress(wanted.steps(len(workload.artifacts)))
    try:
        result = measure_latency(workload, wanted, measured_origin(arguments), progress.step)
    finally:
        progress.close()
    return give(result, latency_text(result), options.json)


def _memory(options: argparse.Namespace, arguments: list[str]) -> int:
    workload = _prepare(options)
    from mobilevos_bench.memory import measure_memory
    from mobilevos_bench.report import memory_text

    progress = Progress(max(options.frames) * len(workload.artifacts))
    try:
        result = measure_memory(workload, options.frames, measured_origin(arguments), progress.step)
    finally:
        progress.close()
    return give(result, memory_text(result), options.json)


def _prepare(options: argparse.Namespace) -> Workload:
    """Finds all that can be wrong before anything is measured."""
    check_target(options.json)
    return chosen_workload(options)


def _table(options: argparse.Namespace, arguments: list[str]) -> int:
    from mobilevos_bench.tables import generate
    from mobilevos_sdk.files import write_atomically

    outdated = [page for page in generate(options.root or Path(__file__).parents[3]) if not page.is_current]
    if not options.write:
        names = ", ".join(str(page.path) for page in outdated)
        if outdated:
            raise MobileVOSError(f"out of date: {names}; write them with '{PROGRAM} table --write'")
        return EXIT_OK
    for page in outdated:
        write_atomically(page.path, page.wanted)
        print(f"wrote {page.path}")
    return EXIT_OK


if __name__ == "__main__":
    sys.exit(main())
