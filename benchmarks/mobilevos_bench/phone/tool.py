"""LiteRT's benchmark tool: finding it, telling its generations apart, and its flags."""

from __future__ import annotations

import shlex
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mobilevos_bench.phone.adb import Adb, PhoneError, last_line
from mobilevos_bench.phone.tool_output import COMPILED_MODEL, GPU, INTERPRETER
from mobilevos_bench.provenance import file_sha256
from mobilevos_sdk.errors import InvalidInputError
from mobilevos_sdk.files import write_atomically

# A flag that only one generation's help names.
_TELLTALES = {COMPILED_MODEL: "use_npu", INTERPRETER: "enable_op_profiling"}
WARMUP_RUNS = 5
# The tool ends after this many seconds of runs, even if there are fewer than asked for.
MOST_SECONDS = 150.0
DOWNLOAD_SECONDS = 60.0
_URL_SCHEMES = ("https://", "http://")


@dataclass(frozen=True)
class GraphRun:
    """One run of the tool.

    Attributes:
        graph: the signature to run.
        delegate: `cpu` or `gpu`.
        threads: of the CPU.
        runs: at least so many after warm-up; the tool goes on for a second.
    """

    graph: str
    delegate: str
    threads: int
    runs: int


def is_url(source: str) -> bool:
    """Whether a tool is to be downloaded."""
    return source.startswith(_URL_SCHEMES)


def fetch_tool(source: str, sha256: str | None, folder: Path) -> Path:
    """Gives the tool's file, downloaded if need be, with its checksum right.

    Args:
        source: a file or a URL.
        sha256: hex SHA-256 of the file; a download must have one.
        folder: where a download goes.

    Raises:
        InvalidInputError: there is no such file, or the checksum is missing or another one.
        PhoneError: the download failed.
    """
    if is_url(source):
        if not sha256:
            raise InvalidInputError("a downloaded tool runs on your phone: give its checksum with --tool-sha256 HEX")
        path = folder / "benchmark_model"
        write_atomically(path, _download(source))
    else:
        path = Path(source)
        if not path.is_file():
            raise InvalidInputError(
                f"no benchmark tool at {source}; download LiteRT's android_aarch64_benchmark_model (docs/phone.md)"
            )
    found = file_sha256(path)
    if sha256 and found != sha256.lower():
        raise InvalidInputError(f"{source} has SHA-256 {found}, not {sha256}; check the file or --tool-sha256")
    return path


def check_files(paths: Sequence[Path]) -> None:
    """Makes sure that files exist.

    Raises:
        InvalidInputError: one does not.
    """
    for path in paths:
        if not path.is_file():
            raise InvalidInputError(f"no library at {path}; LiteRT's releases have those that its tool loads")


def find_api(phone: Adb, tool: str) -> str:
    """Which generation a tool on the device is: `v1` or `v2`.

    Raises:
        PhoneError: it does not run there, or is no such tool.
    """
    said = phone.shell(f"{tool} --help=true")
    for api, flag in _TELLTALES.items():
        if flag in said.output:
            return api
    raise PhoneError(
        f"what --tool names is no benchmark tool that runs on this phone ({last_line(said.output)}); "
        "take LiteRT's build for its processor, such as android_aarch64_benchmark_model"
    )


def command_line(tool: str, model: str, run: GraphRun, api: str, profile: str | None = None) -> str:
    """The command line that measures a graph.

    Args:
        tool: how to call the tool on the device.
        model: the artifact's file on the device.
        run: what to measure.
        api: the tool's generation.
        profile: none to measure; otherwise the file on the device for v1's table of operators (v2 prints its own).
    """
    flags: dict[str, object] = {
        "graph": model,
        "signature_to_run_for": run.graph,
        "num_threads": run.threads,
        "num_runs": run.runs,
        "warmup_runs": WARMUP_RUNS,
        "max_secs": MOST_SECONDS,
        "report_peak_memory_footprint": "true",
    }
    if run.delegate == GPU:  # builds without a GPU delegate do not know the flag
        flags |= {"use_gpu": "true", "require_full_delegation": "true"}
        # v2 gives what the GPU does not take to the CPU unless it is told that there is none.
        flags |= {"use_cpu": "false"} if api == COMPILED_MODEL else {"use_xnnpack": "false"}
    if profile is not None and api == COMPILED_MODEL:
        flags["use_profiler"] = "true"
    elif profile is not None:
        flags |= {"enable_op_profiling": "true", "op_profiling_output_mode": "csv", "op_profiling_output_file": profile}
    return " ".join([tool, *(shlex.quote(f"--{name}={value}") for name, value in flags.items())])


def _download(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=DOWNLOAD_SECONDS) as answer:
            content: bytes = answer.read()
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise PhoneError(f"cannot download {url} ({error}); download it by hand and give the file") from error
    if not content:
        raise PhoneError(f"{url} is empty; check the address")
    return content
