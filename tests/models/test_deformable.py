"""Deformable attention: Eq. 3 to 7 of the paper entry by entry, and the two forms of its sampling."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("torch", reason="needs PyTorch: pip install 'mobilevos[train]'")

import torch
from torch import Tensor, nn

from mobilevos_models.aot.block import LayerMemory
from mobilevos_models.aot.config import Deformation
from mobilevos_models.aot.deformable import (
    DeformableSampling,
    OffsetNetwork,
    read_by_grid,
    read_by_hats,
    reference_points,
    set_sampling,
)
from mobilevos_models.aot.deformable_gated import DeformablePropagation, DeformableSelfPropagation
from mobilevos_sdk.errors import InvalidInputError

TOLERANCE = 1e-4
SIZE = (5, 6)  # 5 is not a multiple of the factor
FACTOR, GROUPS, CHANNELS, KEY, INNER = 2, 2, 8, 4, 6
GRID = (3, 3)
CELLS, POINTS = SIZE[0] * SIZE[1], GRID[0] * GRID[1]
FORMS = ("hats", "grid")


def randomise(module: nn.Module, seed: int = 0) -> None:
    """Weights that give offsets of all sizes, unlike those of a fresh network."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.5)


def rand(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def sample_by_definition(features: Tensor, offsets: Tensor, size: tuple[int, int]) -> Tensor:
    """Eq. 3 and 4 in plain loops: features (h*w, C), offsets (2, H_g, W_g) to (H_g*W_g, C)."""
    height, width = size
    _, rows, columns = offsets.shape
    sampled = torch.zeros(rows * columns, features.shape[1])
    for i in range(rows):
        for j in range(columns):
            y = (i + 0.5) * height / rows - 0.5 + offsets[0, i, j].item()
            x = (j + 0.5) * width / columns - 0.5 + offsets[1, i, j].item()
            for row in range(height):
                for column in range(width):
                    weight = max(0.0, 1.0 - abs(y - row)) * max(0.0, 1.0 - abs(x - column))
                    sampled[i * columns + j] += weight * features[row * width + column]
    return sampled


def fresh_propagation(locality: bool = False) -> DeformablePropagation:
    torch.manual_seed(0)
    return DeformablePropagation(KEY, INNER, CHANNELS, FACTOR, Deformation(groups=GROUPS, locality=locality), width=4.0)


def propagation(locality: bool = False) -> DeformablePropagation:
    module = fresh_propagation(locality)
    randomise(module.sampling)
    return module


class Weights(nn.Module):
    """W_k and W_v of Eq. 5; the values of the two branches have their own."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.key = nn.Linear(CHANNELS, KEY)
        self.visual = nn.Linear(CHANNELS, INNER // 2)
        self.identification = nn.Linear(CHANNELS, INNER // 2)

    def forward(self, x: LayerMemory) -> LayerMemory:
        return LayerMemory(self.key(x.key), torch.cat([self.visual(x.key), self.identification(x.value)], 3))


def attention_by_definition(
    query: Tensor, memory: LayerMemory, offsets: list[Tensor], weights: Weights, locality_width: float | None = None
) -> Tensor:
    """Eq. 3 to 6 for tensors without batch and head: the readout (h*w, INNER)."""
    part = CHANNELS // GROUPS

    def sampled(features: Tensor) -> Tensor:
        groups = [sample_by_definition(features[:, i * part : (i + 1) * part], offsets[i], SIZE) for i in range(GROUPS)]
        return torch.cat(groups, 1)

    tokens = weights(LayerMemory(sampled(memory.key)[None, None], sampled(memory.value)[None, None]))
    key, value = tokens.key[0, 0], tokens.value[0, 0]
    read = torch.zeros(CELLS, INNER)
    for p in range(CELLS):
        logits = []
        for r in range(POINTS):
            logit = sum(query[p, c] * key[r, c] for c in range(KEY)) / math.sqrt(KEY)
            if locality_width is not None:
                distance = 0.0
                for offset in offsets:
                    y = reference_points(SIZE[0], GRID[0])[r // GRID[1]] + offset[0].flatten()[r]
                    x = reference_points(SIZE[1], GRID[1])[r % GRID[1]] + offset[1].flatten()[r]
                    distance = distance + ((p // SIZE[1] - y) ** 2 + (p % SIZE[1] - x) ** 2) / GROUPS
                logit = logit - distance / (2 * locality_width**2)
            logits.append(logit)
        for r, weight in enumerate(torch.stack(logits).softmax(0)):
            read[p] += weight * value[r]
    return read


@pytest.mark.parametrize("form", [read_by_hats, read_by_grid])
@pytest.mark.parametrize("spread", [0.0, 0.4, 2.0, 40.0])
def test_sampling_is_equations_3_and_4(form, spread: float):
    features, offsets = rand(2, 1, CELLS, 3), rand(2, 2, *GRID, seed=2) * spread
    sampled = form(offsets, SIZE)(features)
    for batch in range(2):
        expected = sample_by_definition(features[batch, 0], offsets[batch], SIZE)
        torch.testing.assert_close(sampled[batch, 0], expected, atol=TOLERANCE, rtol=0)


def test_forms_agree_for_offsets_of_any_size():
    size, grid = (30, 54), (8, 14)
    features = rand(1, 1, size[0] * size[1], 16)
    for seed, spread in enumerate((0.0, 0.5, 3.0, 30.0, 1e3, 1e6)):
        offsets = rand(1, 2, *grid, seed=seed) * spread
        difference = read_by_hats(offsets, size)(features) - read_by_grid(offsets, size)(features)
        assert difference.abs().max() < TOLERANCE, spread


@pytest.mark.parametrize("form", [read_by_hats, read_by_grid])
def test_outside_the_picture_is_zero(form):
    features = rand(1, 1, CELLS, 3)
    assert form(torch.full((1, 2, *GRID), 7.0), SIZE)(features).abs().max() == 0
    half_out = form(torch.tensor([0.0, -3.0]).reshape(1, 2, 1, 1), (1, 6))(torch.ones(1, 1, 6, 1))
    assert half_out.item() == pytest.approx(0.5, abs=1e-6)


def test_reference_points_spread_evenly_over_the_picture():
    assert reference_points(6, 3).tolist() == [0.5, 2.5, 4.5]
    assert reference_points(1, 1).tolist() == [0.0]
    uneven = reference_points(31, 16)
    assert uneven[0] + uneven[-1] == pytest.approx(30)


@pytest.mark.parametrize("form", FORMS)
def test_attention_is_equations_3_to_7(form: str):
    module, weights = propagation(), Weights()
    set_sampling(module, form)
    query, gate = rand(1, 1, CELLS, KEY), rand(1, CELLS, INNER, seed=3)
    memory = LayerMemory(rand(1, 1, CELLS, CHANNELS, seed=4), rand(1, 1, CELLS, CHANNELS, seed=5))
    with torch.no_grad():
        picture = query[0, 0].T.reshape(1, KEY, *SIZE)
        network = module.sampling.offset_network
        offsets = [network(picture[:, i * 2 : i * 2 + 2])[0] for i in range(GROUPS)]
        assert max(offset.abs().max() for offset in offsets) > 0.5
        read = attention_by_definition(query[0, 0], LayerMemory(memory.key[0, 0], memory.value[0, 0]), offsets, weights)
        gated = (read * gate[0]).T.reshape(1, INNER, *SIZE)  # Eq. 7
        expected = module.projection(module.depthwise(gated).flatten(2).transpose(1, 2))
        torch.testing.assert_close(module(query, memory, weights, gate, SIZE), expected, atol=TOLERANCE, rtol=0)


def test_locality_is_a_gaussian_of_the_distance_to_the_sampled_points():
    module, weights = propagation(locality=True), Weights()
    assert module.locality is not None
    module.locality.log_width.data.fill_(math.log(1.5))
    query, gate = rand(1, 1, CELLS, KEY), torch.ones(1, CELLS, INNER)
    memory = LayerMemory(rand(1, 1, CELLS, CHANNELS, seed=4), rand(1, 1, CELLS, CHANNELS, seed=5))
    with torch.no_grad():
        offsets = [offset[0] for offset in module.sampling.offsets(query, SIZE)]
        plain = LayerMemory(memory.key[0, 0], memory.value[0, 0])
        read = attention_by_definition(query[0, 0], plain, offsets, weights, 1.5)
        expected = module.finish(read[None, None], gate, SIZE)
        torch.testing.assert_close(module(query, memory, weights, gate, SIZE), expected, atol=TOLERANCE, rtol=0)


def test_each_frame_of_a_memory_has_the_locality_prior():
    module, weights = propagation(locality=True), Weights()
    query, gate = rand(1, 1, CELLS, KEY), torch.ones(1, CELLS, INNER)
    frame = LayerMemory(rand(1, 1, CELLS, CHANNELS, seed=4), rand(1, 1, CELLS, CHANNELS, seed=5))
    twice = LayerMemory(*(torch.cat([features, features], 2) for features in frame))
    with torch.no_grad():
        torch.testing.assert_close(module(query, twice, weights, gate, SIZE), module(query, frame, weights, gate, SIZE))


def test_an_older_frame_of_a_memory_counts_a_seventh_of_the_first():
    module, weights = propagation(locality=True), Weights()
    query, gate = rand(1, 1, CELLS, KEY), torch.ones(1, CELLS, INNER)
    key = rand(1, 1, CELLS, CHANNELS, seed=4)
    first, older = (LayerMemory(key, rand(1, 1, CELLS, CHANNELS, seed=seed)) for seed in (5, 6))
    both = LayerMemory(*(torch.cat(parts, 2) for parts in zip(first, older, strict=True)))
    with torch.no_grad():
        read = [module(query, memory, weights, gate, SIZE) for memory in (first, older, both)]
    share = math.exp(-2.0) / (1.0 + math.exp(-2.0))  # alike as the frames are but for their masks
    torch.testing.assert_close(read[2], (1.0 - share) * read[0] + share * read[1], atol=TOLERANCE, rtol=0)


def test_a_fresh_network_attends_to_the_plain_coarse_grid():
    module = fresh_propagation()
    query, size = rand(1, 1, 24, KEY), (4, 6)
    assert all(offset.abs().max() == 0 for offset in module.sampling.offsets(query, size))
    features = rand(1, 1, 24, CHANNELS)
    # Between 2 x 2 cells, bilinear sampling is their mean.
    pooled = nn.functional.avg_pool2d(features[0, 0].T.reshape(1, CHANNELS, *size), 2)
    (sampled,) = module.sampling([features], module.sampling.offsets(query, size), size)
    torch.testing.assert_close(sampled[0, 0], pooled.flatten(2)[0].T)


def test_offsets_keep_within_their_range_and_follow_their_group():
    torch.manual_seed(0)
    sampling = DeformableSampling(KEY, factor=4, groups=2, offset_range=0.75)
    randomise(sampling)
    query = rand(1, 1, CELLS, KEY) * 100
    first, second = sampling.offsets(query, SIZE)
    assert first.shape == (1, 2, 2, 2)
    assert 2.5 < torch.cat([first, second]).abs().max() <= 3.0
    changed = query.clone()
    changed[..., KEY // 2 :] += 1
    third, fourth = sampling.offsets(changed, SIZE)
    assert torch.equal(first, third)
    assert not torch.equal(second, fourth)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("fresh", [True, False])
def test_gradients_reach_the_offset_network(form: str, fresh: bool):
    module = fresh_propagation() if fresh else propagation()
    set_sampling(module, form)
    memory = LayerMemory(rand(1, 1, CELLS, CHANNELS, seed=4), rand(1, 1, CELLS, CHANNELS, seed=5))
    out = module(rand(1, 1, CELLS, KEY), memory, Weights(), torch.ones(1, CELLS, INNER), SIZE)
    out.square().sum().backward()
    network = module.sampling.offset_network
    assert network.decide.weight.grad is not None and network.decide.weight.grad.abs().max() > 0
    if not fresh:
        assert network.observe.weight.grad is not None and network.observe.weight.grad.abs().max() > 0


def test_both_forms_have_the_same_gradient():
    gradients = []
    for form in FORMS:
        module = propagation()
        set_sampling(module, form)
        memory = LayerMemory(rand(1, 1, CELLS, CHANNELS, seed=4), rand(1, 1, CELLS, CHANNELS, seed=5))
        module(rand(1, 1, CELLS, KEY), memory, Weights(), torch.ones(1, CELLS, INNER), SIZE).square().sum().backward()
        gradients.append(module.sampling.offset_network.observe.weight.grad)
    torch.testing.assert_close(gradients[0], gradients[1], atol=TOLERANCE, rtol=1e-3)


def test_frames_of_a_memory_are_sampled_at_the_same_points_and_silenced_one_by_one():
    module, weights = propagation(), Weights()
    query, gate = rand(1, 1, CELLS, KEY), torch.ones(1, CELLS, INNER)
    frames = [LayerMemory(*(rand(1, 1, CELLS, CHANNELS, seed=10 * s + i) for i in range(2))) for s in range(2)]
    joined = LayerMemory(*(torch.cat(pair, 2) for pair in zip(*frames, strict=True)))
    bias = torch.zeros(1, 1, 1, 2 * CELLS)
    bias[..., CELLS:] = -1e4
    with torch.no_grad():
        alone = module(query, frames[0], weights, gate, SIZE)
        both = module(query, joined, weights, gate, SIZE)
        torch.testing.assert_close(module(query, joined, weights, gate, SIZE, bias), alone)
        assert (both - alone).abs().max() > 1e-3
        tokens = module.sampling(joined, module.sampling.offsets(query, SIZE), SIZE)
    assert [tuple(token.shape) for token in tokens] == [(1, 1, 2 * POINTS, CHANNELS)] * 2


def test_self_propagation_samples_the_frame_itself():
    torch.manual_seed(0)
    module = DeformableSelfPropagation(4, KEY, INNER, Deformation(groups=GROUPS))
    randomise(module.sampling)
    x = rand(1, CELLS, 8)
    with torch.no_grad():
        query = module.linear_QK(x)[0]
        offsets = [offset[0] for offset in module.sampling.offsets(query[None, None], SIZE)]
        # Both branches are divided into groups: channels 0, 1 and 4, 5 belong to the first.
        parts = [sample_by_definition(x[0, :, 2 * i : 2 * i + 2], offsets[i % 2], SIZE) for i in range(4)]
        sampled = torch.cat(parts, 1)
        key, value = module.linear_QK(sampled), module.value(sampled[None])[0, 0]
        read = (query @ key.T / math.sqrt(KEY)).softmax(1) @ value
        expected = module.finish(read[None, None], module.gate(x), SIZE)
        torch.testing.assert_close(module(x, SIZE), expected, atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize("groups", [1, 2])
def test_maps_smaller_than_the_factor(groups: int):
    sampling = DeformableSampling(KEY, factor=4, groups=groups, offset_range=1.0)
    query = rand(1, 1, 2, KEY)
    (sampled,) = sampling([rand(1, 1, 2, 6)], sampling.offsets(query, (1, 2)), (1, 2))
    torch.testing.assert_close(sampled, rand(1, 1, 2, 6).mean(2, keepdim=True))


def test_groups_must_divide_the_channels():
    with pytest.raises(InvalidInputError, match="choose a divisor"):
        DeformableSampling(KEY, factor=4, groups=3, offset_range=1.0)


def test_an_unknown_form_is_an_error():
    with pytest.raises(InvalidInputError, match="choose one of hats, grid"):
        set_sampling(OffsetNetwork(2, 2, 1.0), "gather")
