"""MobileVOS's distillation losses against Eq. 1 to 9, entry by entry, and what section 3 says of their ends."""

from __future__ import annotations

import math

import pytest
import torch
from losses_twin import assert_twins, random_tensor
from torch import Tensor

from mobilevos_sdk.errors import InvalidInputError
from mobilevos_training.losses import (
    EmbeddingHead,
    correlation_distillation_loss,
    logit_distillation_loss,
    representation_loss,
    supervised_contrastive_loss,
)

GROUPS, PIXELS, CLASSES = 3, 6, 3
VALID = torch.tensor([[1, 1, 1, 1, 1, 1], [1, 0, 1, 1, 0, 1], [0, 1, 1, 0, 0, 0]]).bool()
LABELS = torch.tensor([[0, 1, 1, 0, 2, 2], [0, 1, 1, 0, 2, 0], [1, 0, 1, 0, 1, 0]])


@pytest.fixture
def student() -> Tensor:
    return random_tensor(0, GROUPS, PIXELS, 4)


@pytest.fixture
def teacher() -> Tensor:
    return random_tensor(1, GROUPS, PIXELS, 7)


def cosine(x: Tensor, i: int, j: int) -> Tensor:
    return sum(x[i] * x[j]) / torch.sqrt(sum(x[i] ** 2) * sum(x[j] ** 2))


def pixels_of(group: int) -> list[int]:
    return [i for i in range(PIXELS) if VALID[group, i]]


def literal_representation(student: Tensor, teacher: Tensor, omega: float) -> Tensor:
    """Eq. 2 with the target of Eq. 6, one entry of the matrices at a time."""
    losses = []
    for group in range(GROUPS):
        own = aligned = torch.zeros((), dtype=torch.float64)
        pixels = pixels_of(group)
        for i in pixels:
            for j in pixels:
                similarity = cosine(student[group], i, j)
                same = float(LABELS[group, i] == LABELS[group, j])
                target = omega * cosine(teacher[group], i, j) + (1 - omega) * same
                own = own + similarity**2
                aligned = aligned + (similarity * target) ** 2
        losses.append((torch.log2(own) - torch.log2(aligned)) / len(pixels))
    return torch.stack(losses)


def literal_logit(student: Tensor, teacher: Tensor, temperature: float, student_first: bool) -> Tensor:
    """Eq. 9 from the definition of the KL divergence and of a tempered softmax."""
    losses = []
    for group in range(GROUPS):
        total = torch.zeros((), dtype=torch.float64)
        for i in pixels_of(group):
            p, q = (
                [torch.exp(x[group, i, k] / temperature) / sum(torch.exp(x[group, i] / temperature)) for k in range(3)]
                for x in ((student, teacher) if student_first else (teacher, student))
            )
            total = total + sum(p[k] * torch.log(p[k] / q[k]) for k in range(CLASSES))
        losses.append(total / len(pixels_of(group)))
    return torch.stack(losses)


def test_the_mixed_loss_is_its_equations(student: Tensor, teacher: Tensor) -> None:
    assert_twins(
        lambda s, t: representation_loss(s, t, LABELS, 0.3, VALID),
        lambda s, t: literal_representation(s, t, 0.3),
        student,
        teacher,
    )


def test_the_ends_are_the_equations_with_omega_0_and_1(student: Tensor, teacher: Tensor) -> None:
    assert_twins(
        lambda s: supervised_contrastive_loss(s, LABELS, VALID),
        lambda s: literal_representation(s, teacher, 0.0),
        student,
    )
    assert_twins(
        lambda s, t: correlation_distillation_loss(s, t, VALID),
        lambda s, t: literal_representation(s, t, 1.0),
        student,
        teacher,
    )


def renyi_entropy(gram: Tensor) -> Tensor:
    """The matrix-based entropy of order 2, from the eigenvalues of the Gram matrix with a trace of 1."""
    return -torch.log2((torch.linalg.eigvalsh(gram / gram.trace()) ** 2).sum())


def test_distillation_is_a_conditional_entropy(student: Tensor, teacher: Tensor) -> None:
    losses = correlation_distillation_loss(student, teacher, VALID)
    for group in range(GROUPS):
        rows = VALID[group]
        own, theirs = (
            torch.nn.functional.normalize(x[group][rows]) @ torch.nn.functional.normalize(x[group][rows]).T
            for x in (student, teacher)
        )
        joint = renyi_entropy(own * theirs)
        assert float(losses[group] * rows.sum()) == pytest.approx(float(joint - renyi_entropy(own)), rel=1e-6)
        information = renyi_entropy(own) + renyi_entropy(theirs) - joint
        expected = float(renyi_entropy(theirs) - information)
        assert float(losses[group] * rows.sum()) == pytest.approx(expected, rel=1e-6)


def test_the_contrastive_end_is_zero_when_other_classes_are_orthogonal() -> None:
    axes = torch.eye(3)[LABELS[:1]] * torch.tensor([1.0, 2.0, 0.5, 3.0, 1.0, 1.0]).view(1, -1, 1)
    everything = torch.ones(1, PIXELS, dtype=torch.bool)
    assert float(supervised_contrastive_loss(axes, LABELS[:1], everything)) == pytest.approx(0.0, abs=1e-6)
    alike = torch.ones(1, PIXELS, 3)
    # 12 of the 36 pairs are of one class.
    expected = math.log2(36 / 12) / PIXELS
    assert float(supervised_contrastive_loss(alike, LABELS[:1], everything)) == pytest.approx(expected, rel=1e-5)


def test_the_second_term_is_subtracted(teacher: Tensor) -> None:
    """Aligning with the teacher lowers the loss; with Algorithm 1's lost minus it would raise it."""
    unrelated = random_tensor(5, GROUPS, PIXELS, 7)
    aligned = correlation_distillation_loss(teacher, teacher, VALID)
    assert bool((aligned < correlation_distillation_loss(unrelated, teacher, VALID)).all())


def test_padding_and_lengths_do_not_matter(student: Tensor, teacher: Tensor) -> None:
    noisy = torch.where(VALID.unsqueeze(-1), 7.0 * student, torch.nan)
    expected = representation_loss(student, teacher, LABELS, 0.5, VALID)
    assert torch.allclose(representation_loss(noisy, teacher, LABELS, 0.5, VALID), expected)
    inputs = (student, teacher, LABELS, VALID)
    alone = [representation_loss(s, t, y, 0.5, v) for s, t, y, v in zip(*(x.split(1) for x in inputs), strict=True)]
    assert torch.allclose(torch.cat(alone), expected)


@pytest.mark.parametrize("omega", [0.0, 0.5, 1.0])
def test_one_pixel_or_none_or_a_zero_row_is_harmless(student: Tensor, teacher: Tensor, omega: float) -> None:
    valid = torch.zeros_like(VALID)
    valid[1, 3] = True
    valid[2, :3] = True
    leaf = student.float().clone()
    leaf[2, 0] = 0.0
    leaf.requires_grad_()
    losses = representation_loss(leaf, teacher.float(), LABELS, omega, valid)
    assert losses[:2].tolist() == pytest.approx([0.0, 0.0], abs=1e-6)
    losses.sum().backward()
    assert leaf.grad is not None
    assert bool(leaf.grad.isfinite().all())
    assert leaf.grad[:2].abs().max() < 1e-6
    empty = representation_loss(leaf[:, :0], teacher.float()[:, :0], LABELS[:, :0], omega, valid[:, :0])
    assert empty.tolist() == [0.0] * GROUPS


@pytest.mark.parametrize(
    ("omega", "message"), [(0.5, "needs a teacher"), (0.0, "needs labels"), (1.5, "in 0..1"), (-0.1, "in 0..1")]
)
def test_what_omega_needs_is_named(student: Tensor, omega: float, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        representation_loss(student, None, None, omega, VALID)


@pytest.mark.parametrize("temperature", [0.1, 1.0, 3.0])
@pytest.mark.parametrize("direction", ["student||teacher", "teacher||student"])
def test_logit_distillation_is_its_equation(temperature: float, direction: str) -> None:
    student, teacher = (random_tensor(s, GROUPS, PIXELS, CLASSES).mul(0.3).log_softmax(-1) for s in (2, 3))
    assert_twins(
        lambda s, t: logit_distillation_loss(s, t, temperature, VALID, direction),
        lambda s, t: literal_logit(s, t, temperature, direction == "student||teacher"),
        student,
        teacher,
    )


def test_tempering_an_objects_probability_tempers_its_logit() -> None:
    """softmax(ln p / tau) of [1 - p, p] is sigmoid(logit(p) / tau): the input may be any form of the log-odds."""
    logits = torch.tensor([[[1.5], [-0.4]]])
    log_p = torch.cat([torch.nn.functional.logsigmoid(-logits), torch.nn.functional.logsigmoid(logits)], -1)
    valid = torch.ones(1, 2, dtype=torch.bool)
    other = torch.full_like(log_p, math.log(0.5))
    p = torch.sigmoid(logits / 0.5).flatten().double()
    expected = (p * (2 * p).log() + (1 - p) * (2 * (1 - p)).log()).mean()
    assert float(logit_distillation_loss(log_p, other, 0.5, valid)) == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("direction", ["student||teacher", "teacher||student"])
def test_equal_or_no_pixels_cost_nothing_and_certainty_is_finite(direction: str) -> None:
    certain = torch.tensor([0.0, -torch.inf, -torch.inf]).expand(GROUPS, PIXELS, 3)
    assert float(logit_distillation_loss(certain, certain, 0.1, VALID, direction).sum()) == 0
    leaf = certain.flip(-1).clone().requires_grad_()
    losses = logit_distillation_loss(leaf, certain, 0.1, VALID & torch.tensor([[True], [True], [False]]), direction)
    assert losses[:2].tolist() == pytest.approx([138.155, 138.155], rel=1e-4)
    assert float(losses[2].detach()) == 0
    losses.sum().backward()
    assert leaf.grad is not None
    assert bool(leaf.grad.isfinite().all())


@pytest.mark.parametrize(("temperature", "direction"), [(0.0, "student||teacher"), (1.0, "both")])
def test_a_wrong_option_is_one_clear_error(temperature: float, direction: str) -> None:
    x = torch.zeros(GROUPS, PIXELS, CLASSES)
    with pytest.raises(InvalidInputError, match="logit distillation"):
        logit_distillation_loss(x, x, temperature, VALID, direction)  # type: ignore[arg-type]


def test_the_embedding_is_a_1x1_convolution_of_the_sampled_pixels() -> None:
    head = EmbeddingHead(4, 8)
    maps = torch.randn(2, 4, 3, 5)
    weight = head.projection.weight.view(8, 4, 1, 1)
    expected = torch.nn.functional.conv2d(maps, weight, head.projection.bias)
    assert torch.allclose(head(maps.flatten(2).mT), expected.flatten(2).mT, atol=1e-6)
