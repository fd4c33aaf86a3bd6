from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from mobilevos_export import flatbuffer, tflite_export
from mobilevos_sdk.artifact import open_artifact
from mobilevos_sdk.errors import ArtifactError
from mobilevos_sdk.spec import SPEC_NAME

schema = pytest.importorskip("ai_edge_litert.schema_py_generated", reason="needs LiteRT: pip install ai-edge-litert")
interpreters = pytest.importorskip("ai_edge_litert.interpreter", reason="needs LiteRT: pip install ai-edge-litert")

CHANNELS, SIDE = 16, 8


def convolution(signature, weights):
    """A flatbuffer of one 3x3 convolution, made with the schema's classes."""
    model = schema.ModelT()
    model.version, model.description = 3, b"test"
    names = schema.BuiltinOperator
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = names.CONV_2D
    code.version = 1
    empty, data = schema.BufferT(), schema.BufferT()
    data.data = np.frombuffer(weights.tobytes(), np.uint8)
    bias = schema.BufferT()
    bias.data = np.frombuffer(np.zeros(CHANNELS, np.float32).tobytes(), np.uint8)
    graph = schema.SubGraphT()
    graph.name = signature.encode()
    image = (1, SIDE, SIDE, CHANNELS)
    graph.tensors = [
        tensor(b"in", image, 0),
        tensor(b"w", weights.shape, 1),
        tensor(b"b", (CHANNELS,), 2),
        tensor(b"out", image, 0),
    ]
    graph.inputs, graph.outputs = [0], [3]
    operator = schema.OperatorT()
    operator.inputs, operator.outputs = [0, 1, 2], [3]
    operator.builtinOptionsType = schema.BuiltinOptions.Conv2DOptions
    operator.builtinOptions = schema.Conv2DOptionsT()
    operator.builtinOptions.strideH = operator.builtinOptions.strideW = 1
    operator.builtinOptions.dilationHFactor = operator.builtinOptions.dilationWFactor = 1
    graph.operators = [operator]
    model.operatorCodes, model.buffers, model.subgraphs = [code], [empty, data, bias], [graph]
    model.signatureDefs = [named_signature(signature)]
    return model


def tensor(name, shape, buffer):
    made = schema.TensorT()
    made.name, made.shape, made.buffer, made.type = name, list(shape), buffer, schema.TensorType.FLOAT32
    return made


def named_signature(name):
    made = schema.SignatureDefT()
    made.signatureKey, made.subgraphIndex = name.encode(), 0
    made.inputs, made.outputs = [schema.TensorMapT()], [schema.TensorMapT()]
    made.inputs[0].name, made.inputs[0].tensorIndex = b"x", 0
    made.outputs[0].name, made.outputs[0].tensorIndex = b"y", 3
    return made


def run(content, signature, image):
    return interpreters.Interpreter(model_content=content).get_signature_runner(signature)(x=image)["y"]


@pytest.fixture
def weights():
    return np.random.default_rng(0).normal(size=(CHANNELS, 3, 3, CHANNELS)).astype(np.float32)


@pytest.fixture
def image():
    return np.random.default_rng(1).normal(size=(1, SIDE, SIDE, CHANNELS)).astype(np.float32)


def test_halved_weights_give_nearly_the_same(weights, image):
    model = convolution("a", weights)
    full = flatbuffer.write(model)
    model = flatbuffer.read(full)
    flatbuffer.halve_weights(model)
    half = flatbuffer.write(model)
    expected, got = run(full, "a", image), run(half, "a", image)
    assert len(half) < 0.6 * len(full)
    assert 0 < np.abs(expected - got).max() < 5e-3 * np.abs(expected).max()
    exact = convolution("a", weights.astype(np.float16).astype(np.float32))
    np.testing.assert_allclose(got, run(flatbuffer.write(exact), "a", image), rtol=1e-5, atol=1e-5)


def test_merged_models_keep_their_signatures_and_share_weights(weights, image):
    parts = [convolution("a", weights), convolution("b", weights), convolution("c", 2.0 * weights)]
    alone = [flatbuffer.write(flatbuffer.read(flatbuffer.write(part))) for part in parts]
    merged = flatbuffer.merge(parts)
    flatbuffer.share_buffers(merged)
    content = flatbuffer.write(merged)
    assert len(content) < 2.3 * len(alone[0])
    for name, single in zip("abc", alone, strict=True):
        np.testing.assert_array_equal(run(content, name, image), run(single, name, image))


def test_buffers_are_aligned(weights):
    content = flatbuffer.write(convolution("a", weights))
    assert content.find(weights.tobytes()) % flatbuffer.ALIGNMENT == 0
    assert content[4:8] == flatbuffer.IDENTIFIER


def test_halving_keeps_weights_shared(weights, image):
    merged = flatbuffer.merge([convolution("a", weights), convolution("b", weights)])
    flatbuffer.share_buffers(merged)
    flatbuffer.halve_weights(merged)
    content = flatbuffer.write(merged)
    assert len(content) < weights.nbytes
    np.testing.assert_array_equal(run(content, "a", image), run(content, "b", image))


class TestPackage:
    @pytest.fixture
    def packed(self, weights, tiny_source):
        content = flatbuffer.write(convolution("a", weights))
        return content, tflite_export.package(content, tiny_source.spec)

    def test_a_reader_of_flatbuffers_and_a_reader_of_zips_both_read_it(self, packed, image, tiny_source):
        content, whole = packed
        np.testing.assert_array_equal(run(whole, "a", image), run(content, "a", image))
        with zipfile.ZipFile(io.BytesIO(whole)) as archive:
            assert json.loads(archive.read(SPEC_NAME))["model"] == tiny_source.spec.model

    def test_the_sdk_reads_it(self, packed, tmp_path, tiny_source):
        content, whole = packed
        path = tmp_path / "a.tflite"
        path.write_bytes(whole)
        artifact = open_artifact(path)
        assert artifact.content == content
        assert artifact.spec == replace(tiny_source.spec)

    def test_equal_exports_are_equal_files(self, packed, tiny_source):
        content, whole = packed
        assert tflite_export.package(content, tiny_source.spec) == whole

    @pytest.mark.parametrize("keep", [0.3, 0.9, 0.999])
    def test_a_truncated_file_is_refused(self, packed, tmp_path, keep):
        _, whole = packed
        path = tmp_path / "cut.tflite"
        path.write_bytes(whole[: int(len(whole) * keep)])
        with pytest.raises(ArtifactError):
            open_artifact(path)
