"""AOT's layers against their definitions: attention entry by entry, both versions of the block, norm and position."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from mobilevos_models.aot.attention import HEADS, WINDOW, SelfAttention, ShortTermAttention, attend
from mobilevos_models.aot.block import LayerMemory, LayerView
from mobilevos_models.aot.config import CHANNELS
from mobilevos_models.aot.layers import GroupNorm, sine_position, to_map, to_sequence
from mobilevos_models.aot.lstt import LSTTBlock
from mobilevos_models.aot.lstt_v2 import LSTTBlockV2

SIZE = (4, 5)
CELLS = SIZE[0] * SIZE[1]
TOLERANCE = 1e-5


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def randomise(module: torch.nn.Module) -> None:
    """Weights that let the signal through, biases and scales that differ from their defaults."""
    with torch.no_grad():
        for parameter in module.parameters():
            fan_in = parameter[0].numel() if parameter.dim() > 1 else 100
            parameter.normal_(1.0 if parameter.dim() == 1 else 0.0, fan_in**-0.5)


def heads_of(x: Tensor, head: int, heads: int = HEADS) -> Tensor:
    """The channels of one head of (B, T, C)."""
    width = x.shape[-1] // heads
    return x[..., head * width : (head + 1) * width]


def literal_attention(query: Tensor, key: Tensor, value: Tensor, heads: int = HEADS) -> Tensor:
    """Att(Q, K, V) of Eq. 1, head by head, on (B, T, C)."""
    read = []
    for head in range(heads):
        q, k, v = (heads_of(x, head, heads) for x in (query, key, value))
        read.append(torch.softmax(torch.einsum("btd,bmd->btm", q, k) / math.sqrt(q.shape[-1]), 2) @ v)
    return torch.cat(read, 2)


def literal_window(
    module: ShortTermAttention, query: Tensor, key: Tensor, value: Tensor, size: tuple[int, int]
) -> Tensor:
    """Attention to the window around each cell with relative keys and values, cell by cell, before the projection."""
    height, width = size
    radius, heads = module.window // 2, module.heads
    result = torch.zeros_like(query)
    relative_keys = module.relative_emb_k.weight.reshape(heads, module.window**2, -1)
    relative_bias = module.relative_emb_k.bias.reshape(heads, module.window**2)
    for batch in range(len(query)):
        for head in range(heads):
            q, k, v = (heads_of(x[batch], head, heads) for x in (query, key, value))
            own = heads_of(result[batch], head, heads)
            for cell in range(height * width):
                logits, values = [], []
                for dy in range(-radius, radius + 1):
                    for dx in range(-radius, radius + 1):
                        y, x = cell // width + dy, cell % width + dx
                        if not (0 <= y < height and 0 <= x < width):
                            continue
                        other, offset = y * width + x, (dy + radius) * module.window + dx + radius
                        position = q[cell] @ relative_keys[head, offset] + relative_bias[head, offset]
                        logits.append(q[cell] @ k[other] / math.sqrt(len(q[cell])) + position)
                        values.append(v[other] + module.relative_emb_v[head, :, offset])
                own[cell] = torch.stack(logits).softmax(0) @ torch.stack(values)
    return result


def literal_feed_forward(block: LSTTBlock, x: Tensor, size: tuple[int, int]) -> Tensor:
    module = block.feed_forward
    hidden = F.linear(x, module.linear1.weight, module.linear1.bias).transpose(1, 2)
    norm = module.activation.gn
    hidden = F.gelu(F.group_norm(hidden, 32, norm.weight, norm.bias)).reshape(len(x), -1, *size)
    hidden = F.conv2d(hidden, module.activation.conv.weight, padding=2, groups=hidden.shape[1])
    return F.linear(hidden.flatten(2).transpose(1, 2), module.linear2.weight, module.linear2.bias)


def layer_norm(norm: torch.nn.Module, x: Tensor) -> Tensor:
    return F.layer_norm(x, x.shape[-1:], norm.weight, norm.bias)


@torch.no_grad()
def test_short_term_attention_is_its_definition():
    module = ShortTermAttention(channels=12, heads=2, window=5)
    randomise(module)
    query, key, value = torch.randn(3, 2, CELLS, 12)
    expected = module.projection(literal_window(module, query, key, value, SIZE))
    assert torch.allclose(module(query, key, value, SIZE), expected, atol=TOLERANCE)


@torch.no_grad()
@pytest.mark.parametrize("exporting", [False, True])
def test_attention_is_eq_1_in_both_of_its_forms(exporting: bool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.compiler, "is_exporting", lambda: exporting)
    module = SelfAttention(24, heads=3)
    randomise(module)
    x, position = torch.randn(2, CELLS, 24), torch.randn(1, CELLS, 24)
    q, k, v = module.linear_Q(x + position), module.linear_K(x + position), module.linear_V(x)
    expected = module.projection(literal_attention(q, k, v, heads=3))
    assert torch.allclose(module(x, position), expected, atol=TOLERANCE)


@torch.no_grad()
@pytest.mark.parametrize("exporting", [False, True])
def test_a_bias_silences_cells(exporting: bool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.compiler, "is_exporting", lambda: exporting)
    query, key, value = torch.randn(2, 3, 6, 4), torch.randn(2, 3, 9, 4), torch.randn(2, 3, 9, 5)
    bias = torch.zeros(2, 1, 1, 9)
    bias[1, ..., 4:] = -1e4
    read = attend(query, key, value, bias)
    assert torch.allclose(read[0], attend(query, key, value)[0], atol=TOLERANCE)
    assert torch.allclose(read[1], attend(query, key[:, :, :4], value[:, :, :4])[1], atol=TOLERANCE)


@torch.no_grad()
def test_the_block_is_its_definition():
    block = LSTTBlock()
    randomise(block)
    x, position = torch.randn(1, CELLS, CHANNELS), sine_position(SIZE, CHANNELS, torch.zeros(()))
    long_term = LayerMemory(*torch.randn(2, 1, 1, 2 * CELLS, CHANNELS))
    short_term = LayerMemory(*torch.randn(2, 1, 1, CELLS, CHANNELS))
    assert block.short_term_attn.window == WINDOW == 15

    normed = layer_norm(block.norm1, x)
    attention = block.self_attn
    placed = normed + position
    q, k, v = attention.linear_Q(placed), attention.linear_K(placed), attention.linear_V(normed)
    expected = x + attention.projection(literal_attention(q, k, v))
    normed = layer_norm(block.norm2, expected)
    query = F.linear(normed, block.linear_Q.weight, block.linear_Q.bias)
    own = LayerMemory(query[:, None], normed[:, None])
    far = literal_attention(query, long_term.key[:, 0], long_term.value[:, 0])
    near = literal_window(block.short_term_attn, query, short_term.key[:, 0], short_term.value[:, 0], SIZE)
    expected = expected + block.long_term_attn.projection(far) + block.short_term_attn.projection(near)
    expected = expected + literal_feed_forward(block, layer_norm(block.norm3, expected), SIZE)

    middle, state = block.project(x, position)
    assert torch.allclose(state.key, own.key, atol=TOLERANCE)
    assert torch.allclose(state.value, own.value, atol=TOLERANCE)
    result = block.propagate(middle, state, LayerView(long_term, short_term), SIZE)
    assert torch.allclose(result, expected, atol=1e-4)


@torch.no_grad()
def test_identities_are_added_to_the_value_before_its_projection():
    """Eq. 3: Att(Q, K, V + E), where V and E share W_V."""
    block = LSTTBlock()
    x, identity = torch.randn(2, 1, CELLS, CHANNELS).unbind(0)
    state = block.project_state(x)
    memory = block.fuse(state, identity)
    assert torch.equal(memory.key, state.key)
    assert torch.allclose(memory.value[:, 0], block.linear_V(x + identity), atol=TOLERANCE)


@torch.no_grad()
def test_block_v2_gates_keys_and_shifts_values_with_the_identity():
    """Section 4.3: K * (1 + tanh(E W_G)), one gate for each cell and head, and V + E W_ID."""
    block = LSTTBlockV2()
    randomise(block)
    x, identity = torch.randn(2, 2, CELLS, CHANNELS).unbind(0)
    state = block.project_state(x)
    memory = block.fuse(state, identity)
    projected = F.linear(x, block.linear_QV.weight, block.linear_QV.bias)
    weight, bias = block.linear_ID_KV.weight, block.linear_ID_KV.bias
    for head in range(HEADS):
        gate = 1.0 + torch.tanh(identity @ weight[head] + bias[head])
        expected = heads_of(projected[..., :CHANNELS], head) * gate[..., None]
        assert torch.allclose(heads_of(memory.key[:, 0], head), expected, atol=TOLERANCE)
    shift = identity @ weight[HEADS:].T + bias[HEADS:]
    assert torch.allclose(memory.value[:, 0], projected[..., CHANNELS:] + shift, atol=TOLERANCE)
    assert torch.allclose(state.key[:, 0], projected[..., :CHANNELS], atol=TOLERANCE)  # queries are not gated


@torch.no_grad()
def test_block_v2_with_closed_gates_matches_nothing():
    """1 + tanh reaches from 0 to 2: at 0 the keys are zero and the memory is read evenly."""
    block = LSTTBlockV2()
    torch.nn.init.zeros_(block.linear_ID_KV.weight)
    block.linear_ID_KV.bias[:HEADS] = -50.0
    memory = block.fuse(block.project_state(torch.randn(1, CELLS, CHANNELS)), torch.randn(1, CELLS, CHANNELS))
    assert memory.key.abs().max() == 0.0


@pytest.mark.parametrize("exporting", [False, True])
def test_group_norm_is_pytorchs_in_both_of_its_forms(exporting: bool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.compiler, "is_exporting", lambda: exporting)
    x = torch.randn(2, 12, 5, 7) * 3.0 + torch.randn(1, 12, 1, 1) * 10.0
    norm = GroupNorm(3, 12)
    randomise(norm)
    assert torch.allclose(norm(x), F.group_norm(x, 3, norm.weight, norm.bias), atol=TOLERANCE)


@pytest.mark.parametrize("size", [(4, 5), (1, 3), (1, 1)])
def test_positions_are_sines_of_scaled_coordinates(size: tuple[int, int]):
    channels = 8
    position = sine_position(size, channels, torch.zeros((), dtype=torch.float64))[0]
    for y in range(size[0]):
        for x in range(size[1]):
            expected = []
            for coordinate, length in ((y, size[0]), (x, size[1])):
                angle = 2.0 * math.pi * coordinate / (length - 1 + 1e-6)
                for pair in range(channels // 4):
                    frequency = 10000.0 ** (2 * pair / (channels // 2))
                    expected += [math.sin(angle / frequency), math.cos(angle / frequency)]
            found = position[y * size[1] + x].tolist()
            assert found == pytest.approx(expected, abs=1e-6)


def test_maps_and_sequences_are_inverse():
    x = torch.randn(2, CELLS, 3)
    assert torch.equal(to_sequence(to_map(x, SIZE)), x)
    assert torch.equal(to_map(x, SIZE)[1, :, 2, 3], x[1, 2 * SIZE[1] + 3])
