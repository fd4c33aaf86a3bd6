"""The errors that users see: one family, each message names the remedy."""

from __future__ import annotations


class MobileVOSError(Exception):
    """Base of every error that this project raises on purpose. A command prints its message and exits with 1."""


class InvalidInputError(MobileVOSError, ValueError):
    """A frame, mask, option or object id that cannot be used."""


class ArtifactError(MobileVOSError):
    """An artifact that is missing, truncated, of another program or of a newer format."""


class UnknownModelError(MobileVOSError, KeyError):
    """A model name that is not registered or not embedded."""

    def __str__(self) -> str:  # KeyError would print the message in quotes
        return str(self.args[0])


class RuntimeMissingError(MobileVOSError, ImportError):
    """A runtime or a library that is not installed."""


class VideoError(MobileVOSError):
    """A video or an image that cannot be read or written."""


class SessionStateError(MobileVOSError, RuntimeError):
    """A call that is not possible in the session's present state."""


class ParityError(MobileVOSError):
    """An exported graph that does not agree with PyTorch."""
