"""Which weights are a locality prior's, told by their names: it is ours, and the papers' reads lack it."""

from __future__ import annotations

from collections.abc import Iterable


def is_locality(name: str) -> bool:
    """Whether a weight of that name belongs to a locality prior: of a student's read, or of a deformable block."""
    return name.startswith("prior.") or ".locality." in name


def has_locality(names: Iterable[str]) -> bool:
    """Whether a model whose state dict has these names has the locality prior."""
    return any(is_locality(name) for name in names)
