"""The memory bank of one video: which frames each object remembers.

It knows the spec's tensors and nothing about frames, masks or object ids: objects are positions 0..N-1 here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mobilevos_sdk.backends.base import FloatArray
from mobilevos_sdk.spec import ArtifactSpec, GraphSpec, TensorSpec

# A slot: an array for each name of an entry (`key`, `value`), objects stacked along the spec's object axis.
Slot = dict[str, FloatArray]


class MemoryBank:
    """A queue of memorised frames: slot 0 is the reference and stays, the others are first in, first out, newest first.

    Every object has its own memory, since it may have joined in mid-video or have been corrected there. All slots exist
    from the beginning, so the size is constant; slots rotate by reference, and arrays that were given out are never
    written to. MobileVOS (Miles et al., 2023, section 3.1) uses a queue of 2.

    That is so where the spec's entries have an object axis. In the AOT family an entry belongs to a frame and holds all
    objects at once, each on a channel: such a memory is shared. Then a new reference is one of all objects, and an
    object that leaves keeps its channel, out of sight, so that the others do not notice.

    Args:
        spec: the artifact's spec; its `memory` and `valid` tensors give names, shapes and the object axes.
    """

    def __init__(self, spec: ArtifactSpec) -> None:
        self._spec = spec
        self._shared = not any(t.object_axis is not None for t in spec.graph("segment", 1).inputs if t.role == "memory")
        self._slots: list[Slot] = []
        self._valid: FloatArray = np.zeros((0, spec.queue), np.float32)
        self._channels: tuple[int, ...] = ()

    @property
    def is_shared(self) -> bool:
        """Whether all objects share one memory."""
        return self._shared

    @property
    def objects(self) -> int:
        """The number of objects."""
        return len(self._channels)

    @property
    def channels(self) -> tuple[int, ...]:
        """Where each object is among the channels of the graph's masks."""
        return self._channels

    def by_channel(self, ids: Sequence[int]) -> tuple[int, ...]:
        """The objects' ids in the order of the channels, with 0 where an object has left a shared memory."""
        named = dict(zip(self._channels, ids, strict=True))
        return tuple(named.get(channel, 0) for channel in range(len(self._valid)))

    @property
    def graph(self) -> GraphSpec:
        """The graph `segment` that reads this memory."""
        return self._spec.graph("segment", len(self._valid))

    def inputs(self) -> dict[str, FloatArray]:
        """All memory inputs of the graph `segment` for the present number of objects, by their names."""
        tensors = {}
        for tensor in self.graph.inputs:
            if tensor.role == "memory":
                tensors[tensor.name] = self._slots[tensor.slot or 0][tensor.entry or ""]
            elif tensor.role == "valid":
                unused = np.zeros((tensor.shape[1] - len(self._valid), self._spec.queue), np.float32)
                tensors[tensor.name] = np.concatenate([self._valid, unused]).reshape(tensor.shape)
        return tensors

    def reset(self, entry: Mapping[str, FloatArray], objects: int) -> None:
        """Forgets everything and makes `entry` the reference frame of that many objects."""
        reference = self._expand(entry, objects)
        # The empty slots share their zeros: validity silences them, so only their shape matters.
        empty = {name: np.zeros_like(array) for name, array in reference.items()}
        self._slots = [reference] + [empty] * (self._spec.queue - 1)
        self._valid = np.zeros((objects, self._spec.queue), np.float32)
        self._valid[:, 0] = 1.0
        self._channels = tuple(range(objects))

    def push(self, entry: Mapping[str, FloatArray], hidden: Sequence[int] = ()) -> None:
        """Puts a frame into the newest slot; the oldest falls out, the reference stays.

        Args:
            entry: an entry of all objects.
            hidden: positions of the objects that keep what they remember; none in a shared memory.
        """
        if self._spec.queue == 1:
            return
        slots = [self._expand(entry, len(self._valid)), *self._slots[1:-1]]
        newest = np.ones((len(self._valid), 1), np.float32)
        valid = np.concatenate([self._valid[:, :1], newest, self._valid[:, 1:-1]], axis=1)
        if hidden:
            kept = list(hidden)
            slots = [self._replace(new, old, kept) for new, old in zip(slots, self._slots[1:], strict=True)]
            valid[kept] = self._valid[kept]
        self._slots[1:], self._valid = slots, valid

    def renew(self, entry: Mapping[str, FloatArray], objects: int, hidden: Sequence[int] = ()) -> None:
        """Replaces the newest slot by another entry of the same frame, as when it is seen from elsewhere.

        A shared memory stays: it begins anew with the objects that join or are corrected.

        Args:
            entry: an entry of the present objects, and perhaps of others after them.
            objects: how many it has.
            hidden: positions of the objects that keep what they remember, as with `push`.
        """
        if self._spec.queue > 1 and not self._shared:
            fresh = self._pick(self._expand(entry, objects), range(self.objects))
            self._slots[1] = self._replace(fresh, self._slots[1], hidden)

    def add(self, entry: Mapping[str, FloatArray], joining: Sequence[int]) -> None:
        """Appends objects whose reference is `entry`; their other slots are empty.

        Args:
            entry: an entry of the present objects and the new ones. A shared memory begins anew with it.
            joining: positions of the new objects in `entry`; the last ones.
        """
        if self._shared:
            self.reset(entry, self.objects + len(joining))
            return
        new = MemoryBank(self._spec)
        new.reset(self._pick(self._expand(entry, self.objects + len(joining)), joining), len(joining))
        axes = self._axes(self.objects)
        self._slots = [
            {name: np.concatenate([old[name], fresh[name]], axes[name]) for name in old}
            for old, fresh in zip(self._slots, new._slots, strict=True)
        ]
        self._valid = np.concatenate([self._valid, new._valid])
        self._channels = tuple(range(len(self._valid)))

    def keep(self, positions: Sequence[int]) -> None:
        """Drops all objects but those at `positions`."""
        if self._shared:
            self._channels = tuple(self._channels[position] for position in positions)
            return
        if not positions:
            self._slots = []
        self._slots = [self._pick(slot, positions) for slot in self._slots]
        self._valid = self._valid[list(positions)]
        self._channels = tuple(range(len(positions)))

    def correct(self, entry: Mapping[str, FloatArray], positions: Sequence[int]) -> None:
        """Gives the objects at `positions` a new reference, which is their newest frame too; the past is forgotten.

        A correction says that the past was wrong, so older frames would pull the object back to the error. A shared
        memory begins anew with the entry, for all objects.
        """
        if self._shared:
            self.reset(entry, self.objects)
            return
        fresh = self._expand(entry, self.objects)
        for index in range(min(2, self._spec.queue)):
            self._slots[index] = self._replace(self._slots[index], fresh, positions)
        self._valid = self._valid.copy()
        self._valid[list(positions)] = 0.0
        self._valid[list(positions), :2] = 1.0

    def _axes(self, objects: int) -> dict[str, int]:
        return {name: tensor.object_axis or 0 for name, tensor in self._tensors(objects).items()}

    def _tensors(self, objects: int) -> dict[str, TensorSpec]:
        """The spec of a memory input for each name of an entry."""
        inputs = self._spec.graph("segment", objects).inputs
        return {tensor.entry or "": tensor for tensor in inputs if tensor.role == "memory" and tensor.slot == 0}

    def _expand(self, entry: Mapping[str, FloatArray], objects: int) -> Slot:
        """Repeats what all objects of a frame share (1 on the object axis) for each of them."""
        slot = {}
        for name, tensor in self._tensors(objects).items():
            array = entry[name]
            if array.shape != tensor.shape:
                array = np.broadcast_to(array, tensor.shape)
            slot[name] = np.ascontiguousarray(array)
        return slot

    def _pick(self, slot: Slot, positions: Sequence[int]) -> Slot:
        axes = self._axes(max(self.objects, 1))
        return {name: np.take(array, positions, axes[name]) for name, array in slot.items()}

    def _replace(self, slot: Slot, fresh: Slot, positions: Sequence[int]) -> Slot:
        """A copy of `slot` with the objects at `positions` from `fresh`."""
        axes = self._axes(self.objects)
        result = {}
        for name, array in slot.items():
            chosen = (slice(None),) * axes[name] + (list(positions),)
            result[name] = array.copy()
            result[name][chosen] = fresh[name][chosen]
        return result
