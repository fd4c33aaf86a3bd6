"""Pixel samplers against a Sobel filter pixel by pixel, and the fairness and repeatability of their draws."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mobilevos_sdk.errors import InvalidInputError
from mobilevos_training.losses import (
    AllSampler,
    BoundarySampler,
    RandomSampler,
    downsample_labels,
    gather_pixels,
    pixel_sampler,
    sobel_boundary,
)

SOBEL_X = ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1))


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def blobs() -> Tensor:
    """Two frames of 12x14: three classes and an ignored corner; background only."""
    labels = torch.zeros(2, 12, 14, dtype=torch.long)
    labels[0, 3:8, 2:7] = 1
    labels[0, 5:10, 6:11] = 2
    labels[0, :4, :5] = 255
    return labels


def literal_sobel(labels: Tensor) -> Tensor:
    """A neighbour that is outside or ignored takes the pixel's own class."""
    height, width = labels.shape
    edge = torch.zeros(height, width, dtype=torch.bool)
    for y in range(height):
        for x in range(width):
            if labels[y, x] == 255:
                continue
            for identity in (0, 1, 2):
                sums = [0, 0]
                for v in range(3):
                    for u in range(3):
                        row, column = y + v - 1, x + u - 1
                        inside = 0 <= row < height and 0 <= column < width
                        neighbour = int(labels[row, column]) if inside else 255
                        neighbour = int(labels[y, x]) if neighbour == 255 else neighbour
                        sums[0] += SOBEL_X[v][u] * (neighbour == identity)
                        sums[1] += SOBEL_X[u][v] * (neighbour == identity)
                edge[y, x] |= any(sums)
    return edge


def literal_growth(edge: Tensor, known: Tensor, width: int) -> Tensor:
    near = [
        [bool(edge[max(y - width, 0) : y + width + 1, max(x - width, 0) : x + width + 1].any()) for x in range(14)]
        for y in range(12)
    ]
    return torch.tensor(near) & known


@pytest.mark.parametrize("width", [0, 1, 3])
def test_the_boundary_is_a_sobel_filter(width: int) -> None:
    labels = blobs()
    expected = torch.stack([literal_growth(literal_sobel(x), x != 255, width) for x in labels])
    assert expected[0].any()
    assert torch.equal(sobel_boundary(labels, width), expected)


def test_random_classes_have_the_literal_boundary_too() -> None:
    labels = torch.randint(0, 4, (1, 12, 14), generator=generator())
    labels[labels == 3] = 255
    assert torch.equal(sobel_boundary(labels, 0)[0], literal_sobel(labels[0]))


def test_an_ignored_band_makes_no_boundary() -> None:
    labels = torch.zeros(1, 9, 9, dtype=torch.long)
    labels[0, 5:] = 1
    labels[0, 4:6] = 255
    assert not sobel_boundary(labels, 2).any()


def test_ids_whose_differences_cancel_are_seen() -> None:
    labels = torch.tensor([[[2, 1, 0], [0, 1, 1], [0, 1, 0]]])
    assert sobel_boundary(labels, 0)[0, 1, 1]


@pytest.mark.parametrize("name", ["boundary", "random", "all"])
def test_samples_are_distinct_candidates(name: str) -> None:
    labels = blobs()
    sample = pixel_sampler(name, pixels=30, width=0)(labels, generator())
    allowed = sobel_boundary(labels, 0) if name == "boundary" else labels != 255
    for frame, (indices, valid) in enumerate(zip(*sample, strict=True)):
        candidates = set(allowed[frame].flatten().nonzero().flatten().tolist())
        chosen = indices[valid].tolist()
        assert len(set(chosen)) == len(chosen) == (len(candidates) if name == "all" else min(30, len(candidates)))
        assert set(chosen) <= candidates
    assert bool(sample.valid[1].any()) == (name != "boundary")


@pytest.mark.parametrize("sampler", [BoundarySampler(8), RandomSampler(8), AllSampler()])
def test_the_generator_alone_decides(sampler: RandomSampler) -> None:
    labels = blobs()
    first, again = sampler(labels, generator(3)), sampler(labels, generator(3))
    assert torch.equal(first.indices, again.indices)
    assert torch.equal(first.valid, again.valid)
    other = sampler(labels, generator(4))
    assert torch.equal(first.indices, other.indices) == isinstance(sampler, AllSampler)


def test_every_candidate_is_drawn_equally_often() -> None:
    labels = torch.zeros(400, 4, 4, dtype=torch.long)
    labels[:, 0, 0] = 255
    indices, valid = RandomSampler(5)(labels, generator())
    assert valid.all()
    counts = torch.bincount(indices.flatten(), minlength=16)
    assert counts[0] == 0
    expected = 400 * 5 / 15
    assert float((counts[1:] - expected).abs().max()) < 5 * (expected * (1 - 5 / 15)) ** 0.5


def test_a_frame_smaller_than_the_sample_gives_what_it_has() -> None:
    indices, valid = RandomSampler(512)(torch.zeros(1, 3, 4, dtype=torch.long), generator())
    assert indices.shape == (1, 12)
    assert valid.all()
    assert sorted(indices[0].tolist()) == list(range(12))


def test_gathered_pixels_are_those_of_the_indices() -> None:
    maps = torch.arange(2 * 3 * 4 * 5.0).view(2, 3, 4, 5)
    indices = torch.tensor([[0, 7, 19], [4, 4, 11]])
    gathered = gather_pixels(maps, indices)
    for g in range(2):
        for p in range(3):
            y, x = divmod(int(indices[g, p]), 5)
            assert torch.equal(gathered[g, p], maps[g, :, y, x])


def test_downsampled_labels_are_those_at_the_centres() -> None:
    labels = torch.randint(0, 3, (2, 8, 12), generator=generator())
    expected = torch.nn.functional.interpolate(labels[:, None].float(), scale_factor=0.25, mode="nearest-exact")
    assert torch.equal(downsample_labels(labels, 4), expected[:, 0].long())


@pytest.mark.parametrize(
    ("name", "pixels", "width", "message"),
    [("edges", 8, 1, "known samplers: boundary"), ("random", 0, 1, "pixels >= 1"), ("boundary", 8, -1, "width >= 0")],
)
def test_a_wrong_option_is_one_clear_error(name: str, pixels: int, width: int, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        pixel_sampler(name, pixels, width)
