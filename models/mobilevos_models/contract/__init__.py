"""The graph contract of docs/architecture.md: a model's spec, and its graphs as modules with the contract's tensors.

The spec says which graphs there are and what they are fed; the modules compute them from NHWC tensors of batch 1. The
exporter converts these modules, and the PyTorch backend runs them, so both mean the same by a graph's name.
"""

from __future__ import annotations

from torch import nn

from mobilevos_models.aot.config import IDENTITIES
from mobilevos_models.aot.model import AOT
from mobilevos_models.contract.associating import AssociatingGraphs
from mobilevos_models.contract.layout import GraphMaker
from mobilevos_models.contract.space_time import SpaceTimeGraphs
from mobilevos_models.contract.sparse import SparseGraphs
from mobilevos_models.mobilevos import MobileVOS
from mobilevos_models.normalisation import IMAGE_MEAN
from mobilevos_models.sst.model import SST
from mobilevos_models.stcn import STCN
from mobilevos_sdk.errors import InvalidInputError
from mobilevos_sdk.spec import ArtifactSpec, GraphSpec

__all__ = ["build_graph", "build_spec", "default_objects"]


def build_spec(
    model: nn.Module, name: str, queue: int, max_objects: int, height: int, width: int, precision: str = "fp32"
) -> ArtifactSpec:
    """Describes all graphs of a model.

    Args:
        model: the model; its widths give the shapes.
        name: its registered name.
        queue: slots of the memory, 1 to 20.
        max_objects: most objects at once, 1 or more.
        height: input height in pixels, a multiple of 16.
        width: input width in pixels, a multiple of 16.
        precision: `fp32` or `fp16`, how an artifact stores its weights.

    Returns:
        The spec, without provenance, parity report and operation counts, which the exporter adds.

    Raises:
        InvalidInputError: the model cannot follow so many objects, or its family has no graphs.
    """
    graphs = _maker(model, queue, height, width).specs(max_objects)
    red, green, blue = (round(channel) for channel in IMAGE_MEAN)
    return ArtifactSpec(name, queue, max_objects, height, width, precision, (red, green, blue), graphs)


def build_graph(model: nn.Module, spec: ArtifactSpec, graph: GraphSpec) -> nn.Module:
    """The module that computes one graph of a spec; see `layout.GraphMaker`."""
    return _maker(model, spec.queue, spec.height, spec.width).module(graph).eval()


def default_objects(model: nn.Module) -> int:
    """How many objects a model's graphs are made for if nobody says: as many as cost no more than one."""
    return IDENTITIES if isinstance(model, AOT) else 1


def _maker(model: nn.Module, queue: int, height: int, width: int) -> GraphMaker:
    if isinstance(model, MobileVOS | STCN):
        return SpaceTimeGraphs(model, queue, height, width)
    if isinstance(model, AOT):
        return AssociatingGraphs(model, queue, height, width)
    if isinstance(model, SST):
        return SparseGraphs(model, queue, height, width)
    raise InvalidInputError(
        f"{type(model).__name__} is of no family that has graphs; build one with create_model(name)"
    )
