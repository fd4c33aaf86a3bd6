"""The costs of all models: each measured in a process of its own, gathered in one file that is gone on with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs PyTorch: pip install 'mobilevos[train]'")

from mobilevos_bench.cost_results import read_cost
from mobilevos_models import cost, cost_file, cost_process
from mobilevos_models.cost_process import CostTask, Measured, measure_by_turns
from mobilevos_sdk.errors import MobileVOSError

TINY = ("--size", "64x96", "--threads", "1", "--repeats", "2")
TASK = CostTask("mobilenetv2-noaspp", "torch", 2, 64, 96, queue=2, threads=1)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> list[CostTask]:
    """Every measurement takes no time and says the same; the tasks are collected. `sst-grid` fails."""
    tasks: list[CostTask] = []

    def measured(task: CostTask, repeats: int) -> Measured | MobileVOSError:
        if task.model == "sst-grid":
            return MobileVOSError("the process was killed")
        tasks.append(task)
        return Measured(1_000_000, 2.5, [10.0] * repeats, 300.0)

    monkeypatch.setattr(cost_process, "measure_by_turns", lambda due, repeats: [measured(t, repeats) for t in due])
    monkeypatch.setattr(cost_file, "busy_cores", lambda: 0.0)
    return tasks


@pytest.fixture(scope="module")
def in_torch() -> Measured:
    """A real measurement in a process of its own."""
    return measured_alone(TASK)


def measured_alone(task: CostTask) -> Measured:
    [found] = measure_by_turns([task], 3)
    assert isinstance(found, Measured), found
    return found


def measure(path: Path, *options: str) -> int:
    return cost.main(["--json", str(path), "--artifacts", str(path.parent), *TINY, *options])


def test_a_model_in_pytorch(in_torch: Measured) -> None:
    assert in_torch.parameters == 1_931_210
    assert len(in_torch.milliseconds) == 3 and min(in_torch.milliseconds) > 0
    assert 100 < in_torch.peak_mb < 2000
    # by area from the 12.4 GFLOP that one object takes at 480x864, and more for the second one
    assert in_torch.gflop is not None and 12.4 * (64 * 96) / (480 * 864) < in_torch.gflop < 0.4


def test_an_artifact_is_measured_on_its_runtime(onnx_only: Path, in_torch: Measured) -> None:
    found = measured_alone(CostTask("tiny", "onnx", 2, 64, 96, queue=2, threads=1, artifact=str(onnx_only)))
    assert found.parameters == 1_931_210 and len(found.milliseconds) == 3
    assert found.gflop == pytest.approx(in_torch.gflop, rel=0.02)
    assert found.peak_mb < in_torch.peak_mb  # no PyTorch in that process


def test_a_process_that_fails_says_why_and_the_others_go_on(onnx_only: Path) -> None:
    here = CostTask("tiny", "onnx", 1, 64, 96, queue=2, threads=1, artifact=str(onnx_only))
    nowhere, crashing = replace(here, artifact="nowhere.onnx"), CostTask("mobilenetv2", "torch", 1, 0, 0, 2, 1)
    missing, crashed, found = measure_by_turns([nowhere, crashing, here], 2)
    assert isinstance(missing, MobileVOSError) and "nowhere.onnx" in str(missing)
    assert isinstance(crashed, MobileVOSError) and "ended without a result: " in str(crashed)
    assert isinstance(found, Measured) and len(found.milliseconds) == 2


@pytest.fixture
def as_child(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Makes some Python code the process that measures."""
    child = tmp_path / "child"
    child.touch(0o755)

    def use(code: str) -> None:
        child.write_text(f"#!{sys.executable}\n{code}")
        monkeypatch.setattr(cost_process.sys, "executable", str(child))

    return use


def test_what_a_runtime_prints_is_no_result(as_child: Callable[[str], None]) -> None:
    as_child("print('chatter')\nraise SystemExit('out of luck')")
    [found] = measure_by_turns([TASK], 2)
    assert isinstance(found, MobileVOSError) and "ended without a result: out of luck" in str(found)


def test_processes_take_turns(as_child: Callable[[str], None], tmp_path: Path) -> None:
    """Each prepares alone, and measures a frame when it is its turn."""
    log = tmp_path / "log"
    as_child(f"""
import json, sys
objects = json.loads(sys.argv[3])["objects"]
for number, turn in enumerate(["prepared", *"ab"]):
    print(f"{{objects}}{{turn}}", file=open({str(log)!r}, "a"))
    print("some runtime's chatter")
    print({cost_process.READY!r}, flush=True)
    sys.stdin.readline()
print('{{"parameters": 1, "gflop": null, "milliseconds": [1, 2], "peak_mb": 3}}')
""")
    found = measure_by_turns([replace(TASK, objects=1), replace(TASK, objects=3)], 2)
    assert found == [Measured(1, None, [1, 2], 3)] * 2
    assert log.read_text().split() == ["1prepared", "3prepared", "1a", "3a", "1b", "3b"]


def test_all_that_is_asked_for_is_measured_and_written(fake: list[CostTask], tmp_path: Path) -> None:
    path = tmp_path / "cost.json"
    (tmp_path / "mobilenetv2-q2-64x96.onnx").touch()
    (tmp_path / "sst-local-q2-64x96.onnx").touch()  # SST runs in PyTorch only
    assert measure(path, "--models", "mobilenetv2,sst-local", "--objects", "1,3") == 0
    assert [(task.model, task.runtime, task.objects) for task in fake] == [
        ("mobilenetv2", "torch", 1),
        ("mobilenetv2", "torch", 3),
        ("mobilenetv2", "onnx", 1),
        ("mobilenetv2", "onnx", 3),
        ("sst-local", "torch", 1),
        ("sst-local", "torch", 3),
    ]
    assert fake[2].artifact == str(tmp_path / "mobilenetv2-q2-64x96.onnx") and fake[2].threads == 1
    result = read_cost(json.loads(path.read_text()))
    assert (result.size, result.queue, result.threads, result.objects) == ("64x96", 2, 1, (1, 3))
    assert result.models == ("mobilenetv2", "sst-local")
    assert result.costs[0].milliseconds.median == 10.0 and result.costs[0].milliseconds.count == 2
    assert "torch" in result.versions and result.machine.python.count(".") == 2
    commit = json.loads(path.read_text())["commit"]
    assert commit is None or len(commit["hash"]) == 40


def test_a_file_without_the_processors_flags_is_gone_on_with(fake: list[CostTask], tmp_path: Path) -> None:
    """Older files do not have them; a processor with other flags is another machine."""
    path = tmp_path / "cost.json"
    measure(path, "--models", "mobilenetv2", "--runtimes", "torch")
    older = json.loads(path.read_text())
    del older["machine"]["flags"], older["commit"]
    path.write_text(json.dumps(older))
    assert measure(path, "--models", "resnet18", "--runtimes", "torch") == 0
    now = json.loads(path.read_text())
    assert "flags" in now["machine"] and {cell["model"] for cell in now["cells"]} == {"mobilenetv2", "resnet18"}
    now["machine"]["flags"] = ["other"]
    path.write_text(json.dumps(now))
    assert measure(path, "--models", "aot-t", "--runtimes", "torch") == 1


def test_it_goes_on_where_it_stopped(fake: list[CostTask], tmp_path: Path, capsys) -> None:
    path = tmp_path / "cost.json"
    only = ("--runtimes", "torch", "--objects", "1")
    assert measure(path, "--models", "mobilenetv2", *only) == 0
    assert measure(path, "--models", "mobilenetv2,resnet18", *only) == 0
    assert [task.model for task in fake] == ["mobilenetv2", "resnet18"]
    assert "[1/2] mobilenetv2, torch, 1 objects: in " in capsys.readouterr().err
    measure(path, "--models", "mobilenetv2", *only, "--again")
    measure(path, "--models", "resnet18", *only, "--repeats", "5")  # more frames than the file has
    assert [task.model for task in fake] == ["mobilenetv2", "resnet18", "mobilenetv2", "resnet18"]
    frames = {cell["model"]: len(cell["milliseconds"]) for cell in json.loads(path.read_text())["cells"]}
    assert frames == {"mobilenetv2": 2, "resnet18": 7}  # measured anew, and added to


def test_rounds_measure_all_models_by_turns(fake: list[CostTask], tmp_path: Path) -> None:
    """And one that stopped in the second round goes on there."""
    path = tmp_path / "cost.json"
    only = ("--models", "mobilenetv2,resnet18", "--runtimes", "torch", "--objects", "1")
    assert measure(path, *only) == 0
    assert measure(path, "--models", "mobilenetv2", *only[2:], "--rounds", "2") == 0
    assert measure(path, *only, "--rounds", "3") == 0
    assert [task.model for task in fake] == 3 * ["mobilenetv2", "resnet18"]
    cells = json.loads(path.read_text())["cells"]
    assert [len(cell["milliseconds"]) for cell in cells] == [6, 6]
    assert measure(path, *only, "--rounds", "2", "--again") == 0
    assert [len(cell["milliseconds"]) for cell in json.loads(path.read_text())["cells"]] == [4, 4]


def test_a_failure_does_not_stop_the_others(fake: list[CostTask], tmp_path: Path, capsys) -> None:
    path = tmp_path / "cost.json"
    assert measure(path, "--models", "sst-grid,aot-t", "--objects", "10") == 1
    error = capsys.readouterr().err
    assert "sst-grid, torch, 10 objects: failed: the process was killed" in error
    assert "aot-t, litert, 10 objects: left out, no " in error and "'vos-export --model aot-t" in error
    assert [cell["model"] for cell in json.loads(path.read_text())["cells"]] == ["aot-t"]


def test_numbers_of_different_settings_do_not_mix(fake: list[CostTask], tmp_path: Path, capsys) -> None:
    path = tmp_path / "cost.json"
    measure(path, "--models", "mobilenetv2")
    before = path.read_text()
    assert measure(path, "--models", "mobilenetv2", "--queue", "3") == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert "was measured with another setting" in error and "give another --json" in error
    headless = json.dumps({**json.loads(before), "cells": [{"model": "mobilenetv2"}]})
    for broken, message in (
        ("{", "is not JSON"),
        ("[]", "is not a file of this command"),
        (headless, "lacks measurements"),
    ):
        path.write_text(broken)
        assert measure(path, "--models", "mobilenetv2") == 1
        assert message in capsys.readouterr().err
    assert len(json.loads(before)["cells"]) == 3


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--models", "unheard"), 1, "unknown model 'unheard'; known models: mobilenetv2"),
        (("--runtimes", "coreml"), 2, "unknown runtime 'coreml'; choose from torch, onnx, litert"),
        (("--objects", "1,0"), 2, "'0' is not a whole number from 1 on"),
        (("--size", "big"), 2, "'big' is not HEIGHTxWIDTH"),
    ],
)
def test_bad_input(fake: list[CostTask], tmp_path: Path, capsys, options, code: int, message: str) -> None:
    assert measure(tmp_path / "cost.json", *options) == code
    error = capsys.readouterr().err
    assert message in error and len(error.splitlines()) == 1
    assert fake == []


@pytest.mark.parametrize("module", ["mobilevos_models.cost", "mobilevos_models.sst.table_1"])
def test_help_is_quick_and_has_an_example(module: str) -> None:
    before = os.times()
    done = subprocess.run([sys.executable, "-m", module, "--help"], capture_output=True, text=True, check=True)
    after = os.times()
    assert f"python -m {module}" in done.stdout.split("examples:")[1]
    # Processor time: the clock on the wall also measures what else the machine does.
    assert after.children_user + after.children_system - before.children_user - before.children_system < 0.5
