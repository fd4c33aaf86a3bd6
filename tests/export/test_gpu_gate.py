"""The check on LiteRT's GPU accelerator: a good artifact passes, and one with a fault fails and names the operator."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mobilevos_export import flatbuffer, gpu_drivers, tflite_export
from mobilevos_export.gpu_check import arithmetics_of, check_gpu, main
from mobilevos_export.gpu_drivers import find_driver
from mobilevos_export.gpu_process import GpuLog
from mobilevos_export.gpu_report import FAILED, PASSED, SKIPPED
from mobilevos_export.options import ExportOptions
from mobilevos_export.single_operators import single_operators
from mobilevos_sdk.artifact import open_artifact
from mobilevos_sdk.errors import InvalidInputError, RuntimeMissingError

schema = pytest.importorskip("ai_edge_litert.schema_py_generated", reason="needs LiteRT: pip install ai-edge-litert")


def needs(arithmetic: str) -> pytest.MarkDecorator:
    """Skips where the software driver is not installed, and names what installs it."""
    missing = ""
    try:
        find_driver(arithmetic)
    except RuntimeMissingError as error:
        missing = str(error)
    return pytest.mark.skipif(bool(missing), reason=missing)


def spliced(source: Path, out: Path, steps) -> Path:
    """A copy of an artifact whose graph `memorize_1` has some operators between its input `masks` and what reads it.

    A step is (operator, its options or none, constants, shape of the result).
    """
    artifact = open_artifact(source)
    model = flatbuffer.read(artifact.content)
    signature = next(entry for entry in model.signatureDefs if entry.signatureKey == b"memorize_1")
    graph = model.subgraphs[signature.subgraphIndex]
    position = next(entry.tensorIndex for entry in signature.inputs if entry.name == b"masks")
    readers = [operator for operator in graph.operators if position in list(operator.inputs)]
    before, added = position, []
    for name, options, constants, shape in steps:
        operator = schema.OperatorT()
        operator.opcodeIndex = opcode(model, name)
        operator.inputs = [before, *(constant(model, graph, np.array(values, np.int32)) for values in constants)]
        before = tensor(graph, shape, schema.TensorType.FLOAT32, 0)
        operator.outputs = [before]
        if options is not None:
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, options)
            operator.builtinOptions = getattr(schema, f"{options}T")()
        added.append(operator)
    for operator in readers:
        operator.inputs = [before if index == position else int(index) for index in operator.inputs]
    graph.operators = [*added, *graph.operators]
    out.write_bytes(tflite_export.package(flatbuffer.write(model), artifact.spec))
    return out


def opcode(model, name: str) -> int:
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = getattr(schema.BuiltinOperator, name)
    code.version = 1
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1


def constant(model, graph, values) -> int:
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(values.tobytes(), np.uint8)
    model.buffers.append(buffer)
    return tensor(graph, values.shape, schema.TensorType.INT32, len(model.buffers) - 1)


def tensor(graph, shape, kind, buffer: int) -> int:
    made = schema.TensorT()
    made.name, made.shape, made.type, made.buffer = f"added{len(graph.tensors)}".encode(), list(shape), kind, buffer
    graph.tensors.append(made)
    return len(graph.tensors) - 1


def reshape(*shape):
    return ("RESHAPE", None, [shape], shape)


RANK_5 = [reshape(1, 1, 64, 96, 1), reshape(1, 64, 96, 1)]
# The accelerator takes this, and computes it wrongly.
PAD_3D = [
    reshape(8, 8, 96),
    ("PAD", "PadOptions", [[[0, 0], [1, 1], [1, 1]]], (8, 10, 98)),
    ("SLICE", "SliceOptions", [[0, 1, 1], [8, 8, 96]], (8, 8, 96)),
    reshape(1, 64, 96, 1),
]


@needs("fp32")
class TestCheck:
    def test_an_artifact_with_good_operators_passes(self, tiny_tflite, tiny_clip):
        found = check_gpu(tiny_tflite, frames=2, objects=2, clip=tiny_clip)
        (run,) = found.runs
        assert run.status == PASSED and found.passed, found.text()
        assert {tensor.graph for tensor in run.tensors} == {"start_2", "segment_2", "memorize_2"}
        assert 0 < run.worst_error < 1e-4  # it is another program than the CPU's
        assert run.masks is not None and run.masks.frames == 2
        assert "SwiftShader" in run.adapter

    @pytest.mark.parametrize(
        ("steps", "operator", "advice"),
        [(RANK_5, "RESHAPE", "rank 4"), (PAD_3D, "PAD", "4-D")],
        ids=["rank-5", "pad-3d"],
    )
    def test_an_operator_at_fault_is_named(self, steps, operator, advice, tiny_tflite, tiny_clip, tmp_path, capsys):
        path = spliced(tiny_tflite, tmp_path / "bad.tflite", steps)
        result = tmp_path / "result.json"
        arguments = [str(path), "--arithmetic", "fp32", "--frames", "0", "--objects", "1", "--clip", str(tiny_clip)]
        assert main([*arguments, "--json", str(result)]) == 1
        (run,) = json.loads(result.read_text())["runs"]
        assert run["status"] == FAILED and run["reasons"]
        assert {fault["operator"] for fault in run["operators"]} == {operator}
        assert all(fault["graph"] == "memorize_1" and advice in fault["advice"] for fault in run["operators"])
        printed = capsys.readouterr()
        assert operator in printed.out and len(printed.err.splitlines()[-1]) > 0


@needs("fp16")
def test_the_driver_of_fp16_really_has_it(tiny_tflite, tiny_clip):
    (run,) = check_gpu(tiny_tflite, ("fp16",), frames=0, objects=1, clip=tiny_clip).runs
    assert run.status == PASSED, run.reasons
    assert run.worst_error > 1e-4


class TestDrivers:
    def test_without_a_driver_a_run_is_skipped_and_nothing_has_passed(self, tiny_tflite, tiny_clip, nowhere):
        found = check_gpu(tiny_tflite, ("fp32", "fp16"), clip=tiny_clip)
        assert [run.status for run in found.runs] == [SKIPPED, SKIPPED]
        assert not found.passed
        assert all("install_vulkan.sh" in reason for reason in found.skipped)

    def test_lavapipe_brings_its_libraries(self, nowhere):
        manifest = {"ICD": {"api_version": "1.4.305", "library_path": str(nowhere / "lib" / "libvulkan_lvp.so")}}
        (nowhere / gpu_drivers.LAVAPIPE_ICD).write_text(json.dumps(manifest))
        environment = find_driver("fp16").environment({"LD_LIBRARY_PATH": "/known"})
        assert environment["VK_ICD_FILENAMES"] == str(nowhere / gpu_drivers.LAVAPIPE_ICD)
        assert environment["LD_LIBRARY_PATH"] == f"{nowhere / 'lib'}:/known"

    @pytest.mark.parametrize(("version", "taken"), [("1.3.230", False), ("1.4.305", True)])
    def test_the_systems_lavapipe_is_taken_if_it_is_new_enough(self, version, taken, nowhere):
        manifest = {"ICD": {"api_version": version, "library_path": "libvulkan_lvp.so"}}
        (nowhere / "lvp_icd.x86_64.json").write_text(json.dumps(manifest))
        if not taken:
            with pytest.raises(RuntimeMissingError, match="25"):
                find_driver("fp16")
        else:
            assert find_driver("fp16").icd == nowhere / "lvp_icd.x86_64.json"

    @pytest.fixture
    def nowhere(self, monkeypatch, tmp_path):
        monkeypatch.setenv(gpu_drivers.FOLDER_VARIABLE, str(tmp_path))
        monkeypatch.setattr(gpu_drivers, "SWIFTSHADER_ICD", tmp_path / "none.json")
        monkeypatch.setattr(gpu_drivers, "SYSTEM_ICDS", tmp_path)
        return tmp_path


def test_the_log_tells_adapter_rejections_and_validation_errors():
    log = GpuLog(
        "INFO: [gpu_registry.cc:138] registered.\n"
        "I0000 environment.cc:532] Selected adapter: SwiftShader Device (Subzero), arch=swiftshader\n"
        "RESHAPE: Tensor dimensions must be less than 5. main;6\n"
        "Validation error: binding is too large\nValidation error: binding is too large\n"
    )
    assert log.adapter == "SwiftShader Device (Subzero)"
    assert log.rejections == (("RESHAPE", "Tensor dimensions must be less than 5. main;6"),)
    assert log.validation_errors == ("Validation error: binding is too large",)


def test_single_operators_compute_what_they_do_in_their_graph(tiny_tflite):
    interpreters = pytest.importorskip("ai_edge_litert.interpreter")
    names = set()
    for fault, single, _ in single_operators(flatbuffer.read(open_artifact(tiny_tflite).content)):
        interpreter = interpreters.Interpreter(model_content=flatbuffer.write(single))
        interpreter.allocate_tensors()
        got = "x".join(map(str, interpreter.get_output_details()[0]["shape"]))
        assert fault.shapes.split(" -> ")[1].split()[0] == (got or "scalar")
        names.add(fault.operator)
    assert {"CONV_2D", "BATCH_MATMUL", "SOFTMAX"} <= names


def test_weights_of_16_bits_are_checked_in_both_arithmetics():
    assert arithmetics_of("fp32") == ("fp32",)
    assert arithmetics_of("fp16") == arithmetics_of("int8") == ("fp32", "fp16")


def test_the_check_needs_a_tflite_artifact():
    with pytest.raises(InvalidInputError, match="tflite"):
        ExportOptions("mobilenetv2", formats=("onnx",), checks=("gpu",))
    with pytest.raises(InvalidInputError, match="gpu"):
        ExportOptions("mobilenetv2", checks=("tpu",))


@pytest.mark.parametrize("objects", [1, 3])
def test_probabilities_near_1_are_finite_in_half_precision(objects):
    torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'mobilevos[train]'")
    from mobilevos_models.aggregation import soft_aggregate

    logits = torch.linspace(-30, 30, 121).repeat(1, objects, 1)
    half = soft_aggregate(logits.half(), 1).float()
    torch.testing.assert_close(half, soft_aggregate(logits, 1), atol=2e-3, rtol=0)
