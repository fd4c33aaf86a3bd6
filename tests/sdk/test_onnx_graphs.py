"""Cutting one graph out of an ONNX file of several: the cut is a valid model and computes the same."""

from __future__ import annotations

import numpy as np
import pytest

from mobilevos_sdk.errors import ArtifactError
from mobilevos_sdk.onnx_graphs import OnnxGraphs, read_metadata

onnx = pytest.importorskip("onnx", reason="needs onnx: pip install 'mobilevos[export]'")
onnxruntime = pytest.importorskip("onnxruntime")


def two_graphs(nodes: int = 0) -> bytes:
    """`double/y = weight * x + weight`, `half/y = -(x + other)`, and any number of nodes that no output needs."""
    from onnx import TensorProto, helper, numpy_helper

    def value(name: str):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, [3])

    graph = helper.make_graph(
        [
            helper.make_node("Mul", ["double/x", "weight"], ["double/scaled"]),
            helper.make_node("Add", ["half/x", "other"], ["half/sum"]),
            *(helper.make_node("Neg", ["half/x"], [f"half/unused_{i}"], name=f"unused {i}") for i in range(nodes)),
            helper.make_node("Add", ["double/scaled", "weight"], ["double/y"]),
            helper.make_node("Neg", ["half/sum"], ["half/y"]),
        ],
        "both",
        [value("double/x"), value("half/x")],
        [value("double/y"), value("half/y")],
        [
            numpy_helper.from_array(np.full(3, 2, np.float32), "weight"),
            numpy_helper.from_array(np.full(3, 5, np.float32), "other"),
        ],
    )
    model = helper.make_model(graph, ir_version=9, opset_imports=[helper.make_opsetid("", 18)])
    model.metadata_props.add(key="greeting", value="hello")
    return model.SerializeToString()


def test_a_cut_has_what_its_outputs_need_and_no_more():
    cut = onnx.load_model_from_string(OnnxGraphs(two_graphs(5)).cut("double"))
    onnx.checker.check_model(cut)
    assert [node.op_type for node in cut.graph.node] == ["Mul", "Add"]
    assert [tensor.name for tensor in cut.graph.initializer] == ["weight"]
    assert [value.name for value in (*cut.graph.input, *cut.graph.output)] == ["double/x", "double/y"]
    assert cut.ir_version == 9 and cut.opset_import[0].version == 18


@pytest.mark.parametrize(("name", "expected"), [("double", [4, 6, 8]), ("half", [-6, -7, -8])])
def test_a_cut_computes_the_same(name, expected):
    session = onnxruntime.InferenceSession(OnnxGraphs(two_graphs()).cut(name))
    (result,) = session.run(None, {f"{name}/x": np.array([1, 2, 3], np.float32)})
    np.testing.assert_array_equal(result, expected)


def test_an_unknown_graph_is_named():
    with pytest.raises(ArtifactError, match="no graph 'triple'"):
        OnnxGraphs(two_graphs()).cut("triple")


def test_metadata_is_found():
    assert read_metadata(two_graphs(), "greeting") == b"hello"
    assert read_metadata(two_graphs(), "farewell") is None


def test_damage_never_ends_in_another_error():
    whole = two_graphs()
    generator = np.random.default_rng(0)
    found = 0
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[generator.integers(len(whole))] = generator.integers(256)
        try:
            OnnxGraphs(bytes(damaged)).cut("double")
        except ArtifactError:
            found += 1
    assert found > 0


def test_other_graphs_are_left_out_of_the_cut():
    content = two_graphs(4000)
    assert len(OnnxGraphs(content).cut("half")) < len(content) / 10
