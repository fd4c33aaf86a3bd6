"""STCN's own parts: its read against Algorithm 1, the value encoder, the memory's schedule, and tracking."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from mobilevos_models.folding import fold_batch_norms
from mobilevos_models.memory_read import MemoryEntry, memory_key, read_memory
from mobilevos_models.stcn import CONFIGS, STCN, STCNConfig
from mobilevos_models.stcn_memory import FrameSchedule, ScheduledMemory
from mobilevos_models.stcn_tracker import STCNTracker, padded_fit
from mobilevos_sdk.errors import InvalidInputError
from mobilevos_sdk.processing import fit_frame, new_frame_tensor

TINY = STCNConfig("stcn-tiny", top_k=None, key_channels=8, value_channels=16, decoder_channels=(16, 8, 8))
TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def model() -> STCN:
    """A narrow STCN whose weights let the signal through, which PyTorch's default ones do not."""
    torch.manual_seed(0)
    model = STCN(TINY).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight, nonlinearity="linear")
    return model


@pytest.fixture
def clip() -> tuple[torch.Tensor, torch.Tensor]:
    """Three frames of 32x48 and the masks of three objects on the first."""
    generator = torch.Generator().manual_seed(0)
    masks = torch.zeros(1, 3, 32, 48)
    for index in range(3):
        masks[:, index, 4 : 20 + 3 * index, 16 * index : 16 * index + 12] = 1.0
    return torch.rand(3, 3, 32, 48, generator=generator) * 255.0, masks


def similarity(memory: torch.Tensor, query: torch.Tensor) -> torch.Tensor:
    """Algorithm 1 of the supplement, one pair at a time: the negative squared distance less the query's own square."""
    result = torch.zeros(memory.shape[1], query.shape[1])
    for row in range(memory.shape[1]):
        for column in range(query.shape[1]):
            ab = (memory[:, row] * query[:, column]).sum()
            result[row, column] = 2 * ab - memory[:, row].square().sum()
    return result


@pytest.mark.parametrize("top_k", [None, 1, 5, 18, 1000])
@pytest.mark.parametrize("kind", ["l2", "dot"])
def test_the_read_is_algorithm_1(kind: str, top_k: int | None):
    generator = torch.Generator().manual_seed(1)
    channels, cells = 8, (2, 3)
    query = torch.randn(1, channels, *cells, generator=generator)
    keys = [torch.randn(1, channels, *cells, generator=generator) for _ in range(3)]
    values = [torch.randn(1, 2, 6, 4, generator=generator) for _ in range(3)]
    entries = [MemoryEntry(memory_key(key, kind), value) for key, value in zip(keys, values, strict=True)]

    memory = torch.cat([key[0].flatten(1) for key in keys], 1)
    logits = similarity(memory, query[0].flatten(1)) if kind == "l2" else memory.T @ query[0].flatten(1)
    logits = logits / math.sqrt(channels)
    expected = torch.zeros(1, 2, 6, 4)
    for column in range(6):
        best = logits[:, column].argsort(descending=True)[:top_k]
        weights = logits[best, column].softmax(0)
        for index in range(2):
            expected[0, index, column] = weights @ torch.cat([value[0, index] for value in values])[best]

    assert torch.allclose(read_memory(query, entries, top_k=top_k), expected, atol=TOLERANCE)


def test_the_parameters_are_those_of_the_paper():
    with torch.device("meta"):
        full = STCN(CONFIGS[0])
    millions = sum(parameter.numel() for parameter in full.parameters()) / 1e6
    assert millions == pytest.approx(CONFIGS[0].paper_parameters, rel=0.01)


def test_objects_are_interchangeable(model: STCN, clip):
    frames, masks = clip
    order = [2, 0, 1]
    with torch.inference_mode():
        straight, _ = model.segment_logits(frames[1:2], [model.start(frames[:1], masks)])
        shuffled, _ = model.segment_logits(frames[1:2], [model.start(frames[:1], masks[:, order])])
    assert torch.allclose(straight[:, order], shuffled, atol=TOLERANCE)
    assert not torch.allclose(straight, shuffled, atol=1e-3)


def test_a_value_sees_frame_mask_and_others(model: STCN, clip):
    frames, masks = clip
    with torch.inference_mode():
        state, _ = model.encode_frame(frames[:1])
        value = model.memorize(state, masks, frames[:1]).value
        other_frame = model.memorize(state, masks, frames[1:2]).value
        alone = model.memorize(state, masks[:, :1], frames[:1]).value
    assert not torch.allclose(value, other_frame, atol=1e-3)
    assert not torch.allclose(value[:, :1], alone, atol=1e-3)


def test_batches_are_independent(model: STCN, clip):
    frames, masks = clip
    both = torch.cat([masks, masks.flip(3)])
    with torch.inference_mode():
        together, _ = model.segment(frames[1:3], [model.start(frames[:2], both)])
        single, _ = model.segment(frames[2:3], [model.start(frames[1:2], both[1:])])
    assert torch.allclose(together[1:], single, atol=1e-4)


def test_folding_changes_nothing(model: STCN, clip):
    frames, masks = clip
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
    folded = fold_batch_norms(copy.deepcopy(model))
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in folded.modules())
    with torch.inference_mode():
        logits = [one.segment_logits(frames[1:2], [one.start(frames[:1], masks)])[0] for one in (model, folded)]
    assert torch.allclose(*logits, atol=1e-3 * float(logits[0].abs().max()))


def test_empty_slots_are_silent(model: STCN, clip):
    frames, masks = clip
    valid = torch.tensor([1.0, 0.0]).view(1, 1, 1, 2)
    with torch.inference_mode():
        entry = model.start(frames[:1], masks)
        noise = MemoryEntry(torch.randn_like(entry.key), torch.randn_like(entry.value))
        alone, _ = model.segment(frames[1:2], [entry])
        with_empty, _ = model.segment(frames[1:2], [entry, noise], valid)
    assert torch.allclose(alone, with_empty, atol=TOLERANCE)


class Operators(TorchDispatchMode):
    """Notes the names of operators and the highest rank of their results."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.rank = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        self.names.add(func.overloadpacket.__name__)
        self.rank = max(self.rank, *(leaf.ndim for leaf in tree_leaves(result) if torch.is_tensor(leaf)), 0)
        return result


def test_without_top_k_the_graphs_are_for_phones(model: STCN, clip):
    frames, masks = clip
    with torch.inference_mode(), Operators() as operators:
        memory = [model.start(frames[:1], masks[:, :1])]
        _, state = model.segment(frames[1:2], memory)
        model.memorize(state, masks[:, :1], frames[1:2])
    assert operators.rank <= 4
    assert not operators.names & {"topk", "scatter", "gather", "where", "im2col"}


@pytest.mark.parametrize(
    ("schedule", "taken", "remembered"),
    [
        (FrameSchedule(), [5, 10], {6: [0, 5], 11: [0, 10, 5]}),
        (FrameSchedule(include_last=True), list(range(1, 12)), {1: [0], 4: [0, 3], 6: [0, 5], 7: [0, 6, 5]}),
        (FrameSchedule(every=1, capacity=3), list(range(1, 12)), {2: [0, 1], 3: [0, 2, 1], 9: [0, 8, 7]}),
        (FrameSchedule(every=2, capacity=1), [2, 4, 6, 8, 10], {9: [0]}),
        (FrameSchedule(every=4, include_last=True, capacity=2), list(range(1, 12)), {9: [0, 8], 11: [0, 10, 8]}),
    ],
)
def test_schedules(schedule: FrameSchedule, taken: list[int], remembered: dict[int, list[int]]):
    """`remembered` is what frame t sees, for some t; entries are told apart by their only number."""
    entries = [MemoryEntry(torch.tensor(float(index)), torch.zeros(())) for index in range(12)]
    memory = ScheduledMemory(schedule, entries[0])
    seen = {}
    for index in range(1, 12):
        seen[index] = [int(entry.key) for entry in memory.entries]
        if schedule.takes(index):
            memory.add(index, entries[index])
    assert [index for index in range(1, 12) if schedule.takes(index)] == taken
    assert {index: seen[index] for index in remembered} == remembered


def test_wrong_settings_are_said():
    with pytest.raises(InvalidInputError, match="choose l2 or dot"):
        STCNConfig("x", similarity="cosine")  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="1 or more"):
        STCNConfig("x", top_k=0)
    with pytest.raises(InvalidInputError, match="1 or more"):
        FrameSchedule(every=0)
    with pytest.raises(InvalidInputError, match="no room for the first"):
        FrameSchedule(capacity=0)


def test_tracking_follows_the_schedule(model: STCN, tiny_video, monkeypatch):
    frames, mask = tiny_video.frames[:7], tiny_video.mask
    memorize, sizes = STCN.memorize, []

    def counted(self, state, masks, frame):
        sizes.append(tuple(frame.shape))
        return memorize(self, state, masks, frame)

    monkeypatch.setattr(STCN, "memorize", counted)
    results = list(STCNTracker(model, FrameSchedule(every=3)).track(frames, mask))
    assert [result.index for result in results] == list(range(7))
    assert sizes == [(1, 3, 96, 128)] * 3  # the first frame, frames 3 and 6; 90x120 is padded
    assert (results[0].mask == mask).all()
    assert all(result.mask.shape == mask.shape and result.object_ids == (7, 255) for result in results)
    assert results[6].probabilities.shape == (2, *mask.shape)
    assert results[6].latency.segment > 0


def test_tracking_is_segmenting_padded_frames(model: STCN, tiny_video):
    frames, mask = tiny_video.frames[:2], tiny_video.mask
    last = list(STCNTracker(model).track(frames, mask))[-1]
    fit = padded_fit((90, 120))
    assert (fit.model, fit.content, fit.offset) == ((96, 128), (90, 120), (3, 4))
    padded = []
    for frame in frames:
        tensor = new_frame_tensor(fit, (124, 116, 104))
        fit_frame(frame, fit, tensor)
        padded.append(torch.from_numpy(tensor).permute(0, 3, 1, 2))
    masks = torch.zeros(1, 2, 96, 128)
    masks[0, :, 3:93, 4:124] = torch.from_numpy(np.stack([mask == 7, mask == 255]).astype(np.float32))
    with torch.inference_mode():
        probabilities, _ = model.segment(padded[1], [model.start(padded[0], masks)])
    assert np.allclose(last.probabilities, probabilities[0, 1:, 3:93, 4:124].numpy(), atol=TOLERANCE)


def test_a_video_without_frames_is_said(model: STCN):
    with pytest.raises(InvalidInputError, match="there is no frame"):
        next(STCNTracker(model).track([], np.ones((16, 16), np.uint8)))
