"""The losses on masks against their definitions, pixel by pixel."""

from __future__ import annotations

import pytest
import torch
from losses_twin import Loss, assert_twins, random_probabilities
from torch import Tensor

from mobilevos_sdk.errors import InvalidInputError
from mobilevos_training.losses import (
    bootstrap_share,
    bootstrapped_cross_entropy,
    dice_loss,
    soft_jaccard_loss,
)

CLIPS, OBJECTS, HEIGHT, WIDTH = 3, 2, 4, 5


@pytest.fixture
def probabilities() -> Tensor:
    return random_probabilities(0, CLIPS, OBJECTS + 1, HEIGHT, WIDTH)


@pytest.fixture
def target() -> Tensor:
    """Classes with a different number of ignored pixels in each clip."""
    generator = torch.Generator().manual_seed(1)
    classes = torch.randint(0, OBJECTS + 1, (CLIPS, HEIGHT, WIDTH), generator=generator)
    classes[1, :2] = 255
    classes[2, 0, 0] = 255
    return classes


def known_pixels(target: Tensor, clip: int) -> list[tuple[int, int]]:
    return [(y, x) for y in range(HEIGHT) for x in range(WIDTH) if target[clip, y, x] != 255]


def literal_cross_entropy(probabilities: Tensor, target: Tensor, share: float, epsilon: float) -> Tensor:
    clips = []
    for clip in range(CLIPS):
        losses = []
        for y, x in known_pixels(target, clip):
            true = probabilities[clip, int(target[clip, y, x]), y, x]
            losses.append(-torch.log(true) + epsilon * (1 - true))
        losses.sort(key=lambda loss: float(loss.detach()), reverse=True)
        kept = losses[: max(1, round(share * len(losses)))]
        clips.append(sum(kept) / len(kept))
    return torch.stack(clips)


def literal_overlap(probabilities: Tensor, target: Tensor, present: Tensor, jaccard: bool) -> Tensor:
    clips = []
    for clip in range(CLIPS):
        losses = []
        for number in range(1, OBJECTS + 1):
            if not present[clip, number - 1]:
                continue
            overlap = predicted = true = torch.zeros((), dtype=torch.float64)
            for y, x in known_pixels(target, clip):
                p, truth = probabilities[clip, number, y, x], float(target[clip, y, x] == number)
                overlap, predicted, true = overlap + p * truth, predicted + p, true + truth
            union = predicted + true - overlap
            ratio = (overlap + 1) / (union + 1) if jaccard else (2 * overlap + 1) / (predicted + true + 1)
            losses.append(1 - ratio)
        clips.append(sum(losses) / len(losses))
    return torch.stack(clips)


@pytest.mark.parametrize("share", [1.0, 0.4, 1e-3])
@pytest.mark.parametrize("epsilon", [0.0, 1.0])
def test_cross_entropy_is_its_definition(probabilities: Tensor, target: Tensor, share: float, epsilon: float) -> None:
    assert_twins(
        lambda p: bootstrapped_cross_entropy(p, target, share, epsilon),
        lambda p: literal_cross_entropy(p, target, share, epsilon),
        probabilities,
    )


def test_with_all_known_pixels_it_is_plain_cross_entropy(probabilities: Tensor, target: Tensor) -> None:
    expected = [
        torch.nn.functional.nll_loss(p[None].log(), t[None], ignore_index=255)
        for p, t in zip(probabilities, target, strict=True)
    ]
    assert torch.allclose(bootstrapped_cross_entropy(probabilities, target, 1.0), torch.stack(expected))


def test_only_the_hardest_pixels_get_a_gradient(probabilities: Tensor, target: Tensor) -> None:
    leaf = probabilities.clone().requires_grad_()
    bootstrapped_cross_entropy(leaf, target, 0.2).sum().backward()
    assert leaf.grad is not None
    touched = (leaf.grad != 0).any(1).flatten(1).sum(1)
    assert touched.tolist() == [round(0.2 * len(known_pixels(target, clip))) for clip in range(CLIPS)]


def test_a_certain_mistake_is_finite() -> None:
    probabilities = torch.tensor([1.0, 0.0]).view(1, 2, 1, 1).expand(1, 2, 2, 2)
    loss = bootstrapped_cross_entropy(probabilities, torch.ones(1, 2, 2, dtype=torch.long), 1.0)
    assert float(loss) == pytest.approx(13.8155, abs=1e-3)


@pytest.mark.parametrize("jaccard", [False, True])
@pytest.mark.parametrize("present", [None, [[True, True], [True, False], [False, True]]])
def test_overlaps_are_their_definitions(
    probabilities: Tensor, target: Tensor, jaccard: bool, present: list[list[bool]] | None
) -> None:
    chosen = torch.ones(CLIPS, OBJECTS, dtype=torch.bool) if present is None else torch.tensor(present)
    loss = soft_jaccard_loss if jaccard else dice_loss
    assert_twins(
        lambda p: loss(p, target, None if present is None else chosen),
        lambda p: literal_overlap(p, target, chosen, jaccard),
        probabilities,
    )


@pytest.mark.parametrize("loss", [dice_loss, soft_jaccard_loss])
def test_a_perfect_mask_costs_nothing_and_an_empty_one_almost_all(loss: Loss) -> None:
    target = torch.zeros(1, 16, 16, dtype=torch.long)
    target[0, 4:12, 4:12] = 1
    perfect = torch.nn.functional.one_hot(target, 2).movedim(-1, 1).float()
    assert float(loss(perfect, target)) == pytest.approx(0.0, abs=1e-6)
    assert float(loss(perfect.flip(1), target)) > 0.98


@pytest.mark.parametrize(
    "loss",
    [
        lambda p, t: bootstrapped_cross_entropy(p, t, 0.3, 1.0),
        dice_loss,
        soft_jaccard_loss,
    ],
    ids=["cross-entropy", "dice", "jaccard"],
)
def test_a_clip_does_not_depend_on_its_batch(loss: Loss, probabilities: Tensor, target: Tensor) -> None:
    alone = [loss(probabilities[i : i + 1], target[i : i + 1]) for i in range(CLIPS)]
    assert torch.allclose(loss(probabilities, target), torch.cat(alone))


def test_a_clip_with_nothing_known_or_present_costs_nothing(probabilities: Tensor, target: Tensor) -> None:
    leaf = probabilities.clone().requires_grad_()
    target[0] = 255
    absent = torch.tensor([[False, False], [True, True], [True, True]])
    entropy = bootstrapped_cross_entropy(leaf, target, 0.5)
    losses = torch.stack([entropy, dice_loss(leaf, target, absent), soft_jaccard_loss(leaf, target, absent)])
    assert losses[:, 0].tolist() == [0.0, 0.0, 0.0]
    losses.sum().backward()
    assert leaf.grad is not None
    assert bool(leaf.grad.isfinite().all())
    assert not leaf.grad[0].any()


def test_the_share_falls_from_one_to_its_end() -> None:
    assert bootstrap_share(0) == bootstrap_share(20_000) == 1.0
    assert bootstrap_share(45_000) == pytest.approx(0.575)
    assert bootstrap_share(70_000) == pytest.approx(0.15)
    assert bootstrap_share(10**6) == pytest.approx(0.15)
    assert bootstrap_share(0, full_steps=0, ramp_steps=0, final_share=0.25) == 0.25


@pytest.mark.parametrize("share", [0.0, -0.1, 1.5])
def test_a_share_that_is_none_is_refused(probabilities: Tensor, target: Tensor, share: float) -> None:
    with pytest.raises(InvalidInputError, match=r"\(0, 1\]"):
        bootstrapped_cross_entropy(probabilities, target, share)
    with pytest.raises(InvalidInputError, match=r"\(0, 1\]"):
        bootstrap_share(0, final_share=share)
