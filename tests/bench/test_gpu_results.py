"""The table of artifacts on LiteRT's GPU accelerator, and the schema of what the check writes."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest
from toy_results import ARTIFACT, LATENCY, STAGES, accuracy, spread

from mobilevos_bench.committed_results import CommittedResults
from mobilevos_bench.formats import from_data, schema
from mobilevos_bench.gpu_results import GpuResult
from mobilevos_bench.results import RuntimeLatency
from mobilevos_bench.table_text import TABLES
from mobilevos_sdk.errors import InvalidInputError


def run(arithmetic: str, error: float, masks: dict[str, Any] | None, **changes: Any) -> dict[str, Any]:
    tensor = {"graph": "start_1", "state": "", "tensor": "key", "max_error": error, "mean_error": 0.0, "scale": 1.0}
    return {
        "arithmetic": arithmetic,
        "driver": "lavapipe",
        "status": "passed",
        "reasons": [],
        "adapter": f"Toy GPU of {arithmetic}",
        "tensors": [tensor],
        "masks": masks,
        "operators": [],
        "seconds": 12.0,
        "worst_error": error,
        **changes,
    }


CHECKED = {
    "format": "mobilevos-gpu-check",
    "format_version": 1,
    "command": "python -m mobilevos_export.gpu_check toy.tflite",
    "date": "2026-11-20T10:00:00+00:00",
    "machine": {"processor": "Toy CPU", "cores": 2, "system": "Linux x86_64", "python": "3.11.7"},
    "versions": {"ai-edge-litert": "2.3.0"},
    "artifact": {
        "file": "toy.tflite",
        "sha256": "0" * 64,
        "model": "toy",
        "queue": 2,
        "max_objects": 1,
        "size": [480, 864],
        "precision": "fp32",
    },
    "clip": "cups.mp4",
    "limits": {"fp32_error": 1e-4, "agreement": 0.995},
    "passed": True,
    "runs": [
        run("fp32", 1.3e-5, None),
        run("fp16", 2.7e-2, {"frames": 8, "objects": 1, "mean": 0.99996, "worst": 0.9991}),
    ],
}


def table(*files: dict[str, Any]) -> str:
    results = [from_data(data, "gpu.json") for data in files]
    return TABLES["gpu"](CommittedResults(gpus=[found for found in results if isinstance(found, GpuResult)]), "gpu")


def test_every_artifact_has_a_row_with_both_arithmetics() -> None:
    text = table(CHECKED)
    assert "| `toy`, queue 2, 480x864, fp32 | passed / passed | 1 | 1.3e-05 | 2.7e-02 | 99.996% | 99.910% |" in text
    assert "8 frames of `cups.mp4` after the first; fp32 on Toy GPU of fp32, fp16 on Toy GPU of fp16." in text
    assert "Toy CPU, Linux x86_64, Python 3.11.7, ai-edge-litert 2.3.0, 2026-11-20." in text
    assert table() == ""


def test_what_failed_or_was_not_run_says_so() -> None:
    broken = run("fp16", 0.5, None, status="failed", reasons=["segment_1 probabilities is not finite"])
    assert "| passed / failed | 1 | 1.3e-05 | 5.0e-01 |  |  |" in table(
        {**CHECKED, "runs": [CHECKED["runs"][0], broken]}
    )
    assert "| passed / not run | 1 | 1.3e-05 |  |  |  |" in table({**CHECKED, "runs": CHECKED["runs"][:1]})


def test_a_file_that_is_none_is_named() -> None:
    with pytest.raises(InvalidInputError, match="gpu_check"):
        from_data({**CHECKED, "runs": [{}]}, "gpu.json")


def test_the_schema_knows_what_the_check_writes() -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="the check by another program needs jsonschema")
    validator = jsonschema.Draft202012Validator(schema())
    validator.validate(CHECKED)
    for change in ({"passed": "yes"}, {"runs": [{**CHECKED["runs"][0], "status": "good"}]}, {"speed": 1}):
        assert list(validator.iter_errors({**copy.deepcopy(CHECKED), **change}))


def test_the_schema_has_the_fields_of_the_real_report() -> None:
    gpu_report = pytest.importorskip("mobilevos_export.gpu_report", reason="needs mobilevos_export")
    jsonschema = pytest.importorskip("jsonschema", reason="the check by another program needs jsonschema")
    from mobilevos_export.parity import TensorParity
    from mobilevos_export.single_operators import OperatorFault
    from mobilevos_sdk.spec import ArtifactSpec

    fault = OperatorFault("start_1", "PAD", "x", "1x2 -> 1x4", "wrong", "pad 4-D tensors only")
    real = gpu_report.GpuRun(
        "fp16",
        "lavapipe",
        gpu_report.FAILED,
        ("a reason",),
        "Toy GPU",
        (TensorParity("start_1", "", "key", 0.1, 0.01, 1.0),),
        gpu_report.ClipAgreement(8, 1, 0.99, 0.98),
        (fault,),
        12.0,
    )
    spec = ArtifactSpec("toy", 2, 1, 480, 864, "fp32", (124, 116, 104), ())
    report = gpu_report.GpuReport("toy.tflite", "0" * 64, spec, "cups.mp4", (real,)).as_json()
    head = {key: CHECKED[key] for key in ("format", "format_version", "command", "date", "machine", "versions")}
    assert head["format"] == gpu_report.FORMAT and head["format_version"] == gpu_report.FORMAT_VERSION
    jsonschema.Draft202012Validator(schema()).validate(json.loads(json.dumps({**head, **report})))


def test_the_table_of_artifacts_has_score_time_and_gate_of_the_same_artifact() -> None:
    onnx = RuntimeLatency(ARTIFACT, STAGES, 0.05, 14.2, 142.0, 0.568, spread(1234.0))
    litert = replace(onnx, artifact=replace(ARTIFACT, runtime="litert"))
    checked = from_data({**CHECKED, "artifact": {**CHECKED["artifact"], "model": "mobilenetv2"}}, "gpu.json")
    scored = from_data(accuracy(), "eval.json")
    other = from_data({**accuracy(), "subject": {**accuracy()["subject"], "precision": "int8"}}, "int8.json")
    found = CommittedResults(
        latency=[replace(LATENCY, runtimes=(onnx, litert))], accuracy=[other, scored], gpus=[checked]
    )
    first, second = (line.split("|") for line in TABLES["artifacts"](found, "").splitlines()[2:])
    assert first[2].strip() == "ONNX Runtime" and first[5].strip() == "85.0" and first[8].strip() == ""
    assert second[2].strip() == "LiteRT" and second[5].strip() == "", "a score belongs to its runtime"
    assert first[7].strip() == "57 %"
    assert "passed" in second[8]
