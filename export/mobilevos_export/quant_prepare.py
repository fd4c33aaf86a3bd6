"""Makes a model ready for 8 bits in PyTorch: alike channels, and biases that expect the rounding of a format."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import torch
from torch import Tensor, nn

from mobilevos_export.graphs import SourceModel
from mobilevos_export.quant_bias import correct_bias
from mobilevos_export.quant_calibration import calibration_of
from mobilevos_export.quant_equalise import conv_pairs
from mobilevos_export.quant_policy import is_float
from mobilevos_models.torch_backend import TorchBackend


class _Channels:
    """What a convolution was seen to read and write: the mean of each channel, and its largest value."""

    def __init__(self, layer: nn.Conv2d) -> None:
        self.peaks = torch.zeros(layer.out_channels)
        self._sums = torch.zeros(layer.in_channels)
        self.runs = 0

    @property
    def means(self) -> Tensor:
        """(C,) of what it reads."""
        return self._sums / max(self.runs, 1)

    def scale_input(self, factors: Tensor) -> None:
        """Follows a change of the channels that it reads."""
        self._sums *= factors

    def __call__(self, module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        """Sees a run, as a forward hook."""
        self._sums += inputs[0].mean((0, 2, 3))
        torch.maximum(self.peaks, output.amax((0, 2, 3)), out=self.peaks)
        self.runs += 1


@torch.no_grad()
def prepare_for_int8(source: SourceModel, report: Callable[[str], None]) -> SourceModel:
    """A model with the same function, up to values that its clips do not reach, whose channels are alike.

    It also knows what its layers read, for `expect_rounding`.

    Args:
        source: the model; its calibration has the clips.
        report: is told what is being done.

    Raises:
        ConversionError: the model was prepared without clips.
    """
    spec, folded = source.spec, copy.deepcopy(source.folded)
    layers = {module: name for name, module in folded.named_modules() if isinstance(module, nn.Conv2d)}
    backend = TorchBackend(folded, spec.queue, spec.max_objects, spec.height, spec.width)
    with _watched(layers) as channels:
        for objects in sorted({graph.objects for graph in spec.graphs}):  # one object leaves the others' mask empty
            calibration_of(source).record(backend, objects, report)
    for pair in conv_pairs(folded):
        channels[pair.second].scale_input(pair.rescale(channels[pair.first].peaks))
    means = {name: channels[layer].means for layer, name in layers.items() if channels[layer].runs}
    return replace(source, folded=folded, input_means=means)


def expect_rounding(source: SourceModel, largest: int) -> SourceModel:
    """A model whose biases make up for what the rounding of its weights adds to each output on average.

    Args:
        source: what `prepare_for_int8` gave; a model of another precision stays as it is.
        largest: the integer that a format stores for the largest weight of an output channel.
    """
    folded = copy.deepcopy(source.folded)
    for name, means in source.input_means.items():
        if not is_float(name):
            layer = folded.get_submodule(name)
            assert isinstance(layer, nn.Conv2d)
            correct_bias(layer, means, largest)
    return replace(source, folded=folded)


@contextmanager
def _watched(layers: dict[nn.Conv2d, str]) -> Iterator[dict[nn.Conv2d, _Channels]]:
    """Collects what layers read and write while they run."""
    channels = {layer: _Channels(layer) for layer in layers}
    with ExitStack() as stack:
        for layer, seen in channels.items():
            stack.callback(layer.register_forward_hook(seen).remove)
        yield channels
