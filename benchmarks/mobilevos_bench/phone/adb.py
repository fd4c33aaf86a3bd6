"""A device behind adb: choosing it, shell commands, files to and from it.

adb's exit code tells little: a shell command whose connection breaks may end with 0. So each command prints a line of
its own at its end, and one that did not has not ended.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import shlex
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from mobilevos_sdk.errors import MobileVOSError

# Where adb's shell may write and run programs on every Android.
DEVICE_FOLDER = "/data/local/tmp"
READY = "device"
# Seconds after which a short command, and a copy, has failed.
SHORT, COPYING = 30.0, 600.0
_END = "mobilevos-exit"
_END_LINE = re.compile(rf"^{_END}:(\d+)\s*\Z", re.MULTILINE)
_STATES = {
    "unauthorized": "does not trust this computer; unlock it and accept 'Allow USB debugging'",
    "authorizing": "does not trust this computer yet; unlock it and accept 'Allow USB debugging'",
    "offline": "is offline; plug it in again, or run 'adb reconnect'",
    "no permissions": "may not be used by this user; install Android's udev rules (Debian: android-udev-rules)",
    "bootloader": "is in its bootloader; start Android",
    "recovery": "is in recovery mode; start Android",
    "sideload": "is in sideload mode; start Android",
}
_LOST = re.compile(
    r"device '.*' not found|device not found|no devices|device offline|device unauthorized|error: closed|protocol fault"
    r"|connection reset|cannot connect to|failed to get feature set|device still"
)


class PhoneError(MobileVOSError):
    """adb, the phone or the tool on it could not do what was asked."""


@dataclass(frozen=True)
class ShellResult:
    """What a command on the device printed, standard output and errors together, and its exit code."""

    code: int
    output: str


@dataclass(frozen=True)
class Adb:
    """One device behind adb.

    Attributes:
        program: the path of adb.
        serial: of the device.
    """

    program: str
    serial: str

    def shell(self, command: str, timeout: float = SHORT) -> ShellResult:
        """Runs a command line in the device's shell.

        Args:
            command: for a POSIX shell; quote what a user gave.
            timeout: seconds.

        Raises:
            PhoneError: the connection broke before the command had ended, or it took longer than that.
        """
        wrapped = f"({command}) 2>&1; printf '\\n{_END}:%d\\n' $?"
        done = self._run(["shell", wrapped], timeout)
        text = done.stdout.replace("\r\n", "\n")  # before Android 7 the shell is a terminal
        end = _END_LINE.search(text)
        if end is None:
            raise self._failure("running a command", done)
        return ShellResult(int(end.group(1)), text[: end.start()])

    def push(self, source: Path, target: str) -> None:
        """Copies a file to the device.

        Raises:
            PhoneError: the device is full, the folder cannot be written, or the connection broke.
        """
        self._copy("push", str(source), target, f"copying {source.name} to the phone")

    def read(self, source: str) -> str:
        """The text of a file on the device.

        Raises:
            PhoneError: there is no such file, or the connection broke.
        """
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "pulled"
            self._copy("pull", source, str(target), f"copying {source} from the phone")
            return target.read_text(encoding="utf-8", errors="replace")

    def make_folder(self, parent: str) -> str:
        """Makes a folder with a new name on the device, and returns its path.

        Raises:
            PhoneError: it cannot be made.
        """
        folder = f"{parent.rstrip('/')}/mobilevos-{secrets.token_hex(4)}"
        made = self.shell(f"mkdir {shlex.quote(folder)}")
        if made.code:
            raise PhoneError(
                f"cannot make a folder in {parent} on the phone ({last_line(made.output)}); choose one with --folder"
            )
        return folder

    def remove_folder(self, folder: str) -> bool:
        """Deletes a folder of `make_folder`; returns whether it is gone."""
        with contextlib.suppress(PhoneError):
            return self.shell(f"rm -rf {shlex.quote(folder)}").code == 0
        return False

    def _copy(self, verb: str, source: str, target: str, what: str) -> None:
        done = self._run([verb, source, target], COPYING)
        if done.returncode:
            raise self._failure(what, done)

    def _run(self, arguments: list[str], timeout: float) -> subprocess.CompletedProcess[str]:
        return _call(self.program, ["-s", self.serial, *arguments], timeout)

    def _failure(self, what: str, done: subprocess.CompletedProcess[str]) -> PhoneError:
        """Says why adb could not do something."""
        said = f"{done.stdout}\n{done.stderr}"
        if "No space left on device" in said:
            return PhoneError(f"the phone is full ({what}); free some space on it, or choose another --folder")
        reason = next((line.strip() for line in done.stderr.splitlines() if "error" in line.lower()), "")
        lost = _LOST.search(reason) or not reason or self._run(["get-state"], SHORT).stdout.strip() != READY
        if lost:
            return PhoneError(
                f"lost the phone {self.serial} while {what}; check the cable, keep the phone unlocked and run again"
            )
        return PhoneError(f"adb failed while {what}: {reason}; check --folder, or choose another")


def find_phone(serial: str | None = None) -> Adb:
    """Finds the device to use.

    Args:
        serial: which one; none takes the only one.

    Raises:
        PhoneError: there is no adb, no device, more than one, none of that serial, or one that adb may not use.
    """
    program = shutil.which("adb")
    if program is None:
        raise PhoneError(
            "adb is not on the PATH; install it (Debian: apt-get install adb; elsewhere Android's platform-tools)"
        )
    devices = _devices(program)
    if not devices:
        raise PhoneError(
            "no phone is connected; plug it in, allow USB debugging in its developer options, and look at 'adb devices'"
        )
    if serial is None and len(devices) > 1:
        raise PhoneError(f"{len(devices)} devices are connected; choose one with --serial: {', '.join(devices)}")
    chosen = next(iter(devices)) if serial is None else serial
    if chosen not in devices:
        raise PhoneError(f"no device has the serial {chosen}; connected: {', '.join(devices)}")
    state = devices[chosen]
    if state != READY:
        raise PhoneError(f"the phone {chosen} {_STATES.get(state, f'is in state {state!r}; restart it')}")
    return Adb(program, chosen)


def last_line(output: str) -> str:
    """The last line of an output that says something."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else "no message"


def _devices(program: str) -> dict[str, str]:
    """The state of every device by its serial."""
    done = _call(program, ["devices"], SHORT)
    if done.returncode:
        raise PhoneError(f"adb does not start: {last_line(done.stderr)}; try 'adb kill-server'")
    found = {}
    for line in done.stdout.splitlines():
        serial, tab, state = line.partition("\t")
        if tab:
            found[serial] = "no permissions" if state.startswith("no permissions") else state.strip()
    return found


def _call(program: str, arguments: list[str], timeout: float) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            [program, *arguments],
            stdin=subprocess.DEVNULL,  # adb's shell would eat what is typed
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise PhoneError(
            f"the phone did not answer within {timeout:.0f} s; keep it unlocked, look at 'adb devices' and run again"
        ) from None
    except OSError as error:
        raise PhoneError(f"{program} cannot be run ({error.strerror}); install adb again") from error
