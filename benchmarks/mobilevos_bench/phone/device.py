"""What a device says of itself: who it is, and how warm.

Android answers `getprop` and `dumpsys`. A Linux machine behind adbd does not, and an emulator says that it is one; what
was measured there is never a phone's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mobilevos_bench.phone.adb import Adb

ANDROID, EMULATOR, LINUX = "android", "emulator", "linux"
_PROPERTY = re.compile(r"^\[(.+?)\]: \[(.*)\]$", re.MULTILINE)
_DRIVERS = ("ro.hardware.egl", "ro.hardware.vulkan", "ro.gfx.driver.0", "ro.opengles.version")
_VIRTUAL_HARDWARE = ("ranchu", "goldfish", "cutf_cvm")
_SENSOR = re.compile(r"Temperature\{mValue=([-\d.]+), mType=-?\d+, mName=([^,]+),")


@dataclass(frozen=True)
class Device:
    """The machine that was measured.

    Attributes:
        platform: `android`; `emulator` or `linux` for what is no phone.
        name: maker and model.
        system: such as `Android 14`, with its API level.
        build: Android's build fingerprint.
        chip: maker and model of the system on a chip.
        abi: of native programs, such as `arm64-v8a`.
        cores: how many there are.
        gpu: maker, name and driver version, as SurfaceFlinger has them.
        drivers: the graphics drivers' properties.
    """

    platform: str
    name: str
    system: str
    build: str | None
    chip: str | None
    abi: str
    cores: int | None
    gpu: str | None
    drivers: dict[str, str]


@dataclass(frozen=True)
class Warmth:
    """How warm the device is; each none, or missing, where it does not say.

    Attributes:
        battery_c: the battery's temperature in degrees Celsius.
        charge_percent: the battery's charge.
        throttling: Android's thermal status: 0 none, 1 light, to 6 shutting down.
        sensors_c: all sensors of the thermal service, in degrees Celsius.
    """

    battery_c: float | None
    charge_percent: int | None
    throttling: int | None
    sensors_c: dict[str, float]


def read_device(phone: Adb) -> Device:
    """Asks a device who it is."""
    properties = dict(_PROPERTY.findall(phone.shell("getprop").output))
    # GNU's nproc would tell what this variable says instead of the cores.
    cores = phone.shell("OMP_NUM_THREADS= nproc").output.strip()
    count = int(cores) if cores.isdecimal() else None
    if not properties.get("ro.build.version.release"):
        kernel = phone.shell("uname -sr").output.strip()
        machine = phone.shell("uname -m").output.strip()
        return Device(LINUX, "Linux machine", kernel, None, None, machine, count, None, {})

    def words(*names: str) -> str | None:
        return " ".join(properties[name] for name in names if properties.get(name)) or None

    return Device(
        platform=EMULATOR if _is_emulator(properties) else ANDROID,
        name=words("ro.product.manufacturer", "ro.product.model") or "unknown phone",
        system=f"Android {properties['ro.build.version.release']} (API {properties.get('ro.build.version.sdk', '?')})",
        build=words("ro.build.fingerprint"),
        chip=words("ro.soc.manufacturer", "ro.soc.model") or words("ro.board.platform"),
        abi=properties.get("ro.product.cpu.abi", "unknown"),
        cores=count,
        gpu=_gpu(phone),
        drivers={name: properties[name] for name in _DRIVERS if properties.get(name)},
    )


def read_warmth(phone: Adb) -> Warmth:
    """Reads the temperatures that a device gives."""
    battery = phone.shell("dumpsys battery")
    thermal = phone.shell("dumpsys thermalservice")
    return parse_warmth("" if battery.code else battery.output, "" if thermal.code else thermal.output)


def parse_warmth(battery: str, thermal: str) -> Warmth:
    """Reads what `dumpsys battery` and `dumpsys thermalservice` print; either may be empty."""
    tenths = _number(r"^\s*temperature: (-?\d+)", battery)
    return Warmth(
        battery_c=None if tenths is None else tenths / 10,
        charge_percent=_number(r"^\s*level: (\d+)", battery),
        throttling=_number(r"^Thermal Status: (\d+)", thermal),
        # The present values come after those that the service remembers, and replace them.
        sensors_c={name: float(value) for value, name in _SENSOR.findall(thermal)},
    )


def _number(pattern: str, text: str) -> int | None:
    found = re.search(pattern, text, re.MULTILINE)
    return int(found.group(1)) if found else None


def _is_emulator(properties: dict[str, str]) -> bool:
    flags = (properties.get("ro.kernel.qemu"), properties.get("ro.boot.qemu"))
    return "1" in flags or properties.get("ro.hardware") in _VIRTUAL_HARDWARE


def _gpu(phone: Adb) -> str | None:
    found = re.search(r"^\s*GLES: (.+)$", phone.shell("dumpsys SurfaceFlinger").output, re.MULTILINE)
    return found.group(1).strip() if found else None
