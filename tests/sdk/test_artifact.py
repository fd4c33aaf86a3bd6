"""Opening artifacts: whole ones give their spec, all others one clear error before a native runtime sees them."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest

from mobilevos_sdk.artifact import CHECKSUM_NAME, open_artifact
from mobilevos_sdk.errors import ArtifactError
from mobilevos_sdk.spec import FORMAT_VERSION, SPEC_NAME, ArtifactSpec

SPEC = ArtifactSpec("student", 2, 1, 64, 96, "fp32", (124, 116, 104), ())
# Read by the tests of the Android demo's core too.
FIXTURE = Path(__file__).parents[1] / "fixtures" / "spec.json"
FLATBUFFER = b"\x20\x00\x00\x00TFL3" + bytes(range(256)) * 8


def tflite(spec: str = SPEC.to_json(), model: bytes = FLATBUFFER, checksum: str | None = None) -> bytes:
    buffer = io.BytesIO(model)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(SPEC_NAME, spec)
        archive.writestr(CHECKSUM_NAME, hashlib.sha256(model).hexdigest() if checksum is None else checksum)
    return buffer.getvalue()


def field(number: int, content: bytes) -> bytes:
    """A short length-delimited protobuf field."""
    length = len(content)
    return (
        bytes([number << 3 | 2])
        + (bytes([length]) if length < 128 else bytes([length & 127 | 128, length >> 7]))
        + content
    )


def onnx(spec: str | None = SPEC.to_json()) -> bytes:
    model = b"\x08\x0a" + field(7, field(2, b"graph"))
    return model if spec is None else model + field(14, field(1, SPEC_NAME.encode()) + field(2, spec.encode()))


@pytest.fixture
def write(tmp_path):
    def write_file(name: str, content: bytes) -> Path:
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    return write_file


def test_a_spec_keeps_all_it_says():
    spec = ArtifactSpec.from_json(FIXTURE.read_bytes())
    assert json.loads(spec.to_json()) == json.loads(FIXTURE.read_bytes())
    assert spec.graph("segment", 2).name == "segment_2" and len(spec.graphs) == 6


def test_a_tflite_artifact_gives_its_spec_and_its_flatbuffer(write):
    artifact = open_artifact(write("model.tflite", tflite()))
    assert (artifact.kind, artifact.spec, artifact.content) == ("tflite", SPEC, FLATBUFFER)


def test_an_onnx_artifact_gives_its_spec(write):
    artifact = open_artifact(str(write("model.ONNX", onnx())))
    assert (artifact.kind, artifact.spec, artifact.content) == ("onnx", SPEC, onnx())


@pytest.mark.parametrize("name", ["model.tflite", "model.onnx"])
def test_every_truncation_is_noticed(write, name):
    whole = tflite() if name.endswith("tflite") else onnx()
    for length in range(0, len(whole), 7):
        with pytest.raises(ArtifactError, match=r"model\.(tflite|onnx)"):
            open_artifact(write(name, whole[:length]))


def test_a_damaged_flatbuffer_is_noticed(write):
    content = bytearray(tflite())
    content[500] ^= 1
    with pytest.raises(ArtifactError, match=r"damaged.*checksum"):
        open_artifact(write("model.tflite", bytes(content)))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.onnx", b"", "is empty"),
        ("a.tflite", b"", "is empty"),
        ("a.onnx", b"once upon a time there was a model", "not an ONNX model"),
        ("a.tflite", b"once upon a time there was a model", "not a TFLite model"),
        ("a.onnx", onnx(None), "another program"),
        ("a.tflite", FLATBUFFER, "another program"),
        ("a.onnx", FLATBUFFER, "not an ONNX model"),
        ("a.tflite", onnx(), "not a TFLite model"),
        ("a.tflite", tflite('{"labels": []}'), "another program"),
        ("a.tflite", tflite("{"), "not JSON"),
        ("a.bin", tflite(), "must end in .onnx or .tflite"),
    ],
)
def test_what_is_no_artifact_is_refused(write, name, content, message):
    with pytest.raises(ArtifactError, match=message) as caught:
        open_artifact(write(name, content))
    assert "\n" not in str(caught.value)


def test_a_zip_without_our_members_is_of_another_program(write):
    buffer = io.BytesIO(FLATBUFFER)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("labels.txt", "cat")
    with pytest.raises(ArtifactError, match="another program"):
        open_artifact(write("a.tflite", buffer.getvalue()))


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(ArtifactError, match=r"no artifact at .*none\.onnx"):
        open_artifact(tmp_path / "none.onnx")
    (tmp_path / "folder.onnx").mkdir()
    with pytest.raises(ArtifactError, match="is a folder"):
        open_artifact(tmp_path / "folder.onnx")


@pytest.mark.parametrize("make", [tflite, onnx])
def test_a_newer_format_says_how_to_upgrade(write, make):
    data = {**json.loads(SPEC.to_json()), "format_version": FORMAT_VERSION + 1}
    with pytest.raises(ArtifactError, match="pip install -U mobilevos"):
        open_artifact(write("new.tflite" if make is tflite else "new.onnx", make(json.dumps(data))))


def test_an_incomplete_spec_is_refused(write):
    data = json.loads(SPEC.to_json())
    del data["graphs"]
    with pytest.raises(ArtifactError, match="incomplete"):
        open_artifact(write("a.onnx", onnx(json.dumps(data))))
