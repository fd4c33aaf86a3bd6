"""The record that `vos-bench agree` makes of the recordings of two machines."""

from __future__ import annotations

from dataclasses import dataclass

from mobilevos_bench.results import ArtifactFile, Origin, Setting


@dataclass(frozen=True)
class FrameAgreement:
    """One frame, as both machines see it.

    Attributes:
        input_error: the largest difference of a channel of the decoded frame, of 255; decoders may round differently.
        different_pixels: how many pixels of the masks differ.
        ious: of each object between the two masks, in ascending order of ids; 1 where neither has the object.
        probability_error: the largest absolute difference of a probability.
    """

    input_error: int
    different_pixels: int
    ious: tuple[float, ...]
    probability_error: float


@dataclass(frozen=True)
class CaseAgreement:
    """One artifact on one runtime.

    Attributes:
        name: of the recordings.
        setting: of the first machine; the second's may have other threads.
        artifact: the file, the same for both.
        seconds: that the first and the second machine took a frame, opening the model included.
        frames: all frames but the first, whose mask is given.
    """

    name: str
    setting: Setting
    artifact: ArtifactFile
    seconds: tuple[float, ...]
    frames: tuple[FrameAgreement, ...]

    @property
    def input_error(self) -> int:
        """The largest difference of a channel of a decoded frame, of 255."""
        return max(frame.input_error for frame in self.frames)

    @property
    def different_pixels(self) -> int:
        """How many pixels of the mask differ in the worst frame."""
        return max(frame.different_pixels for frame in self.frames)

    @property
    def equal_share(self) -> float:
        """The share of pixels that are equal, in the worst frame."""
        pixels = self.setting.clip_height * self.setting.clip_width
        return 1 - self.different_pixels / pixels

    @property
    def min_iou(self) -> float:
        """The IoU of the worst object in the worst frame."""
        return min(iou for frame in self.frames for iou in frame.ious)

    @property
    def probability_error(self) -> float:
        """The largest absolute difference of a probability, in any frame."""
        return max(frame.probability_error for frame in self.frames)


@dataclass(frozen=True)
class Side:
    """One of the two machines.

    Attributes:
        origin: of its newest recording.
        label: what the machine cannot say of itself, such as the emulator that it runs in.
    """

    origin: Origin
    label: str


@dataclass(frozen=True)
class AgreementResult:
    """What `vos-bench agree` finds.

    Attributes:
        first: the machine that the other is held against.
        second: the other one.
        least_equal_share: of a frame's pixels, that passes.
        least_iou: of an object in a frame, that passes.
        cases: every pair of recordings.
    """

    first: Side
    second: Side
    least_equal_share: float
    least_iou: float
    cases: tuple[CaseAgreement, ...]

    @property
    def failures(self) -> tuple[str, ...]:
        """The names of the cases that are below a limit."""
        return tuple(case.name for case in self.cases if not self.passes(case))

    def passes(self, case: CaseAgreement) -> bool:
        """Whether a case is within the limits."""
        return case.equal_share >= self.least_equal_share and case.min_iou >= self.least_iou
