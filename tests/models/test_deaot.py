"""DeAOT and deaot-t-deform: gated propagation by its definition, memory semantics, cost, what an export sees."""

from __future__ import annotations

import math
from typing import Any

import pytest

pytest.importorskip("torch", reason="needs PyTorch: pip install 'mobilevos[train]'")

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from mobilevos_models.aot.block import LayerMemory, LayerView
from mobilevos_models.aot.blocks import BLOCKS
from mobilevos_models.aot.config import CHANNELS, CONFIGS, AOTConfig, Deformation
from mobilevos_models.aot.deformable import OffsetNetwork, set_sampling
from mobilevos_models.aot.deformable_block import DeformableBlock
from mobilevos_models.aot.gated import GatedReadout, GlobalPropagation, LocalPropagation, SelfPropagation
from mobilevos_models.aot.gated_block import INNER, KEY_CHANNELS, BranchNorm, GatedBlock
from mobilevos_models.aot.model import AOT
from mobilevos_models.aot.official_names import rename
from mobilevos_models.local_attention import local_attention_macs

MODELS = {config.name: config for config in CONFIGS if config.block.startswith("gated")}
TOLERANCE = 1e-4
WINDOW = 15
# Stride 16 of 480 x 864.
FULL = (30, 54)


def rand(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def finish_by_definition(module: GatedReadout, readout: Tensor, gate: Tensor, size: tuple[int, int]) -> Tensor:
    """`conv(U * A V) W` in plain loops over the convolution's taps, for tensors (h*w, inner)."""
    height, width = size
    gated = (readout * gate).reshape(height, width, -1)
    mixed = torch.zeros_like(gated)
    for y in range(height):
        for x in range(width):
            for dy in range(-2, 3):
                for dx in range(-2, 3):
                    if 0 <= y + dy < height and 0 <= x + dx < width:
                        mixed[y, x] += module.depthwise.weight[:, 0, dy + 2, dx + 2] * gated[y + dy, x + dx]
    return mixed.reshape(height * width, -1) @ module.projection.weight.T + module.projection.bias


def test_global_propagation_is_its_definition():
    torch.manual_seed(0)
    module, size = GlobalPropagation(6, 5), (3, 4)
    query, key, value, gate = rand(12, 4), rand(24, 4, seed=2), rand(24, 6, seed=3), rand(12, 6, seed=4)
    with torch.no_grad():
        readout = torch.zeros(12, 6)
        for p in range(12):
            scores = torch.stack([query[p] @ key[m] / math.sqrt(4) for m in range(24)]).exp()
            for m in range(24):
                readout[p] += scores[m] / scores.sum() * value[m]
        expected = finish_by_definition(module, readout, gate, size)
        result = module(query[None, None], key[None, None], value[None, None], gate[None], size)
    torch.testing.assert_close(result[0], expected, atol=TOLERANCE, rtol=0)


def test_local_propagation_is_its_definition():
    torch.manual_seed(0)
    module, size = LocalPropagation(4, 6, 5), (3, 17)  # wider than the window
    nn.init.normal_(module.relative_emb_k.weight)
    nn.init.normal_(module.relative_emb_k.bias)
    cells = size[0] * size[1]
    query, key, value, gate = (rand(cells, c, seed=c) for c in (4, 5, 6, 7))
    key, gate = key[:, :4], gate[:, :6]
    with torch.no_grad():
        readout = torch.zeros(cells, 6)
        positions = query @ module.relative_emb_k.weight[:, :, 0, 0].T + module.relative_emb_k.bias
        for p in range(cells):
            seen, logits = [], []
            for m in range(cells):
                dy, dx = m // 17 - p // 17, m % 17 - p % 17
                if max(abs(dy), abs(dx)) <= 7:
                    seen.append(m)
                    logits.append(query[p] @ key[m] / math.sqrt(4) + positions[p, (dy + 7) * WINDOW + dx + 7])
            readout[p] = torch.stack(logits).softmax(0) @ value[seen]
        expected = finish_by_definition(module, readout, gate, size)
        result = module(query[None, None], key[None, None], value[None, None], gate[None], size)
    torch.testing.assert_close(result[0], expected, atol=TOLERANCE, rtol=0)


def test_self_propagation_is_its_definition():
    torch.manual_seed(0)
    module, size = SelfPropagation(3, 4, 8), (3, 4)
    x = rand(12, 6)
    with torch.no_grad():
        visual, identification = x[:, :3], x[:, 3:]

        def silu(tensor: Tensor) -> Tensor:
            return tensor / (1 + (-tensor).exp())

        query = x @ module.linear_QK.weight.T + module.linear_QK.bias
        value = silu(torch.cat([module.linear_V1(visual), module.linear_V2(identification)], 1))
        gate = silu(torch.cat([module.linear_U1(visual), module.linear_U2(identification)], 1))
        readout = (query @ query.T / 2).softmax(1) @ value
        expected = finish_by_definition(module, readout, gate, size)
        torch.testing.assert_close(module(x[None], size)[0], expected, atol=TOLERANCE, rtol=0)


def test_branches_are_normalised_apart():
    norm = BranchNorm()
    x = torch.cat([rand(1, 12, CHANNELS) * 3 + 1, rand(1, 12, CHANNELS, seed=2) * 0.1 - 5], 2)
    result = norm(x)
    for branch in result.chunk(2, 2):
        assert branch.mean().abs() < 1e-4
        assert branch.std().item() == pytest.approx(1, abs=1e-2)
    expected = nn.functional.group_norm(x.transpose(1, 2), 2).transpose(1, 2)
    torch.testing.assert_close(result, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", ["deaot-t", "deaot-s", "deaot-b", "deaot-l", "r50-deaot-l"])
def test_parameters_are_those_of_the_paper(name: str):
    with torch.device("meta"):
        model = AOT(MODELS[name])
    published = MODELS[name].paper_parameters
    assert published is not None
    assert sum(p.numel() for p in model.parameters()) / 1e6 == pytest.approx(published, rel=0.03)


def test_the_student_is_no_larger_than_the_model_it_is_built_upon():
    with torch.device("meta"):
        sizes = [sum(p.numel() for p in AOT(MODELS[name]).parameters()) for name in ("deaot-t", "deaot-t-deform")]
    assert sizes[1] < sizes[0]


def test_official_names():
    prefix = "LSTT.layers.0"
    assert rename(f"{prefix}.long_term_attn.dw_conv.conv.weight") == "layers.0.long_term_attn.depthwise.weight"
    assert rename(f"{prefix}.short_term_attn.relative_emb_k.bias") == "layers.0.short_term_attn.relative_emb_k.bias"
    assert rename("LSTT.decoder_norms.0.gn.weight") == "norms.0.gn.weight"


def tiny(name: str, **changes: Any) -> AOT:
    torch.manual_seed(0)
    config = MODELS[name]
    model = AOT(AOTConfig(name, config.backbone, changes.pop("layers", 1), config.block, **changes)).eval()
    for module in model.modules():  # offsets, and a decoder that tells the frames apart
        if isinstance(module, OffsetNetwork):
            nn.init.normal_(module.decide.weight)
    return model


def frame(seed: int) -> Tensor:
    return rand(1, 3, 80, 96, seed=seed) * 60 + 120


def masks(seed: int) -> Tensor:
    probabilities = (rand(1, 3, 80, 96, seed=seed) * 3).softmax(1)
    return probabilities[:, 1:]


@pytest.mark.parametrize("name", ["deaot-t", "deaot-t-deform"])
@pytest.mark.parametrize("layers", [1, 2])
def test_empty_slots_are_as_if_they_were_not_there(name: str, layers: int):
    model = tiny(name, layers=layers)
    with torch.inference_mode():
        first, second = model.start(frame(0), masks(0)), model.start(frame(1), masks(1))
        state = model.segment(frame(2), [first, second])[1]
        third = model.memorize(state, masks(2))
        valid = torch.ones(1, 2, 1, 3)
        full = model.segment(frame(3), [first, third, second], valid)[0]
        valid[..., 2] = 0
        without_third = model.segment(frame(3), [first, third, second], valid)[0]
        torch.testing.assert_close(without_third, model.segment(frame(3), [first, third], valid[..., :2])[0])
        valid[..., 1] = 0
        alone = model.segment(frame(3), [first, third, second], valid)[0]
        torch.testing.assert_close(alone, model.segment(frame(3), [first], valid[..., :1])[0])
    assert (full - without_third).abs().max() > 1e-4
    assert (alone - without_third).abs().max() > 1e-4


@pytest.mark.parametrize("name", ["deaot-t", "deaot-t-deform"])
def test_the_reference_frame_is_its_own_memory(name: str):
    model = tiny(name, layers=2)
    with torch.inference_mode():
        logits, entry = model.start_logits(frame(0), masks(0))
        again = model.segment_logits(frame(0), [entry], torch.ones(1, 2, 1, 1))[0]
    torch.testing.assert_close(logits, again, atol=1e-4, rtol=0)


def test_both_forms_of_sampling_give_the_same_masks():
    model = tiny("deaot-t-deform", layers=2)
    results = []
    with torch.inference_mode():
        for form in ("hats", "grid"):
            set_sampling(model, form)
            entry = model.start(frame(0), masks(0))
            results.append(model.segment_logits(frame(1), [entry], torch.ones(1, 2, 1, 1))[0])
    torch.testing.assert_close(results[0], results[1], atol=TOLERANCE, rtol=1e-4)


def test_a_fresh_model_has_offsets_of_zero():
    networks = [m for m in AOT(MODELS["deaot-t-deform"]).modules() if isinstance(m, OffsetNetwork)]
    assert len(networks) == 3  # long-term, short-term and self-propagation
    for network in networks:
        query = rand(1, KEY_CHANNELS // MODELS["deaot-t-deform"].deformation.groups, 6, 8)
        assert network(query).abs().max() == 0
        assert network.observe.weight.abs().max() > 0


def test_training_reaches_every_part_of_the_student():
    model = tiny("deaot-t-deform", layers=2)
    features = model.encode_frame(frame(0))
    propagation, entry = model.refer(features, masks(0))
    logits, state = model.segment_logits(frame(1), [entry], torch.ones(1, 2, 1, 1))
    logits = logits + model.segment_logits(frame(2), [entry, model.memorize(state, masks(1))])[0][:, :3]
    (logits.square().mean() + propagation.outputs[-1].square().mean()).backward()
    dead = [name for name, p in model.layers.named_parameters() if p.grad is None or p.grad.abs().max() == 0]
    assert dead == []


def test_the_last_identification_output_is_there_to_be_distilled():
    model = tiny("deaot-t-deform")
    teacher = tiny("deaot-t", layers=2)
    outputs = []
    with torch.inference_mode():
        for each in (model, teacher):
            propagation, _ = each.refer(each.encode_frame(frame(0)), masks(0))
            outputs.append(propagation.outputs[-1][..., CHANNELS:])
    assert [tuple(output.shape) for output in outputs] == [(1, 30, CHANNELS)] * 2


def macs(function: Any, *arguments: Any) -> int:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        function(*arguments)
    return counter.get_total_flops() // 2


def test_deformable_attention_costs_less_than_what_it_replaces():
    with torch.device("meta"):
        dense, deformable = GatedBlock(first=True), DeformableBlock(Deformation(), first=True)
        cells = FULL[0] * FULL[1]
        query, key, value = (torch.empty(1, 1, cells, c) for c in (KEY_CHANNELS, KEY_CHANNELS, INNER))
        gate, x = torch.empty(1, cells, INNER), torch.empty(1, cells, 2 * CHANNELS)
        features = LayerMemory(torch.empty(1, 1, cells, CHANNELS), torch.empty(1, 1, cells, CHANNELS))
    shared = macs(dense.short_term_attn.finish, value, gate, FULL)  # what both do with the readout
    definition = local_attention_macs(FULL, WINDOW, KEY_CHANNELS, INNER)
    arguments = (features, deformable.project_memory, gate, FULL)
    short_term = macs(deformable.short_term_attn, query, *arguments) - shared
    assert short_term < definition
    assert short_term < macs(dense.short_term_attn, query, key, value, gate, FULL) - shared
    long_term = macs(deformable.long_term_attn, query, *arguments)
    assert long_term < 0.6 * macs(dense.long_term_attn, query, key, value, gate, FULL)
    assert macs(deformable.self_attn, x, FULL) < 0.6 * macs(dense.self_attn, x, FULL)


class Step(nn.Module):
    """One frame through a block, with flat tensors."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.block = BLOCKS[MODELS[name].block](MODELS[name], 0)

    def forward(self, x: Tensor, key: Tensor, value: Tensor, bias: Tensor, identity: Tensor) -> tuple[Tensor, ...]:
        x, state = self.block.project(x, x)
        one = LayerMemory(key[:, :, :30], value[:, :, :30])
        out = self.block.propagate(x, state, LayerView(LayerMemory(key, value), one, bias), (5, 6))
        return out, *self.block.fuse(state, identity)


# Operators that phones' GPUs do not take, by the part of PyTorch's name that tells them.
REFUSED = ("grid_sampler", "gather", "scatter", "topk", "index", "where", "expand", "im2col", "repeat", "group_norm")


@pytest.mark.parametrize("name", ["deaot-t", "deaot-t-deform"])
def test_an_export_has_no_operator_that_phones_refuse(name: str):
    keys, values = (KEY_CHANNELS, INNER) if name == "deaot-t" else (CHANNELS, CHANNELS)
    step = Step(name).eval()
    inputs = (
        rand(1, 30, CHANNELS),
        rand(1, 1, 60, keys),
        rand(1, 1, 60, values),
        torch.zeros(1, 1, 1, 60),
        rand(1, 30, CHANNELS),
    )
    program = torch.export.export(step, inputs)
    calls = [node for node in program.graph.nodes if node.op == "call_function"]
    assert not [str(node.target) for node in calls if any(part in str(node.target) for part in REFUSED)]
    ranks = {str(node): node.meta["val"].dim() for node in calls if isinstance(node.meta.get("val"), torch.Tensor)}
    assert max(ranks.values()) <= 4, [name for name, rank in ranks.items() if rank > 4]
    for ours, exported in zip(step(*inputs), program.module()(*inputs), strict=True):
        torch.testing.assert_close(ours, exported, atol=TOLERANCE, rtol=0)
