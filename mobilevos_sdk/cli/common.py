"""What every command shares: one-line errors with exit codes, a graceful Ctrl-C, and a progress line on stderr.

Nothing here imports numpy or a runtime, so that `--help` of every command answers at once.
"""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn, TextIO

from mobilevos_sdk.errors import MobileVOSError

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells count
# What to do about the errors of the operating system that a correct command line can meet.
_OS_REMEDIES = {
    errno.ENOSPC: "the disk is full; free some space or write elsewhere",
    errno.EDQUOT: "the disk quota is used up; free some space or write elsewhere",
    errno.EFBIG: "the file grew over the size that this system allows; write elsewhere",
    errno.EACCES: "permission denied; choose a place that you may read or write",
    errno.EPERM: "permission denied; choose a place that you may read or write",
    errno.EROFS: "the file system is read-only; write elsewhere",
    errno.ENOENT: "no such file or folder",
    errno.ENOTDIR: "a part of this path is a file, not a folder",
    errno.EISDIR: "this is a folder, not a file",
    errno.EEXIST: "this exists already and is not a folder",
}


class UsageError(MobileVOSError):
    """Command-line options that do not go together; `run` exits with 2."""


class ArgumentParser(argparse.ArgumentParser):
    """An argument parser whose errors are one line, and whose epilog keeps its line breaks."""

    def __init__(self, prog: str, description: str, epilog: str | None = None) -> None:
        super().__init__(
            prog=prog, description=description, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter
        )

    def error(self, message: str) -> NoReturn:
        """Prints one line and exits with 2."""
        self.exit(EXIT_USAGE, f"{self.prog}: {message} (see {self.prog} --help)\n")


def positive_int(text: str) -> int:
    """An argparse type: a whole number from 1 on."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from 1 on")
    return value


def frame_size(text: str) -> tuple[int, int]:
    """An argparse type: `480x864` as (height, width)."""
    height, separator, width = text.lower().partition("x")
    if not (separator and height.isdecimal() and width.isdecimal()):
        raise argparse.ArgumentTypeError(f"'{text}' is not HEIGHTxWIDTH, such as 480x864")
    return int(height), int(width)


def add_passes(parser: argparse.ArgumentParser) -> None:
    """Adds `--passes`, for `mobilevos_sdk.passes.Passes`."""
    parser.add_argument(
        "--passes", action="store_true", help="follow more objects than the model does at once, in several passes"
    )


def add_zoom(parser: argparse.ArgumentParser) -> None:
    """Adds `--no-zoom`, for `RuntimeOptions.zoom`."""
    parser.add_argument(
        "--no-zoom",
        dest="zoom",
        action="store_false",
        help="show the model whole frames, not the objects and what is around them",
    )


def run(program: str, body: Callable[[], int | None]) -> int:
    """Runs a command's body and turns what a user can cause into one line on stderr and an exit code.

    Args:
        program: the command's name, which starts the line.
        body: does the work; returns the exit code, or none for success.

    Returns:
        0 done, 1 failed, 2 wrong usage, 130 interrupted. Errors that only a bug can cause are raised.
    """
    try:
        code = body()
        sys.stdout.flush()  # a closed pipe shows here and not at the interpreter's end
        return EXIT_OK if code is None else code
    except SystemExit as request:  # argparse
        return request.code if isinstance(request.code, int) else EXIT_OK
    except KeyboardInterrupt:
        return _fail(program, "interrupted", EXIT_INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output went away (`| head`); keep the interpreter from flushing into the pipe again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    except UsageError as error:
        return _fail(program, f"{error} (see {program} --help)", EXIT_USAGE)
    except MobileVOSError as error:
        return _fail(program, str(error), EXIT_FAILED)
    except OSError as error:
        return _fail(program, describe_os_error(error), EXIT_FAILED)
    except MemoryError:
        return _fail(program, "not enough memory; use smaller frames or fewer objects", EXIT_FAILED)


def describe_os_error(error: OSError) -> str:
    """The path and what to do about it, in one line."""
    remedy = _OS_REMEDIES.get(error.errno or 0, error.strerror or str(error))
    return f"{error.filename}: {remedy}" if error.filename else remedy


def _fail(program: str, message: str, code: int) -> int:
    print(f"{program}: {' '.join(message.split())}", file=sys.stderr)
    return code


class StopRequest:
    """Whether the user asked to stop; see `stop_on_interrupt`."""

    def __init__(self) -> None:
        self.requested = False


@contextmanager
def stop_on_interrupt() -> Iterator[StopRequest]:
    """Lets a loop finish its present item on the first Ctrl-C (or SIGTERM), so that outputs end on a whole frame.

    The loop looks at `.requested` after every item. A second Ctrl-C raises KeyboardInterrupt at once. Outside the main
    thread signals cannot be handled, and the request never comes.
    """
    stop = StopRequest()

    def handle(number: int, frame: FrameType | None) -> None:
        if stop.requested:
            raise KeyboardInterrupt
        stop.requested = True

    previous = {}
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            previous[number] = signal.signal(number, handle)
    except ValueError:
        previous.clear()
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


class Progress:
    """One line on stderr with the items done and their rate.

    On a terminal the line is rewritten a few times a second; elsewhere, such as in a log, a new line is printed every
    few seconds.
    """

    def __init__(self, total: int | None, unit: str = "frames", stream: TextIO | None = None) -> None:
        self.total = total
        self.unit = unit
        self.done = 0
        self._stream = sys.stderr if stream is None else stream
        self._terminal = self._stream.isatty()
        self._interval = 0.2 if self._terminal else 5.0
        self._started = self._printed = time.perf_counter()
        self._width = 0

    def step(self, count: int = 1) -> None:
        """Counts items, and prints if it is time to."""
        self.done += count
        now = time.perf_counter()
        if now - self._printed >= self._interval:
            self._printed = now
            self._print(now)

    def close(self) -> None:
        """Clears the terminal's line, so that what follows starts in the first column."""
        if self._terminal and self._width:
            self._stream.write("\r" + " " * self._width + "\r")
            self._stream.flush()

    def text(self, elapsed: float) -> str:
        """The line after `elapsed` seconds: `120/300 frames, 14.2 frames/s, 13 s left`."""
        rate = self.done / elapsed if elapsed > 0 else 0.0
        total = f"/{self.total}" if self.total else ""
        line = f"{self.done}{total} {self.unit}, {rate:.1f} {self.unit}/s"
        if self.total and rate > 0:
            line += f", {max(self.total - self.done, 0) / rate:.0f} s left"
        return line

    def _print(self, now: float) -> None:
        line = self.text(now - self._started)
        if self._terminal:
            self._stream.write("\r" + line.ljust(self._width))
            self._width = max(self._width, len(line))
        else:
            self._stream.write(line + "\n")
        self._stream.flush()
