"""What can be exported of each family, and what cannot. That it agrees with PyTorch: tests/models/test_registry.py."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mobilevos_export.exporter import export_model
from mobilevos_export.graphs import load_source
from mobilevos_export.options import ExportOptions
from mobilevos_export.plan import plan
from mobilevos_sdk.errors import InvalidInputError


def test_the_depths_of_a_scalable_model_are_artifacts_of_their_own():
    plans = [plan(ExportOptions("aost", checkpoint="random", depth=depth)) for depth in (1, 2, 3)]
    assert [Path(found["files"][0]).name for found in plans] == [f"aost-d{d}-q2-480x864.onnx" for d in (1, 2, 3)]
    macs = [sum(graph["macs"] for graph in found["graphs"]) for found in plans]
    assert macs[0] < macs[1] < macs[2]


@pytest.mark.parametrize(("name", "depth"), [("aot-t", 2), ("mobilenetv2", 1), ("aost", 4)])
def test_a_depth_that_a_model_does_not_have_is_one_clear_error(name, depth):
    with pytest.raises(InvalidInputError, match="depth"):
        plan(ExportOptions(name, checkpoint="random", depth=depth))


@pytest.mark.parametrize(("name", "objects"), [("aot-t", 10), ("stcn", 1), ("mobilenetv2", 1)])
def test_a_model_is_exported_for_as_many_objects_as_cost_nothing(name, objects):
    found = plan(ExportOptions(name, checkpoint="random", height=64, width=96))
    assert found["objects"] == objects and len(found["graphs"]) == 3


def test_a_model_that_runs_in_pytorch_only_is_one_clear_error():
    with pytest.raises(InvalidInputError, match="PyTorch only"):
        plan(ExportOptions("sst-local", checkpoint="random"))
    with pytest.raises(InvalidInputError, match="PyTorch only"):
        export_model(ExportOptions("sst-local", checkpoint="random"))


def test_stcn_memorises_with_the_frame():
    found = plan(ExportOptions("stcn", checkpoint="random", height=64, width=96, queue=5))
    memorize = next(graph for graph in found["graphs"] if graph["name"] == "memorize_1")
    assert memorize["inputs"]["frame"] == [1, 64, 96, 3]


def test_random_weights_leave_no_operator_without_effect():
    options = ExportOptions("deaot-t-deform", checkpoint="random", height=64, width=96, seed=3)
    state, fresh = (load_source(options).reference.state_dict() for _ in range(2))
    assert all(torch.equal(state[name], fresh[name]) for name in state), "a seed names its weights"
    for name, tensor in state.items():
        if tensor.is_floating_point():
            assert not ((tensor == 0) | (tensor == 1)).any(), name
            assert tensor.abs().max() < 5, name
