from __future__ import annotations

import sys

import pytest

from mobilevos_export import onnx2tf_export as route
from mobilevos_export.conversion import ConversionError, quietly
from mobilevos_export.onnx2tf_export import COMMAND_VARIABLE
from mobilevos_sdk.errors import InvalidInputError, RuntimeMissingError

schema = pytest.importorskip("ai_edge_litert.schema_py_generated", reason="needs LiteRT: pip install ai-edge-litert")


@pytest.fixture
def graph(tiny_source):
    return tiny_source.spec.graph("memorize", 1)


def converted(graph, rename=None, reshape=None):
    """A flatbuffer as onnx2tf gives it: its own signature name, tensors in an order of its own."""
    model, part, signature = schema.ModelT(), schema.SubGraphT(), schema.SignatureDefT()
    part.tensors, signature.inputs, signature.outputs = [], [], []
    for specs, entries in ((graph.inputs, signature.inputs), (graph.outputs, signature.outputs)):
        for spec in reversed(specs):
            tensor, entry = schema.TensorT(), schema.TensorMapT()
            tensor.shape = list(reshape[spec.name]) if reshape and spec.name in reshape else list(spec.shape)
            entry.name, entry.tensorIndex = ((rename or {}).get(spec.name, spec.name)).encode(), len(part.tensors)
            part.tensors.append(tensor)
            entries.append(entry)
    signature.signatureKey = b"serving_default"
    model.subgraphs, model.signatureDefs = [part], [signature]
    return model


def test_a_graph_gets_the_names_and_the_order_of_the_spec(graph):
    signature = route.named(converted(graph), graph).signatureDefs[0]
    assert signature.signatureKey == b"memorize_1"
    assert [entry.name.decode() for entry in signature.inputs] == [tensor.name for tensor in graph.inputs]
    assert [entry.name.decode() for entry in signature.outputs] == [tensor.name for tensor in graph.outputs]


def test_a_lost_output_is_named(graph):
    with pytest.raises(ConversionError, match=r"lost 'value' of graph 'memorize_1' \(it has key, output_1\)"):
        route.named(converted(graph, rename={"value": "output_1"}), graph)


def test_a_turned_output_is_named(graph):
    with pytest.raises(ConversionError, match="changed 'value'"):
        route.named(converted(graph, reshape={"value": (1, 64, 24, 1)}), graph)


def test_without_the_command_the_message_installs_it(monkeypatch):
    monkeypatch.delenv(COMMAND_VARIABLE, raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RuntimeMissingError, match=r"onnx2tf==1\.29\.24.*tensorflow==2\.19\.0"):
        route.find_command()


def test_a_wrong_command_is_named(monkeypatch):
    monkeypatch.setenv(COMMAND_VARIABLE, "/no/such/onnx2tf")
    with pytest.raises(RuntimeMissingError, match="/no/such/onnx2tf is no command"):
        route.find_command()


def test_a_failing_command_says_its_last_line(tmp_path, graph):
    command = tmp_path / "onnx2tf"
    command.write_text(f"#!{sys.executable}\nimport sys\nprint('first')\nsys.exit('ModuleNotFoundError: tf_keras')\n")
    command.chmod(0o755)
    with pytest.raises(ConversionError, match=r"'memorize_1': ModuleNotFoundError: tf_keras"):
        route._run(str(command), tmp_path / "memorize_1.onnx", graph)


class TestQuietly:
    def test_a_failure_is_one_line_with_its_reason(self, capfd):
        with pytest.raises(ConversionError, match=r"^the export failed: bad axis$"), quietly("the export"):
            print("chatter")
            raise ValueError("long story\nbad axis")
        assert capfd.readouterr() == ("", "")

    def test_a_missing_package_names_the_extra(self):
        with pytest.raises(RuntimeMissingError, match=r"no_such_converter.*mobilevos\[export\]"), quietly("the export"):
            import no_such_converter  # noqa: F401

    def test_our_own_errors_pass(self):
        with pytest.raises(InvalidInputError, match=r"^as it is$"), quietly("the export"):
            raise InvalidInputError("as it is")

    def test_output_works_again_afterwards(self, capfd):
        with quietly("the export"):
            print("chatter")
        print("news")
        assert capfd.readouterr().out == "news\n"
