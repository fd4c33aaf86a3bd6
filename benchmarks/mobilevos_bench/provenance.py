"""Where a result comes from: machine, date, command and versions, and the files that were measured."""

from __future__ import annotations

import hashlib
from pathlib import Path

from mobilevos_sdk.machine import Provenance, provenance

__all__ = ["Provenance", "file_sha256", "provenance"]


def file_sha256(path: str | Path) -> str:
    """The hex SHA-256 of a file."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
