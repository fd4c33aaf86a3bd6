"""The results file of a sweep over lengths of the memory queue: on disk after every measurement, and gone on with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mobilevos_bench.compare_settings import differences, fields_of
from mobilevos_bench.formats import read_result, to_text
from mobilevos_bench.queue_results import QueuePoint, QueueResult, QueueScore, QueueSetting
from mobilevos_bench.results import Origin
from mobilevos_sdk.errors import InvalidInputError
from mobilevos_sdk.files import write_atomically


class SweepFile:
    """A sweep and the file that it is in.

    Args:
        path: the file.
        result: what is in it.
    """

    def __init__(self, path: Path, result: QueueResult) -> None:
        self._path, self._result = path, result

    @classmethod
    def open(cls, path: Path, setting: QueueSetting, origin: Origin) -> SweepFile:
        """Opens a file to go on with it, or begins a new one.

        Raises:
            InvalidInputError: the file is no sweep, or was measured otherwise: one curve is of one machine, with the
                same versions and the same setting.
        """
        found = read_sweep(path)
        if found is None:
            return cls(path, QueueResult(setting, origin, (), ()))
        known, now = found.origin.machine, origin.machine
        if known.flags is None:
            now = replace(now, flags=None)
        differ = [
            *differences(fields_of(found.setting), fields_of(setting)),
            *differences(fields_of(known), fields_of(now)),
            *differences(found.origin.versions, origin.versions),
        ]
        if differ:
            raise InvalidInputError(
                f"{path} was measured otherwise ({'; '.join(differ)}); give another --json, or delete the file"
            )
        return cls(path, replace(found, origin=origin))

    @property
    def result(self) -> QueueResult:
        """What has been measured so far."""
        return self._result

    def add_point(self, point: QueuePoint) -> None:
        """Writes a measurement.

        Raises:
            MobileVOSError: the file cannot be written.
        """
        self._write(self._result.with_point(point))

    def add_score(self, score: QueueScore) -> None:
        """Writes a score.

        Raises:
            MobileVOSError: the file cannot be written.
        """
        self._write(self._result.with_score(score))

    def _write(self, result: QueueResult) -> None:
        write_atomically(self._path, to_text(result))
        self._result = result


def read_sweep(path: Path) -> QueueResult | None:
    """The sweep in a file; none where there is no file.

    Raises:
        InvalidInputError: the file is no sweep.
        OSError: it cannot be read.
    """
    if not path.is_file():
        return None
    found = read_result(path)
    if not isinstance(found, QueueResult):
        raise InvalidInputError(f"{path} is no sweep of vos-bench queue; give another file")
    return found
