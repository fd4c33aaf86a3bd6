"""What `vos-track` says at the end: frames, objects, milliseconds by stage, frames a second, files."""

from __future__ import annotations

import json
from array import array
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mobilevos_sdk.results import FrameResult

# The stages of a frame in their order. The model's own add up to `total`; `read` and `write` are the video's:
# what was waited for the next frame, which is decoded meanwhile, and what drawing and writing took.
MODEL_STAGES = ("preprocess", "segment", "memorize", "postprocess")
VIDEO_STAGES = ("read", "write")


def _empty_columns() -> dict[str, array[float]]:
    return {stage: array("f") for stage in ("total", *MODEL_STAGES, *VIDEO_STAGES)}


@dataclass
class Report:
    """Grows with every frame, by 28 bytes.

    Attributes:
        video: the source's name.
        size: height and width of the frames.
        model: the model's name.
        runtime: what runs it.
        frames: frames written, the first one included.
        objects: ids of the objects.
        seconds: wall-clock time from the first frame read to the last one written.
        interrupted: the user stopped the run.
        error: why the run ended early, or none.
        files: what was written.
    """

    video: str
    size: tuple[int, int]
    model: str
    runtime: str
    frames: int = 0
    objects: tuple[int, ...] = ()
    seconds: float = 0.0
    interrupted: bool = False
    error: str | None = None
    files: dict[str, str] = field(default_factory=dict)
    _columns: dict[str, array[float]] = field(default_factory=_empty_columns, repr=False)

    def add(self, result: FrameResult, read: float, write: float) -> None:
        """Counts a frame; `read` and `write` are milliseconds. The first frame's mask was given: it is not timed."""
        self.frames += 1
        self.objects = result.object_ids
        if result.index == 0:
            return
        for stage in ("total", *MODEL_STAGES):
            self._columns[stage].append(getattr(result.latency, stage))
        self._columns["read"].append(read)
        self._columns["write"].append(write)

    @property
    def fps(self) -> float:
        """Frames a second, reading and writing included."""
        return self.frames / self.seconds if self.seconds > 0 else 0.0

    def latency(self) -> dict[str, dict[str, float]]:
        """Median and 95th percentile of each stage in milliseconds; empty when only the first frame was there."""
        return {
            stage: {"median": round(float(np.median(column)), 3), "p95": round(float(np.percentile(column, 95)), 3)}
            for stage, column in self._columns.items()
            if column
        }

    def to_json(self) -> str:
        """The report as one JSON object."""
        data: dict[str, Any] = {
            "video": self.video,
            "height": self.size[0],
            "width": self.size[1],
            "model": self.model,
            "runtime": self.runtime,
            "frames": self.frames,
            "objects": list(self.objects),
            "complete": not (self.interrupted or self.error),
            "error": self.error,
            "latency_ms": self.latency(),
            "fps": round(self.fps, 3),
            "files": self.files,
        }
        return json.dumps(data, indent=1)

    def to_text(self) -> str:
        """The report in a few lines for people."""
        count = len(self.objects)
        lines = [f"{self.frames} frames, {count} object{'s' * (count != 1)}, {self.model} on {self.runtime}"]
        latency = self.latency()
        if latency:
            total = latency["total"]
            lines.append(f"model: {total['median']:.1f} ms per frame (median), {total['p95']:.1f} ms (95th percentile)")
            lines.append("  " + ", ".join(f"{stage} {latency[stage]['median']:.1f}" for stage in MODEL_STAGES))
            lines.append("video: " + ", ".join(f"{stage} {latency[stage]['median']:.1f} ms" for stage in VIDEO_STAGES))
        lines.append(f"{self.fps:.1f} frames/s, everything included")
        lines.extend(f"{what}: {path}" for what, path in self.files.items())
        return "\n".join(lines)
