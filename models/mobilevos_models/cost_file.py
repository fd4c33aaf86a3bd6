"""The results of `mobilevos_models.cost`: one JSON file that grows measurement by measurement."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from mobilevos_models.cost_process import CostTask, Measured
from mobilevos_sdk.errors import InvalidInputError
from mobilevos_sdk.files import write_atomically
from mobilevos_sdk.machine import DISTRIBUTIONS, busy_cores, provenance

FORMAT, FORMAT_VERSION = "mobilevos-cost", 1
# What is read again of a measurement that a file has.
_CELL = {"model", "runtime", "objects", "milliseconds", "peak_mb", "busy_cores"}


@dataclass(frozen=True)
class Setting:
    """What all measurements of a file have in common: model input in pixels, slots of the memory, threads."""

    height: int
    width: int
    queue: int
    threads: int


class CostFile:
    """A results file, which is on disk after every measurement.

    Args:
        path: the file.
        document: its content.
    """

    def __init__(self, path: Path, document: dict[str, Any]) -> None:
        self._path, self._document = path, document

    @classmethod
    def open(cls, path: Path, program: str, arguments: Sequence[str], setting: Setting) -> CostFile:
        """Opens a file to go on with it, or begins a new one.

        Raises:
            InvalidInputError: there is a file that was made otherwise: numbers that stand in one table must be of one
                machine, with the same versions and the same setting.
            MobileVOSError: the file cannot be written.
        """
        made = provenance(program, arguments, (*DISTRIBUTIONS, "torch"))
        head = {"machine": made.machine, "versions": made.versions, "setting": asdict(setting)}
        document = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "command": made.command,
            **head,
            "commit": made.to_dict()["commit"],
            "cells": [],
        }
        if path.is_file():
            found = _read(path)
            for name, value in head.items():
                if found.get(name) != _as_told(value, found.get(name)):
                    raise InvalidInputError(
                        f"{path} was measured with another {name.removesuffix('s')} ({found.get(name)}, now {value}); "
                        "give another --json, or delete the file"
                    )
            document["cells"] = found["cells"]
        file = cls(path, document)
        file._write()
        return file

    def frames(self, task: CostTask) -> int:
        """How many frames of a measurement the file holds."""
        return sum(len(cell["milliseconds"]) for cell in self._document["cells"] if _is_of(cell, task))

    def add(self, task: CostTask, measured: Measured, anew: bool = False) -> None:
        """Writes a measurement; looks for a second at how busy others are.

        Frames are added to those that the file holds of the same, and the larger peak of memory and the busier others
        count; or, with `anew`, all that it holds of the same gives way.

        Raises:
            MobileVOSError: the file cannot be written.
        """
        cell = {
            "model": task.model,
            "runtime": task.runtime,
            "objects": task.objects,
            **asdict(measured),
            "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "busy_cores": busy_cores(),
        }
        cells = self._document["cells"]
        older = [] if anew else [old for old in cells if _is_of(old, task)]
        for old in older:
            cell["milliseconds"] = [*old["milliseconds"], *cell["milliseconds"]]
            for name in ("peak_mb", "busy_cores"):
                cell[name] = max((value for value in (old[name], cell[name]) if value is not None), default=None)
        self._document["cells"] = [*(old for old in cells if not _is_of(old, task)), cell]
        self._write()

    def _write(self) -> None:
        write_atomically(self._path, json.dumps(self._document, indent=1) + "\n")


def _is_of(cell: dict[str, Any], task: CostTask) -> bool:
    return (cell["model"], cell["runtime"], cell["objects"]) == (task.model, task.runtime, task.objects)


def _as_told(now: dict[str, Any], found: object) -> dict[str, Any]:
    """What is said of this machine, without the processor's flags where an older file does not have them."""
    known = isinstance(found, dict) and "flags" in found
    return {name: value for name, value in now.items() if known or name != "flags"}


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InvalidInputError(f"{path} is not JSON ({error}); delete it, or give another --json") from error
    if not isinstance(found, dict) or (found.get("format"), found.get("format_version")) != (FORMAT, FORMAT_VERSION):
        raise InvalidInputError(f"{path} is not a file of this command; give another --json")
    cells = found.get("cells")
    if not isinstance(cells, list) or not all(isinstance(cell, dict) and cell.keys() >= _CELL for cell in cells):
        raise InvalidInputError(f"{path} lacks measurements that it should have; delete it, or give another --json")
    return found
