"""`vos-soup` on tiny videos: its outputs, going on after an interruption, and one line for everything that is wrong."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'mobilevos[train]'")

from mobilevos_models.checkpoints import load_model, read_checkpoint, save_checkpoint  # noqa: E402
from mobilevos_models.mobilevos import MobileVOS  # noqa: E402
from mobilevos_sdk.masks import write_mask  # noqa: E402
from mobilevos_training import validation  # noqa: E402
from mobilevos_training.soup_cli import _parser, main  # noqa: E402

DOCUMENT = Path(__file__).parents[2] / "docs" / "soups.md"
SIZE = (64, 96)
SHIFTS = {"a": 0.0, "b": 0.6, "c": -0.6}


@pytest.fixture
def folder(tmp_path: Path, tiny_model: MobileVOS, tiny_video: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with the videos `val` and three checkpoints that differ in the bias of their logits."""
    monkeypatch.chdir(tmp_path)
    for name in ("bear", "swan"):
        (tmp_path / "val/JPEGImages" / name).mkdir(parents=True)
        for index, frame in enumerate(tiny_video.frames[:4]):
            cv2.imwrite(str(tmp_path / "val/JPEGImages" / name / f"{index}.png"), frame[..., ::-1])
            mask = np.roll(tiny_video.mask, index, axis=1)
            write_mask(tmp_path / "val/Annotations" / name / f"{index}.png", np.where(mask == 255, np.uint8(0), mask))
    state = tiny_model.state_dict()
    for name, shift in SHIFTS.items():
        shifted = state | {"prediction.bias": state["prediction.bias"] + shift}
        save_checkpoint(tmp_path / "run" / f"{name}.safetensors", shifted, {"model": tiny_model.config.name})
    return tmp_path


@pytest.fixture
def soup(folder: Path) -> Callable[..., int]:
    """Runs the command on the three checkpoints and one sequence."""
    common = ["--data", "val", "--size", "64x96", "--sequences", "bear"]
    return lambda *more: main([f"run/{name}.safetensors" for name in SHIFTS] + common + list(more))


def one_line(capfd: pytest.CaptureFixture[str]) -> str:
    """What the command said on stderr: one line that starts with its name, and no traceback."""
    lines = capfd.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("vos-soup: "), lines
    return lines[0]


def test_a_greedy_soup(soup: Callable[..., int], folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert soup("--json", "out/report.json", "--out", "out/soup.safetensors", "--threads", "1") == 0
    report = json.loads((folder / "out/report.json").read_text())
    printed = capfd.readouterr().out.splitlines()
    assert printed[0].split() == ["ingredient", "own", "J&F", "with", "it", "let", "in", "soup"]
    assert [line.split()[0] for line in printed[1:4]] == [one["file"] for one in report["ingredients"]]
    assert [line.split()[3] for line in printed[1:4]] == [
        "yes" if one["let_in"] else "no" for one in report["ingredients"]
    ]
    own_scores = [one["own_score"] for one in report["ingredients"]]
    assert own_scores == sorted(own_scores, reverse=True)
    assert len(set(own_scores)) == 3  # or else there was nothing to choose
    assert report["score"] >= own_scores[0]
    options = validation.ValidationOptions(folder / "val", size=SIZE, sequences=("bear",))
    made = validation.validate(load_model(folder / "out/soup.safetensors"), options)
    assert made.mean_jf == pytest.approx(report["score"], abs=0.002)  # its batch norms are folded here


def test_the_soup_says_what_went_into_it(soup: Callable[..., int], folder: Path) -> None:
    assert soup("--out", "soup.safetensors") == 0
    weights, metadata = read_checkpoint(folder / "soup.safetensors")
    about = json.loads(metadata["soup"])
    assert metadata["model"] == "mobilenetv2-noaspp"
    assert about["soup"] == "greedy"
    assert about["selection"] == {
        "data": "val",
        "annotations": "Annotations",
        "size": "64x96",
        "queue": 2,
        "sequences": ["bear"],
    }
    assert {one["file"] for one in about["ingredients"]} == {f"run/{name}.safetensors" for name in SHIFTS}
    assert all(re.fullmatch("[0-9a-f]{12}", one["sha256"]) for one in about["ingredients"])
    assert str(folder) not in metadata["soup"]
    let_in = [one["file"] for one in about["ingredients"] if one["let_in"]]
    biases = [read_checkpoint(folder / name)[0]["prediction.bias"].double() for name in let_in]
    assert torch.equal(weights["prediction.bias"], torch.stack(biases).mean(0).float())


def scored_by(monkeypatch: pytest.MonkeyPatch, score: Callable[[float], float]) -> list[float]:
    """Scores a model by its bias alone instead of by videos; returns the list of biases that are scored."""
    seen: list[float] = []

    class Result:
        def __init__(self, model: MobileVOS) -> None:
            assert model.prediction.bias is not None
            seen.append(float(model.prediction.bias.detach()))
            self.mean_jf = score(seen[-1])

    monkeypatch.setattr(validation, "validate", lambda model, options, on_frame: Result(model))
    return seen


def test_a_uniform_soup_that_is_worse_falls_back_and_says_so(
    soup: Callable[..., int], folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    base = float(read_checkpoint(folder / "run/a.safetensors")[0]["prediction.bias"])
    scored_by(monkeypatch, lambda bias: 0.5 + (bias - base) / 2 if bias > base + 0.1 else 0.4 + (base - bias) / 4)
    assert soup("--uniform") == 0
    output = capfd.readouterr().out
    assert "the average of all 3 scores 0.4000, worse than the best ingredient" in output
    assert "soup.safetensors holds run/b.safetensors alone, J&F 0.8000" in output
    made, best = (read_checkpoint(folder / name)[0] for name in ("soup.safetensors", "run/b.safetensors"))
    assert all(torch.equal(made[name], tensor) for name, tensor in best.items())


def test_a_uniform_soup_that_is_better_is_the_average(
    soup: Callable[..., int], folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    base = float(read_checkpoint(folder / "run/a.safetensors")[0]["prediction.bias"])
    scored_by(monkeypatch, lambda bias: 0.9 - abs(bias - base))
    assert soup("--uniform", "--json", "-") == 0
    output = capfd.readouterr()
    assert json.loads(output.out)["soup"] == "uniform"
    assert "3 of 3 let in, J&F 0.9000 (best ingredient 0.9000)" in output.err


def test_a_share_of_the_way(folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    base = float(read_checkpoint(folder / "run/a.safetensors")[0]["prediction.bias"])
    seen = scored_by(monkeypatch, lambda bias: 0.9 - abs(bias - (base + 0.2)))
    command = ["run/a.safetensors", "run/b.safetensors", "--data", "val", "--size", "64x96", "--sequences", "bear"]
    assert main([*command, "--shares", "0.25,0.5", "--json", "report.json"]) == 0
    assert seen == pytest.approx([base, base + 0.15, base + 0.3, base + 0.6])
    output = capfd.readouterr()
    assert [line.split() for line in output.out.splitlines()[:-1]] == [
        ["share", "J&F"],
        ["0", "0.7000"],
        ["0.25", "0.8500"],
        ["0.5", "0.8000"],
        ["1", "0.5000"],
    ]
    assert "soup.safetensors: 0.25 of the way from run/a.safetensors to run/b.safetensors, J&F 0.8500" in output.out
    assert "0.75 run/a.safetensors + 0.25 run/b.safetensors: J&F 0.8500" in output.err
    assert re.search(r"^run/b.safetensors: J&F 0.5000$", output.err, re.MULTILINE)
    weights, metadata = read_checkpoint(folder / "soup.safetensors")
    assert float(weights["prediction.bias"]) == pytest.approx(base + 0.15)
    report = json.loads((folder / "report.json").read_text())
    assert json.loads(metadata["soup"]) == report
    assert (report["soup"], report["share"], report["best_ingredient_score"]) == ("share", 0.25, pytest.approx(0.7))
    assert [one["file"] for one in report["ingredients"]] == ["run/a.safetensors", "run/b.safetensors"]
    assert main([*command, "--shares", "0.25,0.1"]) == 0
    assert seen[4:] == pytest.approx([base + 0.06])  # all else is known


def test_an_interrupted_soup_goes_on_where_it_stopped(
    soup: Callable[..., int], folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def interrupt(bias: float) -> float:
        if len(seen) == 3:
            raise KeyboardInterrupt
        return 0.5 + bias / 100

    seen = scored_by(monkeypatch, interrupt)
    assert soup("--json", "first.json") == 130
    assert "the same command goes on with the scores in soup.safetensors.scores.json" in capfd.readouterr().err
    assert not (folder / "soup.safetensors").exists()
    assert len(json.loads((folder / "soup.safetensors.scores.json").read_text())["scores"]) == 2
    seen = scored_by(monkeypatch, lambda bias: 0.5 + bias / 100)
    assert soup("--json", "first.json") == 0
    assert len(seen) == 3  # the third ingredient and two averages
    assert capfd.readouterr().err.count("from soup.safetensors.scores.json") == 2
    seen = scored_by(monkeypatch, lambda bias: 0.0)
    assert soup("--json", "again.json") == 0
    assert not seen
    assert (folder / "again.json").read_bytes() == (folder / "first.json").read_bytes()


def test_other_weights_sizes_and_data_are_scored_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = scored_by(monkeypatch, lambda bias: 0.5 + bias / 100)
    command = ["run/a.safetensors", "--data", "val", "--size", "64x96", "--sequences", "bear"]
    assert main(command) == main(command) == 0
    assert len(seen) == 1
    assert main([*command, "--size", "96x64"]) == main([*command, "--sequences", "swan"]) == 0
    assert len(seen) == 3
    mask = folder / "val/Annotations/bear/1.png"
    mask.write_bytes(mask.read_bytes() + b"!")
    assert main(command) == 0
    assert len(seen) == 4
    state, metadata = read_checkpoint(folder / "run/a.safetensors")
    save_checkpoint(folder / "run/a.safetensors", state | {"prediction.bias": torch.tensor([9.0])}, metadata)
    assert main(command) == 0
    assert seen[4:] == [9.0]


def test_a_disk_that_fills_up_loses_no_score_and_no_older_soup(
    soup: Callable[..., int], folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    scored_by(monkeypatch, lambda bias: 0.5 + bias / 100)
    (folder / "soup.safetensors").write_bytes(b"older")
    replace = Path.replace

    def full(self: Path, target: Path) -> Path:
        if Path(target).name == "soup.safetensors":
            raise OSError(28, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", full)
    assert soup() == 1
    assert "free some space" in capfd.readouterr().err.splitlines()[-1]
    assert (folder / "soup.safetensors").read_bytes() == b"older"
    assert len(json.loads((folder / "soup.safetensors.scores.json").read_text())["scores"]) == 5
    assert not list(folder.rglob("*.tmp"))


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--data", "val"], 2, "CKPT"),
        (["run/a.safetensors"], 2, "--data"),
        (["run/a.safetensors", "--data", "val", "--size", "64"], 2, "HEIGHTxWIDTH"),
        (["run/a.safetensors", "--data", "val", "--size", "64x90"], 1, "multiples of 16"),
        (["run/a.safetensors", "--data", "val", "--sequences", ","], 2, "names no sequence"),
        (["run/a.safetensors", "--data", "val", "--sequences", "bear,nope"], 1, "no sequence nope"),
        (["run/a.safetensors", "--data", "val", "--out", "run/a.safetensors"], 2, "is an ingredient"),
        (["run/a.safetensors", "--data", "val", "--json", "run/a.safetensors"], 2, "is an ingredient"),
        (["run/a.safetensors", "--data", "val", "--out", "x", "--json", "x"], 2, "one file"),
        (["run/a.safetensors", "--data", "val", "--out", "val"], 1, "name of a file"),
        (["run/a.safetensors", "--data", "val", "--out", "run/a.safetensors/soup"], 1, "file is in the way"),
        (["run/a.safetensors", "--data", "val", "--json", "run/a.safetensors/soup"], 1, "file is in the way"),
        (["run/a.safetensors", "--data", "nowhere"], 1, "no folder nowhere"),
        (["run/a.safetensors", "--data", "val", "--annotations", "Masks"], 1, "no folder Masks"),
        (["run/a.safetensors", "--data", "val", "--threads", "0"], 2, "whole number from 1 on"),
        (["run/a.safetensors", "--data", "val", "--shares", "0.5"], 2, "needs two checkpoints, a start and an end"),
        (["run/a.safetensors", "--data", "val", "--shares", "half"], 2, "not numbers"),
        (["run/a.safetensors", "--data", "val", "--shares", "0.5,1.5"], 2, "from 0 to 1"),
        (["run/a.safetensors", "--data", "val", "--shares", "nan"], 2, "from 0 to 1"),
        (["run/a.safetensors", "--data", "val", "--shares", "0.5", "--uniform"], 2, "not allowed with"),
        (["run/nope.safetensors", "--data", "val"], 1, "no checkpoint at run/nope.safetensors"),
        (["run", "--data", "val"], 1, "no checkpoint at run"),
        (["run/a.safetensors", "run/a.safetensors", "--data", "val"], 1, "same checkpoint"),
        (["run/a.safetensors", "cut.safetensors", "--data", "val"], 1, "cut.safetensors is truncated"),
        (["run/a.safetensors", "other.safetensors", "--data", "val"], 1, "holds 'resnet18'"),
        (["run/a.safetensors", "--data", "val", "--out", "bad"], 1, "bad.scores.json does not hold scores"),
    ],
)
def test_bad_input_is_one_line(
    folder: Path, arguments: list[str], code: int, message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("cut.safetensors").write_bytes(Path("run/a.safetensors").read_bytes()[:5000])
    save_checkpoint(Path("other.safetensors"), {"w": torch.zeros(1)}, {"model": "resnet18"})
    Path("bad.scores.json").write_text("[1]")
    before = Path("run/a.safetensors").read_bytes()
    if code == 2:
        try:
            assert main(arguments) == 2
        except SystemExit as request:
            assert request.code == 2
    else:
        assert main(arguments) == code
    assert message in one_line(capfd)
    assert Path("run/a.safetensors").read_bytes() == before
    assert not Path("soup.safetensors").exists()


def test_the_documented_commands_are_taken() -> None:
    lines = re.findall(r"^ *(vos-soup .*)$", DOCUMENT.read_text().replace("\\\n", " "), re.MULTILINE)
    assert len(lines) >= 2
    for line in lines:
        _parser().parse_args(shlex.split(line)[1:])
