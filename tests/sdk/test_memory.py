"""The memory bank: which frame lies in which slot of which object."""

from __future__ import annotations

import numpy as np
import pytest

from mobilevos_sdk.memory import MemoryBank
from mobilevos_sdk.spec import ArtifactSpec, GraphSpec, TensorSpec


def spec(queue: int, most: int = 4) -> ArtifactSpec:
    """Entries of a key that objects share, (1, 1, 2, 3), and a value of each, (1, N, 5)."""
    graphs = []
    for objects in range(1, most + 1):
        memory = [
            TensorSpec(f"memory_{entry}_{slot}", "memory", shape, entry, slot, 1)
            for slot in range(queue)
            for entry, shape in (("key", (1, objects, 2, 3)), ("value", (1, objects, 5)))
        ]
        valid = TensorSpec("memory_valid", "valid", (1, objects, 1, queue))
        graphs.append(GraphSpec(f"segment_{objects}", "segment", objects, (*memory, valid), ()))
    return ArtifactSpec("test", queue, most, 64, 96, "fp32", (0, 0, 0), tuple(graphs))


def entry(time: int, objects: int) -> dict[str, np.ndarray]:
    """A frame's entry whose key is its time, and whose value is its time plus a tenth of the object's position."""
    value = np.broadcast_to(time + np.arange(objects)[None, :, None] / 10, (1, objects, 5))
    return {"key": np.full((1, 1, 2, 3), time, np.float32), "value": value.astype(np.float32)}


def times(bank: MemoryBank) -> list[list[int | None]]:
    """For each object the time in each slot, none where it is empty."""
    inputs = bank.inputs()
    valid = inputs["memory_valid"]
    slots = range(valid.shape[3])
    for slot in slots:
        assert inputs[f"memory_key_{slot}"].flags.c_contiguous and inputs[f"memory_value_{slot}"].flags.c_contiguous
    return [
        [int(inputs[f"memory_key_{s}"][0, n, 0, 0]) if valid[0, n, 0, s] else None for s in slots]
        for n in range(valid.shape[1])
    ]


@pytest.mark.parametrize(
    ("queue", "expected"), [(1, [0]), (2, [0, 6]), (4, [0, 6, 5, 4]), (10, [0, 6, 5, 4, 3, 2, 1, None, None, None])]
)
def test_the_reference_stays_and_the_newest_comes_first(queue, expected):
    bank = MemoryBank(spec(queue))
    bank.reset(entry(0, 2), 2)
    for time in range(1, 7):
        bank.push(entry(time, 2))
    assert times(bank) == [expected, expected]


def test_shapes_are_the_specs():
    bank = MemoryBank(spec(3))
    bank.reset(entry(0, 2), 2)
    inputs = bank.inputs()
    for tensor in spec(3).graph("segment", 2).inputs:
        assert inputs[tensor.name].shape == tensor.shape and inputs[tensor.name].dtype == np.float32
    np.testing.assert_allclose(inputs["memory_value_0"][0, :, 0], [0.0, 0.1])


def test_slots_move_without_a_copy():
    bank = MemoryBank(spec(3))
    bank.reset(entry(0, 2), 2)
    bank.push(entry(1, 2))
    newest = bank.inputs()["memory_value_1"]
    bank.push(entry(2, 2))
    assert bank.inputs()["memory_value_2"] is newest


@pytest.mark.parametrize(
    ("queue", "expected"),
    [(2, [[0, 3], [0, 1]]), (3, [[0, 3, 2], [0, 1, None]]), (4, [[0, 3, 2, 1], [0, 1, None, None]])],
)
def test_a_hidden_object_keeps_what_it_remembers(queue, expected):
    bank = MemoryBank(spec(queue))
    bank.reset(entry(0, 2), 2)
    bank.push(entry(1, 2))
    for time in (2, 3):
        bank.push(entry(time, 2), [1])
    assert times(bank) == expected
    np.testing.assert_allclose(bank.inputs()["memory_value_1"][0, :, 0], [3.0, 1.1])
    bank.push(entry(4, 2))
    assert [row[1] for row in times(bank)] == [4, 4]


def test_an_object_that_is_hidden_from_the_beginning_has_its_reference_alone():
    bank = MemoryBank(spec(2))
    bank.reset(entry(0, 2), 2)
    bank.push(entry(1, 2), [0])
    assert times(bank) == [[0, None], [0, 1]]


def test_a_frame_that_is_seen_from_elsewhere_is_none_that_a_hidden_object_remembers():
    bank = MemoryBank(spec(2))
    bank.reset(entry(0, 2), 2)
    bank.push(entry(1, 2))
    bank.push(entry(2, 2), [1])
    bank.renew(entry(9, 3), 3, [1])
    assert times(bank) == [[0, 9], [0, 1]]


def test_objects_that_join_have_a_past_of_their_own():
    bank = MemoryBank(spec(3))
    bank.reset(entry(0, 1), 1)
    bank.push(entry(1, 1))
    bank.add(entry(1, 3), [1, 2])
    assert times(bank) == [[0, 1, None], [1, None, None], [1, None, None]]
    np.testing.assert_allclose(bank.inputs()["memory_value_0"][0, :, 0], [0.0, 1.1, 1.2])
    bank.push(entry(2, 3))
    bank.push(entry(3, 3))
    assert times(bank) == [[0, 3, 2], [1, 3, 2], [1, 3, 2]]


def test_objects_that_leave_take_their_memory_along():
    bank = MemoryBank(spec(2))
    bank.reset(entry(0, 3), 3)
    bank.push(entry(1, 3))
    bank.keep([0, 2])
    assert times(bank) == [[0, 1], [0, 1]]
    np.testing.assert_allclose(bank.inputs()["memory_value_1"][0, :, 0], [1.0, 1.2])
    bank.keep([])
    assert bank.objects == 0


def test_a_correction_renews_the_reference_of_some():
    bank = MemoryBank(spec(4))
    bank.reset(entry(0, 2), 2)
    for time in range(1, 4):
        bank.push(entry(time, 2))
    given = bank.inputs()
    before = {name: array.copy() for name, array in given.items()}
    bank.correct(entry(3, 2), [1])
    assert times(bank) == [[0, 3, 2, 1], [3, 3, None, None]]
    for name, array in given.items():
        np.testing.assert_array_equal(array, before[name], err_msg="arrays that were given out must not change")


def shared_spec(queue: int) -> ArtifactSpec:
    """One graph of up to 4 objects, whose entries belong to the frame."""
    memory = [TensorSpec(f"memory_key_{slot}", "memory", (1, 1, 2, 3), "key", slot) for slot in range(queue)]
    valid = TensorSpec("memory_valid", "valid", (1, 4, 1, queue))
    graph = GraphSpec("segment_4", "segment", 4, (*memory, valid), ())
    return ArtifactSpec("test", queue, 4, 64, 96, "fp32", (0, 0, 0), (graph,))


def shared_entry(time: int) -> dict[str, np.ndarray]:
    return {"key": np.full((1, 1, 2, 3), time, np.float32)}


def shared_times(bank: MemoryBank) -> list[int | None]:
    """The time in each slot, none where it is empty."""
    inputs = bank.inputs()
    filled = inputs["memory_valid"].any(1)[0, 0]
    return [int(inputs[f"memory_key_{s}"][0, 0, 0, 0]) if filled[s] else None for s in range(len(filled))]


def test_a_shared_memory_is_one_queue_for_all():
    bank = MemoryBank(shared_spec(3))
    bank.reset(shared_entry(0), 2)
    assert shared_times(bank) == [0, None, None]
    for time in range(1, 4):
        bank.push(shared_entry(time))
    assert shared_times(bank) == [0, 3, 2]
    np.testing.assert_array_equal(bank.inputs()["memory_valid"][0, :, 0, 0], [1, 1, 0, 0])


def test_an_object_that_leaves_a_shared_memory_keeps_its_channel():
    bank = MemoryBank(shared_spec(2))
    bank.reset(shared_entry(0), 3)
    bank.push(shared_entry(1))
    bank.keep([0, 2])
    assert bank.objects == 2 and bank.channels == (0, 2)
    np.testing.assert_array_equal(bank.inputs()["memory_valid"][0, :, 0, 0], [1, 1, 1, 0])
    bank.keep([1])
    assert bank.channels == (2,)
    bank.push(shared_entry(2))
    assert shared_times(bank) == [0, 2]


@pytest.mark.parametrize("change", ["add", "correct"])
def test_a_shared_memory_begins_anew_with_a_new_reference(change):
    bank = MemoryBank(shared_spec(3))
    bank.reset(shared_entry(0), 3)
    bank.push(shared_entry(1))
    bank.keep([0, 2])
    if change == "add":
        bank.add(shared_entry(2), [2])
    else:
        bank.correct(shared_entry(2), [0])
    assert shared_times(bank) == [2, None, None]
    assert bank.channels == ((0, 1, 2) if change == "add" else (0, 1))
