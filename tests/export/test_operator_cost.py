"""Where the time of an artifact's graphs goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from mobilevos_export.operator_cost import main, operator_costs
from mobilevos_sdk.artifact import open_artifact
from mobilevos_sdk.backends.tflite_graphs import TfliteGraphs

pytest.importorskip("ai_edge_litert.schema_py_generated", reason="needs LiteRT: pip install ai-edge-litert")


def test_the_operators_hold_the_arithmetic_of_the_graph(tiny_tflite: Path) -> None:
    artifact = open_artifact(tiny_tflite)
    graph = artifact.spec.graph("segment", 1)
    costs = operator_costs(TfliteGraphs(artifact.content).cut([graph.name]), threads=1, repeats=1)
    assert sum(cost.occurrences * cost.gflop for cost in costs) == pytest.approx(2e-9 * graph.macs, rel=0.02)
    assert [cost.total for cost in costs] == sorted((cost.total for cost in costs), reverse=True)
    assert not any(cost.name == "PAD" for cost in costs), "padding goes along with its convolution"


def test_the_command_prints_both_graphs(tiny_tflite: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tiny_tflite), "--threads", "1", "--repeats", "1", "--top", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines if ":" in line] == ["segment_1", "memorize_1"]
    assert len(lines) == 6


def test_another_file_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.tflite")]) == 1
    assert "Traceback" not in capsys.readouterr().err
