"""Damage to memorised masks: what is lost, what is added, and that nothing else changes."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from mobilevos_training.damage import Damage
from mobilevos_training.recipe_options import DamageOptions


def disc(side: int = 64, x: int = 24, radius: int = 12) -> Tensor:
    """(H, W) 0 or 1."""
    row, column = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    return ((row - side // 2) ** 2 + (column - x) ** 2 <= radius**2).float()


def damaged(masks: Tensor, lost: float = 0.5, added: float = 0.5, seed: int = 0) -> Tensor:
    """Masks (B, N, H, W) after damage; each clip has a generator of its own."""
    options = DamageOptions(lost=lost, added=added)
    return Damage(options, [torch.Generator().manual_seed(seed + clip) for clip in range(len(masks))])(masks)


def test_a_piece_is_lost_or_added_at_the_object() -> None:
    whole = disc()
    after = damaged(whole.expand(200, 1, -1, -1))[:, 0]
    lost = ((whole > 0) & (after == 0)).flatten(1).sum(1)
    added = ((whole == 0) & (after == 1)).flatten(1).sum(1)
    assert not ((lost > 0) & (added > 0)).any()  # one or the other
    assert 60 < int((lost > 0).sum()) < 140
    assert int((added > 0).sum()) > 40  # pieces that lie within the object add nothing
    # An ellipse with radii of 0.15 to 0.7 of the root of the area.
    area = float(whole.sum())
    assert float(lost.max()) <= 3.1416 * 0.7**2 * area * 1.05
    assert float(added.max()) > 0.2 * area
    far = torch.hypot(torch.arange(64.0).view(-1, 1) - 32, torch.arange(64.0).view(1, -1) - 24)
    reach = 12 + 0.7 * area**0.5 + 1
    assert float(after[:, far > reach].sum()) == 0.0


def test_masks_are_damaged_as_often_as_asked() -> None:
    masks = disc().expand(400, 1, -1, -1)
    changed = (damaged(masks, 0.3, 0.0) != masks).flatten(1).any(1).float().mean()
    assert 0.24 < float(changed) < 0.36
    assert bool((damaged(masks, 0.3, 0.0) <= masks).all())
    assert bool((damaged(masks, 0.0, 0.3) >= masks).all())


def test_probabilities_stay_such_and_targets_compete() -> None:
    masks = torch.stack([disc(x=20) * 0.9, disc(x=44) * 0.9]).expand(60, 2, -1, -1)
    after = damaged(masks)
    assert float(after.min()) >= 0
    assert float(after.sum(1).max()) <= 1 + 1e-6
    taken = (after[:, 0] > 0.5) & (masks[:, 1] > 0.5)
    assert taken.any()  # a piece of the other target was taken, and it has less of it
    assert float(after[:, 1][taken].max()) <= 0.5


def test_a_target_that_is_not_seen_gets_nothing() -> None:
    assert torch.equal(damaged(torch.zeros(20, 2, 32, 32)), torch.zeros(20, 2, 32, 32))


def test_a_clip_depends_on_its_own_generator_alone() -> None:
    masks = disc().expand(3, 1, -1, -1)
    together = damaged(masks, seed=5)
    for clip in range(3):
        assert torch.equal(damaged(masks[:1], seed=5 + clip)[0], together[clip])
    assert not torch.equal(together[0], together[1])


def test_gradients_pass_through_what_was_not_damaged() -> None:
    masks = (disc() * 0.8).expand(8, 1, -1, -1).clone().requires_grad_()
    after = damaged(masks)
    after.sum().backward()
    assert masks.grad is not None
    assert float(masks.grad[after == 0.8].min()) == pytest.approx(1.0)
    assert float(masks.grad[(after == 0) & (masks > 0)].abs().max()) == 0.0


@pytest.mark.parametrize("wrong", [{}, {"lost": 0.7, "added": 0.5}, {"lost": -0.1, "added": 0.5}])
def test_damage_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        DamageOptions(**wrong)
