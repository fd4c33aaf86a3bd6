"""Reads what LiteRT's benchmark tool prints, of both generations: v1 runs the Interpreter, v2 the CompiledModel.

Lines may begin with a level, a source file or a log's stamp, so patterns are searched for and never anchored. Figures
are those of the tool: it does not print single runs.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from mobilevos_bench.phone.adb import PhoneError, last_line

CPU, GPU = "cpu", "gpu"
# The generations of the tool: the Interpreter's and the CompiledModel's.
INTERPRETER, COMPILED_MODEL = "v1", "v2"
_NAMES = ("avg", "std", "min", "max", "median", "p5", "p95")
# The summary's mean is that of the line that counts runs; v1 gives both with six digits, v2 the former in 0.01 ms.
_ROUNDED, _ROUNDED_MS = 1e-4, 0.0051
_COUNT = re.compile(r"(?<![\w=])count=\d+ ")
_FIELD = re.compile(r"(\w+)=([-+.\d]\S*)")
_V1_SUMMARY = re.compile(
    r"Inference timings in us: Init: (?P<init>\S+), First inference: (?P<first>\S+), Warmup \(avg\): \S+, "
    r"Inference \(avg\): (?P<mean>\S+)"
)
_V1_PEAK = re.compile(r"Overall peak memory footprint \(MB\) via periodic monitoring: (\S+)")
_V2_LINE = re.compile(
    r"(Model initialization|(?:Warmup|Inference) \(\w+\)|Peak memory): +([-+.\de]+)(?: ms \((\d+) runs\))?"
)
_IGNORED_FLAGS = re.compile(r"Unconsumed cmdline flags: *(.*\S)")
_FAILED = re.compile(r"Benchmarking failed")
_ERROR = re.compile(r"\bERROR: *(?:\[[^\]]*\] *)?(.*\S)")
_FULLY_ON_GPU = "Explicitly applied GPU delegate, and the model graph will be completely executed by the delegate"
_PARTLY = re.compile(
    r"partially executed by the delegate[^\n]*|will not be executed by the delegate|Fully accelerated: +False"
    r"|Disallowed CPU fallback detected|Failed to apply GPU delegate"
)
_REPLACED = re.compile(r"Replacing (\d+) out of (\d+) node\(s\) with delegate")


@dataclass(frozen=True)
class Timing:
    """Milliseconds of a graph.

    Attributes:
        mean: of all runs.
        std: standard deviation of the runs.
        minimum: of the fastest run.
        maximum: of the slowest run.
        median: of the runs; none where the tool is too old to print it, as with the next two.
        p5: a twentieth of the runs were faster.
        p95: a twentieth of the runs were slower.
        count: how many runs.
    """

    mean: float
    std: float
    minimum: float
    maximum: float
    median: float | None
    p5: float | None
    p95: float | None
    count: int


@dataclass(frozen=True)
class Measured:
    """What one run of the tool says.

    Attributes:
        ms: of a run after warm-up.
        init_ms: loading the model and preparing the delegate.
        first_ms: the first run of all.
        peak_mb: peak of the tool's memory in MB (2**20 bytes); none where it does not say.
    """

    ms: Timing
    init_ms: float
    first_ms: float
    peak_mb: float | None


def check_output(output: str, code: int, delegate: str, api: str) -> None:
    """Makes sure that the tool did what it was asked to.

    Args:
        output: what it printed.
        code: its exit code.
        delegate: `cpu` or `gpu`.
        api: `v1` or `v2`.

    Raises:
        PhoneError: it failed, does not know a flag, or did not run the whole graph on the GPU.
    """
    ignored = _IGNORED_FLAGS.search(output)
    if ignored:
        raise PhoneError(f"the benchmark tool does not know {ignored.group(1)}; take a newer build of it")
    partly = _PARTLY.search(output) if delegate == GPU else None
    if partly:
        raise _not_on_gpu(partly.group())
    if code or _FAILED.search(output):
        errors = [text for text in _ERROR.findall(output) if not _FAILED.search(text)]
        reason = errors[-1] if errors else f"exit code {code}: {last_line(output)}"
        raise PhoneError(f"the benchmark tool failed ({reason}); leave the files there with --keep and try it by hand")
    if delegate == GPU:
        _check_on_gpu(output, api)


def parse_output(output: str) -> Measured:
    """Reads the figures.

    Raises:
        PhoneError: they are not there, or do not agree with each other.
    """
    summary = _V1_SUMMARY.search(output)
    measured = _v1(output, summary) if summary else _v2(output)
    values = (measured.ms.mean, measured.ms.minimum, measured.ms.maximum, measured.init_ms, measured.first_ms)
    if not all(math.isfinite(value) for value in values) or measured.ms.count < 1:
        raise _unknown("a figure is no number")
    return measured


def _check_on_gpu(output: str, api: str) -> None:
    """Looks for the words of v1; v2 has none, and fails by itself where --require_full_delegation does not hold."""
    if api == INTERPRETER:
        if _FULLY_ON_GPU not in output:
            raise _not_on_gpu("the GPU delegate was not applied")
        return
    for taken, nodes in _REPLACED.findall(output):
        if taken != nodes:
            raise _not_on_gpu(f"only {taken} of {nodes} nodes")


def _not_on_gpu(reason: str) -> PhoneError:
    return PhoneError(
        f"the graph does not run on the phone's GPU alone ({reason}), so there is no GPU figure; "
        "measure without --gpu, or export a model whose operators the GPU takes"
    )


def _v1(output: str, summary: re.Match[str]) -> Measured:
    peak = _V1_PEAK.search(output)
    return Measured(
        ms=_counted(output[: summary.start()], _number(summary["mean"]) / 1e3, 0.0),
        init_ms=_number(summary["init"]) / 1e3,
        first_ms=_number(summary["first"]) / 1e3,
        peak_mb=_number(peak.group(1)) if peak else None,
    )


def _v2(output: str) -> Measured:
    found = [(name, _number(value), runs) for name, value, runs in _V2_LINE.findall(output)]
    values = {name: value for name, value, _ in found}
    runs = {name: int(count) for name, _, count in found if count}
    before = output.partition("Model initialization")[0]
    try:
        if _COUNT.search(
            before
        ):  # the tool in C++ has it, with more digits and the percentiles; that in Python has not
            timing = _counted(before, values["Inference (avg)"], _ROUNDED_MS)
        else:
            ms = {name: values[f"Inference ({name})"] for name in _NAMES if f"Inference ({name})" in values}
            timing = _timing(ms, runs["Inference (avg)"])
        return Measured(timing, values["Model initialization"], values["Warmup (first)"], values.get("Peak memory"))
    except KeyError as error:
        raise _unknown(f"no {error}") from error


def _counted(text: str, mean: float, rounded: float) -> Timing:
    """The timing of the last line that counts runs, in microseconds; its mean must be `mean`, up to `rounded` ms."""
    lines = [line for line in text.splitlines() if _COUNT.search(line)]
    fields = dict(_FIELD.findall(lines[-1])) if lines else {}
    try:
        if "avg" not in fields:  # all runs took the same time
            fields |= {"min": fields["curr"], "max": fields["curr"], "avg": fields["curr"], "std": "0"}
        timing = _timing({name: _number(fields[name]) / 1e3 for name in _NAMES if name in fields}, int(fields["count"]))
    except (KeyError, ValueError) as error:
        raise _unknown(f"no {error} in the line that counts the runs") from error
    if not math.isclose(timing.mean, mean, rel_tol=_ROUNDED, abs_tol=rounded):
        raise _unknown(f"a mean of {timing.mean} ms, and one of {mean} ms")
    return timing


def _timing(ms: dict[str, float], count: int) -> Timing:
    return Timing(
        mean=ms["avg"],
        std=ms["std"],
        minimum=ms["min"],
        maximum=ms["max"],
        median=ms.get("median"),
        p5=ms.get("p5"),
        p95=ms.get("p95"),
        count=count,
    )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise _unknown(f"'{text}' is no number") from None


def _unknown(what: str) -> PhoneError:
    return PhoneError(
        f"the benchmark tool's figures cannot be read ({what}); take a release build of LiteRT's benchmark_model"
    )
