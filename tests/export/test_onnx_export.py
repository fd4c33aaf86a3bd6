from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from mobilevos_export.conversion import FEWEST_HALVED
from mobilevos_export.onnx_export import HALF_SUFFIX, IR_VERSION, OPSET, _Merger, package
from mobilevos_sdk.errors import ArtifactError
from mobilevos_sdk.spec import SPEC_NAME, ArtifactSpec

onnx = pytest.importorskip("onnx", reason="needs onnx: pip install 'mobilevos[export]'")


def merged(parts, half):
    merger = _Merger(half)
    for graph, model in parts:
        copy = onnx.ModelProto()
        copy.CopyFrom(model)
        merger.add(graph, copy)
    return merger.model()


@pytest.fixture(scope="module")
def full(exported_parts):
    return merged(exported_parts, half=False)


def stored_bytes(model):
    return sum(onnx.numpy_helper.to_array(tensor).nbytes for tensor in model.graph.initializer)


def test_weights_are_stored_once(full, tiny_source):
    ours = 4 * sum(parameter.numel() for parameter in tiny_source.folded.parameters())
    assert abs(stored_bytes(full) - ours) < 100_000  # equal biases are stored once too
    contents = [(t.data_type, tuple(t.dims), t.raw_data) for t in full.graph.initializer]
    assert len(contents) == len(set(contents))


def test_tensor_names_are_the_contracts(full, tiny_source):
    names = {value.name for value in full.graph.input}, {value.name for value in full.graph.output}
    graphs = tiny_source.spec.graphs
    assert names[0] == {f"{graph.name}/{tensor.name}" for graph in graphs for tensor in graph.inputs}
    assert names[1] == {f"{graph.name}/{tensor.name}" for graph in graphs for tensor in graph.outputs}


def test_the_oldest_supported_runtime_can_read_it(full):
    assert full.ir_version <= IR_VERSION == 10
    assert [(entry.domain, entry.version) for entry in full.opset_import] == [("", OPSET)]
    assert {node.domain for node in full.graph.node} == {""}


def test_no_path_of_this_machine_is_inside(full, tiny_source):
    content = package(full, tiny_source.spec)
    assert b"site-packages" not in content
    assert str(__file__).rsplit("/", 3)[0].encode() not in content


def test_constants_are_folded(full):
    """PyTorch's own optimiser, which would do it too, is left out for its time."""
    assert not {"CastLike", "Constant", "Identity"} & {node.op_type for node in full.graph.node}


def test_fp16_halves_the_file_and_changes_large_convolutions_only(exported_parts, full):
    half = merged(exported_parts, half=True)
    assert stored_bytes(half) < 0.52 * stored_bytes(full)
    halves = {tensor.name for tensor in half.graph.initializer if tensor.data_type == onnx.TensorProto.FLOAT16}
    sizes = {tensor.name: math.prod(tensor.dims) for tensor in full.graph.initializer}
    convolved = {node.input[1] for node in full.graph.node if node.op_type == "Conv"}
    large = {name for name in convolved if sizes[name] >= FEWEST_HALVED}
    assert halves == {name + HALF_SUFFIX for name in large} and convolved - large
    assert {value.type.tensor_type.elem_type for value in half.graph.input} == {onnx.TensorProto.FLOAT}


def test_equal_names_of_different_weights_do_not_collide(tiny_source):
    graph = tiny_source.spec.graph("start", 1)
    parts = []
    for number, objects in ((1.0, 1), (2.0, 2)):
        model = onnx.parser.parse_model(
            '<ir_version: 8, opset_import: ["" : 18]>'
            "g (float[1] frame, float[1] masks) => (float[1] key, float[1] value)"
            "{ key = Add(frame, w) \n value = Mul(masks, w) }"
        )
        model.graph.initializer.append(onnx.numpy_helper.from_array(np.array([number], np.float32), "w"))
        parts.append((replace(graph, name=f"start_{objects}"), model))
    model = merged(parts, half=False)
    values = {t.name: float(onnx.numpy_helper.to_array(t)[0]) for t in model.graph.initializer}
    assert sorted(values.values()) == [1.0, 2.0]
    used = {node.output[0].split("/")[0]: values[node.input[1]] for node in model.graph.node}
    assert used == {"start_1": 1.0, "start_2": 2.0}


def test_the_spec_is_a_metadata_property(full, tiny_source):
    model = onnx.load_from_string(package(full, tiny_source.spec))
    found = {entry.key: entry.value for entry in model.metadata_props}
    assert ArtifactSpec.from_json(found[SPEC_NAME]) == replace(tiny_source.spec)


def test_an_artifact_cut_short_is_refused(full, tiny_source, tmp_path):
    from mobilevos_sdk.artifact import open_artifact

    path = tmp_path / "cut.onnx"
    content = package(full, tiny_source.spec)
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ArtifactError):
        open_artifact(path)
