"""What tests of the SDK's sessions share."""

from __future__ import annotations

import pytest

from mobilevos_sdk import Segmenter


@pytest.fixture(scope="session")
def associating():
    """A model of the AOT family with random weights: all objects in one memory."""
    torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'mobilevos[train]'")
    from mobilevos_models import create_model
    from mobilevos_models.torch_backend import TorchBackend

    torch.manual_seed(0)
    return Segmenter.from_backend(TorchBackend(create_model("aot-t"), 2, 4, 64, 96, threads=1))
