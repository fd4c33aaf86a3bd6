"""SST as a model: sizes, the buffer's meaning, causality, gradients, and the command that counts its costs."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from mobilevos_models.folding import fold_batch_norms
from mobilevos_models.sst.config import CONFIGS, SSTConfig
from mobilevos_models.sst.encoder import SparseEncoder
from mobilevos_models.sst.model import SST
from mobilevos_models.sst.table_1 import main
from mobilevos_sdk.errors import InvalidInputError

NAMES = [config.name for config in CONFIGS]


@pytest.fixture(scope="module")
def models() -> dict[str, SST]:
    torch.manual_seed(0)
    return {config.name: SST(config).eval() for config in CONFIGS}


def clip(frames: int = 3) -> tuple[list[Tensor], Tensor]:
    """Frames of 64 x 96 and masks of two objects that share no pixel."""
    generator = torch.Generator().manual_seed(1)
    masks = torch.zeros(1, 2, 64, 96)
    masks[0, 0, :32, :48] = 1.0
    masks[0, 1, 32:, 32:80] = 1.0
    return [torch.rand(1, 3, 64, 96, generator=generator) * 255 for _ in range(frames)], masks


def test_the_variants_are_the_papers() -> None:
    assert NAMES == ["sst-local", "sst-grid", "sst-strided", "sst-local-strided"]


def test_an_encoder_of_table_1_has_its_parameters() -> None:
    encoder = SparseEncoder(SSTConfig("table-1", ("grid",) * 3))
    assert sum(parameter.numel() for parameter in encoder.parameters()) / 1e6 == pytest.approx(0.3, abs=0.005)


@pytest.mark.parametrize("name", NAMES)
def test_a_step_gives_a_distribution_at_the_frames_size(models: dict[str, SST], name: str) -> None:
    model, (frames, masks) = models[name], clip()
    with torch.inference_mode():
        reference = model.start(frames[0], masks)
        probabilities, state = model.segment(frames[1], [reference])
        assert probabilities.shape == (1, 3, 64, 96)
        torch.testing.assert_close(probabilities.sum(1), torch.ones(1, 64, 96))
        newest = model.memorize(state, probabilities[:, 1:])
        longer, _ = model.segment(frames[2], [reference, newest])
        forgetful, _ = model.segment(frames[2], [reference])
    assert [tuple(part.shape) for part in newest] == [(1, 1, 24, 128), (1, 2, 24, 1)]
    assert (longer - forgetful).abs().max() > 1e-4


@pytest.mark.parametrize("name", NAMES)
def test_a_slot_that_is_not_valid_is_not_there(models: dict[str, SST], name: str) -> None:
    model, (frames, masks) = models[name], clip()
    with torch.inference_mode():
        reference, other = model.start(frames[0], masks), model.start(frames[1], masks)
        valid = torch.tensor([1.0, 0.0]).view(1, 1, 1, 2).expand(1, 2, 1, 2)
        once, _ = model.segment(frames[2], [reference, other], valid)
        noise = other._replace(embedding=torch.randn_like(other.embedding), owners=torch.rand_like(other.owners))
        again, _ = model.segment(frames[2], [reference, noise], valid)
        both, _ = model.segment(frames[2], [reference, other], torch.ones_like(valid))
        none_given, _ = model.segment(frames[2], [reference, other])
    torch.testing.assert_close(once, again)
    torch.testing.assert_close(both, none_given)
    assert (once - both).abs().max() > 1e-4


@pytest.mark.parametrize("name", NAMES)
def test_shuffled_objects_give_shuffled_masks(models: dict[str, SST], name: str) -> None:
    """Affinities treat all objects alike."""
    model, (frames, masks) = models[name], clip()
    with torch.inference_mode():
        straight, _ = model.segment(frames[1], [model.start(frames[0], masks)])
        shuffled, _ = model.segment(frames[1], [model.start(frames[0], masks.flip(1))])
    torch.testing.assert_close(straight[:, [0, 2, 1]], shuffled, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", NAMES)
def test_masks_reach_the_current_frame_through_affinities_only(models: dict[str, SST], name: str) -> None:
    model, (frames, masks) = models[name], clip()
    layers = len(model.config.patterns)
    with torch.inference_mode():
        state, _ = model.encode_frame(frames[1])
        entry = model.start(frames[0], masks)
        propagated = model.propagate(state, [entry])
        unlabelled = model.propagate(state, [entry._replace(owners=torch.zeros_like(entry.owners))])
    assert propagated.shape == (2, 2 * 128 + 2 * layers, 4, 6)
    torch.testing.assert_close(propagated[:, :256], unlabelled[:, :256])
    own, rival = propagated[:, 256 : 256 + layers], propagated[:, 256 + layers :]
    assert own.max() > 1e-3 and own.min() >= 0.0 and propagated[:, 256:].max() <= 1.0
    assert (unlabelled[:, 256 : 256 + layers] == 0).all()  # nobody owns a cell: Eq. 4 defaults to zero
    assert (unlabelled[:, 256 + layers :] >= rival).all()  # all cells are background


def test_batches_are_independent(models: dict[str, SST]) -> None:
    model, (frames, masks) = models["sst-local-strided"], clip()
    pair = [torch.cat([frame, frame.flip(3)]) for frame in frames]
    both = torch.cat([masks, masks.flip(3)])
    with torch.inference_mode():
        together, _ = model.segment(pair[1], [model.start(pair[0], both)])
        alone, _ = model.segment(pair[1][1:], [model.start(pair[0][1:], both[1:])])
    torch.testing.assert_close(together[1:], alone, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_gets_a_gradient(models: dict[str, SST], name: str) -> None:
    model, (frames, masks) = models[name], clip()
    model.zero_grad()
    reference = model.start(frames[0], masks)
    first, state = model.segment(frames[1], [reference])
    second, _ = model.segment(frames[2], [reference, model.memorize(state, first[:, 1:])])
    second.square().mean().backward()
    without = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    # a key's bias adds the same to all logits of a query, and the softmax does not see it
    assert all(name.endswith("attention.key.bias") for name in without), without


def test_batch_norms_fold(models: dict[str, SST]) -> None:
    frames, masks = clip()
    model = models["sst-grid"]
    folded = SST(model.config).eval()
    folded.load_state_dict(model.state_dict())
    fold_batch_norms(folded)
    with torch.inference_mode():
        before, _ = model.segment(frames[1], [model.start(frames[0], masks)])
        after, _ = folded.segment(frames[1], [folded.start(frames[0], masks)])
    torch.testing.assert_close(before, after, atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"patterns": ()}, "give one or more of local, grid and strided"),
        ({"patterns": ("dense",)}, "give one or more of local"),
        ({"heads": 3}, "do not divide into 3 heads"),
        ({"channels": 4, "heads": 2}, "must be 6 or more, not 4"),
        ({"kernel": 0}, "must be 1 or more"),
    ],
)
def test_configs_that_cannot_be(change: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        replace(CONFIGS[0], **change)


def test_the_command_prints_table_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    printed = capsys.readouterr().out
    assert "3 frames of 59x59 cells" in printed
    assert [line.split()[:2] for line in printed.splitlines()[2:]] == [
        ["local", "5.34"],
        ["strided", "1.89"],
        ["grid", "1.45"],
        ["full", "170.10"],
    ]
    assert main(["--kernel", "0"]) == 2
