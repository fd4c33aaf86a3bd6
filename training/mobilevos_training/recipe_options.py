"""The parts of a recipe other than its data: student, memory, optimiser, schedule, losses and distillation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from mobilevos_models.checkpoints import shipped_checkpoint
from mobilevos_models.registry import model_config
from mobilevos_training.options import Options

SHIPPED = "shipped"


def _registered(name: str) -> str:
    model_config(name)
    return name


ModelName = Annotated[str, AfterValidator(_registered)]


def weights_path(checkpoint: str, name: str) -> Path:
    """The file that a recipe means by a checkpoint of a model."""
    return shipped_checkpoint(name) if checkpoint == SHIPPED else Path(checkpoint)


class ModelOptions(Options):
    """The student.

    Attributes:
        name: a registered name.
        locality: whether its memory read has the locality prior.
        init: a checkpoint to start from, relative to the working folder, or `shipped` for the weights that this
            project ships for the model. What it lacks, or has in another shape, starts fresh, and the encoders from
            ImageNet, as all does where this is None. An ASPP that it lacks begins by passing on what it gets, so that
            the larger student starts as the smaller one.
        stochastic_depth: how often the last residual block of an encoder (for the AOT family, the last branch of its
            transformer) is skipped (Huang et al., 2016; the rate grows linearly from 0 at the first block).
    """

    name: ModelName
    locality: bool = True
    init: str | None = None
    stochastic_depth: float = Field(0.0, ge=0, lt=1)


class DamageOptions(Options):
    """Damage to predicted masks before they are memorised.

    Attributes:
        lost: how often a target's mask loses a piece.
        added: how often it gets a piece of what is beside it.
    """

    lost: float = Field(0.0, ge=0, le=1)
    added: float = Field(0.0, ge=0, le=1)

    @model_validator(mode="after")
    def _one_of_both(self) -> DamageOptions:
        if not 0 < self.lost + self.added <= 1:
            raise ValueError("memory.damage: `lost` and `added` together are above 0 and at most 1")
        return self


class MemoryOptions(Options):
    """The memory loop in training.

    Attributes:
        queue: slots of the memory; slot 0 keeps the first frame. None keeps every frame.
        gap: for the AOT family: a memory that grows, as its larger variants have it: every so many frames one joins the
            long-term memory and stays, beside the newest frame (AOT, section 5; 2 in training). None has the queue.
        teacher_forcing: how often a clip is forced: frames are memorised with true masks and not with predictions.
        forced_frames: how many frames of a forced clip, from the second on; None forces all.
        damage: what becomes of predicted masks before they are memorised; none unless given.
        through_masks: whether the gradient of later frames goes through the masks that were predicted for earlier ones.
            Without it, and with both encoders frozen, no encoder is gone through backwards.
    """

    queue: int | None = Field(2, ge=1, le=20)
    gap: int | None = Field(None, ge=1)
    teacher_forcing: float = Field(0.0, ge=0, le=1)
    forced_frames: int | None = Field(1, ge=1)
    damage: DamageOptions | None = None
    through_masks: bool = True

    @model_validator(mode="after")
    def _forced_at_all(self) -> MemoryOptions:
        if self.forced_frames != 1 and not self.teacher_forcing:
            raise ValueError("memory.forced_frames: no clip is forced; set memory.teacher_forcing, to 1 for all clips")
        return self


class OptimizerOptions(Options):
    """The optimiser.

    Attributes:
        kind: `adam` has L2 weight decay, `adamw` decoupled weight decay.
        learning_rate: of all that is not named below.
        encoder_rate: factor on the learning rate of the backbones named in `slow`.
        slow: the parts of the model that learn at `encoder_rate`.
        frozen: the beginnings of names of parameters that do not learn, such as `encoder.features.0`.
        prior_rate: factor on the learning rate of the locality prior's two widths, which have a scale of their own.
        weight_decay: of what `weight_decay_of` says.
        weight_decay_of: `all`, or `matrices`: biases and the scales of norms are left out.
        clip_norm: largest norm of the gradient; None does not clip.
        ema: decay of the averaged weights, which are the result; 0 makes the last weights the result.
    """

    kind: Literal["adam", "adamw"] = "adamw"
    learning_rate: float = Field(4e-4, gt=0)
    encoder_rate: float = Field(0.25, ge=0)
    slow: tuple[str, ...] = ("key_encoder",)
    frozen: tuple[str, ...] = ()
    prior_rate: float = Field(1.0, ge=0)
    weight_decay: float = Field(1e-4, ge=0)
    weight_decay_of: Literal["all", "matrices"] = "all"
    clip_norm: float | None = Field(1.0, gt=0)
    ema: float = Field(0.998, ge=0, lt=1)


class ScheduleOptions(Options):
    """How the learning rate runs.

    Attributes:
        kind: `constant`; `step` (times `gamma` at each step of `at`; STCN supplement F.4); `polynomial` (from 1 to
            `final` with `power`; AOT section 5); `plateau` (constant, then linear to zero over the last `tail`).
        warmup: steps of linear warm-up.
        at: steps at which `step` decays.
        gamma: its factor.
        power: of `polynomial`.
        final: the last factor of `polynomial`.
        tail: share of the run in which `plateau` falls.
    """

    kind: Literal["constant", "step", "polynomial", "plateau"] = "constant"
    warmup: int = Field(0, ge=0)
    at: tuple[int, ...] = ()
    gamma: float = Field(0.1, gt=0, le=1)
    power: float = Field(0.9, gt=0)
    final: float = Field(0.05, ge=0, le=1)
    tail: float = Field(0.3, gt=0, le=1)


class BootstrapOptions(Options):
    """The share of the hardest pixels that count (STCN supplement F.5).

    Attributes:
        full_steps: steps in which all pixels count.
        ramp_steps: steps in which the share falls linearly to `share`.
        share: of the pixels, from then on.
    """

    full_steps: int = Field(0, ge=0)
    ramp_steps: int = Field(0, ge=0)
    share: float = Field(0.25, gt=0, le=1)


class LossOptions(Options):
    """The segmentation loss.

    Attributes:
        cross_entropy: weight of the bootstrapped cross-entropy.
        poly_epsilon: epsilon of the poly cross-entropy (Leng et al., 2022); 0 is plain cross-entropy.
        bootstrap: which pixels count.
        dice: weight of the Dice loss.
        jaccard: weight of the soft Jaccard loss (AOT has 0.5 beside 0.5 cross-entropy).
        reference: weight of all these on the reference frame, predicted from its own memory (AOT section 5, auxiliary
            reference loss); 0 does not predict it.
        depths: alpha of the scalable supervision of models with sub-networks of fewer layers, which are all scored
            alike (AOST, Eq. 4, has 2); 0 scores the whole model alone.
    """

    cross_entropy: float = Field(1.0, ge=0)
    poly_epsilon: float = Field(0.0, ge=0)
    bootstrap: BootstrapOptions = BootstrapOptions()
    dice: float = Field(0.0, ge=0)
    jaccard: float = Field(0.0, ge=0)
    reference: float = Field(0.0, ge=0)
    depths: float = Field(0.0, ge=0)


class TeacherOptions(Options):
    """The teacher: any registered model, with a memory of its own.

    Attributes:
        name: a registered name.
        checkpoint: its weights, relative to the working folder, or `shipped`.
        queue: slots of its memory; None keeps every frame.
        gap: as `memory.gap`, of its own memory.
    """

    name: ModelName
    checkpoint: str = SHIPPED
    queue: int | None = Field(None, ge=1)
    gap: int | None = Field(None, ge=1)


class TransplantOptions(Options):
    """A new key encoder for a trained student, in place of losses on clips (see `transplant`).

    Attributes:
        donor: a registered name of the same family, nowhere wider than the student.
        checkpoint: its weights, relative to the working folder, or `shipped`.
        solved: steps' worth of frames on which the first layers behind the encoder are solved before step 0.
    """

    donor: ModelName
    checkpoint: str = SHIPPED
    solved: int = Field(30, ge=1)


class LogitOptions(Options):
    """Logit distillation (MobileVOS Eq. 9).

    Attributes:
        weight: of the loss.
        temperature: softens above 1 and sharpens below; the paper has 0.1.
        sampler: the pixels it sees.
    """

    weight: float = Field(1.0, ge=0)
    temperature: float = Field(0.1, gt=0)
    sampler: Literal["boundary", "random", "all"] = "boundary"


class RepresentationOptions(Options):
    """Representation distillation, unified with supervised contrastive learning (MobileVOS Eq. 1 to 8).

    Attributes:
        weight: of the loss.
        omega: 1 follows the teacher's correlations alone, 0 those of the ground truth.
        embedding: width of the student's linear embedding layer, which is dropped after training.
        sampler: the pixels it sees.
    """

    weight: float = Field(1.0, ge=0)
    omega: float = Field(0.95, ge=0, le=1)
    embedding: int = Field(64, ge=1)
    sampler: Literal["boundary", "random"] = "boundary"


class RelationOptions(Options):
    """Attention and object relations (deformable-attention distillation, Eq. 8 to 12).

    Attributes:
        attention: lambda of Eq. 12, the weight of the CKA loss on what the memory read returns.
        relation: weight of the inter- and intra-object losses.
    """

    attention: float = Field(1.5, ge=0)
    relation: float = Field(1.0, ge=0)


class DistillOptions(Options):
    """What a student learns from a teacher.

    Attributes:
        teacher: None where only the ground truth teaches (representation with omega 0).
        logit: None leaves it out, as for the next two.
        representation: on features before the last convolution, at stride 4.
        relations: the losses of the deformable student.
        self_supervised: no ground truth is read but the first mask: the teacher's masks are the labels.
        pixels: the most pixels of a frame that distillation sees.
        boundary_width: distance in pixels, on either side, that counts as near a boundary.
    """

    teacher: TeacherOptions | None = None
    logit: LogitOptions | None = None
    representation: RepresentationOptions | None = None
    relations: RelationOptions | None = None
    self_supervised: bool = False
    pixels: int = Field(512, ge=2)
    boundary_width: int = Field(2, ge=0)

    @model_validator(mode="after")
    def _check_teacher(self) -> DistillOptions:
        contrastive = self.representation is None or self.representation.omega == 0
        if self.teacher is None and (self.logit or self.relations or self.self_supervised or not contrastive):
            raise ValueError("these losses need a teacher; give distill.teacher.name and distill.teacher.checkpoint")
        return self
