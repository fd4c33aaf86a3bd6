"""Batches of clips, made ahead by worker processes while the model trains."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from mobilevos_sdk.errors import MobileVOSError
from mobilevos_training.data.clips import Clip, ClipMaker

# Batches that each worker makes ahead.
PREFETCH = 2


class Batch(NamedTuple):
    """The clips of a step that one process trains on.

    Attributes:
        step: counted from 0.
        clips: their indices among all clips of the step.
        frames: (B, T, 3, S, S) uint8 RGB; every frame is channels-last in memory.
        masks: (B, T, S, S) uint8: 0 background, 1..n the targets, 255 = ignore.
        present: (B, N) bool: which of the N targets, the most of these clips, each clip has.
    """

    step: int
    clips: tuple[int, ...]
    frames: Tensor
    masks: Tensor
    present: Tensor


def batches(maker: ClipMaker, indices: Sequence[int], first_step: int, last_step: int, workers: int) -> Iterator[Batch]:
    """The batches of the steps from `first_step` up to and without `last_step`, in order.

    Args:
        maker: makes the clips.
        indices: of this process's clips among all clips of a step.
        first_step: counted from 0.
        last_step: the first step that is not wanted.
        workers: processes that make clips ahead; 0 makes them in this process. The batches are the same.

    Raises:
        MobileVOSError: what a clip raised, as it was raised; or a worker died.
    """
    loader: DataLoader[Batch | MobileVOSError] = DataLoader(
        _Steps(maker, tuple(indices), last_step),
        batch_size=None,
        collate_fn=_as_it_is,
        sampler=range(first_step, last_step),
        num_workers=workers,
        prefetch_factor=PREFETCH if workers else None,
        worker_init_fn=_start_worker,
        generator=torch.Generator(),  # its draws are not taken from the training's random numbers
    )
    try:
        for batch in loader:
            if isinstance(batch, MobileVOSError):
                raise batch
            yield batch
    except RuntimeError as error:
        if isinstance(error, MobileVOSError) or "DataLoader worker" not in str(error):
            raise
        raise MobileVOSError(
            f"a process that makes clips died, perhaps for want of memory; use fewer workers: {error}"
        ) from error


def collate(step: int, indices: tuple[int, ...], clips: Sequence[Clip]) -> Batch:
    """Stacks clips of one step; see `Batch`."""
    counts = torch.tensor([clip.targets for clip in clips])
    frames = torch.from_numpy(np.stack([clip.frames for clip in clips])).permute(0, 1, 4, 2, 3)
    masks = torch.from_numpy(np.stack([clip.masks for clip in clips]))
    present = torch.arange(int(counts.max())) < counts[:, None]
    return Batch(step, indices, frames, masks, present)


class _Steps(Dataset["Batch | MobileVOSError"]):
    """Batches by step. An error is a result: raised in a worker, it would come wrapped into its traceback."""

    def __init__(self, maker: ClipMaker, indices: tuple[int, ...], last_step: int) -> None:
        self._maker, self._indices, self._last_step = maker, indices, last_step

    def __len__(self) -> int:
        return self._last_step

    def __getitem__(self, step: int) -> Batch | MobileVOSError:
        try:
            return collate(step, self._indices, [self._maker.clip(step, index) for index in self._indices])
        except MobileVOSError as error:
            return error


def _as_it_is(batch: Any) -> Any:
    """Keeps PyTorch from taking tuples apart."""
    return batch


def _start_worker(rank: int) -> None:
    import cv2

    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the training decides when an interrupted run ends
