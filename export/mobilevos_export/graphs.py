"""Prepares a model for export: weights and their provenance, the spec with operation counts, the graphs' modules."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from mobilevos_export.options import RANDOM, ExportOptions
from mobilevos_export.random_weights import draw_weights
from mobilevos_models import create_model
from mobilevos_models.aot.model import AOT
from mobilevos_models.checkpoints import load_model, read_checkpoint, shipped_checkpoint
from mobilevos_models.contract import build_graph, build_spec, default_objects
from mobilevos_models.folding import fold_batch_norms
from mobilevos_models.locality import has_locality
from mobilevos_models.registry import VOSModel, is_exportable
from mobilevos_sdk.errors import ArtifactError, InvalidInputError
from mobilevos_sdk.spec import ArtifactSpec, GraphSpec

if TYPE_CHECKING:
    from mobilevos_export.quant_calibration import Calibration
    from mobilevos_export.quant_sensitivity import Sensitivity


@dataclass(frozen=True)
class SourceModel:
    """A model that is about to be exported.

    Attributes:
        reference: the model as it was trained; the parity reference.
        folded: a copy with its batch norms merged into the convolutions; what is converted.
        spec: everything about the artifact but its parity report and tools.
        calibration: what the ranges of a static quantisation are measured on; none for other precisions.
        input_means: of layers that are to become int8, by their names, (C,) the mean of each channel that they read;
            none before `prepare_for_int8` and for other precisions.
        sensitivity: collects what each layer alone costs when it is quantised; none where nobody asks.
    """

    reference: VOSModel
    folded: VOSModel
    spec: ArtifactSpec
    calibration: Calibration | None = None
    sensitivity: Sensitivity | None = None
    input_means: Mapping[str, Tensor] = field(default_factory=dict)

    def modules(self) -> Iterator[tuple[GraphSpec, nn.Module]]:
        """Each graph of the spec with the module to convert."""
        for graph in self.spec.graphs:
            yield graph, build_graph(self.folded, self.spec, graph)


def load_source(options: ExportOptions) -> SourceModel:
    """Loads the weights that the options name and prepares them.

    Raises:
        UnknownModelError: the model is not registered.
        InvalidInputError: the model runs in PyTorch only, or does not have that depth.
        ArtifactError: the checkpoint is missing, unreadable or of another model.
    """
    check_exportable(options.model)
    path = checkpoint_path(options)
    if path is None:
        torch.manual_seed(options.seed)
        model = create_model(options.model, options.locality)
        draw_weights(model, options.seed)
        provenance: dict[str, Any] = {"checkpoint": RANDOM, "seed": options.seed}
    else:
        if not path.is_file():
            raise ArtifactError(
                f"there are no weights at {path}; pass a checkpoint with --checkpoint FILE.safetensors, "
                "or train one with vos-train"
            )
        model = load_model(path, options.model, None if options.locality else False)
        provenance = {"checkpoint": path.name, "checkpoint_sha256": _sha256(path), **read_checkpoint(path)[1]}
    return prepare(at_depth(model.eval(), options.depth), options, provenance)


def at_depth(model: VOSModel, depth: int | None) -> VOSModel:
    """The model with so many layers at work; none leaves it as it is.

    Raises:
        InvalidInputError: the model has one depth only, or not so many layers.
    """
    if depth is None:
        return model
    if not isinstance(model, AOT):
        raise InvalidInputError(f"{model.config.name} has one depth only; leave --depth out")
    model.set_depth(depth)
    return model


def check_exportable(name: str) -> None:
    """Checks that a model can become an artifact.

    Raises:
        UnknownModelError: it is not registered.
        InvalidInputError: it runs in PyTorch only.
    """
    if not is_exportable(name):
        raise InvalidInputError(
            f"{name} runs in PyTorch only: no phone takes its tensors; docs/models.md has the others"
        )


def prepare(model: VOSModel, options: ExportOptions, provenance: Mapping[str, Any]) -> SourceModel:
    """Folds a copy of a model and writes the spec of its artifact."""
    folded = copy.deepcopy(model)
    fold_batch_norms(folded)
    folded.normalise.fold_into(folded.frame_convolutions(), options.width)
    spec = describe(model, options)
    weights = {**provenance, "locality": has_locality(model.state_dict()), "parameters": count_parameters(model)}
    if isinstance(model, AOT):
        weights["depth"] = model.depth
    return SourceModel(model, folded.eval().requires_grad_(False), replace(spec, weights=weights))


def describe(model: VOSModel, options: ExportOptions) -> ArtifactSpec:
    """The spec of a model's graphs with the multiply-accumulates of each."""
    objects = options.objects or default_objects(model)
    spec = build_spec(model, options.model, options.slots, objects, options.height, options.width, options.precision)
    abstract = copy.deepcopy(model).to("meta")  # shapes without numbers: counting costs no time
    graphs = (replace(graph, macs=_count_macs(build_graph(abstract, spec, graph), graph)) for graph in spec.graphs)
    return replace(spec, graphs=tuple(graphs))


def checkpoint_path(options: ExportOptions) -> Path | None:
    """The file that the weights come from; none for random weights."""
    if options.checkpoint is None:
        return shipped_checkpoint(options.model)
    return None if str(options.checkpoint) == RANDOM else Path(options.checkpoint)


def sample_inputs(graph: GraphSpec) -> tuple[Tensor, ...]:
    """Zeros in the shapes of a graph's inputs, for tracing: control flow does not depend on the numbers."""
    return tuple(torch.zeros(tensor.shape) for tensor in graph.inputs)


def count_parameters(model: nn.Module) -> int:
    """Trainable numbers of a model."""
    return sum(parameter.numel() for parameter in model.parameters())


def _count_macs(module: nn.Module, graph: GraphSpec) -> int:
    """Multiply-accumulates of convolutions and matrix products, half of what the counter calls operations."""
    inputs = [torch.zeros(tensor.shape, device="meta") for tensor in graph.inputs]
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(*inputs)
    return int(counter.get_total_flops()) // 2


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
