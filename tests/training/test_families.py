"""Every family follows clips as its model does by hand, and families may teach each other."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_data import distillation, losses, pack_recipe, random_weights, trained
from torch import Tensor, nn

from mobilevos_models import create_model
from mobilevos_models.aggregation import soft_aggregate
from mobilevos_models.aot.config import CHANNELS, IDENTITIES
from mobilevos_models.aot.memory import AOTMemory, view_queue
from mobilevos_models.aot.model import AOT
from mobilevos_models.folding import fold_batch_norms
from mobilevos_models.registry import MODELS
from mobilevos_models.stcn import STCN
from mobilevos_models.torch_backend import TorchBackend
from mobilevos_sdk.segmenter import Segmenter
from mobilevos_training.data.clips import ClipMaker
from mobilevos_training.data.loader import Batch, batches
from mobilevos_training.data.pool import open_pool
from mobilevos_training.families import ABSENT_LOGIT, WalkOptions, family_named, family_of
from mobilevos_training.families.dilation import split_dilated
from mobilevos_training.recipe_options import TeacherOptions
from mobilevos_training.rollout import Followed, follow, one_hot
from mobilevos_training.teacher import CachedTeacher, Clips, ModelTeacher
from mobilevos_training.validation import ValidationOptions

SIDE, LENGTH = 65, 4
# One of each kind of block, and both ways to remember.
JOINT = ("aot-t", "aost", "deaot-t", "deaot-t-deform")


def model_named(name: str) -> nn.Module:
    """Random weights, batch norms folded."""
    torch.manual_seed(0)
    return fold_batch_norms(create_model(name)).requires_grad_(False)


@pytest.fixture(scope="module")
def clips() -> Clips:
    """Two clips: two targets in the first, one in the second."""
    generator = torch.Generator().manual_seed(1)
    coarse = torch.rand(2, LENGTH, 3, 9, 9, generator=generator) * 255
    frames = nn.functional.interpolate(coarse.flatten(0, 1), size=(SIDE, SIDE)).unflatten(0, (2, LENGTH))
    masks = torch.zeros(2, LENGTH, SIDE, SIDE, dtype=torch.long)
    for time in range(LENGTH):
        masks[:, time, 8 + 2 * time : 40, 8:32] = 1
        masks[0, time, 30:60, 34 + time : 60] = 2
    return Clips(frames, masks, torch.tensor([[True, True], [True, False]]))


def even(clips: Clips) -> Clips:
    """The same at a size that is a multiple of 16."""
    return Clips(clips.frames[..., :64, :64], clips.masks[..., :64, :64], clips.present)


def probabilities(model: nn.Module, followed: Followed, side: int = SIDE) -> Tensor:
    """(B, F, N+1, H, W)."""
    odds = family_of(model).log_odds(followed.logits.flatten(0, 1), (side, side))
    return odds.softmax(1).unflatten(0, followed.logits.shape[:2])


def by_hand(model: AOT, clips: Clips, gap: int | None) -> Tensor:
    """The AOT family's own functions, frame by frame; a queue of two where there is no gap."""
    exists = clips.present[:, :, None, None].float()
    first, entry = model.start_logits(clips.frames[:, 0], one_hot(clips.masks[:, 0], 2), exists)
    memory, slots, found = AOTMemory(gap), [entry], [first.softmax(1)]
    memory.reference(entry)
    for time in range(1, LENGTH):
        view = view_queue(slots) if gap is None else memory.view()
        logits, state = model.segment_view(clips.frames[:, time], view, exists)
        found.append(logits.softmax(1))
        entry = model.memorize(state, found[-1][:, 1:])
        memory.update(entry)
        slots = [slots[0], entry]
    return torch.stack(found, 1)


@pytest.mark.parametrize("name", JOINT)
@pytest.mark.parametrize("gap", [None, 2])
@torch.no_grad()
def test_the_aot_family_follows_as_by_hand(name: str, gap: int | None, clips: Clips) -> None:
    model = model_named(name)
    assert isinstance(model, AOT)
    followed = follow(model, *clips, WalkOptions(2, gap=gap), reference=True)[-1]
    expected = by_hand(model, clips, gap)
    assert float(expected[:, 1:].diff(dim=1).abs().max()) > 1e-4  # frames differ
    torch.testing.assert_close(probabilities(model, followed), expected, atol=1e-5, rtol=0)
    assert bool((followed.logits[1, :, 2] == ABSENT_LOGIT).all())  # the second clip has one target


@pytest.mark.parametrize("name", ["aot-t", "deaot-t", "stcn", "sst-local"])
@torch.no_grad()
def test_training_follows_as_the_sdk_does(name: str, clips: Clips) -> None:
    model = model_named(name)
    frames, masks, present = even(Clips(clips.frames[:1].round(), clips.masks[:1], clips.present[:1]))
    ours = probabilities(model, follow(model, frames, masks, present, WalkOptions(2))[-1], 64)[0]
    pictures = [np.ascontiguousarray(frame.permute(1, 2, 0).numpy().astype(np.uint8)) for frame in frames[0]]
    backend = TorchBackend(model, 2, 2, 64, 64, threads=1)
    session = Segmenter.from_backend(backend, zoom=False).start(pictures[0], masks[0, 0].numpy().astype(np.uint8))
    for time, picture in enumerate(pictures[1:]):
        result = session.step(picture)
        torch.testing.assert_close(ours[time, 1:], torch.from_numpy(result.probabilities), atol=1e-4, rtol=0)


@torch.no_grad()
def test_the_readout_is_the_last_layer_s_and_of_deaot_the_identification_branch(clips: Clips) -> None:
    for name in ("aot-t", "deaot-t"):
        model = model_named(name)
        assert isinstance(model, AOT)
        features = model.encode_frame(clips.frames[:, 1])
        entry = model.start(clips.frames[:, 0], one_hot(clips.masks[:, 0], 2))
        outputs = model.propagate(features, view_queue([entry])).outputs
        readout = follow(model, *clips, WalkOptions(2))[-1].readout[:, 0, 0]
        assert readout.shape == (2, 25, CHANNELS)
        torch.testing.assert_close(readout, outputs[-1][..., -CHANNELS:], atol=1e-4, rtol=1e-4)
        assert (outputs[-1].shape[-1] == 2 * CHANNELS) == (name == "deaot-t")


@torch.no_grad()
def test_a_target_may_have_any_identity(clips: Clips) -> None:
    """Following targets under other identities is following with the bank and the last layer permuted alike."""
    model = model_named("aot-t")
    assert isinstance(model, AOT)
    identities = torch.tensor([[7, 3], [7, 3]])
    found = follow(model, *clips, WalkOptions(2, identities=identities))[-1]
    swapped = copy.deepcopy(model)
    order = torch.arange(IDENTITIES + 1)
    order[[1, 2, 7, 3]] = order[[7, 3, 1, 2]]
    swapped.identity_bank.bank.weight.copy_(model.identity_bank.bank.weight[:, order])
    swapped.decoder.conv_out.weight.copy_(model.decoder.conv_out.weight[order])
    swapped.decoder.conv_out.bias.copy_(model.decoder.conv_out.bias[order])
    torch.testing.assert_close(found.logits, follow(swapped, *clips, WalkOptions(2))[-1].logits, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(found.logits, follow(model, *clips, WalkOptions(2))[-1].logits, atol=1e-2)


def test_identities_are_drawn_for_each_clip_and_differ() -> None:
    family = family_named("aot-t")

    def draw(targets: int) -> Tensor:
        generators = [torch.Generator().manual_seed(seed) for seed in range(40)]
        found = family.draw_identities(torch.ones(40, targets, dtype=torch.bool), generators)
        assert found is not None
        return found

    drawn = draw(3)
    assert set(drawn.flatten().tolist()) == set(range(1, IDENTITIES + 1))
    assert all(len(set(row)) == 3 for row in drawn.tolist())
    assert torch.equal(draw(2), drawn[:, :2])  # whatever number of targets the clips beside it have
    assert family_named("mobilenetv2").draw_identities(torch.ones(1, 2, dtype=torch.bool), []) is None


@torch.no_grad()
def test_every_depth_of_aost_is_its_sub_network(clips: Clips) -> None:
    model = model_named("aost")
    assert isinstance(model, AOT)
    short = Clips(clips.frames[:, :2], clips.masks[:, :2], clips.present)
    depths = follow(model, *short, WalkOptions(2, depths=True), reference=True)
    assert len(depths) == 3
    for depth, followed in enumerate(depths, start=1):
        model.set_depth(depth)
        alone = follow(model, *short, WalkOptions(2), reference=True)
        assert len(alone) == 1
        torch.testing.assert_close(followed.logits, alone[0].logits, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(depths[0].logits, depths[1].logits, atol=1e-2)


@torch.no_grad()
def test_stcn_as_tested_follows_as_by_hand_with_its_best_cells(clips: Clips) -> None:
    model = model_named("stcn")
    assert isinstance(model, STCN)
    frames, masks, present = even(clips)
    model.config = replace(model.config, top_k=2)  # few enough to tell from the 48 cells that there are
    tested = follow(model, frames[:1], masks[:1], present[:1], WalkOptions(None, as_tested=True))[-1]
    found = probabilities(model, tested, 64)[0]
    memory = [model.start(frames[:1, 0], one_hot(masks[:1, 0], 2))]
    for time in range(1, LENGTH):
        logits, state = model.segment_logits(frames[:1, time], memory)
        expected = soft_aggregate(logits, 1)
        torch.testing.assert_close(found[time - 1], expected[0], atol=1e-4, rtol=0)
        memory.insert(1, model.memorize(state, expected[:, 1:], frames[:1, time]))
    # While it learns it reads all cells, whether gradients are computed or not.
    learning = follow(model, frames[:1], masks[:1], present[:1], WalkOptions(None))[-1]
    assert not torch.allclose(learning.readout, tested.readout, rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("name", ["aot-t", "aost", "deaot-t", "sst-local"])
def test_gradients_reach_every_weight(name: str, clips: Clips) -> None:
    model = model_named(name).requires_grad_(True)
    family = family_of(model)
    family.prepare(model)
    depths = follow(model, *even(clips), WalkOptions(2, depths=name == "aost"))
    loss = sum(probabilities(model, depth, 64)[:, :, 1:].square().mean() for depth in depths)
    assert isinstance(loss, Tensor)
    loss.backward()
    without = [key for key, p in model.named_parameters() if p.grad is None or not bool((p.grad != 0).any())]
    assert without == []


def test_every_registered_model_has_a_family() -> None:
    for name in MODELS:
        family = family_named(name)
        assert family.slots(3)[0] == 3 + family.joint
        assert family.has_depths(name) == (name == "aost")


@pytest.mark.parametrize("size", [(16, 16), (17, 17), (17, 20), (3, 1)])
@torch.no_grad()
def test_split_convolutions_are_the_dilated_ones(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(8, 8, 3, padding=2, dilation=2, groups=8), nn.Conv2d(8, 8, 3, padding=2, dilation=2)
    )
    split = copy.deepcopy(model)
    split_dilated(split)
    assert (split[0].dilation, split[1].dilation) == ((1, 1), (2, 2))  # a dense one is as fast as it is
    x = torch.randn(3, 8, *size)
    torch.testing.assert_close(split(x), model(x), atol=1e-5, rtol=0)
    torch.testing.assert_close(copy.deepcopy(split)(x), model(x), atol=1e-5, rtol=0)
    assert split.state_dict().keys() == model.state_dict().keys()


@pytest.fixture(scope="module")
def batch(tiny_data: Path) -> Batch:
    """A step whose clips have different numbers of targets."""
    wanted = pack_recipe(steps=40)
    maker = ClipMaker(open_pool(wanted.data, tiny_data / "pack", None), wanted.data, 0, 40)
    found = batches(maker, range(3), 0, 40, workers=0)
    return next(batch for batch in found if len(set(batch.present.sum(1).tolist())) > 1)


def test_a_joint_teacher_s_cache_gives_what_is_computed(tiny_data: Path, batch: Batch, tmp_path: Path) -> None:
    weights = random_weights(tiny_data / "weights", "deaot-t")
    teacher = ModelTeacher(TeacherOptions(name="deaot-t", checkpoint=str(weights), gap=2), "cpu", None)
    clips = Clips.of(batch, "cpu")
    cached = CachedTeacher(teacher, tmp_path)
    direct, computed, read = teacher(batch, clips), cached(batch, clips), cached(batch, clips)
    for first, second, exact in zip(computed, read, direct, strict=True):
        assert torch.equal(first, second) and first.shape == exact.shape
    present = torch.cat([torch.ones_like(clips.present[:, :1]), clips.present], 1)[:, None]
    present = present.expand(-1, direct.logits.shape[1], -1)
    assert torch.equal(read.logits[present], direct.logits[present].half().float())
    assert bool((read.logits[~present] == ABSENT_LOGIT).all())
    torch.testing.assert_close(read.readout, direct.readout, atol=2e-3, rtol=2e-3)


def test_families_teach_each_other(tiny_data: Path, tmp_path: Path) -> None:
    """A student that matches objects teaches one that associates them, and the other way round."""
    relations = {"attention": 0.0, "relation": 1.0}
    taught = distillation(tiny_data) | {"representation": None, "relations": relations}
    parts = {"logit", "relation", "cross_entropy", "jaccard", "reference"}
    for student, name in (("aot-t", "mobilenetv2"), ("mobilenetv2-noaspp", "aot-t")):
        weights = str(random_weights(tiny_data / "weights", name))
        changes = {
            "model": {"name": student},
            "optimizer": {"ema": 0.5, "slow": []},
            "loss": {"cross_entropy": 0.5, "jaccard": 0.5, "reference": 1.0},
            "distill": taught | {"teacher": {"name": name, "checkpoint": weights}},
        }
        folder = tmp_path / student
        scored = ValidationOptions(tiny_data / "pack/davis16/train", size=(64, 96), max_frames=3)
        trainer = trained(pack_recipe(steps=2, **changes), tiny_data, folder, validation=scored)
        assert 0.0 <= trainer.best <= 1.0
        assert all(parts <= line.keys() and "attention" not in line for line in losses(folder))
