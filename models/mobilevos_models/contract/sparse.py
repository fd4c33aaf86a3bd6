"""The graphs of SST, which run in PyTorch: its tensors are of a rank that phones' GPUs do not take."""

from __future__ import annotations

from torch import Tensor, nn

from mobilevos_models.contract.layout import GraphMaker, channels_first, channels_last
from mobilevos_models.mobilevos import STRIDE
from mobilevos_models.sst.model import SST, SSTEntry, SSTState
from mobilevos_sdk.spec import GraphSpec, TensorSpec


class StartGraph(nn.Module):
    """`start_N`: `frame` (1,H,W,3) in 0..255 and `masks` (1,H,W,N) in 0..1 become the entry of a reference frame."""

    def __init__(self, model: SST) -> None:
        super().__init__()
        self.model = model

    def forward(self, frame: Tensor, masks: Tensor) -> dict[str, Tensor]:
        """`embedding` and `owners` of the entry."""
        return self.model.start(channels_first(frame), channels_first(masks))._asdict()


class SegmentGraph(nn.Module):
    """`segment_N`: a frame and the memory become probabilities and the frame's state."""

    def __init__(self, model: SST) -> None:
        super().__init__()
        self.model = model

    def forward(self, frame: Tensor, *memory: Tensor) -> dict[str, Tensor]:
        """`probabilities` and `state_embedding`."""
        *tensors, valid = memory
        slots = [SSTEntry(*pair) for pair in zip(tensors[0::2], tensors[1::2], strict=True)]
        probabilities, state = self.model.segment(channels_first(frame), slots, valid)
        return {
            "probabilities": channels_last(probabilities[:, 1:]),
            "state_embedding": channels_last(state.embedding),
        }


class MemorizeGraph(nn.Module):
    """`memorize_N`: the state of a segmented frame and its masks (1,H,W,N) become a memory entry."""

    def __init__(self, model: SST) -> None:
        super().__init__()
        self.model = model

    def forward(self, state_embedding: Tensor, masks: Tensor) -> dict[str, Tensor]:
        """`embedding` and `owners` of the entry."""
        return self.model.memorize(SSTState(channels_first(state_embedding)), channels_first(masks))._asdict()


class SparseGraphs(GraphMaker):
    """The graphs of an SST: three for each number of objects, which share every frame of the buffer."""

    def __init__(self, model: SST, queue: int, height: int, width: int) -> None:
        self.model, self.queue, self.height, self.width = model, queue, height, width

    def specs(self, max_objects: int) -> tuple[GraphSpec, ...]:
        """`start`, `segment` and `memorize` for each number of objects."""
        return tuple(graph for objects in range(1, max_objects + 1) for graph in self._graphs(objects))

    def module(self, graph: GraphSpec) -> nn.Module:
        """See `GraphMaker`."""
        kinds = {"start": StartGraph, "segment": SegmentGraph, "memorize": MemorizeGraph}
        return kinds[graph.role](self.model)

    def _graphs(self, objects: int) -> tuple[GraphSpec, ...]:
        cells = (self.height // STRIDE, self.width // STRIDE)
        area, channels = cells[0] * cells[1], self.model.config.channels
        frame = TensorSpec("frame", "frame", (1, self.height, self.width, 3))
        masks = TensorSpec("masks", "masks", (1, self.height, self.width, objects))
        state = TensorSpec("state_embedding", "state", (1, *cells, channels))
        entry = (
            TensorSpec("embedding", "entry", (1, 1, area, channels), "embedding"),
            TensorSpec("owners", "entry", (1, objects, area, 1), "owners"),
        )
        memory = [
            TensorSpec(f"memory_{part.name}_{slot}", "memory", part.shape, part.entry, slot)
            for slot in range(self.queue)
            for part in entry
        ]
        valid = TensorSpec("memory_valid", "valid", (1, objects, 1, self.queue))
        probabilities = TensorSpec("probabilities", "probabilities", masks.shape)
        return (
            GraphSpec(f"start_{objects}", "start", objects, (frame, masks), entry),
            GraphSpec(f"segment_{objects}", "segment", objects, (frame, *memory, valid), (probabilities, state)),
            GraphSpec(f"memorize_{objects}", "memorize", objects, (state, masks), entry),
        )
