"""Tables: what stands between the markers is what the committed results say, and nothing else is touched."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from toy_results import LATENCY, MEMORY, accuracy

from mobilevos_bench.cli.bench import main
from mobilevos_bench.formats import to_text
from mobilevos_bench.table_text import TABLES, CommittedResults
from mobilevos_bench.tables import PAGES, RESULTS_FOLDER, SCHEMA_FILE, fill
from mobilevos_sdk.errors import InvalidInputError

ROOT = Path(__file__).parents[2]
README = """# Toy
<!-- results:begin accuracy -->
old
<!-- results:end accuracy -->
between
<!-- results:begin latency --><!-- results:end latency -->
<!-- results:begin memory -->
<!-- results:end memory -->
the end
"""
EMPTY_CARD = "<!-- results:begin sequences -->\n<!-- results:end sequences -->\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with all kinds of results, a README and the cards of two models, whose tables are out of date."""
    results, cards = tmp_path / RESULTS_FOLDER, tmp_path / "models" / "cards"
    results.mkdir(parents=True)
    cards.mkdir(parents=True)
    (results / "latency-mobilenetv2.json").write_text(to_text(LATENCY))
    (results / "memory-mobilenetv2.json").write_text(to_text(MEMORY))
    (results / "eval-mobilenetv2.json").write_text(json.dumps(accuracy()))
    predictions = {**accuracy(), "subject": {"predictions": "masks"}}
    (results / "eval-others.json").write_text(json.dumps(predictions))
    (tmp_path / "README.md").write_text(README)
    for name in ("mobilenetv2", "resnet18"):
        (cards / f"{name}.md").write_text(EMPTY_CARD)
    return tmp_path


def table(repository: Path, *options: str) -> int:
    return main(["table", "--root", str(repository), *options])


def test_check_then_write_then_check(repository: Path, capsys):
    assert table(repository) == 1
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1 and "README.md" in error and "'vos-bench table --write'" in error
    assert (repository / "README.md").read_text() == README
    assert table(repository, "--write") == 0
    assert "wrote " in capsys.readouterr().out
    assert table(repository) == 0
    readme = (repository / "README.md").read_text()
    assert table(repository, "--write") == 0
    assert (repository / "README.md").read_text() == readme


def test_the_tables_have_the_numbers(repository: Path):
    table(repository, "--write")
    readme = (repository / "README.md").read_text()
    assert readme.startswith("# Toy\n<!-- results:begin accuracy -->\n\n| model |") and readme.endswith("\nthe end\n")
    assert "old" not in readme and "\nbetween\n" in readme
    assert (
        "| `mobilenetv2`, queue 2, 480x864, fp32 | 2.49 M | davis16/val-open | ONNX Runtime "
        "| 85.0 | 85.0 | 90.0 | 10.0 | 85.0 | 80.0 | 20.0 |"
    ) in readme
    assert (
        "| `mobilenetv2`, queue 2, 480x864, fp32 | ONNX Runtime | 1 | 2.0 | 70.0 | 30.0 | 3.0 "
        "| **105.0** (104.0 to 106.0) | 5 % | 14.2 | 142 | 57 % | 1.2 | 10.6 |"
    ) in readme
    assert (
        "Ceiling 250 GFLOP/s (3x3 convolutions, GFLOP/s: ONNX Runtime dense 250, ONNX Runtime depthwise 20)" in readme
    )
    assert "Toy CPU, 2 threads, Linux x86_64, Python 3.11.7, onnxruntime 1.31.1, 2026-11-20." in readme
    assert "MB after 20 frames | MB after 2000 frames | growth MB |" in readme
    assert "| ONNX Runtime | 1 | 310 | 311 | 0.7 |" in readme
    assert "masks" not in readme  # a folder of predictions is not a model


def test_a_card_has_its_own_models_sequences_only(repository: Path):
    table(repository, "--write")
    card = (repository / "models/cards/mobilenetv2.md").read_text()
    assert "On davis16/val-open, queue 2, 480x864, fp32, ONNX Runtime:" in card
    assert "| bear | 40 | 1 | 90.0 |" in card and "| swan | 56 | 2 | 82.5 |" in card
    assert "| **all objects** | 96 | 3 | 85.0 |" in card
    # no result, no table
    assert (repository / "models/cards/resnet18.md").read_text() == EMPTY_CARD


def test_changed_results_and_changed_tables_are_found(repository: Path):
    table(repository, "--write")
    readme = repository / "README.md"
    readme.write_text(readme.read_text().replace("| 85.0 | 85.0 |", "| 95.0 | 95.0 |", 1))
    assert table(repository) == 1
    table(repository, "--write")
    assert table(repository) == 0
    (repository / RESULTS_FOLDER / "memory-mobilenetv2.json").unlink()
    assert table(repository) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\n<!-- results:begin speed -->", r"page:2: unknown table 'speed'; choose one of artifacts"),
        ("<!-- results:begin memory -->", "'<!-- results:begin memory -->' has no end"),
        ("<!-- results:end memory -->", "has no partner"),
        ("<!-- results:begin memory --><!-- results:end latency -->", "has no partner"),
        ("<!-- results:begin memory --><!-- results:begin memory -->", "has no partner"),
    ],
)
def test_wrong_markers(text: str, message: str):
    with pytest.raises(InvalidInputError, match=message):
        fill(text, "README", CommittedResults(), "page")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not JSON"),
        ("[]", "is not a JSON object"),
        ("{}", "of format None"),
        (json.dumps({**accuracy(), "format_version": 9}), "format version 9"),
        (json.dumps({**accuracy(), "overall": {}}), "is not what vos-eval writes (KeyError: 'J&F')"),
    ],
)
def test_broken_results_are_named_and_nothing_is_written(repository: Path, content: str, message: str, capsys):
    (repository / RESULTS_FOLDER / "broken.json").write_text(content)
    assert table(repository, "--write") == 1
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1 and "broken.json" in error and message in error
    assert (repository / "README.md").read_text() == README


def test_no_repository(tmp_path: Path, capsys):
    assert table(tmp_path) == 1
    assert "give the repository's folder with --root" in capsys.readouterr().err


def test_every_committed_result_is_readable_and_every_table_and_schema_current():
    CommittedResults.read(ROOT / RESULTS_FOLDER)
    assert list((ROOT / SCHEMA_FILE).parent.iterdir()) == [ROOT / SCHEMA_FILE]
    assert table(ROOT) == 0, "run 'vos-bench table --write'"


def test_every_page_with_a_table_is_looked_at_and_every_table_has_a_page():
    """A marker on a page that nobody looks at would be a table that goes out of date unseen."""
    marker = re.compile(r"<!-- results:begin (\S+) -->")
    folders = ("docs", "models", "training", "export", "benchmarks", "samples", "scripts", "android_demo")
    places = [*ROOT.glob("*.md"), *(path for folder in folders for path in (ROOT / folder).rglob("*.md"))]
    marked = {path: set(marker.findall(path.read_text(encoding="utf-8"))) for path in places}
    looked_at = {path for pattern in PAGES for path in ROOT.glob(pattern)}
    assert {path for path, names in marked.items() if names} <= looked_at
    assert set().union(*marked.values()) == set(TABLES)
