"""What the graphs of all families share: the layout of their tensors, and who makes them."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn

from mobilevos_sdk.spec import GraphSpec

# The axis of the objects in the entries of models that remember each object on its own.
OBJECT_AXIS = 1


class GraphMaker(ABC):
    """Writes the graphs of a model at one queue and size, and makes the modules that compute them.

    A module's `forward` takes the graph's inputs by position, in the spec's order, and returns its outputs as a dict in
    the spec's order. All modules of one model share its parameters.
    """

    @abstractmethod
    def specs(self, max_objects: int) -> tuple[GraphSpec, ...]:
        """The graphs that follow any number of objects from 1 to `max_objects`."""

    @abstractmethod
    def module(self, graph: GraphSpec) -> nn.Module:
        """The module that computes one of them."""


def channels_first(x: Tensor) -> Tensor:
    """(1, H, W, C) to (1, C, H, W)."""
    return x.permute(0, 3, 1, 2)


def channels_last(x: Tensor) -> Tensor:
    """(1, C, H, W) to (1, H, W, C)."""
    return x.permute(0, 2, 3, 1)
