"""A stand-in for a phone's benchmark tool: LiteRT's own benchmark in Python, under the flags of the one in C++.

What it measures is real, on this machine. Usage: python litert_tool.py --graph=model.tflite --num_runs=3 ...
"""

from __future__ import annotations

import os
import sys

MODULE = "ai_edge_litert.tools.benchmark_litert_model"
RENAMED = {"graph": "model", "signature_to_run_for": "signature"}
KEPT = ("num_threads", "num_runs", "warmup_runs")
# What the Python tool has no flag for, and does not need.
IGNORED = ("max_secs", "report_peak_memory_footprint", "use_cpu")


def translate(flag: str) -> list[str]:
    name, _, value = flag.removeprefix("--").partition("=")
    if name in RENAMED or name in KEPT:
        return [f"--{RENAMED.get(name, name)}={value}"]
    if name in IGNORED or value == "false":
        return []
    return [f"--{name}"]


if __name__ == "__main__":
    flags = [part for flag in sys.argv[1:] for part in translate(flag)]
    os.execv(sys.executable, [sys.executable, "-m", MODULE, *flags])
