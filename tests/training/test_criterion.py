"""The losses of a recipe: their weights, what they read, and that a clip's loss is its own in any batch."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tiny_data import pack_recipe
from torch import Tensor

from mobilevos_training.criterion import Criterion
from mobilevos_training.families import ABSENT_LOGIT, family_named
from mobilevos_training.losses import IGNORE, bootstrapped_cross_entropy, cka_loss, soft_jaccard_loss
from mobilevos_training.recipe import Recipe
from mobilevos_training.rollout import Followed

CLIPS, FRAMES, TARGETS, CHANNELS, SIDE = 4, 2, 3, 6, 32
PRESENT = torch.tensor([[True, False, False], [True, True, True], [True, True, False], [True, False, False]])
WHOLE: dict[str, Any] = {
    "loss": {"cross_entropy": 0.5, "dice": 0.25, "jaccard": 2.0, "poly_epsilon": 1.0},
    "distill": {
        "teacher": {"name": "resnet18"},
        "logit": {"temperature": 4.0, "sampler": "random"},
        "representation": {"omega": 0.5, "embedding": 4},
        "relations": {},
        "pixels": 40,
    },
}


def recipe(**changes: Any) -> Recipe:
    return pack_recipe(**(WHOLE | changes))


def followed(seed: int, channels: int = CHANNELS, frames: int = FRAMES) -> Followed:
    """Random outputs; absent targets have the absent logit."""
    generator = torch.Generator().manual_seed(seed)
    shape = (CLIPS, frames, TARGETS)
    logits = 3 * torch.randn(*shape, SIDE // 4, SIDE // 4, generator=generator)
    return Followed(
        logits.masked_fill(~PRESENT[:, None, :, None, None], ABSENT_LOGIT),
        torch.rand(*shape, channels, SIDE // 4, SIDE // 4, generator=generator),
        torch.randn(*shape, (SIDE // 16) ** 2, 5, generator=generator),
    )


def masks() -> Tensor:
    """Random blocks of each clip's own classes; some pixels are unknown."""
    generator = torch.Generator().manual_seed(9)
    coarse = torch.randint(0, 100, (CLIPS, FRAMES + 1, SIDE // 8, SIDE // 8), generator=generator)
    classes = coarse % (PRESENT.sum(1) + 1).view(-1, 1, 1, 1)
    fine = classes.repeat_interleave(8, 2).repeat_interleave(8, 3)
    fine[:, :, :2] = IGNORE
    return fine


def criterion(wanted: Recipe) -> Criterion:
    torch.manual_seed(5)
    return Criterion(wanted, CHANNELS)


def generators(clips: int = CLIPS) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(20 + clip) for clip in range(clips)]


def parts_of(wanted: Recipe, *, step: int = 0, labels: Tensor | None = None) -> dict[str, float]:
    """The parts on all clips; the student has the reference frame as well where the recipe has a loss for it."""
    student = followed(1, frames=FRAMES + bool(wanted.loss.reference))
    truth = masks() if labels is None else labels
    parts = criterion(wanted)(student, followed(2, CHANNELS + 3), truth, PRESENT, step, generators())
    return {name: float(part.detach()) for name, part in parts.items()}


def one_clip(part: Followed, clip: int) -> Followed:
    """A clip alone, without the padding of its targets."""
    count = int(PRESENT[clip].sum())
    return Followed(*(tensor[clip : clip + 1, :, :count] for tensor in part))


@pytest.mark.parametrize("sampler", ["boundary", "random", "all"])
@pytest.mark.parametrize("self_supervised", [False, True])
def test_the_mean_over_clips_is_the_loss_of_the_batch(sampler: str, self_supervised: bool) -> None:
    """So any number of processes, whose clips have other numbers of targets beside them, average to the whole."""
    distill = WHOLE["distill"] | {
        "self_supervised": self_supervised,
        "logit": {"temperature": 4.0, "sampler": sampler},
        "representation": {"omega": 0.5, "embedding": 4, "sampler": "boundary" if sampler == "all" else sampler},
    }
    wanted = recipe(distill=distill)
    whole = parts_of(wanted)
    assert set(whole) == {"cross_entropy", "dice", "jaccard", "logit", "representation", "attention", "relation"}
    assert all(value > 1e-4 for value in whole.values()), whole
    sums = dict.fromkeys(whole, 0.0)
    losses = criterion(wanted)
    for clip in range(CLIPS):
        alone = losses(
            one_clip(followed(1), clip),
            one_clip(followed(2, CHANNELS + 3), clip),
            masks()[clip : clip + 1],
            torch.ones(1, int(PRESENT[clip].sum()), dtype=torch.bool),
            0,
            generators()[clip : clip + 1],
        )
        sums = {name: value + float(alone[name].detach()) / CLIPS for name, value in sums.items()}
    assert sums == pytest.approx(whole, rel=1e-4)


def test_every_part_has_its_weight() -> None:
    doubled = {
        "loss": {"cross_entropy": 1.0, "dice": 0.5, "jaccard": 4.0, "poly_epsilon": 1.0},
        "distill": WHOLE["distill"]
        | {
            "logit": {"temperature": 4.0, "sampler": "random", "weight": 2.0},
            "representation": {"omega": 0.5, "embedding": 4, "weight": 2.0},
            "relations": {"attention": 3.0, "relation": 2.0},
        },
    }
    once, twice = parts_of(recipe()), parts_of(recipe(**doubled))
    assert twice == pytest.approx({name: 2 * value for name, value in once.items()}, rel=1e-5)


def test_parts_without_weight_are_left_out() -> None:
    assert set(parts_of(recipe(loss={"cross_entropy": 0.0, "dice": 1.0}, distill=None))) == {"dice"}


def scrambled() -> Tensor:
    """The same first masks and others later."""
    later = masks()
    later[:, 1:] = later[:, 1:].flip(-1)
    return later


def test_self_supervision_reads_no_mask_but_the_first() -> None:
    wanted = recipe(
        distill=WHOLE["distill"] | {"self_supervised": True}, loss={"cross_entropy": 1.0, "dice": 1.0, "reference": 1.0}
    )
    assert parts_of(wanted, labels=scrambled()) == parts_of(wanted)
    other_first = masks()
    other_first[:, 0] = other_first[:, 0].flip(-1)
    changed = parts_of(wanted, labels=other_first)
    assert {name for name, value in parts_of(wanted).items() if changed[name] != value} == {"reference"}
    supervised = recipe()
    assert parts_of(supervised, labels=scrambled()) != parts_of(supervised)


def test_the_reference_s_loss_is_the_segmentation_s_on_the_first_frame() -> None:
    wanted = recipe(loss={"cross_entropy": 1.0, "dice": 0.5, "reference": 0.3}, distill=None)
    parts = parts_of(wanted)
    student = followed(1, frames=FRAMES + 1)
    plain = criterion(recipe(loss={"cross_entropy": 1.0, "dice": 0.5}, distill=None))
    first = plain(student.frames(0, 1), None, masks()[:, [0, 0]], PRESENT, 0, generators())
    rest = plain(student.frames(1), None, masks(), PRESENT, 0, generators())
    assert parts["reference"] == pytest.approx(0.3 * float(sum(first.values())), rel=1e-5)
    assert parts["cross_entropy"] == pytest.approx(float(rest["cross_entropy"]), rel=1e-6)
    assert parts["dice"] == pytest.approx(float(rest["dice"]), rel=1e-6)


def test_the_share_of_hard_pixels_falls_with_the_step() -> None:
    loss = {"cross_entropy": 1.0, "bootstrap": {"full_steps": 10, "ramp_steps": 10, "share": 0.1}}
    wanted = recipe(loss=loss, distill=None)
    values = [parts_of(wanted, step=step)["cross_entropy"] for step in (0, 9, 15, 20, 50)]
    assert values[0] == values[1] < values[2] < values[3] == values[4]


def test_the_embedding_and_the_student_learn_and_the_teacher_does_not() -> None:
    student, teacher = followed(1), followed(2, CHANNELS + 3)
    for part in (*student, *teacher):
        part.requires_grad_()
    losses = criterion(recipe())
    parts = losses(student, teacher, masks(), PRESENT, 0, generators())
    torch.stack(list(parts.values())).sum().backward()
    assert all(bool(part.grad.isfinite().all() and (part.grad != 0).any()) for part in student)
    assert all(bool((parameter.grad != 0).any()) for parameter in losses.embedding.parameters())
    absent = ~PRESENT[:, None].expand(-1, FRAMES, -1)
    assert all(float(part.grad[absent].abs().sum()) == 0.0 for part in student)  # padding teaches nothing


def test_contrasting_alone_needs_no_teacher() -> None:
    distill = {"representation": {"omega": 0.0, "embedding": 4}}
    losses = criterion(recipe(distill=distill))
    parts = losses(followed(1), None, masks(), PRESENT, 0, generators())
    assert float(parts["representation"].detach()) > 0


def test_all_depths_are_scored_and_deeper_ones_weigh_more() -> None:
    """AOST's Eq. 4 with AOT's loss, half cross-entropy and half soft Jaccard, on frames and reference alike."""
    loss = {"cross_entropy": 0.5, "jaccard": 0.5, "reference": 1.0, "bootstrap": {"share": 0.3}}
    aost = {"model": {"name": "aost"}, "distill": None}
    wanted = recipe(**aost, loss=loss | {"depths": 2.0})
    depths = [joint(seed) for seed in (1, 2, 3)]
    whole = Criterion(wanted, 0)(depths[-1], None, masks(), PRESENT, 0, generators(), depths[:-1])
    plain = Criterion(recipe(**aost, loss=loss), 0)
    alone = [plain(depth, None, masks(), PRESENT, 0, generators()) for depth in depths]
    for name, value in whole.items():
        assert float(value) == pytest.approx(sum(2**n * float(parts[name]) for n, parts in enumerate(alone)) / 7)
    odds = (
        family_named("aost").log_odds(depths[0].logits.flatten(0, 1), (SIDE, SIDE)).softmax(1).unflatten(0, (CLIPS, -1))
    )
    expected = [
        0.5 * bootstrapped_cross_entropy(odds[:, time], masks()[:, time], 0.3).mean()
        + 0.5 * soft_jaccard_loss(odds[:, time], masks()[:, time], PRESENT).mean()
        for time in range(1 + FRAMES)
    ]
    assert float(alone[0]["reference"]) == pytest.approx(float(expected[0]), rel=1e-5)
    predicted = float(alone[0]["cross_entropy"] + alone[0]["jaccard"])
    assert predicted == pytest.approx(float(sum(expected[1:])) / FRAMES, rel=1e-5)


def joint(seed: int) -> Followed:
    """Random outputs of a model that decodes all objects at once, the reference frame first."""
    generator = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(CLIPS, 1 + FRAMES, 1 + TARGETS, SIDE // 4, SIDE // 4, generator=generator)
    absent = ~torch.cat([torch.ones_like(PRESENT[:, :1]), PRESENT], 1)
    logits = logits.masked_fill(absent[:, None, :, None, None], ABSENT_LOGIT)
    readout = torch.randn(CLIPS, 1 + FRAMES, 1, (SIDE // 16) ** 2, 5, generator=generator)
    return Followed(logits, torch.zeros(CLIPS, 1 + FRAMES, 0, 1, 1, 1), readout)


def test_joint_models_have_one_readout_for_all_objects() -> None:
    """Eq. 12 between two models of the AOT family: lambda times CKA, and inter- and intra-object relations."""
    distill = {"teacher": {"name": "r50-deaot-l"}, "relations": {"attention": 1.5}, "self_supervised": True}
    wanted = recipe(model={"name": "deaot-t-deform"}, loss={"cross_entropy": 0.5, "jaccard": 0.5}, distill=distill)
    student, teacher = joint(1).frames(1), joint(2).frames(1)
    parts = Criterion(wanted, 0)(student, teacher, masks(), PRESENT, 0, generators())
    assert set(parts) == {"cross_entropy", "jaccard", "attention", "relation"}
    expected = cka_loss(student.readout.flatten(0, 2), teacher.readout.flatten(0, 2)).mean()
    assert float(parts["attention"]) == pytest.approx(1.5 * float(expected), rel=1e-5)
    same = Criterion(wanted, 0)(student, student, masks(), PRESENT, 0, generators())
    assert float(same["attention"]) == pytest.approx(0.0, abs=1e-5)
    assert float(same["relation"]) < 1e-3 < float(parts["relation"])
