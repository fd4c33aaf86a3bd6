"""One export from options to files: convert, compare with PyTorch, and only then put the artifacts in place."""

from __future__ import annotations

import importlib.metadata
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mobilevos_export import onnx2tf_export, onnx_export, tflite_export
from mobilevos_export.conversion import quietly
from mobilevos_export.gpu_check import GpuCheckError, check_gpu
from mobilevos_export.gpu_drivers import find_driver
from mobilevos_export.gpu_report import GpuReport
from mobilevos_export.graphs import SourceModel, load_source
from mobilevos_export.options import ExportOptions
from mobilevos_export.parity import ParityReport
from mobilevos_export.parity_clip import ParityClip
from mobilevos_export.quant_calibration import Calibration
from mobilevos_export.quant_policy import QUANTISED, STATIC
from mobilevos_export.quant_prepare import prepare_for_int8
from mobilevos_export.quant_sensitivity import Sensitivity
from mobilevos_export.validate import Reference, open_backend
from mobilevos_sdk.errors import ArtifactError, ParityError
from mobilevos_sdk.files import check_writable, unwritable, write_atomically
from mobilevos_sdk.spec import ArtifactSpec

Report = Callable[[str], None]
# The tools whose versions an artifact remembers.
TOOLS = (
    "torch",
    "onnx",
    "onnxscript",
    "onnxslim",
    "litert-torch",
    "ai-edge-litert",
    "ai-edge-quantizer",
    "onnxruntime",
    "mobilevos",
)


class ParityFailedError(ParityError):
    """An artifact that does not agree with PyTorch; `table` has all numbers."""

    def __init__(self, report: ParityReport) -> None:
        shown, more = report.failures[:3], len(report.failures) - 3
        names = ", ".join(shown) + (f" and {more} more" if more > 0 else "")
        super().__init__(
            f"the {report.runtime} artifact does not agree with PyTorch ({names}), so no artifact was written; "
            + (
                "calibrate on clips like yours (--calibration), or take --precision fp16"
                if report.precision in QUANTISED
                else "try the other converter with --tflite-via or --precision fp32"
            )
        )
        self.table = report.table()


class GpuFailedError(GpuCheckError):
    """An artifact that LiteRT's GPU accelerator does not take, or gets wrong; `table` has all that was found."""

    def __init__(self, report: GpuReport) -> None:
        shown, more = report.reasons[:2], len(report.reasons) - 2
        reasons = "; ".join(shown) + (f"; and {more} more" if more > 0 else "")
        super().__init__(
            f"the tflite artifact fails on a GPU ({reasons}), so no artifact was written; mend the operators that the "
            "report names, or leave --check gpu out"
        )
        self.table = report.text()


@dataclass(frozen=True)
class ExportedFile:
    """One artifact.

    Attributes:
        path: where it is.
        format: `onnx` or `tflite`.
        size: bytes.
        seconds: what conversion and comparison took.
        parity: how well it agrees with PyTorch.
        gpu: what the GPU accelerator made of it; none where that was not checked.
    """

    path: Path
    format: str
    size: int
    seconds: float
    parity: ParityReport
    gpu: GpuReport | None = None


@dataclass(frozen=True)
class ExportReport:
    """What an export has made."""

    spec: ArtifactSpec
    files: tuple[ExportedFile, ...]


@dataclass(frozen=True)
class _Package:
    """A converted model that can be written with any spec."""

    format: str
    pack: Callable[[ArtifactSpec], bytes]


def export_model(options: ExportOptions, report: Report = lambda line: None) -> ExportReport:
    """Exports a model.

    Args:
        options: what to export.
        report: is told, line by line, what is being done.

    Returns:
        The artifacts, all of which agree with PyTorch.

    Raises:
        UnknownModelError, ArtifactError, InvalidInputError, VideoError: the model, its checkpoint, an option or the
            clip cannot be used.
        ConversionError, RuntimeMissingError: a converter failed or is not installed.
        ParityFailedError: an artifact does not agree with PyTorch.
        GpuFailedError: an artifact fails on the GPU accelerator, where that is to be checked.

        Whatever is raised, no file is left behind, and older artifacts of the same names are as they were.
    """
    clip = ParityClip.load(options.parity_clip, options.parity_mask, options.parity_frames + 1)
    source = load_source(options)
    if options.precision == STATIC:
        calibration = Calibration.load(options.calibration, options.calibration_samples, options.seed)
        source = replace(source, calibration=calibration, sensitivity=Sensitivity() if options.sensitivity else None)
        source = prepare_for_int8(source, report)
    if "tflite" in options.formats and options.tflite_via == "onnx2tf":
        onnx2tf_export.find_command()  # before the minutes that the other format takes
    if "gpu" in options.checks:
        find_driver("fp32")
    _check_writable(options.out)
    if options.sensitivity is not None:
        check_writable(options.sensitivity, ArtifactError)
    report("PyTorch: tracking the clip for comparison")
    reference = Reference(source, clip)
    partials: dict[Path, ExportedFile] = {}
    try:
        for extension in options.formats:
            partial = options.out / f".{options.path(extension).stem}.{os.getpid()}.partial.{extension}"
            partials[partial] = _export(options, extension, source, reference, partial, report)
        for partial, file in partials.items():
            partial.replace(file.path)
        if options.sensitivity is not None and source.sensitivity is not None:
            write_atomically(options.sensitivity, json.dumps(source.sensitivity.as_json(), indent=1), ArtifactError)
    except OSError as error:
        raise ArtifactError(unwritable(options.out, error)) from error
    finally:
        for leftover in options.out.glob(f".*.{os.getpid()}.partial.*"):
            leftover.unlink()
    return ExportReport(source.spec, tuple(partials.values()))


def _export(
    options: ExportOptions, extension: str, source: SourceModel, reference: Reference, partial: Path, report: Report
) -> ExportedFile:
    """Makes one artifact under a temporary name: first without, then with the parity report inside."""
    started = time.perf_counter()
    package = _convert(options, extension, source, report)
    spec = replace(source.spec, tools=tool_versions(options, extension))
    partial.write_bytes(package.pack(spec))
    report(f"{extension}: comparing with PyTorch")
    with quietly("the comparison with PyTorch"):
        parity = reference.compare(open_backend(partial))
    if not parity.passed:
        raise ParityFailedError(parity)
    content = package.pack(replace(spec, parity=parity.as_json()))
    partial.write_bytes(content)
    gpu = _check_gpu(options, partial, report) if extension == "tflite" and "gpu" in options.checks else None
    return ExportedFile(options.path(extension), extension, len(content), time.perf_counter() - started, parity, gpu)


def _check_gpu(options: ExportOptions, partial: Path, report: Report) -> GpuReport:
    """Has the GPU accelerator run an artifact that agrees with PyTorch."""
    found = check_gpu(
        partial,
        frames=options.parity_frames,
        clip=options.parity_clip,
        mask=options.parity_mask,
        name=options.path("tflite").name,
        report=report,
    )
    if not found.passed:
        raise GpuFailedError(found)
    return found


def _convert(options: ExportOptions, extension: str, source: SourceModel, report: Report) -> _Package:
    if extension == "onnx":
        model = onnx_export.convert(source, report)
        return _Package(extension, lambda spec: onnx_export.package(model, spec))
    if options.tflite_via == "onnx2tf":
        content = onnx2tf_export.convert(source, report)
    else:
        content = tflite_export.convert(source, report)
    return _Package(extension, lambda spec: tflite_export.package(content, spec))


def tool_versions(options: ExportOptions, extension: str) -> dict[str, str]:
    """Versions of what made an artifact, and the route that a TFLite artifact took."""
    versions = {}
    for name in TOOLS:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    if extension == "tflite":
        versions["tflite_via"] = options.tflite_via
    return versions


def summary(report: ExportReport) -> dict[str, Any]:
    """The report for machines."""
    files = [
        {
            "path": str(file.path),
            "format": file.format,
            "bytes": file.size,
            "seconds": round(file.seconds, 2),
            "parity": file.parity.as_json(),
            **({} if file.gpu is None else {"gpu": file.gpu.as_json()}),
        }
        for file in report.files
    ]
    return {"model": report.spec.model, "weights": dict(report.spec.weights), "files": files}


def _check_writable(folder: Path) -> None:
    """Finds out before minutes of work whether the folder takes a file."""
    probe = folder / f".probe.{os.getpid()}.partial.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise ArtifactError(unwritable(folder, error)) from error
