"""`python -m mobilevos_export.operator_cost`: where the time of a .tflite artifact's graphs goes on this machine's CPU.

LiteRT's Python package has no profiler. So each kind of operator is timed as a model of its own, with the runtime's
threads, and multiplied by how often it occurs. The sum is close to the graph's own time where memory is not the limit;
the graph's own is printed beside it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mobilevos_sdk.artifact import open_artifact
from mobilevos_sdk.backends.tflite_graphs import TfliteGraphs
from mobilevos_sdk.cli.common import EXIT_OK, ArgumentParser, positive_int, run
from mobilevos_sdk.errors import InvalidInputError, RuntimeMissingError
from mobilevos_sdk.options import RuntimeOptions

PROGRAM = "python -m mobilevos_export.operator_cost"
EPILOG = """examples:
  python -m mobilevos_export.operator_cost mobilevos_sdk/weights/mobilenetv2-noaspp.tflite
  python -m mobilevos_export.operator_cost out/aot-t-q2-480x864.tflite --objects 10 --threads 1 --top 20

Measure on an idle machine. exit codes: 0 done, 1 failed, 2 wrong usage"""
WARMUP = 2
SEED = 0


class OperatorCost(NamedTuple):
    """A kind of operator.

    Attributes:
        name: of the operator, such as `CONV_2D`.
        shapes: of its inputs and its outputs, as text.
        occurrences: how many the graph has.
        milliseconds: of one, the median.
        gflop: 1e9 operations of one, two for a multiply-accumulate; 0 for what does not multiply matrices.
    """

    name: str
    shapes: str
    occurrences: int
    milliseconds: float
    gflop: float

    @property
    def total(self) -> float:
        """Milliseconds of all of them."""
        return self.occurrences * self.milliseconds

    def text(self) -> str:
        """The figures in one line."""
        rate = f"{1e3 * self.gflop / self.milliseconds:5.0f} GFLOP/s" if self.gflop else " " * 13
        return (
            f"{self.total:7.2f} ms  {self.occurrences:2d} x {self.milliseconds:6.3f}  {rate}  {self.name} {self.shapes}"
        )


def operator_costs(content: bytes, threads: int, repeats: int) -> list[OperatorCost]:
    """Times each kind of operator of a flatbuffer alone, the most expensive kind first.

    Args:
        content: a flatbuffer; all of its graphs count.
        threads: of the runtime.
        repeats: runs of each kind.

    Raises:
        RuntimeMissingError: LiteRT is not installed.
    """
    from mobilevos_export import flatbuffer
    from mobilevos_export.single_operators import single_operators

    costs = []
    for fault, single, count in single_operators(flatbuffer.read(content), padding=True):
        call = _load(flatbuffer.write(single), threads)
        costs.append(
            OperatorCost(fault.operator, fault.shapes, count, _median(call, repeats), _gflop(fault.operator, single))
        )
    return sorted(costs, key=lambda cost: cost.total, reverse=True)


def _gflop(operator: str, single: Any) -> float:
    """1e9 operations of the last operator of a model, from the shapes of its tensors."""
    from mobilevos_export.single_operators import shape_of

    graph = single.subgraphs[0]
    last = graph.operators[-1]
    result = prod(shape_of(graph, last.outputs[0]))
    if operator == "CONV_2D":
        return 2e-9 * result * prod(shape_of(graph, last.inputs[1])[1:])
    if operator == "DEPTHWISE_CONV_2D":
        return 2e-9 * result * prod(shape_of(graph, last.inputs[1])[1:3])
    if operator == "FULLY_CONNECTED":
        return 2e-9 * result * shape_of(graph, last.inputs[1])[-1]
    if operator == "BATCH_MATMUL":
        return 2e-9 * result * shape_of(graph, last.inputs[0])[-2 if last.builtinOptions.adjX else -1]
    return 0.0


def _load(content: bytes, threads: int) -> Callable[[], None]:
    """A model of one graph as a function that runs it on noise."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise RuntimeMissingError(
            f"LiteRT is not usable ({error}); install it with 'pip install ai-edge-litert'"
        ) from error
    interpreter: Any = Interpreter(model_content=content, num_threads=threads)
    interpreter.allocate_tensors()
    rng = np.random.default_rng(SEED)
    for detail in interpreter.get_input_details():
        interpreter.set_tensor(detail["index"], rng.random(detail["shape"]).astype(detail["dtype"]))
    result: Callable[[], None] = interpreter.invoke
    return result


def _median(call: Callable[[], None], repeats: int) -> float:
    """Milliseconds of a call."""
    times = []
    for _ in range(WARMUP + repeats):
        began = time.perf_counter()
        call()
        times.append(1e3 * (time.perf_counter() - began))
    return float(np.median(times[WARMUP:]))


def build_parser() -> ArgumentParser:
    """The options of the command."""
    parser = ArgumentParser(PROGRAM, "Time the operators of an artifact's graphs, each on its own.", EPILOG)
    add = parser.add_argument
    add("artifact", type=Path, help="a .tflite file that vos-export has made")
    add("--objects", type=positive_int, default=1, help="graphs for so many objects (default 1)")
    add("--threads", type=positive_int, help="of the runtime (default: the SDK's)")
    add("--repeats", type=positive_int, default=20, help="runs of each kind of operator (default 20)")
    add("--top", type=positive_int, default=12, help="lines for each graph (default 12)")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Runs the command and returns its exit code."""
    return run(PROGRAM, lambda: _main(sys.argv[1:] if argv is None else argv))


def _main(argv: list[str]) -> int:
    arguments = build_parser().parse_args(argv)
    artifact = open_artifact(arguments.artifact)
    if artifact.kind != "tflite":
        raise InvalidInputError(f"{arguments.artifact} is no .tflite file; give one that vos-export has made")
    threads = RuntimeOptions(threads=arguments.threads).thread_count
    for role in ("segment", "memorize"):
        graph = artifact.spec.graph(role, arguments.objects)
        content = TfliteGraphs(artifact.content).cut([graph.name])
        whole = _median(_load(content, threads), arguments.repeats)
        costs = operator_costs(content, threads, arguments.repeats)
        apart = sum(cost.total for cost in costs)
        print(f"{graph.name}: {whole:.1f} ms with {threads} threads; its operators alone {apart:.1f} ms")
        print("\n".join(cost.text() for cost in costs[: arguments.top]))
    return EXIT_OK


if __name__ == "__main__":
    sys.exit(main())
