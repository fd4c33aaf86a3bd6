"""The command `vos-import`: from a publisher's file to a checkpoint that loads, and one clear line for each failure."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from replay_golden import fill

from mobilevos_models import create_model
from mobilevos_models.aot.config import CONFIGS
from mobilevos_models.aot.model import AOT
from mobilevos_models.backbones import MobileNetV2, ResNet18
from mobilevos_models.checkpoints import read_checkpoint
from mobilevos_models.import_cli import FAMILY_NAMES, main
from mobilevos_models.import_families import FAMILIES
from mobilevos_training.families.backbones import BACKBONE_FILES, load_encoder


@pytest.fixture
def mobilenet(tmp_path: Path) -> Path:
    """A file like torchvision's MobileNetV2: our part of it, one later stage and the classifier."""
    torch.manual_seed(0)
    later = {"features.14.conv.0.0.weight": torch.rand(2, 2), "classifier.1.weight": torch.rand(5, 5)}
    torch.save({**MobileNetV2().state_dict(), **later}, tmp_path / "mobilenet_v2.pth")
    return tmp_path / "mobilenet_v2.pth"


def one_line(error: str) -> str:
    lines = error.strip().splitlines()
    assert len(lines) == 1, error
    return lines[0]


def test_a_backbone_starts_a_student(mobilenet: Path, tmp_path: Path, capsys):
    out = tmp_path / "new" / BACKBONE_FILES["mobilenetv2"]
    assert main(["--from", "torchvision", str(mobilenet), "--out", str(out)]) == 0
    assert "mobilenetv2" in capsys.readouterr().out
    state, said = read_checkpoint(out)
    assert said["backbone"] == "mobilenetv2" and "model" not in said
    assert "features.14.conv.0.0.weight" in state and "classifier.1.weight" not in state
    student = create_model("mobilenetv2-noaspp")
    load_encoder(student.key_encoder, out.parent, "mobilenetv2")
    assert torch.equal(student.key_encoder.state_dict()["features.0.0.weight"], state["features.0.0.weight"])


def test_resnet18_is_known_by_its_shapes(tmp_path: Path, capsys):
    state = ResNet18().state_dict()
    older = {name: tensor for name, tensor in state.items() if not name.endswith("num_batches_tracked")}
    torch.save({**older, "fc.weight": torch.zeros(2, 2), "layer4.0.conv1.weight": torch.zeros(2)}, tmp_path / "r.pth")
    assert main(["--from", "torchvision", str(tmp_path / "r.pth"), "--out", str(tmp_path / "r.safetensors")]) == 0
    assert "resnet18" in capsys.readouterr().out


def test_a_published_model_loads_strictly(shared_path: Callable[[str], Path], tmp_path: Path, capsys):
    names = json.loads(shared_path("goldens/aott_2obj.json").read_text())["parameters"]
    wrapped = {"state_dict": {f"module.{name}": tensor for name, tensor in fill(names).items()}, "step": 100000}
    torch.save(wrapped, tmp_path / "AOTT.pth")
    out = tmp_path / "aot-t.safetensors"
    assert main(["--from", "aot", str(tmp_path / "AOTT.pth"), "--out", str(out)]) == 0
    assert "aot-t" in capsys.readouterr().out
    state, said = read_checkpoint(out)
    assert (said["model"], said["imported"], said["source"]) == ("aot-t", "aot", "AOTT.pth")
    AOT(CONFIGS[0]).load_state_dict(state)
    assert main(["--from", "stcn", str(tmp_path / "AOTT.pth"), "--out", str(out)]) == 1
    assert "this is no 'stcn' of stcn: missing:" in one_line(capsys.readouterr().err)


def test_a_failure_leaves_no_file(mobilenet: Path, tmp_path: Path, capsys):
    mobilenet.write_bytes(mobilenet.read_bytes()[:1000])
    out = tmp_path / "x.safetensors"
    assert main(["--from", "torchvision", str(mobilenet), "--out", str(out)]) == 1
    assert "truncated" in one_line(capsys.readouterr().err)
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["FILE", "--out", "x.safetensors"], "--from"),
        (["FILE", "--from", "xmem", "--out", "x.safetensors"], "invalid choice"),
        (["FILE", "--from", "torchvision"], "--out"),
        (["FILE", "--from", "torchvision", "--out", "x.pth"], "has to end in .safetensors"),
        (["x.safetensors", "--from", "torchvision", "--out", "x.safetensors"], "choose another name"),
    ],
)
def test_wrong_usage(mobilenet: Path, arguments: list[str], message: str, capsys):
    assert main([str(mobilenet) if argument == "FILE" else argument for argument in arguments]) == 2
    assert message in one_line(capsys.readouterr().err)


def test_bad_input(mobilenet: Path, tmp_path: Path, capsys):
    out = ["--out", str(tmp_path / "x.safetensors")]
    assert main(["--from", "torchvision", str(tmp_path / "none.pth"), *out]) == 1
    assert "no file at" in one_line(capsys.readouterr().err)
    assert main(["--from", "torchvision", str(mobilenet), "--model", "vgg", *out]) == 1
    assert "choose one of mobilenetv2, resnet18, resnet50" in one_line(capsys.readouterr().err)


def test_the_command_knows_every_family():
    assert tuple(FAMILIES) == FAMILY_NAMES


def test_help_needs_no_pytorch():
    code = (
        "import sys; from mobilevos_models.import_cli import main; main(['--help']); sys.exit('torch' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    assert "vos-import --from stcn" in answer.stdout
