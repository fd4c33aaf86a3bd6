"""The normalisation of frames, and its division as a part of the first convolution."""

from __future__ import annotations

import copy

import pytest
import torch

from mobilevos_models import create_model


@pytest.mark.parametrize("name", ["mobilenetv2-noaspp", "stcn", "aot-t"])
def test_a_folded_division_changes_nothing(name: str) -> None:
    torch.manual_seed(0)
    model = create_model(name)
    folded = copy.deepcopy(model)
    folded.normalise.fold_into(folded.frame_convolutions(), 96)
    frame = 255 * torch.rand(1, 3, 64, 96)
    with torch.inference_mode():
        assert torch.equal(folded.normalise(frame), frame - model.normalise.mean)
        expected, got = model.encode_frame(frame), folded.encode_frame(frame)
    for a, b in zip(_tensors(expected), _tensors(got), strict=True):
        torch.testing.assert_close(b, a, rtol=1e-3, atol=1e-4)


def test_the_division_is_folded_once() -> None:
    model = create_model("mobilenetv2-noaspp")
    for _ in range(2):
        model.normalise.fold_into(model.frame_convolutions(), 96)
    first = create_model("mobilenetv2-noaspp").key_encoder.stem.weight
    assert model.key_encoder.stem.weight.std() > first.std() / 100


def test_stcn_folds_it_into_both_encoders() -> None:
    model = create_model("stcn")
    before = model.value_encoder.stem.weight.clone()
    model.normalise.fold_into(model.frame_convolutions(), 96)
    after = model.value_encoder.stem.weight
    assert torch.equal(after[:, 3:], before[:, 3:])
    assert after[:, :3].abs().sum() < before[:, :3].abs().sum() / 50


def _tensors(features: object) -> list[torch.Tensor]:
    """All tensors of nested tuples."""
    if isinstance(features, torch.Tensor):
        return [features]
    return [x for part in features for x in _tensors(part)] if isinstance(features, tuple) else []
