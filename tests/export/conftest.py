from __future__ import annotations

import copy
from pathlib import Path

import pytest

from mobilevos_export.options import ExportOptions

TINY = "mobilenetv2-noaspp"


@pytest.fixture(scope="session")
def calm_model(tiny_model):
    """The tiny model with a weaker memory of its masks.

    Random weights make the memory loop chaotic: a rounding error doubles with every frame, even between PyTorch and
    PyTorch with folded batch norms. A trained model's does not, and neither does this one's.
    """
    import torch

    model = copy.deepcopy(tiny_model)
    with torch.no_grad():
        model.value_encoder.features[0][0].weight *= 0.1
    return model


@pytest.fixture(scope="session")
def tiny_checkpoint(calm_model, tmp_path_factory) -> Path:
    from mobilevos_models.checkpoints import save_checkpoint

    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_checkpoint(path, calm_model.state_dict(), {"model": TINY, "recipe": "{}"})
    return path


@pytest.fixture(scope="session")
def tiny_options(tiny_clip, tiny_checkpoint, tmp_path_factory) -> ExportOptions:
    return ExportOptions(
        model=TINY,
        height=64,
        width=96,
        objects=2,
        formats=("onnx",),
        checkpoint=tiny_checkpoint,
        out=tmp_path_factory.mktemp("out"),
        parity_clip=tiny_clip,
    )


@pytest.fixture(scope="session")
def tiny_source(tiny_options):
    from mobilevos_export.graphs import load_source

    return load_source(tiny_options)


@pytest.fixture(scope="session")
def exported_parts(tiny_source):
    """The ONNX graphs of the tiny model, before they are merged."""
    from mobilevos_export.onnx_export import export_graph

    return [(graph, export_graph(graph, module)) for graph, module in tiny_source.modules()]


@pytest.fixture(scope="session")
def torch_backend():
    """Makes what runs a source's graphs in PyTorch."""
    from mobilevos_models.torch_backend import TorchBackend

    def made(source):
        spec = source.spec
        return TorchBackend(source.folded, spec.queue, spec.max_objects, spec.height, spec.width)

    return made
