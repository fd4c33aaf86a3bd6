"""One video: a Session takes frame after frame, keeps the memory, and gives the objects' masks."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mobilevos_sdk.backends.base import Backend, FloatArray
from mobilevos_sdk.errors import InvalidInputError, SessionStateError
from mobilevos_sdk.graphs import Graphs
from mobilevos_sdk.masks import check_mask, object_ids
from mobilevos_sdk.memory import MemoryBank
from mobilevos_sdk.processing import (
    Mask,
    check_frame,
    fit_frame,
    fit_masks,
    fit_planes,
    label,
    new_frame_tensor,
    probability_planes,
)
from mobilevos_sdk.results import FrameResult, Latency
from mobilevos_sdk.view import View
from mobilevos_sdk.visibility import areas_of, hidden_objects, recent_areas


class Session:
    """Follows the objects of one video. Made by `Segmenter.start`; for use in one thread at a time.

    A call that raises leaves the session as it was: the next frame may be given as if nothing had happened.

    Args:
        backend: runs the model.
        frame: the first frame, (H, W, 3) uint8 RGB; all others must have its size.
        mask: (H, W) integer or boolean object ids on that frame: 0 is background, 1 to 255 are the objects.
        zoom: whether the model sees the objects and what is around them, larger, in place of the whole frame.

    Raises:
        InvalidInputError: the frame or the mask cannot be used, or there are more objects than the model follows.
    """

    def __init__(
        self, backend: Backend, frame: npt.NDArray[np.uint8], mask: npt.NDArray[np.integer], zoom: bool = True
    ) -> None:
        watch = _Stopwatch()
        checked = check_frame(frame)
        self._graphs = Graphs(backend)
        self._spec = backend.spec
        self._zoom = zoom
        self._view = View.whole((checked.shape[0], checked.shape[1]), (self._spec.height, self._spec.width))
        # A new frame is written to the spare tensor, and the two change places when its step has succeeded.
        self._frame, self._spare = (new_frame_tensor(self._view.fit, self._spec.pad_rgb) for _ in range(2))
        self._bank = MemoryBank(self._spec)
        ids_mask = check_mask(mask, self._view.fit.frame)
        self._ids: tuple[int, ...] = ()
        ids = self._joined_ids(ids_mask)
        if zoom:
            self._view = self._view.around(ids_mask, ids)
        self._source = _Source()
        self._source.keep(checked, self._view)
        fit_frame(checked, self._view.fit, self._frame, self._spec.pad_rgb)
        self._probabilities = fit_masks(ids_mask, ids, self._view.fit)
        preprocess = watch.lap()
        self._bank.reset(self._graphs.start(self._frame, self._probabilities), len(ids))
        self._ids, self._areas, self._hidden = ids, areas_of(ids_mask, ids), frozenset[int]()
        latency = Latency(preprocess, memorize=watch.lap())
        self._last = self._first = self._result(0, ids_mask.copy(), latency, partial(_one_hot, ids_mask.copy(), ids))

    @property
    def object_ids(self) -> tuple[int, ...]:
        """The objects that are followed, also those out of sight; new ones come last."""
        return self._ids

    @property
    def first_result(self) -> FrameResult:
        """The first frame with the mask that was given."""
        return self._first

    @property
    def last_result(self) -> FrameResult:
        """The newest frame, with corrections and new objects."""
        return self._last

    def step(self, frame: npt.NDArray[np.uint8]) -> FrameResult:
        """Follows the objects into the next frame.

        Args:
            frame: (H, W, 3) uint8 RGB of the first frame's size.

        Raises:
            InvalidInputError: the frame cannot be used, or is of another size.
            SessionStateError: all objects have been removed.
        """
        if not self._ids:
            raise SessionStateError("there is no object left to follow; add one with add_objects(mask)")
        watch = _Stopwatch()
        view = self._view.next(self._last.mask, self._ids) if self._zoom else self._view
        checked = check_frame(frame, view.fit.frame)
        fit_frame(checked, view.fit, self._spare, self._spec.pad_rgb)
        preprocess = watch.lap()
        channels, state = self._graphs.segment(self._bank.graph, self._spare, self._bank.inputs())
        segment = watch.lap()
        # Objects that have left a shared memory take part, as background, so that the others keep their pixels.
        mask = label(channels, self._bank.by_channel(self._ids), view.fit)
        probabilities = _select(channels, self._bank.channels)
        seen = areas_of(mask, self._ids)
        # A memory that objects share takes every frame in: it is of all of them.
        hidden = frozenset[int]() if self._bank.is_shared else hidden_objects(seen, self._areas)
        postprocess = watch.lap()
        if self._spec.queue > 1 and len(hidden) < len(self._ids):  # with a queue of 1 the reference is all there is
            self._bank.push(self._graphs.memorize(state, channels, self._spare), self._among(hidden))
        self._source.keep(checked, view)
        latency = Latency(preprocess, segment, watch.lap(), postprocess)
        self._frame, self._spare = self._spare, self._frame
        self._view, self._probabilities = view, probabilities
        self._areas, self._hidden = recent_areas(seen, self._areas), hidden
        self._last = self._result(self._last.index + 1, mask, latency)
        return self._last

    def add_objects(self, mask: npt.NDArray[np.integer]) -> FrameResult:
        """Begins to follow more objects, from the last frame on; those that are followed already keep their memory.

        Args:
            mask: (H, W) ids of the new objects on the last frame given, 0 elsewhere. Where it overlaps others, it wins.

        Returns:
            The last frame's result with the new objects in it.

        Raises:
            InvalidInputError: the mask cannot be used, an id is followed already, or there are too many objects.
        """
        watch = _Stopwatch()
        added = check_mask(mask, self._view.fit.frame)
        ids = self._joined_ids(added)
        new = ids[len(self._ids) :]
        sight = self._with_in_view(added, ids)
        masks = np.concatenate([sight.carved(added), fit_masks(added, new, sight.view.fit)], axis=3)
        preprocess = watch.lap()
        entry = self._remembered(sight, masks)
        if self._ids:
            self._bank.add(entry, range(len(self._ids), len(ids)))
        else:
            self._bank.reset(entry, len(ids))
        gone = self._gone()  # an id that comes again does not bring its old pixels back
        self._ids, self._probabilities = ids, masks
        self._areas, self._hidden = {**self._areas, **areas_of(added, new)}, self._hidden.difference(new)
        return self._revised(added, gone, Latency(preprocess, memorize=watch.lap()))

    def correct(self, mask: npt.NDArray[np.integer]) -> FrameResult:
        """Replaces the masks of some objects on the last frame, which becomes their reference frame.

        Args:
            mask: (H, W) ids of the objects to correct, 0 elsewhere; objects that are not in it stay as they are, less
                the pixels that it takes from them.

        Returns:
            The last frame's result, corrected.

        Raises:
            InvalidInputError: the mask cannot be used, or an id in it is not followed.
        """
        watch = _Stopwatch()
        corrected = check_mask(mask, self._view.fit.frame)
        ids = object_ids(corrected)
        positions = self._positions(ids, "add it with add_objects(mask)")
        sight = self._with_in_view(corrected, self._ids)
        masks = sight.carved(corrected)
        masks[..., positions] = fit_masks(corrected, ids, sight.view.fit)
        preprocess = watch.lap()
        self._bank.correct(self._remembered(sight, masks), positions)
        self._view, self._probabilities = self._view.forget_extent(), masks
        self._areas, self._hidden = {**self._areas, **areas_of(corrected, ids)}, self._hidden.difference(ids)
        return self._revised(corrected, ids, Latency(preprocess, memorize=watch.lap()))

    def remove_objects(self, *ids: int) -> None:
        """Stops following objects; the others go on as they were.

        Raises:
            InvalidInputError: an id is not followed.
        """
        removed = set(self._positions(ids, "see object_ids"))
        kept = [position for position in range(len(self._ids)) if position not in removed]
        self._bank.keep(kept)
        self._view = self._view.forget_extent()
        self._probabilities = self._probabilities[..., kept]
        self._ids = tuple(self._ids[position] for position in kept)

    def _joined_ids(self, mask: Mask) -> tuple[int, ...]:
        """The present ids and, after them, those of a mask of new objects."""
        new = object_ids(mask)
        again = sorted(set(new) & set(self._ids))
        if again:
            raise InvalidInputError(f"object {again[0]} is followed already; give a new id, or use correct(mask)")
        total, most = len(self._ids) + len(new), self._spec.max_objects
        if total > most:
            raise InvalidInputError(
                f"{_count(total)} to follow, but this model follows {most} at most; export one for more with "
                f"'vos-export --objects {total}', or follow them in several passes (Passes, or the commands' --passes)"
            )
        return (*self._ids, *new)

    def _positions(self, ids: Iterable[int], remedy: str) -> list[int]:
        unknown = [object_id for object_id in ids if object_id not in self._ids]
        if unknown:
            raise InvalidInputError(f"object {unknown[0]} is not followed (only {list(self._ids)}); {remedy}")
        return [self._ids.index(object_id) for object_id in ids]

    def _among(self, ids: frozenset[int]) -> list[int]:
        """Positions of those objects of the ids that are followed."""
        return [position for position, object_id in enumerate(self._ids) if object_id in ids]

    def _with_in_view(self, given: Mask, ids: Sequence[int]) -> _Sight:
        """The last frame with a mask in view: as it is seen already, or else from elsewhere, in the spare tensor."""
        if self._view.holds(given):
            return _Sight(self._view, self._frame, self._probabilities)
        planes = probability_planes(self._probabilities, self._view.fit)
        view = self._view.around(np.where(given > 0, given, self._last.mask), ids)
        fit_frame(self._source.frame, view.fit, self._spare, self._spec.pad_rgb)
        return _Sight(view, self._spare, fit_planes(planes, view.fit))

    def _remembered(self, sight: _Sight, masks: FloatArray) -> dict[str, FloatArray]:
        """The memory entry of the last frame with these masks (1, H, W, N).

        Where the frame is seen from elsewhere, by more than a frame's motion, that is what the present objects remember
        of it from now on.
        """
        entry = self._graphs.start(sight.frame, masks)
        if sight.view is not self._view:
            if self._ids:
                self._bank.renew(entry, masks.shape[3], self._among(self._hidden))
            self._view, self._frame, self._spare = sight.view, sight.frame, self._frame
        return entry

    def _revised(self, mask: Mask, replaced: Sequence[int], latency: Latency) -> FrameResult:
        """The last frame's result with the objects of a mask painted over it; `replaced` lose their old pixels."""
        merged = np.where(np.isin(self._last.mask, (*replaced, *self._gone())), np.uint8(0), self._last.mask)
        np.copyto(merged, mask, where=mask > 0)
        self._last = self._result(self._last.index, merged, latency)
        return self._last

    def _gone(self) -> list[int]:
        return [object_id for object_id in self._last.object_ids if object_id not in self._ids]

    def _result(
        self, index: int, mask: Mask, latency: Latency, source: partial[FloatArray] | None = None
    ) -> FrameResult:
        source = source or partial(probability_planes, self._probabilities, self._view.fit)
        return FrameResult(index, mask, self._ids, latency, source)


class _Sight(NamedTuple):
    """What the model sees of the last frame: the view, the frame's tensor, and the probabilities (1, H, W, N) in it."""

    view: View
    frame: FloatArray
    probabilities: FloatArray

    def carved(self, taken: Mask) -> FloatArray:
        """A copy of the probabilities without the pixels that a mask takes."""
        covered = fit_masks((taken > 0).astype(np.uint8), (1,), self.view.fit)
        return np.asarray(self.probabilities * (1.0 - covered), np.float32)


class _Source:
    """The newest frame, where its tensor holds only a part of it: what joins later may lie outside."""

    def __init__(self) -> None:
        self.frame = np.empty((0, 0, 3), np.uint8)

    def keep(self, frame: npt.NDArray[np.uint8], view: View) -> None:
        """Copies a frame that is not seen as a whole; callers use their arrays again."""
        if view.fit.is_whole:
            return
        if self.frame.shape != frame.shape:
            self.frame = np.empty_like(frame)
        np.copyto(self.frame, frame)


def _select(planes: FloatArray, channels: Sequence[int]) -> FloatArray:
    """Some channels of (1, H, W, C), without a copy where it is all of them."""
    if len(channels) == planes.shape[3]:
        return planes
    return np.ascontiguousarray(planes[..., list(channels)])


class _Stopwatch:
    """Measures stages one after another."""

    def __init__(self) -> None:
        self._since = time.perf_counter()

    def lap(self) -> float:
        """Milliseconds since the last lap."""
        now = time.perf_counter()
        elapsed, self._since = now - self._since, now
        return elapsed * 1e3


def _one_hot(mask: Mask, ids: Sequence[int]) -> FloatArray:
    """(N, H, W) float32: 1 where the mask has the object's id."""
    return np.stack([mask == object_id for object_id in ids]).astype(np.float32)


def _count(objects: int) -> str:
    return "there is 1 object" if objects == 1 else f"there are {objects} objects"
