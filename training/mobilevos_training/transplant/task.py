"""What a transplant trains: a student's key encoder, by hints from a donor (FitNets, Romero et al., ICLR 2015)."""

from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mobilevos_models.checkpoints import load_model
from mobilevos_models.folding import fold_batch_norms
from mobilevos_models.mobilevos import SpaceTimeNetwork
from mobilevos_models.registry import VOSModel
from mobilevos_training.families import family_of
from mobilevos_training.recipe_options import TransplantOptions, weights_path
from mobilevos_training.rollout import Followed
from mobilevos_training.teacher import Clips
from mobilevos_training.transplant.heads import HEADS, convolution, head_outputs
from mobilevos_training.transplant.solving import solve_heads
from mobilevos_training.transplant.widening import repeats, widen


class TransplantTask(nn.Module):
    """A student whose key encoder learns to give what a donor's gives, frame by frame and without a memory.

    The donor's trunk behind it stays as it is, widened to the student's; what learns is the encoder and the first layer
    behind it, whose outputs are compared.
    """

    def __init__(self, student: VOSModel, options: TransplantOptions) -> None:
        super().__init__()
        assert isinstance(student, SpaceTimeNetwork)
        self.student: VOSModel = student
        self.family = family_of(student)
        self.criterion = nn.Module()  # nothing trains beside the student
        self.depths = False
        donor = fold_batch_norms(load_model(weights_path(options.checkpoint, options.donor), options.donor))
        assert isinstance(donor, SpaceTimeNetwork)
        self.donor = donor.eval().requires_grad_(False)  # a part of the state: a run goes on with the one it began with
        learning = {id(p) for part in self._learning() for p in part.parameters()}
        for parameter in student.parameters():
            parameter.requires_grad_(id(parameter) in learning)

    @property
    def network(self) -> SpaceTimeNetwork:
        """The student."""
        assert isinstance(self.student, SpaceTimeNetwork)
        return self.student

    def begin(self, batches: Iterable[Tensor], generator: torch.Generator) -> None:
        """Gives the student the donor's trunk, and the heads that fit its encoder best as it is.

        Args:
            batches: of clips (B, T, 3, H, W) uint8.
            generator: draws how repeated channels share a weight.
        """
        device = next(self.student.parameters()).device
        heads = solve_heads(self.network, self.donor, (_frames(clips.to(device)) for clips in batches))
        widen(self.network, self.donor, heads, generator)

    def forward(
        self,
        clips: Clips,
        teacher: Followed | None,
        forced: Tensor,
        step: int,
        generators: list[torch.Generator],
        autocast: torch.dtype | None,
    ) -> dict[str, Tensor]:
        """The share of each head's variance that is left unexplained; their mean is minimised."""
        frames = _frames(clips.frames)
        with torch.autocast(frames.device.type, autocast, enabled=autocast is not None):
            with torch.no_grad():
                targets = head_outputs(self.donor, frames)
            outputs = head_outputs(self.network, frames)
        parts = {}
        for head, output, target in zip(HEADS, outputs, targets, strict=True):
            wanted = target.float()[:, repeats(target.shape[1], output.shape[1])]
            parts[head.name] = F.mse_loss(output.float(), wanted) / wanted.var((0, 2, 3)).mean() / len(HEADS)
        return parts

    def _learning(self) -> list[nn.Module]:
        return [self.network.key_encoder, *(convolution(self.network, head.name) for head in HEADS)]


def _frames(clips: Tensor) -> Tensor:
    """The frames of clips (B, T, 3, H, W), as networks take them."""
    return clips.flatten(0, 1).float().contiguous(memory_format=torch.channels_last)
