from __future__ import annotations

import pytest
import torch

from mobilevos_models import create_model
from mobilevos_models.contract import build_graph, build_spec
from mobilevos_models.memory_read import MemoryEntry


def run_all(model, spec, objects, valid):
    """Runs the three graphs of a number of objects on noise; gives their inputs and outputs."""
    generator = torch.Generator().manual_seed(objects)
    frame = torch.rand(1, spec.height, spec.width, 3, generator=generator) * 255.0
    masks = torch.rand(1, spec.height, spec.width, objects, generator=generator) / objects
    start, segment, memorize = (spec.graph(role, objects) for role in ("start", "segment", "memorize"))
    with torch.no_grad():
        entry = build_graph(model, spec, start)(frame, masks)
        memory = [entry["key"].expand(-1, objects, -1, -1), entry["value"]] * spec.queue
        state = build_graph(model, spec, segment)(frame, *memory, valid)
        again = build_graph(model, spec, memorize)(state["state_key"], state["state_features"], masks)
    return frame, masks, {start: entry, segment: state, memorize: again}


@pytest.mark.parametrize("name", ["mobilenetv2", "resnet18"])
@pytest.mark.parametrize("objects", [1, 3])
@pytest.mark.parametrize("queue", [1, 2, 4])
def test_graphs_give_what_the_spec_says(name, objects, queue):
    model = create_model(name)
    spec = build_spec(model, name, queue, 3, 64, 80)
    _, _, results = run_all(model, spec, objects, torch.ones(1, objects, 1, queue))
    for graph, outputs in results.items():
        assert {key: tuple(tensor.shape) for key, tensor in outputs.items()} == {
            tensor.name: tensor.shape for tensor in graph.outputs
        }
        assert list(outputs) == [tensor.name for tensor in graph.outputs]


@pytest.mark.parametrize("locality", [True, False])
def test_graphs_equal_the_model(tiny_model, locality):
    model = tiny_model
    if not locality:
        model = create_model("mobilenetv2-noaspp", locality=False)
        model.load_state_dict({k: v for k, v in tiny_model.state_dict().items() if not k.startswith("prior.")})
    spec = build_spec(model, "mobilenetv2-noaspp", 2, 2, 64, 96)
    valid = torch.tensor([[1.0, 1.0], [1.0, 0.0]]).reshape(1, 2, 1, 2)
    frame, masks, results = run_all(model, spec, 2, valid)
    first, masks = frame.permute(0, 3, 1, 2), masks.permute(0, 3, 1, 2)
    with torch.no_grad():
        entry = model.start(first, masks)
        wide = MemoryEntry(entry.key.expand(-1, 2, -1, -1), entry.value)
        probabilities, state = model.segment(first, [wide, wide], valid)
    got = results[spec.graph("segment", 2)]
    torch.testing.assert_close(got["probabilities"], probabilities[:, 1:].permute(0, 2, 3, 1), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(got["state_features"], state.features.permute(0, 2, 3, 1))
    torch.testing.assert_close(results[spec.graph("start", 2)]["value"], entry.value)


def test_an_empty_slot_is_not_read(tiny_model):
    spec = build_spec(tiny_model, "mobilenetv2-noaspp", 2, 1, 64, 96)
    graph = build_graph(tiny_model, spec, spec.graph("segment", 1))
    generator = torch.Generator().manual_seed(0)
    frame = torch.rand(1, 64, 96, 3, generator=generator) * 255.0
    inputs = [torch.randn(tensor.shape, generator=generator) for tensor in spec.graph("segment", 1).inputs[1:-1]]
    valid = torch.tensor([1.0, 0.0]).reshape(1, 1, 1, 2)
    with torch.no_grad():
        before = graph(frame, *inputs, valid)["probabilities"]
        inputs[2], inputs[3] = inputs[2] * -3.0, inputs[3] + 5.0
        after = graph(frame, *inputs, valid)["probabilities"]
        read = graph(frame, *inputs, torch.ones_like(valid))["probabilities"]
    torch.testing.assert_close(after, before)
    assert (read - before).abs().max() > 1e-3


@pytest.mark.parametrize("objects", [1, 3])
def test_no_tensor_has_more_than_four_axes(tiny_model, objects):
    spec = build_spec(tiny_model, "mobilenetv2-noaspp", 3, objects, 64, 96)
    for role in ("start", "segment", "memorize"):
        graph = spec.graph(role, objects)
        inputs = tuple(torch.zeros(tensor.shape) for tensor in graph.inputs)
        program = torch.export.export(build_graph(tiny_model, spec, graph), inputs)
        values = {node.name: node.meta.get("val") for node in program.graph.nodes}
        ranks = {name: value.dim() for name, value in values.items() if isinstance(value, torch.Tensor)}
        assert ranks
        assert {name for name, rank in ranks.items() if rank > 4} == set()


def test_a_batch_is_memorised_as_its_members_are(tiny_model):
    generator = torch.Generator().manual_seed(0)
    frames = torch.rand(2, 3, 64, 96, generator=generator) * 255.0
    masks = torch.rand(2, 3, 64, 96, generator=generator) / 3
    with torch.no_grad():
        together = tiny_model.start(frames, masks)
        alone = [tiny_model.start(frames[i : i + 1], masks[i : i + 1]) for i in range(2)]
    torch.testing.assert_close(together.value, torch.cat([entry.value for entry in alone]), rtol=1e-4, atol=1e-4)
