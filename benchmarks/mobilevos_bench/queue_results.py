"""The record that `vos-bench queue` writes: what each length of the memory queue costs, and what it scores."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mobilevos_bench.results import ArtifactFile, Origin, Stages
from mobilevos_sdk.machine import Commit

# The name of a memory that holds every frame.
UNBOUNDED = "unbounded"


@dataclass(frozen=True)
class QueueSetting:
    """What all points of a sweep have in common.

    Attributes:
        model: the model's registered name.
        runtime: `onnx` or `litert`.
        height: of its input, in pixels.
        width: of its input, in pixels.
        precision: of its weights.
        parameters: how many it has; none where the artifacts do not say.
        objects: how many were followed.
        threads: of the runtime.
        clip: the video's file name.
        clip_height: of the video's frames, in pixels.
        clip_width: of the video's frames, in pixels.
        frames: measured frames of each point.
    """

    model: str
    runtime: str
    height: int
    width: int
    precision: str
    parameters: int | None
    objects: int
    threads: int
    clip: str
    clip_height: int
    clip_width: int
    frames: int


@dataclass(frozen=True)
class QueuePoint:
    """What one length of the queue costs.

    Attributes:
        queue: slots of the memory.
        artifact: the measured file.
        warmup: frames before those that count; the queue is full after them.
        stages: milliseconds a frame.
        gflop: 1e9 floating point operations a frame; none where the artifact does not say.
        peak_mb: peak of the resident memory, in 1e6 bytes, of a process that has followed as many frames.
        date: of the measurement, UTC, ISO 8601.
        busy_cores: that others kept busy just before; none where the system cannot tell.
        commit: of the source code; a sweep is gone on with at other commits.
    """

    queue: int
    artifact: ArtifactFile
    warmup: int
    stages: Stages
    gflop: float | None
    peak_mb: float
    date: str
    busy_cores: float | None
    commit: Commit | None


@dataclass(frozen=True)
class QueueScore:
    """What one length of the queue scores; 0 to 1, means over all objects.

    Attributes:
        queue: slots of the memory; none for one that holds every frame.
        data: the data set, and the ground truth's folder where it is not the usual one.
        j_and_f: J&F.
        region: mean J.
        boundary: mean F.
        runtime: what ran the model; none where masks were scored that had been made elsewhere.
        source: the results file that the figures are from; none where this command has scored the model.
        sha256: of the artifact that was scored, in hex; none where the file does not say.
    """

    queue: int | None
    data: str
    j_and_f: float
    region: float
    boundary: float
    runtime: str | None
    source: str | None
    sha256: str | None


@dataclass(frozen=True)
class QueueResult:
    """A sweep over lengths of the memory queue, by their length; unbounded comes last."""

    setting: QueueSetting
    origin: Origin
    points: tuple[QueuePoint, ...]
    scores: tuple[QueueScore, ...]

    def with_point(self, point: QueuePoint) -> QueueResult:
        """The sweep and one more point, in place of an older one of its length."""
        others = (other for other in self.points if other.queue != point.queue)
        return replace(self, points=tuple(sorted((*others, point), key=lambda one: one.queue)))

    def with_score(self, score: QueueScore) -> QueueResult:
        """The sweep and one more score, in place of an older one of its length."""
        others = (other for other in self.scores if other.queue != score.queue)
        return replace(self, scores=tuple(sorted((*others, score), key=lambda one: _order(one.queue))))

    @property
    def lengths(self) -> tuple[int | None, ...]:
        """All lengths that were measured or scored, none (unbounded) at last."""
        found = {point.queue for point in self.points} | {score.queue for score in self.scores}
        return tuple(sorted(found, key=_order))

    def point(self, queue: int | None) -> QueuePoint | None:
        """The point of a length, if it was measured."""
        return next((point for point in self.points if point.queue == queue), None)

    def score(self, queue: int | None) -> QueueScore | None:
        """The score of a length (none: unbounded), if there is one."""
        return next((score for score in self.scores if score.queue == queue), None)


def queue_name(queue: int | None) -> str:
    """A length as people write it."""
    return UNBOUNDED if queue is None else str(queue)


def _order(queue: int | None) -> tuple[bool, int]:
    return queue is None, queue or 0
