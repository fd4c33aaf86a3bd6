"""Finds the Vulkan drivers that run a phone's GPU graphs in software: SwiftShader and Mesa's lavapipe."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mobilevos_sdk.errors import RuntimeMissingError

ARITHMETICS = ("fp32", "fp16")
INSTALL = "bash scripts/install_vulkan.sh"
# Where the script puts lavapipe, unless it is told another folder; the variable names that one here.
FOLDER_VARIABLE = "MOBILEVOS_VULKAN"
LAVAPIPE_ICD = "lavapipe.json"
SWIFTSHADER_ICD = Path("/usr/lib/chromium/vk_swiftshader_icd.json")
SYSTEM_ICDS = Path("/usr/share/vulkan/icd.d")
# Mesa tells its age by the Vulkan that it speaks. Lavapipe before Mesa 25 lacks what fp16 on WebGPU needs.
OLDEST_VULKAN = (1, 4)


@dataclass(frozen=True)
class VulkanDriver:
    """A Vulkan driver and how a process is made to use it.

    Attributes:
        name: `swiftshader`, `lavapipe` or `machine`.
        icd: its manifest; none leaves the choice to the Vulkan loader, which takes the machine's own GPU.
        libraries: a folder of libraries of its own; none where the system's will do.
    """

    name: str
    icd: Path | None = None
    libraries: Path | None = None

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """The environment of a process on this driver: the loader reads it before Python can change it."""
        changed = dict(base)
        if self.icd is not None:
            changed["VK_ICD_FILENAMES"] = changed["VK_DRIVER_FILES"] = str(self.icd)
            changed.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())  # without one, drivers complain
        if self.libraries is not None:
            known = changed.get("LD_LIBRARY_PATH")
            changed["LD_LIBRARY_PATH"] = f"{self.libraries}{os.pathsep}{known}" if known else str(self.libraries)
        return changed


MACHINE = VulkanDriver("machine")


def find_driver(arithmetic: str) -> VulkanDriver:
    """The software driver that computes in `fp32` or `fp16`.

    SwiftShader has no fp16: it takes such graphs and silently computes them in fp32.

    Raises:
        RuntimeMissingError: it is not installed; the message has the command that installs it.
    """
    driver = _swiftshader() if arithmetic == "fp32" else _lavapipe()
    if driver is None:
        name = "SwiftShader" if arithmetic == "fp32" else "Mesa's lavapipe 25 or newer"
        raise RuntimeMissingError(f"the check of {arithmetic} needs {name}; install it with: {INSTALL}")
    return driver


def lavapipe_folder() -> Path:
    """Where the script puts lavapipe: the variable's folder, or one in the user's cache."""
    if named := os.environ.get(FOLDER_VARIABLE):
        return Path(named)
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "mobilevos" / "vulkan"


def _swiftshader() -> VulkanDriver | None:
    return VulkanDriver("swiftshader", SWIFTSHADER_ICD) if SWIFTSHADER_ICD.is_file() else None


def _lavapipe() -> VulkanDriver | None:
    """The one that the script has unpacked, or the system's where that is new enough."""
    own = lavapipe_folder() / LAVAPIPE_ICD
    if own.is_file():
        return VulkanDriver("lavapipe", own, _library(own).parent)
    recent = (path for path in sorted(SYSTEM_ICDS.glob("lvp_icd*.json")) if _vulkan(path) >= OLDEST_VULKAN)
    found = next(recent, None)
    return None if found is None else VulkanDriver("lavapipe", found)


def _library(icd: Path) -> Path:
    return Path(_manifest(icd).get("library_path", ""))


def _vulkan(icd: Path) -> tuple[int, ...]:
    """The version of Vulkan that a driver speaks; empty where its manifest does not say."""
    parts = _manifest(icd).get("api_version", "").split(".")
    return tuple(int(part) for part in parts[:2] if part.isdecimal())


def _manifest(icd: Path) -> dict[str, str]:
    try:
        content = json.loads(icd.read_text())["ICD"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return content if isinstance(content, dict) else {}
