"""The graph contract of docs/architecture.md: a model's spec, and its graphs as modules with the contract's tensors.

The spec says which graphs there are and what they are fed; the modules here compute them from NHWC tensors of batch 1.
The exporter converts these modules, and the PyTorch backend runs them, so both mean the same by a graph's name.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mobilevos_models.aggregation import soft_aggregate
from mobilevos_models.memory_read import LocalityPrior, MemoryEntry, cell_grid, read_memory
from mobilevos_models.mobilevos import IMAGE_MEAN, STRIDE, FrameState, MobileVOS
from mobilevos_sdk.spec import ArtifactSpec, GraphSpec, TensorSpec

OBJECT_AXIS = 1


def build_spec(
    model: MobileVOS, name: str, queue: int, max_objects: int, height: int, width: int, precision: str = "fp32"
) -> ArtifactSpec:
    """Describes all graphs of a model: three for every number of objects from 1 to `max_objects`.

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
    """
    shapes = _Shapes(model, queue, height, width)
    graphs = [graph for objects in range(1, max_objects + 1) for graph in shapes.graphs(objects)]
    red, green, blue = (round(channel) for channel in IMAGE_MEAN)
    return ArtifactSpec(name, queue, max_objects, height, width, precision, (red, green, blue), tuple(graphs))


def build_graph(model: MobileVOS, spec: ArtifactSpec, graph: GraphSpec) -> nn.Module:
    """The module that computes one graph of a spec.

    Its `forward` takes the graph's inputs by position, in the spec's order, and returns its outputs as a dict in the
    spec's order. All modules of one model share its parameters.
    """
    if graph.role == "segment":
        return SegmentGraph(model, spec.queue, spec.height, spec.width).eval()
    return (StartGraph(model) if graph.role == "start" else MemorizeGraph(model)).eval()


class StartGraph(nn.Module):
    """`start_N`: `frame` (1,H,W,3) in 0..255 and `masks` (1,H,W,N) in 0..1 become the entry of a reference frame."""

    def __init__(self, model: MobileVOS) -> None:
        super().__init__()
        self.model = model

    def forward(self, frame: Tensor, masks: Tensor) -> dict[str, Tensor]:
        """`key` and `value` of the entry."""
        return self.model.start(_channels_first(frame), _channels_first(masks))._asdict()


class SegmentGraph(nn.Module):
    """`segment_N`: a frame and the memory become probabilities and the frame's state.

    `memory` holds key (1,N,Ck+1,hw) and value (1,N,hw,Cv) of each slot, then the validity (1,N,1,Q).
    """

    def __init__(self, model: MobileVOS, queue: int, height: int, width: int) -> None:
        super().__init__()
        self.model = model
        self.prior = None if model.prior is None else ConstantPrior(model.prior, queue, height, width)

    def forward(self, frame: Tensor, *memory: Tensor) -> dict[str, Tensor]:
        """`probabilities`, `state_key` and `state_features`."""
        *tensors, valid = memory
        slots = list(zip(tensors[0::2], tensors[1::2], strict=True))
        state, features = self.model.encode_frame(_channels_first(frame))
        # One read for each object: batched, the query's side would need a broadcast, which phones' GPUs do not take.
        readouts = []
        for index in range(valid.shape[OBJECT_AXIS]):
            own = [MemoryEntry(key[:, index : index + 1], value[:, index : index + 1]) for key, value in slots]
            readouts.append(read_memory(state.key, own, self.prior, valid[:, index : index + 1]))
        logits = self.model.decode(torch.cat(readouts, OBJECT_AXIS), features)
        probabilities = soft_aggregate(_channels_last(logits), dim=3)
        return {
            "probabilities": probabilities[..., 1:],
            "state_key": _channels_last(state.key),
            "state_features": _channels_last(state.features),
        }


class MemorizeGraph(nn.Module):
    """`memorize_N`: the state of a segmented frame and its masks (1,H,W,N) become a memory entry."""

    def __init__(self, model: MobileVOS) -> None:
        super().__init__()
        self.model = model

    def forward(self, state_key: Tensor, state_features: Tensor, masks: Tensor) -> dict[str, Tensor]:
        """`key` and `value` of the entry."""
        state = FrameState(_channels_first(state_key), _channels_first(state_features))
        return self.model.memorize(state, _channels_first(masks))._asdict()


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


class _Shapes:
    """Writes the graphs of a spec from a model's widths."""

    def __init__(self, model: MobileVOS, queue: int, height: int, width: int) -> None:
        self.queue, self.height, self.width = queue, height, width
        self.cells = (height // STRIDE, width // STRIDE)
        self.key_channels = model.config.key_channels
        self.value_channels = model.config.value_channels
        self.deep_channels = model.key_encoder.channels[-1]

    def graphs(self, objects: int) -> tuple[GraphSpec, GraphSpec, GraphSpec]:
        """`start`, `segment` and `memorize` for one number of objects."""
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
        return (
            GraphSpec(f"start_{objects}", "start", objects, (frame, masks), entry),
            GraphSpec(f"segment_{objects}", "segment", objects, inputs, (probabilities, *state)),
            GraphSpec(f"memorize_{objects}", "memorize", objects, (*state, masks), entry),
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


def _channels_first(x: Tensor) -> Tensor:
    return x.permute(0, 3, 1, 2)


def _channels_last(x: Tensor) -> Tensor:
    return x.permute(0, 2, 3, 1)
