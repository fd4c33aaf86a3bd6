"""The whole command over a real adb daemon on this machine: real measurements of LiteRT, and everything that breaks.

The 'phone' is Linux and has no getprop, so no figure here is a phone's, and the results say so.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from phone_toys import V1, V2, V2_HELP, Daemon, adb_server, printing_tool, python_tool, running_daemon

from mobilevos_bench import machine
from mobilevos_bench.cli.bench import main
from mobilevos_bench.formats import from_data
from mobilevos_bench.phone.report import phone_rows
from mobilevos_bench.phone.results import PhoneResult
from mobilevos_sdk.cli.common import Progress
from mobilevos_sdk.segmenter import WEIGHTS

__all__ = ["adb_server"]
MODEL = "mobilenetv2-noaspp"
ON_GPU = "INFO: Explicitly applied GPU delegate, and the model graph will be completely executed by the delegate.\n"


@pytest.fixture(autouse=True)
def idle_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spares every test the second that looking at the load takes."""
    monkeypatch.setattr(machine, "busy_cores", lambda: 0.0)


@pytest.fixture(scope="module")
def daemon(adb_server: Path) -> Iterator[Daemon]:
    with running_daemon() as running:
        yield running


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    """What the phone has instead of /data/local/tmp."""
    folder = tmp_path / "the phone's storage"
    folder.mkdir()
    return folder


def arguments(daemon: Daemon, storage: Path, tool: Path, *more: str) -> list[str]:
    return ["phone", MODEL, "--serial", daemon.serial, "--tool", str(tool), "--folder", str(storage), *more]


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def read(path: Path) -> PhoneResult:
    result = from_data(json.loads(path.read_text()), path.name)
    assert isinstance(result, PhoneResult)
    return result


def test_litert_itself_measures_each_graph(daemon: Daemon, storage: Path, tmp_path: Path, capsys):
    pytest.importorskip("ai_edge_litert", reason="needs LiteRT: pip install ai-edge-litert")
    target = tmp_path / "phone.json"
    more = ["--runs", "3", "--threads", "2", "--objects", "2", "--json", str(target)]
    assert main(arguments(daemon, storage, python_tool(tmp_path), *more)) == 0
    result = read(target)
    assert [(graph.graph, graph.delegate) for graph in result.graphs] == [("segment_2", "cpu"), ("memorize_2", "cpu")]
    for graph in result.graphs:
        assert graph.ms.count == 3
        assert 0 < graph.ms.minimum <= graph.ms.mean <= graph.ms.maximum
        assert graph.before.battery_c is None and graph.peak_mb is None
    assert result.graphs[0].ms.mean != result.graphs[1].ms.mean
    assert result.frame_ms("cpu") == pytest.approx(sum(graph.ms.mean for graph in result.graphs))
    assert (result.tool.api, result.tool.name, result.failure) == ("v2", "tool", None)
    setting = result.setting
    assert (setting.model, setting.height, setting.width, setting.objects, setting.threads) == (MODEL, 480, 864, 2, 2)
    assert result.artifact.bytes == (WEIGHTS / f"{MODEL}.tflite").stat().st_size
    assert list(storage.iterdir()) == []
    printed = capsys.readouterr().out
    assert "segment_2" in printed and "no phone" in printed


def test_a_linux_machine_is_no_phone(daemon: Daemon, storage: Path, tmp_path: Path):
    target = tmp_path / "phone.json"
    assert main(arguments(daemon, storage, printing_tool(tmp_path, V1), "--json", str(target))) == 0
    result = read(target)
    assert result.device.platform == "linux" and result.device.system.startswith("Linux ")
    assert result.device.cores == len(os.sched_getaffinity(0))
    assert not result.is_phone and phone_rows([result]) == ""


def test_cpu_and_gpu_of_both_generations(daemon: Daemon, storage: Path, tmp_path: Path):
    target = tmp_path / "phone.json"
    for output, help_text, api, mean in (
        (ON_GPU + V1, "enable_op_profiling", "v1", 0.0043234),
        (V2, V2_HELP, "v2", 0.94713),
    ):
        tool = printing_tool(tmp_path, output, help_text)
        assert main(arguments(daemon, storage, tool, "--gpu", "--json", str(target))) == 0
        result = read(target)
        assert [graph.delegate for graph in result.graphs] == ["cpu", "cpu", "gpu", "gpu"]
        assert result.tool.api == api
        assert [graph.ms.mean for graph in result.graphs] == [pytest.approx(mean)] * 4


def test_a_gpu_that_was_not_used_gives_no_gpu_figure(daemon: Daemon, storage: Path, tmp_path: Path, capsys):
    target = tmp_path / "phone.json"
    assert main(arguments(daemon, storage, printing_tool(tmp_path, V1), "--gpu", "--json", str(target))) == 1
    assert "segment_1 on gpu: the graph does not run on the phone's GPU alone" in one_line(capsys)
    result = read(target)
    assert [graph.delegate for graph in result.graphs] == ["cpu", "cpu"]  # what was complete is kept
    assert result.failure and result.failure.startswith("segment_1 on gpu")
    assert list(storage.iterdir()) == []


def test_a_profile_comes_back(daemon: Daemon, storage: Path, tmp_path: Path, capsys):
    captures = Path(__file__).parent / "phone_captures"
    copy = f'cp {captures}/v1-profile.csv "${{flag#*=}}"'
    write = f'for flag in "$@"; do case $flag in --op_profiling_output_file=*) {copy};; esac; done'
    tool, target, folder = printing_tool(tmp_path, V1, then=write), tmp_path / "phone.json", tmp_path / "profiles"
    assert main(arguments(daemon, storage, tool, "--profile", str(folder), "--json", str(target))) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["memorize_1-cpu.csv", "segment_1-cpu.csv"]
    assert (folder / "segment_1-cpu.csv").read_text() == (captures / "v1-profile.csv").read_text()
    operators = read(target).graphs[0].operators
    assert operators and operators[0].kind == "CONCATENATION"
    assert "CONCATENATION" in capsys.readouterr().out
    assert list(storage.iterdir()) == []


def test_a_tool_that_gives_no_profile(daemon: Daemon, storage: Path, tmp_path: Path, capsys):
    target, folder = tmp_path / "phone.json", tmp_path / "profiles"
    more = ["--profile", str(folder), "--json", str(target)]
    assert main(arguments(daemon, storage, printing_tool(tmp_path, V1), *more)) == 1
    assert "segment_1 on cpu: " in one_line(capsys)
    assert not target.exists() and list(folder.iterdir()) == [] and list(storage.iterdir()) == []


def test_files_stay_if_asked_to(daemon: Daemon, storage: Path, tmp_path: Path):
    library = tmp_path / "libLiteRtGpu.so"
    library.write_bytes(b"a library")
    tool = printing_tool(tmp_path, V1, then='[ -e "$LD_LIBRARY_PATH/libLiteRtGpu.so" ] || exit 3')
    assert main(arguments(daemon, storage, tool, "--keep", "--library", str(library))) == 0
    (folder,) = storage.iterdir()
    assert {path.name for path in folder.iterdir()} == {"benchmark_model", "model.tflite", "libLiteRtGpu.so"}


def test_an_interrupt_leaves_nothing_on_the_phone(daemon: Daemon, storage: Path, tmp_path: Path, monkeypatch, capsys):
    seen, target = [], tmp_path / "phone.json"

    def interrupt(progress: Progress) -> None:
        seen.extend(storage.iterdir())
        raise KeyboardInterrupt

    monkeypatch.setattr(Progress, "step", interrupt)
    assert main(arguments(daemon, storage, printing_tool(tmp_path, V1), "--json", str(target))) == 130
    assert one_line(capsys) == "vos-bench: interrupted"
    assert len(seen) == 1 and list(storage.iterdir()) == [] and not target.exists()


@pytest.mark.parametrize(
    ("then", "message"),
    [
        ("echo 'ERROR: Failed to load model'; echo 'ERROR: Benchmarking failed.'; exit 1", "(Failed to load model)"),
        ("kill -SEGV $$", "the benchmark tool failed (exit code 139"),
    ],
)
def test_a_tool_that_fails(daemon: Daemon, storage: Path, tmp_path: Path, capsys, then: str, message: str):
    target = tmp_path / "phone.json"
    tool = printing_tool(tmp_path, V1, then=then)
    assert main(arguments(daemon, storage, tool, "--json", str(target))) == 1
    assert message in one_line(capsys)
    assert not target.exists() and list(storage.iterdir()) == []


def test_a_file_that_is_no_tool(daemon: Daemon, storage: Path, tmp_path: Path, capsys):
    tool = tmp_path / "tool"
    tool.write_bytes(b"\x7fELF of another machine")
    assert main(arguments(daemon, storage, tool)) == 1
    assert "no benchmark tool that runs on this phone" in one_line(capsys)
    assert list(storage.iterdir()) == []


def test_a_folder_that_is_not_there(daemon: Daemon, storage: Path, tmp_path: Path, capsys):
    assert main(arguments(daemon, storage / "nowhere", printing_tool(tmp_path, V1))) == 1
    assert "choose one with --folder" in one_line(capsys)


def test_a_full_phone(daemon: Daemon, storage: Path, tmp_path: Path, capsys):
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(storage)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("needs to be root and allowed to mount, to make a phone with a megabyte")
    try:
        assert main(arguments(daemon, storage, printing_tool(tmp_path, V1))) == 1
        assert "the phone is full (copying" in one_line(capsys)
        assert list(storage.iterdir()) == []
    finally:
        subprocess.run(["umount", str(storage)], check=True)


def test_two_phones_need_a_choice(daemon: Daemon, storage: Path, tmp_path: Path, capsys):
    with running_daemon() as other:
        assert main(["phone", MODEL, "--tool", str(printing_tool(tmp_path, V1))]) == 1
        line = one_line(capsys)
    assert "2 devices are connected; choose one with --serial" in line
    assert daemon.serial in line and other.serial in line


def test_a_cable_that_is_pulled_half_way(adb_server: Path, storage: Path, tmp_path: Path, capsys):
    """The second graph takes long enough to pull the cable; the first one's figures are kept."""
    started, target = tmp_path / "started", tmp_path / "phone.json"
    slow = f'case "$*" in *memorize_1*) touch "{started}"; sleep 3;; esac'
    tool = printing_tool(tmp_path, V1, then=slow)
    with running_daemon() as daemon:

        def pull() -> None:
            while not started.exists():
                time.sleep(0.02)
            daemon.pull_the_cable()

        hand = threading.Thread(target=pull, daemon=True)
        hand.start()
        assert main(arguments(daemon, storage, tool, "--json", str(target))) == 1
        hand.join()
    line = one_line(capsys)
    assert f"memorize_1 on cpu: lost the phone {daemon.serial} while running a command" in line
    (left,) = storage.iterdir()
    assert f"{left} on the phone could not be deleted" in line
    result = read(target)
    assert [graph.graph for graph in result.graphs] == ["segment_1"]
    assert result.frame_ms("cpu") is None and result.failure
