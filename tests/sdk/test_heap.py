"""Freed memory goes back to the system."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from mobilevos_sdk.backends import heap

# Blocks below glibc's threshold for mappings of their own; the one that stays on top keeps the heap from shrinking.
FREED_BLOCKS = """
from pathlib import Path
from mobilevos_sdk.backends.heap import release_free_memory

def resident_mb():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS:"))) / 1e3

blocks = [b"x" * 65536 for _ in range(1000)]
top = b"y" * 65536
blocks.clear()
before = resident_mb()
release_free_memory()
print(before - resident_mb())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries give memory back by themselves")
def test_freed_blocks_are_given_back():
    done = subprocess.run([sys.executable, "-c", FREED_BLOCKS], capture_output=True, text=True, check=True)
    assert float(done.stdout) > 40


def test_another_c_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    heap._trim.cache_clear()
    try:
        assert heap._trim() is None
        heap.release_free_memory()
    finally:
        heap._trim.cache_clear()
