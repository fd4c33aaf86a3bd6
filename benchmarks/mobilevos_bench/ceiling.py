"""How fast this machine convolves: the ceiling that a model's arithmetic is measured against.

The work is a chain of equal convolutions, large enough to keep every vector unit busy and long enough to hide the
copies at its ends, run by the same runtimes on the same number of threads as the models. It is measured between the
model's own runs (`latency.py`), so that both see the same clock rate. Dense 3x3 convolutions, with 128 channels on the
grid of stride 4, give the ceiling; depthwise ones are reported beside it, since mobile backbones are half made of them.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mobilevos_bench.records import Spread

SEED = 0


@dataclass(frozen=True)
class ConvolutionChain:
    """Equal 3x3 convolutions of stride 1 with zero padding, one after another.

    Attributes:
        kind: `dense`, or `depthwise` for one filter a channel.
        channels: of every input and output.
        height: of the grid.
        width: of the grid.
        length: how many convolutions.
    """

    kind: str
    channels: int = 128
    height: int = 120
    width: int = 216
    length: int = 3

    @property
    def depthwise(self) -> bool:
        """Whether every channel is convolved on its own."""
        return self.kind == "depthwise"

    @property
    def gflop(self) -> float:
        """1e9 floating point operations of the chain; a multiply-accumulate counts as two."""
        inputs = 1 if self.depthwise else self.channels
        return 2e-9 * 9 * inputs * self.channels * self.height * self.width * self.length

    def weights(self) -> npt.NDArray[np.float32]:
        """(out, in, 3, 3) float32, scaled so that values neither grow nor fade along the chain."""
        inputs = 1 if self.depthwise else self.channels
        values = np.random.default_rng(SEED).standard_normal((self.channels, inputs, 3, 3))
        return (values / np.sqrt(9 * inputs)).astype(np.float32)

    def image(self, channels_last: bool) -> npt.NDArray[np.float32]:
        """The input: (1, C, H, W) float32, or (1, H, W, C)."""
        shape = (self.height, self.width, self.channels) if channels_last else (self.channels, self.height, self.width)
        return np.random.default_rng(SEED).standard_normal((1, *shape)).astype(np.float32)


CHAINS = (ConvolutionChain("dense"), ConvolutionChain("depthwise", length=8))


@dataclass(frozen=True)
class Ceiling:
    """What one runtime reaches in one kind of convolution.

    Attributes:
        runtime: `onnx` or `litert`.
        kind: `dense` or `depthwise`.
        gflop_per_s: over all measurements, with all threads together.
    """

    runtime: str
    kind: str
    gflop_per_s: Spread


class CeilingMeter:
    """Chains that are loaded once and then measured again and again, between other work.

    Args:
        runtimes: any of `onnx` and `litert`; those that are not installed are left out.
        threads: of each runtime.
        chains: the work.
    """

    def __init__(self, runtimes: Sequence[str], threads: int, chains: Sequence[ConvolutionChain] = CHAINS) -> None:
        self._work: dict[tuple[str, str], tuple[float, Callable[[], None]]] = {}
        self._rates: dict[tuple[str, str], list[float]] = {}
        for runtime in runtimes:
            if importlib.util.find_spec({"onnx": "onnxruntime", "litert": "ai_edge_litert"}[runtime]) is None:
                continue
            for chain in chains:
                self._work[runtime, chain.kind] = chain.gflop, load_chain(chain, runtime, threads)
                self._rates[runtime, chain.kind] = []

    def measure(self, repeats: int = 2) -> None:
        """Runs every chain once unmeasured, to wake the runtime's threads, and then `repeats` times."""
        for key, (gflop, work) in self._work.items():
            work()
            for _ in range(repeats):
                started = time.perf_counter()
                work()
                self._rates[key].append(gflop / (time.perf_counter() - started))

    def results(self) -> tuple[Ceiling, ...]:
        """The rates so far."""
        return tuple(Ceiling(runtime, kind, Spread.of(rates)) for (runtime, kind), rates in self._rates.items())


def machine_ceiling(ceilings: Sequence[Ceiling]) -> float:
    """The machine's ceiling in GFLOP/s: the best median of a dense convolution over the runtimes."""
    return max(ceiling.gflop_per_s.median for ceiling in ceilings if ceiling.kind == "dense")


def load_chain(chain: ConvolutionChain, runtime: str, threads: int) -> Callable[[], None]:
    """Loads a chain into a runtime.

    Args:
        chain: the work.
        runtime: `onnx` or `litert`.
        threads: of the runtime.

    Returns:
        A function that runs the chain once; input and output stay in place, so no copy is measured.
    """
    return _load_onnx(chain, threads) if runtime == "onnx" else _load_litert(chain, threads)


def _load_onnx(chain: ConvolutionChain, threads: int) -> Callable[[], None]:
    import onnxruntime

    from mobilevos_bench.ceiling_models import INPUT, OUTPUT, onnx_model

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(onnx_model(chain), options, providers=["CPUExecutionProvider"])
    image = chain.image(channels_last=False)
    binding = session.io_binding()
    binding.bind_cpu_input(INPUT, image)
    binding.bind_ortvalue_output(OUTPUT, onnxruntime.OrtValue.ortvalue_from_numpy(np.zeros_like(image)))
    return lambda: session.run_with_iobinding(binding)


def _load_litert(chain: ConvolutionChain, threads: int) -> Callable[[], None]:
    from ai_edge_litert.interpreter import Interpreter

    from mobilevos_bench.ceiling_models import litert_model

    interpreter = Interpreter(model_content=litert_model(chain), num_threads=threads)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], chain.image(channels_last=True))

    def invoke() -> None:
        interpreter.invoke()

    return invoke
