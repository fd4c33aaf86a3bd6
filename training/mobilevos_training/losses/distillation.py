"""MobileVOS distillation (Miles et al., CVPR 2023, section 3): correlations of representations, and logits.

A group is one frame of one clip with its P sampled pixels, some of them padding. Correlations never cross groups, so
memory is bounded by G*P^2. Losses are one value per group. Call them in float32, outside of autocast.
"""

from __future__ import annotations

import math
from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mobilevos_sdk.errors import InvalidInputError
from mobilevos_training.losses.reduction import masked_mean
from mobilevos_training.losses.segmentation import EPSILON

# The named ends of Eq. 8.
CONTRASTIVE_OMEGA = 0.0
DISTILLATION_OMEGA = 1.0
Direction = Literal["student||teacher", "teacher||student"]
# Below any squared Frobenius norm of unit rows, which is at least their number.
SMALLEST_ENERGY = 1e-12


class EmbeddingHead(nn.Module):
    """The student's linear embedding of sampled pixels (a 1x1 convolution), used in training only.

    It belongs to the loss and not to the student, so no checkpoint of a student and no export holds it.
    """

    def __init__(self, channels: int, embedding_channels: int) -> None:
        super().__init__()
        self.projection = nn.Linear(channels, embedding_channels)

    def forward(self, pixels: Tensor) -> Tensor:
        """(G, P, channels) to (G, P, embedding_channels)."""
        return self.projection(pixels)


def representation_loss(
    student: Tensor, teacher: Tensor | None, labels: Tensor | None, omega: float, valid: Tensor
) -> Tensor:
    """The unified loss of Eq. 1, 2, 5 and 6: distils the teacher's correlations and contrasts the true classes.

    With rows of unit length, `C_s = Z_S Z_S^T`, `C_t = Z_T Z_T^T`, `C_y = Y Y^T` and
    `C_ty = omega C_t + (1 - omega) C_y`:

    `L = (log2 ||C_s||^2 - log2 ||C_s * C_ty||^2) / P`, with `*` the Hadamard product and the Frobenius norm.

    `|C_s|` of Eq. 2 is taken as the number of sampled pixels P: Algorithm 1 divides by `len(z_s)`, and section 3.3 says
    that the term averages over the size of the boundary. The minus is Eq. 2's; Algorithm 1 has lost it.

    Args:
        student: (G, P, d_s) representations, of any length.
        teacher: (G, P, d_t) representations; may be none if omega is 0.
        labels: (G, P) int64 classes; may be none if omega is 1.
        omega: 0..1, the teacher's part in the target.
        valid: (G, P) bool, false for padding.

    Returns:
        (G,) losses, 0 or more; 0 for a group without valid pixels or with one.

    Raises:
        InvalidInputError: omega is outside 0..1, or what it needs is missing.
    """
    similarity = _correlation(student, valid)
    target = _target_correlation(teacher, labels, valid, omega)
    energy = _log_energy(similarity) - _log_energy(similarity * target)
    return energy / valid.sum(1).clamp_min(1)


def supervised_contrastive_loss(student: Tensor, labels: Tensor, valid: Tensor) -> Tensor:
    """`representation_loss` with omega = 0: no teacher, pixels of different classes are pushed to be orthogonal."""
    return representation_loss(student, None, labels, CONTRASTIVE_OMEGA, valid)


def correlation_distillation_loss(student: Tensor, teacher: Tensor, valid: Tensor) -> Tensor:
    """`representation_loss` with omega = 1: no ground truth, the teacher's correlations alone.

    With the matrix-based Renyi entropy `H2(A) = -log2 tr A^2` of Gram matrices of trace 1 (Sanchez Giraldo et al.,
    2015), `A = C_s / P` and `(C_s * C_t) / P` for the joint one, `P * L = H2(Z_S; Z_T) - H2(Z_S)`, which is
    `H2(Z_T) - I2(Z_S; Z_T)`: minus the mutual information, as in Eq. 4, plus a constant of the teacher. (Eq. 3 has the
    two entropies the other way round, which fits Eq. 2 only if H2 stands for `+log2`.)
    """
    return representation_loss(student, teacher, None, DISTILLATION_OMEGA, valid)


def logit_distillation_loss(
    student_log_probabilities: Tensor,
    teacher_log_probabilities: Tensor,
    temperature: float,
    valid: Tensor,
    direction: Direction = "student||teacher",
) -> Tensor:
    """KL divergence of tempered class probabilities, a mean over the sampled pixels (Eq. 9).

    `L = 1/P sum_i sum_k p_S(k) ln(p_S(k) / p_T(k))` with `p(tau) = softmax(ln p / tau)`. That is Eq. 9 as printed;
    Algorithm 1 has the arguments the other way round, which is `teacher||student`, the usual one of distillation.

    Args:
        student_log_probabilities: (G, P, K) logarithms of the aggregated classes, background first. Those below
            ln 1e-6 count as ln 1e-6, so the logarithm of a zero is harmless.
        teacher_log_probabilities: likewise.
        temperature: tau > 0; below 1 sharpens.
        valid: (G, P) bool, false for padding.
        direction: which of the two the expectation is taken over: the first.

    Returns:
        (G,) losses in nats, 0 or more; 0 for a group without valid pixels.

    Raises:
        InvalidInputError: the temperature is not positive, or the direction is unknown.
    """
    if temperature <= 0:
        raise InvalidInputError(f"logit distillation: the temperature must be above 0, not {temperature}")
    if direction not in get_args(Direction):
        raise InvalidInputError(f"logit distillation: direction is one of {get_args(Direction)}, not '{direction}'")
    student, teacher = (
        (x.clamp_min(math.log(EPSILON)) / temperature).log_softmax(-1)
        for x in (student_log_probabilities, teacher_log_probabilities)
    )
    first, second = (student, teacher) if direction == "student||teacher" else (teacher, student)
    return masked_mean(F.kl_div(second, first, reduction="none", log_target=True).sum(-1), valid)


def _correlation(x: Tensor, valid: Tensor) -> Tensor:
    """(G, P, P) cosine similarities (Eq. 1); rows and columns of padding are zero."""
    rows = F.normalize(torch.where(valid.unsqueeze(-1), x, 0.0), dim=-1)
    return rows @ rows.mT


def _target_correlation(teacher: Tensor | None, labels: Tensor | None, valid: Tensor, omega: float) -> Tensor:
    """(G, P, P) of Eq. 6; reads neither teacher nor labels where omega gives them no weight."""
    if not 0 <= omega <= 1:
        raise InvalidInputError(f"representation loss: omega must be in 0..1, not {omega}")
    parts = []
    if omega > 0:
        if teacher is None:
            raise InvalidInputError(f"representation loss: omega {omega} needs a teacher; give one, or use omega 0")
        parts.append(omega * _correlation(teacher, valid))
    if omega < 1:
        if labels is None:
            raise InvalidInputError(f"representation loss: omega {omega} needs labels; give them, or use omega 1")
        parts.append((1 - omega) * (labels.unsqueeze(2) == labels.unsqueeze(1)))
    return sum(parts[1:], parts[0])


def _log_energy(matrix: Tensor) -> Tensor:
    """log2 of the squared Frobenius norm, (G,); finite for an empty matrix too."""
    return matrix.square().sum((1, 2)).clamp_min(SMALLEST_ENERGY).log2()
