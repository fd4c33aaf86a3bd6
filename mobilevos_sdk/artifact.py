"""Opens an artifact: finds the spec inside an .onnx or .tflite file and makes sure that the file is whole.

Everything is checked here, before a native runtime sees the bytes: a runtime may crash on a damaged file. See
docs/artifact-format.md for the layout.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from mobilevos_sdk.errors import ArtifactError
from mobilevos_sdk.onnx_graphs import read_metadata
from mobilevos_sdk.spec import SPEC_NAME, ArtifactSpec

# The member of a .tflite file's ZIP with the hex SHA-256 of all bytes before the ZIP.
CHECKSUM_NAME = "model.sha256"
# A flatbuffer carries its file identifier in bytes 4 to 7.
TFLITE_IDENTIFIER = b"TFL3"
KINDS = {".onnx": "onnx", ".tflite": "tflite"}


@dataclass(frozen=True)
class Artifact:
    """An opened artifact.

    Attributes:
        path: where it was read from.
        kind: `onnx` or `tflite`.
        spec: what its graphs take and give.
        content: the model's bytes as its runtime takes them: the whole .onnx file, or the flatbuffer before the ZIP.
    """

    path: Path
    kind: str
    spec: ArtifactSpec
    content: bytes = field(repr=False)


def open_artifact(path: str | Path) -> Artifact:
    """Reads and checks an artifact.

    Args:
        path: an .onnx or .tflite file that vos-export has made.

    Raises:
        ArtifactError: the file is missing, unreadable, empty, truncated, damaged, of another program, of a newer format
            version, or of another suffix.
    """
    path = Path(path)
    kind = KINDS.get(path.suffix.lower())
    if kind is None:
        raise ArtifactError(f"{path} is not an artifact: its name must end in {' or '.join(KINDS)}")
    content = _read(path)
    try:
        spec, content = _split_tflite(content) if kind == "tflite" else (_onnx_spec(content), content)
        return Artifact(path, kind, ArtifactSpec.from_json(spec), content)
    except ArtifactError as error:
        raise ArtifactError(f"{path}: {error}") from error


def _read(path: Path) -> bytes:
    if path.is_dir():
        raise ArtifactError(f"{path} is a folder; name the .onnx or .tflite file in it")
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ArtifactError(f"no artifact at {path}; make one with vos-export") from None
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read: {error.strerror}") from error
    if not content:
        raise ArtifactError(f"{path} is empty; copy or export it again")
    return content


def _onnx_spec(content: bytes) -> bytes:
    try:
        spec = read_metadata(content, SPEC_NAME)
    except (ValueError, IndexError) as error:
        raise ArtifactError(f"truncated or not an ONNX model ({error}); copy or export it again") from error
    if spec is None:
        raise ArtifactError("this is the model of another program, or its end is lost; make one with vos-export")
    return spec


def _split_tflite(content: bytes) -> tuple[bytes, bytes]:
    """The spec's JSON and the flatbuffer, whose checksum is right."""
    if content[4:8] != TFLITE_IDENTIFIER:
        raise ArtifactError("not a TFLite model; make one with vos-export")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {member.filename: member for member in archive.infolist()}
            if SPEC_NAME not in members or CHECKSUM_NAME not in members:
                raise ArtifactError("this is the model of another program; make one with vos-export")
            spec = archive.read(SPEC_NAME)
            checksum = archive.read(CHECKSUM_NAME).decode("ascii").strip()
    except (zipfile.BadZipFile, zlib.error, UnicodeDecodeError, NotImplementedError, EOFError) as error:
        raise ArtifactError(
            "it has no readable spec at its end: it is truncated, or of another program; copy or export it again"
        ) from error
    model = content[: min(member.header_offset for member in members.values())]
    if hashlib.sha256(model).hexdigest() != checksum:
        raise ArtifactError("the file is damaged: its checksum is wrong; copy or export it again")
    return spec, model
