"""The space-time memory read: L2 similarity over a queue of memorised frames, with a locality prior per slot.

A memorised key is stored ready to be multiplied, so that a phone reads it with two matrix products and one softmax:
`2 k / sqrt(C)` in its first C channels and the bias `-|k|^2 / sqrt(C)` in the last one. Against a query `[q, 1]` that
gives the negative squared L2 distance of STCN (Cheng et al., 2021) up to a term that is constant for the query:
`(2 q.k - |k|^2) / sqrt(C)`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

import torch
from torch import Tensor, nn

Similarity: TypeAlias = Literal["l2", "dot"]

# Added to the logits of what must not be read, in every family: an empty slot, a cell outside the picture, an identity
# without an object. Large enough to silence it, small enough for float16.
SILENT_LOGIT = -1e4
# A part of the locality prior, of the frames between the first and the previous one: they count a seventh. Their masks
# are predictions too and the previous frame's are newer, so where they were wrong they should not outvote the first's.
OLDER_LOGIT = -2.0


class MemoryEntry(NamedTuple):
    """One memorised frame.

    Attributes:
        key: (B, 1 or N, Ck+1, h*w) scaled keys with their bias as the last channel; one set, or one per object.
        value: (B, N, h*w, Cv) values of N objects.
    """

    key: Tensor
    value: Tensor


def memory_key(key: Tensor, similarity: Similarity = "l2") -> Tensor:
    """Scales keys (B, Ck, h, w) into the stored form (B, 1, Ck+1, h*w).

    `dot` stores `k / sqrt(C)` and no bias: STM's dot product, with which STCN (supplement, Table 1) compares the L2
    similarity of its Algorithm 1.
    """
    flat = key.flatten(2).unsqueeze(1)
    scale = 1.0 / math.sqrt(key.shape[1])
    if similarity == "dot":
        return torch.cat([scale * flat, torch.zeros_like(flat[:, :, :1])], 2)
    bias = -scale * (flat * flat).sum(2, keepdim=True)
    return torch.cat([2.0 * scale * flat, bias], 2)


def cell_grid(height: int, width: int, like: Tensor) -> Tensor:
    """(2, h*w) coordinates y, x of the cells, centred so that float16 keeps them."""
    y = torch.arange(height, dtype=like.dtype, device=like.device) - (height - 1) / 2
    x = torch.arange(width, dtype=like.dtype, device=like.device) - (width - 1) / 2
    return torch.stack([y[:, None].expand(height, width), x[None].expand(height, width)]).reshape(2, -1)


class LocalityPrior(nn.Module):
    """A Gaussian of learned width on the distance between a query cell and a memorised cell, one width per slot.

    The logit term `-|p - q|^2 / (2 sigma^2)` is written as three more key channels and a part of the bias, so the read
    stays one matrix product. Beyond the MobileVOS paper, whose read is global; AOT's local attention and KMN's kernel
    are its relatives. Slot 0 (the reference frame) and slot 1 (the previous frame) have learned widths. Slots further
    back hold older frames: an object's displacement is taken as a random walk, so their width grows with the square
    root of the age, up to the reference's; and they count less (`OLDER_LOGIT`).
    """

    def __init__(self, reference_width: float = 16.0, previous_width: float = 4.0) -> None:
        super().__init__()
        self.log_width = nn.Parameter(torch.tensor([reference_width, previous_width]).log())

    def widths(self, slots: int) -> Tensor:
        """(slots,) widths in cells of stride 16: the reference, then the frames from the newest to the oldest."""
        reference, previous = self.log_width.exp().unbind()
        ages = torch.arange(1, slots, dtype=reference.dtype, device=reference.device)
        return torch.cat([reference[None], torch.minimum(previous * ages.sqrt(), torch.maximum(reference, previous))])

    def query_channels(self, grid: Tensor) -> Tensor:
        """(3, h*w) channels to append to the query: y, x and the squared distance from the centre."""
        return torch.cat([grid, (grid * grid).sum(0, keepdim=True)])

    def memory_channels(self, grid: Tensor, width: Tensor) -> tuple[Tensor, Tensor]:
        """(3, h*w) channels to append to a slot's key, and (h*w,) to add to its bias."""
        precision = 1.0 / (width * width)
        squared = torch.full_like(grid[:1], 1.0) * (-0.5 * precision)
        return torch.cat([grid * precision, squared]), -0.5 * precision * (grid * grid).sum(0)

    def slot_channels(self, grid: Tensor, slot: int, slots: int) -> tuple[Tensor, Tensor]:
        """`memory_channels` of one slot of a queue. An export overrides it to make them constants."""
        channels, offset = self.memory_channels(grid, self.widths(slots)[slot])
        return channels, offset + OLDER_LOGIT if slot > 1 else offset


def read_memory(
    query: Tensor,
    memory: Sequence[MemoryEntry],
    prior: LocalityPrior | None = None,
    valid: Tensor | None = None,
    top_k: int | None = None,
) -> Tensor:
    """Reads the values that match a query (STCN, Eq. 2 and 3, with L2 similarity).

    Args:
        query: (B, Ck, h, w) keys of the current frame.
        memory: slots of the queue: the reference frame first, then the others from the newest to the oldest.
        prior: the locality prior; none reads globally, as the paper does.
        valid: (B, 1 or N, 1, slots), 1 where a slot holds a frame and 0 where it is empty; none means that all do.
        top_k: how many of the best cells of the memory each query cell reads; none reads all of them. For evaluation
            (STCN's reference implementation takes 20): no phone's delegate has a top-k.

    Returns:
        (B, N, h*w, Cv) readout of each object.
    """
    rows, keys = match_factors(query, memory, prior, valid)
    logits = rows @ keys
    if top_k is not None and top_k < logits.shape[-1]:
        best, cells = logits.topk(top_k, -1)
        logits = torch.full_like(logits, -torch.inf).scatter(-1, cells, best)
    return logits.softmax(-1) @ torch.cat([entry.value for entry in memory], 2)


def match_factors(
    query: Tensor, memory: Sequence[MemoryEntry], prior: LocalityPrior | None = None, valid: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """The two factors whose product is the logits of `read_memory`; arguments as there.

    A GPU sums a product channel by channel, in float16. The large negative terms come first: so the sum of a cell that
    matches never grows beyond what it ends with, and loses less.

    Returns:
        (B, 1, h*w, C) of the query's cells and (B, 1 or N, C, slots*h*w) of the memory's, with C of Ck+1, or Ck+4 with
        a prior.
    """
    height, width = query.shape[-2:]
    rows = [torch.ones_like(query[:, :1]).flatten(2), query.flatten(2)]
    grid = cell_grid(height, width, query)
    if prior is not None:
        rows.insert(1, prior.query_channels(grid).expand(query.shape[0], -1, -1))
    keys = [_slot_key(entry.key, slot, len(memory), grid, prior, valid) for slot, entry in enumerate(memory)]
    return torch.cat(rows, 1).transpose(1, 2).unsqueeze(1), torch.cat(keys, 3)


def _slot_key(
    key: Tensor, slot: int, slots: int, grid: Tensor, prior: LocalityPrior | None, valid: Tensor | None
) -> Tensor:
    """Adds the slot's validity and locality to a stored key: (B, 1 or N, Ck+1 or Ck+4, h*w), the bias first."""
    matched, bias = key[:, :, :-1], key[:, :, -1:]
    if valid is not None:
        bias = bias + (1.0 - valid[..., slot : slot + 1]) * SILENT_LOGIT
    if bias.shape[1] != matched.shape[1]:  # a key that objects share, and a slot that not all of them have filled
        matched = matched.expand(-1, bias.shape[1], -1, -1)
    if prior is None:
        return torch.cat([bias, matched], 2)
    channels, offset = prior.slot_channels(grid, slot, slots)
    channels = channels.expand(*matched.shape[:2], -1, -1)
    return torch.cat([bias + offset, channels, matched], 2)
