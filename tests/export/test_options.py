from __future__ import annotations

from pathlib import Path

import pytest

from mobilevos_export.options import ExportOptions, nearest_side, parse_size
from mobilevos_export.plan import plan
from mobilevos_models import create_model
from mobilevos_models.torch_backend import TorchBackend
from mobilevos_sdk.errors import InvalidInputError


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        ({"queue": 0}, "from 1 to 20"),
        ({"queue": 21}, "from 1 to 20"),
        ({"objects": 0}, "from 1 to 10"),
        ({"objects": 11}, "from 1 to 10"),
        ({"height": 481, "width": 860}, "480x864"),
        ({"height": 48}, "64x864"),
        ({"precision": "int4"}, "fp32, fp16"),
        ({"formats": ("coreml",)}, "onnx, tflite"),
        ({"formats": ()}, "onnx, tflite"),
        ({"tflite_via": "magic"}, "litert-torch, onnx2tf"),
        ({"parity_frames": 7}, "8 or more"),
    ],
)
def test_wrong_options_name_the_remedy(change, remedy):
    with pytest.raises(InvalidInputError, match=remedy):
        ExportOptions(model="mobilenetv2", **change)


def test_size_is_height_by_width():
    assert parse_size("480x864") == (480, 864)


@pytest.mark.parametrize("text", ["480", "480*864", "x864", "-480x864", "480x864x3", ""])
def test_a_size_that_is_no_size(text):
    with pytest.raises(InvalidInputError, match="HEIGHTxWIDTH"):
        parse_size(text)


@pytest.mark.parametrize(("side", "nearest"), [(0, 64), (71, 64), (72, 80), (481, 480), (860, 864), (864, 864)])
def test_nearest_side(side, nearest):
    assert nearest_side(side) == nearest


def test_the_name_of_an_artifact():
    options = ExportOptions(model="resnet18", queue=3, height=64, width=96, out=Path("there"))
    assert options.path("onnx") == Path("there/resnet18-q3-64x96.onnx")


@pytest.mark.parametrize(("model", "queue"), [("mobilenetv2", 2), ("deaot-t-deform", 3)])
def test_the_queue_that_a_model_is_best_with(model, queue):
    options = ExportOptions(model=model, out=Path("there"))
    assert options.path("onnx") == Path(f"there/{model}-q{queue}-480x864.onnx")
    assert plan(options)["queue"] == queue
    assert TorchBackend(create_model(model)).spec.queue == queue
