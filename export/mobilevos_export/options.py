"""What an export is asked for, checked before any work starts. No heavy imports: the command's `--help` uses this."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mobilevos_export.quant_policy import QUANTISED, STATIC
from mobilevos_sdk.errors import InvalidInputError

STRIDE = 16
MINIMUM_SIDE = 64
MAXIMUM_QUEUE = 20
MAXIMUM_OBJECTS = 10
PRECISIONS = ("fp32", "fp16", *QUANTISED)
FORMATS = ("onnx", "tflite")
TFLITE_ROUTES = ("litert-torch", "onnx2tf")
RANDOM = "random"
CHECKS = ("gpu",)
# The per-mask comparison needs some frames for an error to build up over the memory.
MINIMUM_PARITY_FRAMES = 8
# Inputs of each graph.
CALIBRATION_SAMPLES = 16
MAXIMUM_CALIBRATION_SAMPLES = 256


@dataclass(frozen=True)
class ExportOptions:
    """One export.

    Attributes:
        model: a registered name.
        queue: slots of the memory, 1 to 20. None takes what the model is best with, 2 or 3.
        height: input height in pixels, a multiple of 16, 64 or more.
        width: input width in pixels, likewise.
        objects: most objects at once, 1 to 10. None takes what the model is made for: 10 for the AOT family, whose
            objects share their graphs, and 1 for the others, which have three graphs for every number up to this.
        precision: `fp32`, `fp16` for weights stored in half precision, `int8-dynamic` for weights in 8 bits, or `int8`
            for weights and activations in 8 bits.
        formats: any of `onnx` and `tflite`.
        checkpoint: a safetensors file; none takes the shipped one; `random` is for tests of the export itself.
        out: the folder of the artifacts.
        tflite_via: the converter to TFLite, `litert-torch` or `onnx2tf`.
        locality: False leaves the locality prior out, for the read as the paper has it.
        depth: how many layers run, for a model that can choose (AOST); none takes all.
        parity_clip: the video whose frames the artifacts are compared on; none takes the sample clip.
        parity_mask: its first mask; none takes `<clip>-first-mask.png` beside the clip.
        parity_frames: frames of the per-mask comparison after the first, 8 or more.
        seed: of the weights of `random`, and of the choice of the calibration's frames.
        calibration: what `int8` measures its ranges on: a data set in DAVIS layout, or a folder of clips with their
            first masks; none takes the sample clips.
        calibration_samples: inputs of each graph to measure on.
        sensitivity: a JSON file for what each layer costs when `int8` quantises it alone; none does not measure it.
        checks: beyond parity: `gpu` has LiteRT's GPU accelerator run the .tflite artifact (`gpu_check.py`).

    Raises:
        InvalidInputError: a value that cannot be exported; the message says which would do.
    """

    model: str
    queue: int | None = None
    height: int = 480
    width: int = 864
    objects: int | None = None
    precision: str = "fp32"
    formats: tuple[str, ...] = FORMATS
    checkpoint: str | Path | None = None
    out: Path = Path("out")
    tflite_via: str = TFLITE_ROUTES[0]
    locality: bool = True
    depth: int | None = None
    parity_clip: Path | None = None
    parity_mask: Path | None = None
    parity_frames: int = MINIMUM_PARITY_FRAMES
    seed: int = 0
    calibration: Path | None = None
    calibration_samples: int = CALIBRATION_SAMPLES
    sensitivity: Path | None = None
    checks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.queue is not None:
            _in_range("queue", self.queue, 1, MAXIMUM_QUEUE)
        if self.objects is not None:
            _in_range("objects", self.objects, 1, MAXIMUM_OBJECTS)
        check_size(self.height, self.width)
        _one_of("precision", self.precision, PRECISIONS)
        _one_of("tflite-via", self.tflite_via, TFLITE_ROUTES)
        _in_range("calibration samples", self.calibration_samples, 1, MAXIMUM_CALIBRATION_SAMPLES)
        self._check_quantisation()
        if not self.formats:
            raise InvalidInputError(f"no format to export to; choose from {', '.join(FORMATS)}")
        for name in self.formats:
            _one_of("format", name, FORMATS)
        for name in self.checks:
            _one_of("check", name, CHECKS)
        if "gpu" in self.checks and "tflite" not in self.formats:
            raise InvalidInputError("check gpu is of the tflite artifact; add tflite to the formats, or leave it out")
        if self.parity_frames < MINIMUM_PARITY_FRAMES:
            raise InvalidInputError(
                f"parity frames must be {MINIMUM_PARITY_FRAMES} or more, not {self.parity_frames}: "
                "an error of the memory shows only after some frames"
            )

    def _check_quantisation(self) -> None:
        if self.calibration is not None and self.precision != STATIC:
            raise InvalidInputError(f"{self.precision} needs no calibration; leave it out, or take precision {STATIC}")
        if self.sensitivity is not None and self.precision != STATIC:
            raise InvalidInputError(f"sensitivity is measured with precision {STATIC}, not {self.precision}")
        if self.precision in QUANTISED and "tflite" in self.formats and self.tflite_via != TFLITE_ROUTES[0]:
            raise InvalidInputError(f"{self.precision} goes over {TFLITE_ROUTES[0]} alone; leave tflite-via out")

    @property
    def slots(self) -> int:
        """The queue, or what the model is best with."""
        from mobilevos_models.registry import memory_slots

        return memory_slots(self.model, self.queue)

    def path(self, extension: str) -> Path:
        """Where a format's artifact goes: `MODEL-qQUEUE-HxW.onnx` in the output folder, or `MODEL-dDEPTH-...`."""
        name = self.model if self.depth is None else f"{self.model}-d{self.depth}"
        return self.out / f"{name}-q{self.slots}-{self.height}x{self.width}.{extension}"


def parse_size(text: str) -> tuple[int, int]:
    """Reads `480x864` as (height, width) and checks it.

    Raises:
        InvalidInputError: not two numbers, or not a size that the models take.
    """
    height, separator, width = text.lower().partition("x")
    if not (separator and height.isdecimal() and width.isdecimal()):
        raise InvalidInputError(f"size '{text}' is not HEIGHTxWIDTH, such as 480x864")
    check_size(int(height), int(width))
    return int(height), int(width)


def check_size(height: int, width: int) -> None:
    """Checks that a frame of this size divides into the models' cells.

    Raises:
        InvalidInputError: it does not; the message names the nearest size that does.
    """
    nearest = nearest_side(height), nearest_side(width)
    if nearest != (height, width):
        raise InvalidInputError(
            f"size {height}x{width} does not fit: height and width must be multiples of {STRIDE} and at least "
            f"{MINIMUM_SIDE}; the nearest is {nearest[0]}x{nearest[1]}"
        )


def nearest_side(side: int) -> int:
    """The nearest multiple of 16 that is at least 64; the larger of two equally near."""
    return max((side + STRIDE // 2) // STRIDE * STRIDE, MINIMUM_SIDE)


def _in_range(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise InvalidInputError(f"{name} must be from {low} to {high}, not {value}")


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise InvalidInputError(f"unknown {name} '{value}'; choose from {', '.join(known)}")
