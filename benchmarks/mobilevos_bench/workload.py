"""What a benchmark runs: artifacts for one or both runtimes, a clip, and the mask of its first frame."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mobilevos_bench.provenance import file_sha256
from mobilevos_bench.results import ArtifactFile, Setting
from mobilevos_sdk.artifact import KINDS, open_artifact
from mobilevos_sdk.errors import ArtifactError, InvalidInputError
from mobilevos_sdk.masks import check_mask, object_ids, read_mask
from mobilevos_sdk.options import RuntimeOptions
from mobilevos_sdk.segmenter import SUFFIXES, WEIGHTS, Segmenter, pretrained_models
from mobilevos_sdk.spec import ArtifactSpec
from mobilevos_sdk.video import Camera, FrameSource, open_frames

Frame = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.uint8]
# The sample of the repository, which an installed wheel does not have.
SAMPLE_CLIP = Path(__file__).parents[2] / "samples" / "cups.mp4"
_MODULES = {"onnx": "onnxruntime", "litert": "ai_edge_litert"}


@dataclass(frozen=True)
class Workload:
    """A model and a video.

    Attributes:
        artifacts: one file for each runtime.
        spec: of the model; all files hold the same one.
        clip: the video.
        mask_path: the first mask's file.
        mask: (H, W) uint8 first mask with exactly `objects` objects.
        objects: how many are followed.
        threads: of the runtimes.
    """

    artifacts: dict[str, Path]
    spec: ArtifactSpec
    clip: Path
    mask_path: Path
    mask: Mask
    objects: int
    threads: int

    def open(self, runtime: str) -> Segmenter:
        """The model on a runtime."""
        return Segmenter.from_artifact(self.artifacts[runtime], RuntimeOptions(runtime, self.threads))

    def first_frames(self, count: int) -> list[Frame]:
        """The first frames of the clip, as many as there are up to `count`."""
        return list(islice(open_frames(self.clip), count))

    def setting(self) -> Setting:
        """What was run, for a results file."""
        parameters = self.spec.weights.get("parameters")
        return Setting(
            model=self.spec.model,
            queue=self.spec.queue,
            height=self.spec.height,
            width=self.spec.width,
            precision=self.spec.precision,
            parameters=parameters if isinstance(parameters, int) else None,
            objects=self.objects,
            threads=self.threads,
            clip=self.clip.name,
            clip_height=self.mask.shape[0],
            clip_width=self.mask.shape[1],
        )

    def artifact(self, runtime: str) -> ArtifactFile:
        """The file of a runtime, for a results file."""
        path = self.artifacts[runtime]
        return ArtifactFile(runtime, path.name, path.stat().st_size, file_sha256(path))


@dataclass(frozen=True)
class WorkloadOptions:
    """What the user asks for.

    Attributes:
        model: an embedded model's name, or an artifact's file.
        runtimes: any of `onnx` and `litert`; none takes all for which there is a file and an installed runtime.
        threads: of the runtime; none takes the SDK's default.
        objects: how many objects of the mask to follow.
        clip: the video; none takes the repository's sample.
        mask: the first mask; none takes `NAME-first-mask.png` beside the clip.
    """

    model: str
    runtimes: tuple[str, ...] | None = None
    threads: int | None = None
    objects: int = 1
    clip: Path | None = None
    mask: Path | None = None


def open_workload(options: WorkloadOptions) -> Workload:
    """Finds and checks all files before anything is measured.

    Raises:
        MobileVOSError: a model, video or mask is missing or cannot be used, or has too few objects.
    """
    artifacts = find_artifacts(options.model, options.runtimes)
    spec = _common_spec(artifacts)
    clip = _clip(options.clip)
    mask_path = options.mask or default_mask(clip)
    mask = first_objects(read_mask(mask_path), options.objects)
    source = open_frames(clip)
    check_mask(mask, source.size)
    _check_repeatable(source)
    if options.objects > spec.max_objects:
        raise InvalidInputError(
            f"the model follows {spec.max_objects} objects at most, not {options.objects}; "
            f"export one with 'vos-export --objects {options.objects}'"
        )
    threads = RuntimeOptions(threads=options.threads).thread_count
    return Workload(artifacts, spec, clip, mask_path, mask, options.objects, threads)


def find_artifacts(model: str, runtimes: Sequence[str] | None) -> dict[str, Path]:
    """The file for each runtime.

    Args:
        model: an embedded model's name or a file; the file for the other runtime is looked for beside it, under the
            same name with the other suffix.
        runtimes: those wanted; none takes every one that is installed and has a file.

    Raises:
        ArtifactError: there is no file for a wanted runtime.
    """
    path = Path(model)
    if path.suffix.lower() not in KINDS:
        path = WEIGHTS / f"{model}.onnx"
        if model not in pretrained_models():
            Segmenter.from_pretrained(model)  # raises what the SDK has to say about unknown names
    found = {runtime: path.with_suffix(suffix) for runtime, suffix in SUFFIXES.items()}
    if runtimes is None:
        installed = [runtime for runtime in found if importlib.util.find_spec(_MODULES[runtime])]
        runtimes = [runtime for runtime in installed if found[runtime].is_file()]
        if not runtimes:
            open_artifact(path)  # raises what is wrong with the file
            raise InvalidInputError(f"the runtime of {path} is not installed; see 'pip install onnxruntime'")
    for runtime in runtimes:
        if not found[runtime].is_file():
            raise ArtifactError(f"no artifact at {found[runtime]} for runtime '{runtime}'; make one with vos-export")
    return {runtime: found[runtime] for runtime in runtimes}


def looped_frames(clip: Path) -> Iterator[Frame]:
    """The frames of a clip, from the start again when it ends; decoded one by one."""
    source = open_frames(clip)
    while True:
        yield from source


def default_mask(clip: Path) -> Path:
    """`cups-first-mask.png` beside `cups.mp4`."""
    return clip.with_name(f"{clip.stem}-first-mask.png")


def first_objects(mask: Mask, count: int) -> Mask:
    """The mask with its `count` objects of the lowest ids only.

    Raises:
        InvalidInputError: it has fewer objects.
    """
    ids = object_ids(mask)
    if len(ids) < count:
        raise InvalidInputError(f"the mask has {len(ids)} objects, not {count}; lower --objects or give another --mask")
    return np.where(np.isin(mask, ids[:count]), mask, np.uint8(0))


def _common_spec(artifacts: dict[str, Path]) -> ArtifactSpec:
    specs = [open_artifact(path).spec for path in artifacts.values()]
    first = specs[0]
    for path, spec in zip(artifacts.values(), specs, strict=True):
        what = (spec.model, spec.queue, spec.max_objects, spec.height, spec.width, spec.precision)
        if what != (first.model, first.queue, first.max_objects, first.height, first.width, first.precision):
            raise ArtifactError(
                f"{path} is another model than {next(iter(artifacts.values()))}; "
                "export both in one go, or choose one with --runtime"
            )
    return first


def _clip(clip: Path | None) -> Path:
    if clip is None and not SAMPLE_CLIP.is_file():
        raise InvalidInputError("this installation has no sample clip; give one with --clip FILE --mask FILE")
    return clip or SAMPLE_CLIP


def _check_repeatable(source: FrameSource) -> None:
    if isinstance(source, Camera):
        raise InvalidInputError(f"{source.name} cannot be played again; give a video file or a folder of frames")
