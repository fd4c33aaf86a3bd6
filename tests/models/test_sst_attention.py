"""Each sparse operator is full attention under the connectivity mask of the paper, and costs what a pattern costs."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from mobilevos_models.memory_read import SILENT_LOGIT
from mobilevos_models.sst.attention import ATTENTIONS, Attended, Buffer
from mobilevos_models.sst.macs import PAPER, Setting, connected_pairs, count
from mobilevos_models.sst.positions import positional_encoding, sinusoids

Cell = tuple[int, int, int]
# Height, width and kernel: sides that the kernel and the tiles divide and sides that they do not, also shorter ones.
SIZES = ((8, 12, 4), (7, 9, 3), (5, 11, 8), (9, 6, 2), (3, 2, 5))


def connected(pattern: str, p: Cell, q: Cell, kernel: int) -> bool:
    """Whether q is in I_p (section 3), cells as (frame, row, column)."""
    frames, rows, columns = (abs(a - b) for a, b in zip(p, q, strict=True))
    if pattern == "local":
        return rows < kernel and columns < kernel
    if pattern == "strided":
        return rows % kernel == 0 and columns % kernel == 0
    return (frames == 0) + (rows == 0) + (columns == 0) >= 2  # shares two of its coordinates


def cells_of(frames: int, height: int, width: int) -> list[Cell]:
    return [(t, y, x) for t in range(frames) for y in range(height) for x in range(width)]


def connectivity(pattern: str, cells: list[Cell], kernel: int) -> Tensor:
    return torch.tensor([[connected(pattern, p, q, kernel) for q in cells] for p in cells])


def buffer_of(frames: int, height: int, width: int, silent: tuple[int, ...] = ()) -> tuple[Tensor, Buffer]:
    """Queries and a buffer of 2 videos, 3 heads, 2 objects; objects own nothing in the current frame."""
    generator = torch.Generator().manual_seed(frames * height + width)
    query, key, value = (torch.randn(2, 3, frames, height, width, 4, generator=generator) for _ in range(3))
    owners = (torch.rand(2, 2, frames, height, width, generator=generator) > 0.5).float()
    owners[:, :, -1] = 0.0
    bias = torch.zeros(2, frames)
    for frame in silent:
        bias[1, frame] = SILENT_LOGIT  # of the second video only
        owners[1, :, frame] = 0.0
    return query, Buffer(key, value, bias, owners)


def full_attention(query: Tensor, buffer: Buffer, mask: Tensor) -> Attended:
    """Eq. 6 and Eq. 4 by their letter: a softmax over all cells of which most are masked."""
    cells = mask.shape[0]
    per_cell = buffer.bias[:, None, None, :, None].expand(-1, -1, -1, -1, cells // buffer.bias.shape[1]).flatten(3)
    logits = query.flatten(2, 4) @ buffer.key.flatten(2, 4).transpose(2, 3)
    logits = logits.masked_fill(~mask, -math.inf).masked_fill(per_cell < 0, -math.inf)
    weights = logits.softmax(3)
    values = (weights @ buffer.value.flatten(2, 4)).reshape(query.shape)
    height, width = query.shape[3:5]
    affinity = torch.zeros(*buffer.owners.shape[:2], height * width)
    for p in range(height * width):
        row = weights[:, :, cells - height * width + p].amax(1)  # over the heads
        for o in range(affinity.shape[1]):
            owned = buffer.owners[:, o].flatten(1).bool()
            affinity[:, o, p] = torch.where(owned, row, 0.0).amax(1)
    return Attended(values, affinity.unflatten(2, (height, width)))


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("pattern", tuple(ATTENTIONS))
def test_sparse_attention_is_full_attention_under_its_mask(pattern: str, size: tuple[int, int, int]) -> None:
    height, width, kernel = size
    query, buffer = buffer_of(3, height, width)
    expected = full_attention(query, buffer, connectivity(pattern, cells_of(3, height, width), kernel))
    found = ATTENTIONS[pattern](query, buffer, kernel)
    torch.testing.assert_close(found.values, expected.values, atol=1e-5, rtol=0)
    torch.testing.assert_close(found.affinity, expected.affinity, atol=1e-5, rtol=0)
    assert found.affinity.max() > 0.05  # or the comparison would say little


@pytest.mark.parametrize("pattern", tuple(ATTENTIONS))
def test_a_frame_that_is_not_there_is_not_attended_to(pattern: str) -> None:
    query, buffer = buffer_of(4, 6, 7, silent=(0, 2))
    expected = full_attention(query, buffer, connectivity(pattern, cells_of(4, 6, 7), 3))
    found = ATTENTIONS[pattern](query, buffer, 3)
    there = torch.tensor([1, 3])  # what a missing frame's own cells read does not matter
    torch.testing.assert_close(found.values[0], expected.values[0], atol=1e-5, rtol=0)
    torch.testing.assert_close(found.values[1][:, there], expected.values[1][:, there], atol=1e-5, rtol=0)
    torch.testing.assert_close(found.affinity, expected.affinity, atol=1e-5, rtol=0)


@pytest.mark.parametrize("pattern", tuple(ATTENTIONS))
def test_queries_of_the_current_frame_alone_find_the_same(pattern: str) -> None:
    query, buffer = buffer_of(3, 7, 10)
    every = ATTENTIONS[pattern](query, buffer, 3)
    current = ATTENTIONS[pattern](query[:, :, -1:], buffer, 3)
    torch.testing.assert_close(current.values, every.values[:, :, -1:])
    torch.testing.assert_close(current.affinity, every.affinity)


@pytest.mark.parametrize(("pattern", "layers"), [("grid", 3), ("local-strided", 2), ("strided-local", 2)])
def test_interactions_reach_every_cell_in_as_many_layers_as_the_paper_says(pattern: str, layers: int) -> None:
    """Figure 1, Eq. 10: three grid layers, or a local and a strided one, connect all cells; one layer less does not."""
    cells = cells_of(3, 6, 6)
    patterns = pattern.split("-") if "-" in pattern else [pattern] * layers
    hops = [connectivity(name, cells, 3).float() for name in patterns]
    reached = torch.linalg.multi_dot(hops)
    assert (reached > 0).all()
    assert not (torch.linalg.multi_dot([*hops[1:], torch.eye(len(cells))]) > 0).all()


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("pattern", tuple(ATTENTIONS))
def test_connected_pairs_are_those_of_the_mask(pattern: str, size: tuple[int, int, int]) -> None:
    height, width, kernel = size
    mask = connectivity(pattern, cells_of(3, height, width), kernel)
    assert connected_pairs(pattern, 3, height, width, kernel) == int(mask.sum())


def measured_macs(pattern: str, side: int) -> int:
    """Multiply-accumulates that an operator really does on 3 frames of side x side cells."""
    query = torch.zeros(1, 2, 3, side, side, 16, device="meta")
    buffer = Buffer(query, query, torch.zeros(1, 3, device="meta"), torch.zeros(1, 1, 3, side, side, device="meta"))
    with FlopCounterMode(display=False) as counter:
        ATTENTIONS[pattern](query, buffer, 8)
    return int(counter.get_total_flops()) // 2


@pytest.mark.parametrize(("pattern", "growth"), [("local", 4.0), ("grid", 8.0), ("strided", 16.0)])
def test_the_cost_grows_as_the_pattern(pattern: str, growth: float) -> None:
    """Four times the cells: windows stay, axes double, and at a given step a strided pattern grows as all does."""
    assert measured_macs(pattern, 64) / measured_macs(pattern, 32) == pytest.approx(growth, rel=0.1)


def test_strided_attention_with_a_kernel_that_grows_is_of_order_three_halves() -> None:
    """Section 3: with h as the square root of the side, O(C (THW)^(3/2))."""
    pairs = [connected_pairs("strided", 3, side, side, round(math.sqrt(side))) for side in (16, 64)]
    assert pairs[1] == pairs[0] * 16**1.5


@pytest.mark.parametrize(("pattern", "share"), [("local", 0.015), ("strided", 0.035), ("grid", 0.015)])
def test_table_1_is_met_as_the_module_says(pattern: str, share: float) -> None:
    assert count(pattern, Setting()).one_projection / 1e9 == pytest.approx(PAPER[pattern], rel=share)
    # what does not fit: full attention is twice our count
    assert 2 * count("full", Setting()).one_projection / 1e9 == pytest.approx(PAPER["full"], rel=0.01)


@pytest.mark.parametrize("pattern", ["local", "strided", "grid", "full"])
def test_the_documentation_has_these_numbers(pattern: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "models.md").read_text()
    (row,) = [line for line in page.splitlines() if line.startswith(f"| {pattern}") and line.endswith(" |")][-1:]
    macs = count(pattern, Setting())
    numbers = (PAPER[pattern] * 1e9, macs.products, macs.one_projection, macs.all_projections)
    form = ".1f" if pattern == "full" else ".2f"
    assert row.split(" | ")[1:] == [*(f"{value / 1e9:{form}}" for value in numbers[:3]), f"{numbers[3] / 1e9:{form}} |"]


@pytest.mark.parametrize(("pattern", "waste"), [("local", 1.6), ("grid", 1.05), ("strided", 1.0)])
def test_little_is_computed_beyond_the_pattern(pattern: str, waste: float) -> None:
    pairs = connected_pairs(pattern, 3, 64, 64, 8)
    assert pairs * 2 * 32 <= measured_macs(pattern, 64) <= 1.05 * waste * pairs * 2 * 32
    assert measured_macs(pattern, 64) < (3 * 64 * 64) ** 2 * 2 * 32 / 12  # full attention


def test_positions_tell_cells_and_frames_apart_and_are_sines() -> None:
    encoding = positional_encoding(torch.tensor([2.0, 1.0, 0.0]), 4, 5, 16)
    assert encoding.shape == (1, 3, 4, 5, 16)
    assert len(encoding.flatten(0, 3).unique(dim=0)) == 3 * 4 * 5
    assert (encoding[..., 12:] == 0).all()
    row = sinusoids(torch.tensor([3.0]), 4)[0]
    expected = [math.sin(3), math.cos(3), math.sin(3 / 100), math.cos(3 / 100)]
    torch.testing.assert_close(row, torch.tensor(expected))
