"""PyTorch definitions of the models, their registry and checkpoints."""

from mobilevos_models.registry import MODELS, create_model, model_config

__all__ = ["MODELS", "create_model", "model_config"]
