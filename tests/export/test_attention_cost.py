"""The cost of attentions beside their arithmetic: what is counted, and what the command writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mobilevos_bench.attention_results import AttentionResult, attention_rows
from mobilevos_bench.formats import read_result
from mobilevos_export.attention_cost import CEILING, main
from mobilevos_export.attention_parts import make_parts
from mobilevos_models.flops import flop_counter

SIZE = (4, 6)


def test_the_arithmetic_is_that_of_the_definitions() -> None:
    gflop = {part.name: part.gflop for part in make_parts(SIZE)}
    cells, window, channels = 4 * 6, 15 * 15, 256
    # Logits and readout, and the same again for relative positions; then the projection.
    local = 2 * cells * window * 4 * channels + 2 * cells * channels**2
    full = 2 * cells * cells * 2 * channels + 2 * cells * channels**2
    convolutions = 3 * 2 * (16 * cells) * 9 * 128**2
    assert gflop["local attention, AOT"] == pytest.approx(1e-9 * local)
    assert gflop["full attention, AOT"] == pytest.approx(1e-9 * full)
    assert gflop[CEILING] == pytest.approx(1e-9 * convolutions)


def test_the_products_of_the_blocks_are_less_than_the_whole() -> None:
    parts = {part.name: part for part in make_parts((30, 54))}
    for family, channels in (("AOT", 512), ("DeAOT", 1152)):
        products = parts[f"its block products alone, {family}"]
        with flop_counter() as counter:
            products.module(*products.inputs)
        done = 1e-9 * counter.get_total_flops()
        needed = 2e-9 * 30 * 54 * 15 * 15 * channels
        assert needed < done < 2 * needed  # whole rectangles are multiplied
        assert products.gflop > needed  # but judged by the definition, with relative positions and projections


def test_the_command_writes_every_part_with_all_its_rounds(tmp_path: Path) -> None:
    path = tmp_path / "attention.json"
    assert main(["--size", "64x96", "--runtimes", "onnx", "--repeats", "3", "--json", str(path)]) == 0
    document = json.loads(path.read_text())
    assert document["setting"] == {"height": 64, "width": 96, "threads": 1}
    cells = {cell["part"]: cell for cell in document["cells"]}
    assert set(cells) == {part.name for part in make_parts(SIZE)}
    assert all(len(cell["milliseconds"]) == 3 and min(cell["milliseconds"]) > 0 for cell in cells.values())
    assert cells[CEILING]["excess"] == 1
    result = read_result(path)
    assert isinstance(result, AttentionResult)
    assert attention_rows([result]).count("| ONNX Runtime |") == len(cells)


def test_an_unknown_runtime_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--runtimes", "tvm", "--json", str(tmp_path / "x.json")]) == 2
    assert "unknown runtime 'tvm'; choose from onnx, litert" in capsys.readouterr().err
