"""The graphs of STCN and its students: three for each number of objects, each of which is remembered on its own."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mobilevos_models.aggregation import object_probabilities
from mobilevos_models.contract.layout import OBJECT_AXIS, GraphMaker, channels_first, channels_last
from mobilevos_models.memory_read import LocalityPrior, MemoryEntry, cell_grid, read_memory
from mobilevos_models.mobilevos import STRIDE, FrameState, MobileVOS
from mobilevos_models.stcn import STCN
from mobilevos_sdk.spec import GraphSpec, TensorSpec


class StartGraph(nn.Module):
    """`start_N`: `frame` (1,H,W,3) in 0..255 and `masks` (1,H,W,N) in 0..1 become the entry of a reference frame."""

    def __init__(self, model: MobileVOS | STCN) -> None:
        super().__init__()
        self.model = model

    def forward(self, frame: Tensor, masks: Tensor) -> dict[str, Tensor]:
        """`key` and `value` of the entry."""
        return self.model.start(channels_first(frame), channels_first(masks))._asdict()


class SegmentGraph(nn.Module):
    """`segment_N`: a frame and the memory become probabilities and the frame's state.

    `memory` holds key (1,N,Ck+1,hw) and value (1,N,hw,Cv) of each slot, then the validity (1,N,1,Q).
    """

    def __init__(self, model: MobileVOS | STCN, queue: int, height: int, width: int) -> None:
        super().__init__()
        self.model = model
        self.prior = None if model.prior is None else ConstantPrior(model.prior, queue, height, width)

    def forward(self, frame: Tensor, *memory: Tensor) -> dict[str, Tensor]:
        """`probabilities`, `state_key` and `state_features`."""
        *tensors, valid = memory
        slots = list(zip(tensors[0::2], tensors[1::2], strict=True))
        state, features = self.model.encode_frame(channels_first(frame))
        # One read for each object: batched, the query's side would need a broadcast, which phones' GPUs do not take.
        readouts = []
        for index in range(valid.shape[OBJECT_AXIS]):
            own = [MemoryEntry(key[:, index : index + 1], value[:, index : index + 1]) for key, value in slots]
            readouts.append(read_memory(state.key, own, self.prior, valid[:, index : index + 1]))
        logits = self.model.decode(torch.cat(readouts, OBJECT_AXIS), features)
        return {
            "probabilities": channels_last(object_probabilities(logits, dim=1)),
            "state_key": channels_last(state.key),
            "state_features": channels_last(state.features),
        }


class MemorizeGraph(nn.Module):
    """`memorize_N`: the state of a segmented frame and its masks (1,H,W,N) become a memory entry.

    STCN's value encoder sees the frame beside the masks, so its graph takes that too.
    """

    def __init__(self, model: MobileVOS | STCN) -> None:
        super().__init__()
        self.model = model

    def forward(self, state_key: Tensor, state_features: Tensor, masks: Tensor, *frame: Tensor) -> dict[str, Tensor]:
        """`key` and `value` of the entry."""
        state = FrameState(channels_first(state_key), channels_first(state_features))
        if isinstance(self.model, MobileVOS):
            return self.model.memorize(state, channels_first(masks))._asdict()
        return self.model.memorize(state, channels_first(masks), channels_first(*frame))._asdict()


class ConstantPrior(LocalityPrior):
    """A trained locality prior at one frame size and queue, as constants: no exported graph computes coordinates."""

    def __init__(self, prior: LocalityPrior, queue: int, height: int, width: int) -> None:
        super().__init__()
        del self.log_width
        self.queue = queue
        with torch.no_grad():
            grid = cell_grid(height // STRIDE, width // STRIDE, prior.log_width)
            self.register_buffer("query", prior.query_channels(grid)[None])
            for slot in range(queue):
                channels, offset = prior.slot_channels(grid, slot, queue)
                self.register_buffer(f"channels_{slot}", channels[None, None])
                self.register_buffer(f"offset_{slot}", offset[None, None, None])

    def query_channels(self, grid: Tensor) -> Tensor:
        """(1, 3, h*w) constants to append to the query."""
        return self.get_buffer("query")

    def slot_channels(self, grid: Tensor, slot: int, slots: int) -> tuple[Tensor, Tensor]:
        """(1, 1, 3, h*w) and (1, 1, 1, h*w) constants of a slot."""
        return self.get_buffer(f"channels_{slot}"), self.get_buffer(f"offset_{slot}")


class SpaceTimeGraphs(GraphMaker):
    """The graphs of STCN or of a student, whose shapes follow from its widths.

    In a graph a query reads the whole memory: no runtime of a phone has the top-k of STCN's readout.
    """

    def __init__(self, model: MobileVOS | STCN, queue: int, height: int, width: int) -> None:
        self.model, self.queue, self.height, self.width = model, queue, height, width
        self.cells = (height // STRIDE, width // STRIDE)
        self.key_channels = model.config.key_channels
        self.value_channels = model.config.value_channels
        self.deep_channels = model.key_encoder.channels[-1]

    def specs(self, max_objects: int) -> tuple[GraphSpec, ...]:
        """`start`, `segment` and `memorize` for each number of objects."""
        return tuple(graph for objects in range(1, max_objects + 1) for graph in self._graphs(objects))

    def module(self, graph: GraphSpec) -> nn.Module:
        """See `GraphMaker`."""
        if graph.role == "segment":
            return SegmentGraph(self.model, self.queue, self.height, self.width)
        return StartGraph(self.model) if graph.role == "start" else MemorizeGraph(self.model)

    def _graphs(self, objects: int) -> tuple[GraphSpec, GraphSpec, GraphSpec]:
        frame = TensorSpec("frame", "frame", (1, self.height, self.width, 3))
        masks = TensorSpec("masks", "masks", (1, self.height, self.width, objects))
        probabilities = TensorSpec("probabilities", "probabilities", masks.shape)
        state = (
            TensorSpec("state_key", "state", (1, *self.cells, self.key_channels)),
            TensorSpec("state_features", "state", (1, *self.cells, self.deep_channels)),
        )
        # A frame's key does not depend on its objects: one on its object axis, as it comes from the model.
        entry = self._entry(1, objects)
        inputs = (frame, *self._memory(objects), TensorSpec("memory_valid", "valid", (1, objects, 1, self.queue)))
        seen = (masks, frame) if isinstance(self.model, STCN) else (masks,)
        return (
            GraphSpec(f"start_{objects}", "start", objects, (frame, masks), entry),
            GraphSpec(f"segment_{objects}", "segment", objects, inputs, (probabilities, *state)),
            GraphSpec(f"memorize_{objects}", "memorize", objects, (*state, *seen), entry),
        )

    def _entry(self, keys: int, objects: int) -> tuple[TensorSpec, TensorSpec]:
        area = self.cells[0] * self.cells[1]
        key, value = (1, keys, self.key_channels + 1, area), (1, objects, area, self.value_channels)
        return (
            TensorSpec("key", "entry", key, "key", None, OBJECT_AXIS),
            TensorSpec("value", "entry", value, "value", None, OBJECT_AXIS),
        )

    def _memory(self, objects: int) -> list[TensorSpec]:
        """The entries of every slot as inputs, each object with a key of its own."""
        return [
            TensorSpec(f"memory_{part.entry}_{slot}", "memory", part.shape, part.entry, slot, part.object_axis)
            for slot in range(self.queue)
            for part in self._entry(objects, objects)
        ]
