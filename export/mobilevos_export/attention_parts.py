"""The attentions of the AOT family as graphs of their own, for `attention_cost`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from mobilevos_export.attention_cost import CEILING
from mobilevos_export.conversion import quietly
from mobilevos_export.onnx_export import export_module
from mobilevos_models.aot.attention import HEADS, WINDOW, LongTermAttention, ShortTermAttention
from mobilevos_models.aot.block import LayerMemory
from mobilevos_models.aot.config import CHANNELS, Deformation
from mobilevos_models.aot.deformable_block import DeformableBlock
from mobilevos_models.aot.gated_block import INNER, KEY_CHANNELS, GatedBlock
from mobilevos_models.flops import flop_counter
from mobilevos_models.local_attention import local_attention_macs, query_blocks

Size = tuple[int, int]
# The ceiling: convolutions with 128 channels on the grid of stride 4, as the decoder has them.
_CHAIN, _CHAIN_CHANNELS, _STRIDE = 3, 128, 4


@dataclass(frozen=True)
class Part:
    """Something to time.

    Attributes:
        name: what it is.
        module: its graph.
        inputs: example inputs, float32.
        gflop: 1e9 floating point operations of its definition, two for a multiply-accumulate.
    """

    name: str
    module: nn.Module
    inputs: tuple[Tensor, ...]
    gflop: float


class _Local(nn.Module):
    """AOT's short-term attention: 8 heads, relative positions in logits and values."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.attention, self.size = ShortTermAttention(CHANNELS), size

    def forward(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        result: Tensor = self.attention(query, key, value, self.size)
        return result


class _GatedLocal(nn.Module):
    """DeAOT's short-term propagation: one head, relative positions in the logits."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.propagation, self.size = GatedBlock(first=True).short_term_attn, size

    def forward(self, query: Tensor, key: Tensor, value: Tensor, gate: Tensor) -> Tensor:
        result: Tensor = self.propagation(*(x.unsqueeze(1) for x in (query, key, value)), gate, self.size)
        return result


class _Products(nn.Module):
    """The two products of a local attention in blocks alone: with all that lies around them it cannot be faster."""

    def forward(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        return query @ key.mT @ value


class _Deformable(nn.Module):
    """What deaot-t-deform has in place of `_GatedLocal`."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.block, self.size = DeformableBlock(Deformation(), first=True), size

    def forward(self, query: Tensor, visual: Tensor, identification: Tensor, gate: Tensor) -> Tensor:
        features = LayerMemory(visual.unsqueeze(1), identification.unsqueeze(1))
        arguments = (query.unsqueeze(1), features, self.block.project_memory, gate, self.size)
        result: Tensor = self.block.short_term_attn(*arguments)
        return result


def make_parts(size: Size) -> list[Part]:
    """The ceiling, then the attentions, at (h, w) cells, with random weights."""
    torch.manual_seed(0)
    cells = size[0] * size[1]
    draw = partial(torch.randn, 1, cells)
    chain = nn.Sequential(*(nn.Conv2d(_CHAIN_CHANNELS, _CHAIN_CHANNELS, 3, padding=1) for _ in range(_CHAIN)))
    grid = (size[0] * 16 // _STRIDE, size[1] * 16 // _STRIDE)
    gated, local, deformable = _GatedLocal(size), _Local(size), _Deformable(size)
    # Every input is a tensor of its own: PyTorch exports one that is given twice as one input.
    dense = (draw(CHANNELS), draw(CHANNELS), draw(CHANNELS))
    propagated = (draw(KEY_CHANNELS), draw(KEY_CHANNELS), draw(INNER), draw(INNER))
    sampled = (draw(KEY_CHANNELS), draw(CHANNELS), draw(CHANNELS), draw(INNER))
    # What follows DeAOT's reading.
    finish = _gflop(gated.propagation.finish, propagated[2].unsqueeze(1), propagated[3], size)
    projection = 2e-9 * cells * CHANNELS**2
    # Relative positions cost as many products as keys and, where there are position values, as values.
    own = 2e-9 * local_attention_macs(size, WINDOW, 2 * CHANNELS, 2 * CHANNELS) + projection
    gated_own = 2e-9 * local_attention_macs(size, WINDOW, 2 * KEY_CHANNELS, INNER) + finish
    full = LongTermAttention(CHANNELS, HEADS)
    return [
        _part(CEILING, chain, (torch.randn(1, _CHAIN_CHANNELS, *grid),)),
        _part("full attention, AOT", full, dense),
        Part("local attention, AOT", local, dense, own),
        Part("its block products alone, AOT", _Products(), _in_blocks(size, HEADS, CHANNELS, CHANNELS), own),
        Part("gated local attention, DeAOT", gated, propagated, gated_own),
        Part("its block products alone, DeAOT", _Products(), _in_blocks(size, 1, KEY_CHANNELS, INNER), gated_own),
        _part("gated deformable attention", deformable, sampled),
    ]


def _in_blocks(size: Size, heads: int, key_channels: int, value_channels: int) -> tuple[Tensor, Tensor, Tensor]:
    """Random queries, keys and values of all blocks that a map is cut into; channels are those of all heads."""
    blocks = query_blocks(size, WINDOW)
    count = blocks.rows * blocks.columns * heads
    queries, keys = blocks.height * blocks.width, blocks.key_height * blocks.key_width
    shapes = (queries, key_channels), (keys, key_channels), (keys, value_channels)
    query, key, value = (torch.randn(count, cells, channels // heads) for cells, channels in shapes)
    return query, key, value


def compile_part(part: Part, runtime: str, threads: int) -> Callable[[], None]:
    """A part as a function that runs it once, in `onnx` or `litert`.

    Raises:
        ConversionError: a converter failed.
        RuntimeMissingError: a converter or runtime is not installed.
    """
    return (_compile_onnx if runtime == "onnx" else _compile_litert)(part, threads)


def _part(name: str, module: nn.Module, inputs: tuple[Tensor, ...]) -> Part:
    return Part(name, module, inputs, _gflop(module, *inputs))


def _gflop(function: Callable[..., Any], *inputs: Any) -> float:
    with flop_counter() as counter, torch.inference_mode():
        function(*inputs)
    return 1e-9 * float(counter.get_total_flops())


def _compile_onnx(part: Part, threads: int) -> Callable[[], None]:
    content = export_module(part.name, part.module.eval(), part.inputs).SerializeToString()
    with quietly(f"loading {part.name}"):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(content, options)
    named = {i.name: x.numpy() for i, x in zip(session.get_inputs(), part.inputs, strict=True)}
    return lambda: session.run(None, named)


def _compile_litert(part: Part, threads: int) -> Callable[[], None]:
    with quietly(f"the TFLite export of {part.name}"):
        import litert_torch
        from ai_edge_litert.interpreter import Interpreter

        module, inputs = part.module.eval(), part.inputs
        if part.name == CEILING:  # the runtime's own layout
            module = litert_torch.to_channel_last_io(module, args=[0], outputs=[0])
            inputs = tuple(x.permute(0, 2, 3, 1).contiguous() for x in inputs)
        content = litert_torch.convert(module, inputs).model_content()
        interpreter = Interpreter(model_content=bytes(content), num_threads=threads)
        interpreter.allocate_tensors()
    for detail, x in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.set_tensor(detail["index"], x.detach().numpy())
    result: Callable[[], None] = interpreter.invoke
    return result
