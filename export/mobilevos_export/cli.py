"""`vos-export`: a trained model becomes ONNX and TFLite artifacts that agree with PyTorch."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mobilevos_export.options import (
    CALIBRATION_SAMPLES,
    CHECKS,
    FORMATS,
    MAXIMUM_OBJECTS,
    MAXIMUM_QUEUE,
    MINIMUM_PARITY_FRAMES,
    PRECISIONS,
    RANDOM,
    TFLITE_ROUTES,
    ExportOptions,
    parse_size,
)
from mobilevos_sdk.cli.common import ArgumentParser, UsageError, run
from mobilevos_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from mobilevos_export.exporter import ExportReport

PROGRAM = "vos-export"
EPILOG = """examples:
  vos-export --model mobilenetv2 --queue 2
  vos-export --model mobilenetv2-noaspp --size 480x864 --objects 4 --precision fp16 --to tflite --out out
  vos-export --model mobilenetv2-noaspp --precision int8 --calibration davis/train
  vos-export --model mobilenetv2 --to tflite --check gpu
  vos-export --model mobilenetv2 --dry-run

An artifact is written only when it agrees with PyTorch on real frames, per tensor and per mask.
exit codes: 0 done, 1 failed, 2 wrong usage"""


def main(argv: list[str] | None = None) -> int:
    """Runs the command and returns its exit code."""
    return run(PROGRAM, lambda: _main(argv))


def build_parser() -> ArgumentParser:
    """The options of the command."""
    parser = ArgumentParser(PROGRAM, "Export a model with its memory loop to ONNX and TFLite.", EPILOG)
    add = parser.add_argument
    add("--model", required=True, help="registered name, such as mobilenetv2 or aot-t; docs/models.md has them all")
    add("--queue", type=int, help=f"slots of the memory, 1 to {MAXIMUM_QUEUE} (default 2 or 3, as the model is best)")
    add("--size", default="480x864", help="input HEIGHTxWIDTH, multiples of 16 (default 480x864)")
    add("--objects", type=int, help=f"most objects at once, 1 to {MAXIMUM_OBJECTS} (default 1, of the AOT family 10)")
    add("--depth", type=int, help="layers that run, for a model that can choose: aost (default all)")
    add("--precision", default="fp32", help=f"{', '.join(PRECISIONS)} (default fp32); see docs/quantisation.md")
    add(
        "--calibration", type=Path, help="for int8: data set in DAVIS layout, or folder of clips (default: the samples)"
    )
    add(
        "--calibration-samples",
        type=int,
        default=CALIBRATION_SAMPLES,
        help=f"for int8: inputs of each graph to measure ranges on (default {CALIBRATION_SAMPLES})",
    )
    add("--to", default=",".join(FORMATS), help="formats, separated by commas (default onnx,tflite)")
    add("--checkpoint", help=f"safetensors file (default: the shipped one); '{RANDOM}' for untrained weights")
    add("--out", type=Path, default=Path("out"), help="folder of the artifacts (default out)")
    add("--tflite-via", default=TFLITE_ROUTES[0], help=f"converter: {' or '.join(TFLITE_ROUTES)} (default the first)")
    add("--sensitivity", type=Path, help="for int8: JSON file of each layer's error when it alone is quantised (slow)")
    add("--no-locality", action="store_true", help="leave the locality prior out: the read as in the paper")
    add("--parity-clip", type=Path, help="video to compare on (default: the sample clip of the repository)")
    add("--parity-mask", type=Path, help="its first mask (default: NAME-first-mask.png beside the clip)")
    add(
        "--parity-frames",
        type=int,
        default=MINIMUM_PARITY_FRAMES,
        help=f"frames to compare masks on, {MINIMUM_PARITY_FRAMES} or more",
    )
    add("--check", choices=CHECKS, help="gpu: LiteRT's GPU accelerator must take it too; see docs/gpu.md")
    add("--seed", type=int, default=0, help=f"of the calibration's frames, and of --checkpoint {RANDOM}")
    add("--dry-run", action="store_true", help="say what would be made, and make nothing")
    add("--json", action="store_true", help="print the result as JSON on stdout")
    return parser


def _main(argv: list[str] | None) -> int:
    arguments = build_parser().parse_args(argv)
    options = _options(arguments)
    if arguments.dry_run:
        from mobilevos_export.plan import plan, plan_text

        found = plan(options)
        print(json.dumps(found, indent=1) if arguments.json else plan_text(found))
        return 0
    return _export(options, arguments.json)


def _options(arguments: argparse.Namespace) -> ExportOptions:
    """The command line as options; what is wrong with them is wrong usage."""
    try:
        height, width = parse_size(arguments.size)
        return ExportOptions(
            model=arguments.model,
            queue=arguments.queue,
            height=height,
            width=width,
            objects=arguments.objects,
            precision=arguments.precision,
            formats=tuple(dict.fromkeys(name.strip() for name in arguments.to.split(",") if name.strip())),
            checkpoint=arguments.checkpoint,
            out=arguments.out,
            tflite_via=arguments.tflite_via,
            locality=not arguments.no_locality,
            depth=arguments.depth,
            parity_clip=arguments.parity_clip,
            parity_mask=arguments.parity_mask,
            parity_frames=arguments.parity_frames,
            seed=arguments.seed,
            calibration=arguments.calibration,
            calibration_samples=arguments.calibration_samples,
            sensitivity=arguments.sensitivity,
            checks=() if arguments.check is None else (arguments.check,),
        )
    except InvalidInputError as error:
        raise UsageError(str(error)) from error


def _export(options: ExportOptions, as_json: bool) -> int:
    tell = _reporter()
    tell("loading PyTorch")
    from mobilevos_export.exporter import GpuFailedError, ParityFailedError, export_model, summary

    if str(options.checkpoint) == RANDOM:
        tell("note: the weights are random, so the artifact follows nothing; it is for tests only")
    try:
        report = export_model(options, tell)
    except (ParityFailedError, GpuFailedError) as error:
        print(error.table, file=sys.stderr)
        raise
    for file in report.files:
        print(file.parity.table(), file=sys.stderr)
        if file.gpu is not None:
            print(file.gpu.text(), file=sys.stderr)
    print(json.dumps(summary(report), indent=1) if as_json else _text(report))
    return 0


def _text(report: ExportReport) -> str:
    return "\n".join(
        f"{file.path}  {file.size / 1e6:.1f} MB, {len(report.spec.graphs)} graphs, mask IoU with PyTorch "
        f"{file.parity.masks.mean_iou:.4f}, {file.seconds:.0f} s"
        for file in report.files
    )


def _reporter() -> Callable[[str], None]:
    """Prints lines with the seconds since the start to stderr."""
    started = time.perf_counter()

    def tell(line: str) -> None:
        print(f"[{time.perf_counter() - started:5.1f} s] {line}", file=sys.stderr, flush=True)

    return tell


if __name__ == "__main__":
    sys.exit(main())
