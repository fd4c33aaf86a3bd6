"""`vos-bench queue`: its options, and what it does with them."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mobilevos_bench.cli.shared import check_target, measured_origin, tell
from mobilevos_sdk.cli.common import EXIT_OK, Progress, UsageError, frame_size, positive_int

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from mobilevos_bench.queue_file import SweepFile
    from mobilevos_bench.queue_results import QueueResult, QueueScore
    from mobilevos_bench.queue_sweep import SweepOptions
    from mobilevos_bench.workload import Workload
    from mobilevos_sdk.cli.common import ArgumentParser
    from mobilevos_sdk.davis import DavisSequence

HELP = "time, memory and J&F over the length of the memory queue"
# Those of MobileVOS's figure 4.
QUEUES = (1, 2, 5, 10, 20)
DESCRIPTION = """\
Redraws figure 4 of MobileVOS for this machine: milliseconds of each graph and of a frame, peak memory and J&F for each
length of the queue. Artifacts are looked for as vos-export names them (MODEL-qN-HxW); those that are missing are named,
with the command that makes them. The file of --json is written after every measurement: give the command again to go on
where it stopped, or to draw what it holds.
examples:
  vos-bench queue --model mobilenetv2-noaspp --json queue.json --plot queue.svg
  vos-bench queue --model mobilenetv2-noaspp --json queue.json --eval 1=one.json --eval unbounded=all.json
  vos-bench queue --model mobilenetv2-noaspp --queues 1,2 --json queue.json --data DAVIS"""


def add_parser(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `vos-bench`."""
    parser = commands.add_parser("queue", help=HELP, description=DESCRIPTION)
    add = parser.add_argument
    add("--model", required=True, metavar="NAME", help="registered name, as in the artifacts' names")
    add("--json", type=Path, required=True, metavar="FILE", help="where the results go, and are looked for")
    add("--queues", type=_queues, default=QUEUES, metavar="N,M", help="lengths of the queue (1,2,5,10,20)")
    add("--artifacts", type=Path, default=Path("out"), metavar="DIR", help="folder of vos-export (%(default)s)")
    add("--size", type=frame_size, default=(480, 864), metavar="HxW", help="the model's input (480x864)")
    add("--runtime", choices=("litert", "onnx"), default="litert", help="what runs the model (%(default)s)")
    add("--frames", type=positive_int, default=100, metavar="N", help="measured frames of each length (%(default)s)")
    add("--threads", type=positive_int, metavar="N", help="threads of the runtime (default: the SDK's)")
    add("--objects", type=positive_int, default=1, metavar="N", help="objects of the mask to follow (%(default)s)")
    add("--clip", type=Path, metavar="FILE", help="video file or folder of frames (default: the repository's sample)")
    add("--mask", type=Path, metavar="FILE", help="its first mask (default: NAME-first-mask.png beside the clip)")
    add(
        "--eval",
        type=_evaluation,
        action="append",
        default=[],
        metavar="N=FILE",
        help="what vos-eval --json wrote for a queue of N, or for N 'unbounded'; may be repeated",
    )
    add("--data", type=Path, metavar="DIR", help="score the artifacts on this data, which is laid out like DAVIS")
    add("--annotations", default="Annotations", metavar="FOLDER", help="the ground truth's folder in --data")
    add("--plot", type=Path, metavar="FILE", help="draw ms and J&F over the length, as .png or .svg")
    add(
        "--beside",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="results of another model to draw into the same plot; may be repeated",
    )
    add("--again", action="store_true", help="measure and score also what the file has already")
    parser.set_defaults(body=run_queue)


def run_queue(options: argparse.Namespace, arguments: list[str]) -> int:
    """Measures, scores and draws what is not in the file yet.

    Raises:
        MobileVOSError: there is nothing to measure, a file cannot be used, or a measurement failed; what was measured
            before is in the file.
    """
    from mobilevos_bench.queue_file import read_sweep
    from mobilevos_bench.queue_sweep import open_sweep
    from mobilevos_bench.report import queue_text
    from mobilevos_sdk.errors import ArtifactError

    others = _check(options)
    sweep = _sweep_options(options)
    workloads = open_sweep(sweep)
    before = read_sweep(options.json)
    _tell_missing(sweep, workloads, before)
    if not workloads and before is None:
        raise ArtifactError(f"no artifact of {sweep.model} in {sweep.folder}, so there is nothing to measure")
    result = _fill(options, arguments, sweep, workloads, before)
    print(queue_text(result))
    if options.plot:
        from mobilevos_bench.queue_plot import write_plot

        write_plot(options.plot, [result, *others])
    return EXIT_OK


def _check(options: argparse.Namespace) -> list[QueueResult]:
    """Finds what is wrong before anything is measured; returns the results of `--beside`."""
    from mobilevos_bench.queue_file import read_sweep
    from mobilevos_bench.queue_plot import check_plot
    from mobilevos_sdk.errors import InvalidInputError

    if options.beside and not options.plot:
        raise UsageError("--beside goes with --plot")
    named = [name for name, _ in options.eval]
    if len(set(named)) != len(named):
        raise UsageError("--eval is given twice for one length")
    check_target(str(options.json))
    if options.plot:
        check_plot(options.plot)
    others = []
    for path in options.beside:
        found = read_sweep(path)
        if found is None:
            raise InvalidInputError(f"no file {path}; give what another 'vos-bench queue --json' wrote")
        others.append(found)
    return others


def _sweep_options(options: argparse.Namespace) -> SweepOptions:
    from mobilevos_bench.queue_sweep import SweepOptions

    return SweepOptions(
        model=options.model,
        queues=options.queues,
        folder=options.artifacts,
        size=options.size,
        runtime=options.runtime,
        frames=options.frames,
        threads=options.threads,
        objects=options.objects,
        clip=options.clip,
        mask=options.mask,
    )


def _tell_missing(sweep: SweepOptions, workloads: Mapping[int, Workload], before: QueueResult | None) -> None:
    for queue in sweep.queues:
        if queue not in workloads and (before is None or before.point(queue) is None):
            tell(f"no {sweep.artifact(queue)}; make it with '{sweep.remedy([queue])}'")


def _fill(
    options: argparse.Namespace,
    arguments: list[str],
    sweep: SweepOptions,
    workloads: Mapping[int, Workload],
    before: QueueResult | None,
) -> QueueResult:
    """Measures and scores, and returns all that the file holds then."""
    from mobilevos_bench.accuracy_results import data_name
    from mobilevos_bench.queue_file import SweepFile
    from mobilevos_bench.queue_scores import check_data, sequences_of
    from mobilevos_bench.queue_sweep import setting_of

    if not workloads:
        assert before is not None
        file = SweepFile(options.json, before)
    else:
        setting = setting_of(sweep, next(iter(workloads.values())))
        file = SweepFile.open(options.json, setting, measured_origin(arguments))
    scores = _given_scores(options, file, workloads)
    added: dict[int | None, str] = {score.queue: score.data for score in scores}
    unscored = {}
    sequences: list[DavisSequence] = []
    if options.data is not None:
        sequences = sequences_of(options.data, options.annotations)
        unscored = {queue: workload for queue, workload in workloads.items() if queue not in added}
        added |= dict.fromkeys(unscored, data_name(_data(options)))
    check_data(file.result, added)
    for score in scores:
        file.add_score(score)
    _measure(options, file, workloads)
    _score(options, file, unscored, sequences)
    return file.result


def _given_scores(options: argparse.Namespace, file: SweepFile, workloads: Mapping[int, Workload]) -> list[QueueScore]:
    from mobilevos_bench.queue_scores import score_from_file

    weights = [workload.spec.weights.get("checkpoint_sha256") for workload in workloads.values()]
    checkpoint = next((found for found in weights if isinstance(found, str)), None)
    return [score_from_file(path, queue, file.result.setting, checkpoint) for queue, path in options.eval]


def _measure(options: argparse.Namespace, file: SweepFile, workloads: Mapping[int, Workload]) -> None:
    """Measures the lengths that the file lacks, or has of another artifact."""
    from mobilevos_bench.queue_sweep import frames_to_do, measure_point

    todo = {}
    for queue, workload in workloads.items():
        known = file.result.point(queue)
        if options.again or known is None or known.artifact.sha256 != workload.artifact(options.runtime).sha256:
            todo[queue] = workload
        else:
            tell(f"queue {queue}: in {options.json} already")
    progress = Progress(frames_to_do(todo.values(), options.frames))
    try:
        for queue, workload in todo.items():
            point = measure_point(workload, options.frames, progress.step)
            file.add_point(point)
            progress.close()
            tell(f"queue {queue}: {point.stages.total.median:.1f} ms, {point.peak_mb:.0f} MB")
    finally:
        progress.close()


def _score(
    options: argparse.Namespace,
    file: SweepFile,
    workloads: Mapping[int, Workload],
    sequences: Sequence[DavisSequence],
) -> None:
    """Scores the lengths that the file lacks scores of, or has them of another artifact or on other data."""
    from mobilevos_bench.accuracy import frames_to_do
    from mobilevos_bench.accuracy_results import data_name
    from mobilevos_bench.markdown import percent_score
    from mobilevos_bench.queue_scores import score_artifact

    data, todo = _data(options), {}
    for queue, workload in workloads.items():
        known = file.result.score(queue)
        wanted = (workload.artifact(options.runtime).sha256, data_name(data))
        if options.again or known is None or (known.sha256, known.data) != wanted:
            todo[queue] = workload
    progress = Progress(len(todo) * frames_to_do(sequences, None))
    try:
        for queue, workload in todo.items():
            score = score_artifact(workload, sequences, data, progress.step)
            file.add_score(score)
            progress.close()
            tell(f"queue {queue}: J&F {percent_score(score.j_and_f)}")
    finally:
        progress.close()


def _data(options: argparse.Namespace) -> dict[str, str]:
    return {"folder": str(options.data), "annotations": options.annotations}


def _queues(text: str) -> tuple[int, ...]:
    return tuple(sorted({positive_int(part.strip()) for part in text.split(",")}))


def _evaluation(text: str) -> tuple[int | None, Path]:
    from mobilevos_bench.queue_results import UNBOUNDED

    name, separator, path = text.partition("=")
    if not separator or not path:
        raise argparse.ArgumentTypeError(f"'{text}' is not N=FILE, such as 2=eval.json or {UNBOUNDED}=eval.json")
    return None if name == UNBOUNDED else positive_int(name), Path(path)
