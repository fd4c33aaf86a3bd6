"""PyTorch as a backend of the SDK, so that training is validated by the code that ships."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from mobilevos_models.aot.config import IDENTITIES
from mobilevos_models.contract import build_graph, build_spec
from mobilevos_models.registry import VOSModel, memory_slots
from mobilevos_sdk.backends.base import FloatArray, Tensors
from mobilevos_sdk.spec import ArtifactSpec


class TorchBackend:
    """Runs the graphs of the contract on a PyTorch model, without gradients.

    The weights are shared with the model: a step of training shows in the next `run`. All but the locality prior, which
    each graph folds into constants when it is first run; make a new backend to have it follow the training.

    Args:
        model: the model, on any device.
        queue: slots of the memory; none takes what the model's artifact has.
        max_objects: most objects at once; a number that is not used costs nothing.
        height: input height in pixels, a multiple of 16.
        width: input width in pixels, a multiple of 16.
        threads: PyTorch's threads while a graph runs; none leaves them as they are.

    Example:
        >>> from mobilevos_models import create_model
        >>> from mobilevos_sdk import Segmenter
        >>> Segmenter.from_backend(TorchBackend(create_model("mobilenetv2"))).backend_name
        'torch'
    """

    name = "torch"

    def __init__(
        self,
        model: VOSModel,
        queue: int | None = None,
        max_objects: int = IDENTITIES,
        height: int = 480,
        width: int = 864,
        threads: int | None = None,
    ) -> None:
        name = model.config.name
        self.spec: ArtifactSpec = build_spec(model, name, memory_slots(name, queue), max_objects, height, width)
        self._model = model
        self._threads = threads
        self._modules: dict[str, nn.Module] = {}
        self._lock = threading.Lock()  # guards the modules, and the number of threads, which PyTorch has one of

    def run(self, graph: str, inputs: Tensors) -> dict[str, FloatArray]:
        """Runs a graph; see `mobilevos_sdk.backends.base.Backend.run`."""
        spec = next(candidate for candidate in self.spec.graphs if candidate.name == graph)
        device = next(self._model.parameters()).device
        with self._lock, torch.inference_mode(), _threads(self._threads):
            if graph not in self._modules:
                self._modules[graph] = build_graph(self._model, self.spec, spec).to(device)
            tensors = [torch.from_numpy(inputs[tensor.name]).to(device) for tensor in spec.inputs]
            outputs = self._modules[graph](*tensors)
            return {name: tensor.cpu().contiguous().numpy() for name, tensor in outputs.items()}


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    before = torch.get_num_threads()
    if count is not None:
        torch.set_num_threads(count)
    try:
        yield
    finally:
        if count is not None:
            torch.set_num_threads(before)
