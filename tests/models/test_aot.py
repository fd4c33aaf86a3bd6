"""AOT, AOTv2 and AOST as models: sizes, the three functions, empty slots, absent identities, depth, gradients."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from mobilevos_models.aot.block import LayerMemory
from mobilevos_models.aot.config import CONFIGS, AOTConfig
from mobilevos_models.aot.memory import AOTMemory, view_queue
from mobilevos_models.aot.model import AOT, FrameFeatures
from mobilevos_models.aot.official_names import rename
from mobilevos_sdk.errors import InvalidInputError

LSTT = [config for config in CONFIGS if config.block.startswith("lstt")]
HEIGHT, WIDTH = 33, 49
CELLS = 3 * 4
TOLERANCE = 1e-4


def named(name: str) -> AOTConfig:
    return next(config for config in CONFIGS if config.name == name)


def build(name: str) -> AOT:
    """A model of random weights in which memory and masks show: those of a fresh model begin small."""
    torch.manual_seed(0)
    model = AOT(named(name)).eval().requires_grad_(False)
    for parameter in model.parameters():
        if parameter.dim() > 1:
            parameter.normal_(std=parameter[0].numel() ** -0.5)
    return model


@pytest.fixture(scope="module")
def tiny() -> AOT:
    return build("aot-t")


@pytest.fixture(scope="module")
def scalable() -> AOT:
    return build("aost")


def clip(length: int = 3, objects: int = 2, size: tuple[int, int] = (HEIGHT, WIDTH)) -> tuple[Tensor, Tensor]:
    """Frames (T, 3, H, W) and masks (1, N, H, W) of the first one."""
    generator = torch.Generator().manual_seed(0)
    owner = torch.randint(0, objects + 1, (1, 1, 4, 4), generator=generator)
    owner = nn.functional.interpolate(owner.float(), size=size)
    masks = torch.cat([(owner == index).float() for index in range(1, objects + 1)], 1)
    return torch.rand(length, 3, *size, generator=generator) * 255.0, masks


def valid(slots: list[float], objects: int = 2) -> Tensor:
    return torch.tensor(slots).expand(1, objects, 1, len(slots)).clone()


@pytest.mark.parametrize("config", LSTT, ids=lambda config: config.name)
def test_parameter_counts_are_the_papers(config: AOTConfig):
    with torch.device("meta"):
        count = sum(parameter.numel() for parameter in AOT(config).parameters()) / 1e6
    assert config.paper_parameters is not None
    assert count == pytest.approx(config.paper_parameters, rel=0.03)


@pytest.mark.parametrize("size", [(17, 17), (48, 64), (50, 71)])
def test_frames_of_any_size(tiny: AOT, size: tuple[int, int]):
    frames, masks = clip(size=size)
    logits, entry = tiny.start_logits(frames[:1], masks)
    cells = -(-size[0] // 16) * -(-size[1] // 16)
    assert [tuple(part.key.shape) for part in entry] == [(1, 1, cells, 256)]
    assert [tuple(part.value.shape) for part in entry] == [(1, 1, cells, 256)]
    assert logits.shape == (1, 3, *size)
    probabilities, state = tiny.segment(frames[1:2], [entry], valid([1.0]))
    assert probabilities.shape == (1, 3, *size)
    assert torch.allclose(probabilities.sum(1), torch.ones(1, *size), atol=1e-5)
    assert [tuple(part.key.shape) for part in state] == [(1, 1, cells, 256)]


@pytest.mark.parametrize("name", ["aot-t", "aost"])
def test_the_reference_frame_reads_itself(name: str):
    """Section 4.2: without a memory, long-term and short-term attention are self-attention to the given masks."""
    model = build(name)
    frames, masks = clip()
    logits, entry = model.start_logits(frames[:1], masks)
    again, state = model.segment_logits(frames[:1], [entry], valid([1.0]))
    assert torch.allclose(again, logits, atol=TOLERANCE)
    for ours, theirs in zip(model.memorize(state, masks), model.start(frames[:1], masks), strict=True):
        assert torch.allclose(ours.key, theirs.key, atol=TOLERANCE)
        assert torch.allclose(ours.value, theirs.value, atol=TOLERANCE)


def test_a_queue_of_two_is_the_authors_memory_without_a_gap(tiny: AOT):
    frames, masks = clip()
    entry = tiny.start(frames[:1], masks)
    memory = AOTMemory(gap=None)
    memory.reference(entry)
    slots, flags = [entry, tuple(LayerMemory(*map(torch.zeros_like, part)) for part in entry)], [1.0, 0.0]
    for time in (1, 2):
        frame = frames[time : time + 1]
        expected, state = tiny.segment_view(frame, memory.view(), torch.ones(1, 2, 1, 1))
        found, _ = tiny.segment_logits(frame, slots, valid(flags))
        assert torch.allclose(found, expected, atol=TOLERANCE)
        slots, flags = [entry, tiny.memorize(state, expected.softmax(1)[:, 1:])], [1.0, 1.0]
        memory.update(slots[1])


def test_what_lies_in_empty_slots_does_not_matter(tiny: AOT):
    frames, masks = clip()
    entry = tiny.start(frames[:1], masks)
    junk = [tuple(LayerMemory(part.key * -1.0, part.value * scale) for part in entry) for scale in (-20.0, 30.0)]
    alone, _ = tiny.segment_logits(frames[1:2], [entry], valid([1.0]))
    found, _ = tiny.segment_logits(frames[1:2], [entry, *junk], valid([1.0, 0.0, 0.0]))
    assert torch.allclose(found, alone, atol=TOLERANCE)
    for slot in (1, 2):
        flags = valid([1.0, 0.0, 0.0])
        flags[..., slot] = 1.0
        read, _ = tiny.segment_logits(frames[1:2], [entry, *junk], flags)
        assert (read - alone).abs().max() > 100 * TOLERANCE, slot


def test_identities_without_an_object_have_no_probability(tiny: AOT):
    frames, masks = clip(objects=3)
    flags = valid([1.0], objects=3)
    flags[:, 1] = 0.0
    entry = tiny.start(frames[:1], masks)
    probabilities, _ = tiny.segment(frames[1:2], [entry], flags)
    assert probabilities[:, 2].max() == 0.0
    logits, _ = tiny.segment_logits(frames[1:2], [entry], valid([1.0], objects=3))
    assert torch.allclose(probabilities[:, [0, 1, 3]], logits[:, [0, 1, 3]].softmax(1), atol=1e-5)


def test_ten_objects_cost_one_pass_and_eleven_are_an_error(tiny: AOT):
    frames, masks = clip(objects=10)
    entry = tiny.start(frames[:1], masks)
    assert entry[0].value.shape == (1, 1, CELLS, 256)
    assert tiny.segment(frames[1:2], [entry])[0].shape == (1, 11, HEIGHT, WIDTH)
    with pytest.raises(InvalidInputError, match="several passes"):
        tiny.start(frames[:1], torch.zeros(1, 11, HEIGHT, WIDTH))


def test_numbering_objects_otherwise_is_renaming_identities(tiny: AOT):
    """Identities differ by their vectors and their logits alone: permute both, and permuted masks come out."""
    frames, masks = clip(objects=3)
    order = [2, 0, 1]
    renamed = copy.deepcopy(tiny)
    classes = [0, *(1 + index for index in order), *range(4, 11)]
    for parameter in (renamed.decoder.conv_out.weight, renamed.decoder.conv_out.bias):
        parameter.copy_(parameter[classes].clone())
    renamed.identity_bank.bank.weight.copy_(tiny.identity_bank.bank.weight[:, classes])
    expected, _ = tiny.segment_logits(frames[1:2], [tiny.start(frames[:1], masks)])
    found, _ = renamed.segment_logits(frames[1:2], [renamed.start(frames[:1], masks[:, order])])
    assert torch.allclose(found, expected[:, classes], atol=TOLERANCE)
    unchanged, _ = tiny.segment_logits(frames[1:2], [tiny.start(frames[:1], masks[:, order])])
    assert not torch.allclose(unchanged, expected[:, classes], atol=1e-2)


def test_a_batch_is_its_videos(tiny: AOT):
    frames, masks = clip(length=4)
    both = torch.cat([masks, masks.flip(3)])
    entries = tiny.start(frames[:2], both)
    flags = valid([1.0, 1.0, 1.0]).repeat(2, 1, 1, 1)
    flags[1, :, :, 2] = 0.0
    found, _ = tiny.segment_logits(frames[2:], [entries, entries, entries], flags)
    for index in range(2):
        entry = tiny.start(frames[index : index + 1], both[index : index + 1])
        own, _ = tiny.segment_logits(frames[2 + index : 3 + index], [entry] * 3, flags[index : index + 1])
        assert torch.allclose(found[index], own[0], atol=TOLERANCE)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_depth_of_aost_is_its_first_layers(scalable: AOT, depth: int):
    """Section 4.3: the sub-transformer has the first layers' parameters, and each depth is decoded on its own."""
    frames, masks = clip()
    full_entry = scalable.start(frames[:1], masks)
    full, _ = scalable.segment_logits(frames[1:2], [full_entry], valid([1.0]))
    shallow = copy.deepcopy(scalable)
    for layer in shallow.layers[depth:]:
        for parameter in layer.parameters():
            parameter.fill_(torch.nan)
    shallow.set_depth(depth)
    entry = shallow.start(frames[:1], masks)
    found, state = shallow.segment_logits(frames[1:2], [entry], valid([1.0]))
    assert len(entry) == len(state) == depth
    for ours, theirs in zip(entry, full_entry, strict=False):
        assert torch.allclose(ours.value, theirs.value, atol=TOLERANCE)
    features = scalable.encode_frame(frames[1:2])
    views = AOTMemory()
    views.reference(full_entry)
    outputs = scalable.propagate(features, views.view()).outputs[:depth]
    expected = scalable.decode(features, outputs, torch.ones(1, 2, 1, 1))
    assert torch.allclose(found, expected, atol=TOLERANCE)
    assert torch.allclose(found, full, atol=TOLERANCE) == (depth == 3)
    # An entry of all layers serves a lower depth: it may be lowered in mid-video.
    lowered, _ = shallow.segment_logits(frames[1:2], [full_entry], valid([1.0]))
    assert torch.allclose(lowered, found, atol=TOLERANCE)


def test_depths_that_a_model_has_not(scalable: AOT, tiny: AOT):
    with pytest.raises(InvalidInputError, match="choose 1 to 3"):
        scalable.set_depth(4)
    with pytest.raises(InvalidInputError, match="choose 1 only"):
        tiny.set_depth(2)
    frames, masks = clip()
    shallow = copy.deepcopy(scalable)
    shallow.set_depth(1)
    entry = shallow.start(frames[:1], masks)
    with pytest.raises(InvalidInputError, match="choose depth 1"):
        scalable.segment(frames[1:2], [entry])


@pytest.mark.parametrize("name", ["aot-t", "aotv2-l"])
def test_gradients_reach_every_weight(name: str):
    model = build(name).requires_grad_(True)
    frames, masks = clip()
    reference, entry = model.start_logits(frames[:1], masks)
    logits, state = model.segment_logits(frames[1:2], [entry], valid([1.0]))
    newest = model.memorize(state, logits.softmax(1)[:, 1:])
    last, _ = model.segment_logits(frames[2:], [entry, newest], valid([1.0, 1.0]))
    (reference.square().mean() + last.square().mean()).backward()
    still = [name for name, p in model.named_parameters() if p.grad is None or p.grad.abs().max() == 0.0]
    assert still == []


@pytest.mark.parametrize(
    ("official", "ours"),
    [
        ("encoder.features.18.1.running_var", "encoder.features.18.1.running_var"),
        ("LSTT.layers.2.self_attn.linear_K.weight", "layers.2.self_attn.linear_K.weight"),
        ("LSTT.layers.0.activation.gn.bias", "layers.0.feed_forward.activation.gn.bias"),
        ("LSTT.layers.1.linear2.weight", "layers.1.feed_forward.linear2.weight"),
        ("LSTT.layers.0.short_term_attn.relative_emb_v", "layers.0.short_term_attn.relative_emb_v"),
        ("LSTT.decoder_norms.1.weight", "norms.1.weight"),
        ("patch_wise_id_bank.weight", "identity_bank.bank.weight"),
        ("id_norm.bias", "identity_bank.norm.bias"),
        ("LSTT.mask_token", None),
    ],
)
def test_official_names(official: str, ours: str | None):
    assert rename(official) == ours


class Segment(nn.Module):
    """What `segment` does after the encoder, for a one-layer model with a queue of three, on tensors."""

    def __init__(self, model: AOT) -> None:
        super().__init__()
        self.model = model

    def forward(self, features: FrameFeatures, flags: Tensor, *memory: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        slots = [(LayerMemory(*pair),) for pair in zip(memory[0::2], memory[1::2], strict=True)]
        outputs, state = self.model.propagate(features, view_queue(slots, flags))
        return self.model.decode(features, outputs, flags[..., :1]), state[0].key, state[0].value


def test_a_graph_has_only_what_phones_take(tiny: AOT):
    frames, masks = clip()
    entry = tiny.start(frames[:1], masks)
    arguments = (tiny.encode_frame(frames[1:2]), valid([1.0, 1.0, 0.0]), *(3 * entry[0]))
    program = torch.export.export(Segment(tiny), arguments, strict=False).run_decompositions()
    for found, expected in zip(program.module()(*arguments), Segment(tiny)(*arguments), strict=True):
        assert torch.allclose(found, expected, atol=TOLERANCE)
    nodes = [node for node in program.graph.nodes if node.op == "call_function"]
    names = {str(node.target).split(".")[1] for node in nodes if "." in str(node.target)}
    refused = {
        "gather",
        "index",
        "scatter",
        "where",
        "topk",
        "im2col",
        "grid_sampler_2d",
        "native_group_norm",
        "repeat",
    }
    assert not names & refused
    assert not any("scaled_dot_product" in name for name in names)
    for node in nodes:
        value = node.meta.get("val")
        if isinstance(value, Tensor):
            assert value.dim() <= 4, node
        if "expand" in str(node.target):  # of a size that it already has: no BROADCAST_TO
            assert node.args[0].meta["val"].numel() == value.numel(), node
        if "softmax" in str(node.target):
            assert node.args[1] in (-1, node.args[0].meta["val"].dim() - 1), node
