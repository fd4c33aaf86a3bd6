"""Which frames an AOT layer sees: queues with empty slots, and the memory that grows with the video."""

from __future__ import annotations

import pytest
import torch

from mobilevos_models.aot.attention import attend
from mobilevos_models.aot.block import Entry, LayerMemory
from mobilevos_models.aot.memory import AOTMemory, view_queue
from mobilevos_sdk.errors import InvalidInputError, SessionStateError

LAYERS, CELLS, CHANNELS = 2, 6, 4


def entry(number: int, layers: int = LAYERS) -> Entry:
    """An entry whose numbers say which frame it is of."""
    generator = torch.Generator().manual_seed(number)
    keys = torch.randn(layers, 1, 1, CELLS, CHANNELS, generator=generator)
    return tuple(LayerMemory(key, torch.full((1, 1, CELLS, 3), float(number))) for key in keys)


def frames(memory: LayerMemory) -> list[float]:
    """The numbers of the frames that are joined in a memory."""
    return memory.value[0, 0, ::CELLS, 0].tolist()


def flags(*slots: float, objects: int = 1) -> torch.Tensor:
    return torch.tensor(slots).expand(1, objects, 1, len(slots))


def test_a_queue_is_reference_and_others_and_the_newest():
    views = view_queue([entry(0), entry(3), entry(2), entry(1)])
    assert len(views) == LAYERS
    for view in views:
        assert frames(view.long_term) == [0.0, 2.0, 1.0]
        assert frames(view.short_term) == [3.0]
        assert view.bias is None


def test_a_queue_of_one_is_both_memories():
    view = view_queue([entry(5)], flags(1.0))[0]
    assert frames(view.long_term) == frames(view.short_term) == [5.0]


def test_without_a_newest_frame_the_reference_is_the_short_term_memory():
    empty = view_queue([entry(4), entry(9)], flags(1.0, 0.0))[1]
    alone = view_queue([entry(4)])[1]
    assert torch.equal(empty.short_term.key, alone.short_term.key)
    assert torch.equal(empty.short_term.value, alone.short_term.value)
    full = view_queue([entry(4), entry(9)], flags(1.0, 1.0))[1]
    assert torch.equal(full.short_term.key, entry(9)[1].key)


def test_empty_slots_are_not_read():
    views = view_queue([entry(0), entry(1), entry(7), entry(2)], flags(1.0, 1.0, 0.0, 1.0))
    query = torch.randn(1, 1, CELLS, CHANNELS, generator=torch.Generator().manual_seed(0))
    read = attend(query, views[0].long_term.key, views[0].long_term.value, views[0].bias)
    without = view_queue([entry(0), entry(1), entry(2)])[0]
    assert torch.allclose(read, attend(query, without.long_term.key, without.long_term.value), atol=1e-6)


def test_a_slot_is_filled_if_it_is_for_any_object():
    valid = flags(1.0, 1.0, 0.0, objects=3).clone()
    assert view_queue([entry(0), entry(1), entry(2)], valid)[0].bias[..., CELLS:].max() < -1e3
    valid[:, 1, :, 2] = 1.0
    assert view_queue([entry(0), entry(1), entry(2)], valid)[0].bias.abs().max() == 0.0


def test_flags_that_do_not_fit_are_an_error():
    with pytest.raises(InvalidInputError, match="2 slots"):
        view_queue([entry(0), entry(1)], flags(1.0))
    with pytest.raises(InvalidInputError, match="0 slots"):
        view_queue([])


def seen(memory: AOTMemory) -> tuple[list[float], list[float]]:
    view = memory.view()[0]
    return sorted(frames(view.long_term)), frames(view.short_term)


def test_a_memory_without_a_gap_keeps_the_reference_frame():
    memory = AOTMemory()
    memory.reference(entry(0))
    assert seen(memory) == ([0.0], [0.0])
    for number in range(1, 4):
        memory.update(entry(number))
        assert seen(memory) == ([0.0], [float(number)])


def test_a_memory_with_a_gap_grows():
    memory = AOTMemory(gap=2)
    memory.reference(entry(0))
    grown = []
    for number in range(1, 6):
        memory.update(entry(number))
        grown.append(seen(memory))
    assert grown == [
        ([0.0], [1.0]),
        ([0.0, 2.0], [2.0]),
        ([0.0, 2.0], [3.0]),
        ([0.0, 2.0, 4.0], [4.0]),
        ([0.0, 2.0, 4.0], [5.0]),
    ]


def test_a_later_reference_frame_starts_the_gap_again():
    memory = AOTMemory(gap=2)
    memory.reference(entry(0))
    memory.update(entry(1))
    memory.reference(entry(2))
    memory.update(entry(3))
    assert seen(memory) == ([0.0, 2.0], [3.0])
    memory.update(entry(4))
    assert seen(memory) == ([0.0, 2.0, 4.0], [4.0])


def test_an_empty_memory_says_what_it_needs():
    with pytest.raises(SessionStateError, match="reference frame first"):
        AOTMemory().view()
    with pytest.raises(InvalidInputError, match="give 1 or more"):
        AOTMemory(gap=0)


def test_entries_of_different_depths_are_seen_as_deep_as_all_of_them():
    assert len(view_queue([entry(0, layers=3), entry(1, layers=1)])) == 1
