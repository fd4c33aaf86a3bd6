"""Writing files so that nothing is lost: the old content stays until the new content is complete."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from pathlib import Path

from mobilevos_sdk.errors import MobileVOSError

_REMEDIES = {
    errno.ENOSPC: "free some space or choose another disk",
    errno.EDQUOT: "free some space or choose another disk",
    errno.EACCES: "choose a folder that you may write to",
    errno.EPERM: "choose a folder that you may write to",
    errno.EROFS: "choose a folder that you may write to",
    errno.EISDIR: "give the name of a file, not of a folder",
    errno.ENOTDIR: "choose a folder; a file is in the way",
    errno.EEXIST: "choose a folder; a file is in the way",
}


def write_atomically(path: str | Path, data: bytes | str, error: type[MobileVOSError] = MobileVOSError) -> None:
    """Writes a file under a temporary name and then renames it; makes the folder when it is missing.

    Args:
        path: where the file goes; an older file is replaced.
        data: the content; text is written as UTF-8.
        error: the class of the error to raise.

    Raises:
        MobileVOSError: (or the class in `error`) the folder cannot be written, or the disk is full; an older file of
            that name is as it was, and no temporary file is left.
    """
    path = Path(path)
    content = data.encode() if isinstance(data, str) else data
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        with temporary.open("xb") as file:
            file.write(content)
        temporary.replace(path)
    except OSError as problem:
        raise error(unwritable(path, problem)) from problem
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def unwritable(path: str | Path, problem: OSError) -> str:
    """One line that says why a path cannot be written, and what helps."""
    remedy = _REMEDIES.get(problem.errno or 0, "choose another place")
    return f"cannot write {path}: {problem.strerror or problem}; {remedy}"


def check_writable(path: str | Path, error: type[MobileVOSError] = MobileVOSError) -> None:
    """Makes sure, before long work starts, that a file of that name can be written later; makes its folder.

    Raises:
        MobileVOSError: (or the class in `error`) it cannot.
    """
    path = Path(path)
    trial = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        trial.touch(exist_ok=False)
        trial.unlink()
    except OSError as problem:
        raise error(unwritable(path, problem)) from problem
