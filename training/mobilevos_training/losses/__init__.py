"""Losses and pixel samplers as pure functions of tensors; see docs/losses.md for the equations and their sources."""

from mobilevos_training.losses.aot import scalable_supervision
from mobilevos_training.losses.deformable import (
    ATTENTION_WEIGHT,
    cka_loss,
    inter_object_loss,
    intra_object_loss,
    object_relation_loss,
    pearson_distance,
)
from mobilevos_training.losses.distillation import (
    CONTRASTIVE_OMEGA,
    DISTILLATION_OMEGA,
    Direction,
    EmbeddingHead,
    correlation_distillation_loss,
    logit_distillation_loss,
    representation_loss,
    supervised_contrastive_loss,
)
from mobilevos_training.losses.reduction import masked_mean
from mobilevos_training.losses.sampling import (
    SAMPLERS,
    AllSampler,
    BoundarySampler,
    PixelSample,
    PixelSampler,
    RandomSampler,
    downsample_labels,
    gather_pixels,
    pixel_sampler,
    sobel_boundary,
)
from mobilevos_training.losses.segmentation import (
    IGNORE,
    bootstrap_share,
    bootstrapped_cross_entropy,
    dice_loss,
    soft_jaccard_loss,
)

__all__ = [
    "ATTENTION_WEIGHT",
    "CONTRASTIVE_OMEGA",
    "DISTILLATION_OMEGA",
    "IGNORE",
    "SAMPLERS",
    "AllSampler",
    "BoundarySampler",
    "Direction",
    "EmbeddingHead",
    "PixelSample",
    "PixelSampler",
    "RandomSampler",
    "bootstrap_share",
    "bootstrapped_cross_entropy",
    "cka_loss",
    "correlation_distillation_loss",
    "dice_loss",
    "downsample_labels",
    "gather_pixels",
    "inter_object_loss",
    "intra_object_loss",
    "logit_distillation_loss",
    "masked_mean",
    "object_relation_loss",
    "pearson_distance",
    "pixel_sampler",
    "representation_loss",
    "scalable_supervision",
    "sobel_boundary",
    "soft_jaccard_loss",
    "supervised_contrastive_loss",
]
