"""One export from options to files: convert, compare with PyTorch, and only then put the artifacts in place."""

from __future__ import annotations

import importlib.metadata
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mobilevos_export import onnx2tf_export, onnx_export, tflite_export
from mobilevos_export.conversion import quietly
from mobilevos_export.graphs import SourceModel, load_source
from mobilevos_export.options import ExportOptions
from mobilevos_export.parity import ParityReport
from mobilevos_export.parity_clip import ParityClip
from mobilevos_export.validate import Reference, open_backend
from mobilevos_sdk.errors import ArtifactError, ParityError
from mobilevos_sdk.files import unwritable
from mobilevos_sdk.spec import ArtifactSpec

Report = Callable[[str], None]
# The tools whose versions an artifact remembers.
TOOLS = ("torch", "onnx", "onnxscript", "onnxslim", "litert-torch", "ai-edge-litert", "onnxruntime", "mobilevos")


class ParityFailedError(ParityError):
    """An artifact that does not agree with PyTorch; `table` has all numbers."""

    def __init__(self, report: ParityReport) -> None:
        shown, more = report.failures[:3], len(report.failures) - 3
        names = ", ".join(shown) + (f" and {more} more" if more > 0 else "")
        super().__init__(
            f"the {report.runtime} artifact does not agree with PyTorch ({names}), so no artifact was written; "
            "try the other converter with --tflite-via or --precision fp32"
        )
        self.table = report.table()


@dataclass(frozen=True)
class ExportedFile:
    """One artifact.

    Attributes:
        path: where it is.
        format: `onnx` or `tflite`.
        size: bytes.
        seconds: what conversion and comparison took.
        parity: how well it agrees with PyTorch.
    """

    path: Path
    format: str
    size: int
    seconds: float
    parity: ParityReport


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

        Whatever is raised, no file is left behind, and older artifacts of the same names are as they were.
    """
    clip = ParityClip.load(options.parity_clip, options.parity_mask, options.parity_frames + 1)
    source = load_source(options)
    if "tflite" in options.formats and options.tflite_via == "onnx2tf":
        onnx2tf_export.find_command()  # before the minutes that the other format takes
    _check_writable(options.out)
    report("PyTorch: tracking the clip for comparison")
    reference = Reference(source, clip)
    partials: dict[Path, ExportedFile] = {}
    try:
        for extension in options.formats:
            partial = options.out / f".{options.path(extension).stem}.{os.getpid()}.partial.{extension}"
            partials[partial] = _export(options, extension, source, reference, partial, report)
        for partial, file in partials.items():
            partial.replace(file.path)
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
    return ExportedFile(options.path(extension), extension, len(content), time.perf_counter() - started, parity)


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
