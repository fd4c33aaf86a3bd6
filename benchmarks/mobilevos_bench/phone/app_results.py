"""The record that the Android app's Bench tab writes: a whole frame on a phone, stage by stage.

`vos-bench phone` measures single graphs on random inputs, from a computer; the app follows objects on real frames, and
knows no computer, no ceiling and no version of Python. So its results have a format of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

from mobilevos_bench.phone.device import ANDROID, Device, Warmth
from mobilevos_bench.records import Spread
from mobilevos_bench.results import ArtifactFile, Stages


@dataclass(frozen=True)
class AppSetting:
    """What was run.

    Attributes:
        model: the model's registered name.
        queue: slots of its memory.
        height: of its input, in pixels.
        width: of its input, in pixels.
        precision: of its weights: `fp32`, `fp16`, `int8-dynamic` or `int8`.
        objects: how many were followed.
        threads: of the CPU.
        source: `camera`, or a video's file name.
        frame_height: of its frames, in pixels.
        frame_width: of its frames, in pixels.
    """

    model: str
    queue: int
    height: int
    width: int
    precision: str
    objects: int
    threads: int
    source: str
    frame_height: int
    frame_width: int


@dataclass(frozen=True)
class Delegate:
    """What ran the graphs.

    Attributes:
        asked: `cpu` or `gpu`.
        applied: runtime and delegate that really ran them: `litert-cpu`, `litert-gpu`.
        fallback: why it is not the one that was asked for; none where it is.
        half_precision: whether a GPU was allowed to compute in 16 bits.
        sustained_speed: whether a GPU was to choose a speed that it can keep up.
    """

    asked: str
    applied: str
    fallback: str | None
    half_precision: bool
    sustained_speed: bool


@dataclass(frozen=True)
class AppResult:
    """What the app measures.

    Attributes:
        setting: what was run.
        delegate: what ran it.
        date: UTC, ISO 8601.
        app: the app's version.
        device: what was measured; a phone only where its platform is `android`.
        artifact: the model's file.
        warmup: frames that were run and not counted.
        stages: milliseconds a frame.
        camera: milliseconds from the exposure to the picture's arrival in the app; none where not measured.
        convert: milliseconds from the camera's or decoder's planes to RGB; none where not measured.
        draw: milliseconds from the mask to a picture for the screen; none where not measured.
        fps: frames with a mask that were shown in a second; none where not measured.
        dropped: frames that came while the model was busy, and were left out.
        before: how warm the device was.
        after: how warm it became.
    """

    setting: AppSetting
    delegate: Delegate
    date: str
    app: str
    device: Device
    artifact: ArtifactFile
    warmup: int
    stages: Stages
    camera: Spread | None
    convert: Spread | None
    draw: Spread | None
    fps: float | None
    dropped: int
    before: Warmth
    after: Warmth

    @property
    def is_phone(self) -> bool:
        """Whether the figures may be called a phone's."""
        return self.device.platform == ANDROID
