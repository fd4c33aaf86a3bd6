"""PyTorch to TFLite through ONNX and onnx2tf, which runs as a command in an environment of its own.

onnx2tf pins packages that cannot live beside PyTorch and the SDK, converts one graph at a time, and may give outputs
other names. Here its files are checked against the spec, named by it, and laid into one with shared weights.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mobilevos_export import flatbuffer
from mobilevos_export.conversion import ConversionError, quietly
from mobilevos_export.graphs import SourceModel
from mobilevos_export.onnx_export import export_graph
from mobilevos_export.tflite_export import store
from mobilevos_sdk.errors import RuntimeMissingError
from mobilevos_sdk.spec import GraphSpec, TensorSpec

COMMAND_VARIABLE = "MOBILEVOS_ONNX2TF"
# The newest release for Python 3.11 and what it pins; without the pins pip picks an older one that does not start.
INSTALL = (
    "python3.11 -m venv onnx2tf-venv && onnx2tf-venv/bin/pip install onnx2tf==1.29.24 numpy==1.26.4 onnx==1.19.1 "
    "onnxruntime==1.23.0 tensorflow==2.19.0 tf-keras==2.19.0 onnx_graphsurgeon psutil sng4onnx ai-edge-litert==2.1.0 "
    f"&& export {COMMAND_VARIABLE}=$PWD/onnx2tf-venv/bin/onnx2tf"
)
# A graph takes about a minute at full size; a command that hangs must not hang the export.
TIMEOUT_SECONDS = 1800


def convert(source: SourceModel, report: Callable[[str], None]) -> bytes:
    """Converts all graphs of a model into one flatbuffer.

    Args:
        source: the model; its spec's precision says how the weights are stored.
        report: is told which graph is being converted.

    Returns:
        The flatbuffer without its spec; see `tflite_export.package`.

    Raises:
        RuntimeMissingError: onnx2tf is not installed; the message has the command that installs it.
        ConversionError: it failed, or lost or reshaped an input or output.
    """
    command = find_command()
    parts = []
    with tempfile.TemporaryDirectory(prefix="mobilevos-onnx2tf-") as folder:
        for graph, module in source.modules():
            report(f"TFLite through onnx2tf: {graph.name}, about a minute at full size")
            path = Path(folder) / f"{graph.name}.onnx"
            path.write_bytes(export_graph(graph, module).SerializeToString())
            parts.append(named(flatbuffer.read(_run(command, path, graph)), graph))
    with quietly("joining the graphs of onnx2tf"):
        model = flatbuffer.merge(parts)
        flatbuffer.share_buffers(model)
        return store(flatbuffer.write(model), source.spec.precision)


def find_command() -> str:
    """The onnx2tf command, from the environment variable or the PATH.

    Raises:
        RuntimeMissingError: there is none.
    """
    wanted = os.environ.get(COMMAND_VARIABLE)
    found = shutil.which(wanted or "onnx2tf")
    if found is None:
        what = f"{COMMAND_VARIABLE}={wanted} is no command" if wanted else "onnx2tf is not installed"
        raise RuntimeMissingError(f"{what}; it needs an environment of its own: {INSTALL}")
    return found


def named(model: Any, graph: GraphSpec) -> Any:
    """Gives a converted graph the signature of the spec, after a check that nothing was lost or reshaped.

    Raises:
        ConversionError: an input or output is missing or has another shape.
    """
    signature = model.signatureDefs[0]
    signature.signatureKey = graph.name.encode()
    tensors = model.subgraphs[0].tensors
    signature.inputs = _matched(signature.inputs, graph.inputs, tensors, graph.name)
    signature.outputs = _matched(signature.outputs, graph.outputs, tensors, graph.name)
    return model


def _matched(entries: Sequence[Any], wanted: Sequence[TensorSpec], tensors: Sequence[Any], graph: str) -> list[Any]:
    by_name = {entry.name.decode(): entry for entry in entries}
    for spec in wanted:
        if spec.name not in by_name:
            raise ConversionError(
                f"onnx2tf lost '{spec.name}' of graph '{graph}' (it has {', '.join(sorted(by_name))}); "
                "use --tflite-via litert-torch"
            )
        shape = tuple(int(side) for side in tensors[by_name[spec.name].tensorIndex].shape)
        if shape != spec.shape:
            raise ConversionError(
                f"onnx2tf changed '{spec.name}' of graph '{graph}' from {spec.shape} to {shape}; "
                "use --tflite-via litert-torch"
            )
    return [by_name[spec.name] for spec in wanted]


def _run(command: str, path: Path, graph: GraphSpec) -> bytes:
    """Runs onnx2tf on one graph and returns its float32 flatbuffer."""
    out = path.with_suffix("")
    names = [tensor.name for tensor in graph.inputs]
    # The graphs take and give NHWC already: onnx2tf must not turn their inputs as it does for usual ONNX files.
    arguments = [command, "-i", str(path), "-o", str(out), "-osd", "-n", "-kat", *names]
    # Its packages must be its own, whatever environment this process runs in.
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME")}
    environment["PATH"] = os.pathsep.join([str(Path(command).parent), environment.get("PATH", "")])
    try:
        done = subprocess.run(
            arguments, env=environment, cwd=path.parent, capture_output=True, text=True, timeout=TIMEOUT_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise ConversionError(
            f"onnx2tf did not finish graph '{graph.name}' in {TIMEOUT_SECONDS} s; use --tflite-via litert-torch"
        ) from error
    found = sorted(out.glob("*_float32.tflite"))
    if done.returncode or not found:
        lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise ConversionError(f"onnx2tf failed on graph '{graph.name}': {lines[-1] if lines else 'it said nothing'}")
    return found[0].read_bytes()
