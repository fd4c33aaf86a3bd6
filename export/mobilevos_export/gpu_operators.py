"""Finds the operators that the GPU accelerator does not take, or gets wrong: each is compiled and run on its own.

A child of `gpu_check`, for a model that failed as a whole: of an operator that it accepts and computes wrongly, the
delegate says nothing at all.
"""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from mobilevos_export import flatbuffer
from mobilevos_export.gpu_process import ChildResult, GpuLog, tell
from mobilevos_export.gpu_run import open_part
from mobilevos_export.single_operators import SIGNATURE, OperatorFault, shape_of, single_operators, untouched_outputs
from mobilevos_sdk.errors import MobileVOSError

# Stands in the log before what the delegate says of each operator.
HEADING = "mobilevos operator"
# Of a result's largest magnitude: one operator alone sums in another order, and no more.
LARGEST_ERROR = 1e-4
HIGHEST_RANK = 4
# What is known of an operator's limits and cannot be read from the delegate's own words.
ADVICE = {
    "PAD": "pad 4-D tensors only",
    "PADV2": "pad 4-D tensors only",
    "MIRROR_PAD": "pad 4-D tensors only",
    "BATCH_MATMUL": "let a constant be the right operand",
    "BROADCAST_TO": "write the broadcast as an addition or a product",
}


def probe(path: str, objects: int | None) -> None:
    """Tries all operators of an artifact on the GPU, telling each before and each fault after.

    Raises:
        MobileVOSError: the artifact cannot be used.
    """
    model = flatbuffer.read(open_part(path, objects).content)
    for fault in untouched_outputs(model):
        tell(fault=asdict(fault))
    for number, (fault, single, _) in enumerate(single_operators(model)):
        print(f"{HEADING} {number}", file=sys.stderr, flush=True)  # the delegate's own reason comes after this line
        tell(trying=asdict(fault))
        reason = _try(flatbuffer.write(single))
        if reason is not None:
            found = replace(fault, reason=reason, advice=_advice(fault, single.subgraphs[0]))
            tell(fault=asdict(found), number=number)
    tell(done=True)


def collect(result: ChildResult) -> tuple[OperatorFault, ...]:
    """In the parent: the faults that a child has found, with the delegate's reasons."""
    parts = result.log.split(HEADING)
    faults = []
    for message in result.messages:
        if "fault" not in message:
            continue
        fault = OperatorFault(**message["fault"])
        own = [
            reason for name, reason in parts.get(message.get("number"), GpuLog("")).rejections if name == fault.operator
        ]
        faults.append(replace(fault, reason=f"{fault.reason} ({own[0].rstrip('.')})") if own else fault)
    if result.failure is not None and result.messages and "trying" in result.messages[-1]:
        faults.append(OperatorFault(**{**result.messages[-1]["trying"], "reason": result.failure}))
    return tuple(faults)


def _try(content: bytes) -> str | None:
    """What is wrong with a model of one operator on the GPU; none if nothing is."""
    from ai_edge_litert.compiled_model import CompiledModel
    from ai_edge_litert.hardware_accelerator import HardwareAccelerator
    from ai_edge_litert.interpreter import Interpreter
    from ai_edge_litert.options import GpuOptions, Options

    interpreter: Any = Interpreter(model_content=content)
    runner = interpreter.get_signature_runner(SIGNATURE)
    rng = np.random.default_rng(0)
    inputs = {
        name: rng.uniform(0.1, 1.0, detail["shape"]).astype(detail["dtype"])
        for name, detail in runner.get_input_details().items()
    }
    options = Options(hardware_accelerators=HardwareAccelerator.GPU, gpu_options=GpuOptions(enforce_f32=True))
    try:
        gpu: Any = CompiledModel.from_buffer(content, options=options)
    except (ValueError, RuntimeError):
        return "the accelerator does not take it"
    if not gpu.is_fully_accelerated():
        return "the accelerator does not take it"
    ins = {name: gpu.create_input_buffer_by_name(SIGNATURE, name) for name in inputs}
    details = runner.get_output_details()
    outs = {name: gpu.create_output_buffer_by_name(SIGNATURE, name) for name in details}
    for name, array in inputs.items():
        ins[name].write(array)
    gpu.run_by_name(SIGNATURE, ins, outs)
    expected = runner(**inputs)
    worst = 0.0
    for name, right in expected.items():
        got = outs[name].read(right.size, right.dtype.type).reshape(right.shape)
        worst = max(worst, float(np.abs(got - right).max() / max(np.abs(right).max(), 1e-9)))
    return None if worst <= LARGEST_ERROR else f"its result is wrong by {worst:.1e} of the largest value"


def _advice(fault: OperatorFault, graph: Any) -> str:
    if any(len(shape_of(graph, index)) > HIGHEST_RANK for index in range(len(graph.tensors))):
        return f"keep every tensor to rank {HIGHEST_RANK}"
    return ADVICE.get(fault.operator, "")


def main(argv: list[str]) -> int:
    """The child: `argv` holds the artifact and, perhaps, a number of objects. Returns its exit code."""
    try:
        probe(argv[0], int(argv[1]) if len(argv) > 1 else None)
    except MobileVOSError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
