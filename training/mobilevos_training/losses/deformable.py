"""Distillation of attention maps and object relations (Truong et al., sections 3.3 and 4.2), without ground truth.

A group is one frame of one clip; losses are one value per group. Call them in float32, outside of autocast.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mobilevos_training.losses.reduction import masked_mean

# lambda of Eq. 12: the weight of the attention loss beside the two relation losses.
ATTENTION_WEIGHT = 1.5
# Added to variances, so that a class that no pixel has gives a finite gradient.
VARIANCE_FLOOR = 1e-8
SMALLEST_ENERGY = 1e-12


def cka_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """1 minus the linear centred kernel alignment of two attention maps (Eq. 8 and 9, one pair of layers).

    `CKA(X, Y) = HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L))` with the centred Gram matrices `K = X X^T` and `L = Y Y^T`
    (Kornblith et al., 2019, Eq. 4). Eq. 8 as printed has `HSIC(K, L)` under the root as well, which would make it 1 for
    any two maps. Computed as `||Y^T X||^2 / (||X^T X|| ||Y^T Y||)` (Kornblith's section 3) with Frobenius norms and
    centred columns, so memory grows with the squared widths and not with n^2.

    Args:
        student: (G, n, d_s), n queries (or pixels) of d_s features, of any scale.
        teacher: (G, n, d_t) of the same n.

    Returns:
        (G,) losses in 0..1; 1 where a map is the same for all n.
    """
    x, y = _centred_unit(student), _centred_unit(teacher)
    own = (_energy(x.mT @ x) + SMALLEST_ENERGY) * (_energy(y.mT @ y) + SMALLEST_ENERGY)
    return 1.0 - _energy(y.mT @ x) / own.sqrt()


def pearson_distance(first: Tensor, second: Tensor, valid: Tensor | None = None) -> Tensor:
    """1 minus Pearson's correlation along the last axis (the `d_p` of Eq. 10 and 11; Huang et al., 2022).

    Args:
        first: (..., n).
        second: (..., n).
        valid: bool that broadcasts to (..., n), the entries that count; none means all.

    Returns:
        (...) distances in 0..2; 1 where one of the two is constant, for which no correlation is defined.
    """
    mask = _all_of(first) if valid is None else valid
    x, y = (value - masked_mean(value, mask).unsqueeze(-1) for value in (first, second))
    variances = (masked_mean(x * x, mask) + VARIANCE_FLOOR) * (masked_mean(y * y, mask) + VARIANCE_FLOOR)
    return 1.0 - masked_mean(x * y, mask) / variances.sqrt()


def inter_object_loss(
    student: Tensor, teacher: Tensor, valid: Tensor | None = None, present: Tensor | None = None
) -> Tensor:
    """Mean over the pixels of the Pearson distance between the class probabilities of a pixel (Eq. 10).

    `1/P sum_i d_p(Y_S[i, :], Y_T[i, :])`: a row is one pixel, as Algorithm 1 flattens it. Over two classes, object and
    background, a correlation is 1 or -1 and has no gradient: the loss teaches from two objects on.

    Args:
        student: (G, P, K) probabilities, background first.
        teacher: (G, P, K) likewise.
        valid: (G, P) bool, false for padding; none means all.
        present: (G, K) bool, the classes that exist; none means all.

    Returns:
        (G,) losses in 0..2; 0 for a group without valid pixels.
    """
    classes = None if present is None else present.unsqueeze(1)
    distances = pearson_distance(student, teacher, classes)
    return masked_mean(distances, _all_of(distances) if valid is None else valid)


def intra_object_loss(
    student: Tensor, teacher: Tensor, valid: Tensor | None = None, present: Tensor | None = None
) -> Tensor:
    """Mean over the classes of the Pearson distance between a class's probabilities at all pixels (Eq. 11).

    `1/K sum_j d_p(Y_S[:, j], Y_T[:, j])`. The pixels are those of one group, not of the whole batch as in Algorithm 1:
    object 1 of one clip has nothing to do with object 1 of another.

    Args:
        student: (G, P, K) probabilities, background first.
        teacher: (G, P, K) likewise.
        valid: (G, P) bool, false for padding; none means all.
        present: (G, K) bool, the classes that exist; none means all.

    Returns:
        (G,) losses in 0..2; 0 for a group without valid pixels.
    """
    pixels = _all_of(student[..., 0]) if valid is None else valid
    distances = pearson_distance(student.mT, teacher.mT, pixels.unsqueeze(1))
    exists = _all_of(distances) if present is None else present
    return masked_mean(distances, exists & pixels.any(1, keepdim=True))


def object_relation_loss(
    student: Tensor, teacher: Tensor, valid: Tensor | None = None, present: Tensor | None = None
) -> Tensor:
    """The first two terms of Eq. 12, `L_inter + L_intra`; the third is `ATTENTION_WEIGHT * cka_loss(...)`.

    Arguments and result are those of `inter_object_loss`.
    """
    return inter_object_loss(student, teacher, valid, present) + intra_object_loss(student, teacher, valid, present)


def _all_of(x: Tensor) -> Tensor:
    return torch.ones_like(x, dtype=torch.bool)


def _centred_unit(x: Tensor) -> Tensor:
    """Centres the columns of (G, n, d) and scales to a Frobenius norm of 1, which CKA does not notice."""
    centred = x - x.mean(1, keepdim=True)
    return centred / (_energy(centred) + SMALLEST_ENERGY).sqrt().view(-1, 1, 1)


def _energy(matrix: Tensor) -> Tensor:
    """The squared Frobenius norm, (G, ...) to (G,)."""
    return matrix.square().sum((1, 2))
