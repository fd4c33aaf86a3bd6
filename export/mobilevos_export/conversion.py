"""What all converters share: the data they hand over, their error, and silence about their own affairs."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from mobilevos_sdk.errors import MobileVOSError, RuntimeMissingError

INSTALL = "pip install 'mobilevos[export]'"
# fp16 leaves weights of fewer numbers as they are: the first convolutions, and depthwise ones of few channels. They are
# a few thousandths of a model and make most of the error, which grows in all that follows.
FEWEST_HALVED = 1024


class ConversionError(MobileVOSError):
    """A converter that failed or is not installed."""


@contextmanager
def quietly(what: str) -> Iterator[None]:
    """Holds back what a converter prints, on the level of file descriptors, since much of it comes from native code.

    Raises:
        ConversionError: the converter raised; the message has the last line of what it said.
        RuntimeMissingError: a package is not installed.
    """
    with tempfile.TemporaryFile() as log:
        try:
            with _redirected(log), warnings.catch_warnings(), _logging_off():
                warnings.simplefilter("ignore")
                yield
        except MobileVOSError:
            raise
        except ImportError as error:
            raise RuntimeMissingError(f"{what} needs {error.name or error}; install it with {INSTALL}") from error
        except (Exception, SystemExit) as error:
            reason = str(error).strip() or _last_line(log) or type(error).__name__
            raise ConversionError(f"{what} failed: {reason.splitlines()[-1]}") from error


@contextmanager
def _redirected(log: BinaryIO) -> Iterator[None]:
    sys.stdout.flush()
    sys.stderr.flush()
    saved = [os.dup(1), os.dup(2)]
    python_streams = sys.stdout, sys.stderr
    with open(os.devnull, "w") as sink:  # noqa: PTH123 - the null device is no path of ours
        try:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
            # A caller may have replaced Python's streams (a test, a notebook), so they are covered on their own.
            sys.stdout, sys.stderr = sink, sink
            yield
        finally:
            sys.stdout, sys.stderr = python_streams
            for descriptor, original in zip((1, 2), saved, strict=True):
                os.dup2(original, descriptor)
                os.close(original)


@contextmanager
def _logging_off() -> Iterator[None]:
    previous = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(previous)


def _last_line(log: BinaryIO) -> str:
    log.seek(0)
    lines = [line.strip() for line in log.read().decode(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else ""
