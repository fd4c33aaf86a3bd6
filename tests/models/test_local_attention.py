"""Local attention against its definition, cell by cell and offset by offset."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from mobilevos_models.local_attention import local_attention


def literal(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    position_keys: Tensor,
    size: tuple[int, int],
    window: int,
    position_values: Tensor | None,
) -> Tensor:
    """`sum_o a_o (v[p + o] + r_o)` with plain loops, for one head: (h*w, D) and so on."""
    height, width = size
    radius = window // 2
    result = torch.zeros(height * width, value.shape[1])
    for y in range(height):
        for x in range(width):
            cell, logits, values = y * width + x, [], []
            for dy in range(-radius, radius + 1):
                for dx in range(-radius, radius + 1):
                    if not (0 <= y + dy < height and 0 <= x + dx < width):
                        continue
                    other, offset = (y + dy) * width + x + dx, (dy + radius) * window + dx + radius
                    position = query[cell] @ position_keys[offset, :-1] + position_keys[offset, -1]
                    logits.append((query[cell] @ key[other] + position).item())
                    values.append(value[other] + (0.0 if position_values is None else position_values[offset]))
            weights = [math.exp(logit - max(logits)) for logit in logits]
            result[cell] = sum(w / sum(weights) * v for w, v in zip(weights, values, strict=True))
    return result


def inputs(size: tuple[int, int], window: int, batch: int = 2, heads: int = 2) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    cells, depth, offsets = size[0] * size[1], 4, window**2
    drawn = [torch.randn(batch, heads, cells, width, generator=generator) for width in (depth, depth, 3)]
    return [*drawn, *(torch.randn(heads, offsets, width, generator=generator) for width in (depth + 1, 3))]


@pytest.mark.parametrize("with_values", [True, False])
@pytest.mark.parametrize(
    ("size", "window"), [((6, 8), 15), ((7, 9), 3), ((1, 1), 3), ((11, 4), 5), ((1, 30), 7), ((9, 40), 3)]
)
def test_it_is_its_definition(size: tuple[int, int], window: int, with_values: bool) -> None:
    *tensors, position_keys, position_values = inputs(size, window)
    got = local_attention(*tensors, position_keys, size, window, position_values if with_values else None)
    for clip in range(2):
        for head in range(2):
            own = position_values[head] if with_values else None
            expected = literal(*(x[clip, head] for x in tensors), position_keys[head], size, window, own)
            torch.testing.assert_close(got[clip, head], expected, rtol=1e-5, atol=1e-5)


def test_what_is_outside_the_window_is_not_read() -> None:
    size, window = (9, 40), 3
    query, key, value, position_keys, position_values = inputs(size, window, 1)
    before = local_attention(query, key, value, position_keys, size, window, position_values)
    value[:, :, 5 * 40 + 20] += 100.0
    after = local_attention(query, key, value, position_keys, size, window, position_values)
    changed = ((after - before).abs().amax((0, 1, 3)) > 1e-4).reshape(size).nonzero().tolist()
    assert changed == [[y, x] for y in (4, 5, 6) for x in (19, 20, 21)]


def test_gradients_are_those_of_a_difference() -> None:
    size, window = (3, 5), 3
    tensors = [x.double().requires_grad_() for x in inputs(size, window, 1, 1)]
    assert torch.autograd.gradcheck(lambda *x: local_attention(*x[:4], size, window, x[4]), tensors)


def test_no_tensor_has_more_than_four_axes_and_no_operator_is_foreign_to_phones() -> None:
    class Module(torch.nn.Module):
        def forward(self, *x: Tensor) -> Tensor:
            return local_attention(*x[:4], (9, 20), 5, x[4])

    program = torch.export.export(Module(), tuple(inputs((9, 20), 5, 1))).run_decompositions()
    ranks, operators = set(), set()
    for node in program.graph.nodes:
        value = node.meta.get("val")
        if isinstance(value, Tensor):
            ranks.add(value.dim())
        if node.op == "call_function":
            operators.add(node.target.name().split("::")[1].split(".")[0])
    assert max(ranks) <= 4
    assert not operators & {"gather", "index", "scatter", "im2col", "where", "select_scatter", "as_strided"}
