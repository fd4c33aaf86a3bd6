"""Devices for the tests of `vos-bench phone`: a real adb daemon on this machine, a toy adb, and toy tools."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

CAPTURES = Path(__file__).parent / "phone_captures"
V1 = (CAPTURES / "v1.txt").read_text()
# What tells v1's help from that of other programs.
V1_HELP = "--enable_op_profiling=false  bool  optional  enable op profiling"
V2_HELP = "--use_npu=false  bool  optional  Whether to use NPU accelerator."
# As benchmark_model of LiteRT 2 prints it, source file and line included.
V2 = """\
INFO: count=1054 first=1015 curr=942 min=910 max=1102 avg=947.132 std=23 p5=915 median=942 p95=991

INFO: [./litert/tools/benchmark_litert_model.h:72]
========== BENCHMARK RESULTS ==========
INFO: [./litert/tools/benchmark_litert_model.h:73] Model initialization: 5.76 ms
INFO: [./litert/tools/benchmark_litert_model.h:75] Warmup (first):       2.12 ms
INFO: [./litert/tools/benchmark_litert_model.h:77] Warmup (avg):         0.95 ms (526 runs)
INFO: [./litert/tools/benchmark_litert_model.h:79] Inference (avg):      0.95 ms (1054 runs)
INFO: [./litert/tools/benchmark_litert_model.h:83] Inference (min):      0.91 ms
INFO: [./litert/tools/benchmark_litert_model.h:85] Inference (max):      1.10 ms
INFO: [./litert/tools/benchmark_litert_model.h:87] Inference (std):      0.02
INFO: [./litert/tools/benchmark_litert_model.h:114] Peak memory:          35.20 MB
"""


@dataclass
class Daemon:
    """An adb daemon on this machine, which `adb` knows as `serial`."""

    serial: str
    process: subprocess.Popen[bytes]

    def pull_the_cable(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="session")
def adb_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An adb server of our own; gives the folder that it keeps its key in. Skips where there is no adb or adbd."""
    for program in ("adb", "adbd"):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}: bash scripts/install_adb.sh DIR, then put DIR on the PATH")
    home = tmp_path_factory.mktemp("adb-home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.setenv("ANDROID_ADB_SERVER_PORT", str(free_port()))
        subprocess.run(["adb", "start-server"], check=True, capture_output=True, timeout=60)
        yield home
        subprocess.run(["adb", "kill-server"], check=False, capture_output=True, timeout=60)


@contextmanager
def running_daemon() -> Iterator[Daemon]:
    """Starts a daemon and connects to it. It trusts everybody who can reach its port, which is open while it runs."""
    port = free_port()
    environment = {**os.environ, "ADBD_PORT": str(port)}
    process = subprocess.Popen(["adbd"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    serial = f"127.0.0.1:{port}"
    try:
        for _ in range(100):
            subprocess.run(["adb", "connect", serial], check=False, capture_output=True, timeout=60)
            state = subprocess.run(["adb", "-s", serial, "get-state"], check=False, capture_output=True, timeout=60)
            if state.stdout.strip() == b"device":
                break
            time.sleep(0.1)
        else:
            pytest.skip("adbd does not run here")
        yield Daemon(serial, process)
    finally:
        subprocess.run(["adb", "disconnect", serial], check=False, capture_output=True, timeout=60)
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def toy_adb(folder: Path, devices: str, shell: str = "exit 9", push: str = "exit 9") -> Path:
    """An adb that prints this list of devices, and runs these lines of shell for its commands."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "devices").write_text(devices)
    script = f"""#!/bin/sh
[ "$1" = devices ] && exec cat {folder}/devices
[ "$3" = get-state ] && exec echo device
[ "$3" = push ] && {{ {push}
}}
{shell}
"""
    return _executable(folder / "adb", script)


def python_tool(folder: Path) -> Path:
    """LiteRT's own benchmark as a program."""
    return _executable(
        folder / "tool", f'#!/bin/sh\nexec {sys.executable} {Path(__file__).parent}/litert_tool.py "$@"\n'
    )


def printing_tool(folder: Path, output: str, help_text: str = V1_HELP, then: str = "") -> Path:
    """A program that prints an output, whatever it is asked to do, and runs some lines of shell before it."""
    (folder / "output.txt").write_text(output)
    script = f"""#!/bin/sh
case "$*" in *--help=true*) echo '{help_text}'; exit 1;; esac
{then}
cat {folder}/output.txt
"""
    return _executable(folder / "tool", script)


def _executable(path: Path, script: str) -> Path:
    path.write_text(script)
    path.chmod(0o755)
    return path
