"""Memory and start-up are those of a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from toy_results import MEMORY, ORIGIN

from mobilevos_bench.fresh import Task, follow
from mobilevos_bench.memory import measure_memory
from mobilevos_bench.report import memory_text
from mobilevos_bench.workload import Workload, WorkloadOptions, open_workload
from mobilevos_sdk.errors import MobileVOSError


@pytest.fixture
def workload(onnx_only: Path, clip: Path) -> Workload:
    return open_workload(WorkloadOptions(str(onnx_only), threads=1, clip=clip))


def test_peaks_after_each_number_of_frames(workload: Workload):
    calls = []
    result = measure_memory(workload, (30, 3), ORIGIN, lambda: calls.append(1))
    assert len(calls) == 30  # more than the clip has, so it was looped
    (runtime,) = result.runtimes
    assert [point.frames for point in runtime.points] == [3, 30]
    assert 20 < runtime.points[0].peak_mb <= runtime.points[1].peak_mb < 1000
    assert runtime.growth_mb == runtime.points[1].peak_mb - runtime.points[0].peak_mb
    assert "kept" in memory_text(result)


def test_the_limits_are_said():
    assert "growth 0.7 MB  (limit 400 MB, growth 8 MB: kept)" in memory_text(MEMORY)


def test_what_goes_wrong_in_the_process_is_said_here(workload: Workload, tmp_path: Path):
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(workload.artifacts["onnx"].read_bytes()[:1000])
    task = Task(str(broken), "onnx", 1, str(workload.clip), str(workload.mask_path), 1, 3)
    with pytest.raises(MobileVOSError, match=r"broken\.onnx: .*export it again"):
        list(follow(task))


def test_a_process_that_is_given_up_ends(workload: Workload, monkeypatch):
    started = []
    popen = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *args, **kw: started.append(popen(*args, **kw)) or started[0])
    reports = follow(Task.of(workload, "onnx", frames=100_000))
    assert next(reports).frames == 1
    reports.close()
    assert started[0].returncode is not None


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone hands a parent's peak on to its children")
def test_the_parents_memory_is_not_counted():
    child = "from mobilevos_bench.machine import peak_memory_mb; print(peak_memory_mb())"
    parent = (
        "import subprocess, sys; held = b'x' * 300_000_000; "
        f"print(subprocess.run([sys.executable, '-c', {child!r}], capture_output=True, text=True).stdout)"
    )
    done = subprocess.run([sys.executable, "-c", parent], capture_output=True, text=True, check=True)
    assert 5 < float(done.stdout) < 200
