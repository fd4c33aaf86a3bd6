"""One JSON Schema for all results files: what is committed and what is written now is valid, and mistakes are found."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from toy_results import LATENCY, MEMORY, QUEUE, accuracy

from mobilevos_bench.formats import FORMATS, schema, to_text
from mobilevos_bench.tables import RESULTS_FOLDER, SCHEMA_FILE
from mobilevos_sdk.machine import CPU_FLAGS, provenance, source_commit

jsonschema = pytest.importorskip("jsonschema", reason="the check by another program needs jsonschema")
ROOT = Path(__file__).parents[2]
COMMITTED = sorted(path for path in (ROOT / RESULTS_FOLDER).rglob("*.json") if path != ROOT / SCHEMA_FILE)


def check(data: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(schema()).validate(data)


def of_format(name: str) -> dict[str, Any]:
    """A committed file of a format."""
    files = (json.loads(path.read_text()) for path in COMMITTED)
    return next(data for data in files if data["format"] == name)


def test_the_schema_is_a_schema_and_knows_every_format():
    jsonschema.Draft202012Validator.check_schema(schema())
    assert schema()["properties"]["format"]["enum"] == list(FORMATS)
    assert json.loads((ROOT / SCHEMA_FILE).read_text()) == schema(), "run 'vos-bench table --write'"


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_every_committed_result_is_valid(path: Path):
    committed = json.loads((ROOT / SCHEMA_FILE).read_text())  # the file that others use, and not only the code
    assert not list(jsonschema.Draft202012Validator(committed).iter_errors(json.loads(path.read_text())))


@pytest.mark.parametrize("result", [LATENCY, MEMORY, QUEUE], ids=["latency", "memory", "queue"])
def test_what_is_written_now_is_valid(result):
    check(json.loads(to_text(result)))
    check(json.loads(to_text(replace(result, origin=replace(result.origin, commit=None, busy_cores=None)))))


def test_what_the_machine_says_of_itself_is_valid():
    """vos-eval and the cost command write this as it is."""
    made = provenance("vos-eval", ["--model", "x"])
    data = json.loads(json.dumps({**accuracy(), **made.to_dict(), "threads": 2}))
    check(data)
    flags = data["machine"]["flags"]
    assert flags is None or set(flags) <= set(CPU_FLAGS)
    del data["commit"], data["threads"], data["machine"]["flags"]  # as older files are
    check(data)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("mobilevos-latency", lambda data: data["origin"].pop("versions")),
        ("mobilevos-latency", lambda data: data["setting"].update(threads="2")),
        ("mobilevos-latency", lambda data: data["runtimes"][0]["stages"]["total"].pop("iqr")),
        ("mobilevos-latency", lambda data: data["origin"]["machine"].update(flags="avx2")),
        ("mobilevos-memory", lambda data: data.update(speed=1)),
        ("mobilevos-accuracy", lambda data: data["overall"]["J"].update(mean=83.7)),
        ("mobilevos-accuracy", lambda data: data["machine"].pop("processor")),
        ("mobilevos-accuracy", lambda data: data.update(commit={"hash": "abc"})),
        ("mobilevos-cost", lambda data: data["cells"][0].update(milliseconds=[])),
        ("mobilevos-cost", lambda data: data["cells"][0].update(runtime="coreml")),
        ("mobilevos-ablation", lambda data: data["rows"][0]["cells"][0].pop("date")),
        ("mobilevos-training-profile", lambda data: data["setting"].pop("threads")),
        ("mobilevos-training-profile", lambda data: data.update(format_version=2)),
        ("mobilevos-training-profile", lambda data: data.update(format="speed")),
        ("mobilevos-training-profile", lambda data: data.pop("format")),
    ],
)
def test_mistakes_are_found(name: str, change: Callable[[dict[str, Any]], object]):
    data = of_format(name)
    change(data)
    with pytest.raises(jsonschema.ValidationError):
        check(data)


def test_a_file_outside_of_git_has_no_commit(tmp_path: Path):
    file = tmp_path / "module.py"
    file.touch()
    assert source_commit(file) is None
    untracked = ROOT / "benchmarks" / "no-such-file.py"  # a package that was installed inside of this repository
    assert source_commit(untracked) is None
