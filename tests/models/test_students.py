"""The students: size, names, the read, and what is kept between frames."""

from __future__ import annotations

import math

import pytest
import torch

from mobilevos_models import create_model
from mobilevos_models.aggregation import object_probabilities, soft_aggregate
from mobilevos_models.checkpoints import load_model, save_checkpoint
from mobilevos_models.folding import fold_batch_norms, unfold_state
from mobilevos_models.memory_read import LocalityPrior, MemoryEntry, cell_grid, match_factors, memory_key, read_memory
from mobilevos_models.mobilevos import CONFIGS
from mobilevos_sdk.errors import ArtifactError, UnknownModelError

STUDENTS = {config.name: config for config in CONFIGS}


@pytest.mark.parametrize("name", STUDENTS)
def test_parameters_are_within_3_percent_of_the_paper(name: str) -> None:
    count = sum(parameter.numel() for parameter in create_model(name).parameters()) / 1e6
    assert count == pytest.approx(STUDENTS[name].paper_parameters, rel=0.03)


@pytest.mark.parametrize("name", STUDENTS)
def test_a_step_gives_a_distribution_at_the_frames_size(name: str) -> None:
    torch.manual_seed(0)
    model = create_model(name)
    frame, masks = torch.rand(1, 3, 64, 96) * 255, (torch.rand(1, 2, 64, 96) > 0.5).float()
    with torch.inference_mode():
        entry = model.start(frame, masks)
        probabilities, state = model.segment(frame, [entry])
        assert probabilities.shape == (1, 3, 64, 96)
        assert torch.allclose(probabilities.sum(1), torch.ones(1, 64, 96), atol=1e-5)
        again = model.memorize(state, masks)
    assert torch.allclose(again.value, entry.value, atol=1e-5)


def test_backbone_names_are_torchvisions() -> None:
    names = set(create_model("mobilenetv2").key_encoder.state_dict())
    assert {"features.0.0.weight", "features.1.conv.1.weight", "features.13.conv.2.weight"} <= names
    assert "features.13.conv.3.running_var" in names
    names = set(create_model("resnet18").key_encoder.state_dict())
    assert {"conv1.weight", "layer2.0.downsample.0.weight", "layer3.1.bn2.running_mean"} <= names


def test_an_unknown_model_is_told_with_the_known_ones() -> None:
    with pytest.raises(UnknownModelError, match="mobilenetv2-noaspp"):
        create_model("mobilenetv3")


def literal_read(
    query: torch.Tensor,
    keys: list[torch.Tensor],
    values: list[torch.Tensor],
    widths: list[float],
    extras: list[float],
) -> torch.Tensor:
    """The read written from its definition: softmax over memory cells of -|q-k|^2/sqrt(C) - |p-p'|^2/(2 s^2) + e."""
    height, width = query.shape[-2:]
    cells = [(y, x) for y in range(height) for x in range(width)]
    result = []
    for i, (y, x) in enumerate(cells):
        logits, memory = [], []
        for key, value, sigma, extra in zip(keys, values, widths, extras, strict=True):
            for j, (v, u) in enumerate(cells):
                distance = ((query.flatten(1)[:, i] - key.flatten(1)[:, j]) ** 2).sum() / math.sqrt(len(query))
                logits.append(extra - distance - ((y - v) ** 2 + (x - u) ** 2) / (2 * sigma**2))
                memory.append(value[j])
        result.append((torch.stack(logits).softmax(0)[:, None] * torch.stack(memory)).sum(0))
    return torch.stack(result)


@pytest.mark.parametrize("locality", [False, True])
def test_the_read_is_its_definition(locality: bool) -> None:
    generator = torch.Generator().manual_seed(3)
    query = torch.randn(1, 8, 3, 4, generator=generator)
    keys = [torch.randn(1, 8, 3, 4, generator=generator) for _ in range(3)]
    values = [torch.randn(12, 5, generator=generator) for _ in range(3)]
    prior = LocalityPrior(reference_width=3.0, previous_width=1.2) if locality else None
    widths = [3.0, 1.2, 1.2 * math.sqrt(2)] if locality else [math.inf] * 3
    extras = [0.0, 0.0, -2.0] if locality else [0.0] * 3
    memory = [MemoryEntry(memory_key(key), value[None, None]) for key, value in zip(keys, values, strict=True)]
    with torch.inference_mode():
        read = read_memory(query, memory, prior)[0, 0]
    expected = literal_read(query[0], [key[0] for key in keys], values, widths, extras)
    assert torch.allclose(read, expected, atol=1e-5)


def test_an_invalid_slot_is_as_if_it_were_not_there() -> None:
    generator = torch.Generator().manual_seed(4)
    query = torch.randn(1, 8, 3, 4, generator=generator)
    entries = [
        MemoryEntry(memory_key(torch.randn(1, 8, 3, 4, generator=generator)), torch.randn(1, 2, 12, 5))
        for _ in range(2)
    ]
    prior = LocalityPrior()
    with torch.inference_mode():
        short = read_memory(query, entries[:1], prior)
        valid = torch.tensor([1.0, 0.0]).view(1, 1, 1, 2)
        assert torch.allclose(read_memory(query, entries, prior, valid), short, atol=1e-6)
        assert not torch.allclose(read_memory(query, entries, prior, torch.ones(1, 1, 1, 2)), short, atol=1e-2)


def test_float16_sums_of_cells_that_match_never_grow_beyond_their_ends() -> None:
    """A GPU adds a product up channel by channel: what grows on the way is rounded to more than it ends with."""
    query = 2.0 * torch.randn(1, 64, 30, 54, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        rows, keys = match_factors(query, [MemoryEntry(memory_key(query), torch.zeros(1, 1, 1620, 1))], LocalityPrior())
    products = rows[0, 0].T * keys[0, 0]  # of each cell with itself, channel by channel
    total = torch.zeros(1620, dtype=torch.float16)
    largest = torch.zeros(1620)
    for channel in products:
        total = total + channel.half()
        largest = torch.maximum(largest, total.float().abs())
    exact = products.double().sum(0)
    reach = torch.maximum(exact.abs(), products[0].abs())
    assert (largest <= 1.01 * reach).all()
    assert (total - exact).abs().mean() < 0.04


def test_the_grid_is_centred() -> None:
    assert cell_grid(4, 6, torch.zeros(1)).mean(1).abs().max() < 1e-6


def test_soft_aggregation_of_one_object_is_the_sigmoid_of_twice_the_logit() -> None:
    logits = torch.linspace(-5, 5, 21).view(1, 1, 21)
    assert torch.allclose(soft_aggregate(logits, 1)[:, 1:], (2 * logits).sigmoid(), atol=1e-5)


def test_soft_aggregation_is_its_definition() -> None:
    logits = torch.randn(1, 3, 50, generator=torch.Generator().manual_seed(5))
    p = logits.sigmoid()
    p = torch.cat([(1 - p).prod(1, keepdim=True), p], 1)
    odds = p / (1 - p)
    assert torch.allclose(soft_aggregate(logits, 1), odds / odds.sum(1, keepdim=True), atol=1e-5)


def test_folding_keeps_the_function_and_a_folded_checkpoint_loads_into_either_form(tmp_path) -> None:
    torch.manual_seed(1)
    model = create_model("mobilenetv2-noaspp")
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.5, 1.5)
            module.weight.data.uniform_(0.5, 1.5)
    frame = torch.rand(1, 3, 64, 64) * 255
    with torch.inference_mode():
        expected = model.key_encoder(frame).stride16
        path = tmp_path / "model.safetensors"
        save_checkpoint(path, fold_batch_norms(model).state_dict(), {"model": "mobilenetv2-noaspp"})
        assert torch.allclose(model.key_encoder(frame).stride16, expected, rtol=1e-3, atol=1e-3)
        loaded = load_model(path)
        assert torch.allclose(loaded.key_encoder(frame).stride16, expected, rtol=1e-3, atol=1e-3)
    assert unfold_state(loaded, loaded.state_dict()).keys() == loaded.state_dict().keys()


def test_the_papers_own_read_is_one_option_away(tmp_path) -> None:
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, create_model("mobilenetv2-noaspp").state_dict(), {"model": "mobilenetv2-noaspp"})
    assert load_model(path).prior is not None
    assert load_model(path, locality=False).prior is None


def test_a_bad_checkpoint_is_one_clear_error(tmp_path) -> None:
    path = tmp_path / "model.safetensors"
    with pytest.raises(ArtifactError, match="no checkpoint"):
        load_model(path)
    save_checkpoint(path, create_model("mobilenetv2").state_dict(), {"model": "mobilenetv2"})
    with pytest.raises(ArtifactError, match="holds 'mobilenetv2'"):
        load_model(path, "resnet18")
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(ArtifactError, match="truncated"):
        load_model(path)


@pytest.mark.parametrize("objects", [1, 2, 4])
def test_graphs_aggregate_without_a_softmax(objects: int) -> None:
    logits = 30 * torch.randn(1, objects, 16, 16)
    torch.testing.assert_close(object_probabilities(logits, 1), soft_aggregate(logits, 1)[:, 1:], atol=1e-6, rtol=0)
