"""Every command in the README and the pages of docs/ is one that its program takes."""

from __future__ import annotations

import importlib
import re
import shlex
from argparse import ArgumentParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "models" / "cards").glob("*.md")))
PARSERS = {
    "vos-track": ("mobilevos_sdk.cli.track", "_parser"),
    "vos-eval": ("mobilevos_bench.cli.eval", "_parser"),
    "vos-bench": ("mobilevos_bench.cli.bench", "_parser"),
    "vos-export": ("mobilevos_export.cli", "build_parser"),
    "vos-import": ("mobilevos_models.import_cli", "_parser"),
    "vos-train": ("mobilevos_training.cli", "parser"),
    "vos-soup": ("mobilevos_training.soup_cli", "_parser"),
}


def commands() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        text = page.read_text().replace("\\\n", " ")
        for line in re.findall(r"^(?:\$ )?(vos-\w+ [^`\n]*)$", text, re.MULTILINE):
            found.append((page.name, line))
        for line in re.findall(r"`(vos-\w+ [^`\n]* [^`\n]*)`", text):
            found.append((page.name, line))
    return found


@pytest.mark.parametrize(("page", "line"), commands())
def test_the_command_is_taken(page: str, line: str) -> None:
    program, *arguments = shlex.split(line.split("#")[0].split("   ")[0])
    module, name = PARSERS[program]
    parser: ArgumentParser = getattr(importlib.import_module(module), name)()
    assert parser.prog == program
    parser.parse_args(arguments)  # ends the test where an option is not known


def test_the_pages_have_commands_of_every_program() -> None:
    assert {line.split()[0] for _, line in commands()} == set(PARSERS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target
