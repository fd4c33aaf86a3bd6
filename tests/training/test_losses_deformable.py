"""Attention and object-relation distillation against Gram matrices and correlations written out."""

from __future__ import annotations

import pytest
import torch
from losses_twin import assert_twins, random_tensor
from torch import Tensor

from mobilevos_training.losses import (
    cka_loss,
    inter_object_loss,
    intra_object_loss,
    object_relation_loss,
    pearson_distance,
)

GROUPS, PIXELS, CLASSES = 3, 5, 4
VALID = torch.tensor([[1, 1, 1, 1, 1], [1, 0, 1, 1, 0], [0, 1, 1, 0, 1]]).bool()
PRESENT = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0], [1, 0, 1, 1]]).bool()


@pytest.fixture
def student() -> Tensor:
    return random_tensor(0, GROUPS, PIXELS, CLASSES).softmax(-1)


@pytest.fixture
def teacher() -> Tensor:
    return random_tensor(1, GROUPS, PIXELS, CLASSES).softmax(-1)


def literal_cka(student: Tensor, teacher: Tensor) -> Tensor:
    """From HSIC(K, L) = tr(K H L H) / (n - 1)^2 with n x n Gram matrices and the centring matrix H."""
    losses = []
    for x, y in zip(student, teacher, strict=True):
        n = len(x)
        gram = [torch.stack([torch.stack([sum(a * b) for b in z]) for a in z]) for z in (x, y)]
        centring = torch.eye(n, dtype=torch.float64) - 1.0 / n

        def hsic(a: Tensor, b: Tensor, h: Tensor = centring, n: int = n) -> Tensor:
            return torch.trace(a @ h @ b @ h) / (n - 1) ** 2

        cross = hsic(gram[0], gram[1])
        losses.append(1 - cross / torch.sqrt(hsic(gram[0], gram[0]) * hsic(gram[1], gram[1])))
    return torch.stack(losses)


def literal_pearson(first: list[Tensor], second: list[Tensor]) -> Tensor:
    n = len(first)
    mean = sum(first) / n, sum(second) / n
    covariance = sum((a - mean[0]) * (b - mean[1]) for a, b in zip(first, second, strict=True))
    variances = [sum((a - m) ** 2 for a in x) for x, m in zip((first, second), mean, strict=True)]
    return 1 - covariance / torch.sqrt(variances[0] * variances[1])


def literal_inter(student: Tensor, teacher: Tensor) -> Tensor:
    losses = []
    for g in range(GROUPS):
        classes = [k for k in range(CLASSES) if PRESENT[g, k]]
        pixels = [i for i in range(PIXELS) if VALID[g, i]]
        rows = [literal_pearson(list(student[g, i, classes]), list(teacher[g, i, classes])) for i in pixels]
        losses.append(sum(rows) / len(rows))
    return torch.stack(losses)


def literal_intra(student: Tensor, teacher: Tensor) -> Tensor:
    losses = []
    for g in range(GROUPS):
        classes = [k for k in range(CLASSES) if PRESENT[g, k]]
        pixels = [i for i in range(PIXELS) if VALID[g, i]]
        columns = [literal_pearson(list(student[g, pixels, k]), list(teacher[g, pixels, k])) for k in classes]
        losses.append(sum(columns) / len(columns))
    return torch.stack(losses)


@pytest.mark.parametrize("widths", [(3, 5), (9, 2)])
def test_cka_is_its_gram_form(widths: tuple[int, int]) -> None:
    assert_twins(cka_loss, literal_cka, random_tensor(0, 2, 6, widths[0]), random_tensor(1, 2, 6, widths[1]))


def test_cka_ignores_rotation_scale_and_shift_and_nothing_else() -> None:
    x = random_tensor(0, 2, 20, 6)
    rotation = torch.linalg.qr(random_tensor(1, 6, 6)).Q
    assert torch.allclose(cka_loss(x, 3e-4 * x @ rotation + 5.0), torch.zeros(2, dtype=torch.float64), atol=1e-6)
    assert bool((cka_loss(x, x * torch.tensor([9.0, 1, 1, 1, 1, 1])) > 0.1).all())
    assert bool((cka_loss(x, random_tensor(2, 2, 20, 6)) > 0.5).all())


def test_cka_of_centred_orthogonal_maps_is_zero() -> None:
    x = torch.tensor([[1.0], [-1.0], [1.0], [-1.0]])[None]
    y = torch.tensor([[1.0], [1.0], [-1.0], [-1.0]])[None]
    assert float(cka_loss(x, y)) == 1.0


def test_a_constant_map_has_a_finite_gradient() -> None:
    leaf = torch.ones(1, 5, 3, requires_grad=True)
    loss = cka_loss(leaf, random_tensor(0, 1, 5, 4).float())
    loss.sum().backward()
    assert float(loss.detach()) == 1.0
    assert leaf.grad is not None
    assert bool(leaf.grad.isfinite().all())


def test_pearson_distance_is_its_definition() -> None:
    first, second = random_tensor(0, 4, 6), random_tensor(1, 4, 6)

    def literal(x: Tensor, y: Tensor) -> Tensor:
        return torch.stack([literal_pearson(list(a), list(b)) for a, b in zip(x, y, strict=True)])

    assert_twins(pearson_distance, literal, first, second)


def test_pearson_distance_has_its_limits() -> None:
    x = random_tensor(0, 3, 8)
    assert torch.allclose(pearson_distance(x, 2 * x + 3), torch.zeros(3, dtype=torch.float64), atol=1e-6)
    assert torch.allclose(pearson_distance(x, 1 - x), torch.full((3,), 2.0, dtype=torch.float64), atol=1e-6)
    assert pearson_distance(x, torch.ones_like(x)).tolist() == [1.0, 1.0, 1.0]


def test_relations_are_their_equations() -> None:
    # Not probabilities but tables of a wide spread: the floor of the variance, which Eq. 10 lacks, does not show.
    student, teacher = (10 * random_tensor(seed, GROUPS, PIXELS, CLASSES) for seed in (0, 1))
    assert_twins(lambda s, t: inter_object_loss(s, t, VALID, PRESENT), literal_inter, student, teacher)
    assert_twins(lambda s, t: intra_object_loss(s, t, VALID, PRESENT), literal_intra, student, teacher)
    expected = literal_inter(student, teacher) + literal_intra(student, teacher)
    assert torch.allclose(object_relation_loss(student, teacher, VALID, PRESENT), expected, atol=1e-5)


def test_without_masks_everything_counts(student: Tensor, teacher: Tensor) -> None:
    pixels, classes = torch.ones_like(VALID), torch.ones_like(PRESENT)
    for loss in (inter_object_loss, intra_object_loss):
        assert torch.equal(loss(student, teacher), loss(student, teacher, pixels, classes))


def test_one_axis_is_the_other_of_the_transposed_tables(student: Tensor, teacher: Tensor) -> None:
    assert torch.allclose(inter_object_loss(student, teacher), intra_object_loss(student.mT, teacher.mT))


def test_a_single_object_teaches_through_intra_alone() -> None:
    p = torch.rand(1, 6, 1, generator=torch.Generator().manual_seed(0)) * 0.3
    leaf = torch.cat([1 - p, p], -1).requires_grad_()
    teacher = torch.cat([1 - p.flip(1), p.flip(1)], -1)
    inter = torch.autograd.grad(inter_object_loss(leaf, teacher).sum(), leaf)[0]
    intra = torch.autograd.grad(intra_object_loss(leaf, teacher).sum(), leaf)[0]
    assert float(inter.abs().max()) < 1e-4 * float(intra.abs().max())


def test_a_group_without_pixels_costs_nothing(student: Tensor, teacher: Tensor) -> None:
    valid = VALID & torch.tensor([[True], [False], [True]])
    leaf = student.clone().requires_grad_()
    loss = object_relation_loss(leaf, teacher, valid, PRESENT)
    assert float(loss[1].detach()) == 0
    loss.sum().backward()
    assert leaf.grad is not None
    assert bool(leaf.grad.isfinite().all())
    assert not leaf.grad[1].any()


def test_an_object_that_no_pixel_shows_has_a_finite_gradient() -> None:
    student = torch.full((1, PIXELS, 3), 1e-8)
    student[..., 0] = torch.linspace(0.2, 0.9, PIXELS)
    student[..., 1] = 1 - student[..., 0]
    leaf = student.requires_grad_()
    object_relation_loss(leaf, student.detach().flip(1)).sum().backward()
    assert leaf.grad is not None
    assert float(leaf.grad.abs().max()) < 1e4
