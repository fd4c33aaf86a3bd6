"""Checks every model that can be exported on LiteRT's GPU accelerator, at a small size, and the embedded artifacts.

What the accelerator takes depends on the operators and the ranks of their tensors, and both are the same at every size.
Nothing is compared with PyTorch here: `vos-export` does that.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mobilevos_export.gpu_check import GpuCheckError, check_gpu
from mobilevos_export.gpu_drivers import ARITHMETICS, find_driver
from mobilevos_export.gpu_report import FORMAT_VERSION, GpuReport
from mobilevos_export.options import MINIMUM_PARITY_FRAMES, RANDOM, ExportOptions, parse_size
from mobilevos_sdk.cli.common import ArgumentParser, UsageError, positive_int, run
from mobilevos_sdk.errors import InvalidInputError
from mobilevos_sdk.files import check_writable, write_atomically
from mobilevos_sdk.machine import provenance
from mobilevos_sdk.segmenter import WEIGHTS

if TYPE_CHECKING:
    from mobilevos_export.gpu_process import Report

PROGRAM = "python -m mobilevos_export.gpu_registry"
FORMAT = "mobilevos-gpu-registry"
EPILOG = """examples:
  python -m mobilevos_export.gpu_registry
  python -m mobilevos_export.gpu_registry --models aot-t,stcn --size 128x160 --json gpu.json

Needs the software drivers of scripts/install_vulkan.sh. exit codes: 0 all passed, 1 failed, 2 wrong usage"""
# The smallest size that models take, with sides that differ.
SIZE = "64x96"


@dataclass(frozen=True)
class _Job:
    """One check: an embedded artifact, or a model that has to be exported first."""

    model: str
    artifact: Path | None
    half: bool
    height: int
    width: int


def check_models(
    names: tuple[str, ...], half: tuple[str, ...], height: int, width: int, jobs: int, report: Report
) -> tuple[GpuReport, ...]:
    """Checks the graphs of small artifacts in fp32, those of some models also in fp16 over a clip.

    Args:
        names: registered models.
        half: those to be checked in fp16 too.
        height: of the model's input, a multiple of 16.
        width: likewise.
        jobs: processes at work at once.
        report: is told each result.

    Returns:
        A report for each embedded artifact (one object at its own size, fp32), and then for each model.

    Raises:
        UnknownModelError, InvalidInputError: a model is not registered, or runs in PyTorch only.
        ConversionError, RuntimeMissingError: the converter failed or is not installed.
    """
    embedded = [_Job(path.stem, path, False, 0, 0) for path in sorted(WEIGHTS.glob("*.tflite"))]
    todo = [*embedded, *(_Job(name, None, name in half, height, width) for name in names)]
    found: list[GpuReport] = []
    # PyTorch's threads do not survive a fork.
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        for result in pool.map(_check, todo):
            report(f"[{len(found) + 1}/{len(todo)}] {result.text()}")
            found.append(result)
    return tuple(found)


def _check(job: _Job) -> GpuReport:
    """Does one job, in a process of the pool."""
    if job.artifact is not None:
        return check_gpu(job.artifact, ("fp32",), frames=0, objects=1)
    with tempfile.TemporaryDirectory(prefix="mobilevos-gpu-") as folder:
        path = _export(job, Path(folder))
        return check_gpu(path, ARITHMETICS if job.half else ("fp32",), MINIMUM_PARITY_FRAMES if job.half else 0)


def _export(job: _Job, folder: Path) -> Path:
    """Exports a model with the weights that are shipped, or else with random ones."""
    import torch

    from mobilevos_export import tflite_export
    from mobilevos_export.graphs import load_source
    from mobilevos_models.checkpoints import shipped_checkpoint

    torch.set_num_threads(1)
    checkpoint = None if shipped_checkpoint(job.model).is_file() else RANDOM
    options = ExportOptions(job.model, height=job.height, width=job.width, checkpoint=checkpoint, out=folder)
    source = load_source(options)
    path = options.path("tflite")
    path.write_bytes(tflite_export.package(tflite_export.convert(source, lambda line: None), source.spec))
    return path


def build_parser() -> ArgumentParser:
    """The options of the command."""
    parser = ArgumentParser(PROGRAM, "Check all exportable models on LiteRT's GPU accelerator.", EPILOG)
    add = parser.add_argument
    add("--models", help="names, separated by commas (default: all that can be exported)")
    add("--fp16", default="", help="names of those to check in fp16 too, which takes a minute each (default none)")
    add("--size", default=SIZE, help=f"input HEIGHTxWIDTH (default {SIZE})")
    add("--jobs", type=positive_int, default=1, help="processes at work at once, 1.5 GB each (default 1)")
    add("--json", type=Path, help="write the results to this file")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Runs the command and returns its exit code."""
    return run(PROGRAM, lambda: _main(sys.argv[1:] if argv is None else argv))


def _main(argv: list[str]) -> int:
    arguments = build_parser().parse_args(argv)
    try:
        height, width = parse_size(arguments.size)
    except InvalidInputError as error:
        raise UsageError(str(error)) from error
    if arguments.json:
        check_writable(arguments.json)
    find_driver("fp32")
    from mobilevos_models.registry import MODELS, is_exportable

    names = _names(arguments.models) if arguments.models else tuple(name for name in MODELS if is_exportable(name))
    half = _names(arguments.fp16)
    if set(half) - set(names):
        raise UsageError(f"--fp16 names {', '.join(sorted(set(half) - set(names)))}, which --models does not")
    unknown = [name for name in names if not is_exportable(name)]
    if unknown:
        raise UsageError(f"{', '.join(unknown)} cannot be exported; docs/models.md has those that can")
    reports = check_models(names, half, height, width, arguments.jobs, _tell)
    if arguments.json:
        origin = provenance(PROGRAM, argv).to_dict()
        results = [found.as_json() for found in reports]
        content = {"format": FORMAT, "format_version": FORMAT_VERSION, **origin, "results": results}
        write_atomically(arguments.json, json.dumps(content, indent=1) + "\n")
    failed = [found.artifact for found in reports if not found.passed]
    print(f"{len(reports) - len(failed)} of {len(reports)} artifacts pass on the GPU accelerator")
    if failed:
        raise GpuCheckError(f"{', '.join(failed)} failed; mend the operators that the reports above name")
    return 0


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


if __name__ == "__main__":
    sys.exit(main())
