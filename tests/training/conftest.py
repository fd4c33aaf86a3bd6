"""What the tests of training share: data on disk for the session, and one thread."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders of `tiny_data.write_data`; no test changes them."""
    from tiny_data import write_data

    return write_data(tmp_path_factory.mktemp("tiny"))
