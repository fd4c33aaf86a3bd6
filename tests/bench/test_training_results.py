from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mobilevos_bench.formats import from_data
from mobilevos_bench.table_text import CommittedResults, ablation_table, profile_table
from mobilevos_sdk.errors import InvalidInputError

CELL = {"machine": "a CPU, 1 threads", "precision": "bf16", "date": "2026-11-20"}


def document() -> dict[str, Any]:
    def row(name: str, scores: tuple[float, float], base: tuple[float, float]) -> dict[str, Any]:
        cells = [{"seed": seed, "J&F": score, **CELL} for seed, score in enumerate(scores)]
        gains = [score - other for score, other in zip(scores, base, strict=True)]
        return {"name": name, "J&F": sum(scores) / 2, "J": 0.5, "F": 0.7, "gains": gains, "cells": cells}

    first = (0.60, 0.62)
    return {
        "format": "mobilevos-ablation",
        "format_version": 1,
        "model": "mobilenetv2-noaspp",
        "teacher": "resnet18",
        "budget": {"steps": 400, "crop": 192},
        "data": {"folder": "val-open", "size": "480x864"},
        "rows": [row("cross-entropy", first, first), row("logit", (0.63, 0.64), first)],
    }


def test_an_ablation_becomes_a_table(tmp_path: Path) -> None:
    (tmp_path / "ablation.json").write_text(json.dumps(document()))
    table = ablation_table(CommittedResults.read(tmp_path), "training")
    assert "| `cross-entropy` | 61.0 | 50.0 | 70.0 | +0.0 (+0.0, +0.0) | 60.0, 62.0 |" in table
    assert "| `logit` | 63.5 | 50.0 | 70.0 | +2.5 (+3.0, +2.0) | 63.0, 64.0 |" in table
    assert "teacher `resnet18`; steps 400, crop 192; scored on val-open, 480x864. a CPU, 1 threads, bf16" in table


def test_a_file_of_another_version_or_without_rows_is_named() -> None:
    with pytest.raises(InvalidInputError, match=r"there\.json has format version 2"):
        from_data(document() | {"format_version": 2}, "there.json")
    broken = document()
    del broken["rows"][1]["gains"]
    with pytest.raises(InvalidInputError, match=r"there\.json is not what python -m mobilevos_training\.ablation"):
        from_data(broken, "there.json")


def test_a_profile_becomes_a_row(tmp_path: Path) -> None:
    data = {
        "format": "mobilevos-training-profile",
        "format_version": 1,
        "model": "mobilenetv2",
        "setting": {"crop": 384, "workers": 2},
        "machine": "a CPU",
        "torch": "2.13.0",
        "date": "2026-11-20",
        "seconds": {"data": 0.1, "forward": 0.9, "backward": 1.0},
        "clips_per_second": 2.0,
        "waiting_share": 0.05,
        "gflop": 300.0,
        "ceiling_share": 0.4,
    }
    (tmp_path / "profile.json").write_text(json.dumps(data))
    table = profile_table(CommittedResults.read(tmp_path), "training")
    phases = "data 100, forward 900, backward 1000"
    row = f"| `mobilenetv2` | crop 384, workers 2 | 2000 | {phases} | 2.00 | 5.0 % | 150 | 40 % |"
    assert row in table
    assert "a CPU, PyTorch 2.13.0, 2026-11-20." in table
    del data["gflop"]
    with pytest.raises(InvalidInputError, match="is not what vos-train --profile writes"):
        from_data(data, "there.json")
