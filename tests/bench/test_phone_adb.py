"""Everything that can stand between the command and a phone, with an adb that says so; and the tool's file."""

from __future__ import annotations

import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from phone_toys import V1_HELP, toy_adb

from mobilevos_bench import machine
from mobilevos_bench.cli.bench import main
from mobilevos_bench.phone.adb import PhoneError, find_phone
from mobilevos_bench.phone.tool import fetch_tool, find_api
from mobilevos_sdk.errors import InvalidInputError

HEAD = "List of devices attached\n"
MODEL = "mobilenetv2-noaspp"
END = "mobilevos-exit:0"


@pytest.fixture(autouse=True)
def idle_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spares every test the second that looking at the load takes."""
    monkeypatch.setattr(machine, "busy_cores", lambda: 0.0)


@pytest.fixture
def tool(tmp_path: Path) -> Path:
    path = tmp_path / "benchmark_model"
    path.write_bytes(b"\x7fELF of a phone")
    return path


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on the PATH beside the system's own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/bin")
    return folder


def failing(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line of a command that fails."""
    assert main(["phone", *arguments]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def test_without_adb(tool: Path, tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "adb is not on the PATH; install it" in failing([MODEL, "--tool", str(tool)], capsys)


@pytest.mark.parametrize(
    ("devices", "arguments", "message"),
    [
        ("", [], "no phone is connected; plug it in"),
        ("A1\tdevice\nB2\tdevice\n", [], "2 devices are connected; choose one with --serial: A1, B2"),
        ("A1\tdevice\n", ["--serial", "C3"], "no device has the serial C3; connected: A1"),
        ("A1\tunauthorized\n", [], "A1 does not trust this computer; unlock it"),
        ("A1\tdevice\nB2\toffline\n", ["--serial", "B2"], "B2 is offline; plug it in again"),
        ("A1\tno permissions (user in plugdev group); see [http://x]\n", [], "may not be used by this user"),
        ("A1\tsideload\n", [], "is in sideload mode"),
        ("A1\thost\n", [], "is in state 'host'"),
    ],
)
def test_no_device_that_can_be_used(path: Path, tool: Path, capsys, devices: str, arguments: list[str], message: str):
    toy_adb(path, HEAD + devices + "\n")
    assert message in failing([MODEL, "--tool", str(tool), *arguments], capsys)


def test_adb_that_does_not_start(path: Path, tool: Path, capsys):
    (path / "adb").write_text("#!/bin/sh\necho '* failed to start daemon' >&2\nexit 1\n")
    (path / "adb").chmod(0o755)
    message = failing([MODEL, "--tool", str(tool)], capsys)
    assert "adb does not start: * failed to start daemon; try 'adb kill-server'" in message


@pytest.mark.parametrize(
    ("shell", "message"),
    [
        ("exit 0", "lost the phone A1 while running a command"),  # what adb does when a cable is pulled
        ("echo 'error: device offline' >&2; exit 1", "lost the phone A1"),
        ("echo 'error: closed' >&2; exit 1", "lost the phone A1"),
        (
            "echo 'adb: error: out of cheese' >&2; exit 1",
            "adb failed while running a command: adb: error: out of cheese",
        ),
    ],
)
def test_a_connection_that_breaks(path: Path, shell: str, message: str):
    toy_adb(path, f"{HEAD}A1\tdevice\n", shell)
    with pytest.raises(PhoneError, match=message):
        find_phone().shell("true")


def test_a_phone_that_does_not_answer(path: Path):
    toy_adb(path, f"{HEAD}A1\tdevice\n", "exec sleep 5")
    with pytest.raises(PhoneError, match="did not answer within 0 s"):
        find_phone().shell("true", timeout=0.2)


def test_what_a_command_prints_and_its_exit_code(path: Path):
    toy_adb(path, f"{HEAD}A1\tdevice\n", r"printf 'one\r\ntwo\r\n\r\nmobilevos-exit:7\r\n'")
    done = find_phone().shell("false")
    assert (done.code, done.output) == (7, "one\ntwo\n\n")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            "adb: error: failed to copy 'a' to 'b': remote write failed: No space left on device",
            "the phone is full (copying benchmark_model to the phone); free some space",
        ),
        (
            "adb: error: failed to copy 'a' to 'b': remote couldn't create file: Permission denied",
            "Permission denied; check --folder",
        ),
        ("error: device 'A1' not found", "lost the phone A1 while copying benchmark_model"),
    ],
)
def test_a_copy_that_fails_leaves_nothing(path: Path, tool: Path, tmp_path: Path, capsys, said: str, message: str):
    calls, target = tmp_path / "calls", tmp_path / "result.json"
    toy_adb(path, f"{HEAD}A1\tdevice\n", f'echo "$@" >>{calls}; echo {END}', f'echo "{said}" >&2; exit 1')
    assert message in failing([MODEL, "--tool", str(tool), "--json", str(target)], capsys)
    assert not target.exists()
    made, removed = (calls.read_text().find(f"{verb} /data/local/tmp/mobilevos-") for verb in ("mkdir", "rm -rf"))
    assert -1 < made < removed


@pytest.mark.parametrize(
    ("said", "api"), [(V1_HELP, "v1"), ("--use_npu=false --use_profiler=false", "v2"), ("not executable", None)]
)
def test_the_generation_of_a_tool(path: Path, said: str, api: str | None):
    toy_adb(path, f"{HEAD}A1\tdevice\n", f"echo '{said}'; echo {END}")
    if api is None:
        with pytest.raises(PhoneError, match=r"no benchmark tool that runs on this phone \(not executable\)"):
            find_api(find_phone(), "./tool")
    else:
        assert find_api(find_phone(), "./tool") == api


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([MODEL, "--tool", "nowhere"], "no benchmark tool at nowhere; download"),
        ([MODEL, "--tool", "TOOL", "--tool-sha256", "00"], "not 00; check the file"),
        ([MODEL, "--tool", "http://localhost:1/x"], "give its checksum with --tool-sha256"),
        ([MODEL, "--tool", "http://localhost:1/x", "--tool-sha256", "00"], "cannot download http://localhost:1/x"),
        ([MODEL, "--tool", "TOOL", "--library", "nowhere.so"], "no library at nowhere.so"),
        ([MODEL, "--tool", "TOOL", "--objects", "99"], "no graph 'segment' for 99 objects"),
        ([MODEL, "--tool", "TOOL", "--json", "/proc/none/x.json"], "cannot write /proc/none/x.json"),
        (["mobilenetv9", "--tool", "TOOL"], "unknown model 'mobilenetv9'"),
        (["nowhere.tflite", "--tool", "TOOL"], "no artifact at nowhere.tflite"),
        (["TOOL.onnx", "--tool", "TOOL"], "make one with vos-export"),
        (["TOOL.tflite", "--tool", "TOOL"], "not a TFLite model"),
    ],
)
def test_wrong_files(path: Path, tool: Path, capsys, arguments: list[str], message: str):
    toy_adb(path, f"{HEAD}A1\tdevice\n")
    tool.with_name("benchmark_model.tflite").write_bytes(b"no model at all")
    given = [argument.replace("TOOL", str(tool)) for argument in arguments]
    if "TOOL.onnx" in arguments:
        tool.with_name("benchmark_model.tflite").unlink()
    assert message in failing(given, capsys)


def test_wrong_usage(capsys):
    assert main(["phone", MODEL]) == 2
    assert "--tool" in capsys.readouterr().err
    assert main(["phone", MODEL, "--tool", "x", "--runs", "0"]) == 2


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A server on this machine with one file, `tool`."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments) -> None:
            super().__init__(*arguments, directory=str(tmp_path / "served"))

        def log_message(self, format: str, *arguments) -> None:
            pass

    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "tool").write_bytes(b"a tool")
    (tmp_path / "served" / "empty").touch()
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as listener:
        thread = threading.Thread(target=listener.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listener.server_port}"
        listener.shutdown()
        thread.join()


def test_a_download_with_its_checksum(server: str, tmp_path: Path):
    checksum = hashlib.sha256(b"a tool").hexdigest()
    assert fetch_tool(f"{server}/tool", checksum.upper(), tmp_path).read_bytes() == b"a tool"
    with pytest.raises(InvalidInputError, match="not 0000"):
        fetch_tool(f"{server}/tool", "0000", tmp_path)
    with pytest.raises(PhoneError, match="404"):
        fetch_tool(f"{server}/none", checksum, tmp_path)
    with pytest.raises(PhoneError, match="is empty"):
        fetch_tool(f"{server}/empty", checksum, tmp_path)
