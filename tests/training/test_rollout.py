"""The memory loop in training is the SDK's, and gradients reach every weight that has an effect."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from mobilevos_models.aggregation import soft_aggregate
from mobilevos_models.folding import fold_batch_norms
from mobilevos_models.mobilevos import MobileVOS, upsample_logits
from mobilevos_models.torch_backend import TorchBackend
from mobilevos_sdk.segmenter import Segmenter
from mobilevos_training.families import WalkOptions
from mobilevos_training.rollout import Followed, follow, one_hot

SIDE, LENGTH = 64, 5


@pytest.fixture
def model(tiny_model: MobileVOS) -> MobileVOS:
    """Random weights whose masks are neither empty nor full, as a student has them: batch norms folded."""
    folded = fold_batch_norms(copy.deepcopy(tiny_model))
    assert isinstance(folded, MobileVOS)
    folded.key_projection.weight.data *= 0.1  # so that a query matches more than one cell
    return folded


@pytest.fixture
def clip(tiny_video: Any) -> tuple[Tensor, Tensor, Tensor]:
    """Frames (1, T, 3, S, S), masks (1, T, S, S) and the presence of two targets."""
    part = (slice(16, 16 + SIDE), slice(32, 32 + SIDE))  # shows both objects
    frames = torch.from_numpy(np.stack([frame[part] for frame in tiny_video.frames[:LENGTH]]))
    ids = tiny_video.mask[part]
    mask = torch.from_numpy(np.where(ids == 7, 1, np.where(ids == 255, 2, 0)))
    masks = torch.stack([mask.roll(3 * time, 1) for time in range(LENGTH)])
    return frames.permute(0, 3, 1, 2).float()[None], masks.long()[None], torch.ones(1, 2, dtype=torch.bool)


def probabilities(followed: Followed) -> Tensor:
    """(B, F, N+1, H, W)."""
    batch = followed.logits.shape[0]
    return soft_aggregate(upsample_logits(followed.logits.flatten(0, 1)), 1).unflatten(0, (batch, -1))


@pytest.mark.parametrize("queue", [1, 2, 3, None])
@torch.no_grad()
def test_training_follows_as_the_sdk_does(model: MobileVOS, clip: tuple[Tensor, ...], queue: int | None) -> None:
    frames, masks, present = clip
    ours = probabilities(follow(model, frames, masks, present, WalkOptions(queue))[-1])[0]
    backend = TorchBackend(model, queue or LENGTH, 2, SIDE, SIDE, threads=1)
    pictures = [np.ascontiguousarray(frame.permute(1, 2, 0).numpy().astype(np.uint8)) for frame in frames[0]]
    session = Segmenter.from_backend(backend, zoom=False).start(pictures[0], masks[0, 0].numpy().astype(np.uint8))
    assert float(ours[:, 1:].std()) > 0.1  # masks that are worth comparing
    for time, picture in enumerate(pictures[1:]):
        result = session.step(picture)
        torch.testing.assert_close(ours[time, 1:], torch.from_numpy(result.probabilities), atol=1e-4, rtol=0)
        agree = (ours[time].argmax(0).numpy() == result.mask).mean()
        assert agree > 0.999  # but for a tie


@torch.no_grad()
def test_queues_differ_where_they_should(model: MobileVOS, clip: tuple[Tensor, ...]) -> None:
    found = {queue: follow(model, *clip, WalkOptions(queue))[-1].logits for queue in (1, 2, 3, LENGTH, None)}
    for queue, logits in found.items():  # the first predicted frame sees the reference alone
        assert torch.equal(logits[:, 0], found[1][:, 0]), queue
    assert not torch.allclose(found[1][:, 1], found[2][:, 1], atol=1e-3)
    assert torch.equal(found[2][:, 1], found[None][:, 1])
    assert not torch.allclose(found[2][:, 2], found[None][:, 2], atol=1e-3)
    assert not torch.allclose(found[2], found[3], atol=1e-3)
    assert torch.equal(found[LENGTH], found[None])


@torch.no_grad()
def test_a_clip_does_not_see_the_others_of_its_batch(model: MobileVOS, clip: tuple[Tensor, ...]) -> None:
    frames, masks, present = clip
    single = torch.where(masks == 1, 1, 0)
    alone = follow(model, frames, single, present[:, :1], WalkOptions(2))[-1]
    both = follow(
        model,
        torch.cat([frames.flip(-1), frames]),
        torch.cat([masks.flip(-1), single]),
        torch.tensor([[True, True], [True, False]]),
        WalkOptions(2),
    )[-1]
    torch.testing.assert_close(both.logits[1:, :, :1], alone.logits, atol=1e-3, rtol=1e-4)
    torch.testing.assert_close(probabilities(both)[1:, :, :2], probabilities(alone), atol=1e-3, rtol=0)
    assert float(probabilities(both)[1, :, 2].max()) == 0.0  # an absent target has no pixel


@torch.no_grad()
def test_a_forced_clip_memorises_its_true_second_mask(model: MobileVOS, clip: tuple[Tensor, ...]) -> None:
    frames, masks, present = (part.expand(2, *part.shape[1:]) for part in clip)
    forced = torch.tensor([1, 0])
    plain, mixed = (
        follow(model, frames, masks, present, WalkOptions(2))[-1],
        follow(model, frames, masks, present, WalkOptions(2), forced)[-1],
    )
    torch.testing.assert_close(mixed.logits[1], plain.logits[1], atol=1e-4, rtol=1e-4)
    assert torch.equal(mixed.logits[0, 0], plain.logits[0, 0])
    assert not torch.allclose(mixed.logits[0, 1], plain.logits[0, 1], atol=1e-2)
    other = masks.clone()
    other[:, 2:] = 0  # beyond the second mask nothing is read
    assert torch.equal(follow(model, frames, other, present, WalkOptions(2), forced)[-1].logits, mixed.logits)
    other[:, 1] = 0
    assert torch.equal(follow(model, frames, other, present, WalkOptions(2))[-1].logits, plain.logits)
    assert not torch.equal(follow(model, frames, other, present, WalkOptions(2), forced)[-1].logits, mixed.logits)


@torch.no_grad()
def test_a_clip_that_is_forced_throughout_memorises_no_prediction(model: MobileVOS, clip: tuple[Tensor, ...]) -> None:
    frames, masks, present = clip
    targets, state = present.shape[1], [model.encode_frame(frame)[0] for frame in frames.unbind(1)]
    entries = [model.memorize(s, one_hot(m, targets)) for s, m in zip(state, masks.unbind(1), strict=True)]
    forced = follow(model, frames, masks, present, WalkOptions(2), torch.tensor([LENGTH]))[-1]
    for time in range(1, LENGTH):
        memory = entries[:1] if time == 1 else [entries[0], entries[time - 1]]
        wanted = model.read(state[time].key, memory)
        torch.testing.assert_close(forced.readout[:, time - 1], wanted, atol=1e-3, rtol=1e-3)


@torch.no_grad()
def test_only_what_is_memorised_of_predictions_is_damaged(model: MobileVOS, clip: tuple[Tensor, ...]) -> None:
    seen: list[Tensor] = []

    def lose_all(soft: Tensor) -> Tensor:
        seen.append(soft)
        return torch.zeros_like(soft)

    frames, masks, present = (part.expand(2, *part.shape[1:]) for part in clip)
    forced = torch.tensor([1, 0])
    plain = follow(model, frames, masks, present, WalkOptions(2), forced)[-1]
    spoilt = follow(model, frames, masks, present, WalkOptions(2), forced, damage=lose_all)[-1]
    assert len(seen) == LENGTH - 2  # neither the first frame, nor the last, which nothing reads
    assert torch.equal(spoilt.logits[:, 0], plain.logits[:, 0])
    assert torch.equal(spoilt.logits[0, 1], plain.logits[0, 1])  # its true second mask was memorised
    assert not torch.allclose(spoilt.logits[1, 1], plain.logits[1, 1], atol=1e-2)


@torch.no_grad()
def test_the_reference_frame_is_predicted_from_its_own_memory(model: MobileVOS, clip: tuple[Tensor, ...]) -> None:
    frames, masks, _ = clip
    plain, more = follow(model, *clip, WalkOptions(2))[-1], follow(model, *clip, WalkOptions(2), reference=True)[-1]
    assert more.logits.shape[1] == LENGTH
    for part, expected in zip(more.frames(1), plain, strict=True):
        assert torch.equal(part, expected)
    entry = model.start(frames[:, 0], torch.stack([masks[:, 0] == 1, masks[:, 0] == 2], 1).float())
    expected = model.segment(frames[:, 0], [entry])[0]
    torch.testing.assert_close(probabilities(more.frames(0, 1))[:, 0], expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(("queue", "length"), [(1, 3), (2, 3), (None, 5), (2, 2)])
def test_gradients_reach_every_weight(
    model: MobileVOS, clip: tuple[Tensor, ...], queue: int | None, length: int
) -> None:
    frames, masks, present = clip
    followed = follow(model, frames[:, :length], masks[:, :length], present, WalkOptions(queue))[-1]
    (probabilities(followed)[:, :, 1:] * torch.linspace(0, 1, SIDE)).square().sum().backward()
    without = [name for name, p in model.named_parameters() if p.grad is None or not bool((p.grad != 0).any())]
    assert without == []
    assert model.prior is not None and model.prior.log_width.grad is not None
    # Where no frame but the reference is in memory, the previous frame's width has no effect.
    unused = float(model.prior.log_width.grad[1]) == 0.0
    assert unused == (queue == 1 or length == 2)


def test_gradients_run_through_the_memorised_masks(model: MobileVOS, clip: tuple[Tensor, ...]) -> None:
    """What a frame's mask does to later frames is learned: the last frame's loss reaches the first prediction."""
    followed = follow(model, *clip, WalkOptions(2))[-1]
    (gradient,) = torch.autograd.grad(followed.logits[:, -1].sum(), followed.logits, retain_graph=True)
    assert float(gradient[:, :-1].abs().sum()) == 0.0  # the stack itself
    model.zero_grad()
    followed.logits[:, -1].sum().backward()
    through = model.value_encoder.features[0][0].weight.grad.clone()
    model.zero_grad()
    follow(model, *clip, WalkOptions(1))[-1].logits[:, -1].sum().backward()
    assert not torch.allclose(model.value_encoder.features[0][0].weight.grad, through, rtol=1e-2)


def test_gradients_may_stop_at_the_memorised_masks(model: MobileVOS, clip: tuple[Tensor, ...]) -> None:
    """The same masks, and the value encoder, which sees nothing else, needs no gradient if it is frozen."""
    model.value_encoder.requires_grad_(False)
    encoded: dict[bool, list[Tensor]] = {True: [], False: []}
    logits = {}
    for through, outputs in encoded.items():
        hook = model.value_encoder.register_forward_hook(lambda *call, seen=outputs: seen.append(call[-1][-1]))
        logits[through] = follow(model, *clip, WalkOptions(2, through_masks=through))[-1].logits
        hook.remove()
    assert torch.equal(logits[True], logits[False])
    assert [output.requires_grad for output in encoded[True]] == [False] + [True] * (LENGTH - 2)
    assert not any(output.requires_grad for output in encoded[False])


@torch.no_grad()
def test_half_precision_stays_close(model: MobileVOS, clip: tuple[Tensor, ...]) -> None:
    whole, half = follow(model, *clip, WalkOptions(2))[-1], follow(model, *clip, WalkOptions(2, torch.bfloat16))[-1]
    assert {part.dtype for part in half} == {torch.float32}
    assert not torch.equal(whole.logits, half.logits)
    first = (probabilities(whole)[:, 0] - probabilities(half)[:, 0]).abs().mean()
    assert float(first) < 0.05
