"""Tracks a clip in a process of its own, whose start and whose memory can be measured without our own in them.

The parent calls `follow`, the child runs `main`. The child prints one JSON line a frame that the model has segmented,
`{"frames": 1, "peak_mb": 180.2, "latency": {"segment": 90.1, ...}}`, or at last `{"error": "..."}`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

from mobilevos_sdk.errors import MobileVOSError
from mobilevos_sdk.results import Latency

if TYPE_CHECKING:
    from mobilevos_bench.workload import Workload


@dataclass(frozen=True)
class Task:
    """What the process does.

    Attributes:
        artifact: the model's file.
        runtime: `onnx` or `litert`.
        threads: of the runtime.
        clip: the video; it starts again when it ends.
        mask: the first mask's file.
        objects: how many of its objects to follow.
        frames: how many frames to segment.
        decoded: so many frames are decoded before the first is followed, and then taken again and again, so that no
            decoder runs beside the model; 0 decodes frame by frame, and holds one in memory.
    """

    artifact: str
    runtime: str
    threads: int
    clip: str
    mask: str
    objects: int
    frames: int
    decoded: int = 0

    @classmethod
    def of(cls, workload: Workload, runtime: str, frames: int, decoded: int = 0) -> Task:
        """The task of following a workload's video for some frames."""
        return cls(
            artifact=str(workload.artifacts[runtime]),
            runtime=runtime,
            threads=workload.threads,
            clip=str(workload.clip),
            mask=str(workload.mask_path),
            objects=workload.objects,
            frames=frames,
            decoded=decoded,
        )


@dataclass(frozen=True)
class Report:
    """How far the process is.

    Attributes:
        frames: that the model has segmented.
        peak_mb: peak of the resident memory in MB.
        latency: of the last of the frames.
    """

    frames: int
    peak_mb: float
    latency: Latency


def follow(task: Task) -> Generator[Report, None, None]:
    """Runs a task in a fresh process; ends it when the iteration is given up.

    Yields:
        A report for every frame, as soon as it is there.

    Raises:
        MobileVOSError: the process could not do it, or it was killed.
    """
    command = [sys.executable, "-m", "mobilevos_bench.fresh", json.dumps(asdict(task))]
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        try:
            for line in process.stdout or ():
                message = json.loads(line)
                if "error" in message:
                    raise MobileVOSError(message["error"])
                yield Report(message["frames"], message["peak_mb"], Latency(**message["latency"]))
            if process.wait() != 0:
                raise MobileVOSError(_ending(task, process.returncode, errors))
        finally:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()


def main(argv: list[str]) -> int:
    """The child: `argv` holds the task as JSON. Returns its exit code."""
    task = Task(**json.loads(argv[0]))
    try:
        _track(task)
    except MobileVOSError as error:
        print(json.dumps({"error": str(error)}), flush=True)
        return 1
    return 0


def _track(task: Task) -> None:
    from mobilevos_bench.machine import peak_memory_mb
    from mobilevos_bench.workload import Frame, first_objects, looped_frames
    from mobilevos_sdk.masks import read_mask
    from mobilevos_sdk.options import RuntimeOptions
    from mobilevos_sdk.segmenter import Segmenter

    segmenter = Segmenter.from_artifact(task.artifact, RuntimeOptions(task.runtime, task.threads))
    mask = first_objects(read_mask(task.mask), task.objects)
    frames: Iterator[Frame] = looped_frames(Path(task.clip))
    if task.decoded:
        frames = cycle(list(islice(frames, task.decoded)))
    for result in segmenter.track(islice(frames, task.frames + 1), mask):
        if result.index > 0:  # the mask of the first frame was given
            report = Report(result.index, peak_memory_mb(), result.latency)
            print(json.dumps(asdict(report)), flush=True)


def _ending(task: Task, code: int, errors: IO[str]) -> str:
    """Why a process ended without a word of its own."""
    if code < 0:
        return f"the process that ran {task.artifact} was killed by signal {-code}; is there enough memory?"
    errors.seek(0)
    last = (errors.read().strip().splitlines() or ["no message"])[-1]
    return f"the process that ran {task.artifact} failed: {last}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
