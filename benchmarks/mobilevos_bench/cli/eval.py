"""`vos-eval`: scores a model, or a folder of predicted masks, on a data set that is laid out like DAVIS."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobilevos_sdk.cli.common import ArgumentParser, Progress, UsageError, add_passes, add_zoom, positive_int, run

if TYPE_CHECKING:
    from mobilevos_bench.accuracy import SequenceResult
    from mobilevos_sdk.davis import DavisSequence
    from mobilevos_sdk.segmenter import Segmenter
    from mobilevos_sdk.tracking import VideoTracker

PROGRAM = "vos-eval"
EPILOG = """\
examples:
  vos-eval --model mobilenetv2 --data DAVIS --sequences ImageSets/2016/val.txt
  vos-eval --model out/mobilenetv2-q2-480x864.tflite --data DAVIS --json scores.json --save masks/
  vos-eval --predictions masks/ --data DAVIS --annotations AnnotationsMultiObject
  vos-eval --model mobilenetv2 --model mobilenetv2-noaspp --flip --data DAVIS
  vos-eval --model out/aot-t-q2-480x864.tflite --data CROWDS --passes
  vos-eval --model mobilenetv2 --data DAVIS --backwards

Several --model, or --flip, are an ensemble: their probabilities are averaged. Artifacts of one model that were exported
at several sizes make it multi-scale testing.

DAVIS is a folder with JPEGImages/SEQUENCE/*.jpg (or .webp, .png) and Annotations/SEQUENCE/*.png; a folder 480p in
between is fine. The first annotated frame gives the mask; every later one is scored, except the video's last frame.
"""


def main(argv: list[str] | None = None) -> int:
    """Runs the command.

    Returns:
        0 done, 1 failed, 2 wrong usage, 130 interrupted.
    """
    arguments = sys.argv[1:] if argv is None else argv
    return run(PROGRAM, lambda: _evaluate(_parser().parse_args(arguments), arguments))


def _parser() -> ArgumentParser:
    parser = ArgumentParser(PROGRAM, "J, F and J&F of a model or of predicted masks, by the protocol of DAVIS.", EPILOG)
    parser.add_argument("--data", type=Path, required=True, help="folder with JPEGImages and the ground truth")
    subject = parser.add_mutually_exclusive_group(required=True)
    subject.add_argument(
        "--model",
        action="append",
        metavar="NAME|FILE",
        help="an embedded model, or an .onnx or .tflite artifact; several are averaged",
    )
    subject.add_argument("--predictions", type=Path, metavar="DIR", help="predicted masks, DIR/SEQUENCE/FRAME.png")
    parser.add_argument(
        "--annotations",
        default="Annotations",
        metavar="FOLDER",
        help="the ground truth's folder in --data (%(default)s)",
    )
    parser.add_argument(
        "--sequences", metavar="A,B|FILE", help="sequences, or a .txt file with one a line (default: all with masks)"
    )
    parser.add_argument(
        "--backwards",
        action="store_true",
        help="follow each video from its last mask to its first frame: as many plays again with other starts",
    )
    add_zoom(parser)
    parser.add_argument("--flip", action="store_true", help="average with what the mirrored video gives")
    add_passes(parser)
    parser.add_argument("--runtime", choices=("onnx", "litert"), help="what runs the model (default: by the artifact)")
    parser.add_argument("--threads", type=positive_int, metavar="N", help="threads of the runtime")
    parser.add_argument("--save", type=Path, metavar="DIR", help="keep the model's masks, as PNGs with a palette")
    parser.add_argument("--resume", action="store_true", help="go on with the sequences that --save has not finished")
    parser.add_argument("--json", metavar="FILE|-", help="write the scores as JSON; '-' is the standard output")
    return parser


def _evaluate(options: argparse.Namespace, arguments: list[str]) -> None:
    _check(options)
    from mobilevos_bench.accuracy import Evaluation
    from mobilevos_bench.accuracy_report import to_json, to_table
    from mobilevos_bench.provenance import provenance
    from mobilevos_sdk.davis import find_sequences
    from mobilevos_sdk.files import check_writable, write_atomically

    if options.json not in (None, "-"):
        check_writable(options.json)
    names = _sequence_names(options.sequences)
    found = find_sequences(options.data, options.annotations, names, need_frames=options.model is not None)
    if options.backwards:
        found = tuple(sequence.backwards() for sequence in found)
    sequences, left_out = _scorable(found, named=names is not None)
    plan = _plan_model(options, sequences) if options.model else _plan_predictions(options, sequences)
    evaluation = Evaluation(tuple(_carry_out(plan, len(sequences), options)))
    print(to_table(evaluation), file=sys.stderr if options.json == "-" else sys.stdout)
    if options.json:
        data = {"folder": str(options.data), **_ground_truth(options), "left_out": left_out}
        report = to_json(evaluation, data, plan.subject, provenance(PROGRAM, arguments), plan.threads)
        text = json.dumps(report, indent=1) + "\n"
        sys.stdout.write(text) if options.json == "-" else write_atomically(options.json, text)


@dataclass(frozen=True)
class _Plan:
    """What is scored, the results as they come, the progress that they count on, and the runtime's threads."""

    subject: dict[str, Any]
    results: Iterator[SequenceResult]
    progress: Progress
    threads: int | None = None


def _check(options: argparse.Namespace) -> None:
    if options.predictions:
        given = {name: getattr(options, name) for name in ("runtime", "threads", "save", "flip", "passes")}
        for name, value in {**given, "no-zoom": not options.zoom}.items():
            if value:
                raise UsageError(f"--{name} goes with --model, not with --predictions")
    twice = [model for model in options.model or () if options.model.count(model) > 1]
    if twice:
        raise UsageError(f"--model {twice[0]} is given twice; the average with itself changes nothing")
    if options.resume and not options.save:
        raise UsageError("--resume needs --save DIR, the folder of the run that was cut short")


def _sequence_names(text: str | None) -> list[str] | None:
    """The names in `--sequences`: separated by commas, or one a line in a .txt file as in DAVIS's ImageSets."""
    if text is None:
        return None
    parts = Path(text).read_text().split() if text.endswith(".txt") else text.split(",")
    names = [part.strip() for part in parts if part.strip()]
    if not names:
        raise UsageError(f"--sequences {text!r} names no sequence")
    return names


def _scorable(sequences: Sequence[DavisSequence], named: bool) -> tuple[list[DavisSequence], list[str]]:
    """The sequences with a frame to score, and the names of the others; it is an error to ask for one of those."""
    from mobilevos_sdk.errors import InvalidInputError

    scorable = [sequence for sequence in sequences if sequence.scored]
    left_out = [sequence.name for sequence in sequences if not sequence.scored]
    reason = "a mask to begin with and one before the last frame are needed"
    if left_out and (named or not scorable):
        raise InvalidInputError(f"no frame to score in {', '.join(left_out)}: {reason}; choose other sequences")
    if left_out:
        print(f"{PROGRAM}: left out {', '.join(left_out)}, no frame to score: {reason}", file=sys.stderr)
    return scorable, left_out


def _plan_predictions(options: argparse.Namespace, sequences: Sequence[DavisSequence]) -> _Plan:
    from mobilevos_bench.accuracy import score_predictions

    progress = Progress(sum(len(sequence.scored) for sequence in sequences))
    results = score_predictions(options.predictions, sequences, progress.step)
    return _Plan({"predictions": str(options.predictions)}, results, progress)


def _plan_model(options: argparse.Namespace, sequences: Sequence[DavisSequence]) -> _Plan:
    from mobilevos_bench.accuracy import frames_to_do, score_model
    from mobilevos_bench.mask_store import MaskStore
    from mobilevos_sdk.options import RuntimeOptions
    from mobilevos_sdk.segmenter import Segmenter

    runtime = RuntimeOptions(options.runtime or "auto", options.threads, zoom=options.zoom)
    segmenters = [Segmenter.open(model, runtime) for model in options.model]
    subject = _describe(segmenters, options)
    store = None
    if options.save:
        settings = {**_settings(subject), **_ground_truth(options)}
        store = MaskStore.open(options.save, settings, sequences, options.resume)
    progress = Progress(frames_to_do(sequences, store))
    tracker = _tracker(segmenters, options)
    return _Plan(subject, score_model(tracker, sequences, store, progress.step), progress, runtime.thread_count)


def _ground_truth(options: argparse.Namespace) -> dict[str, Any]:
    """What the masks are scored by. The key `backwards` is there if it was wanted, as those of `_describe` are."""
    return {"annotations": options.annotations, **({"backwards": True} if options.backwards else {})}


def _tracker(segmenters: Sequence[Segmenter], options: argparse.Namespace) -> VideoTracker:
    """One model as it is, or an ensemble; each model in as many passes as it needs, if that is wanted."""
    from mobilevos_sdk.ensemble import Ensemble
    from mobilevos_sdk.passes import Passes

    members = [Passes(segmenter) if options.passes else segmenter for segmenter in segmenters]
    return members[0] if len(members) == 1 and not options.flip else Ensemble.of(members, options.flip)


def _describe(segmenters: Sequence[Segmenter], options: argparse.Namespace) -> dict[str, Any]:
    """The model, or the models of an ensemble.

    An ensemble has no key `model`: the tables of models, which look for it, leave ensembles out. The keys `passes` and
    `zoom` are there if they were wanted, and not otherwise: masks that were saved before there were any go on.
    """
    models = [_describe_model(one, given) for one, given in zip(segmenters, options.model, strict=True)]
    wanted = {name: True for name in ("passes", "zoom") if getattr(options, name)}
    if len(models) == 1 and not options.flip:
        return {**models[0], **wanted}
    return {"ensemble": models, "flip": options.flip, "averaged": "probabilities at the frame's size", **wanted}


def _describe_model(segmenter: Segmenter, given_as: str) -> dict[str, Any]:
    """A model, precisely enough to tell it from every other one."""
    from mobilevos_bench.provenance import file_sha256
    from mobilevos_sdk.segmenter import SUFFIXES, WEIGHTS

    spec = segmenter.spec
    path = Path(given_as)
    if not path.exists():  # an embedded model
        path = WEIGHTS / f"{given_as}{SUFFIXES.get(segmenter.backend_name, '')}"
    return {
        "model": spec.model,
        "given_as": given_as,
        "artifact_sha256": file_sha256(path) if path.is_file() else None,
        "weights": dict(spec.weights),
        "queue": spec.queue,
        "size": f"{spec.height}x{spec.width}",
        "precision": spec.precision,
        "runtime": segmenter.backend_name,
    }


def _settings(subject: dict[str, Any]) -> dict[str, Any]:
    """What saved masks depend on: the subject without the names under which the files were given."""
    if "ensemble" in subject:
        return {**subject, "ensemble": [_settings(model) for model in subject["ensemble"]]}
    return {**subject, "given_as": None}


def _carry_out(plan: _Plan, total: int, options: argparse.Namespace) -> Iterator[SequenceResult]:
    """Yields the results, and prints a line for each, so that an interruption leaves what was done on the screen."""
    from mobilevos_bench.accuracy_report import summary

    done = 0
    try:
        for result in plan.results:
            plan.progress.close()
            done += 1
            print(f"[{done}/{total}] {summary(result)}", file=sys.stderr)
            yield result
    except BaseException as error:
        plan.progress.close()
        if done or isinstance(error, KeyboardInterrupt):
            print(_farewell(done, total, options), file=sys.stderr)
        raise
    plan.progress.close()


def _farewell(done: int, total: int, options: argparse.Namespace) -> str:
    """What is left of a run that ends early."""
    line = f"{PROGRAM}: {done} of {total} sequences are done"
    if done and options.save:
        return f"{line}; their masks are in {options.save}, go on with --resume"
    if options.save:
        return f"{line}; go on with --resume"
    if options.model and done:
        return f"{line}, their scores are above; with --save DIR a run can go on with --resume"
    return line
