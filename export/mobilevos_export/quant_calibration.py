"""Real inputs of every graph, for the ranges of a static quantisation: the fp32 loop runs on clips and is recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mobilevos_export.conversion import ConversionError
from mobilevos_export.graphs import SourceModel
from mobilevos_export.parity_clip import MASK_SUFFIX, SAMPLE
from mobilevos_models.torch_backend import TorchBackend
from mobilevos_sdk.backends.base import Backend, FloatArray, Tensors
from mobilevos_sdk.davis import ANNOTATIONS, FRAMES, DavisSequence, find_sequences
from mobilevos_sdk.errors import InvalidInputError
from mobilevos_sdk.masks import Mask, object_ids, read_mask
from mobilevos_sdk.segmenter import Segmenter
from mobilevos_sdk.spec import ArtifactSpec, GraphSpec
from mobilevos_sdk.video import open_frames

# More clips matter more than more frames of one; eight already show the range of nearly all values.
MOST_CLIPS = 8
# Neighbouring frames are alike, so only every so many are taken.
STEP = 4
# Inputs of a graph, as its backend takes them.
Samples = Sequence[dict[str, FloatArray]]


@dataclass(frozen=True)
class CalibrationClip:
    """Some frames of one clip.

    Attributes:
        name: the clip's name.
        frames: (H, W, 3) uint8 RGB each.
        mask: (H, W) uint8 object ids on the first of them.
    """

    name: str
    frames: tuple[npt.NDArray[np.uint8], ...]
    mask: Mask

    def mask_of(self, objects: int) -> Mask:
        """The mask with so many objects: its own first ones, and where those are too few, halves of the largest."""
        mask = np.zeros_like(self.mask)
        for new, known in enumerate(object_ids(self.mask)[:objects], start=1):
            mask[self.mask == known] = new
        for new in range(int(mask.max()) + 1, objects + 1):
            largest = int(np.bincount(mask[mask > 0]).argmax())
            rows, columns = np.nonzero(mask == largest)  # in the order of the rows: the lower half goes
            half = len(rows) // 2
            mask[rows[half:], columns[half:]] = new
        return mask


class Calibration:
    """Clips and how many inputs of each graph are taken from them.

    Args:
        clips: the clips.
        samples: inputs of each graph, spread over the clips.
    """

    def __init__(self, clips: tuple[CalibrationClip, ...], samples: int) -> None:
        self.clips = clips
        self.samples = samples
        self._recorded: dict[int, Mapping[str, Samples]] = {}

    @classmethod
    def load(cls, folder: Path | None, samples: int, seed: int) -> Calibration:
        """Reads the frames.

        Args:
            folder: a data set in DAVIS layout, or a folder of clips with `NAME-first-mask.png` beside each; none takes
                the sample clips of the repository.
            samples: how many inputs of each graph to take.
            seed: chooses the clips, and where in them to begin.

        Raises:
            InvalidInputError: there are no clips in the folder, or one cannot be used.
            VideoError: a clip cannot be read.
        """
        path = SAMPLE.parent if folder is None else folder
        if not path.is_dir():
            raise InvalidInputError(
                f"no folder {path} to calibrate on; name one with --calibration: in DAVIS layout ({FRAMES} and "
                f"{ANNOTATIONS}), or of clips with NAME{MASK_SUFFIX} beside each"
            )
        random = np.random.default_rng(seed)
        chosen = _davis(path) if (path / FRAMES).is_dir() else _clips(path)
        count = min(len(chosen), MOST_CLIPS, samples)
        picked = [chosen[index] for index in sorted(random.permutation(len(chosen))[:count])]
        each = -(-samples // count)
        return cls(tuple(read(each + 1, random) for read in picked), samples)

    def record(
        self, backend: Backend, objects: int, report: Callable[[str], None] = lambda line: None
    ) -> Mapping[str, Samples]:
        """Follows so many objects through the clips and remembers what each graph was given.

        Args:
            backend: runs the model in fp32.
            objects: how many objects there are, 1 to the spec's `max_objects`.
            report: is told which clip is being followed.

        Returns:
            For each graph of so many objects, by name, its inputs. They are kept for the next call.
        """
        if objects in self._recorded:
            return self._recorded[objects]
        recorder = _Recorder(backend)
        for number, clip in enumerate(self.clips, start=1):
            report(f"calibration: {objects} objects, clip {number} of {len(self.clips)} ({clip.name})")
            for _ in Segmenter.from_backend(recorder).track(clip.frames, clip.mask_of(objects)):
                pass
        self._recorded[objects] = {name: tuple(inputs[: self.samples]) for name, inputs in recorder.inputs.items()}
        return self._recorded[objects]


def record(source: SourceModel, graph: str, report: Callable[[str], None]) -> Samples:
    """Inputs of one graph, from the clips of a model's calibration.

    Raises:
        ConversionError: the model was prepared without clips.
    """
    calibration, spec = calibration_of(source), source.spec
    objects = next(candidate.objects for candidate in spec.graphs if candidate.name == graph)
    backend = TorchBackend(source.folded, spec.queue, spec.max_objects, spec.height, spec.width)
    return calibration.record(backend, objects, report)[graph]


def calibration_of(source: SourceModel) -> Calibration:
    """The clips of a model.

    Raises:
        ConversionError: it was prepared without any.
    """
    if source.calibration is None:
        raise ConversionError(f"{source.spec.precision} needs clips to calibrate on; name them with --calibration")
    return source.calibration


class _Recorder:
    """A backend that keeps copies of what its graphs are given.

    What `segment` gives is what `memorize` takes, and would be taken by a `start` on that frame: both are kept with it,
    so that all graphs have as many inputs, whatever the queue.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self.name = backend.name
        self.spec: ArtifactSpec = backend.spec
        self.inputs: dict[str, list[dict[str, FloatArray]]] = {}

    def run(self, graph: str, inputs: Tensors) -> dict[str, FloatArray]:
        """Runs a graph; see `Backend.run`."""
        inputs = {name: array.copy() for name, array in inputs.items()}  # a session writes its next frame over the last
        outputs = self._backend.run(graph, inputs)
        spec = next(candidate for candidate in self.spec.graphs if candidate.name == graph)
        if spec.role != "memorize":
            self._keep(spec, inputs)
        if spec.role == "segment":
            known = {**inputs, **outputs, "masks": outputs["probabilities"]}
            for role in ("start", "memorize"):
                self._keep(self.spec.graph(role, spec.objects), known)
        return outputs

    def _keep(self, graph: GraphSpec, known: Tensors) -> None:
        taken = {tensor.name: known[tensor.name] for tensor in graph.inputs}
        self.inputs.setdefault(graph.name, []).append(taken)


_Reader = Callable[[int, np.random.Generator], CalibrationClip]


def _davis(folder: Path) -> list[_Reader]:
    return [_Sequence(sequence).read for sequence in find_sequences(folder)]


def _clips(folder: Path) -> list[_Reader]:
    found = [_Clip(path, path.with_name(path.stem + MASK_SUFFIX)) for path in sorted(folder.iterdir())]
    readers: list[_Reader] = [clip.read for clip in found if clip.mask.exists() and clip.path != clip.mask]
    if not readers:
        raise InvalidInputError(
            f"{folder} has no clip to calibrate on: neither {FRAMES} and {ANNOTATIONS} as DAVIS has them, nor videos "
            f"or folders of frames with NAME{MASK_SUFFIX} beside them"
        )
    return readers


@dataclass(frozen=True)
class _Sequence:
    """A sequence of a data set, from any annotated frame on."""

    sequence: DavisSequence

    def read(self, count: int, random: np.random.Generator) -> CalibrationClip:
        last = max(0, len(self.sequence.frame_files) - STEP * (count - 1) - 1)
        starts = [index for index in sorted(self.sequence.annotations) if index <= last] or [self.sequence.first]
        starts = [index for index in starts if self.sequence.truth(index).any()] or [self.sequence.first]
        start = int(random.choice(starts))
        files = self.sequence.frames(start, start + STEP * count)
        frames = tuple(frame for index, frame in enumerate(files) if index % STEP == 0)
        return CalibrationClip(self.sequence.name, frames[:count], self.sequence.truth(start))


@dataclass(frozen=True)
class _Clip:
    """A video, or a folder of frames, with the mask of its first frame."""

    path: Path
    mask: Path

    def read(self, count: int, random: np.random.Generator) -> CalibrationClip:
        mask = read_mask(self.mask)
        frames = tuple(_spread(open_frames(self.path), count))
        if not object_ids(mask) or frames[0].shape[:2] != mask.shape:
            raise InvalidInputError(f"{self.mask} has no object, or is not of the size of {self.path.name}; replace it")
        return CalibrationClip(self.path.name, frames, mask)


def _spread(frames: Iterable[npt.NDArray[np.uint8]], count: int) -> Iterator[npt.NDArray[np.uint8]]:
    """Every `STEP`-th frame, so many at most."""
    for index, frame in enumerate(frames):
        if index // STEP >= count:
            return
        if index % STEP == 0:
            yield frame
