"""The way in: a Segmenter opens a model and starts Sessions."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mobilevos_sdk.artifact import KINDS, Artifact, open_artifact
from mobilevos_sdk.backends.base import Backend
from mobilevos_sdk.errors import InvalidInputError, UnknownModelError
from mobilevos_sdk.options import RuntimeOptions
from mobilevos_sdk.session import Session
from mobilevos_sdk.spec import ArtifactSpec
from mobilevos_sdk.tracking import VideoTracker

WEIGHTS = Path(__file__).parent / "weights"
DEFAULT_MODEL = "mobilenetv2-noaspp"
# The suffix of the file that a runtime takes, the preferred runtime first.
SUFFIXES = {"litert": ".tflite", "onnx": ".onnx"}


def pretrained_models() -> tuple[str, ...]:
    """The names of the embedded models."""
    return tuple(sorted({path.stem for path in WEIGHTS.glob("*") if path.suffix in KINDS}))


class Segmenter(VideoTracker):
    """A model that is ready to follow objects. Immutable; may be shared between threads, unlike its sessions.

    Sessions of one Segmenter that step at the same time overlap on ONNX Runtime and take turns on LiteRT; open one
    Segmenter a thread to have them overlap there too.

    Args:
        backend: runs the model; use `from_pretrained`, `from_artifact` or `open` to have one made.
        zoom: see `RuntimeOptions`.

    Raises:
        InvalidInputError: a name or a path was given instead.

    Example:
        >>> segmenter = Segmenter.from_pretrained("mobilenetv2-noaspp")  # doctest: +SKIP
        >>> for result in segmenter.track(frames, first_mask):  # doctest: +SKIP
        ...     show(result.mask)
    """

    def __init__(self, backend: Backend, zoom: bool = True) -> None:
        if isinstance(backend, str | Path):
            raise InvalidInputError(
                f"a Segmenter is made of a backend; open a model with Segmenter.open({str(backend)!r})"
            )
        self._backend = backend
        self._zoom = zoom

    @classmethod
    def from_backend(cls, backend: Backend, zoom: bool = True) -> Segmenter:
        """A Segmenter on a backend of one's own, such as PyTorch."""
        return cls(backend, zoom)

    @classmethod
    def from_artifact(cls, path: str | Path, options: RuntimeOptions | None = None) -> Segmenter:
        """Opens an artifact that vos-export has made.

        Raises:
            ArtifactError: the file cannot be used.
            InvalidInputError: the file is not for the runtime that the options ask for.
            RuntimeMissingError: its runtime is not installed.
        """
        options = options or RuntimeOptions()
        return cls(_backend(open_artifact(path), options), options.zoom)

    @classmethod
    def from_pretrained(cls, name: str = DEFAULT_MODEL, options: RuntimeOptions | None = None) -> Segmenter:
        """Opens an embedded model; needs no network.

        Raises:
            UnknownModelError: no model of that name is embedded for that runtime.
            RuntimeMissingError: no runtime is installed.
        """
        return cls.from_artifact(_embedded(name, options or RuntimeOptions()), options)

    @classmethod
    def open(cls, model: str | Path, options: RuntimeOptions | None = None) -> Segmenter:
        """Opens an embedded model by its name, or an artifact by its path.

        Raises:
            UnknownModelError, ArtifactError, InvalidInputError, RuntimeMissingError: as above.
        """
        if isinstance(model, Path) or Path(model).suffix.lower() in KINDS or Path(model).exists():
            return cls.from_artifact(model, options)
        return cls.from_pretrained(model, options)

    @property
    def spec(self) -> ArtifactSpec:
        """What the model takes and gives."""
        return self._backend.spec

    @property
    def backend_name(self) -> str:
        """The runtime: `onnx`, `litert`, `litert-gpu` or `torch`."""
        return self._backend.name

    def start(self, frame: npt.NDArray[np.uint8], mask: npt.NDArray[np.integer]) -> Session:
        """Starts a video; see `Session`.

        Raises:
            InvalidInputError: the frame or the mask cannot be used, or there are more objects than the model follows.
        """
        return Session(self._backend, frame, mask, self._zoom)


def _embedded(name: str, options: RuntimeOptions) -> Path:
    """The file of an embedded model for the wanted runtime; for `auto` LiteRT's where LiteRT is installed."""
    known = pretrained_models()
    if name not in known:
        listing = f"embedded models: {', '.join(known)}" if known else "this installation has no embedded model"
        raise UnknownModelError(f"unknown model '{name}'; {listing}; for a model of your own give its file's path")
    if options.runtime != "auto":
        wanted = [options.runtime]
    else:
        wanted = ["litert", "onnx"] if importlib.util.find_spec("ai_edge_litert") else ["onnx", "litert"]
    for runtime in wanted:
        path = WEIGHTS / f"{name}{SUFFIXES[runtime]}"
        if path.is_file():
            return path
    raise UnknownModelError(f"model '{name}' is not embedded for runtime '{options.runtime}'; pass runtime='auto'")


def _backend(artifact: Artifact, options: RuntimeOptions) -> Backend:
    wanted = {"onnx": "onnx", "tflite": "litert"}[artifact.kind]
    if options.runtime not in ("auto", wanted):
        raise InvalidInputError(
            f"{artifact.path} is for runtime '{wanted}', not '{options.runtime}'; "
            f"pass runtime='{wanted}', or give the {SUFFIXES[options.runtime]} file"
        )
    if wanted == "onnx":
        if options.delegate != "cpu":
            raise InvalidInputError(f"the {options.delegate} delegate belongs to LiteRT; give the .tflite file")
        from mobilevos_sdk.backends.onnx import OnnxBackend

        return OnnxBackend(artifact, options)
    from mobilevos_sdk.backends.litert import open_litert

    return open_litert(artifact, options)
