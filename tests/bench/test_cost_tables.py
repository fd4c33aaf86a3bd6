"""The tables of all models: what they cost, and what they score."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from toy_results import accuracy

from mobilevos_bench.accuracy_results import read_accuracy
from mobilevos_bench.committed_results import CommittedResults
from mobilevos_bench.cost_results import read_cost
from mobilevos_bench.formats import from_data
from mobilevos_bench.model_tables import cost_table, models_table
from mobilevos_bench.tables import generate
from mobilevos_sdk.errors import InvalidInputError


def cell(model: str, runtime: str, objects: int, milliseconds: float, **changes: object) -> dict:
    return {
        "model": model,
        "runtime": runtime,
        "objects": objects,
        "parameters": 1_931_210,
        "gflop": 12.34 * objects,
        "milliseconds": [milliseconds - 1, milliseconds, milliseconds + 2],
        "peak_mb": 300.0 + objects,
        "date": "2026-11-20T10:00:00+00:00",
        "busy_cores": 0.0,
        **changes,
    }


def costs(*cells: dict, **changes: object) -> dict:
    return {
        "format": "mobilevos-cost",
        "format_version": 1,
        "command": "python -m mobilevos_models.cost",
        "machine": {"processor": "Toy CPU", "cores": 2, "system": "Linux x86_64", "python": "3.11.7"},
        "versions": {"torch": "2.13.0", "onnxruntime": "1.31.1"},
        "setting": {"height": 480, "width": 864, "queue": 2, "threads": 2},
        "cells": list(cells),
        **changes,
    }


TWO = costs(
    cell("mobilenetv2", "torch", 1, 311.0),
    cell("mobilenetv2", "torch", 3, 600.0),
    cell("mobilenetv2", "onnx", 1, 98.0, parameters=None, gflop=None),
    cell("sst-local", "torch", 1, 900.0, parameters=10_884_417, gflop=None, busy_cores=1.5),
)


def committed(data: dict, *models: str) -> CommittedResults:
    return CommittedResults(costs=[read_cost(data)], accuracy=[read_accuracy(accuracy(model)) for model in models])


def test_every_measurement_has_a_row() -> None:
    table = cost_table(committed(TWO), "models")
    assert "| `mobilenetv2` | PyTorch | 1 | 1.93 M | 12.3 | **311.0** (310.1 to 312.8) |  | 301 |" in table
    assert "| `mobilenetv2` | PyTorch | 3 | 1.93 M | 37.0 | **600.0** (599.1 to 601.8) | 1.93 | 303 |" in table
    assert "| `mobilenetv2` | ONNX Runtime | 1 |  |  | **98.0** (97.1 to 99.8) |  | 301 |" in table
    assert "Model input 480x864, queue 2, 2 threads; medians of 3 frames" in table
    assert "Toy CPU, Linux x86_64, Python 3.11.7, torch 2.13.0, onnxruntime 1.31.1, 2026-11-20." in table
    assert table.endswith("Others kept up to 1.5 cores busy.")


def test_every_model_has_a_row_with_costs_and_scores() -> None:
    table = models_table(committed(TWO, "mobilenetv2", "resnet18"), "models")
    header, _, *rows = table.split("\n\n")[0].splitlines()
    assert header == (
        "| model | parameters | GFLOP, 1 / 3 objects | ms on PyTorch | ms on ONNX Runtime | peak MB "
        "| J&F on davis16/val-open |"
    )
    assert rows == [
        "| `mobilenetv2` | 1.93 M | 12.3 / 37.0 | 311 / 600 | 98 /  | 301 / 303 | 85.0 |",
        "| `sst-local` | 10.88 M |  | 900 /  |  | 301 /  |  |",
        "| `resnet18` | 2.49 M |  |  |  |  | 85.0 |",  # scored, not measured
    ]


def test_several_scores_of_a_model_are_told_apart() -> None:
    once = committed(TWO, "mobilenetv2").accuracy[0]
    other = replace(once, queue=5, runtime="litert", overall=replace(once.overall, j_and_f=0.86))
    table = models_table(CommittedResults(accuracy=[once, other]), "models")
    assert "| 85.0 (queue 2, 480x864, ONNX Runtime), 86.0 (queue 5, 480x864, LiteRT) |" in table
    table = models_table(CommittedResults(accuracy=[once, other], costs=committed(TWO).costs), "models")
    assert "| 85.0 |" in table and "86.0" not in table  # the costs are those of a queue of 2


def test_equal_scores_on_both_runtimes_are_said_once() -> None:
    once = committed(TWO, "mobilenetv2").accuracy[0]
    assert "| 85.0 |" in models_table(CommittedResults(accuracy=[once, replace(once, runtime="litert")]), "models")


def test_scores_with_zoom_go_first_and_say_so() -> None:
    whole = committed(TWO, "mobilenetv2").accuracy[0]
    zoomed = replace(whole, zoom=True, overall=replace(whole.overall, j_and_f=0.87))
    row = models_table(CommittedResults(accuracy=[whole, zoomed]), "models")
    assert "| 87.0 with zoom |" in row and "85.0" not in row
    both = models_table(
        CommittedResults(accuracy=[whole, zoomed, replace(zoomed, runtime="litert", overall=whole.overall)]), ""
    )
    assert "| 87.0 (queue 2, 480x864, ONNX Runtime, zoom), 85.0 (queue 2, 480x864, LiteRT, zoom) |" in both


def test_a_table_has_the_costs_of_one_file() -> None:
    first, second = costs(cell("mobilenetv2", "torch", 1, 311.0)), costs(cell("aot-t", "torch", 1, 1.0))
    results = CommittedResults(costs=[read_cost(data) for data in (first, second)])
    assert "`aot-t`" not in models_table(results, "models")  # it would have an empty row
    assert "`aot-t`" in cost_table(results, "models")


def test_the_note_has_the_first_and_the_last_day_in_any_order() -> None:
    """Measurements need not be in the order of their days."""
    days = ("2026-11-20", "2026-11-22", "2026-11-21")
    cells = [cell(f"model-{day}", "torch", 1, 1.0, date=f"{day}T10:00:00+00:00") for day in days]
    assert "2026-11-20, 2026-11-22." in cost_table(committed(costs(*cells)), "models")


def test_scores_without_costs_and_nothing_at_all() -> None:
    scored = CommittedResults(accuracy=committed(TWO, "mobilenetv2").accuracy)
    assert models_table(scored, "models").startswith("| model | parameters | J&F on davis16/val-open |")
    assert models_table(CommittedResults(), "models") == cost_table(CommittedResults(), "models") == ""


def test_the_page_of_all_models_is_filled(tmp_path: Path) -> None:
    results, docs = tmp_path / "benchmarks" / "results", tmp_path / "docs"
    results.mkdir(parents=True)
    docs.mkdir()
    (tmp_path / "README.md").write_text("# Toy\n")
    (docs / "models.md").write_text("# Models\n<!-- results:begin models -->\n<!-- results:end models -->\n")
    (results / "cost.json").write_text(json.dumps(TWO))
    page = next(page for page in generate(tmp_path) if page.path.name == "models.md")
    assert not page.is_current and "| `sst-local` | 10.88 M |" in page.wanted


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({**TWO, "format_version": 2}, "format version 2, this release reads 1; run python -m mobilevos_models.cost"),
        ({**TWO, "setting": {}}, "is not what python -m mobilevos_models.cost writes .KeyError: 'height'"),
        (costs({**cell("mobilenetv2", "torch", 1, 1.0), "milliseconds": []}), "nothing was measured"),
    ],
)
def test_broken_files_are_named(data: dict, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        from_data(data, "cost.json")
