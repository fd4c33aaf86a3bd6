"""Measurements of `mobilevos_models.cost`, each in a process of its own, whose peak memory is then that of one model.

The parent calls `measure_by_turns`. A child runs `main`: it prints `READY`, measures a frame and prints `READY` again
for each line that it is given, and in the end one line of JSON: what it measured, or an error.
"""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import IO, TYPE_CHECKING, Any

from mobilevos_sdk.errors import MobileVOSError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

# Frames beyond those that fill the memory, before anything counts.
WARMUP = 2
# A line of a child that has done what it was told to.
READY = "ready"


@dataclass(frozen=True)
class CostTask:
    """What to measure.

    Attributes:
        model: a registered name.
        runtime: `torch`, `onnx` or `litert`.
        objects: how many are followed.
        height: of the model's input in pixels.
        width: of the model's input in pixels.
        queue: slots of the memory.
        threads: of the runtime.
        artifact: the file for `onnx` and `litert`.
    """

    model: str
    runtime: str
    objects: int
    height: int
    width: int
    queue: int
    threads: int
    artifact: str | None = None


@dataclass(frozen=True)
class Measured:
    """What it costs.

    Attributes:
        parameters: of the model; none where an artifact does not say.
        gflop: 1e9 floating point operations of a frame, two for a multiply-accumulate of a convolution or a matrix
            product; none where an artifact does not say.
        milliseconds: of each measured frame: segmenting and memorising it, without reading and fitting the frame.
        peak_mb: most resident memory of the process, in 1e6 bytes, with the runtime and the weights in it.
    """

    parameters: int | None
    gflop: float | None
    milliseconds: list[float]
    peak_mb: float

    def text(self) -> str:
        """The figures for people."""
        middle = sorted(self.milliseconds)[len(self.milliseconds) // 2]
        gflop = "" if self.gflop is None else f", {self.gflop:.1f} GFLOP"
        return f"{middle:.1f} ms{gflop}, {self.peak_mb:.0f} MB"


@dataclass(frozen=True)
class _Subject:
    """A model with a memory: `step` follows the objects into one more frame and returns its milliseconds."""

    step: Callable[[], float]
    parameters: int | None
    count_gflop: Callable[[], float | None]


def measure_by_turns(tasks: Sequence[CostTask], repeats: int) -> list[Measured | MobileVOSError]:
    """Measures each task in a fresh process; when all are prepared, each measures a frame, then each another one.

    So what the machine does meanwhile meets all tasks, and their ratios are better than their milliseconds.

    Args:
        tasks: what to measure; all their models are in memory together.
        repeats: frames of each.

    Returns:
        For each task what it costs, or why its process could not do it.
    """
    with ExitStack() as stack:
        children = []
        for task in tasks:
            child = _Child(task, stack.enter_context(tempfile.TemporaryFile("w+")))
            child.wait()
            children.append(child)
        for _ in range(repeats):
            for child in children:
                child.step()
        return [child.finish() for child in children]


class _Child:
    """The process of one task; it does nothing but what it is told to.

    Args:
        task: what it measures; it begins to prepare it.
        errors: where its errors go: a pipe that nobody reads would fill.
    """

    def __init__(self, task: CostTask, errors: IO[str]) -> None:
        command = [sys.executable, "-m", "mobilevos_models.cost_process", json.dumps(asdict(task))]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=errors, text=True)
        self._errors, self._last = errors, ""

    def wait(self) -> None:
        """Returns when it is ready, or has ended."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.strip() == READY:
                break
            self._last = line

    def step(self) -> None:
        """Lets it measure one more frame, unless it has ended."""
        assert self._process.stdin is not None
        try:
            print(file=self._process.stdin, flush=True)
        except BrokenPipeError:
            return
        self.wait()

    def finish(self) -> Measured | MobileVOSError:
        """Lets it end, and returns what it measured or what went wrong."""
        last = (self._process.communicate()[0].strip().splitlines() or [self._last])[-1]
        signal = -self._process.returncode
        if signal > 0:
            return MobileVOSError(f"the process was killed by signal {signal}; is there enough memory?")
        try:
            message = json.loads(last)
        except ValueError:
            self._errors.seek(0)
            error = (self._errors.read().strip().splitlines() or ["no message"])[-1]
            return MobileVOSError(f"the process ended without a result: {error}")
        return MobileVOSError(message["error"]) if "error" in message else Measured(**message)


def _measure(task: CostTask, turns: Iterable[str]) -> Measured:
    """Measures a frame for each turn in this process.

    Raises:
        MobileVOSError: the model does not take the task, or its artifact or runtime cannot be used.
    """
    from mobilevos_sdk.machine import peak_memory_mb

    subject = _torch_subject(task) if task.runtime == "torch" else _artifact_subject(task)
    for _ in range(WARMUP + task.queue - 1):  # the first entry is there from the start
        subject.step()
    milliseconds = []
    print(READY, flush=True)
    for _ in turns:
        milliseconds.append(subject.step())
        print(READY, flush=True)
    peak = peak_memory_mb()  # before the counting, which takes memory too
    return Measured(subject.parameters, subject.count_gflop(), milliseconds, peak)


def _torch_subject(task: CostTask) -> _Subject:
    """A registered model in PyTorch, through its own three functions."""
    import torch

    from mobilevos_models.flops import flop_counter
    from mobilevos_models.registry import create_model

    torch.set_num_threads(task.threads)
    torch.manual_seed(0)
    model: Any = create_model(task.model)  # the families' entries and states are types of their own
    frame = torch.rand(1, 3, task.height, task.width) * 255.0
    stripes = torch.from_numpy(_stripes(task))
    masks = torch.stack([stripes == index for index in range(1, task.objects + 1)])[None].float()
    # STCN's value encoder sees the frame, too.
    extra = (frame,) if "frame" in inspect.signature(model.memorize).parameters else ()

    @torch.inference_mode()
    def step() -> float:
        began = time.perf_counter()
        probabilities, state = model.segment(frame, memory)
        entry = model.memorize(state, probabilities[:, 1:], *extra)
        elapsed = (time.perf_counter() - began) * 1e3
        memory[:] = [memory[0], entry, *memory[1:]][: task.queue]
        return elapsed

    def count_gflop() -> float:
        with flop_counter() as counter:
            step()
        return counter.get_total_flops() / 1e9

    with torch.inference_mode():
        memory = [model.start(frame, masks)]
    return _Subject(step, sum(parameter.numel() for parameter in model.parameters()), count_gflop)


def _artifact_subject(task: CostTask) -> _Subject:
    """An artifact on its runtime, through the SDK's session."""
    import numpy as np

    from mobilevos_sdk.options import RuntimeOptions
    from mobilevos_sdk.segmenter import Segmenter

    segmenter = Segmenter.from_artifact(task.artifact or "", RuntimeOptions(task.runtime, task.threads))
    spec = segmenter.spec
    frame = np.random.default_rng(0).integers(0, 256, (task.height, task.width, 3), dtype=np.uint8)
    session = segmenter.start(frame, _stripes(task))

    def step() -> float:
        latency = session.step(frame).latency
        return latency.segment + latency.memorize

    def count_gflop() -> float | None:
        roles = ("segment", "memorize") if spec.queue > 1 else ("segment",)
        return 2e-9 * sum(spec.graph(role, task.objects).macs for role in roles) or None

    parameters = spec.weights.get("parameters")
    return _Subject(step, parameters if isinstance(parameters, int) else None, count_gflop)


def _stripes(task: CostTask) -> npt.NDArray[np.uint8]:
    """(H, W) ids of the objects as stripes from left to right, the background the last one."""
    import numpy as np

    columns = np.arange(task.width) * (task.objects + 1) // task.width + 1
    return np.tile(np.where(columns > task.objects, 0, columns).astype(np.uint8), (task.height, 1))


def main(argv: list[str]) -> int:
    """The child: `argv` holds the task as JSON, every line of the standard input is a turn. Returns its exit code."""
    try:
        print(json.dumps(asdict(_measure(CostTask(**json.loads(argv[0])), sys.stdin))))
    except MobileVOSError as error:
        print(json.dumps({"error": str(error)}))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
