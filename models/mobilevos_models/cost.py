"""`python -m mobilevos_models.cost`: what every registered model costs, in PyTorch and as an artifact.

Parameters, GFLOP, milliseconds and peak memory of a frame, for some numbers of objects, into one JSON file, from which
`vos-bench table` makes its tables. It is a command of this package and not of the benchmarks because it builds models,
which `mobilevos_bench` may not import: that package runs without PyTorch.

Costs do not depend on what the weights are, so models have random ones, and frames are noise.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mobilevos_sdk.cli.common import EXIT_FAILED, EXIT_OK, ArgumentParser, UsageError, frame_size, positive_int, run
from mobilevos_sdk.errors import MobileVOSError

if TYPE_CHECKING:
    from mobilevos_models.cost_process import CostTask

PROGRAM = "python -m mobilevos_models.cost"
RUNTIMES = {"torch": None, "onnx": ".onnx", "litert": ".tflite"}
EPILOG = """examples:
  python -m mobilevos_models.cost --repeats 5 --rounds 3 --json benchmarks/results/cost.json
  python -m mobilevos_models.cost --models mobilenetv2,sst-local --objects 1 --repeats 5 --json cost.json

Every measurement has a process of its own. Those of a model on a runtime take turns, a frame each, so that its numbers
of objects can be compared; they are in memory together. Then the file is written: give the command again to go on where
it stopped. Rounds measure everything, then everything again: what a shared machine does for some minutes is then not
the share of one model. Artifacts are looked for as vos-export names them; those that are not there are left out and
named. Measure on an idle machine. exit codes: 0 done, 1 something failed, 2 wrong usage"""


def main(argv: list[str] | None = None) -> int:
    """Runs the command and returns its exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    return run(PROGRAM, lambda: _main(arguments))


def build_parser() -> ArgumentParser:
    """The options of the command."""
    parser = ArgumentParser(PROGRAM, "Measure parameters, GFLOP, time and peak memory of all models.", EPILOG)
    add = parser.add_argument
    add("--models", type=_names, metavar="A,B", help="registered names (default: all)")
    add("--runtimes", type=_names, default=tuple(RUNTIMES), metavar="A,B", help="of torch, onnx, litert (default: all)")
    add("--objects", type=_counts, default=(1, 3, 10), metavar="N,M", help="numbers of objects (default 1,3,10)")
    add("--size", type=frame_size, default=(480, 864), help="model input (default 480x864, which 480x854 is padded to)")
    add("--queue", type=positive_int, default=2, help="slots of the memory, all of them full (default 2)")
    add("--threads", type=positive_int, help="of the runtime (default: the SDK's)")
    add("--repeats", type=positive_int, default=20, help="measured frames of a round (default 20)")
    add("--rounds", type=positive_int, default=1, help="how often all is measured; the frames add up (default 1)")
    add("--artifacts", type=Path, default=Path("out"), metavar="DIR", help="folder of vos-export (default out)")
    add("--json", type=Path, required=True, metavar="FILE", help="where the results go, and are looked for")
    add("--again", action="store_true", help="measure also what the file has already")
    return parser


def _main(arguments: list[str]) -> int:
    options = build_parser().parse_args(arguments)
    unknown = [name for name in options.runtimes if name not in RUNTIMES]
    if unknown:
        raise UsageError(f"unknown runtime '{unknown[0]}'; choose from {', '.join(RUNTIMES)}")
    from mobilevos_models.cost_file import CostFile, Setting
    from mobilevos_models.cost_process import measure_by_turns
    from mobilevos_sdk.options import RuntimeOptions

    height, width = options.size
    threads = RuntimeOptions(threads=options.threads).thread_count
    file = CostFile.open(options.json, PROGRAM, arguments, Setting(height, width, options.queue, threads))
    groups = list(_groups(options, threads))
    rounds = [(turn, group) for turn in range(1, options.rounds + 1) for group in groups]
    failures = 0
    for number, (turn, group) in enumerate(rounds, start=1):
        anew = options.again and turn == 1
        tell = partial(_tell, f"[{number}/{len(rounds)}]")
        due = []
        for task in group:
            problem = _missing(task, max(options.objects))
            if problem is not None:
                tell(task, f"left out, {problem}")
            elif file.frames(task) >= turn * options.repeats and not anew:
                tell(task, f"in {options.json} already")
            else:
                due.append(task)
        for task, measured in zip(due, measure_by_turns(due, options.repeats), strict=True):
            if isinstance(measured, MobileVOSError):
                failures += 1
                tell(task, f"failed: {' '.join(str(measured).split())}")
            else:
                file.add(task, measured, anew)
                tell(task, measured.text())
    return EXIT_FAILED if failures else EXIT_OK


def _groups(options: argparse.Namespace, threads: int) -> Iterator[list[CostTask]]:
    """All measurements that are asked for: those of a model on a runtime together."""
    from mobilevos_models import MODELS, model_config
    from mobilevos_models.cost_process import CostTask
    from mobilevos_models.registry import is_exportable

    height, width = options.size
    for model in options.models or MODELS:
        model_config(model)  # an unknown name is told before anything is measured
    for model in options.models or MODELS:
        for runtime in options.runtimes:
            suffix = RUNTIMES[runtime]
            if suffix is not None and not is_exportable(model):
                continue
            path = options.artifacts / f"{model}-q{options.queue}-{height}x{width}{suffix}"
            artifact = None if suffix is None else str(path)
            yield [
                CostTask(model, runtime, objects, height, width, options.queue, threads, artifact)
                for objects in options.objects
            ]


def _missing(task: CostTask, most: int) -> str | None:
    """Why a task cannot be done here, if so; `most` is the largest number of objects that is asked for."""
    if task.artifact is None or Path(task.artifact).is_file():
        return None
    command = f"vos-export --model {task.model} --queue {task.queue} --size {task.height}x{task.width} --objects {most}"
    return f"no {task.artifact}; make one with '{command} --checkpoint random'"


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def _counts(text: str) -> tuple[int, ...]:
    return tuple(dict.fromkeys(positive_int(part.strip()) for part in text.split(",")))


def _tell(progress: str, task: CostTask, message: str) -> None:
    print(f"{progress} {task.model}, {task.runtime}, {task.objects} objects: {message}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
