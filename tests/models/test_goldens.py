"""The replay of golden cases: what it reads, what it takes for a failure, how it ends. The cases: test_registry.py."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from replay_golden import compare, main, our_name, read_case


@pytest.fixture
def tiny_case(tmp_path: Path) -> Path:
    """A case that calls itself STCN and has one of its tensors."""
    settings = {"model": "stcn", "parameters": {"key_comp.weight": [512, 1024, 3, 3]}}
    (tmp_path / "case.json").write_text(json.dumps(settings))
    ids = np.zeros((2, 20, 40), np.uint8)
    ids[:, 3:9, 4:17] = 2
    np.savez(
        tmp_path / "case.npz", frames=np.zeros((2, 3, 20, 40), np.float32), masks=ids, prob_1=np.zeros((3, 10, 20))
    )
    return tmp_path / "case.json"


def test_identities_up_to_the_largest_are_present(tiny_case: Path):
    masks = read_case(tiny_case).masks
    assert masks.shape == (2, 2, 20, 40)
    assert masks.sum((0, 2, 3)).tolist() == [0.0, 2 * 6 * 13]


def test_outputs_that_differ_or_lack_are_failures(tiny_case: Path):
    case = read_case(tiny_case)
    assert dict(compare(case, {})) == {"prob_1": float("inf")}
    assert dict(compare(case, {"prob_1": np.full((3, 10, 20), 0.5)})) == {"prob_1": 0.5}
    assert dict(compare(case, {"prob_1": np.zeros((3, 20, 40))})) == {"prob_1": float("inf")}


def test_exit_codes(tiny_case: Path, tmp_path: Path, capsys):
    assert main([str(tiny_case)]) == 1
    assert "missing: key_encoder.conv1.weight" in capsys.readouterr().err
    assert main([str(tmp_path / "none.json")]) == 2
    tiny_case.with_suffix(".npz").write_bytes(b"PK")
    assert main([str(tiny_case)]) == 2


@pytest.mark.parametrize(
    ("official", "ours"),
    [
        ("stcn", ("stcn", "stcn")),
        ("aott", ("aot-t", "aot")),
        ("deaotb", ("deaot-b", "deaot")),
        ("r50_aotl", ("r50-aot-l", "aot")),
        ("r50_deaotl", ("r50-deaot-l", "deaot")),
    ],
)
def test_names_of_cases(official: str, ours: tuple[str, str]):
    assert our_name(official) == ours
