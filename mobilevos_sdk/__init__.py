"""Follow any object through a video from its first mask: the runtime of MobileVOS.

Example:
    >>> from mobilevos_sdk import Segmenter
    >>> for result in Segmenter.from_pretrained("mobilenetv2-noaspp").track(frames, first_mask):  # doctest: +SKIP
    ...     result.mask  # (H, W) uint8 object ids
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mobilevos_sdk.errors import (
        ArtifactError,
        InvalidInputError,
        MobileVOSError,
        ParityError,
        RuntimeMissingError,
        SessionStateError,
        UnknownModelError,
        VideoError,
    )
    from mobilevos_sdk.options import RuntimeOptions
    from mobilevos_sdk.results import FrameResult, Latency
    from mobilevos_sdk.segmenter import Segmenter, pretrained_models
    from mobilevos_sdk.session import Session
    from mobilevos_sdk.spec import ArtifactSpec

__all__ = [
    "ArtifactError",
    "ArtifactSpec",
    "FrameResult",
    "InvalidInputError",
    "Latency",
    "MobileVOSError",
    "ParityError",
    "RuntimeMissingError",
    "RuntimeOptions",
    "Segmenter",
    "Session",
    "SessionStateError",
    "UnknownModelError",
    "VideoError",
    "pretrained_models",
]

_MODULES = {
    "ArtifactSpec": "spec",
    "FrameResult": "results",
    "Latency": "results",
    "RuntimeOptions": "options",
    "Segmenter": "segmenter",
    "Session": "session",
    "pretrained_models": "segmenter",
}


def __getattr__(name: str) -> Any:
    """Imports a public name when it is first used, so that `vos-track --help` need not wait for numpy and OpenCV."""
    if name not in __all__:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES.get(name, 'errors')}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
