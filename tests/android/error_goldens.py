"""What the Python SDK says of input that cannot be used, written for the Java core to be compared with."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mobilevos_sdk import Segmenter
from mobilevos_sdk.artifact import CHECKSUM_NAME, open_artifact
from mobilevos_sdk.errors import MobileVOSError
from mobilevos_sdk.spec import FORMAT_VERSION, SPEC_NAME

# The side of the frames of all cases, which the Java test makes itself.
SIDE = 64


def write(folder: Path, artifact: Path) -> None:
    """Writes damaged artifacts, and `errors/index.json`: each case's name, the error's class and its message.

    Args:
        folder: where `errors/` is made.
        artifact: a good .tflite artifact.
    """
    folder = folder / "errors"
    folder.mkdir(parents=True)
    files = _files(artifact)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (folder / "folder.tflite").mkdir()
    paths = [folder / name for name in (*files, "folder.tflite", "missing.tflite")]
    index = [
        *({"path": str(path), **_error(lambda path=path: open_artifact(path))} for path in paths),
        *({"call": name, **_error(call)} for name, call in _calls(artifact).items()),
    ]
    (folder / "index.json").write_text(json.dumps(index, indent=1))


def _error(call: Callable[[], object]) -> dict[str, str]:
    try:
        call()
    except MobileVOSError as error:
        return {"error": type(error).__name__.removesuffix("Error"), "message": str(error)}
    raise AssertionError("the SDK took what it has to refuse")


def _files(artifact: Path) -> dict[str, bytes]:
    content, model = artifact.read_bytes(), open_artifact(artifact).content
    with zipfile.ZipFile(artifact) as archive:
        spec, checksum = json.loads(archive.read(SPEC_NAME)), archive.read(CHECKSUM_NAME)
    damaged = bytearray(content)
    damaged[len(model) // 2] ^= 1

    def with_spec(content: bytes) -> bytes:
        return _file(model, {SPEC_NAME: content}, checksum)

    def changed(**values: object) -> bytes:
        return with_spec(json.dumps({**spec, **values}).encode())

    return {
        "newer.tflite": changed(format_version=FORMAT_VERSION + 1),
        "no-version.tflite": changed(format_version="1"),
        "incomplete.tflite": changed(graphs=[{}]),
        "foreign.tflite": with_spec(b'{"format": "other"}'),
        "no-json.tflite": with_spec(b"queue: 2"),
        "list.tflite": with_spec(b"[1]"),
        "other-zip.tflite": _file(model, {"labels.txt": b"cat"}, checksum),
        "damaged.tflite": bytes(damaged),
        "damaged-spec.tflite": content.replace(b'"queue": 2', b'"queue": 3'),
        "more-than-json.tflite": with_spec(json.dumps(spec).encode() + b"{}"),
        "half.tflite": content[: len(content) // 2],
        "model-alone.tflite": model,
        "text.tflite": b"no model at all",
        "empty.tflite": b"",
    }


def _file(model: bytes, members: dict[str, bytes], checksum: bytes) -> bytes:
    file = io.BytesIO(model)
    with zipfile.ZipFile(file, "a") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.writestr(CHECKSUM_NAME, checksum)
    return file.getvalue()


def _calls(artifact: Path) -> dict[str, Callable[[], object]]:
    """Calls by the names under which the Java test makes the same ones."""
    segmenter = Segmenter.from_artifact(artifact)

    def frame(side: int = SIDE) -> np.ndarray:
        return np.zeros((side, side, 3), np.uint8)

    def mask(*ids: int, side: int = SIDE) -> np.ndarray:
        """Each object has 12 columns of the first 16 rows, from the left to the right."""
        found = np.zeros((side, side), np.uint8)
        for position, object_id in enumerate(ids):
            found[:16, 12 * position : 12 * position + 12] = object_id
        return found

    def removed() -> object:
        session = segmenter.start(frame(), mask(1))
        session.remove_objects(1)
        return session.step(frame())

    return {
        "small-frame": lambda: segmenter.start(frame(8), mask(1, side=8)),
        "mask-of-another-size": lambda: segmenter.start(frame(), mask(1, side=32)),
        "empty-mask": lambda: segmenter.start(frame(), mask()),
        "too-many-objects": lambda: segmenter.start(frame(), mask(1, 2, 3, 4, 5)),
        "frame-of-another-size": lambda: segmenter.start(frame(), mask(1)).step(frame(32)),
        "added-again": lambda: segmenter.start(frame(), mask(1)).add_objects(mask(1)),
        "one-too-many-added": lambda: segmenter.start(frame(), mask(1, 2, 3, 4)).add_objects(mask(5)),
        "correct-an-unknown-one": lambda: segmenter.start(frame(), mask(1)).correct(mask(2)),
        "remove-an-unknown-one": lambda: segmenter.start(frame(), mask(1)).remove_objects(7),
        "step-with-none-left": removed,
    }
