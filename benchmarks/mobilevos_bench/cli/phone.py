"""`vos-bench phone`: its options, and what it does with them."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from mobilevos_bench.cli.shared import PROGRAM, add_json, check_target, give
from mobilevos_sdk.cli.common import Progress, positive_int

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from mobilevos_bench.phone.results import PhoneResult
    from mobilevos_sdk.cli.common import ArgumentParser

HELP = "milliseconds of each graph on a phone, over adb"
DESCRIPTION = """\
Runs the graphs of a .tflite artifact on a phone with LiteRT's own benchmark tool: on the CPU, and with --gpu on the GPU
too. A GPU figure counts only if the GPU took the whole graph. Nothing stays on the phone.
examples:
  vos-bench phone mobilenetv2 --tool android_aarch64_benchmark_model --gpu --json phone.json
  vos-bench phone out/aot-t-q2-480x864.tflite --tool android_aarch64_benchmark_model --objects 10 --profile profiles"""


def add_parser(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `vos-bench`."""
    parser = commands.add_parser("phone", help=HELP, description=DESCRIPTION)
    add = parser.add_argument
    add("artifact", metavar="NAME|FILE", help="an embedded model, or a .tflite artifact")
    add("--tool", required=True, metavar="FILE|URL", help="LiteRT's benchmark_model for the phone's processor")
    add("--tool-sha256", metavar="HEX", help="its checksum; needed for a URL")
    add("--library", type=Path, action="append", metavar="FILE", help="a library that the tool loads; may be repeated")
    add("--serial", metavar="S", help="which device (default: the only one); see 'adb devices'")
    add("--objects", type=positive_int, default=1, metavar="N", help="measure the graphs for N objects (%(default)s)")
    add("--threads", type=positive_int, default=4, metavar="N", help="of the phone's CPU (%(default)s)")
    add("--runs", type=positive_int, default=100, metavar="N", help="of each graph, at least (%(default)s)")
    add("--gpu", action="store_true", help="measure on the GPU, too")
    add("--profile", type=Path, metavar="DIR", help="run each graph once more, and put the operators' times there")
    add("--folder", metavar="DIR", help="where files go on the phone (default: /data/local/tmp)")
    add("--keep", action="store_true", help="leave the files on the phone")
    add_json(parser)
    parser.set_defaults(body=run_phone)


def run_phone(options: argparse.Namespace, arguments: list[str]) -> int:
    """Measures; a result that breaks off half-way is written before the error is raised.

    Raises:
        MobileVOSError: something is missing, or went wrong on the way.
    """
    from mobilevos_bench.phone.adb import PhoneError
    from mobilevos_bench.phone.report import phone_text

    result = _measure(options, arguments)
    code = give(result, phone_text(result), options.json)
    if result.failure:
        raise PhoneError(result.failure)
    return code


def _measure(options: argparse.Namespace, arguments: list[str]) -> PhoneResult:
    """Finds all that can be wrong on this machine before the phone is touched."""
    from mobilevos_bench.machine import origin
    from mobilevos_bench.phone.adb import DEVICE_FOLDER, find_phone
    from mobilevos_bench.phone.measure import RUNTIME, PhoneModel, PhoneOptions, ToolFile, measure_phone
    from mobilevos_bench.phone.tool import check_files, fetch_tool
    from mobilevos_bench.workload import find_artifacts
    from mobilevos_sdk.files import check_writable

    wanted = PhoneOptions(
        objects=options.objects,
        threads=options.threads,
        runs=options.runs,
        gpu=options.gpu,
        profile=options.profile,
        folder=options.folder or DEVICE_FOLDER,
        libraries=tuple(options.library or ()),
        keep=options.keep,
    )
    check_target(options.json)
    if wanted.profile:
        check_writable(wanted.profile / "profile")
    check_files(wanted.libraries)
    model = PhoneModel.open(find_artifacts(options.artifact, (RUNTIME,))[RUNTIME], wanted.objects)
    with tempfile.TemporaryDirectory() as folder:
        tool = ToolFile(fetch_tool(options.tool, options.tool_sha256, Path(folder)), options.tool)
        phone = find_phone(options.serial)
        progress = Progress(len(model.graphs) * len(wanted.delegates), "graphs")
        try:
            return measure_phone(phone, model, tool, wanted, origin(PROGRAM, arguments), progress.step)
        finally:
            progress.close()
