"""Tables in Markdown files, generated between two comments from the committed results.

`<!-- results:begin latency -->` and `<!-- results:end latency -->` enclose the table of that name; all else in a file
is left as it is. `table_text.py` knows what is in a table, which is empty where there is no result for it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from mobilevos_bench.committed_results import CommittedResults
from mobilevos_bench.formats import SCHEMA_NAME, schema
from mobilevos_bench.table_text import TABLES
from mobilevos_sdk.errors import InvalidInputError

RESULTS_FOLDER = Path("benchmarks") / "results"
SCHEMA_FILE = RESULTS_FOLDER / "schema" / f"{SCHEMA_NAME}.schema.json"
# Where tables may be; a page without markers is left as it is.
PAGES = ("README.md", "docs/**/*.md", "models/cards/*.md", "android_demo/README.md")
_MARKER = re.compile(r"<!-- results:(begin|end) (\S+) -->")


@dataclass(frozen=True)
class Generated:
    """A file with generated content: what is in it (none: there is no such file), and what should be."""

    path: Path
    present: str | None
    wanted: str

    @property
    def is_current(self) -> bool:
        """Whether the file is as it should be."""
        return self.present == self.wanted


def generate(root: Path) -> tuple[Generated, ...]:
    """Generates everything that is made from results or formats, and writes nothing.

    Args:
        root: the repository's folder.

    Raises:
        InvalidInputError: there is no README, a results file is broken, or a marker is unknown or has no partner.
        OSError: a file cannot be read.
    """
    if not (root / "README.md").is_file():
        raise InvalidInputError(f"no README.md in {root.absolute()}; give the repository's folder with --root")
    results = CommittedResults.read(root / RESULTS_FOLDER)
    pages = [_page(path, results) for pattern in PAGES for path in sorted(root.glob(pattern))]
    return (*pages, _schema(root / SCHEMA_FILE))


def fill(text: str, card: str, results: CommittedResults, where: str) -> str:
    """A page's text with all of its tables made anew.

    Args:
        text: the page.
        card: its file's stem, which for a model card is the model's name.
        results: what the tables are made from.
        where: names the page in messages.

    Raises:
        InvalidInputError: a marker is unknown, or has no partner.
    """
    pieces: list[str] = []
    position, opened = 0, None
    for marker in _MARKER.finditer(text):
        side, name = marker.groups()
        line = f"{where}:{text.count(chr(10), 0, marker.start()) + 1}"
        if name not in TABLES:
            raise InvalidInputError(f"{line}: unknown table '{name}'; choose one of {', '.join(TABLES)}")
        if (side == "begin") != (opened is None) or (side == "end" and name != opened):
            raise InvalidInputError(f"{line}: '{marker.group()}' has no partner; begin and end come in pairs")
        if side == "begin":
            table = TABLES[name](results, card)
            pieces += [text[position : marker.end()], f"\n\n{table}\n\n" if table else "\n"]
            opened = name
        else:
            opened = None
        position = marker.end() if side == "begin" else marker.start()
    if opened is not None:
        raise InvalidInputError(f"{where}: '<!-- results:begin {opened} -->' has no end")
    return "".join([*pieces, text[position:]])


def _page(path: Path, results: CommittedResults) -> Generated:
    present = path.read_text(encoding="utf-8")
    return Generated(path, present, fill(present, path.stem, results, str(path)))


def _schema(path: Path) -> Generated:
    present = path.read_text(encoding="utf-8") if path.is_file() else None
    return Generated(path, present, json.dumps(schema(), indent=1) + "\n")
