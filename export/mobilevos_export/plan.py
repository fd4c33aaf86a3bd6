"""What an export would make, without making it."""

from __future__ import annotations

from typing import Any

import torch

from mobilevos_export.graphs import at_depth, check_exportable, checkpoint_path, count_parameters, describe
from mobilevos_export.options import ExportOptions
from mobilevos_models import create_model
from mobilevos_models.locality import has_locality
from mobilevos_sdk.spec import GraphSpec, TensorSpec


def plan(options: ExportOptions) -> dict[str, Any]:
    """Describes the artifacts of an export: graphs, tensors, shapes, operations, files. Reads no weights.

    Raises:
        UnknownModelError: the model is not registered.
        InvalidInputError: it runs in PyTorch only, or does not have that depth.
    """
    check_exportable(options.model)
    with torch.device("meta"):
        model = at_depth(create_model(options.model, options.locality), options.depth)
    path = checkpoint_path(options)
    spec = describe(model, options)
    return {
        "model": options.model,
        "parameters": count_parameters(model),
        "queue": options.slots,
        "size": [options.height, options.width],
        "objects": spec.max_objects,
        "precision": options.precision,
        "locality": has_locality(model.state_dict()),
        "checkpoint": None if path is None else str(path),
        "checkpoint_found": path is None or path.is_file(),
        "files": [str(options.path(extension)) for extension in options.formats],
        "graphs": [_graph(graph) for graph in spec.graphs],
    }


def plan_text(found: dict[str, Any]) -> str:
    """A plan for people."""
    checkpoint = found["checkpoint"] or "random weights"
    lines = [
        f"{found['model']}: {found['parameters'] / 1e6:.3f} M parameters, queue {found['queue']}, "
        f"{found['size'][0]}x{found['size'][1]}, up to {found['objects']} objects, {found['precision']}, "
        f"locality prior {'on' if found['locality'] else 'off'}",
        f"weights: {checkpoint}" + ("" if found["checkpoint_found"] else "  (NOT FOUND; pass --checkpoint)"),
    ]
    for graph in found["graphs"]:
        lines.append(f"{graph['name']}  {graph['macs'] / 1e9:.3f} GMACs")
        for kind, sign in (("inputs", "<-"), ("outputs", "->")):
            lines += [f"  {sign} {name:16} {tuple(shape)}" for name, shape in graph[kind].items()]
    lines += [f"would write {path}" for path in found["files"]]
    return "\n".join(lines)


def _graph(graph: GraphSpec) -> dict[str, Any]:
    return {
        "name": graph.name,
        "macs": graph.macs,
        "inputs": _shapes(graph.inputs),
        "outputs": _shapes(graph.outputs),
    }


def _shapes(tensors: tuple[TensorSpec, ...]) -> dict[str, list[int]]:
    return {tensor.name: list(tensor.shape) for tensor in tensors}
