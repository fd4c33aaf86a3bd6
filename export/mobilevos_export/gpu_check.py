"""Checks that a .tflite artifact runs on LiteRT's GPU accelerator alone, and right: `python -m` or `--check gpu`.

The accelerator is the one in LiteRT's wheel, WebGPU over Vulkan, on a driver that runs in software. A phone has the
same delegate on OpenCL, so a pass here is strong evidence, not proof.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
import time
from pathlib import Path

from mobilevos_export import gpu_operators
from mobilevos_export.gpu_drivers import ARITHMETICS, MACHINE, VulkanDriver, find_driver
from mobilevos_export.gpu_process import ChildResult, Report, run_child
from mobilevos_export.gpu_report import (
    FAILED,
    FORMAT,
    FORMAT_VERSION,
    JUDGED_BY_TENSORS,
    LARGEST_ERROR,
    LEAST_AGREEMENT,
    PASSED,
    SKIPPED,
    ClipAgreement,
    GpuReport,
    GpuRun,
    relative_error,
)
from mobilevos_export.gpu_run import GpuTask, open_part
from mobilevos_export.options import MINIMUM_PARITY_FRAMES, RANDOM
from mobilevos_export.parity import TensorParity
from mobilevos_export.parity_clip import SAMPLE
from mobilevos_export.single_operators import OperatorFault
from mobilevos_sdk.cli.common import ArgumentParser, UsageError, positive_int, run
from mobilevos_sdk.errors import InvalidInputError, MobileVOSError, RuntimeMissingError
from mobilevos_sdk.files import check_writable, write_atomically
from mobilevos_sdk.machine import provenance

PROGRAM = "python -m mobilevos_export.gpu_check"
EPILOG = """examples:
  python -m mobilevos_export.gpu_check out/mobilenetv2-q2-480x864.tflite
  python -m mobilevos_export.gpu_check mobilevos_sdk/weights/mobilenetv2.tflite --objects 1 --frames 4 --json gpu.json

Needs the software drivers of scripts/install_vulkan.sh; docs/gpu.md has the details.
exit codes: 0 passed, 1 failed, 2 wrong usage"""
# A frame at 480x864 takes seconds, and lavapipe minutes for the shaders of a graph that it sees for the first time.
TIMEOUT_SECONDS = 3600.0
# Trying all kinds of operators of a model takes a minute.
OPERATORS_SECONDS = 900.0


class GpuCheckError(MobileVOSError):
    """An artifact that does not run on the GPU, or not right."""


def arithmetics_of(precision: str) -> tuple[str, ...]:
    """What a GPU may compute an artifact in: the SDK insists on fp32 where the weights have it, and only there."""
    return ("fp32",) if precision == "fp32" else ARITHMETICS


def check_gpu(
    path: str | Path,
    arithmetics: tuple[str, ...] | None = None,
    frames: int = MINIMUM_PARITY_FRAMES,
    objects: int | None = None,
    clip: Path | None = None,
    mask: Path | None = None,
    machine: bool = False,
    name: str | None = None,
    report: Report = lambda line: None,
) -> GpuReport:
    """Checks an artifact.

    Args:
        path: a .tflite file.
        arithmetics: any of `fp32` and `fp16`; none takes those that the SDK would let the artifact run in.
        frames: of the clip after the first; 0 leaves the clip out.
        objects: checks the graphs of so many objects; none takes those of every number.
        clip: the video; none takes the sample clip.
        mask: its first mask; none takes the one beside it.
        machine: takes the machine's own GPU in place of the software drivers.
        name: of the artifact in the report; none takes the file's.
        report: is told what is being done.

    Returns:
        A run for each arithmetic. Where a driver is not installed, the run is skipped.

    Raises:
        ArtifactError: the file cannot be used.
        InvalidInputError: it is not a .tflite file.
    """
    artifact = open_part(str(path), objects)
    if artifact.kind != "tflite":
        raise InvalidInputError(f"{path} is no .tflite file, which is what runs on a phone's GPU; check that one")
    untrained = artifact.spec.weights.get("checkpoint") == RANDOM
    runs = []
    for arithmetic in arithmetics or arithmetics_of(artifact.spec.precision):
        try:
            driver = MACHINE if machine else find_driver(arithmetic)
        except RuntimeMissingError as error:
            runs.append(GpuRun(arithmetic, "none", SKIPPED, (str(error),)))
            continue
        task = GpuTask(str(path), arithmetic, frames, objects, _text(clip), _text(mask))
        report(f"gpu: {arithmetic} on {driver.name}")
        runs.append(_run(task, driver, untrained, report))
    return GpuReport(
        name or Path(path).name,
        hashlib.sha256(Path(path).read_bytes()).hexdigest(),
        artifact.spec,
        (clip or SAMPLE).name,
        tuple(runs),
    )


def _run(task: GpuTask, driver: VulkanDriver, untrained: bool, report: Report) -> GpuRun:
    """One arithmetic on one driver; looks for the operators at fault where it fails."""
    started = time.perf_counter()
    child = _patiently(task, driver, report)
    tensors = tuple(TensorParity(**message["tensor"]) for message in child.messages if "tensor" in message)
    masks = next((ClipAgreement(**message["masks"]) for message in child.messages if "masks" in message), None)
    reasons = (*_broken(child), *_wrong(task.arithmetic, tensors, masks, untrained))
    operators: tuple[OperatorFault, ...] = ()
    # A kernel of fp16 that loses precision on real values need not do so on its own.
    accepted = any("compiled" in message for message in child.messages)
    if reasons and child.log.adapter is not None and not (accepted and task.arithmetic != JUDGED_BY_TENSORS):
        report("looking for the operators at fault")
        operators = _operators(task, driver)
    return GpuRun(
        task.arithmetic,
        driver.name,
        FAILED if reasons else PASSED,
        reasons,
        child.log.adapter,
        tensors,
        masks,
        operators,
        round(time.perf_counter() - started, 1),
    )


def _patiently(task: GpuTask, driver: VulkanDriver, report: Report) -> ChildResult:
    """Runs the child, again while the driver has shaders to compile: those that it had time for are in its cache."""
    ends = time.perf_counter() + TIMEOUT_SECONDS
    while True:
        left = ends - time.perf_counter()
        child = run_child("mobilevos_export.gpu_run", [task.to_json()], driver, max(left, 1.0), report)
        if not child.log.impatient or time.perf_counter() > ends:
            return child
        report("the driver was still compiling shaders; once more")


def _broken(child: ChildResult) -> tuple[str, ...]:
    """Why a run did not come to its end, or should not have."""
    reasons = [message["error"] for message in child.messages if "error" in message]
    if child.failure is not None:
        reasons.append(child.failure)
    if reasons and child.log.adapter is None:
        reasons.append("no driver was found; install one with bash scripts/install_vulkan.sh")
    reasons += [f"the delegate does not take {operator}: {reason}" for operator, reason in child.log.rejections]
    return (*reasons, *child.log.validation_errors)


def _wrong(
    arithmetic: str, tensors: tuple[TensorParity, ...], masks: ClipAgreement | None, untrained: bool
) -> tuple[str, ...]:
    """Results that differ too much from the CPU's."""
    reasons = []
    for tensor in tensors:
        place = f"{tensor.graph} {tensor.tensor}" + (f" ({tensor.state} memory)" if tensor.state else "")
        if not math.isfinite(tensor.max_error):
            reasons.append(f"{place} is not finite")
        elif arithmetic == JUDGED_BY_TENSORS and relative_error(tensor) > LARGEST_ERROR:
            reasons.append(f"{place} is wrong by {relative_error(tensor):.1e} of its largest value")
    # Random weights leave most pixels undecided, and their loop blows every rounding up.
    if masks is not None and not untrained and masks.mean < LEAST_AGREEMENT:
        reasons.append(f"only {masks.mean:.2%} of the pixels have the CPU's labels; {LEAST_AGREEMENT:.1%} should")
    return tuple(reasons)


def _operators(task: GpuTask, driver: VulkanDriver) -> tuple[OperatorFault, ...]:
    arguments = [task.artifact] if task.objects is None else [task.artifact, str(task.objects)]
    module = "mobilevos_export.gpu_operators"
    return gpu_operators.collect(run_child(module, arguments, driver, OPERATORS_SECONDS, lambda line: None))


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def build_parser() -> ArgumentParser:
    """The options of the command."""
    parser = ArgumentParser(PROGRAM, "Check that an artifact runs on LiteRT's GPU accelerator, and right.", EPILOG)
    add = parser.add_argument
    add("artifact", type=Path, help="a .tflite file that vos-export has made")
    add("--arithmetic", default=",".join(ARITHMETICS), help="any of fp32,fp16 (default both)")
    add("--frames", type=int, default=MINIMUM_PARITY_FRAMES, help="frames of the clip after the first; 0 for none")
    add("--objects", type=positive_int, help="check the graphs of so many objects (default: of every number)")
    add("--clip", type=Path, help="video to follow (default: the sample clip of the repository)")
    add("--mask", type=Path, help="its first mask (default: NAME-first-mask.png beside the clip)")
    add("--machine", action="store_true", help="take this machine's own GPU in place of the software drivers")
    add("--json", type=Path, help="write the result to this file")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Runs the command and returns its exit code."""
    return run(PROGRAM, lambda: _main(sys.argv[1:] if argv is None else argv))


def _main(argv: list[str]) -> int:
    arguments = build_parser().parse_args(argv)
    found = check_gpu(
        arguments.artifact,
        _arithmetics(arguments),
        arguments.frames,
        arguments.objects,
        arguments.clip,
        arguments.mask,
        arguments.machine,
        report=lambda line: print(line, file=sys.stderr, flush=True),
    )
    print(found.text())
    if arguments.json:
        origin = provenance(PROGRAM, argv).to_dict()
        content = {"format": FORMAT, "format_version": FORMAT_VERSION, **origin, **found.as_json()}
        write_atomically(arguments.json, json.dumps(content, indent=1) + "\n")
    if found.passed:
        return 0
    raise GpuCheckError("; ".join(found.reasons[:3]) or "nothing was checked; " + "; ".join(found.skipped))


def _arithmetics(arguments: argparse.Namespace) -> tuple[str, ...]:
    """The arithmetics that are asked for; what is wrong with the options is wrong usage."""
    names = tuple(dict.fromkeys(name.strip() for name in arguments.arithmetic.split(",") if name.strip()))
    if not names or set(names) - set(ARITHMETICS):
        raise UsageError(f"--arithmetic takes any of {','.join(ARITHMETICS)}, not '{arguments.arithmetic}'")
    if arguments.frames < 0:
        raise UsageError("--frames is 0 or more")
    if arguments.json:
        check_writable(arguments.json)
    return names


if __name__ == "__main__":
    sys.exit(main())
