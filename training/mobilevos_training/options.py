"""The base of every part of a recipe: frozen, typed, and strict about unknown names."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Options(BaseModel):
    """A part of a recipe. Wrong types and unknown names are errors; values never change."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)
