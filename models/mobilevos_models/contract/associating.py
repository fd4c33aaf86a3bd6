"""The graphs of the AOT family: one of each role, whose objects share every entry of the memory."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from mobilevos_models.aggregation import object_softmax
from mobilevos_models.aot.block import Entry, LayerMemory, LayerState, State
from mobilevos_models.aot.config import IDENTITIES
from mobilevos_models.aot.model import AOT
from mobilevos_models.contract.layout import GraphMaker, channels_first, channels_last
from mobilevos_sdk.errors import InvalidInputError
from mobilevos_sdk.spec import GraphSpec, TensorSpec


class StartGraph(nn.Module):
    """`start_N`: `frame` (1,H,W,3) in 0..255 and `masks` (1,H,W,N) in 0..1 become the entry of a reference frame."""

    def __init__(self, model: AOT) -> None:
        super().__init__()
        self.model = model

    def forward(self, frame: Tensor, masks: Tensor) -> dict[str, Tensor]:
        """`key_l` and `value_l` of each layer l."""
        return _named("", self.model.start(channels_first(frame), channels_first(masks)))


class SegmentGraph(nn.Module):
    """`segment_N`: a frame and the memory become probabilities and the frame's state.

    `memory` holds key and value of each layer, slot after slot, then the validity (1,N,1,Q).
    """

    def __init__(self, model: AOT) -> None:
        super().__init__()
        self.model = model

    def forward(self, frame: Tensor, *memory: Tensor) -> dict[str, Tensor]:
        """`probabilities`, and `state_key_l` and `state_value_l` of each layer l."""
        *tensors, valid = memory
        layers = [LayerMemory(*pair) for pair in zip(tensors[0::2], tensors[1::2], strict=True)]
        depth = self.model.depth
        slots: list[Entry] = [tuple(layers[first : first + depth]) for first in range(0, len(layers), depth)]
        logits, state = self.model.segment_logits(channels_first(frame), slots, valid)
        probabilities = channels_last(object_softmax(logits, dim=1))
        return {"probabilities": probabilities, **_named("state_", state)}


class MemorizeGraph(nn.Module):
    """`memorize_N`: the state of a segmented frame and its masks (1,H,W,N) become a memory entry."""

    def __init__(self, model: AOT) -> None:
        super().__init__()
        self.model = model

    def forward(self, *inputs: Tensor) -> dict[str, Tensor]:
        """`key_l` and `value_l` of each layer l."""
        *tensors, masks = inputs
        state: State = tuple(LayerState(*pair) for pair in zip(tensors[0::2], tensors[1::2], strict=True))
        entry = _named("", self.model.memorize(state, channels_first(masks)))
        return {name: _computed(x) if any(x is tensor for tensor in tensors) else x for name, x in entry.items()}


class AssociatingGraphs(GraphMaker):
    """The graphs of a model at its present depth. There is one number of objects: fewer cost the same."""

    def __init__(self, model: AOT, queue: int, height: int, width: int) -> None:
        self.model, self.queue, self.height, self.width = model, queue, height, width

    def specs(self, max_objects: int) -> tuple[GraphSpec, ...]:
        """`start`, `segment` and `memorize` for up to `max_objects` objects.

        Raises:
            InvalidInputError: more objects than identities.
        """
        if not 1 <= max_objects <= IDENTITIES:
            raise InvalidInputError(
                f"{self.model.config.name} follows 1 to {IDENTITIES} objects in one pass, not {max_objects}"
            )
        frame = TensorSpec("frame", "frame", (1, self.height, self.width, 3))
        masks = TensorSpec("masks", "masks", (1, self.height, self.width, max_objects))
        valid = TensorSpec("memory_valid", "valid", (1, max_objects, 1, self.queue))
        probabilities = TensorSpec("probabilities", "probabilities", masks.shape)
        entry, state = self._layers(max_objects)
        stored = [TensorSpec(name, "entry", shape, name) for name, shape in entry.items()]
        kept = [TensorSpec(f"state_{name}", "state", shape) for name, shape in state.items()]
        memory = [
            TensorSpec(f"memory_{part.name}_{slot}", "memory", part.shape, part.entry, slot)
            for slot in range(self.queue)
            for part in stored
        ]
        return (
            GraphSpec(f"start_{max_objects}", "start", max_objects, (frame, masks), tuple(stored)),
            GraphSpec(
                f"segment_{max_objects}", "segment", max_objects, (frame, *memory, valid), (probabilities, *kept)
            ),
            GraphSpec(f"memorize_{max_objects}", "memorize", max_objects, (*kept, masks), tuple(stored)),
        )

    def module(self, graph: GraphSpec) -> nn.Module:
        """See `GraphMaker`."""
        kinds = {"start": StartGraph, "segment": SegmentGraph, "memorize": MemorizeGraph}
        return kinds[graph.role](self.model)

    def _layers(self, objects: int) -> tuple[dict[str, tuple[int, ...]], dict[str, tuple[int, ...]]]:
        """The shapes of an entry and of a state, by running the model on shapes without numbers."""
        model = copy.deepcopy(self.model).to("meta")
        frame = torch.zeros(1, 3, self.height, self.width, device="meta")
        masks = torch.zeros(1, objects, self.height, self.width, device="meta")
        with torch.no_grad():
            propagation, entry = model.refer(model.encode_frame(frame), masks)
        named = (_named("", entry), _named("", propagation.state))
        shapes = [{name: tuple(tensor.shape) for name, tensor in part.items()} for part in named]
        return shapes[0], shapes[1]


def _computed(x: Tensor) -> Tensor:
    """The same numbers as the result of a computation, which no converter takes out.

    An output that is an input as it stands comes out of LiteRT's GPU accelerator without its numbers.
    """
    return x.relu() - (-x).relu()


def _named(prefix: str, layers: Entry | State) -> dict[str, Tensor]:
    """Keys and values of all layers by their names."""
    return {
        f"{prefix}{part}_{index}": tensor
        for index, layer in enumerate(layers)
        for part, tensor in zip(("key", "value"), layer, strict=True)
    }
