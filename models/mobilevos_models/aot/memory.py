"""Which frames the layers see: those of a queue, as in the contract's graphs, or those that the authors' engine keeps.

The short-term memory is the previous frame; the long-term memory is the reference frame and, in the larger variants,
others (AOT, section 4.2 and 5).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from mobilevos_models.aot.block import Entry, LayerMemory, LayerView
from mobilevos_models.memory_read import SILENT_LOGIT
from mobilevos_sdk.errors import InvalidInputError, SessionStateError


def view_queue(memory: Sequence[Entry], valid: Tensor | None = None) -> tuple[LayerView, ...]:
    """What the layers see of a queue of slots.

    Slot 0, the reference frame, and slots 2, 3, ... are the long-term memory; slot 1, the newest frame, is the
    short-term memory. Without a frame in slot 1 the reference frame is the short-term memory too.

    Args:
        memory: the slots: the reference frame first, then the others from the newest to the oldest.
        valid: (B, N, 1, slots), 1 where an object's slot holds a frame and 0 where it is empty; none means that all do.
            All objects share the slots: one holds a frame if it does for any of them.

    Returns:
        A view for each layer.

    Raises:
        InvalidInputError: there is no slot, or `valid` is of another number of slots.
    """
    if not memory or (valid is not None and valid.shape[-1] != len(memory)):
        raise InvalidInputError(f"a memory of {len(memory)} slots does not fit; pass a valid flag for each slot of it")
    filled = None if valid is None else 1.0 - F.relu(1.0 - valid.sum(1, keepdim=True))
    long_term, short_term = [memory[0], *memory[2:]], memory[min(1, len(memory) - 1)]
    if filled is not None and len(memory) > 1:
        short_term = _blend(short_term, memory[0], filled[..., 1:2])
    bias = None
    if filled is not None and len(memory) > 2:
        cells = (1, memory[0][0].key.shape[2])
        flags = (filled[..., :1], *(filled[..., slot : slot + 1] for slot in range(2, len(memory))))
        # Resizes, as phones' GPUs do not take a repetition.
        bias = torch.cat([F.interpolate((1.0 - flag) * SILENT_LOGIT, size=cells) for flag in flags], 3)
    return view(long_term, short_term, bias)


def view(long_term: Sequence[Entry], short_term: Entry, bias: Tensor | None = None) -> tuple[LayerView, ...]:
    """What each layer sees of the entries of the long-term memory and of the short-term memory.

    There are as many views as the shallowest entry has layers.
    """
    joined = (_join(entries) for entries in zip(*long_term, strict=False))
    return tuple(LayerView(frames, previous, bias) for frames, previous in zip(joined, short_term, strict=False))


class AOTMemory:
    """The memory of one video as the authors' engine keeps it: it grows with the video.

    Args:
        gap: a frame joins the long-term memory when so many have passed since the last that did; none keeps the
            reference frame alone.

    Raises:
        InvalidInputError: a gap below 1.

    Example:
        >>> memory = AOTMemory(gap=5)
        >>> memory.reference(model.start(first_frame, masks))
        >>> logits, state = model.segment_view(frame, memory.view())
        >>> memory.update(model.memorize(state, masks))
    """

    def __init__(self, gap: int | None = None) -> None:
        if gap is not None and gap < 1:
            raise InvalidInputError(f"a gap of {gap} frames is not possible; give 1 or more, or None")
        self._gap = gap
        self._long_term: list[Entry] = []
        self._short_term: Entry | None = None
        self._frames_since = 0

    def reference(self, entry: Entry) -> None:
        """Takes a reference frame: the first one of the video, or one with new objects."""
        self._long_term.append(entry)
        self._short_term = entry
        self._frames_since = 0

    def update(self, entry: Entry) -> None:
        """Takes the next frame of the video, after it was segmented."""
        self._short_term = entry
        self._frames_since += 1
        if self._gap is not None and self._frames_since >= self._gap:
            self._long_term.append(entry)
            self._frames_since = 0

    def view(self) -> tuple[LayerView, ...]:
        """What the layers see for the next frame.

        Raises:
            SessionStateError: there is no reference frame yet.
        """
        if self._short_term is None:
            raise SessionStateError("the memory is empty; give it a reference frame first")
        return view(self._long_term, self._short_term)


def _join(entries: Sequence[LayerMemory]) -> LayerMemory:
    if len(entries) == 1:
        return entries[0]
    return LayerMemory(torch.cat([e.key for e in entries], 2), torch.cat([e.value for e in entries], 2))


def _blend(entry: Entry, fallback: Entry, weight: Tensor) -> Entry:
    """`entry` where `weight` (B, 1, 1, 1) is 1, `fallback` where it is 0."""
    pairs = zip(entry, fallback, strict=False)
    return tuple(LayerMemory(*(a * weight + b * (1.0 - weight) for a, b in zip(*pair, strict=True))) for pair in pairs)
