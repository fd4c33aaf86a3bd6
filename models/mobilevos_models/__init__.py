"""PyTorch definitions of the models, their registry and checkpoints.

The registry is loaded when it is first asked for: it imports PyTorch, which a command's `--help` must not wait for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mobilevos_models.registry import MODELS, create_model, model_config

__all__ = ["MODELS", "create_model", "model_config"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from mobilevos_models import registry

        return getattr(registry, name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
