"""The identification mechanism: what the patch-wise identity bank makes of masks, and which symmetry it has."""

from __future__ import annotations

import pytest
import torch

from mobilevos_models.aot.identity import PADDING, PATCH, STRIDE, IdentityBank
from mobilevos_sdk.errors import MobileVOSError

HEIGHT, WIDTH = 33, 50
CHANNELS = 6
TOLERANCE = 1e-6


@pytest.fixture
def bank() -> IdentityBank:
    torch.manual_seed(0)
    return IdentityBank(CHANNELS, normalize=False).requires_grad_(False)


def random_masks(objects: int) -> torch.Tensor:
    """Soft masks whose sum stays below 1."""
    return torch.rand(1, objects, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(1)) / objects


def test_each_pixel_adds_the_vector_of_its_identity_and_place(bank: IdentityBank):
    """Section 5: a patch of vectors for each identity; a pixel counts for every patch that it lies in."""
    masks = torch.zeros(1, 3, HEIGHT, WIDTH)
    masks[0, 1, 18, 40] = 1.0
    found = bank(masks) - bank(torch.zeros_like(masks))
    rows, columns = (HEIGHT + STRIDE - 1) // STRIDE, (WIDTH + STRIDE - 1) // STRIDE
    assert found.shape == (1, rows * columns, CHANNELS)
    expected = torch.zeros(rows, columns, CHANNELS)
    for row in range(rows):
        for column in range(columns):
            y, x = 18 - STRIDE * row + PADDING, 40 - STRIDE * column + PADDING
            if 0 <= y < PATCH and 0 <= x < PATCH:
                # Object 1 is identity 2: the background is identity 0, and there it is no longer background.
                expected[row, column] = bank.bank.weight[:, 2, y, x] - bank.bank.weight[:, 0, y, x]
    assert expected.abs().max() > 0
    assert torch.allclose(found[0], expected.reshape(-1, CHANNELS), atol=TOLERANCE)


def test_soft_masks_are_between_hard_ones(bank: IdentityBank):
    first, second = (random_masks(2) > 0.25).float().unbind(1)
    hard = [torch.stack([first, torch.zeros_like(first)], 1), torch.stack([torch.zeros_like(second), second], 1)]
    mixed = bank(0.3 * hard[0] + 0.7 * hard[1])
    assert torch.allclose(mixed, 0.3 * bank(hard[0]) + 0.7 * bank(hard[1]), atol=TOLERANCE)


def test_absent_identities_add_nothing(bank: IdentityBank):
    masks = random_masks(2)
    padded = torch.cat([masks, torch.zeros(1, 8, HEIGHT, WIDTH)], 1)
    assert torch.allclose(bank(padded), bank(masks), atol=TOLERANCE)


def test_masks_that_overlap_leave_no_negative_background(bank: IdentityBank):
    masks = torch.ones(1, 2, HEIGHT, WIDTH)
    weight = bank.bank.weight.clone()
    bank.bank.weight[:, 0] = 0.0
    without_background = bank(masks)
    bank.bank.weight.copy_(weight)
    assert torch.allclose(bank(masks), without_background, atol=TOLERANCE)


def test_identities_are_told_apart(bank: IdentityBank):
    masks = random_masks(2)
    assert (bank(masks) - bank(masks.flip(1))).abs().max() > 1e-4


def test_the_norm_is_over_channels():
    bank = IdentityBank(CHANNELS, normalize=True).requires_grad_(False)
    embedding = bank(random_masks(3))
    assert embedding.mean(2).abs().max() < 1e-5


@pytest.mark.parametrize("objects", [0, 11])
def test_more_objects_than_identities_need_several_passes(bank: IdentityBank, objects: int):
    with pytest.raises(MobileVOSError, match=f"10 identities .* {objects} objects .* several passes"):
        bank(torch.zeros(1, objects, HEIGHT, WIDTH))
