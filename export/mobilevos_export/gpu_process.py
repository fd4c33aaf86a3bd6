"""Work on the GPU accelerator in a process of its own.

The Vulkan loader reads its environment when it is loaded, native code writes its findings to stderr, and a driver may
crash or hang: none of that may happen to the process that asks. The child prints one line of JSON for each thing that
it finds out, so what it found before a crash is kept.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mobilevos_export.gpu_drivers import VulkanDriver

Report = Callable[[str], None]
_ADAPTER = re.compile(r"Selected adapter: ([^,\n]+)")
# WebGPU's own complaints; the delegate goes on after them, with wrong results.
_VALIDATION = re.compile(r"validation error", re.IGNORECASE)
_GAVE_UP = "Failed to lock custom tensor buffer"
# How the delegate names an operator that it does not take: `RESHAPE: Tensor dimensions must be less than 5.`
_REJECTED = re.compile(r"^([A-Z][A-Z0-9_]+): (.+)$", re.MULTILINE)
# The last line of a Python traceback.
_EXCEPTION = re.compile(r"^(\w+\.)*\w+(Error|Exception)\b")
_LOG_LEVELS = {"INFO", "WARNING", "ERROR", "FATAL", "VERBOSE", "DEBUG"}


@dataclass(frozen=True)
class GpuLog:
    """What the runtime and the driver wrote to stderr."""

    text: str

    @property
    def adapter(self) -> str | None:
        """The GPU that was used, such as `SwiftShader Device (Subzero)`; none where none was found."""
        found = _ADAPTER.search(self.text)
        return found[1].strip() if found else None

    @property
    def validation_errors(self) -> tuple[str, ...]:
        """Lines in which WebGPU refuses what it was asked for, each once."""
        lines = (line.strip() for line in self.text.splitlines() if _VALIDATION.search(line))
        return tuple(dict.fromkeys(lines))

    @property
    def impatient(self) -> bool:
        """Whether the runtime gave up waiting for a result: a software driver compiles shaders when they first run."""
        return _GAVE_UP in self.text

    @property
    def rejections(self) -> tuple[tuple[str, str], ...]:
        """(operator, reason) of what the delegate did not take, each once."""
        found = ((name, reason.strip()) for name, reason in _REJECTED.findall(self.text) if name not in _LOG_LEVELS)
        return tuple(dict.fromkeys(found))

    def split(self, heading: str) -> dict[int | None, GpuLog]:
        """The parts of the log that follow lines of a heading and a number, by that number."""
        parts = re.split(rf"^{re.escape(heading)} (\d+)$", self.text, flags=re.MULTILINE)
        return {int(number): GpuLog(text) for number, text in zip(parts[1::2], parts[2::2], strict=True)}


@dataclass(frozen=True)
class ChildResult:
    """What a child did.

    Attributes:
        messages: the lines that it printed, without those of its progress.
        log: its stderr.
        failure: why it ended early, in one line; none if it did not.
    """

    messages: tuple[dict[str, Any], ...]
    log: GpuLog
    failure: str | None


def run_child(
    module: str, arguments: Sequence[str], driver: VulkanDriver, seconds: float, report: Report
) -> ChildResult:
    """Runs a module in a process on a driver.

    Args:
        module: its name; it prints messages with `tell`.
        arguments: of its command line.
        driver: what it computes on.
        seconds: after which it is killed.
        report: is told its progress, line by line.
    """
    command = [sys.executable, "-m", module, *arguments]
    messages: list[dict[str, Any]] = []
    expired = threading.Event()
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=driver.environment(os.environ)) as child,
    ):

        def expire() -> None:
            expired.set()
            child.kill()

        timer = threading.Timer(seconds, expire)
        timer.start()
        try:
            assert child.stdout is not None
            for line in child.stdout:
                message = _parsed(line)
                if message is None:
                    continue
                if "progress" in message:
                    report(message["progress"])
                else:
                    messages.append(message)
            child.wait()
        finally:
            timer.cancel()
            child.kill()  # after an interrupt; one that has ended does not mind
        log.seek(0)
        text = log.read().decode(errors="replace")
    return ChildResult(tuple(messages), GpuLog(text), _failure(child.returncode, expired.is_set(), seconds, text))


def tell(**message: Any) -> None:
    """In the child: hands a message to the parent; `progress` alone is a line for people."""
    print(json.dumps(message), flush=True)


def _parsed(line: bytes) -> dict[str, Any] | None:
    """A child's message; none for what native code prints in between."""
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return message if isinstance(message, dict) else None


def _failure(code: int, expired: bool, seconds: float, log: str) -> str | None:
    if expired:
        return f"it did not end within {seconds:.0f} s"
    if code < 0:
        return f"it crashed (signal {-code})"
    if code > 0:
        lines = [line for line in log.splitlines() if _EXCEPTION.match(line)] or log.strip().splitlines()
        return lines[-1] if lines else "it failed without a word"
    return None
