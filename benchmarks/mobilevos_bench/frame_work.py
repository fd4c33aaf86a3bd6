"""What `android_demo/tools/benchmark_core.sh` writes, and its table: a frame's cost outside the model, in Java."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mobilevos_bench.markdown import markdown, spread_text
from mobilevos_bench.records import Spread


@dataclass(frozen=True)
class FrameWorkStages:
    """Milliseconds of a frame's stages.

    Attributes:
        yuv_to_rgb: from a camera's planes to RGB.
        letterbox: to the model's input.
        label: from the model's probabilities of one object to a mask of the frame's size.
        overlay: to the picture with the mask drawn on it.
        total: all of them.
    """

    yuv_to_rgb: Spread
    letterbox: Spread
    label: Spread
    overlay: Spread
    total: Spread


@dataclass(frozen=True)
class FrameWorkResult:
    """One file.

    Attributes:
        command: wrote it.
        date: UTC, ISO 8601.
        processor: its name.
        system: operating system and architecture.
        java: the virtual machine and its version.
        frame_width: of the camera's frames, in pixels.
        frame_height: of the camera's frames, in pixels.
        width: of the model's input, in pixels.
        height: of the model's input, in pixels.
        warmup: frames that were run and not counted.
        stages: milliseconds a frame.
    """

    command: str
    date: str
    processor: str
    system: str
    java: str
    frame_width: int
    frame_height: int
    width: int
    height: int
    warmup: int
    stages: FrameWorkStages


def frame_work_rows(results: Sequence[FrameWorkResult]) -> str:
    """A row for every file."""
    header = ("frames", "to RGB", "to the model's input", "probabilities to mask", "drawing", "all, ms (5 to 95 %)")
    parts = []
    for result in results:
        stages = result.stages
        single = (stages.yuv_to_rgb, stages.letterbox, stages.label, stages.overlay)
        sizes = f"{result.frame_width}x{result.frame_height} for {result.height}x{result.width}"
        row = [sizes, *(f"{stage.median:.1f}" for stage in single), spread_text(stages.total)]
        note = (
            f"Medians of {stages.total.count} frames on one thread, one object. {result.processor}, {result.system}, "
            f"{result.java}, {result.date[:10]}."
        )
        parts += [markdown(header, [row], left=1), note]
    return "\n\n".join(parts)
